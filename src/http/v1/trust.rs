//! `/v1/trust`: emergency blocks and what rests on a certificate; and the evidence of a verdict. The hub sees to it who
//! may.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;

use crate::api::{BlockRequest, Page};
use crate::delivery::impact::ImpactQuery;
use crate::domain::{Code, Digest, Refusal, Timestamp};
use crate::http::answer;
use crate::http::aside::aside;
use crate::http::auth::Authenticated;
use crate::http::extract::{Id, JsonBody, Params};
use crate::http::problem::Refused;
use crate::http::state::Shared;
use crate::http::v1::lists::limit;

/// `GET /v1/trust/blocks`
pub(in crate::http) async fn blocks(
    State(app): Shared,
    Authenticated(caller): Authenticated,
) -> Result<Response, Refused> {
    aside(app.hub.turn_to_read(&caller).await?, move || {
        answer::json(StatusCode::OK, &Page { items: app.hub.blocks(&caller)?, next: None })
    })
    .await
}

/// `POST /v1/trust/blocks`
pub(in crate::http) async fn put(
    State(app): Shared,
    Authenticated(caller): Authenticated,
    JsonBody(request): JsonBody<BlockRequest>,
) -> Result<Response, Refused> {
    answer::json(StatusCode::OK, &app.hub.put_block(&caller, request).await?)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct ImpactParams {
    certificate: Option<Digest>,
    issuer: Option<Digest>,
    since: Option<Timestamp>,
    cursor: Option<String>,
    limit: Option<usize>,
}

impl ImpactParams {
    fn query(self) -> Result<ImpactQuery, Refusal> {
        let (certificate, issuer) = match (self.certificate, self.issuer) {
            (Some(certificate), None) => (certificate, false),
            (None, Some(issuer)) => (issuer, true),
            _ => return Err(Refusal::new(Code::BadRequest, "either certificate or issuer, by SHA-256")),
        };
        Ok(ImpactQuery { certificate, issuer, since: self.since, cursor: self.cursor, limit: limit(self.limit)? })
    }
}

/// `GET /v1/trust/impact`
pub(in crate::http) async fn impact(
    State(app): Shared,
    Authenticated(caller): Authenticated,
    Params(params): Params<ImpactParams>,
) -> Result<Response, Refused> {
    let query = params.query()?;
    aside(app.hub.turn_to_read(&caller).await?, move || answer::json(StatusCode::OK, &app.hub.impact(&caller, &query)?))
        .await
}

/// `GET /v1/documents/{id}/evidence`
pub(in crate::http) async fn evidence(
    State(app): Shared,
    Authenticated(caller): Authenticated,
    Id(id): Id,
) -> Result<Response, Refused> {
    aside(app.hub.turn_to_read(&caller).await?, move || answer::json(StatusCode::OK, &app.hub.evidence(&caller, id)?))
        .await
}
