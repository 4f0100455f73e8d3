//! The door for programs: HTTP v1 (DESIGN 5). The only module that serves HTTP; it decides nothing and enforces
//! nothing twice: it reads the call, asks the hub, writes the answer.
//!
//! A request passes `server` (connections and their limits), `tls`, `entrance` (every request), `router` (the table
//! of calls), `admission` (who calls, and whether there is room), and a handler in `v1`; a refusal becomes a problem in
//! `problem`.

mod admission;
mod answer;
mod aside;
mod auth;
pub(crate) mod chunks;
mod entrance;
mod extract;
mod health;
mod holding;
mod linger;
mod metrics;
mod peer;
mod problem;
mod range;
mod receive;
mod router;
mod server;
mod shares;
mod stall;
mod state;
mod tlog;
pub mod tls;
mod usage;
mod v1;
mod wait;

use std::sync::Arc;

use tokio::sync::watch;

pub use peer::Peer;
pub use problem::Refused;
pub use server::{Limits, Listen, ListenError, Server};

use crate::engine::Hub;

/// Serves `hub` on the listeners of `server` until `stop`. The hub is not closed by it.
pub async fn serve(server: Server, hub: Hub, stop: impl Future<Output = ()>) {
    let (stopping, stopped) = watch::channel(false);
    let limits = server.limits();
    let app = state::App {
        hub,
        figures: metrics::Figures::new(),
        admission: admission::Admission::new(limits.requests_bytes),
        connections: server.connections(),
        body_pause: limits.body_pause,
        stopping: stopped,
    };
    let stop = async {
        stop.await;
        stopping.send_replace(true);
    };
    tokio::select! {
        () = server.serve(router::router(Arc::new(app)), stop) => {}
        () = metrics::upkeep() => {}
    }
}
