//! `/v1/hub` and `/v1/caller`: what a client must know of the hub, and what the hub knows of it.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use crate::http::answer;
use crate::http::auth::Authenticated;
use crate::http::problem::Refused;
use crate::http::state::Shared;

/// `GET /v1/hub`
pub(in crate::http) async fn hub(State(app): Shared, _: Authenticated) -> Result<Response, Refused> {
    answer::json(StatusCode::OK, &app.hub.view())
}

/// `GET /v1/caller`
pub(in crate::http) async fn caller(
    State(app): Shared,
    Authenticated(caller): Authenticated,
) -> Result<Response, Refused> {
    answer::json(StatusCode::OK, &app.hub.caller_view(&caller))
}
