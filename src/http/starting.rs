//! What is answered before the hub is open: that the process lives, and how far it is. Nothing else, to nobody.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use http::HeaderMap;

use crate::domain::{Code, Refusal};
use crate::engine::Replayed;
use crate::http::health;
use crate::http::problem::{self, Refused};

/// How far a hub has come with opening, for whoever asks meanwhile; clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Progress(Arc<Entries>);

#[derive(Debug, Default)]
struct Entries {
    applied: AtomicU64,
    /// None yet: it is not known how many there are.
    of: AtomicU64,
    remaining_secs: AtomicU64,
}

impl Progress {
    /// The index has been brought up so far.
    pub fn at(&self, so_far: Replayed) {
        self.0.applied.store(so_far.applied, Ordering::Relaxed);
        self.0.of.store(so_far.of, Ordering::Relaxed);
        self.0.remaining_secs.store(so_far.remaining().as_secs(), Ordering::Relaxed);
    }

    fn refusal(&self) -> Refusal {
        let [applied, of, secs] =
            [&self.0.applied, &self.0.of, &self.0.remaining_secs].map(|figure| figure.load(Ordering::Relaxed));
        let detail = match of {
            0 => "the journal is being opened".to_owned(),
            of => {
                format!("the index has {applied} of {of} entries that it gets from the journal; about {secs} s remain")
            }
        };
        Refusal::new(Code::Starting, detail)
    }
}

/// The calls of a hub that is not open yet.
pub(super) fn router(progress: Progress) -> Router {
    Router::new()
        .route("/healthz", get(health::live))
        .route("/readyz", get(ready))
        .fallback(not_yet)
        .method_not_allowed_fallback(not_yet)
        .with_state(progress)
}

/// Not counted as a refusal: it is asked every few seconds.
async fn ready(State(progress): State<Progress>, headers: HeaderMap) -> Response {
    problem::answer(progress.refusal(), problem::language(&headers))
}

async fn not_yet(State(progress): State<Progress>) -> Refused {
    Refused(progress.refusal())
}
