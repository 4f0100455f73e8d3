//! What the writer and the readers share. Readers never block the writer.

use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use tokio::sync::watch;

use crate::domain::{Refusal, Seq};
use crate::index::Index;
use crate::trail::View;

/// The tree as last signed.
pub(super) struct Signed {
    pub(super) view: View,
    pub(super) checkpoint: Arc<str>,
}

/// Shared state of a running hub.
pub(super) struct Shared {
    pub(super) index: Box<dyn Index>,
    pub(super) journal: Arc<dyn crate::journal::Read>,
    /// Why nothing is written any more, until a restart (law 1). Written only by the writer.
    pub(super) poisoned: OnceLock<Refusal>,
    /// Entries applied. Written only by the writer.
    pub(super) head: watch::Sender<Seq>,
    signed: RwLock<Arc<Signed>>,
}

impl Shared {
    pub(super) fn new(index: Box<dyn Index>, journal: Arc<dyn crate::journal::Read>, signed: Signed) -> Self {
        let head = watch::Sender::new(signed.view.size());
        Self { index, journal, poisoned: OnceLock::new(), head, signed: RwLock::new(Arc::new(signed)) }
    }

    /// The tree as last signed.
    pub(super) fn signed(&self) -> Arc<Signed> {
        Arc::clone(&self.signed.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Shows a newer one.
    pub(super) fn show(&self, signed: Signed) {
        *self.signed.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(signed);
    }
}
