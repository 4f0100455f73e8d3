//! Reading a file again and again, from several places at once.

use std::fmt;
use std::io::{self, BufReader};
use std::ops::Range;
use std::sync::Arc;

use crate::journal::disk::DiskFile;

/// Bytes read ahead by each reader.
const BUFFER_BYTES: usize = 64 << 10;

/// The bytes of a file as they were when this was made, readable from any place, by any number of readers.
#[derive(Clone)]
pub struct FileSource {
    file: Arc<dyn DiskFile>,
    length: u64,
}

impl FileSource {
    /// The first `length` bytes of `file`.
    #[must_use]
    pub(crate) fn new(file: Arc<dyn DiskFile>, length: u64) -> Self {
        Self { file, length }
    }

    /// Length in bytes.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.length
    }

    /// Whether there are no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Reads from `offset` into `buffer`; fewer bytes, or none, only at the end.
    ///
    /// # Errors
    /// The operating system's.
    pub fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.length.saturating_sub(offset)).unwrap_or(usize::MAX);
        let wanted = buffer.len().min(left);
        self.file.read_at(buffer.get_mut(..wanted).unwrap_or_default(), offset)
    }

    /// A reader from the first byte.
    #[must_use]
    pub fn reader(&self) -> BufReader<Pread> {
        self.range(0..self.length)
    }

    /// A reader of the bytes in `range`, as far as they exist.
    #[must_use]
    pub fn range(&self, range: Range<u64>) -> BufReader<Pread> {
        let end = range.end.min(self.length);
        BufReader::with_capacity(BUFFER_BYTES, Pread { file: Arc::clone(&self.file), offset: range.start, end })
    }
}

impl fmt::Debug for FileSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileSource").field("length", &self.length).finish_non_exhaustive()
    }
}

/// Reads a stretch of a file from a position of its own.
pub struct Pread {
    file: Arc<dyn DiskFile>,
    offset: u64,
    end: u64,
}

impl fmt::Debug for Pread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pread").field("offset", &self.offset).field("end", &self.end).finish_non_exhaustive()
    }
}

impl io::Read for Pread {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end.saturating_sub(self.offset)).unwrap_or(usize::MAX);
        let wanted = buffer.len().min(left);
        if wanted == 0 {
            return Ok(0);
        }
        let read = self.file.read_at(buffer.get_mut(..wanted).unwrap_or_default(), self.offset)?;
        if read == 0 {
            // The file became shorter than it was: never a quiet end.
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.offset = self.offset.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
        Ok(read)
    }
}
