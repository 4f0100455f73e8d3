//! What is appended and what is read back: batches, contents, records and places. No I/O, no bytes of the format.

use std::fmt;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::{Digest, Seq, Timestamp};

/// Longest entry in bytes: what the 16-bit length of a C2SP tlog-tiles entry bundle can say.
pub const ENTRY_BYTES_MAX: usize = 65_535;

/// Longest body that stands in the record itself, in bytes; larger ones go to `payloads/` (DESIGN 2).
pub const INLINE_BYTES_MAX: usize = 65_536;

/// Longest record in bytes. Bounds the memory of every reader; the engine's batches stay far below.
pub const RECORD_BYTES_MAX: usize = 64 << 20;

/// A batch of trail entries and what belongs to them: the payload of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// The hub's time of the batch.
    pub time: Timestamp,
    /// A signed checkpoint over everything before this record (C2SP tlog-checkpoint, UTF-8), if one was made.
    pub checkpoint: Option<Bytes>,
    /// The entries as they are hashed, each 1 to [`ENTRY_BYTES_MAX`] bytes. May be empty beside a checkpoint.
    pub entries: Vec<Bytes>,
    /// The contents beside the entries.
    pub contents: Vec<Content>,
}

/// Bytes beside an entry, which can be destroyed while the entry stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// The entry of the same batch that it belongs to, from 0.
    pub entry: u32,
    /// What it is.
    pub kind: ContentKind,
    /// Its salted digest, by which the entry names it.
    pub key: Digest,
    /// The bytes, or where they are.
    pub body: Body,
}

/// What a content is. The numbers stand in the journal: they are only added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum ContentKind {
    /// The exact bytes of a message.
    Body = 1,
    /// Fields of a message's header: text about people and content.
    Header = 2,
    /// Why a verdict is what it is: chains, times, references to [`ContentKind::Material`].
    Evidence = 3,
    /// A certificate, CRL or OCSP answer.
    Material = 4,
    /// Free text: a reason, a staff name, a note.
    Text = 5,
}

impl ContentKind {
    /// Its number in the journal.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Body => 1,
            Self::Header => 2,
            Self::Evidence => 3,
            Self::Material => 4,
            Self::Text => 5,
        }
    }

    /// The kind with this number.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            1 => Self::Body,
            2 => Self::Header,
            3 => Self::Evidence,
            4 => Self::Material,
            5 => Self::Text,
            _ => return None,
        })
    }
}

/// The bytes of a content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// At most [`INLINE_BYTES_MAX`] bytes in the record.
    Inline(Bytes),
    /// A file in `payloads/`, durable before the record that names it.
    Payload(Payload),
    /// Destroyed. Read back only; never appended.
    Destroyed {
        /// How long it was, in bytes.
        length: u64,
        /// The file that it was in, and that is to be removed if it is still there.
        payload: Option<PayloadName>,
    },
}

impl Body {
    /// Length in bytes, also of a destroyed one.
    #[must_use]
    pub fn len(&self) -> u64 {
        match self {
            Self::Inline(bytes) => u64::try_from(bytes.len()).unwrap_or(u64::MAX),
            Self::Payload(payload) => payload.length,
            Self::Destroyed { length, .. } => *length,
        }
    }

    /// Whether it has no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A file in `payloads/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Payload {
    /// Its name.
    pub name: PayloadName,
    /// Its length in bytes.
    pub length: u64,
    /// SHA-256 of its bytes.
    pub sha256: Digest,
}

/// The name of a file in `payloads/`: a UUID version 7, used once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PayloadName(pub Uuid);

impl fmt::Display for PayloadName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.simple().fmt(f)
    }
}

/// The place of a record in one journal. Later records have greater positions. Stable for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Position {
    /// Number of the segment, from 1.
    pub segment: u32,
    /// Offset of the record in the segment, in bytes.
    pub offset: u32,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.segment, self.offset)
    }
}

/// Where the bytes of a content are: what an index row keeps. Stable until the content is destroyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum BodyLocation {
    /// In a record.
    Inline {
        /// The record.
        record: Position,
        /// Number of the content in the record, from 0.
        content: u32,
        /// Offset of the first byte in the segment.
        offset: u32,
        /// Number of bytes.
        length: u32,
        /// CRC32C of the bytes.
        crc: u32,
    },
    /// In a file of its own.
    Payload(Payload),
    /// Nowhere: destroyed.
    Destroyed,
}

/// Where a batch was placed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// The record.
    pub position: Position,
    /// For each content of the batch, in order, where its bytes are.
    pub bodies: Vec<BodyLocation>,
}

/// A record as read back: the batch, and where it stands. What `apply` sees, live and in replay alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Number of the record in the journal, from 0.
    pub number: u64,
    /// Sequence number of the first entry.
    pub first_seq: Seq,
    /// Where it is.
    pub placed: Placed,
    /// What was appended.
    pub batch: Batch,
}

/// Answer to an append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Appended {
    /// Durable, here.
    At(Placed),
    /// Somebody else has written: the head is now this; catch up and decide again. A journal with one writer never
    /// answers so.
    Moved(Seq),
}

/// The end of the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Sequence number of the next entry: the size of the trail.
    pub seq: Seq,
    /// Number of the next record.
    pub record: u64,
    /// The last record, if there is one.
    pub last: Option<Position>,
}
