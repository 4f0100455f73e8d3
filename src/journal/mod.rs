//! The journal: the one truth. Before: `engine` decides a batch of trail entries. After: `index` is derived from it.
//! This file holds the contract that every journal keeps; the types are in `types`, the file journal in `files`,
//! the one in memory in `memory`, large documents in `payloads`, and the file operations in `disk`.
//!
//! A *record* is one [`Batch`] of trail entries with the contents that belong to them, appended as a whole. Records
//! are numbered, chained by digest, and never change, but for one thing: the bytes of a [`Content`] can be destroyed.
//! The bytes on disk are described in `docs/journal-format.md`.

pub mod disk;
mod error;
mod files;
mod memory;
mod payloads;
mod reserve;
#[cfg(test)]
mod tests;
mod types;

use std::ops::ControlFlow;
use std::sync::Arc;

use bytes::Bytes;

pub(crate) use error::lacks_files;
pub use error::{Damage, JournalError};
pub use files::{
    Cut, Destroyed, Extent, FileJournal, Inspected, Options, Peek, Recovery, Retention, Version, Wound, inspect,
};
pub use memory::MemoryJournal;
pub use payloads::{Payloads, Spool};
pub use reserve::Reserve;
pub use types::{
    Appended, Batch, Body, BodyLocation, Content, ContentKind, ENTRY_BYTES_MAX, Head, INLINE_BYTES_MAX, Payload,
    PayloadName, Placed, Position, RECORD_BYTES_MAX, Record,
};

use crate::domain::Seq;

/// The writing side. There is one writer.
///
/// - **Durable on return.** When `append` answers [`Appended::At`], the whole batch survives a power cut at that
///   instant. Otherwise, after the next opening, either the whole batch stands in the journal or nothing of it.
/// - **Ordered.** Entry `i` of a batch appended at `at` has the sequence number `at + i`.
/// - **Poisoned.** After a write or a sync that failed, every append answers [`JournalError::Poisoned`] until the
///   journal is opened again; a sync is never tried twice. Reading goes on. Every other error of `append` means that
///   nothing was written, and the same batch may be tried again.
pub trait Journal: Send {
    /// Appends `batch` if the journal's head is `at`.
    ///
    /// # Errors
    /// [`JournalError::Poisoned`], or one of the errors that leave the journal as it was.
    fn append(&mut self, at: Seq, batch: &Batch) -> Result<Appended, JournalError>;

    /// Where the next batch goes.
    fn head(&self) -> Head;

    /// Seals what is written to, if [`Retention::ask_to_seal`] has asked for it: what stands there can then be
    /// destroyed. A journal that cannot destroy has nothing to seal.
    fn seal_if_asked(&mut self) {}

    /// Writing ends in order: the next opening need not read the last records again, and damage in them is not taken for
    /// what a crash left.
    fn end(&mut self) {}

    /// A handle for reading: cheap to clone, for any thread, never in the writer's way. It sees every durable record,
    /// also those appended later, and never one that is not durable yet.
    fn reader(&self) -> Arc<dyn Read>;
}

/// The reading side. Nothing unverified leaves it: each record is checked against its checksums and its digest, each
/// body against the checksum in its [`BodyLocation`].
pub trait Read: Send + Sync {
    /// Visits the records after the one at `after` in order, from the first one if it is `None`, until the durable end
    /// or until `visit` breaks. Memory is bounded by [`RECORD_BYTES_MAX`].
    ///
    /// # Errors
    /// [`JournalError::NoRecord`] if no record starts at `after`; damage; reading failed.
    fn replay(
        &self,
        after: Option<Position>,
        visit: &mut dyn FnMut(Record) -> ControlFlow<()>,
    ) -> Result<(), JournalError>;

    /// The record that starts at `position`, verified.
    ///
    /// # Errors
    /// [`JournalError::NoRecord`], damage, or reading failed.
    fn record_at(&self, position: Position) -> Result<Record, JournalError>;

    /// The position of the record that holds the entry `seq`; `None` if it is not in the journal yet.
    ///
    /// # Errors
    /// Damage, or reading failed.
    fn find(&self, seq: Seq) -> Result<Option<Position>, JournalError>;

    /// The bytes of an in-line body, verified.
    ///
    /// # Errors
    /// [`JournalError::Gone`] if it was destroyed; [`JournalError::NotInline`] for a payload, which is read through
    /// [`Payloads`]; damage; reading failed.
    fn body(&self, location: &BodyLocation) -> Result<Bytes, JournalError>;

    /// The entries of the record at `position`, verified without reading the bodies, and the sequence number of the
    /// first of them.
    ///
    /// # Errors
    /// As [`Read::record_at`].
    fn entries_at(&self, position: Position) -> Result<(Seq, Vec<Bytes>), JournalError>;

    /// Entry number `index` (from 0) of the record at `position`.
    ///
    /// # Errors
    /// As [`Read::record_at`]; [`JournalError::NoRecord`] if the record has fewer entries.
    fn read_entry(&self, position: Position, index: u32) -> Result<Bytes, JournalError> {
        let (_, entries) = self.entries_at(position)?;
        let index = usize::try_from(index).unwrap_or(usize::MAX);
        entries.into_iter().nth(index).ok_or(JournalError::NoRecord { position })
    }
}
