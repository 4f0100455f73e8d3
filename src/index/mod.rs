//! The index: everything that is looked up, derived from the journal and disposable. Before: `journal` holds the truth.
//! After: `hub` and `delivery` read. This file holds the contract; each engine has a file of its own.
//!
//! One ordered space of keys and values, both plain bytes. How far the journal was applied is an ordinary row of the
//! caller's, written in the same [`Writes`] as what it speaks of: an index that is missing, damaged or ahead of the
//! journal is deleted and built again.

mod buffered;
mod memory;
mod merge;
mod open;
mod overlay;
mod redb;
mod sled;
#[cfg(test)]
mod suite;

use std::collections::BTreeMap;
use std::ops::ControlFlow;

pub use buffered::Buffered;
pub use memory::Memory;
pub use open::{Engine, open};
pub use overlay::Overlay;
pub use redb::Redb;
pub use sled::Sled;

/// Rows to write: a value, or `None` to delete. Applied as a whole.
pub type Writes = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// What a power cut or a kill right after [`Index::apply`] may take back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Everything since the last checkpoint, always whole applies from the end. Costs no sync.
    Relaxed,
    /// Nothing: this apply and all before it are durable on return.
    Checkpoint,
}

/// An ordered key-value store.
///
/// - An apply is atomic: a reader, and whoever opens the index after a crash, sees all of it or nothing.
/// - After a crash the index is as it was after some apply that is not older than the last checkpoint; an engine that
///   cannot keep this says so when it is opened: [`IndexError::Unclosed`].
/// - There is one writer; `apply` from several threads runs one after the other.
pub trait Index: Send + Sync {
    /// A view of everything applied so far. Later applies do not change it. Short-lived: while it lives, an engine may
    /// keep what was overwritten.
    ///
    /// # Errors
    /// [`IndexError`].
    fn reader(&self) -> Result<Box<dyn Read + '_>, IndexError>;

    /// Applies all of `rows`, in ascending order of keys, or nothing.
    ///
    /// # Errors
    /// [`IndexError`]: after any error the index is to be opened again.
    fn apply_rows(&self, rows: &mut Rows<'_>, durability: Durability) -> Result<(), IndexError>;

    /// Writes everything anew, so that nothing of what was overwritten or deleted is left in the files. Others read and
    /// apply meanwhile. Gives false where the engine has no way to: its files are then to be deleted while it is closed.
    ///
    /// # Errors
    /// As [`Index::apply_rows`].
    fn renew(&self) -> Result<bool, IndexError> {
        Ok(false)
    }

    /// Closes it in order: whoever opens it next finds everything that was applied. Nothing is applied any more, and
    /// nothing may be read.
    ///
    /// # Errors
    /// As [`Index::apply_rows`].
    fn close(&self) -> Result<(), IndexError> {
        self.apply(&Writes::new(), Durability::Checkpoint)
    }

    /// Applies all of `writes` or nothing.
    ///
    /// # Errors
    /// As [`Index::apply_rows`].
    fn apply(&self, writes: &Writes, durability: Durability) -> Result<(), IndexError> {
        self.apply_rows(&mut writes.iter().map(|(key, value)| (key.as_slice(), value.as_deref())), durability)
    }
}

impl Index for Box<dyn Index> {
    fn reader(&self) -> Result<Box<dyn Read + '_>, IndexError> {
        self.as_ref().reader()
    }

    fn apply_rows(&self, rows: &mut Rows<'_>, durability: Durability) -> Result<(), IndexError> {
        self.as_ref().apply_rows(rows, durability)
    }

    fn renew(&self) -> Result<bool, IndexError> {
        self.as_ref().renew()
    }

    fn close(&self) -> Result<(), IndexError> {
        self.as_ref().close()
    }
}

/// Rows to write, in ascending order of keys: a value, or `None` to delete.
pub type Rows<'a> = dyn Iterator<Item = (&'a [u8], Option<&'a [u8]>)> + 'a;

/// What looks at the rows of a scan: key, value; breaks when it has seen enough.
pub type Visit<'a> = dyn FnMut(&[u8], &[u8]) -> ControlFlow<()> + 'a;

/// A consistent view.
pub trait Read {
    /// The value of `key`.
    ///
    /// # Errors
    /// [`IndexError`].
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, IndexError>;

    /// Visits the rows with `from <= key < to` in ascending order of keys, or in descending order if `reverse`, until
    /// `visit` breaks. An empty or inverted range has no rows.
    ///
    /// # Errors
    /// [`IndexError`].
    fn scan(&self, from: &[u8], to: &[u8], reverse: bool, visit: &mut Visit<'_>) -> Result<(), IndexError>;
}

/// Visits all rows with `from <= key < to` in ascending order of keys, until `visit` fails.
///
/// # Errors
/// The view's, and the first of `visit`.
pub fn for_each(
    view: &dyn Read,
    from: &[u8],
    to: &[u8],
    mut visit: impl FnMut(&[u8], &[u8]) -> Result<(), IndexError>,
) -> Result<(), IndexError> {
    let mut answer = Ok(());
    view.scan(from, to, false, &mut |key, value| {
        answer = visit(key, value);
        if answer.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    answer
}

/// Why the index cannot be used. It is derived: whatever the error, deleting it and building it again is safe.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The files are not what the engine wrote: delete and build again.
    #[error("the index is damaged: {0}")]
    Damaged(String),
    /// It was not closed in order, and its engine can then not be believed: delete and build again.
    #[error("the index was not closed in order")]
    Unclosed,
    /// Another process has it open.
    #[error("the index is in use by another process")]
    InUse,
    /// The operating system refuses.
    #[error("the index cannot be read or written")]
    Io(#[source] std::io::Error),
}
