//! The key space of the index. One place for every key, so that nothing collides and scans stay in their range.
//! A key is a tag octet and its parts; texts end with NUL (identifiers hold no control characters), numbers are
//! big-endian so that byte order is number order.

use crate::domain::{Digest, DocumentId, MessageId, OrganId, Priority, Seq, Timestamp};
use crate::trust::BlockRule;

/// A key under construction.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key(Vec<u8>);

impl Key {
    fn new(tag: u8) -> Self {
        let mut key = Vec::with_capacity(64);
        key.push(tag);
        Self(key)
    }

    fn text(mut self, text: &str) -> Self {
        self.0.extend_from_slice(text.as_bytes());
        self.0.push(0);
        self
    }

    fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    fn number(self, number: u64) -> Self {
        self.bytes(&number.to_be_bytes())
    }

    /// The octets.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }

    /// The octets, owned.
    #[must_use]
    pub fn into_vec(self) -> Vec<u8> {
        self.0
    }

    /// The first key after every key that begins with this one.
    #[must_use]
    pub fn after_prefix(&self) -> Vec<u8> {
        let mut end = self.0.clone();
        while let Some(last) = end.pop() {
            if let Some(next) = last.checked_add(1) {
                end.push(next);
                return end;
            }
        }
        vec![0xff; 64]
    }
}

/// The applied head: one row, in every batch.
#[must_use]
pub fn head() -> Key {
    Key::new(b'!')
}
/// When somebody said that the clock is right, and by how much the trail was ahead of it.
#[must_use]
pub fn clock() -> Key {
    Key::new(b'#')
}
/// Message by its bytes: SHA-256 -> id.
#[must_use]
pub fn claim(sha256: &Digest) -> Key {
    Key::new(b'C').bytes(sha256.as_bytes())
}
/// A message's row.
#[must_use]
pub fn message(id: MessageId) -> Key {
    message_prefix().bytes(id.0.as_bytes())
}
/// Where a message's bytes are.
#[must_use]
pub fn body(id: MessageId) -> Key {
    Key::new(b'b').bytes(id.0.as_bytes())
}
/// Every message's bytes.
#[must_use]
pub fn body_prefix() -> Key {
    Key::new(b'b')
}
/// A document of a sender.
#[must_use]
pub fn document(from: &OrganId, document: &DocumentId) -> Key {
    Key::new(b'D').text(from.as_str()).text(document.as_str())
}
/// All documents with a notation key.
#[must_use]
pub fn notation_prefix(notation: &str) -> Key {
    Key::new(b'K').text(notation)
}
/// One document with a notation key.
#[must_use]
pub fn notation(notation: &str, from: &OrganId, message: MessageId) -> Key {
    notation_prefix(notation).text(from.as_str()).bytes(message.0.as_bytes())
}
/// All deliveries of a message.
#[must_use]
pub fn delivery_prefix(message: MessageId) -> Key {
    Key::new(b'R').bytes(message.0.as_bytes())
}
/// One delivery of a message.
#[must_use]
pub fn delivery(message: MessageId, to: &OrganId) -> Key {
    delivery_prefix(message).text(to.as_str())
}
/// A recipient's list of unconfirmed messages.
#[must_use]
pub fn inbox_prefix(agency: &OrganId) -> Key {
    Key::new(b'I').text(agency.as_str())
}
/// One line of it: most urgent first, then oldest first.
#[must_use]
pub fn inbox(agency: &OrganId, priority: Priority, seq: Seq) -> Key {
    inbox_prefix(agency).bytes(&[u8::MAX - priority.rank()]).number(seq)
}
/// A sender's list of accepted document messages.
#[must_use]
pub fn outbox_prefix(agency: &OrganId) -> Key {
    Key::new(b'O').text(agency.as_str())
}
/// One line of it, by trail order.
#[must_use]
pub fn outbox(agency: &OrganId, seq: Seq) -> Key {
    outbox_prefix(agency).number(seq)
}
/// An agency's feed.
#[must_use]
pub fn event_prefix(agency: &OrganId) -> Key {
    Key::new(b'E').text(agency.as_str())
}
/// One event of it.
#[must_use]
pub fn event(agency: &OrganId, seq: Seq) -> Key {
    event_prefix(agency).number(seq)
}
/// The entries about a message.
#[must_use]
pub fn trail_prefix(message: MessageId) -> Key {
    Key::new(b'T').bytes(message.0.as_bytes())
}
/// A run of entries about a message that begins at `seq`.
#[must_use]
pub fn trail(message: MessageId, seq: Seq) -> Key {
    trail_prefix(message).number(seq)
}
/// The end of an agency's chain.
#[must_use]
pub fn chain(agency: &OrganId) -> Key {
    Key::new(b'N').text(agency.as_str())
}
/// All agencies.
#[must_use]
pub fn agency_prefix() -> Key {
    Key::new(b'A')
}
/// One agency of the directory.
#[must_use]
pub fn agency(code: &OrganId) -> Key {
    agency_prefix().text(code.as_str())
}
/// All accesses.
#[must_use]
pub fn access_prefix() -> Key {
    Key::new(b'S')
}
/// One access.
#[must_use]
pub fn access(system: &str) -> Key {
    access_prefix().text(system)
}
/// Access by bearer token or TLS client certificate: digest -> name.
#[must_use]
pub fn credential(digest: &Digest) -> Key {
    Key::new(b'B').bytes(digest.as_bytes())
}
/// Which registrations a signing certificate has: by its SHA-256, or by the digest of subject and issuer.
#[must_use]
pub fn signer(digest: &Digest) -> Key {
    Key::new(b'G').bytes(digest.as_bytes())
}
/// A kept certificate or CRL.
#[must_use]
pub fn material(sha256: &Digest) -> Key {
    Key::new(b'M').bytes(sha256.as_bytes())
}
/// All of them.
#[must_use]
pub fn material_prefix() -> Key {
    Key::new(b'M')
}
/// All messages that are held.
#[must_use]
pub fn held_prefix() -> Key {
    Key::new(b'H')
}
/// One of them, in the order in which they came.
#[must_use]
pub fn held(seq: Seq) -> Key {
    held_prefix().number(seq)
}
/// What every sender has waiting.
#[must_use]
pub fn waiting_prefix() -> Key {
    Key::new(b'W')
}
/// What a sender has waiting, so that it can be bounded.
#[must_use]
pub fn waiting(from: &OrganId) -> Key {
    waiting_prefix().text(from.as_str())
}
/// All blocks of certificates and keys.
#[must_use]
pub fn block_prefix() -> Key {
    Key::new(b'Q')
}
/// One of them.
#[must_use]
pub fn block(rule: &BlockRule) -> Key {
    match rule {
        BlockRule::Certificate(digest) => block_prefix().bytes(&[0]).bytes(digest.as_bytes()),
        BlockRule::Key(digest) => block_prefix().bytes(&[1]).bytes(digest.as_bytes()),
    }
}
/// Every message that rests on any signer's certificate.
#[must_use]
pub fn signed_by_any() -> Key {
    Key::new(b'Y')
}
/// Every message that rests on a signer's certificate.
#[must_use]
pub fn signed_prefix(signer: &Digest) -> Key {
    signed_by_any().bytes(signer.as_bytes())
}
/// Those received at a time or later. Times before 1970 count as 1970.
#[must_use]
pub fn signed_since(signer: &Digest, time: Timestamp) -> Key {
    signed_prefix(signer).number(u64::try_from(time.as_millis()).unwrap_or_default())
}
/// One of them, by the time of its receipt.
#[must_use]
pub fn signed(signer: &Digest, time: Timestamp, seq: Seq) -> Key {
    signed_since(signer, time).number(seq)
}
/// Every signer's certificate that rests on an authority's.
#[must_use]
pub fn issued_prefix(authority: &Digest) -> Key {
    Key::new(b'V').bytes(authority.as_bytes())
}
/// One of them.
#[must_use]
pub fn issued(authority: &Digest, signer: &Digest) -> Key {
    issued_prefix(authority).bytes(signer.as_bytes())
}
/// The evidence with which a signer's certificate was last believed: digest of the list.
#[must_use]
pub fn evidence_of(signer: &Digest) -> Key {
    Key::new(b'F').bytes(signer.as_bytes())
}
/// Record positions by their first entry.
#[must_use]
pub fn position(first: Seq) -> Key {
    position_prefix().number(first)
}
/// All record positions.
#[must_use]
pub fn position_prefix() -> Key {
    Key::new(b'P')
}
/// All messages, by the time in their ids.
#[must_use]
pub fn message_prefix() -> Key {
    Key::new(b'm')
}
/// What became of a message's content: withheld or destroyed; no row while it is given out.
#[must_use]
pub fn content(id: MessageId) -> Key {
    Key::new(b'X').bytes(id.0.as_bytes())
}
/// All contents whose destruction was ordered and that may still be on the disk.
#[must_use]
pub fn doomed_prefix() -> Key {
    Key::new(b'Z')
}
/// Those in one segment of the journal.
#[must_use]
pub fn doomed_segment(segment: u32) -> Key {
    doomed_prefix().bytes(&segment.to_be_bytes())
}
/// One of them.
#[must_use]
pub fn doomed(segment: u32, id: MessageId) -> Key {
    doomed_segment(segment).bytes(id.0.as_bytes())
}
/// The epoch of the log: one row.
#[must_use]
pub fn epoch() -> Key {
    Key::new(b'Y')
}
/// All backups that have told of themselves.
#[must_use]
pub fn backup_prefix() -> Key {
    Key::new(b'U')
}
/// One of them.
#[must_use]
pub fn backup(name: &str) -> Key {
    backup_prefix().text(name)
}
/// All rules of retention.
#[must_use]
pub fn retention_prefix() -> Key {
    Key::new(b'L')
}
/// One rule of retention.
#[must_use]
pub fn retention(rule: &str) -> Key {
    retention_prefix().text(rule)
}
