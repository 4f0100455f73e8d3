//! Reading segments beside the process that writes them: without its lock, and without changing anything. What is seen
//! is a beginning of the journal: of a segment that is being written to, the records that are whole.

use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::domain::Seq;
use crate::journal::disk::{Disk, DiskFile};
use crate::journal::files::record::Chain;
use crate::journal::files::segment::{self, NotAHeader};
use crate::journal::files::shared::{continues, damaged};
use crate::journal::files::window::{Flaw, SEQUENTIAL_BYTES, Window, end_of};
use crate::journal::{Damage, JournalError, Record};

/// One segment, read on its own. The file stays the one that was opened, also if another takes its place.
pub struct Peek {
    file: Arc<dyn DiskFile>,
    window: Window,
    offset: u32,
    next: Chain,
}

/// What tells one version of a segment from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version {
    /// Random, given when the segment was begun.
    pub nonce: [u8; 16],
    /// How often contents in it were destroyed.
    pub generation: u32,
}

impl Peek {
    /// The numbers of the segments in a journal's folder.
    ///
    /// # Errors
    /// [`JournalError::Io`]; damage if one is missing.
    pub fn segments(disk: &dyn Disk, folder: &Path) -> Result<Vec<u32>, JournalError> {
        let files = disk.list(folder).map_err(failed)?;
        let mut numbers: Vec<u32> = files.iter().filter_map(|file| segment::number_of(&file.name)).collect();
        numbers.sort_unstable();
        match (1..).zip(&numbers).find(|(expected, number)| expected != *number) {
            Some((expected, _)) => Err(damaged(expected, 0, Damage::SegmentMissing)),
            None => Ok(numbers),
        }
    }

    /// The name of a segment's file.
    #[must_use]
    pub fn file_name(number: u32) -> String {
        segment::file_name(number)
    }

    /// Opens a segment's file, whatever its name.
    ///
    /// # Errors
    /// [`JournalError::Io`]; damage or another version if its header is not that of segment `number`.
    pub fn open(disk: &dyn Disk, path: &Path, number: u32) -> Result<Self, JournalError> {
        let file = disk.open(path, false).map_err(failed)?;
        let end = u32::try_from(file.length().map_err(failed)?);
        let end = end.map_err(|_| damaged(number, 0, Damage::SegmentLength))?;
        let mut bytes = vec![0; usize::try_from(segment::HEADER_BYTES).unwrap_or_default()];
        let read = crate::journal::disk::read_full_at(file.as_ref(), &mut bytes, 0).map_err(failed)?;
        let header = match segment::Header::parse(bytes.get(..read).unwrap_or_default()) {
            Ok(header) if header.number == number => header,
            Ok(_) => return Err(damaged(number, 0, Damage::SegmentChain)),
            Err(NotAHeader::Invalid) => return Err(damaged(number, 0, Damage::SegmentHeader)),
            Err(NotAHeader::Version(version)) => return Err(JournalError::Version(version)),
        };
        let window = Window::new(Arc::clone(&file), header, end, SEQUENTIAL_BYTES);
        Ok(Self { file, window, offset: segment::HEADER_BYTES, next: header.follows })
    }

    /// Which version of the segment it is.
    #[must_use]
    pub const fn version(&self) -> Version {
        Version { nonce: self.window.segment.nonce, generation: self.window.segment.generation }
    }

    /// Sequence number of its first entry.
    #[must_use]
    pub const fn first(&self) -> Seq {
        self.window.segment.follows.seq
    }

    /// Octets of the file when it was opened.
    #[must_use]
    pub const fn length(&self) -> u32 {
        self.window.end
    }

    /// Where the records read so far end, in bytes.
    #[must_use]
    pub const fn end(&self) -> u32 {
        self.offset
    }

    /// Whether this one, not yet read, goes on where `before`, read to its end, has ended.
    #[must_use]
    pub fn follows(&self, before: &Self) -> bool {
        continues(&self.window.segment, &before.window.segment, before.offset, &before.next)
    }

    /// The next record, verified; `None` at the end of the file.
    ///
    /// # Errors
    /// Damage, also for a last record that is not whole: only a later segment can tell which of the two it is.
    pub fn next_record(&mut self) -> Result<Option<Record>, JournalError> {
        if self.offset >= self.window.end {
            return Ok(None);
        }
        let (number, offset) = (self.window.segment.number, self.offset);
        let at = |flaw: Flaw| flaw.at(number, offset);
        let header = self.window.header_after(offset, &self.next).map_err(at)?;
        let record = self.window.record(&header, offset).map_err(at)?;
        (self.offset, self.next) = (end_of(&header, offset), header.next());
        Ok(Some(record))
    }

    /// Reads bytes as they stand in the file.
    ///
    /// # Errors
    /// The operating system's.
    pub fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_at(buffer, offset)
    }
}

impl std::fmt::Debug for Peek {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Peek").field("segment", &self.window.segment.number).finish_non_exhaustive()
    }
}

fn failed(source: io::Error) -> JournalError {
    JournalError::Io { action: "read a segment", source }
}
