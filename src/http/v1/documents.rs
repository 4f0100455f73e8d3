//! `/v1/documents`: sending, finding, looking at, fetching and confirming documents.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use crate::api::Page;
use crate::domain::OrganId;
use crate::http::answer;
use crate::http::aside::aside;
use crate::http::auth::Authenticated;
use crate::http::extract::{Id, JsonBody, Params};
use crate::http::problem::Refused;
use crate::http::receive;
use crate::http::state::Shared;
use crate::http::v1::submit;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct SendParams {
    #[serde(default)]
    dry_run: bool,
}

/// `POST /v1/documents`
pub(in crate::http) async fn send(
    State(app): Shared,
    Authenticated(caller): Authenticated,
    Params(params): Params<SendParams>,
    body: Body,
) -> Result<Response, Refused> {
    let incoming = receive::message(&app, body).await?;
    if params.dry_run {
        return answer::json(StatusCode::OK, &app.hub.dry_run(&caller, incoming).await?);
    }
    let receipt = app.hub.submit_document(&caller, incoming).await?;
    let figure = match (receipt.repeat, receipt.held) {
        (true, _) => &app.figures.repeats,
        (false, true) => &app.figures.held,
        (false, false) => app.figures.documents(receipt.verdict.policy),
    };
    figure.increment(1);
    submit::receipt(&receipt, &format!("/v1/documents/{}", receipt.id))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct FindParams {
    code: String,
    from: Option<OrganId>,
    year: Option<i16>,
}

/// `GET /v1/documents?code=`: by số/ký hiệu.
pub(in crate::http) async fn find(
    State(app): Shared,
    Authenticated(caller): Authenticated,
    Params(params): Params<FindParams>,
) -> Result<Response, Refused> {
    aside(app.hub.turn_to_read(&caller).await?, move || {
        let items = app.hub.find(&caller, &params.code, params.from.as_ref(), params.year)?;
        answer::json(StatusCode::OK, &Page { items, next: None })
    })
    .await
}

/// `GET /v1/documents/{id}`
pub(in crate::http) async fn view(
    State(app): Shared,
    Authenticated(caller): Authenticated,
    Id(id): Id,
) -> Result<Response, Refused> {
    answer::json(StatusCode::OK, &app.hub.document(&caller, id)?)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct AgencyParams {
    agency: Option<OrganId>,
}

/// `GET /v1/documents/{id}/content`
pub(in crate::http) async fn content(
    State(app): Shared,
    Authenticated(caller): Authenticated,
    Id(id): Id,
    Params(params): Params<AgencyParams>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    answer::content(id, app.hub.content(&caller, id, params.agency.as_ref())?, &headers)
}

/// `HEAD /v1/documents/{id}/content`: what is there; nothing was fetched by it.
pub(in crate::http) async fn content_head(
    State(app): Shared,
    Authenticated(caller): Authenticated,
    Id(id): Id,
) -> Result<Response, Refused> {
    let (len, sha256) = app.hub.content_facts(&caller, id)?;
    Ok(answer::content_head(id, len, sha256))
}

/// `GET /v1/documents/{id}/trail`
pub(in crate::http) async fn trail(
    State(app): Shared,
    Authenticated(caller): Authenticated,
    Id(id): Id,
) -> Result<Response, Refused> {
    aside(app.hub.turn_to_read(&caller).await?, move || answer::json(StatusCode::OK, &app.hub.trail(&caller, id)?))
        .await
}

/// `GET /v1/documents/{id}/proof`
pub(in crate::http) async fn proof(
    State(app): Shared,
    Authenticated(caller): Authenticated,
    Id(id): Id,
) -> Result<Response, Refused> {
    Ok(answer::text(app.hub.proof(&caller, id)?))
}

/// `GET /v1/documents/{id}/signatures`: what is to be said about the signatures in its documents.
pub(in crate::http) async fn signatures(
    State(app): Shared,
    Authenticated(caller): Authenticated,
    Id(id): Id,
) -> Result<Response, Refused> {
    aside(app.hub.turn_to_read(&caller).await?, move || {
        answer::json(StatusCode::OK, app.hub.signatures(&caller, id)?.as_ref())
    })
    .await
}

/// `POST /v1/documents/{id}/confirm`
pub(in crate::http) async fn confirm(
    State(app): Shared,
    Authenticated(caller): Authenticated,
    Id(id): Id,
    JsonBody(params): JsonBody<AgencyParams>,
) -> Result<Response, Refused> {
    answer::json(StatusCode::OK, &app.hub.confirm(&caller, id, params.agency.as_ref()).await?)
}
