//! What every handler can reach.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::engine::Hub;
use crate::http::admission::Admission;
use crate::http::metrics::Figures;
use crate::http::peer::Origin;
use crate::http::shares::Shares;

/// Shared by all handlers, made once.
pub(super) struct App {
    /// The hub behind the door.
    pub(super) hub: Hub,
    /// Counters that are kept at hand.
    pub(super) figures: Figures,
    /// The memory for calls.
    pub(super) admission: Admission,
    /// The connections that are open, by address.
    pub(super) connections: Shares<Origin>,
    /// Longest pause within a body.
    pub(super) body_pause: Duration,
    /// Becomes true when the server stops: long polls then end at once.
    pub(super) stopping: watch::Receiver<bool>,
}

/// How handlers hold it.
pub(super) type Shared = axum::extract::State<Arc<App>>;
