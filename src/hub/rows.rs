//! The rows of the index and typed access to them. All of it is derived from the journal and may be thrown away.

use std::ops::ControlFlow;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::api::{ContentState, Policy, Role, Scope};
use crate::domain::{
    BusinessType, Code, DeliveryState, Digest, DocumentId, Effect, HoldState, MessageId, OrganId, Priority, Seq,
    StatusCode, Timestamp,
};
use crate::hub::entry::Verdict;
use crate::hub::keys::{self, Key};
use crate::hub::retention::Rule;
use crate::index::{self, IndexError, Read};
use crate::journal::Position;
use crate::trust::{Block, Registration};

/// How far the index has come; in the same atomic write as the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct HeadRow {
    /// Entries applied: the next seq.
    pub next: Seq,
    /// Time of the last one, milliseconds.
    pub time: i64,
    /// Its salt: tells whether the index is of this journal.
    pub salt: Option<[u8; 16]>,
    /// [`ROWS_VERSION`] of whoever wrote it: an index of other rows is built again.
    pub version: u32,
}

/// Version of the rows: raised with every change of a row or key that stands in an index already.
pub const ROWS_VERSION: u32 = 1;

/// A message: document or status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageRow {
    /// Sender, or who reports.
    pub from: OrganId,
    /// SHA-256 of the bytes.
    pub sha256: Digest,
    /// Octets.
    pub size: u64,
    /// Its `accepted` or `status` entry.
    pub seq: Seq,
    /// Time of that entry.
    pub time: Timestamp,
    /// The verdict as kept.
    pub verdict: VerdictRow,
    /// Codes of the remarks.
    pub remarks: Vec<String>,
    /// What it is.
    pub body: MessageBody,
    /// For a message that was held when it came.
    pub hold: Option<HoldRow>,
}

/// What became of a message that was held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldRow {
    /// Where it stands.
    pub state: HoldState,
    /// When it was released or turned away, and by which entry.
    pub settled: Option<(Timestamp, Seq)>,
    /// Why it was turned away.
    pub code: Option<Code>,
}

impl MessageRow {
    /// Whether it waits for revocation to become known.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.hold.is_some_and(|hold| hold.state == HoldState::Held)
    }

    /// Recipients of a document message; one for a status.
    #[must_use]
    pub const fn recipients(&self) -> u32 {
        match &self.body {
            MessageBody::Document(fields) => fields.recipients,
            MessageBody::Status { .. } => 1,
        }
    }
}

/// What a sender has waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct WaitingRow {
    /// Messages.
    pub messages: u64,
    /// Octets of them.
    pub bytes: u64,
}

/// What kind of message a row describes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum MessageBody {
    /// A document message.
    Document(DocumentFields),
    /// A status message.
    Status {
        /// Whom it is told to.
        to: OrganId,
        /// The code.
        status: StatusCode,
        /// What it did.
        effect: Effect,
        /// The document message that it speaks of.
        target: Option<MessageId>,
    },
}

/// What lists show of a document message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentFields {
    /// Mã định danh văn bản.
    pub document: DocumentId,
    /// What it does.
    pub business: BusinessType,
    /// Độ khẩn.
    pub priority: Priority,
    /// Number of recipients.
    pub recipients: u32,
    /// Số, ký hiệu as printed.
    pub code: String,
    /// Trích yếu.
    pub subject: String,
    /// Tên loại.
    pub type_name: String,
    /// Ngày ban hành as written.
    pub promulgation_date: String,
}

/// The verdict in a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerdictRow {
    /// Policy.
    pub policy: Policy,
    /// Indication.
    pub indication: String,
    /// Sub-indication.
    pub sub_indication: Option<String>,
    /// SHA-256 of the signer's certificate.
    pub signer: Option<Digest>,
}

impl From<&Verdict> for VerdictRow {
    fn from(verdict: &Verdict) -> Self {
        Self {
            policy: verdict.policy,
            indication: verdict.indication.clone(),
            sub_indication: verdict.sub_indication.clone(),
            signer: verdict.signer,
        }
    }
}

/// A document of a sender: the messages about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentRow {
    /// The newest version: what `track` and summaries count.
    pub newest: MessageId,
    /// Every message about it, oldest first.
    pub messages: Vec<MessageId>,
}

/// One delivery: a message at one recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryRow {
    /// Its `addressed` entry.
    pub seq: Seq,
    /// Where it stands.
    pub state: DeliveryState,
    /// Since when.
    pub since: Timestamp,
    /// Whether a take-back waits for an answer.
    pub asked: bool,
    /// First fetch.
    pub fetched: Option<Timestamp>,
    /// Confirmed.
    pub confirmed: Option<Timestamp>,
    /// The newest status.
    pub last: Option<LastStatus>,
}

/// The newest status of a delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastStatus {
    /// Code.
    pub code: StatusCode,
    /// When the hub accepted it.
    pub time: Timestamp,
    /// Reason or description.
    pub description: String,
    /// Department and person.
    pub staff: String,
}

/// One event of an agency's feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventRow {
    /// Number in the agency's chain.
    pub n: u64,
    /// When.
    pub time: Timestamp,
    /// The entry's kind.
    pub kind: String,
    /// The message it is about.
    pub message: Option<MessageId>,
    /// For a status: the document message.
    pub target: Option<MessageId>,
    /// The other agency.
    pub other: Option<OrganId>,
    /// For a status.
    pub status: Option<StatusCode>,
    /// For a status.
    pub effect: Option<Effect>,
    /// For a refusal.
    pub code: Option<Code>,
}

/// The end of an agency's chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ChainRow {
    /// Number of entries.
    pub n: u64,
    /// The last one.
    pub last: Option<Seq>,
}

/// An agency of the directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgencyRow {
    /// Name.
    pub name: String,
    /// Whether the code is closed.
    pub closed: bool,
}

/// An access.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessRow {
    /// Role.
    pub role: Role,
    /// Agencies.
    pub agencies: Vec<Scope>,
    /// Policy.
    pub policy: Policy,
    /// Pinned TLS client certificates.
    pub client_certificates: Vec<Digest>,
    /// Valid tokens.
    pub tokens: Vec<Digest>,
    /// Signing registrations.
    pub signers: Vec<Registration>,
    /// Whether it is closed.
    pub closed: bool,
}

/// A kept certificate, CRL or OCSP answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaterialRow {
    /// Its `material` entry.
    pub seq: Seq,
    /// Whether it is a certificate.
    pub is_certificate: bool,
}

/// A block of a certificate or key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockRow {
    /// What is blocked, when and why.
    pub block: Block,
    /// Time of its entry.
    pub at: Timestamp,
    /// Who did it.
    pub by: String,
    /// When it was lifted, by whom and why.
    pub lifted: Option<(Timestamp, String, String)>,
    /// SHA-256 of the certificate by which it was named.
    pub certificate: Option<Digest>,
}

/// What became of a message's content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContentRow {
    /// Withheld or destroyed.
    pub state: ContentState,
    /// Since when: the time of the entry.
    pub since: Timestamp,
    /// The entry that says so.
    pub seq: Seq,
    /// The rule of retention, if it was one.
    pub rule: Option<String>,
    /// Whether the header data went as well.
    pub header: bool,
}

/// The epoch of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpochRow {
    /// Its first entry.
    pub seq: Seq,
    /// Its verifier key.
    pub verifier_key: String,
    /// Entries of the epoch before that are missing.
    pub missing: Seq,
}

/// A content whose destruction was ordered and that may still be on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoomedRow {
    /// The entry to which the content belongs.
    pub at: Seq,
    /// The entry that ordered it.
    pub ordered: Seq,
    /// Whether the header data goes as well.
    pub header: bool,
    /// Whether no trace may stay in the index's files either.
    pub spill: bool,
}

/// Typed reading. A row that does not decode is damage: the index is then rebuilt.
pub struct Rows<'a>(pub &'a dyn Read);

impl Rows<'_> {
    /// One row.
    pub fn row<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>, IndexError> {
        self.0.get(key.as_slice())?.map(|bytes| decode(&bytes)).transpose()
    }

    /// The applied head; the default for an empty index.
    pub fn head(&self) -> Result<HeadRow, IndexError> {
        Ok(self.row(&keys::head())?.unwrap_or_default())
    }

    /// The trail's time when somebody said that the clock is right, and by how much it was ahead of it, milliseconds.
    pub fn accepted_clock(&self) -> Result<(i64, i64), IndexError> {
        Ok(self.row(&keys::clock())?.unwrap_or_default())
    }

    /// A message.
    pub fn message(&self, id: MessageId) -> Result<Option<MessageRow>, IndexError> {
        self.row(&keys::message(id))
    }

    /// The message with these bytes, if it was accepted before.
    pub fn claimed(&self, sha256: &Digest) -> Result<Option<MessageId>, IndexError> {
        self.row(&keys::claim(sha256))
    }

    /// A document of a sender.
    pub fn document(&self, from: &OrganId, document: &DocumentId) -> Result<Option<DocumentRow>, IndexError> {
        self.row(&keys::document(from, document))
    }

    /// One delivery.
    pub fn delivery(&self, message: MessageId, to: &OrganId) -> Result<Option<DeliveryRow>, IndexError> {
        self.row(&keys::delivery(message, to))
    }

    /// Every delivery of a message, by recipient code.
    pub fn deliveries(&self, message: MessageId) -> Result<Vec<(OrganId, DeliveryRow)>, IndexError> {
        let prefix = keys::delivery_prefix(message);
        self.under(&prefix, |rest, bytes| Ok((text_id(rest)?, decode(bytes)?)))
    }

    /// What a sender has waiting.
    pub fn waiting(&self, from: &OrganId) -> Result<WaitingRow, IndexError> {
        Ok(self.row(&keys::waiting(from))?.unwrap_or_default())
    }

    /// An agency of the directory.
    pub fn agency(&self, code: &OrganId) -> Result<Option<AgencyRow>, IndexError> {
        self.row(&keys::agency(code))
    }

    /// The end of an agency's chain.
    pub fn chain(&self, agency: &OrganId) -> Result<ChainRow, IndexError> {
        Ok(self.row(&keys::chain(agency))?.unwrap_or_default())
    }

    /// An access by name.
    pub fn access(&self, system: &str) -> Result<Option<AccessRow>, IndexError> {
        self.row(&keys::access(system))
    }

    /// A kept certificate or CRL.
    pub fn material(&self, sha256: &Digest) -> Result<Option<MaterialRow>, IndexError> {
        self.row(&keys::material(sha256))
    }

    /// What became of a message's content; `None` while it is given out.
    pub fn content(&self, id: MessageId) -> Result<Option<ContentRow>, IndexError> {
        self.row(&keys::content(id))
    }

    /// A rule of retention.
    pub fn retention(&self, rule: &str) -> Result<Option<Rule>, IndexError> {
        let row: Option<String> = self.row(&keys::retention(rule))?;
        row.map(|row| Rule::from_row(&row)).transpose()
    }

    /// The record that holds an entry.
    pub fn position(&self, seq: Seq) -> Result<Option<Position>, IndexError> {
        let (from, to) = (keys::position_prefix(), keys::position(seq.saturating_add(1)));
        let mut found = None;
        self.0.scan(from.as_slice(), to.as_slice(), true, &mut |_, value| {
            found = Some(decode(value));
            ControlFlow::Break(())
        })?;
        found.transpose()
    }

    /// Whether a certificate or CRL is kept already.
    pub fn has_material(&self, sha256: &Digest) -> Result<bool, IndexError> {
        Ok(self.0.get(keys::material(sha256).as_slice())?.is_some())
    }

    /// All rows under a prefix, through `read(rest of the key, value)`.
    pub fn under<T>(
        &self,
        prefix: &Key,
        mut read: impl FnMut(&[u8], &[u8]) -> Result<T, IndexError>,
    ) -> Result<Vec<T>, IndexError> {
        let mut rows = Vec::new();
        index::for_each(self.0, prefix.as_slice(), &prefix.after_prefix(), |key, value| {
            rows.push(read(key.get(prefix.as_slice().len()..).unwrap_or_default(), value)?);
            Ok(())
        })?;
        Ok(rows)
    }
}

/// Encodes a row.
pub fn encode<T: Serialize>(row: &T) -> Result<Vec<u8>, IndexError> {
    postcard::to_stdvec(row).map_err(|error| IndexError::Damaged(error.to_string()))
}

/// Decodes a row.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, IndexError> {
    postcard::from_bytes(bytes).map_err(|error| IndexError::Damaged(error.to_string()))
}

/// A text part at the start of `rest`, up to its NUL, as an identifier.
pub fn text_id(rest: &[u8]) -> Result<OrganId, IndexError> {
    let text = rest.split(|octet| *octet == 0).next().unwrap_or_default();
    std::str::from_utf8(text)
        .ok()
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| IndexError::Damaged("a key without an agency code".to_owned()))
}
