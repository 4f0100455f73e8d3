//! The shapes of HTTP v1: what travels as JSON around edXML messages. Used by `http`, `client` and `cli`; no logic.
//! Times are RFC 3339 in UTC with milliseconds. Absent fields are left out, never `null`.

use serde::{Deserialize, Serialize};

mod trust;

pub use trust::*;
mod operation;

pub use operation::*;

use crate::document::FileReport;
use crate::domain::{
    BusinessType, Code, DeliveryState, Digest, DocumentId, Effect, HoldState, MessageId, OrganId, Place, Priority, Seq,
    StatusCode, Timestamp,
};

/// An agency as shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// Mã định danh.
    pub code: OrganId,
    /// Name by the directory; empty where the directory has none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
}

/// The answer to `POST /v1/documents` and `POST /v1/statuses`: 201 new, 200 repeat, 202 held.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Receipt {
    /// The message's id at this hub.
    pub id: MessageId,
    /// Place of its `accepted` (`held`, `status`) entry in the trail.
    pub seq: Seq,
    /// Time of that entry.
    pub time: Timestamp,
    /// Whether the very same message had been accepted before: this is then the first answer again.
    pub repeat: bool,
    /// Whether it waits until it is known whether the certificate is revoked: no recipient sees it yet.
    #[serde(default, skip_serializing_if = "is_false")]
    pub held: bool,
    /// SHA-256 of the message's bytes.
    pub sha256: Digest,
    /// Who receives it; for a status, whom it is told to; nobody while it is held.
    pub recipients: Vec<Party>,
    /// What a status did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effect: Option<Effect>,
    /// The verdict on the envelope signature.
    pub verdict: VerdictView,
    /// What was noticed and let pass.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<Remark>,
    /// The receipt that proves itself: a C2SP tlog-proof whose `extra` is the entry.
    pub proof: String,
}

/// `?dry_run=true`: the verdict, and nothing kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DryRun {
    /// Always true.
    pub dry_run: bool,
    /// Whether it would wait until it is known whether the certificate is revoked.
    #[serde(default, skip_serializing_if = "is_false")]
    pub held: bool,
    /// Who would receive it.
    pub recipients: Vec<Party>,
    /// The verdict on the envelope signature.
    pub verdict: VerdictView,
    /// What was noticed and would pass.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<Remark>,
}

/// Something noticed that does not refuse the message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    /// Stable code.
    pub code: String,
    /// Element path, never a value.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub path: String,
}

/// The verdict on the envelope signature, in the words of ETSI EN 319 102-1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerdictView {
    /// The sender's policy under which it was admitted.
    pub policy: Policy,
    /// `TOTAL-PASSED`, `TOTAL-FAILED` or `INDETERMINATE`.
    pub indication: String,
    /// The sub-indication, such as `HASH_FAILURE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub_indication: Option<String>,
    /// SHA-256 of the signer's certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signer: Option<Digest>,
}

/// A sender's signature policy (DESIGN 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// An envelope signature with TOTAL-PASSED over everything.
    #[default]
    Envelope,
    /// Whatever the verdict: kept and shown as unverified. For old software during migration.
    Record,
}

/// What a caller may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Software that speaks for a set of agencies.
    System,
    /// A person of an agency: reads, and sends statuses.
    Clerk,
    /// Reads trails.
    Auditor,
    /// Runs the hub: directory, access, figures.
    Operator,
}

/// An agency, or it and all below it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// The code.
    pub code: OrganId,
    /// Whether the units below belong to it.
    #[serde(default)]
    pub subtree: bool,
}

/// One document message, as its sender or a recipient sees it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DocumentView {
    /// The message's id.
    pub id: MessageId,
    /// Mã định danh văn bản.
    pub document_id: DocumentId,
    /// Số, ký hiệu: `1234/UBND-TH`.
    pub code: String,
    /// Cơ quan gửi.
    pub from: Party,
    /// What the message does.
    pub business: BusinessType,
    /// Trích yếu.
    pub subject: String,
    /// Tên loại văn bản.
    pub type_name: String,
    /// Ngày ban hành, as written.
    pub promulgation_date: String,
    /// Độ khẩn.
    pub priority: Priority,
    /// When the hub accepted it.
    pub accepted_at: Timestamp,
    /// Its `accepted` entry.
    pub seq: Seq,
    /// Octets of the message.
    pub size: u64,
    /// SHA-256 of the message.
    pub sha256: Digest,
    /// The verdict on the envelope signature.
    pub verdict: VerdictView,
    /// What became of a message that was held when it came; told to its sender.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<HoldView>,
    /// What became of its content; absent while it is given out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<ContentView>,
    /// Over all recipients.
    pub summary: Summary,
    /// Each recipient that the caller may see: all for the sender, its own for a recipient.
    pub deliveries: Vec<DeliveryView>,
}

/// What was found about the signatures in a message's documents. It decides nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DocumentSignatures {
    /// The message's id.
    pub id: MessageId,
    /// The time at which everything was judged that no time stamp proves: that of acceptance.
    pub received_at: Timestamp,
    /// Each attachment that can hold a signature.
    pub attachments: Vec<AttachmentSignatures>,
}

/// What was found in one attachment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttachmentSignatures {
    /// Its place among the attachments, from 1 on.
    pub attachment: u64,
    /// `AttachmentName`.
    pub name: String,
    /// The attachment itself or, of a zip, each file in it.
    pub files: Vec<FileReport>,
}

/// What became of a message in which everything passed except that revocation was not known when it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldView {
    /// Where it stands.
    pub state: HoldState,
    /// When that became so.
    pub since: Timestamp,
    /// Why it was turned away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
}

/// How many recipients stand where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Number of recipients.
    pub recipients: u64,
    /// How many in each state; states with none are left out.
    pub states: Vec<(DeliveryState, u64)>,
    /// The line for people, in Vietnamese: `3 nơi nhận: 1 hoàn thành · 1 từ chối · 1 chưa nhận`.
    pub text_vi: String,
    /// The same in English.
    pub text_en: String,
}

/// One recipient of a message.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeliveryView {
    /// Cơ quan nhận.
    pub to: Party,
    /// Where it stands.
    pub state: DeliveryState,
    /// Since when.
    pub since: Timestamp,
    /// Whether a take-back (13) waits for an answer.
    pub asked: bool,
    /// First fetch by the recipient's software.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fetched_at: Option<Timestamp>,
    /// When the recipient's software said that it has stored the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirmed_at: Option<Timestamp>,
    /// The newest status told by either side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_status: Option<StatusView>,
}

/// One status as told.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StatusView {
    /// Code 01 to 16.
    pub code: StatusCode,
    /// When the hub accepted it.
    pub time: Timestamp,
    /// Reason or description.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Who acts: department and person, as told.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub staff: String,
}

/// One line of an inbox or outbox.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListItem {
    /// The message.
    pub id: MessageId,
    /// Mã định danh văn bản.
    pub document_id: DocumentId,
    /// Số, ký hiệu.
    pub code: String,
    /// Cơ quan gửi.
    pub from: Party,
    /// What the message does.
    pub business: BusinessType,
    /// Trích yếu.
    pub subject: String,
    /// Tên loại văn bản.
    pub type_name: String,
    /// Độ khẩn.
    pub priority: Priority,
    /// When the hub accepted it.
    pub accepted_at: Timestamp,
    /// Place in the trail of the entry that put it here.
    pub seq: Seq,
    /// Octets.
    pub size: u64,
    /// Whether the envelope signature passed.
    pub verified: bool,
    /// What became of its content; absent while it is given out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<ContentView>,
    /// Inbox: the recipient's own state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<DeliveryState>,
    /// Outbox: over all recipients.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<Summary>,
    /// Outbox: what became of a message that was held when it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<HoldView>,
}

/// A page of a list.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Page<T> {
    /// The lines.
    pub items: Vec<T>,
    /// Opaque: give it back as `cursor` for the next page; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// One event of an agency's feed, strictly by `seq`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventView {
    /// Place in the trail; give the last one back as `after`.
    pub seq: Seq,
    /// The number of this event among the agency's own, from 1 without gaps.
    pub n: u64,
    /// When.
    pub time: Timestamp,
    /// `accepted`, `addressed`, `status`, `fetched`, `confirmed`, `refused`, …
    pub kind: String,
    /// The message it is about (for a status: the status message itself, whose bytes can be fetched).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<MessageId>,
    /// For a status: the document message that it speaks of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<MessageId>,
    /// The other agency concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other: Option<OrganId>,
    /// For a status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<StatusCode>,
    /// What the status did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effect: Option<Effect>,
    /// For a refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
}

/// `GET /v1/documents/{id}/trail`: the entries that the caller may see, oldest first.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Trail {
    /// The document message.
    pub id: MessageId,
    /// Each entry with its own proof against one checkpoint.
    pub entries: Vec<TrailEntry>,
}

/// One entry of a trail.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TrailEntry {
    /// Place in the trail.
    pub seq: Seq,
    /// The entry as it was hashed: JSON bytes as text.
    pub entry: String,
    /// C2SP tlog-proof.
    pub proof: String,
}

/// `GET /v1/hub`: what a client must know.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HubView {
    /// Origin of the log.
    pub origin: String,
    /// The log's verifier key (C2SP signed-note vkey).
    pub verifier_key: String,
    /// Version of the software.
    pub version: String,
    /// Largest message, octets.
    pub message_bytes_max: u64,
    /// Verifier keys of the log's epochs before a restore: receipts of then verify by them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier_keys: Vec<String>,
}

/// `GET /v1/caller`: whom the hub takes the caller for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CallerView {
    /// Name of the access.
    pub system: String,
    /// Its role.
    pub role: Role,
    /// The agencies that it speaks for.
    pub agencies: Vec<Scope>,
    /// Signature policy for what it sends.
    pub policy: Policy,
    /// Its signing certificates that end soon, of those with which something was sent lately.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub certificates_near_end: Vec<CertificateEnd>,
}

/// A signing certificate that ends soon, or has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateEnd {
    /// SHA-256 of its DER.
    pub sha256: Digest,
    /// Whom it names.
    pub subject: String,
    /// Its last instant.
    pub not_after: Timestamp,
    /// Whole days up to then; negative after it.
    pub days_left: i64,
}

/// One agency of the directory; also the body of `POST /v1/agencies`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agency {
    /// Mã định danh.
    pub code: OrganId,
    /// Tên cơ quan.
    pub name: String,
    /// Closed codes are read but no longer sent to or from.
    #[serde(default)]
    pub closed: bool,
}

/// `POST /v1/access`: give a system, clerk, auditor or operator access, or replace what it has.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AccessRequest {
    /// Name of the access, `[a-z0-9.-]`, at most 64 characters.
    pub system: String,
    /// Role.
    pub role: Role,
    /// The agencies that it speaks for.
    #[serde(default)]
    pub agencies: Vec<Scope>,
    /// Signature policy for what it sends.
    #[serde(default)]
    pub policy: Policy,
    /// TLS client certificates, PEM; pinned by SHA-256.
    #[serde(default)]
    pub client_certificates: Vec<String>,
    /// Whether a new bearer token is made (the one before stays valid until the next rotation).
    #[serde(default)]
    pub token: bool,
    /// Certificates that sign envelopes for these agencies, PEM.
    #[serde(default)]
    pub signing_certificates: Vec<String>,
    /// Take all access away.
    #[serde(default)]
    pub closed: bool,
}

/// One access as shown: no secrets.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AccessView {
    /// Name.
    pub system: String,
    /// Role.
    pub role: Role,
    /// The agencies.
    pub agencies: Vec<Scope>,
    /// Policy.
    pub policy: Policy,
    /// Pinned TLS client certificates.
    pub client_certificates: Vec<Digest>,
    /// Number of valid tokens, 0 to 2.
    pub tokens: u8,
    /// Whether it is closed.
    pub closed: bool,
    /// Shown once, in the answer to the call that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_token: Option<String>,
}

/// What is false is left out.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

/// RFC 9457 problem details. `title` and `remedy` come in the caller's language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// `https://truc.invalid/errors#<code>`: a name, not a place.
    #[serde(rename = "type")]
    pub kind: String,
    /// What is wrong.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// More about this case, in English.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// The stable code.
    pub code: Code,
    /// What to do.
    pub remedy: String,
    /// Where in the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Place>,
}
