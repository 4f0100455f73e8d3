//! The journal in files: segments of records in one folder, one writer, a lock. Each file of this module holds one
//! part: `record`, `row`, `segment` and `toc` the bytes, `append` the writing, `read` and `window` the reading,
//! `recover` the opening, `rewrite` the destruction of contents, `inspect` looking past damage.

mod append;
mod inspect;
mod peek;
mod read;
mod record;
mod recover;
mod rewrite;
mod row;
mod segment;
mod shared;
#[cfg(test)]
mod tests;
mod toc;
mod window;

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use uuid::Uuid;

use crate::domain::Seq;
use crate::journal::disk::Disk;
use crate::journal::{Appended, Batch, Head, Journal, JournalError, Position, RECORD_BYTES_MAX, Read};
use append::Active;
use record::Chain;
use shared::Shared;

pub use inspect::{Extent, Inspected, Wound, inspect};
pub use peek::{Peek, Version};
pub(super) use record::measure;
pub use recover::{Cut, Recovery};
pub use rewrite::{Destroyed, Retention};

/// Name of the file that the one writer locks.
const LOCK: &str = "lock";

/// How a journal of files is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// A segment is full when its next record would end after this many bytes. At most about 4 GiB.
    pub segment_bytes: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self { segment_bytes: 256 << 20 }
    }
}

/// A journal in files, opened for writing.
pub struct FileJournal {
    shared: Arc<Shared>,
    options: Options,
    id: Uuid,
    recovery: Recovery,
    active: Option<Active>,
    next: Chain,
    last: Option<Position>,
    poisoned: Option<Arc<str>>,
    _lock: Box<dyn Send + Sync>,
}

impl FileJournal {
    /// Opens the journal in `folder`, or begins one there. What a crash left is put right first: [`Self::recovery`]
    /// says what that was. Writing goes on in a new segment.
    ///
    /// # Errors
    /// [`JournalError::InUse`]; [`JournalError::Damaged`] and [`JournalError::Version`] are refusals: nothing was
    /// changed, and nothing may be appended until a person has looked; [`JournalError::Io`].
    pub fn open(disk: Arc<dyn Disk>, folder: &Path, options: Options) -> Result<Self, JournalError> {
        Self::open_promised(disk, folder, options, 0)
    }

    /// The same, where others have been shown a signed checkpoint over so many entries: a record that holds one of them
    /// was durable, so damage in it is never taken for what a crash left.
    ///
    /// # Errors
    /// As [`FileJournal::open`].
    pub fn open_promised(
        disk: Arc<dyn Disk>,
        folder: &Path,
        options: Options,
        promised: Seq,
    ) -> Result<Self, JournalError> {
        disk.create_folder(folder)
            .map_err(|source| JournalError::Io { action: "create the journal's folder", source })?;
        let lock = disk.lock(&folder.join(LOCK)).map_err(|source| match source.kind() {
            std::io::ErrorKind::WouldBlock => JournalError::InUse,
            _ => JournalError::Io { action: "lock the journal", source },
        })?;
        let opened = recover::open(disk, folder, promised)?;
        let id = opened.shared.segments().first().map_or_else(Uuid::new_v4, |segment| segment.header.journal);
        let longest = u32::MAX.saturating_sub(u32::try_from(RECORD_BYTES_MAX).unwrap_or(u32::MAX));
        let options = Options { segment_bytes: options.segment_bytes.min(longest) };
        Ok(Self {
            shared: Arc::new(opened.shared),
            options,
            id,
            recovery: opened.recovery,
            active: None,
            next: opened.next,
            last: opened.last,
            poisoned: None,
            _lock: lock,
        })
    }

    /// Whether somebody has the journal in `folder` open for writing.
    #[must_use]
    pub fn is_in_use(disk: &dyn Disk, folder: &Path) -> bool {
        disk.lock(&folder.join(LOCK)).is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
    }

    /// What opening had to do.
    #[must_use]
    pub fn recovery(&self) -> Recovery {
        self.recovery
    }

    /// The id of this journal, given when it was begun.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// Seals the segment that is written to, if it has a record: the next append begins another. Does nothing once the
    /// journal is poisoned.
    pub fn seal(&mut self) {
        if self.poisoned.is_none() && self.active.as_ref().is_some_and(|active| active.end > segment::HEADER_BYTES) {
            self.seal_active();
        }
    }

    /// Ends writing in order: the next opening need not read the last segment again.
    pub fn close(mut self) {
        self.seal();
    }

    /// The handle that destroys contents in sealed segments.
    #[must_use]
    pub fn retention(&self) -> Retention {
        Retention::new(Arc::clone(&self.shared))
    }
}

impl Journal for FileJournal {
    fn append(&mut self, at: Seq, batch: &Batch) -> Result<Appended, JournalError> {
        if let Some(cause) = &self.poisoned {
            return Err(JournalError::Poisoned { cause: Arc::clone(cause) });
        }
        if at != self.next.seq {
            return Err(JournalError::NotHead { at, head: self.next.seq });
        }
        self.write(batch).map(|encoded| Appended::At(encoded.placed))
    }

    fn head(&self) -> Head {
        Head { seq: self.next.seq, record: self.next.record, last: self.last }
    }

    fn seal_if_asked(&mut self) {
        if self.shared.seal_asked.swap(false, Ordering::AcqRel) {
            self.seal();
        }
    }

    fn end(&mut self) {
        self.seal();
    }

    fn reader(&self) -> Arc<dyn Read> {
        Arc::new(read::Reader(Arc::clone(&self.shared)))
    }
}

impl fmt::Debug for FileJournal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileJournal").field("id", &self.id).field("head", &self.head()).finish_non_exhaustive()
    }
}
