//! `/v1/spill`: finding a document that should never have been sent, and destroying it. For operators; the hub sees to
//! that.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;

use crate::api::{Page, SpillRequest};
use crate::http::answer;
use crate::http::aside::{aside, operation};
use crate::http::auth::Authenticated;
use crate::http::extract::{JsonBody, Params};
use crate::http::problem::Refused;
use crate::http::state::Shared;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct FindParams {
    what: String,
}

/// `GET /v1/spill?what=`: by id, SHA-256, số/ký hiệu or DocumentId.
pub(in crate::http) async fn find(
    State(app): Shared,
    Authenticated(caller): Authenticated,
    Params(params): Params<FindParams>,
) -> Result<Response, Refused> {
    aside(app.hub.turn_to_read(&caller).await?, move || {
        let items = app.hub.spill_find(&caller, &params.what)?;
        answer::json(StatusCode::OK, &Page { items, next: None })
    })
    .await
}

/// `POST /v1/spill`: withholds at once, then destroys everywhere.
pub(in crate::http) async fn destroy(
    State(app): Shared,
    Authenticated(caller): Authenticated,
    JsonBody(request): JsonBody<SpillRequest>,
) -> Result<Response, Refused> {
    let hub = app.hub.clone();
    let report = operation(async move { hub.spill_destroy(&caller, request).await }).await?;
    answer::json(StatusCode::OK, &report)
}
