//! `/v1/agencies`: the directory. Changing it is for operators; the hub sees to that.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use crate::api::{Agency, Page};
use crate::http::answer;
use crate::http::aside::aside;
use crate::http::auth::Authenticated;
use crate::http::extract::JsonBody;
use crate::http::problem::Refused;
use crate::http::state::Shared;

/// `GET /v1/agencies`
pub(in crate::http) async fn list(
    State(app): Shared,
    Authenticated(caller): Authenticated,
) -> Result<Response, Refused> {
    aside(app.hub.turn_to_read(&caller).await?, move || {
        answer::json(StatusCode::OK, &Page { items: app.hub.agencies(&caller)?, next: None })
    })
    .await
}

/// `POST /v1/agencies`: adds an agency, or changes it.
pub(in crate::http) async fn put(
    State(app): Shared,
    Authenticated(caller): Authenticated,
    JsonBody(agency): JsonBody<Agency>,
) -> Result<Response, Refused> {
    answer::json(StatusCode::OK, &app.hub.put_agency(&caller, agency).await?)
}
