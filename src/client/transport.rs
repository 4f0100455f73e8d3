//! One call: sent, answered, refused or tried again. Before: `connect`. After: the typed calls in `calls`.

use std::error::Error as _;
use std::time::Duration;

use bytes::Bytes;
use http::header::{
    ACCEPT_LANGUAGE, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, RETRY_AFTER, USER_AGENT,
};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use serde::de::DeserializeOwned;

use crate::client::connect::{ConnectError, Connector};
use crate::client::error::chain;
use crate::client::problem;
use crate::client::upload::{RequestBody, Upload};
use crate::client::{ClientError, Profile};
use crate::domain::Lang;

/// Longest wait for the head of an answer, beside what the call itself asks for.
const ANSWER_WAIT: Duration = Duration::from_mins(1);
/// Slowest upload that is waited for, octets a second.
const UPLOAD_RATE_MIN: u64 = 16 * 1024;
/// Longest JSON answer that is read: a full page of the longest lines, many times over.
const ANSWER_BYTES_MAX: usize = 64 << 20;
/// Idle connections are given up before the hub does it (it waits 60 s), so that none breaks under a call.
const IDLE: Duration = Duration::from_secs(30);

/// Whether calls that may be repeated are repeated: everything but what makes new tokens is idempotent (law 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// How often a call is tried in all; 1 is once.
    pub attempts: u32,
    /// Longest pause between two attempts. `Retry-After` above it ends the trying.
    pub pause_max: Duration,
}

impl Default for Retry {
    /// Once, no more.
    fn default() -> Self {
        Self { attempts: 1, pause_max: Duration::from_secs(30) }
    }
}

/// A client of one hub. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct Client {
    http: legacy::Client<Connector, RequestBody>,
    hub: String,
    authorization: Option<HeaderValue>,
    language: Lang,
    retry: Retry,
}

/// One call, made anew for every attempt.
pub(super) struct Call<'a> {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) content: Content<'a>,
    /// Longer than [`ANSWER_WAIT`] where the call itself waits.
    pub(super) wait: Duration,
    pub(super) idempotent: bool,
}

pub(super) enum Content<'a> {
    Nothing,
    Json(Bytes),
    Edxml(&'a Upload),
}

impl<'a> Call<'a> {
    pub(super) fn get(path: impl Into<String>) -> Self {
        let (method, content) = (Method::GET, Content::Nothing);
        Self { method, path: path.into(), content, wait: Duration::ZERO, idempotent: true }
    }

    pub(super) fn post(path: impl Into<String>, content: Content<'a>) -> Self {
        Self { method: Method::POST, content, ..Self::get(path) }
    }

    pub(super) fn waiting(self, wait: Duration) -> Self {
        Self { wait, ..self }
    }

    fn patience(&self) -> Duration {
        let upload = match &self.content {
            Content::Edxml(upload) => Duration::from_secs(upload.len() / UPLOAD_RATE_MIN),
            Content::Nothing | Content::Json(_) => Duration::ZERO,
        };
        ANSWER_WAIT.saturating_add(self.wait).saturating_add(upload)
    }
}

/// Why an attempt failed, and when the hub says that another one makes sense.
struct Failure {
    error: ClientError,
    retry_after: Option<Duration>,
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        Self { error, retry_after: None }
    }
}

impl Client {
    /// A client by this profile. Nothing is sent yet.
    ///
    /// # Errors
    /// [`ClientError::Local`] where the profile or its files cannot be used.
    pub fn new(profile: &Profile) -> Result<Self, ClientError> {
        let connector = Connector::new(profile)?;
        let http = legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .build(connector);
        let authorization = profile.token.as_ref().map(|token| bearer(token.expose())).transpose()?;
        let hub = profile.hub.trim_end_matches('/').to_owned();
        Ok(Self { http, hub, authorization, language: Lang::default(), retry: Retry::default() })
    }

    /// The same, with problems in this language.
    #[must_use]
    pub fn with_language(mut self, language: Lang) -> Self {
        self.language = language;
        self
    }

    /// The same, trying idempotent calls again.
    #[must_use]
    pub fn with_retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// The address of the hub.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.hub
    }

    /// The answer's body as JSON.
    pub(super) async fn json<T: DeserializeOwned>(&self, call: Call<'_>) -> Result<T, ClientError> {
        let body = self.body(call).await?;
        serde_json::from_slice(&body).map_err(ClientError::protocol)
    }

    /// The answer's body as text.
    pub(super) async fn text(&self, call: Call<'_>) -> Result<String, ClientError> {
        let body = self.body(call).await?;
        String::from_utf8(body.into()).map_err(ClientError::protocol)
    }

    async fn body(&self, call: Call<'_>) -> Result<Bytes, ClientError> {
        let response = self.answer(call).await?;
        self.collect(response).await
    }

    async fn collect(&self, response: Response<Incoming>) -> Result<Bytes, ClientError> {
        let reading = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect();
        let read = tokio::time::timeout(ANSWER_WAIT, reading).await.map_err(|_| self.late())?;
        read.map(http_body_util::Collected::to_bytes).map_err(|error| self.unreachable(chain(&*error)))
    }

    /// The answer, its body unread. Only a 2xx or 304 is one; everything else is an error.
    pub(super) async fn answer(&self, call: Call<'_>) -> Result<Response<Incoming>, ClientError> {
        let mut attempt = 1;
        loop {
            let failure = match self.attempt(&call).await {
                Ok(response) => return Ok(response),
                Err(failure) => failure,
            };
            let pause = failure.retry_after.unwrap_or_else(|| backoff(attempt)).max(backoff(attempt));
            let again = call.idempotent && failure.error.is_temporary() && attempt < self.retry.attempts;
            if !again || pause > self.retry.pause_max {
                return Err(failure.error);
            }
            attempt = attempt.saturating_add(1);
            tokio::time::sleep(pause).await;
        }
    }

    async fn attempt(&self, call: &Call<'_>) -> Result<Response<Incoming>, Failure> {
        let request = self.request(call)?;
        let sent = tokio::time::timeout(call.patience(), self.http.request(request));
        let response = sent.await.map_err(|_| self.late())?.map_err(|error| self.broken(&error))?;
        if response.status().is_success() { Ok(response) } else { Err(self.refused(response).await) }
    }

    fn request(&self, call: &Call<'_>) -> Result<Request<RequestBody>, ClientError> {
        let mut request = Request::builder()
            .method(call.method.clone())
            .uri(format!("{}{}", self.hub, call.path))
            .header(USER_AGENT, concat!("truc/", env!("CARGO_PKG_VERSION")))
            .header(
                ACCEPT_LANGUAGE,
                match self.language {
                    Lang::Vi => "vi",
                    Lang::En => "en",
                },
            );
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        let (kind, body) = match &call.content {
            Content::Nothing => (None, RequestBody::new(Bytes::new())),
            Content::Json(json) => (Some("application/json"), RequestBody::new(json.clone())),
            Content::Edxml(upload) => (Some("application/xml"), upload.body()),
        };
        if let Some(kind) = kind {
            request =
                request.header(CONTENT_TYPE, kind).header(CONTENT_LENGTH, hyper::body::Body::size_hint(&body).lower());
        }
        request.body(body).map_err(|error| ClientError::Local { what: call.path.clone(), reason: error.to_string() })
    }

    async fn refused(&self, response: Response<Incoming>) -> Failure {
        let status = response.status();
        let retry_after = retry_after(&response);
        match self.collect(response).await {
            Ok(body) => Failure { error: refusal(status, &body), retry_after },
            Err(error) => error.into(),
        }
    }

    fn broken(&self, error: &legacy::Error) -> ClientError {
        match error.source().and_then(|source| source.downcast_ref::<ConnectError>()) {
            Some(ConnectError::Tls(fault)) => ClientError::Tls { hub: self.hub.clone(), reason: fault.to_string() },
            Some(fault) => self.unreachable(fault.to_string()),
            None => self.unreachable(error.source().map_or_else(|| error.to_string(), chain)),
        }
    }

    pub(super) fn unreachable(&self, reason: String) -> ClientError {
        ClientError::Unreachable { hub: self.hub.clone(), reason }
    }

    pub(super) fn late(&self) -> ClientError {
        self.unreachable("no answer in time".to_owned())
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("hub", &self.hub).finish_non_exhaustive()
    }
}

fn bearer(token: &str) -> Result<HeaderValue, ClientError> {
    let mut value = HeaderValue::try_from(format!("Bearer {token}"))
        .map_err(|_| ClientError::Local { what: "token".into(), reason: "cannot stand in a header".into() })?;
    value.set_sensitive(true);
    Ok(value)
}

fn refusal(status: StatusCode, body: &[u8]) -> ClientError {
    match problem::parse(status, body) {
        Some(problem) => ClientError::Refused(Box::new(problem)),
        None => ClientError::protocol(format_args!("HTTP status {status} without problem details")),
    }
}

fn retry_after(response: &Response<Incoming>) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// 0.2 s, doubled with every attempt up to about a minute.
fn backoff(attempt: u32) -> Duration {
    Duration::from_millis(100 << attempt.min(9))
}

/// Used by `calls` to send JSON.
pub(super) fn to_json(value: &impl serde::Serialize) -> Result<Content<'static>, ClientError> {
    serde_json::to_vec(value)
        .map(|json| Content::Json(json.into()))
        .map_err(|error| ClientError::Local { what: "request".into(), reason: error.to_string() })
}
