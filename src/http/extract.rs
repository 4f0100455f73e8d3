//! Reading calls strictly: identifiers, query parameters and small JSON bodies. A fault is named by its field.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::domain::{Code, MessageId, Refusal};
use crate::http::problem::Refused;
use crate::http::receive;
use crate::http::state::App;

/// Longest JSON body: an access with many certificates.
const JSON_BYTES_MAX: usize = 1 << 20;

fn bad_request(detail: String) -> Refused {
    Refused(Refusal::new(Code::BadRequest, detail))
}

/// `{id}` of the path.
pub(super) struct Id(pub(super) MessageId);

impl FromRequestParts<Arc<App>> for Id {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Refused> {
        let id = Path::<MessageId>::from_request_parts(parts, app).await;
        id.map(|Path(id)| Self(id)).map_err(|_| bad_request("id: not a message id (a UUID)".to_owned()))
    }
}

/// Query parameters; unknown ones are refused by the type.
pub(super) struct Params<T>(pub(super) T);

impl<T: DeserializeOwned + Send> FromRequestParts<Arc<App>> for Params<T> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Refused> {
        let query = Query::<T>::try_from_uri(&parts.uri);
        query.map(|Query(params)| Self(params)).map_err(|fault| bad_request(without_preamble(&fault.body_text())))
    }
}

/// A JSON body. Nothing at all is an empty object: a call whose fields are all optional needs no body.
pub(super) struct JsonBody<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Arc<App>> for JsonBody<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Refused> {
        let bytes = small(app.body_pause, request.into_body()).await?;
        let bytes = if bytes.is_empty() { b"{}" } else { bytes.as_slice() };
        let parsed = Json::<T>::from_bytes(bytes);
        parsed.map(|Json(value)| Self(value)).map_err(|fault| bad_request(without_preamble(&fault.body_text())))
    }
}

async fn small(pause: Duration, mut body: Body) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::new();
    let mut pace = receive::Pace::start(pause);
    while let Some(piece) = pace.piece(&mut body).await? {
        if bytes.len().saturating_add(piece.len()) > JSON_BYTES_MAX {
            return Err(Refusal::new(Code::TooLarge, format!("JSON of at most {JSON_BYTES_MAX} octets")));
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}

/// `Failed to …: limit: not a number` without what stands before the first colon.
fn without_preamble(text: &str) -> String {
    text.split_once(": ").map_or(text, |(_, fault)| fault).to_owned()
}
