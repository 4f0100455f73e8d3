//! Whether a connection is used. HTTP/2 pings keep a connection alive for ever; one that nobody uses is given up all
//! the same, as HTTP/1.1 does by waiting for the next head.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use axum::body::Body;

use crate::http::holding::Holding;

/// The use of one connection.
#[derive(Debug, Clone, Default)]
pub(super) struct Usage(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    /// Requests whose answers are not finished.
    open: AtomicUsize,
    /// Whether one has begun since the last look.
    used: AtomicBool,
}

impl Usage {
    /// A request begins; it lasts as long as what is given back.
    pub(super) fn begin(&self) -> Request {
        self.0.open.fetch_add(1, Ordering::Relaxed);
        self.0.used.store(true, Ordering::Relaxed);
        Request(Self(Arc::clone(&self.0)))
    }

    /// Whether there is no request now and there was none since the last look.
    pub(super) fn is_idle(&self) -> bool {
        let used = self.0.used.swap(false, Ordering::Relaxed);
        !used && self.0.open.load(Ordering::Relaxed) == 0
    }
}

/// A request that is not finished.
pub(super) struct Request(Usage);

impl Drop for Request {
    fn drop(&mut self) {
        self.0.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Request {
    /// The request lasts until `body` is sent.
    pub(super) fn until_sent(self, body: Body) -> Body {
        Holding::body(body, self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_idle_when_two_looks_have_seen_nothing() {
        let usage = Usage::default();
        assert!(usage.is_idle());
        let request = usage.begin();
        assert!(!usage.is_idle() && !usage.is_idle());
        let body = request.until_sent(Body::from("x"));
        assert!(!usage.is_idle());
        drop(body);
        assert!(usage.is_idle());
        drop(usage.begin());
        assert!(!usage.is_idle() && usage.is_idle());
    }
}
