//! Bodies on their way in: bounded before they are looked at, no faster than they can be put away (back-pressure), no
//! slower than a bounded pace.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::Body as _;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use crate::domain::{Code, Refusal};
use crate::http::state::App;
use crate::intake::Incoming;

/// What is put away on the async threads: it stays in memory there. More may touch the disk and goes elsewhere.
const INLINE_BYTES_MAX: u64 = 64 * 1024;
/// Octets put away at once; as many again may wait. They are copied together: a piece would else keep the larger buffer
/// in which it came, which nobody counts.
const BATCH_BYTES: usize = 256 * 1024;
/// Longest piece that a connection hands over.
const PIECE_BYTES_MAX: usize = 64 * 1024;
/// Slowest body over all, after a first minute of grace: octets a second.
const RATE_MIN: u64 = 16 * 1024;
const GRACE: Duration = Duration::from_mins(1);

/// Receives a message; refused at once where its announced length is over the limit.
pub(super) async fn message(app: &App, mut body: Body) -> Result<Incoming, Refusal> {
    let mut incoming = app.hub.receive(body.size_hint().exact())?;
    let mut pace = Pace::start(app.body_pause);
    while let Some(piece) = pace.piece(&mut body).await? {
        if pace.received > INLINE_BYTES_MAX {
            return large(incoming, piece, pace, body).await;
        }
        incoming.write(&piece)?;
    }
    Ok(incoming)
}

/// The rest of a larger message, from `first` on: one batch is put away while the next one arrives.
async fn large(incoming: Incoming, first: Bytes, mut pace: Pace, mut body: Body) -> Result<Incoming, Refusal> {
    let mut writing = put_away(incoming, first.into());
    loop {
        let batch = gather(&mut pace, &mut body).await?;
        let incoming = put(writing).await?;
        if batch.is_empty() {
            return Ok(incoming);
        }
        writing = put_away(incoming, batch);
    }
}

async fn gather(pace: &mut Pace, body: &mut Body) -> Result<Vec<u8>, Refusal> {
    let mut batch = Vec::new();
    while batch.len() < BATCH_BYTES {
        let Some(piece) = pace.piece(body).await? else { break };
        if batch.is_empty() {
            batch.reserve_exact(BATCH_BYTES.saturating_add(PIECE_BYTES_MAX));
        }
        batch.extend_from_slice(&piece);
    }
    Ok(batch)
}

type Writing = JoinHandle<Result<Incoming, Refusal>>;

fn put_away(mut incoming: Incoming, batch: Vec<u8>) -> Writing {
    tokio::task::spawn_blocking(move || {
        incoming.write(&batch)?;
        Ok(incoming)
    })
}

async fn put(writing: Writing) -> Result<Incoming, Refusal> {
    writing.await.unwrap_or_else(|_| Err(Refusal::new(Code::Internal, "spooling panicked")))
}

/// How fast a body comes.
pub(super) struct Pace {
    started: Instant,
    received: u64,
    /// Longest pause.
    pause: Duration,
}

impl Pace {
    pub(super) fn start(pause: Duration) -> Self {
        Self { started: Instant::now(), received: 0, pause }
    }

    /// The next piece that is not empty; `None` at the end.
    ///
    /// # Errors
    /// `request_timeout`; `bad_request` where the body breaks off.
    pub(super) async fn piece(&mut self, body: &mut Body) -> Result<Option<Bytes>, Refusal> {
        loop {
            let frame = timeout_at(self.deadline(), body.frame()).await.map_err(|_| self.late())?;
            let Some(frame) = frame else { return Ok(None) };
            let frame = frame.map_err(|_| Refusal::new(Code::BadRequest, "the body broke off"))?;
            if let Ok(piece) = frame.into_data()
                && !piece.is_empty()
            {
                self.received = self.received.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
                return Ok(Some(piece));
            }
        }
    }

    fn deadline(&self) -> Instant {
        let over_all = self.started + GRACE + Duration::from_secs(self.received / RATE_MIN);
        over_all.min(Instant::now() + self.pause)
    }

    fn late(&self) -> Refusal {
        Refusal::new(Code::RequestTimeout, format!("{} octets had come", self.received))
    }
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use hyper::body::Frame;

    use super::*;

    const PAUSE: Duration = Duration::from_secs(30);

    /// A body of which nothing comes.
    struct Silent;

    impl hyper::body::Body for Silent {
        type Data = Bytes;
        type Error = std::io::Error;

        fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
            Poll::Pending
        }
    }

    async fn waited(started_secs_ago: u64, received: u64) -> Result<Option<Bytes>, Refusal> {
        let started = Instant::now().checked_sub(Duration::from_secs(started_secs_ago)).unwrap();
        let mut pace = Pace { started, received, pause: PAUSE };
        let mut body = Body::new(Silent);
        let waiting = tokio::time::timeout(Duration::from_millis(50), pace.piece(&mut body)).await;
        waiting.unwrap_or(Ok(None))
    }

    #[tokio::test]
    async fn a_body_that_is_too_slow_over_all_ends_and_one_that_keeps_pace_does_not() {
        assert_eq!(waited(61, 0).await.unwrap_err().code, Code::RequestTimeout);
        assert_eq!(waited(120, 16 * 1024 * 59).await.unwrap_err().code, Code::RequestTimeout);
        assert!(waited(120, 16 * 1024 * 62).await.is_ok());
        assert!(waited(0, 0).await.is_ok());
    }

    #[test]
    fn a_pause_is_bounded_however_fast_it_was_before() {
        let pace = Pace { started: Instant::now(), received: 1 << 40, pause: PAUSE };
        assert!(pace.deadline() <= Instant::now() + PAUSE);
    }
}
