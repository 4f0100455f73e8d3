//! What answers the requests of all connections: one router, until another one takes over. No connection notices.

use std::sync::{Arc, OnceLock};

use axum::Router;

/// The router of now; clones are the same.
#[derive(Clone)]
pub(super) struct Routes(Arc<Taken>);

struct Taken {
    first: Router,
    then: OnceLock<Router>,
}

impl Routes {
    pub(super) fn new(first: Router) -> Self {
        Self(Arc::new(Taken { first, then: OnceLock::new() }))
    }

    /// From the next request on, `router` answers. Only the first to take over does.
    pub(super) fn take_over(&self, router: Router) {
        let _ = self.0.then.set(router);
    }

    /// What answers a request that comes now.
    pub(super) fn now(&self) -> Router {
        self.0.then.get().unwrap_or(&self.0.first).clone()
    }
}
