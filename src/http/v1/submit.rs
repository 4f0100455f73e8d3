//! What sending a document and sending a status have in common.

use axum::response::Response;
use http::StatusCode;
use http::header::{HeaderValue, LOCATION};

use crate::api::Receipt;
use crate::http::answer;
use crate::http::problem::Refused;

/// 201 for what is new, 200 for the first answer again, 202 for what waits.
pub(super) fn receipt(receipt: &Receipt, location: &str) -> Result<Response, Refused> {
    let status = match (receipt.held, receipt.repeat) {
        (true, _) => StatusCode::ACCEPTED,
        (false, true) => StatusCode::OK,
        (false, false) => StatusCode::CREATED,
    };
    let mut response = answer::json(status, receipt)?;
    if let Ok(location) = HeaderValue::from_str(location) {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}
