//! What every handler can reach.

use std::sync::Arc;

use tokio::sync::watch;

use crate::engine::Hub;
use crate::http::metrics::Figures;

/// Shared by all handlers, made once.
pub(super) struct App {
    /// The hub behind the door.
    pub(super) hub: Hub,
    /// Counters that are kept at hand.
    pub(super) figures: Figures,
    /// Becomes true when the server stops: long polls then end at once.
    pub(super) stopping: watch::Receiver<bool>,
}

/// How handlers hold it.
pub(super) type Shared = axum::extract::State<Arc<App>>;
