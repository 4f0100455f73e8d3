//! `/v1/events`: the feed of an agency, strictly by seq, complete, resumable.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use crate::api::Page;
use crate::domain::{OrganId, Seq};
use crate::http::auth::Authenticated;
use crate::http::extract::Params;
use crate::http::problem::Refused;
use crate::http::state::Shared;
use crate::http::v1::lists::limit;
use crate::http::wait;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct EventParams {
    agency: Option<OrganId>,
    after: Option<Seq>,
    limit: Option<usize>,
    wait: Option<u64>,
}

/// `GET /v1/events`
pub(in crate::http) async fn feed(
    State(app): Shared,
    Authenticated(caller): Authenticated,
    Params(params): Params<EventParams>,
) -> Result<Response, Refused> {
    let (limit, wait) = (limit(params.limit)?, wait::wait(params.wait)?);
    // An event is one row: as many as a page may have cost less than some lines of an inbox.
    let events = || app.hub.events(&caller, params.agency.as_ref(), params.after, limit);
    wait::until(&app, &caller, wait, limit, |_: Option<&str>, _| Ok(Page { items: events()?, next: None })).await
}
