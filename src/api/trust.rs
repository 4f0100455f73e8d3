//! Shapes of trust: emergency blocks, what rests on a certificate, and the evidence of a verdict.

use serde::{Deserialize, Serialize};

use crate::api::{Party, VerdictView};
use crate::domain::{DeliveryState, Digest, DocumentId, MessageId, Seq, StatusCode, Timestamp};

/// `POST /v1/trust/blocks`: block a certificate or a key, or lift the block.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlockRequest {
    /// The certificate, PEM; or `sha256` instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// SHA-256 of the certificate's DER.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Digest>,
    /// Whether every certificate with the same key is meant.
    #[serde(default, skip_serializing_if = "super::is_false")]
    pub key: bool,
    /// From which time of receipt on; from now on if it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Up to which; without an end if it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Why.
    #[serde(default)]
    pub reason: String,
    /// Whether the block is lifted.
    #[serde(default, skip_serializing_if = "super::is_false")]
    pub lift: bool,
}

/// What a block means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Blocked {
    /// One certificate.
    Certificate,
    /// Every certificate with a key.
    Key,
}

/// One block, also one that was lifted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockView {
    /// A certificate or a key.
    pub what: Blocked,
    /// SHA-256 of the certificate, or of the key's SubjectPublicKeyInfo.
    pub sha256: Digest,
    /// The holder of the certificate by which it was named, where the hub has that certificate.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub subject: String,
    /// From which time of receipt on.
    pub since: Timestamp,
    /// Up to which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Whether it counts now.
    pub in_force: bool,
    /// Why.
    pub reason: String,
    /// Who blocked it.
    pub by: String,
    /// When it was lifted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifted_at: Option<Timestamp>,
    /// Who lifted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifted_by: Option<String>,
    /// What its authority says by now: then the block has done its work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revocation: Option<RevocationView>,
}

/// What a certificate's authority says of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevocationView {
    /// revocationDate.
    pub revoked_at: Timestamp,
    /// invalidityDate: since when the key may be in other hands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invalid_since: Option<Timestamp>,
    /// By its name in RFC 5280.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Whether it may be lifted.
    #[serde(default, skip_serializing_if = "super::is_false")]
    pub on_hold: bool,
}

/// `GET /v1/trust/impact`: what rests on a certificate, oldest first.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ImpactPage {
    /// The certificate that was asked for.
    pub certificate: Digest,
    /// Whether it was asked for as an authority: everything under it.
    pub issuer: bool,
    /// What its authority says of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revocation: Option<RevocationView>,
    /// From which time of receipt on; absent: from the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// The lines.
    pub items: Vec<ImpactItem>,
    /// Opaque: give it back as `cursor` for the next page; absent at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A document or status that was accepted on the certificate. No text of it: whose it is, and who has it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ImpactItem {
    /// The message.
    pub id: MessageId,
    /// Its own entry.
    pub seq: Seq,
    /// When it was received.
    pub time: Timestamp,
    /// SHA-256 of the signer's certificate.
    pub signer: Digest,
    /// Who sent it.
    pub from: Party,
    /// The verdict as it was kept.
    pub verdict: VerdictView,
    /// Of a document: its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document_id: Option<DocumentId>,
    /// Of a document: số, ký hiệu.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub code: String,
    /// Of a status: its code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<StatusCode>,
    /// Who has it, or was told of it.
    pub recipients: Vec<ImpactRecipient>,
}

/// One recipient of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ImpactRecipient {
    /// The agency.
    pub to: Party,
    /// Of a document: where it stands there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<DeliveryState>,
    /// First fetch by the recipient's software.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fetched_at: Option<Timestamp>,
    /// When the recipient's software said that it has stored it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_at: Option<Timestamp>,
}

/// `GET /v1/documents/{id}/evidence`: what the verdict on a message rests on, so that it can be computed again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Evidence {
    /// Version of this shape: 1.
    pub version: u32,
    /// The message.
    pub id: MessageId,
    /// The entry with the verdict, as it was hashed: it names the message and each material by its SHA-256.
    pub entry: String,
    /// C2SP tlog-proof of that entry.
    pub proof: String,
    /// Certificates (leaf first), CRLs and OCSP answers, in the order in which the entry names them.
    pub materials: Vec<EvidenceMaterial>,
}

/// One of them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EvidenceMaterial {
    /// `certificate`, `crl` or `ocsp`.
    pub kind: String,
    /// SHA-256 of the DER.
    pub sha256: Digest,
    /// DER, base64.
    pub der: String,
}
