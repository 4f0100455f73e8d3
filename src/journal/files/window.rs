//! Reading records out of one segment: a window that moves over the file, and the checks that every reader shares.

use std::io;
use std::sync::Arc;

use bytes::Bytes;

use crate::journal::disk::{DiskFile, read_full_at};
use crate::journal::files::record::{self, Chain};
use crate::journal::files::segment;
use crate::journal::{Damage, JournalError, Position, Record};

/// Bytes read at once when reading on and on.
pub(super) const SEQUENTIAL_BYTES: usize = 1 << 20;

/// Bytes read at once when looking at one record, or at headers only.
pub(super) const SINGLE_BYTES: usize = 8 << 10;

/// A segment from its start to `end`, as far as it may be read.
pub(super) struct Window {
    file: Arc<dyn DiskFile>,
    pub(super) segment: segment::Header,
    pub(super) end: u32,
    ahead: usize,
    start: u32,
    bytes: Bytes,
}

/// Why a record could not be read.
#[derive(Debug)]
pub(super) enum Flaw {
    Damage(Damage),
    Io(io::Error),
}

impl From<Damage> for Flaw {
    fn from(damage: Damage) -> Self {
        Self::Damage(damage)
    }
}

impl Flaw {
    /// The error for a record at `offset` of `segment`.
    pub(super) fn at(self, segment: u32, offset: u32) -> JournalError {
        match self {
            Self::Damage(damage) => JournalError::Damaged { segment, offset: u64::from(offset), damage },
            Self::Io(source) => JournalError::Io { action: "read a segment", source },
        }
    }
}

impl Window {
    pub(super) fn new(file: Arc<dyn DiskFile>, segment: segment::Header, end: u32, ahead: usize) -> Self {
        Self { file, segment, end, ahead, start: 0, bytes: Bytes::new() }
    }

    /// `length` bytes from `offset`: [`Damage::Truncated`] if they go beyond the end.
    pub(super) fn get(&mut self, offset: u32, length: usize) -> Result<Bytes, Flaw> {
        let left = usize::try_from(self.end.saturating_sub(offset)).unwrap_or(usize::MAX);
        if length > left {
            return Err(Damage::Truncated.into());
        }
        if let Some(bytes) = self.held(offset, length) {
            return Ok(bytes);
        }
        let mut buffer = vec![0; length.max(self.ahead).min(left)];
        let read = read_full_at(self.file.as_ref(), &mut buffer, u64::from(offset)).map_err(Flaw::Io)?;
        buffer.truncate(read);
        (self.start, self.bytes) = (offset, buffer.into());
        self.held(offset, length).ok_or_else(|| Damage::Truncated.into())
    }

    fn held(&self, offset: u32, length: usize) -> Option<Bytes> {
        let from = usize::try_from(offset.checked_sub(self.start)?).ok()?;
        let to = from.checked_add(length)?;
        (to <= self.bytes.len()).then(|| self.bytes.slice(from..to))
    }

    /// The header of the record at `offset`, if it is one of this segment.
    pub(super) fn header(&mut self, offset: u32) -> Result<record::Header, Flaw> {
        let bytes = match self.get(offset, record::HEADER_BYTES) {
            Err(Flaw::Damage(_)) => return Err(Damage::RecordHeader.into()),
            other => other?,
        };
        let header = record::Header::parse(&bytes).filter(|header| self.owns(header));
        header.ok_or_else(|| Damage::RecordHeader.into())
    }

    /// The header of the record at `offset`, which has to continue `chain`.
    pub(super) fn header_after(&mut self, offset: u32, chain: &Chain) -> Result<record::Header, Flaw> {
        let header = self.header(offset)?;
        if header.follows == *chain { Ok(header) } else { Err(Damage::RecordChain.into()) }
    }

    /// The record at `offset` with this header, verified.
    pub(super) fn record(&mut self, header: &record::Header, offset: u32) -> Result<Record, Flaw> {
        let rest = self.get(after_header(offset), header.length().saturating_sub(record::HEADER_BYTES))?;
        let position = Position { segment: self.segment.number, offset };
        Ok(record::decode(header, rest, position)?)
    }

    /// The entries of the record at `offset` with this header, verified without looking at the bodies.
    pub(super) fn entries(&mut self, header: &record::Header, offset: u32) -> Result<Vec<Bytes>, Flaw> {
        let directory = self.get(after_header(offset), header.directory_length())?;
        Ok(record::decode_directory(header, &directory)?.0.entries)
    }

    pub(super) fn owns(&self, header: &record::Header) -> bool {
        header.nonce == self.segment.nonce && header.segment == self.segment.number
    }
}

/// Where the record at `offset` with this header ends.
pub(super) fn end_of(header: &record::Header, offset: u32) -> u32 {
    offset.saturating_add(u32::try_from(header.length()).unwrap_or(u32::MAX))
}

fn after_header(offset: u32) -> u32 {
    offset.saturating_add(u32::try_from(record::HEADER_BYTES).unwrap_or(u32::MAX))
}
