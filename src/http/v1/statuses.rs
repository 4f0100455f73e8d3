//! `/v1/statuses`: telling how a document is processed.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;

use crate::http::auth::Authenticated;
use crate::http::problem::Refused;
use crate::http::receive;
use crate::http::state::Shared;
use crate::http::v1::submit;

/// `POST /v1/statuses`
pub(in crate::http) async fn send(
    State(app): Shared,
    Authenticated(caller): Authenticated,
    body: Body,
) -> Result<Response, Refused> {
    let incoming = receive::message(&app, body).await?;
    let receipt = app.hub.submit_status(&caller, incoming).await?;
    let figure = if receipt.repeat { &app.figures.repeats } else { &app.figures.statuses };
    figure.increment(1);
    submit::receipt(&receipt, &format!("/v1/documents/{}/content", receipt.id))
}
