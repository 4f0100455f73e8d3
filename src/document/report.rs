//! What is reported about the signatures in a document: facts and verdicts, nothing that decides.

use serde::{Deserialize, Serialize};

use crate::document::reason::{Note, Reason};
use crate::domain::{Digest, OrganId, Timestamp};
use crate::signature::{Indication, SignerInfo, SubIndication};

/// What one file holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FileReport {
    /// What it is, by its bytes.
    pub kind: FileKind,
    /// Its name in the zip that it came in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// Its signatures, in the order in which they were made: by where they end.
    pub signatures: Vec<SignatureReport>,
    /// Whether there are more signatures, or files, than are looked at.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cut_off: bool,
    /// Why it could not be looked at, in English.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unread: Option<String>,
}

impl FileReport {
    /// Of a file that was not looked at, and why, in English.
    #[must_use]
    pub fn unread(why: &str) -> Self {
        Self { unread: Some(why.to_owned()), ..Self::without(FileKind::Other) }
    }

    /// Of a file without signatures.
    pub(super) const fn without(kind: FileKind) -> Self {
        Self { kind, entry: None, signatures: Vec::new(), cut_off: false, unread: None }
    }
}

/// What a file is, by its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// A PDF.
    Pdf,
    /// A CMS signature in a file of its own.
    Cms,
    /// A zip.
    Zip,
    /// Anything else: without signatures that are looked at.
    Other,
}

/// What is said about one signature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SignatureReport {
    /// What it is.
    pub kind: SignatureKind,
    /// The standard's three words.
    pub indication: Indication,
    /// Why not TOTAL-PASSED, in the standard's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub_indication: Option<SubIndication>,
    /// Why not TOTAL-PASSED.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// More about the reason, in English.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// What it covers of a PDF.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage: Option<Coverage>,
    /// Whom the certificate names. A claim unless the verdict is TOTAL-PASSED.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signer: Option<SignerInfo>,
    /// What the holder is.
    pub holder: Holder,
    /// When it was made, by the signer's own clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claimed_time: Option<Timestamp>,
    /// The time at which the certificate was judged.
    pub judged_at: Timestamp,
    /// What proves that time.
    pub judged_by: TimeBasis,
    /// Its time stamp: the one that counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_stamp: Option<TimeStampReport>,
    /// Where the path leads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<Root>,
    /// Whether the certificates were revoked.
    pub revocation: Revocation,
    /// Key, scheme and digest: `RSA-2048 SHA-256`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<String>,
    /// What else is to be said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
}

impl SignatureReport {
    /// Whether it is TOTAL-PASSED.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.indication == Indication::TotalPassed
    }
}

/// The kinds of signatures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SignatureKind {
    /// `adbe.pkcs7.detached`: a CMS signature in a PDF.
    #[serde(rename = "adbe.pkcs7.detached")]
    AdbeDetached,
    /// `adbe.pkcs7.sha1`: CMS around a SHA-1 digest.
    #[serde(rename = "adbe.pkcs7.sha1")]
    AdbeSha1,
    /// `ETSI.CAdES.detached`: PAdES.
    #[serde(rename = "ETSI.CAdES.detached")]
    Pades,
    /// `ETSI.RFC3161`: a time stamp of the whole document.
    #[serde(rename = "ETSI.RFC3161")]
    DocumentTimeStamp,
    /// CMS in a file of its own, `.p7s`.
    #[serde(rename = "cms")]
    Cms,
    /// Another SubFilter, or none.
    #[serde(rename = "unknown")]
    Unknown,
}

/// What a signature covers of its PDF.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// ByteRange: two ranges by offset and length.
    pub byte_range: [u64; 4],
    /// Whether it is everything in the file but the signature itself.
    pub whole: bool,
    /// Octets that were added to the file later.
    pub later_octets: u64,
    /// What they are.
    pub later: Later,
}

/// What was added after a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Later {
    /// Nothing.
    Nothing,
    /// Further signatures, time stamps and evidence for them, and nothing that people see.
    SignaturesOnly,
    /// Something else, or something that cannot be told.
    Other,
}

/// What the holder of a certificate is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Holder {
    /// Agency or person.
    pub kind: HolderKind,
    /// What says so.
    pub basis: HolderBasis,
    /// The agencies for which the certificate is registered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub agencies: Vec<OrganId>,
    /// Whether the sender is among them; nothing where there is no sender or no register.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_senders: Option<bool>,
}

/// Agency or person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HolderKind {
    /// An agency: its seal.
    Agency,
    /// A person.
    Person,
    /// It cannot be told.
    #[default]
    Unknown,
}

/// What says whether a certificate is an agency's or a person's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HolderBasis {
    /// The register of certificates.
    Register,
    /// The words of the certificate's subject: likely, not certain.
    Subject,
    /// Nothing.
    #[default]
    None,
}

/// What proves the time at which a certificate was judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeBasis {
    /// The time stamp.
    TimeStamp,
    /// The hub's receipt, or the time that was asked about.
    Receipt,
}

/// What is said about a time stamp.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TimeStampReport {
    /// The standard's three words.
    pub indication: Indication,
    /// Why not TOTAL-PASSED, in the standard's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub_indication: Option<SubIndication>,
    /// Why not TOTAL-PASSED.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// More about the reason, in English.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// genTime.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gen_time: Option<Timestamp>,
    /// The policy's object identifier, with dots.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// Who made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<SignerInfo>,
    /// Where its path leads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<Root>,
    /// Key, scheme and digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<String>,
}

impl TimeStampReport {
    /// The time that it proves, if it proves one.
    #[must_use]
    pub fn proven(&self) -> Option<Timestamp> {
        self.gen_time.filter(|_| self.indication == Indication::TotalPassed)
    }
}

/// A trust anchor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Root {
    /// SHA-256 of the certificate.
    pub sha256: Digest,
    /// Its subject.
    pub subject: String,
    /// Which published root it is, by its fingerprint: `government_cipher_committee_g2`, `national_root`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known_as: Option<String>,
}

/// What is known about revocation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Revocation {
    /// None of the path was revoked at the time that counts.
    Good {
        /// What says so.
        sources: Vec<RevocationSource>,
    },
    /// One of them was.
    Revoked,
    /// It is not known.
    Unknown,
    /// It was not asked about, since the signature is not right anyway.
    NotAsked,
}

/// A CRL or OCSP answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevocationSource {
    /// What it is.
    pub kind: crate::signature::MaterialKind,
    /// SHA-256 of its DER.
    pub sha256: Digest,
}
