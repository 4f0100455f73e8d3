//! What the writer and the readers share. Readers never block the writer.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use tokio::sync::watch;

use crate::domain::{Refusal, Seq};
use crate::index::{Engine, Index};
use crate::trail::View;

/// The tree as last signed.
pub(super) struct Signed {
    pub(super) view: View,
    pub(super) checkpoint: Arc<str>,
}

/// How the index came to be what it is.
#[derive(Debug, Clone, Copy)]
pub struct IndexStart {
    /// Its engine.
    pub engine: Engine,
    /// Entries that were applied when the hub was opened: all that there were where it was built again.
    pub applied: u64,
}

/// Shared state of a running hub.
pub(super) struct Shared {
    pub(super) index: Box<dyn Index>,
    pub(super) index_start: IndexStart,
    pub(super) journal: Arc<dyn crate::journal::Read>,
    /// Why nothing is written any more, until a restart (law 1). Written only by the writer.
    pub(super) poisoned: OnceLock<Refusal>,
    /// Entries applied. Written only by the writer.
    pub(super) head: watch::Sender<Seq>,
    signed: RwLock<Arc<Signed>>,
    /// Damaged places that the scrub has found. Written only by it.
    pub(super) damaged: AtomicU64,
    /// Why documents are not taken just now; it passes by itself. Written only by the writer.
    halted: RwLock<Option<Refusal>>,
}

impl Shared {
    pub(super) fn new(
        (index, index_start): (Box<dyn Index>, IndexStart),
        journal: Arc<dyn crate::journal::Read>,
        signed: Signed,
    ) -> Self {
        let head = watch::Sender::new(signed.view.size());
        Self {
            index,
            index_start,
            journal,
            poisoned: OnceLock::new(),
            head,
            signed: RwLock::new(Arc::new(signed)),
            halted: RwLock::default(),
            damaged: AtomicU64::new(0),
        }
    }

    /// The tree as last signed.
    pub(super) fn signed(&self) -> Arc<Signed> {
        Arc::clone(&self.signed.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Why documents are not taken just now, for good or for a while.
    pub(super) fn halted(&self) -> Option<Refusal> {
        let for_good = self.poisoned.get().cloned();
        for_good.or_else(|| self.halted.read().unwrap_or_else(PoisonError::into_inner).clone())
    }

    /// Says whether documents are taken just now.
    pub(super) fn halt(&self, reason: Option<Refusal>) {
        let mut halted = self.halted.write().unwrap_or_else(PoisonError::into_inner);
        match (&reason, halted.as_ref()) {
            (Some(refusal), before) if before.is_none_or(|before| before.code != refusal.code) => {
                tracing::error!(%refusal, "documents are not taken");
            }
            (None, Some(_)) => tracing::warn!("documents are taken again"),
            _ => {}
        }
        *halted = reason;
    }

    /// Shows a newer one.
    pub(super) fn show(&self, signed: Signed) {
        *self.signed.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(signed);
    }
}
