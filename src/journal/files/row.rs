//! The list of contents in a record: one row each. A row is what never changes, then what changes when the content is
//! destroyed. `docs/journal-format.md` has the table.

use bytes::{Buf, Bytes};

use crate::domain::Digest;
use crate::journal::{Body, BodyLocation, Content, ContentKind, Damage, Payload, PayloadName, Position};

/// Length in bytes of the row of an in-line content: the shortest one.
pub(super) const ROW_BYTES_MIN: usize = 56;

/// Length in bytes of the row of a payload.
pub(super) const ROW_BYTES_PAYLOAD: usize = 104;

const FORM_INLINE: u8 = 1;
const FORM_PAYLOAD: u8 = 2;
const STATE_PRESENT: u8 = 0;
const STATE_DESTROYED: u8 = 1;

/// A content as its row says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) entry: u32,
    kind: ContentKind,
    key: Digest,
    /// In bytes.
    length: u64,
    /// The file, if the bytes do not stand in the record.
    name: Option<PayloadName>,
    /// `None` once it is destroyed.
    present: Option<Check>,
}

/// What the bytes must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Check {
    /// CRC32C of the bytes in line; 0 for a payload.
    crc: u32,
    /// SHA-256 of a payload; zeros in line.
    sha256: Digest,
}

const NOTHING: Digest = Digest([0; 32]);

impl Check {
    /// What stands there once the content is destroyed.
    const GONE: Self = Self { crc: 0, sha256: NOTHING };
}

impl Row {
    pub(super) fn of(content: &Content) -> Self {
        let (name, present) = match &content.body {
            Body::Inline(bytes) => (None, Some(Check { crc: crc32c::crc32c(bytes), sha256: NOTHING })),
            Body::Payload(payload) => (Some(payload.name), Some(Check { crc: 0, sha256: payload.sha256 })),
            Body::Destroyed { payload, .. } => (*payload, None),
        };
        let Content { entry, kind, key, body } = content;
        Self { entry: *entry, kind: *kind, key: *key, length: body.len(), name, present }
    }

    /// Reads the next row; `None` if there is none that this version knows.
    pub(super) fn read(from: &mut &[u8]) -> Option<Self> {
        let (entry, kind, form) = (from.try_get_u32().ok()?, from.try_get_u8().ok()?, from.try_get_u8().ok()?);
        let (zero, length, key) = (from.try_get_u16().ok()?, from.try_get_u64().ok()?, Digest(take(from)?));
        let name = match form {
            FORM_INLINE => None,
            FORM_PAYLOAD => Some(PayloadName(uuid::Uuid::from_bytes(take(from)?))),
            _ => return None,
        };
        let (state, zeros, crc) = (from.try_get_u8().ok()?, take::<3>(from)?, from.try_get_u32().ok()?);
        let check = Check { crc, sha256: if name.is_some() { Digest(take(from)?) } else { NOTHING } };
        let present = match state {
            STATE_PRESENT => Some(check),
            STATE_DESTROYED if check == Check::GONE => None,
            _ => return None,
        };
        let sound = zero == 0 && zeros == [0; 3] && (name.is_none() || crc == 0);
        let kind = ContentKind::from_number(kind)?;
        sound.then_some(Self { entry, kind, key, length, name, present })
    }

    /// Writes all of it.
    pub(super) fn write(&self, to: &mut Vec<u8>) {
        self.write_permanent(to);
        to.extend_from_slice(&[if self.present.is_some() { STATE_PRESENT } else { STATE_DESTROYED }, 0, 0, 0]);
        let check = self.present.unwrap_or(Check::GONE);
        to.extend_from_slice(&check.crc.to_be_bytes());
        if self.name.is_some() {
            to.extend_from_slice(check.sha256.as_bytes());
        }
    }

    /// Writes the part that the record's digest covers.
    pub(super) fn write_permanent(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(&self.entry.to_be_bytes());
        to.extend_from_slice(&[self.kind.number(), if self.name.is_some() { FORM_PAYLOAD } else { FORM_INLINE }, 0, 0]);
        to.extend_from_slice(&self.length.to_be_bytes());
        to.extend_from_slice(self.key.as_bytes());
        if let Some(name) = self.name {
            to.extend_from_slice(name.0.as_bytes());
        }
    }

    /// Bytes that its body takes in the record, also when it is destroyed.
    pub(super) fn inline_length(&self) -> u64 {
        if self.name.is_some() { 0 } else { self.length }
    }

    /// Where its bytes are, if they stand at `offset` of the segment.
    pub(super) fn location(&self, record: Position, content: u32, offset: u32) -> BodyLocation {
        match (self.present, self.name) {
            (None, _) => BodyLocation::Destroyed,
            (Some(Check { sha256, .. }), Some(name)) => {
                BodyLocation::Payload(Payload { name, length: self.length, sha256 })
            }
            (Some(Check { crc, .. }), None) => {
                let length = u32::try_from(self.length).unwrap_or(u32::MAX);
                BodyLocation::Inline { record, content, offset, length, crc }
            }
        }
    }

    /// The content, if `bytes` are what stands in the record for it.
    pub(super) fn content(&self, bytes: Bytes) -> Result<Content, Damage> {
        let body = match (self.present, self.name) {
            (None, payload) => Body::Destroyed { length: self.length, payload },
            (Some(Check { sha256, .. }), Some(name)) => Body::Payload(Payload { name, length: self.length, sha256 }),
            (Some(Check { crc, .. }), None) if crc == crc32c::crc32c(&bytes) => Body::Inline(bytes),
            _ => return Err(Damage::Body),
        };
        Ok(Content { entry: self.entry, kind: self.kind, key: self.key, body })
    }
}

/// The next `N` bytes.
pub(super) fn take<const N: usize>(from: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = from.split_first_chunk::<N>()?;
    *from = rest;
    Some(*first)
}
