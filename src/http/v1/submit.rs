//! What sending a document and sending a status have in common.

use axum::response::Response;
use http::StatusCode;
use http::header::{HeaderValue, LOCATION};

use crate::api::Receipt;
use crate::domain::{Code, Refusal};
use crate::http::answer;
use crate::http::problem::Refused;

/// Runs `work`. A large message takes long to verify: it is then looked at away from the async threads.
pub(super) async fn run<T: Send + 'static>(
    is_large: bool,
    work: impl Future<Output = Result<T, Refusal>> + Send + 'static,
) -> Result<T, Refusal> {
    if !is_large {
        return work.await;
    }
    let runtime = tokio::runtime::Handle::current();
    let done = tokio::task::spawn_blocking(move || runtime.block_on(work)).await;
    done.unwrap_or_else(|_| Err(Refusal::new(Code::Internal, "looking at a message panicked")))
}

/// 201 for what is new, 200 for the first answer again.
pub(super) fn receipt(receipt: &Receipt, location: &str) -> Result<Response, Refused> {
    let status = if receipt.repeat { StatusCode::OK } else { StatusCode::CREATED };
    let mut response = answer::json(status, receipt)?;
    if let Ok(location) = HeaderValue::from_str(location) {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}
