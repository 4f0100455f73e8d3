//! `/v1/access`: who may call as what. For operators; the hub sees to that.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use crate::api::{AccessRequest, Page};
use crate::http::answer;
use crate::http::aside::aside;
use crate::http::auth::Authenticated;
use crate::http::extract::JsonBody;
use crate::http::problem::Refused;
use crate::http::state::Shared;

/// `GET /v1/access`
pub(in crate::http) async fn list(
    State(app): Shared,
    Authenticated(caller): Authenticated,
) -> Result<Response, Refused> {
    aside(app.hub.turn_to_read(&caller).await?, move || {
        answer::json(StatusCode::OK, &Page { items: app.hub.accesses(&caller)?, next: None })
    })
    .await
}

/// `POST /v1/access`: gives access, changes it or takes it away. A new token stands in this answer and never again.
pub(in crate::http) async fn put(
    State(app): Shared,
    Authenticated(caller): Authenticated,
    JsonBody(request): JsonBody<AccessRequest>,
) -> Result<Response, Refused> {
    answer::json(StatusCode::OK, &app.hub.put_access(&caller, request).await?)
}
