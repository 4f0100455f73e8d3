//! A segment: its header, and the names of the files that belong to it. `docs/journal-format.md` has the table.

use bytes::Buf;
use uuid::Uuid;

use crate::domain::{Digest, Timestamp};
use crate::journal::files::record::{Chain, Nonce};
use crate::journal::files::row::take;

/// First bytes of a segment, without the format version.
const MAGIC: [u8; 7] = *b"TRUCSEG";

/// The format version of what this program writes.
pub(super) const VERSION: u8 = 1;

/// Length of a segment's header in bytes: where its first record stands.
pub(super) const HEADER_BYTES: u32 = 128;

/// The header of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    /// Repeated by every record of the segment.
    pub(super) nonce: Nonce,
    /// From 1, without gaps.
    pub(super) number: u32,
    /// How often the segment was rewritten to destroy contents.
    pub(super) generation: u32,
    /// The journal that it belongs to.
    pub(super) journal: Uuid,
    /// What its first record continues.
    pub(super) follows: Chain,
    /// Length in bytes of the segment before it; 0 for the first.
    pub(super) previous_bytes: u64,
    /// The time of its first batch.
    pub(super) created: Timestamp,
}

/// Why bytes are not the header of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotAHeader {
    /// Of another format version.
    Version(u8),
    /// Not as it was written.
    Invalid,
}

impl Header {
    pub(super) fn to_bytes(self) -> Vec<u8> {
        let mut bytes = Vec::from(MAGIC);
        bytes.push(VERSION);
        bytes.extend_from_slice(&self.nonce);
        bytes.extend([self.number, self.generation].into_iter().flat_map(u32::to_be_bytes));
        bytes.extend_from_slice(self.journal.as_bytes());
        bytes.extend([self.follows.record, self.follows.seq].into_iter().flat_map(u64::to_be_bytes));
        bytes.extend_from_slice(self.follows.digest.as_bytes());
        bytes.extend_from_slice(&self.previous_bytes.to_be_bytes());
        bytes.extend_from_slice(&self.created.as_millis().to_be_bytes());
        bytes.extend_from_slice(&[0; 12]);
        let crc = crc32c::crc32c(&bytes);
        bytes.extend_from_slice(&crc.to_be_bytes());
        bytes
    }

    /// From the first [`HEADER_BYTES`] of a segment.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, NotAHeader> {
        match bytes.strip_prefix(&MAGIC).and_then(<[u8]>::first) {
            Some(&VERSION) => Self::parse_version_1(bytes).ok_or(NotAHeader::Invalid),
            Some(version) => Err(NotAHeader::Version(*version)),
            None => Err(NotAHeader::Invalid),
        }
    }

    fn parse_version_1(bytes: &[u8]) -> Option<Self> {
        let (covered, mut crc) = bytes.split_at_checked(124)?;
        let mut rest = covered.get(8..)?;
        let nonce = take(&mut rest)?;
        let (number, generation) = (rest.try_get_u32().ok()?, rest.try_get_u32().ok()?);
        let journal = Uuid::from_bytes(take(&mut rest)?);
        let (record, seq) = (rest.try_get_u64().ok()?, rest.try_get_u64().ok()?);
        let follows = Chain { record, seq, digest: Digest(take(&mut rest)?) };
        let previous_bytes = rest.try_get_u64().ok()?;
        let created = Timestamp::from_millis(rest.try_get_i64().ok()?);
        let sound = rest == [0; 12] && crc.len() == 4 && crc.try_get_u32().ok()? == crc32c::crc32c(covered);
        sound.then_some(Self { nonce, number, generation, journal, follows, previous_bytes, created })
    }
}

/// Ending of a file that is being written; such a file counts for nothing and is removed at the next opening.
pub(super) const UNFINISHED: &str = ".new";

/// The name of the segment's file.
pub(super) fn file_name(number: u32) -> String {
    format!("{number:010}.segment")
}

/// The name of the file with the segment's table of contents.
pub(super) fn toc_name(number: u32) -> String {
    format!("{number:010}.contents")
}

/// The number of the segment whose file has this name.
pub(super) fn number_of(name: &str) -> Option<u32> {
    let number = name.strip_suffix(".segment")?.parse().ok()?;
    (file_name(number) == name).then_some(number)
}
