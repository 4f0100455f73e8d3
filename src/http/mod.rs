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
mod routes;
mod server;
mod shares;
mod stall;
mod starting;
mod state;
mod tlog;
pub mod tls;
mod usage;
mod v1;
mod wait;

use std::future::Future;
use std::sync::Arc;

use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

pub use peer::Peer;
pub use problem::Refused;
pub use server::{Limits, Listen, ListenError, Server};
pub use starting::Progress;

use crate::engine::Hub;
use crate::http::peer::Origin;
use crate::http::routes::Routes;
use crate::http::shares::Shares;

/// The door of a hub that is being opened: it answers already, that the hub is starting. Dropped, it closes.
pub struct Door {
    routes: Routes,
    limits: Limits,
    connections: Shares<Origin>,
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
}

impl Door {
    /// Opens it. Only within a runtime, on which it is served from now on.
    #[must_use]
    pub fn open(server: Server, progress: Progress) -> Self {
        let routes = Routes::new(starting::router(progress));
        let (limits, connections) = (server.limits(), server.connections());
        let (stop, stopped) = oneshot::channel();
        let served = server.serve_routes(routes.clone(), async {
            let _ = stopped.await; // a door that was dropped closes as well
        });
        Self { routes, limits, connections, stop, served: tokio::spawn(served) }
    }

    /// From the next request on `hub` answers, on the same listeners and connections; what is given back ends some time
    /// after `stop`. The hub is not closed by it.
    pub fn serve(self, hub: Hub, stop: impl Future<Output = ()>) -> impl Future<Output = ()> {
        let (stopping, stopped) = watch::channel(false);
        let app = state::App {
            hub,
            figures: metrics::Figures::new(),
            admission: admission::Admission::new(self.limits.requests_bytes),
            connections: self.connections,
            body_pause: self.limits.body_pause,
            stopping: stopped,
        };
        self.routes.take_over(router::router(Arc::new(app)));
        async move {
            tokio::select! {
                () = until_stopped(stop, &stopping, (self.stop, self.served)) => {}
                () = metrics::upkeep() => {}
            }
        }
    }
}

async fn until_stopped(
    stop: impl Future<Output = ()>,
    stopping: &watch::Sender<bool>,
    (listeners, served): (oneshot::Sender<()>, JoinHandle<()>),
) {
    stop.await;
    stopping.send_replace(true);
    let _ = listeners.send(()); // they have ended by themselves
    if let Err(error) = served.await {
        tracing::error!(%error, "the listeners have failed");
    }
}

/// Serves `hub` on the listeners of `server` until `stop`. The hub is not closed by it.
pub async fn serve(server: Server, hub: Hub, stop: impl Future<Output = ()>) {
    Door::open(server, Progress::default()).serve(hub, stop).await;
}
