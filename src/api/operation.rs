//! Shapes of the operator's calls: retention, withholding, spills.

use serde::{Deserialize, Serialize};

use crate::domain::{BusinessType, Digest, DocumentId, MessageId, OrganId, Seq, Timestamp};

/// What became of a content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContentState {
    /// Given to nobody until further notice; whole.
    Withheld,
    /// Destroyed.
    Destroyed,
}

/// What became of a content, as shown to everybody who may see the document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContentView {
    /// Withheld or destroyed.
    pub state: ContentState,
    /// Since when.
    pub since: Timestamp,
    /// The rule of retention under which it was destroyed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
}

/// `POST /v1/retention`: a rule as it shall stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleRequest {
    /// Its name: `[a-z0-9.-]`, at most 64 characters.
    pub rule: String,
    /// Kept for so many years after acceptance (by the calendar of Asia/Ho_Chi_Minh), and
    #[serde(default)]
    pub years: u16,
    /// so many days.
    #[serde(default)]
    pub days: u32,
    /// Only documents with this business type.
    #[serde(default)]
    pub business: Option<BusinessType>,
    /// Only documents with this type name.
    #[serde(default)]
    pub type_name: Option<String>,
    /// Whether header data (abstract, số/ký hiệu, names) and statuses go with the body.
    #[serde(default)]
    pub header: bool,
    /// The law or decision that it rests on.
    #[serde(default)]
    pub basis: String,
    /// In force from; by default from now on.
    #[serde(default)]
    pub from: Option<Timestamp>,
    /// No longer in force.
    #[serde(default)]
    pub closed: bool,
}

/// `POST /v1/retention/preview`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PreviewRequest {
    /// The rule.
    pub rule: String,
}

/// What a rule would destroy now. Nothing is changed by looking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// The rule.
    pub rule: String,
    /// What was accepted before this moment; to be given back to `run`.
    pub cutoff: Timestamp,
    /// Document messages whose content would be destroyed.
    pub documents: u64,
    /// Octets of their bodies.
    pub bytes: u64,
    /// Segments of the journal that would be rewritten: as many steps.
    pub segments: u64,
    /// The oldest of them.
    pub first: Vec<Due>,
    /// Left alone because a recipient has not confirmed that it keeps them.
    pub unconfirmed: u64,
    /// The oldest of those.
    pub first_unconfirmed: Vec<Due>,
    /// Left alone because they are withheld.
    pub withheld: u64,
}

/// A document message that a rule speaks of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// The message.
    pub id: MessageId,
    /// Its document.
    pub document_id: DocumentId,
    /// Sender.
    pub from: OrganId,
    /// When the hub accepted it.
    pub accepted_at: Timestamp,
    /// Octets.
    pub size: u64,
}

/// `POST /v1/retention/run`: carries a rule out, one segment of the journal a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunRequest {
    /// The rule.
    pub rule: String,
    /// As the preview gave it: nothing that was accepted later is touched.
    pub cutoff: Timestamp,
    /// Most steps of this call, 1 to 100.
    #[serde(default = "one")]
    pub steps: u32,
    /// `next` of the call before: what was looked at is not looked at again. Left out, all is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<MessageId>,
}

const fn one() -> u32 {
    1
}

/// What a call of `run` has done. Entries first, then the bytes: whatever is counted here is gone from the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Run {
    /// Document messages ordered destroyed.
    pub documents: u64,
    /// Contents taken off the disk.
    pub contents: u64,
    /// Octets of them in segments of the journal.
    pub bytes: u64,
    /// Files of large documents that were removed.
    pub payloads: u64,
    /// Segments rewritten.
    pub segments: u64,
    /// Whether there may be more: call again.
    pub more: bool,
    /// The last document message that was ordered destroyed: for `after`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<MessageId>,
}

/// Why an operator withholds or releases a content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReasonRequest {
    /// Kept beside the entry, where it can be destroyed.
    pub reason: String,
}

/// The entry that an act of the operator left, with its proof.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Acted {
    /// Place of the entry; absent where everything stood so already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<Seq>,
    /// C2SP tlog-proof of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<String>,
}

/// A document message as an operator finds it: where it is and who holds it, without what it says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The message.
    pub id: MessageId,
    /// Its document.
    pub document_id: DocumentId,
    /// Số, ký hiệu; empty once the header data is destroyed.
    pub code: String,
    /// Sender.
    pub from: OrganId,
    /// When the hub accepted it.
    pub accepted_at: Timestamp,
    /// Its `accepted` entry.
    pub seq: Seq,
    /// SHA-256 of the message.
    pub sha256: Digest,
    /// Octets.
    pub size: u64,
    /// Segment of the journal in which it stands.
    pub segment: u32,
    /// Whether its bytes are in a file of their own.
    pub payload: bool,
    /// Status messages that speak of it.
    pub statuses: u64,
    /// What became of its content; absent while it is given out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<ContentView>,
    /// Whom it went to, and who has taken it.
    pub recipients: Vec<Holder>,
}

/// A recipient, and since when it holds a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The recipient.
    pub to: OrganId,
    /// First fetch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fetched_at: Option<Timestamp>,
    /// Confirmed that it is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_at: Option<Timestamp>,
}

/// `POST /v1/spill`: documents that should never have been sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpillRequest {
    /// The messages, as `GET /v1/spill` found them; at most 200.
    pub messages: Vec<MessageId>,
    /// Kept beside the entries, where it can be destroyed.
    pub reason: String,
}

/// What was done about a spill, and what the hub cannot do.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SpillReport {
    /// Each message: where it was, and which recipients had taken it.
    pub messages: Vec<Spilled>,
    /// Contents taken off the disk by this call, statuses included.
    pub contents: u64,
    /// Octets of them in segments of the journal.
    pub bytes: u64,
    /// Files of large documents that were removed.
    pub payloads: u64,
    /// Whether the index was written anew. If not: stop the hub, delete the folder `index/`, start it.
    pub index_clean: bool,
    /// Backups that hold it until their next run.
    pub backups: Vec<BackupView>,
}

/// One message of a spill.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Spilled {
    /// As it was found before it was destroyed.
    #[serde(flatten)]
    pub found: Found,
    /// The `destroyed` entry and its proof.
    pub destroyed: Acted,
}

/// `POST /v1/backups`: what `truc backup` tells when it has finished.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupRequest {
    /// Name of the backup: `[a-z0-9.-]`, at most 64 characters.
    pub name: String,
    /// Entries that it holds.
    pub size: Seq,
    /// Root of the tree over them.
    pub root: Digest,
}

/// A backup as it has last told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupView {
    /// Its name.
    pub name: String,
    /// When it told.
    pub time: Timestamp,
    /// Entries that it holds.
    pub size: Seq,
}
