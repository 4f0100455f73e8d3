//! Admission: who calls, and whether there is memory for it, before anything of a body is read. Every call but the
//! operator's probes passes here. A call holds a place, which is its part of the memory for requests, until its answer
//! is sent; a caller that has its share is told 429, and 503 is for when there is nothing left for anybody.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::Method;
use hyper::body::Body as _;

use crate::api::Role;
use crate::delivery::standing::Caller;
use crate::domain::{Code, Refusal};
use crate::http::auth;
use crate::http::chunks::AHEAD_BYTES;
use crate::http::holding::Holding;
use crate::http::problem::Refused;
use crate::http::shares::{Claim, Level, Share, Shares, Short};
use crate::http::state::App;
use crate::journal::INLINE_BYTES_MAX;

/// What a call costs that brings nothing and waits: its head, its state, a short answer.
const CALL_BYTES: u64 = 16 << 10;
/// A message in memory: its bytes, and what was read out of them.
const SMALL_BYTES: u64 = 160 << 10;
/// A message that goes into a file: two batches on their way there, and what of it may wait in the connection.
const LARGE_BYTES: u64 = 1536 << 10;
/// The part of the memory that ordinary callers leave for operators.
const RESERVE_DIVISOR: u64 = 16;
/// How long the answer to a caller over its share waits at least, so that one that asks again at once does not fill the
/// processor.
const PAUSE: Duration = Duration::from_millis(250);
/// How long it waits for each call of its system that waits so: however many it opens, it is told no this often, not more
/// often.
const PAUSE_EACH: Duration = Duration::from_millis(10);
/// How long it waits at most: nobody's patience should end before.
const PAUSE_MAX: Duration = Duration::from_secs(10);

/// The memory for requests.
pub(super) struct Admission {
    memory: Shares<Arc<str>>,
    /// Calls over their system's share whose answer waits.
    kept_back: Shares<Arc<str>>,
}

/// The part of a call, until its answer is sent.
type Place = Share<Arc<str>>;

/// What an answer keeps in memory until it is sent, where that is not its length.
#[derive(Debug, Clone, Copy)]
pub(super) struct Weight(u64);

impl Weight {
    /// Of a body that is read piece by piece while it is sent.
    pub(super) const STREAMED: Self = Self(AHEAD_BYTES);
}

impl Admission {
    /// With so many octets for requests.
    pub(super) fn new(bytes: u64) -> Self {
        Self { memory: Shares::new(bytes, bytes / RESERVE_DIVISOR), kept_back: Shares::new(u64::MAX, 0) }
    }

    /// How full it is.
    pub(super) fn level(&self) -> Level {
        self.memory.level()
    }

    /// Whether a caller who comes new with a small message would be turned away.
    pub(super) fn is_full(&self) -> bool {
        self.memory.is_full(SMALL_BYTES)
    }

    fn place(&self, caller: &Caller, bytes: u64) -> Result<Place, Short> {
        let claim = if caller.access.role == Role::Operator { Claim::Reserved } else { Claim::Ordinary };
        self.memory.take(&caller.system, bytes, claim)
    }
}

/// What stands before every call of the table.
pub(super) async fn admit(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let writes = !is_reading(request.method());
    match enter(&app, request).await {
        Ok((request, place)) => leave(next.run(request).await, place, writes),
        Err(refused) => refused.into_response(),
    }
}

async fn enter(app: &App, request: Request) -> Result<(Request, Place), Refused> {
    let (mut parts, body) = request.into_parts();
    let caller = auth::authenticate(&parts, app)?;
    let bytes = cost(&parts.method, &body);
    let place = match app.admission.place(&caller, bytes) {
        Ok(place) => place,
        Err(short) => return Err(shed(app, &caller, short).await.into()),
    };
    parts.extensions.insert(caller);
    Ok((Request::from_parts(parts, body), place))
}

/// The answer keeps the place until it is sent. One of a reading pays for its length; where there is no room for it, it
/// is not given. Answers to messages are shorter than the messages.
fn leave(response: Response, mut place: Place, writes: bool) -> Response {
    let bytes = CALL_BYTES.saturating_add(weight(&response));
    if !writes && let Err(short) = place.resize(bytes) {
        return Refused(refusal(short)).into_response();
    }
    response.map(|body| Holding::body(body, place))
}

const fn is_reading(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// What a call may take while it comes in. A length that is not announced may be any.
fn cost(method: &Method, body: &Body) -> u64 {
    let small = u64::try_from(INLINE_BYTES_MAX).unwrap_or(u64::MAX);
    match body.size_hint().exact() {
        _ if is_reading(method) => CALL_BYTES,
        Some(0) => CALL_BYTES,
        Some(length) if length <= small => SMALL_BYTES,
        _ => LARGE_BYTES,
    }
}

fn weight(response: &Response) -> u64 {
    let length = response.body().size_hint().exact().unwrap_or(AHEAD_BYTES);
    response.extensions().get().map_or(length, |Weight(bytes)| *bytes)
}

async fn shed(app: &App, caller: &Caller, short: Short) -> Refusal {
    if short == Short::Own {
        let kept = app.admission.kept_back.take(&caller.system, 1, Claim::Ordinary);
        tokio::time::sleep(pause(kept.as_ref().map_or(0, Share::of_holder))).await;
    }
    refusal(short)
}

/// How long a call waits to be told no, where so many of its system wait so, itself among them.
fn pause(kept_back: u64) -> Duration {
    let each = PAUSE_EACH.saturating_mul(u32::try_from(kept_back).unwrap_or(u32::MAX));
    each.clamp(PAUSE, PAUSE_MAX)
}

fn refusal(short: Short) -> Refusal {
    match short {
        Short::Own => {
            Refusal::new(Code::RateLimited, "this system has as many calls under way as are left for all others")
        }
        Short::Whole => Refusal::new(Code::Overloaded, "the memory for calls is used up"),
    }
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use hyper::body::Frame;

    use super::*;

    /// A body whose length is not announced.
    struct Unannounced;

    impl hyper::body::Body for Unannounced {
        type Data = bytes::Bytes;
        type Error = std::io::Error;

        fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<std::io::Result<Frame<bytes::Bytes>>>> {
            Poll::Ready(None)
        }
    }

    #[test]
    fn a_system_is_told_no_a_hundred_times_a_second_at_most_however_many_calls_it_opens() {
        assert_eq!([0, 1, 25].map(pause), [PAUSE; 3]);
        for kept_back in [26_u32, 100, 500, 1_000] {
            let a_second = f64::from(kept_back) / pause(kept_back.into()).as_secs_f64();
            assert!((99.0..=101.0).contains(&a_second), "{kept_back}: {a_second}");
        }
        assert_eq!(pause(u64::MAX), PAUSE_MAX);
    }

    #[test]
    fn a_call_pays_for_what_it_announces() {
        let body = |length: usize| Body::from(vec![0; length]);
        assert_eq!(cost(&Method::GET, &Body::empty()), CALL_BYTES);
        assert_eq!(cost(&Method::POST, &Body::empty()), CALL_BYTES);
        assert_eq!(cost(&Method::POST, &body(1)), SMALL_BYTES);
        assert_eq!(cost(&Method::POST, &body(INLINE_BYTES_MAX)), SMALL_BYTES);
        assert_eq!(cost(&Method::POST, &body(INLINE_BYTES_MAX + 1)), LARGE_BYTES);
        assert_eq!(cost(&Method::POST, &Body::new(Unannounced)), LARGE_BYTES);
    }
}
