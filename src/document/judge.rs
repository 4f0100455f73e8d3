//! May the certificate be believed? Its path, at the time that can be proven (EN 319 102-1, 5.5 and 5.6, in short):
//! that of a time stamp, else that of receipt. A time that only the signer claims proves nothing, but tells an old
//! signature from a wrong one.

use crate::document::reason::Reason;
use crate::document::report::{Revocation, RevocationSource, Root};
use crate::domain::{Code, Refusal, Timestamp};
use crate::signature::{Chain, MaterialKind, SignerInfo};
use crate::trust::roots::{Authority, KnownRoot, Role, identify};
use crate::trust::{Asked, TrustStore, Usage};

/// Certificates that are handed to the path search beside the signer's.
const OTHERS_MAX: usize = 10;

/// What is said about a certificate.
#[derive(Debug)]
pub(super) struct Judged {
    /// Why it is not to be believed.
    pub(super) reason: Option<Reason>,
    pub(super) detail: Option<String>,
    pub(super) root: Option<Root>,
    pub(super) revocation: Revocation,
}

/// The certificates of a signature.
#[derive(Debug, Clone)]
pub(super) struct Certificates {
    leaf: Vec<u8>,
    others: Vec<Vec<u8>>,
}

impl Certificates {
    pub(super) fn new(leaf: &[u8], all: &[&[u8]]) -> Self {
        let others = all.iter().filter(|other| **other != leaf).take(OTHERS_MAX);
        Self { leaf: leaf.to_vec(), others: others.map(|other| other.to_vec()).collect() }
    }
}

/// Judges at a time that is proven.
pub(super) fn at(trust: &TrustStore, usage: Usage, certificates: &Certificates, at: Timestamp) -> Judged {
    match path(trust, certificates, Asked::past(usage, at)) {
        Ok(chain) => good(&chain),
        Err(refusal) => bad(trust, usage, certificates, at, refusal),
    }
}

/// Judges a signature that nothing proves to be older than its receipt. Where the certificate has run out or was revoked
/// since the time that the signer claims, that is said.
pub(super) fn at_receipt(
    trust: &TrustStore,
    certificates: &Certificates,
    claimed: Option<Timestamp>,
    receipt: Timestamp,
) -> Judged {
    let judged = at(trust, Usage::DOCUMENT, certificates, receipt);
    let since = match judged.reason {
        Some(Reason::Certificate(Code::CertificateExpired)) => Reason::ExpiredNoProof,
        Some(Reason::Certificate(Code::CertificateRevoked)) => Reason::RevokedNoProof,
        _ => return judged,
    };
    let Some(claimed) = claimed.filter(|claimed| *claimed < receipt) else { return judged };
    let then = at(trust, Usage::DOCUMENT, certificates, claimed);
    let was_good = match then.reason {
        None => true,
        // Of an expired certificate CRLs say nothing any more: revocation at that time is lost, not pending.
        Some(Reason::Certificate(Code::RevocationUnknown)) => since == Reason::ExpiredNoProof,
        Some(_) => false,
    };
    if !was_good {
        return judged;
    }
    Judged { reason: Some(since), revocation: then.revocation, root: then.root, detail: judged.detail }
}

fn path(trust: &TrustStore, certificates: &Certificates, asked: Asked) -> Result<Chain, Refusal> {
    trust.check_asked(&certificates.leaf, &certificates.others, asked)
}

fn good(chain: &Chain) -> Judged {
    let sources = chain.evidence.iter().filter(|material| material.kind != MaterialKind::Certificate);
    let sources = sources.map(|material| RevocationSource { kind: material.kind, sha256: material.sha256 }).collect();
    Judged { reason: None, detail: None, root: root(chain), revocation: Revocation::Good { sources } }
}

fn bad(trust: &TrustStore, usage: Usage, certificates: &Certificates, at: Timestamp, refusal: Refusal) -> Judged {
    let revocation = match refusal.code {
        Code::CertificateRevoked => Revocation::Revoked,
        _ => Revocation::Unknown,
    };
    let within = SignerInfo::from_certificate(&certificates.leaf)
        .map_or(at, |leaf| at.clamp(leaf.not_before, leaf.not_after.max(leaf.not_before)));
    let root = path(trust, certificates, Asked::whither(usage, within)).ok().and_then(|chain| root(&chain));
    let detail = Some(refusal.detail.into_owned());
    Judged { reason: Some(Reason::Certificate(refusal.code)), detail, root, revocation }
}

/// The anchor is the last certificate of the evidence.
fn root(chain: &Chain) -> Option<Root> {
    let anchor = chain.evidence.iter().rev().find(|material| material.kind == MaterialKind::Certificate)?;
    let subject = SignerInfo::from_certificate(&anchor.der).ok()?.subject;
    Some(Root { sha256: anchor.sha256, subject, known_as: identify(&anchor.der).map(|known| name(known).to_owned()) })
}

fn name(known: &KnownRoot) -> &'static str {
    match (known.authority, known.generation, known.role) {
        (Authority::GovernmentCipherCommittee, Some(1), Role::Root) => "government_cipher_committee_g1",
        (Authority::GovernmentCipherCommittee, Some(2), Role::Root) => "government_cipher_committee_g2",
        (Authority::GovernmentCipherCommittee, ..) => "government_cipher_committee",
        (Authority::NationalRoot, ..) => "national_root",
    }
}
