//! `/v1/retention`, `…/withhold`, `…/release`: what happens to contents over the years. For operators; the hub sees to
//! that.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use crate::api::{Page, PreviewRequest, ReasonRequest, RuleRequest, RunRequest};
use crate::http::answer;
use crate::http::aside::{aside, operation};
use crate::http::auth::Authenticated;
use crate::http::extract::{Id, JsonBody};
use crate::http::problem::Refused;
use crate::http::state::Shared;

/// `GET /v1/retention`: the rules.
pub(in crate::http) async fn rules(
    State(app): Shared,
    Authenticated(caller): Authenticated,
) -> Result<Response, Refused> {
    aside(app.hub.turn_to_read(&caller).await?, move || {
        answer::json(StatusCode::OK, &Page { items: app.hub.retention_rules(&caller)?, next: None })
    })
    .await
}

/// `POST /v1/retention`: makes, changes or closes a rule.
pub(in crate::http) async fn put(
    State(app): Shared,
    Authenticated(caller): Authenticated,
    JsonBody(request): JsonBody<RuleRequest>,
) -> Result<Response, Refused> {
    answer::json(StatusCode::OK, &app.hub.put_retention_rule(&caller, request).await?)
}

/// `POST /v1/retention/preview`: what a rule would destroy now.
pub(in crate::http) async fn preview(
    State(app): Shared,
    Authenticated(caller): Authenticated,
    JsonBody(request): JsonBody<PreviewRequest>,
) -> Result<Response, Refused> {
    aside(app.hub.turn_to_read(&caller).await?, move || {
        answer::json(StatusCode::OK, &app.hub.retention_preview(&caller, &request.rule)?)
    })
    .await
}

/// `POST /v1/retention/run`: the next steps of a rule.
pub(in crate::http) async fn run(
    State(app): Shared,
    Authenticated(caller): Authenticated,
    JsonBody(request): JsonBody<RunRequest>,
) -> Result<Response, Refused> {
    let hub = app.hub.clone();
    let run = operation(async move { hub.retention_run(&caller, &request).await }).await?;
    answer::json(StatusCode::OK, &run)
}

/// `POST /v1/documents/{id}/withhold`
pub(in crate::http) async fn withhold(
    State(app): Shared,
    Authenticated(caller): Authenticated,
    Id(id): Id,
    JsonBody(request): JsonBody<ReasonRequest>,
) -> Result<Response, Refused> {
    answer::json(StatusCode::OK, &app.hub.withhold(&caller, id, request, false).await?)
}

/// `POST /v1/documents/{id}/release`
pub(in crate::http) async fn release(
    State(app): Shared,
    Authenticated(caller): Authenticated,
    Id(id): Id,
    JsonBody(request): JsonBody<ReasonRequest>,
) -> Result<Response, Refused> {
    answer::json(StatusCode::OK, &app.hub.withhold(&caller, id, request, true).await?)
}
