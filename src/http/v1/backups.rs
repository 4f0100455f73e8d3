//! `/v1/backups`: which backups there are, as they have told. For operators; the hub sees to that.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use crate::api::{BackupRequest, Page};
use crate::http::answer;
use crate::http::aside::aside;
use crate::http::auth::Authenticated;
use crate::http::extract::JsonBody;
use crate::http::problem::Refused;
use crate::http::state::Shared;

/// `GET /v1/backups`
pub(in crate::http) async fn list(
    State(app): Shared,
    Authenticated(caller): Authenticated,
) -> Result<Response, Refused> {
    aside(app.hub.turn_to_read(&caller).await?, move || {
        answer::json(StatusCode::OK, &Page { items: app.hub.backups(&caller)?, next: None })
    })
    .await
}

/// `POST /v1/backups`: a backup was made, and how far it reaches.
pub(in crate::http) async fn made(
    State(app): Shared,
    Authenticated(caller): Authenticated,
    JsonBody(request): JsonBody<BackupRequest>,
) -> Result<Response, Refused> {
    answer::json(StatusCode::OK, &app.hub.backup_made(&caller, request).await?)
}
