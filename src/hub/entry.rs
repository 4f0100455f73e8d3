//! The entries of the trail: what is hashed, byte for byte. One event, one entry; ids, codes, times and digests only.
//! The catalogue for auditors is docs/entries.md. Fields are only added at the end of an event, never renamed.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::api::{Policy, Role, Scope};
use crate::domain::{
    BusinessType, Code, DeliveryState, Digest, DocumentId, Effect, MessageId, OrganId, Priority, Seq, StatusCode,
    Timestamp,
};
use crate::hub::retention::Rule;
use crate::trust::{BlockRule, Registration};

/// Version of the entry format.
pub const ENTRY_VERSION: u8 = 1;

/// One entry. Its JSON, in this order of fields, is the leaf.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// [`ENTRY_VERSION`].
    pub v: u8,
    /// Place in the trail.
    pub seq: Seq,
    /// Never before the entry before it.
    pub time: Timestamp,
    /// 128 random bits, so that a leaf hash tells nothing to who does not hold the entry.
    pub salt: Salt,
    /// The agencies concerned, at most two, each with its own chain.
    pub parties: Vec<Link>,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// One link of an agency's own chain through the trail: what proves that nothing is missing between two entries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The agency.
    pub agency: OrganId,
    /// The number of this entry among the agency's, from 1.
    pub n: u64,
    /// The agency's entry before this one; absent for the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prev: Option<Seq>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Event {
    /// Entry 0 of an epoch.
    Opened {
        /// Origin of the log.
        origin: String,
        /// Verifier key of the log.
        verifier_key: String,
        /// Version of the software.
        software: String,
    },
    /// First entry of a later epoch: the log was restored from a backup, and goes on under another key and origin over
    /// the entries that were restored.
    Epoch {
        /// Origin of the log from here on.
        origin: String,
        /// Its verifier key.
        verifier_key: String,
        /// Version of the software.
        software: String,
        /// The last checkpoint of the epoch before that anybody held, signed.
        previous_checkpoint: String,
        /// Verifier key of the epoch before.
        previous_key: String,
        /// Entries that were restored.
        restored: Seq,
        /// Entries of the epoch before that are missing: the ones that had the places after the restored ones.
        missing: Seq,
    },
    /// An agency stands in the directory, or is closed.
    Agency {
        /// Its code.
        agency: OrganId,
        /// Its name.
        name: String,
        /// Whether the code is closed.
        closed: bool,
        /// Who did it.
        by: String,
    },
    /// An access was given, changed or taken away.
    Access {
        /// Name of the access.
        system: String,
        /// Role.
        role: Role,
        /// The agencies that it speaks for.
        agencies: Vec<Scope>,
        /// Signature policy.
        policy: Policy,
        /// SHA-256 of the pinned TLS client certificates.
        client_certificates: Vec<Digest>,
        /// SHA-256 of the valid tokens, newest first, at most two.
        tokens: Vec<Digest>,
        /// Which certificates sign for these agencies.
        signers: Vec<Registration>,
        /// Whether all access is taken away.
        closed: bool,
        /// Who did it.
        by: String,
    },
    /// A certificate or CRL on which a verdict rests, kept once as content.
    Material {
        /// SHA-256 of its DER.
        sha256: Digest,
        /// `certificate` or `crl`.
        what: String,
    },
    /// A document message was accepted.
    Accepted {
        /// The message.
        message: MessageId,
        /// Sender.
        from: OrganId,
        /// Its document.
        document: DocumentId,
        /// What it does.
        business: BusinessType,
        /// Độ khẩn.
        priority: Priority,
        /// Number of `addressed` entries that follow in the same batch.
        recipients: u32,
        /// SHA-256 of the bytes.
        sha256: Digest,
        /// Octets.
        size: u64,
        /// The verdict on the envelope signature.
        verdict: Verdict,
        /// Digest of the salted header content.
        header: Digest,
        /// Name of the access that sent it.
        by: String,
        /// The held message that a business act speaks of.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        target: Option<MessageId>,
        /// Codes of the remarks.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        remarks: Vec<String>,
    },
    /// It is addressed to one recipient.
    Addressed {
        /// The message.
        message: MessageId,
        /// Sender.
        from: OrganId,
        /// Recipient.
        to: OrganId,
        /// From 1 to the number of recipients.
        number: u32,
    },
    /// A status message was accepted.
    Status {
        /// The status message.
        message: MessageId,
        /// Who reports.
        from: OrganId,
        /// Whom it is told to.
        to: OrganId,
        /// The code.
        status: StatusCode,
        /// What it did.
        effect: Effect,
        /// The state of the delivery after it; absent where the target is not held.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        state: Option<DeliveryState>,
        /// The document message that it speaks of, if held.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        target: Option<MessageId>,
        /// SHA-256 of the bytes.
        sha256: Digest,
        /// Octets.
        size: u64,
        /// The verdict on the envelope signature.
        verdict: Verdict,
        /// Digest of the salted header content (description, staff).
        header: Digest,
        /// Name of the access that sent it.
        by: String,
        /// Codes of the remarks.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        remarks: Vec<String>,
    },
    /// A recipient fetched a message for the first time.
    Fetched {
        /// The message.
        message: MessageId,
        /// Recipient.
        agency: OrganId,
        /// Name of the access.
        by: String,
    },
    /// A recipient's software has stored the message.
    Confirmed {
        /// The message.
        message: MessageId,
        /// Recipient.
        agency: OrganId,
        /// Name of the access.
        by: String,
    },
    /// An authenticated caller was refused. No content, not even a digest.
    Refused {
        /// Why.
        code: Code,
        /// Element path, if it was a fault in a message.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        path: String,
        /// Octets received.
        size: u64,
        /// Name of the access.
        by: String,
        /// How many refusals of this access were not written since the one before, because they came too fast.
        unwritten: u64,
    },
    /// The clock stepped back by more than 5 seconds.
    Clock {
        /// What the clock says now.
        clock: Timestamp,
        /// Who says that the clock is right as it is, where somebody did: intake goes on from here.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// A document message in which everything passed except that revocation is not known waits for that.
    Held {
        /// The message.
        message: MessageId,
        /// Sender.
        from: OrganId,
        /// Its document.
        document: DocumentId,
        /// What it does.
        business: BusinessType,
        /// Độ khẩn.
        priority: Priority,
        /// Number of recipients; none of them is told yet.
        recipients: u32,
        /// SHA-256 of the bytes.
        sha256: Digest,
        /// Octets.
        size: u64,
        /// The verdict: INDETERMINATE, TRY_LATER.
        verdict: Verdict,
        /// Digest of the salted header content.
        header: Digest,
        /// Name of the access that sent it.
        by: String,
        /// Codes of the remarks.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        remarks: Vec<String>,
    },
    /// The certificate of a held message was good at the time of receipt: it is delivered.
    HoldReleased {
        /// The message.
        message: MessageId,
        /// Sender.
        from: OrganId,
        /// SHA-256 of the bytes.
        sha256: Digest,
        /// Time of receipt: the time of its `held` entry, for which the verdict holds.
        received: Timestamp,
        /// Number of `addressed` entries that follow in the same batch.
        recipients: u32,
        /// The verdict, with the evidence that has become known since.
        verdict: Verdict,
        /// The held message that a business act speaks of.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        target: Option<MessageId>,
        /// Codes of the remarks.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        remarks: Vec<String>,
    },
    /// The operator believes a certificate or key no more, or again.
    Block {
        /// What is meant.
        rule: BlockRule,
        /// From which time of receipt on it counts, inclusive.
        since: Timestamp,
        /// Up to which, exclusive.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
        /// Whether the block is lifted.
        lifted: bool,
        /// Digest of the salted reason, which stands beside the entry.
        reason: Digest,
        /// Who did it.
        by: String,
        /// SHA-256 of the certificate by which it was named.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        certificate: Option<Digest>,
    },
    /// The certificate of a held message was revoked at or before the time of receipt: its content is removed, its
    /// document id is free again.
    TurnedAway {
        /// The message.
        message: MessageId,
        /// Sender.
        from: OrganId,
        /// Why.
        code: Code,
    },
    /// A rule of retention was made, changed or closed.
    Retention(Rule),
    /// A message's content is given to nobody until further notice.
    Withheld {
        /// The message.
        message: MessageId,
        /// Who did it.
        by: String,
        /// Digest of the salted reason, which stands beside the entry.
        reason: Digest,
    },
    /// It is given out again.
    Released {
        /// The message.
        message: MessageId,
        /// Who did it.
        by: String,
        /// Digest of the salted reason, which stands beside the entry.
        reason: Digest,
    },
    /// A message's content is to be destroyed: from here on nobody is given it; its bytes go after this entry.
    Destroyed {
        /// The message.
        message: MessageId,
        /// Whether its header data (abstract, số/ký hiệu, names) goes with the body.
        header: bool,
        /// Whether it is one that should never have been sent.
        spill: bool,
        /// Who did it.
        by: String,
        /// The rule of retention, if it was one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rule: Option<String>,
        /// Digest of the salted reason, where a person decided; it stands beside the entry.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Digest>,
        /// For a status message: the document message that it spoke of, and with which it goes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        target: Option<MessageId>,
    },
    /// Follows `destroyed` in the same batch for each recipient of a message that should never have been sent: who
    /// holds it at that moment.
    Spilled {
        /// The message.
        message: MessageId,
        /// Sender.
        from: OrganId,
        /// Recipient.
        to: OrganId,
        /// Whether the recipient has fetched it.
        fetched: bool,
        /// Whether the recipient's software has said that it keeps it.
        confirmed: bool,
    },
    /// What was ordered destroyed in one segment of the journal is no longer on the disk.
    Erased {
        /// Number of the segment.
        segment: u32,
        /// How often it was rewritten.
        generation: u32,
        /// Contents destroyed by this rewriting; 0 where a crash had only kept this entry from being written.
        contents: u64,
        /// Octets of them in the segment.
        bytes: u64,
        /// Files of large documents that were removed.
        payloads: u64,
        /// Every order by an entry before this one is carried out for this segment.
        through: Seq,
    },
    /// A backup was made.
    Backup {
        /// Its name.
        name: String,
        /// Entries that it holds.
        size: Seq,
        /// Root of the tree over them.
        root: Digest,
        /// Who made it.
        by: String,
    },
}

/// The verdict on an envelope signature, as kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Policy under which it was admitted.
    pub policy: Policy,
    /// ETSI EN 319 102-1 indication.
    pub indication: String,
    /// And sub-indication.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub_indication: Option<String>,
    /// SHA-256 of the signer's certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signer: Option<Digest>,
    /// SHA-256 of the certificates and CRLs on which it rests; each has its `material` entry.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Digest>,
}

impl Entry {
    /// The bytes that are hashed.
    ///
    /// # Errors
    /// Never in practice: the types serialise. Kept as an error so that nothing panics.
    pub fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut bytes = Vec::with_capacity(512);
        serde_json::to_writer(&mut bytes, self)?;
        Ok(bytes)
    }

    /// From the bytes in a journal or an export.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }

    /// The message that the entry is about; for a status, the document message that it speaks of.
    #[must_use]
    pub const fn subject(&self) -> Option<MessageId> {
        match &self.event {
            Event::Accepted { message, .. }
            | Event::Addressed { message, .. }
            | Event::Fetched { message, .. }
            | Event::Confirmed { message, .. }
            | Event::Held { message, .. }
            | Event::HoldReleased { message, .. }
            | Event::TurnedAway { message, .. }
            | Event::Withheld { message, .. }
            | Event::Released { message, .. }
            | Event::Destroyed { message, .. }
            | Event::Spilled { message, .. } => Some(*message),
            Event::Status { target, .. } => *target,
            Event::Opened { .. }
            | Event::Epoch { .. }
            | Event::Agency { .. }
            | Event::Access { .. }
            | Event::Material { .. }
            | Event::Refused { .. }
            | Event::Clock { .. }
            | Event::Block { .. }
            | Event::Retention(_)
            | Event::Erased { .. }
            | Event::Backup { .. } => None,
        }
    }
}

impl Event {
    /// The word in `kind`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Opened { .. } => "opened",
            Self::Epoch { .. } => "epoch",
            Self::Agency { .. } => "agency",
            Self::Access { .. } => "access",
            Self::Material { .. } => "material",
            Self::Accepted { .. } => "accepted",
            Self::Addressed { .. } => "addressed",
            Self::Status { .. } => "status",
            Self::Fetched { .. } => "fetched",
            Self::Confirmed { .. } => "confirmed",
            Self::Refused { .. } => "refused",
            Self::Clock { .. } => "clock",
            Self::Held { .. } => "held",
            Self::HoldReleased { .. } => "hold_released",
            Self::TurnedAway { .. } => "turned_away",
            Self::Block { .. } => "block",
            Self::Retention(_) => "retention",
            Self::Withheld { .. } => "withheld",
            Self::Released { .. } => "released",
            Self::Destroyed { .. } => "destroyed",
            Self::Spilled { .. } => "spilled",
            Self::Erased { .. } => "erased",
            Self::Backup { .. } => "backup",
        }
    }
}

/// 128 random bits, written as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Salt(pub [u8; 16]);

impl fmt::Display for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; 32];
        hex::encode_to_slice(self.0, &mut text).map_err(|_| fmt::Error)?;
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Salt({self})")
    }
}

impl FromStr for Salt {
    type Err = hex::FromHexError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut octets = [0; 16];
        hex::decode_to_slice(text, &mut octets)?;
        Ok(Self(octets))
    }
}

impl Serialize for Salt {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Salt {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
