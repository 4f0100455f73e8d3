//! `/v1/inbox` and `/v1/outbox`: what waits for an agency, and what it has sent.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use crate::domain::{Code, OrganId, Refusal};
use crate::http::auth::Authenticated;
use crate::http::extract::Params;
use crate::http::problem::Refused;
use crate::http::state::Shared;
use crate::http::wait;

/// Lines a page where nothing is asked for.
const LIMIT: usize = 100;
/// Most lines a page.
const LIMIT_MAX: usize = 500;

/// Checks `limit`.
pub(super) fn limit(asked: Option<usize>) -> Result<usize, Refusal> {
    match asked.unwrap_or(LIMIT) {
        limit @ 1..=LIMIT_MAX => Ok(limit),
        _ => Err(Refusal::new(Code::BadRequest, format!("limit: from 1 to {LIMIT_MAX}"))),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct ListParams {
    agency: Option<OrganId>,
    cursor: Option<String>,
    limit: Option<usize>,
    wait: Option<u64>,
}

/// `GET /v1/inbox`: all that is not confirmed, most urgent first.
pub(in crate::http) async fn inbox(
    State(app): Shared,
    Authenticated(caller): Authenticated,
    Params(params): Params<ListParams>,
) -> Result<Response, Refused> {
    let (limit, wait) = (limit(params.limit)?, wait::wait(params.wait)?);
    let (agency, cursor) = (params.agency.as_ref(), params.cursor.as_deref());
    let look = |after: Option<&str>, limit| app.hub.inbox(&caller, agency, after.or(cursor), limit);
    wait::until(&app, &caller, wait, limit, look).await
}

/// `GET /v1/outbox`: what was sent, newest first.
pub(in crate::http) async fn outbox(
    State(app): Shared,
    Authenticated(caller): Authenticated,
    Params(params): Params<ListParams>,
) -> Result<Response, Refused> {
    let (limit, wait) = (limit(params.limit)?, wait::wait(params.wait)?);
    let (agency, cursor) = (params.agency.as_ref(), params.cursor.as_deref());
    let look = |after: Option<&str>, limit| app.hub.outbox(&caller, agency, after.or(cursor), limit);
    wait::until(&app, &caller, wait, limit, look).await
}
