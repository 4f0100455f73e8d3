//! Fetching from the addresses of `[trust]`: CRLs and OCSP answers, which carry their own signature, over plain HTTP.
//! Bounded in size and in time from the first octet to the last; no redirects, no proxies, no cookies.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use crate::client::error::chain;

/// Why nothing was fetched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// Not an address of plain HTTP.
    #[error("not an address: {0}")]
    Address(String),
    /// No connection, or one that broke.
    #[error("not reached: {0}")]
    Unreachable(String),
    /// Not everything came in time.
    #[error("no answer within {} seconds", .0.as_secs())]
    Late(Duration),
    /// Another status than 200.
    #[error("HTTP status {0}")]
    Status(StatusCode),
    /// More octets than are read.
    #[error("the answer is larger than {0} octets")]
    TooLarge(usize),
}

/// A client for foreign servers. Cheap to clone. Keeps no connection.
#[derive(Debug, Clone)]
pub struct Fetcher {
    http: legacy::Client<HttpConnector, Full<Bytes>>,
    timeout: Duration,
}

impl Fetcher {
    /// A client that waits so long for each answer as a whole.
    #[must_use]
    pub fn new(timeout: Duration) -> Self {
        let http = legacy::Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build_http();
        Self { http, timeout }
    }

    /// `GET`.
    ///
    /// # Errors
    /// As [`FetchError`] says.
    pub async fn get(&self, address: &str, octets_max: usize) -> Result<Bytes, FetchError> {
        self.fetch(request(Method::GET, address)?.body(Full::default()), octets_max).await
    }

    /// `POST` of a body of this type.
    ///
    /// # Errors
    /// As [`FetchError`] says.
    pub async fn post(
        &self,
        address: &str,
        kind: &'static str,
        body: Vec<u8>,
        octets_max: usize,
    ) -> Result<Bytes, FetchError> {
        let request = request(Method::POST, address)?.header(CONTENT_TYPE, kind).body(Full::from(body));
        self.fetch(request, octets_max).await
    }

    async fn fetch(&self, request: http::Result<Request<Full<Bytes>>>, octets_max: usize) -> Result<Bytes, FetchError> {
        let request = request.map_err(|error| FetchError::Address(error.to_string()))?;
        let answer = async {
            let response = self.http.request(request).await.map_err(|error| unreachable(&error))?;
            match response.status() {
                StatusCode::OK => read(response.into_body(), octets_max).await,
                status => Err(FetchError::Status(status)),
            }
        };
        tokio::time::timeout(self.timeout, answer).await.unwrap_or(Err(FetchError::Late(self.timeout)))
    }
}

fn request(method: Method, address: &str) -> Result<http::request::Builder, FetchError> {
    let uri: Uri = address.parse().map_err(|_| FetchError::Address(address.to_owned()))?;
    if uri.scheme_str() != Some("http") {
        return Err(FetchError::Address(address.to_owned()));
    }
    let agent = concat!("truc/", env!("CARGO_PKG_VERSION"));
    Ok(Request::builder().method(method).uri(uri).header(USER_AGENT, agent))
}

/// A body that says that it is too large is not read at all.
async fn read(body: Incoming, octets_max: usize) -> Result<Bytes, FetchError> {
    if usize::try_from(body.size_hint().lower()).is_ok_and(|least| least > octets_max) {
        return Err(FetchError::TooLarge(octets_max));
    }
    let read = Limited::new(body, octets_max).collect().await;
    read.map(http_body_util::Collected::to_bytes).map_err(|error| {
        if error.is::<LengthLimitError>() {
            FetchError::TooLarge(octets_max)
        } else {
            FetchError::Unreachable(chain(&*error))
        }
    })
}

fn unreachable(error: &legacy::Error) -> FetchError {
    FetchError::Unreachable(chain(error))
}
