//! A check told step by step: for the operator who asks why a certificate is believed or not. The verdict itself comes
//! from the check that messages go through; the steps say how it came about.

use std::collections::HashSet;

use serde::Serialize;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::domain::{Code, Digest, Refusal, Timestamp};
use crate::signature::{ChainCheck as _, MaterialKind, PublicKey, SignerInfo};
use crate::trust::TrustStore;
use crate::trust::algorithms::is_signed_by;
use crate::trust::block::Blocks;
use crate::trust::ocsp::Reader;
use crate::trust::path::Place;
use crate::trust::revocation;
use crate::trust::snapshot::Snapshot;
use crate::trust::usage;
use crate::trust::window::validity;

/// Longest path that is told: leaf, six intermediates, anchor (what webpki follows).
const LENGTH_MAX: usize = 8;

/// What a step looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Who issued it: found, and the signature is right.
    Issuer,
    /// notBefore and notAfter.
    Dates,
    /// keyUsage, basicConstraints.
    Usage,
    /// Kind and size of the key.
    Key,
    /// The operator's emergency blocks.
    Block,
    /// CRL and OCSP answer.
    Revocation,
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The step.
    pub step: Step,
    /// Why it failed; nothing where it passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// What was found.
    pub detail: String,
}

/// One certificate of the path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Link {
    /// What it says.
    #[serde(flatten)]
    pub certificate: SignerInfo,
    /// Whether it is an anchor of the store.
    pub is_anchor: bool,
    /// Every step.
    pub findings: Vec<Finding>,
}

/// A check, told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Account {
    /// The time that was asked about.
    pub at: Timestamp,
    /// Whether the certificate may sign messages at that time.
    pub trusted: bool,
    /// Why not: the code with which a message would be refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// The same in words.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// From the signer up, as far as a path was found.
    pub path: Vec<Link>,
}

impl TrustStore {
    /// Checks a certificate at a time, and tells how.
    ///
    /// # Errors
    /// `certificate_invalid` if it is not exactly one certificate.
    pub fn explain(&self, leaf: &[u8], others: &[Vec<u8>], at: Timestamp) -> Result<Account, Refusal> {
        SignerInfo::from_certificate(leaf)?;
        let (code, detail) = match self.check(leaf, others, at) {
            Ok(_) => (None, String::new()),
            Err(refusal) => (Some(refusal.code), refusal.detail.into_owned()),
        };
        let (snapshot, blocks) = self.in_force();
        let path = path(&snapshot, leaf, others);
        let links = (0..path.len()).filter_map(|n| link(&snapshot, &blocks, &path, n, at)).collect();
        Ok(Account { at, trusted: code.is_none(), code, detail, path: links })
    }
}

/// From the leaf up to an anchor, by names and signatures alone; as far as it goes.
fn path(snapshot: &Snapshot, leaf: &[u8], others: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut path = vec![leaf.to_vec()];
    let mut seen = HashSet::from([Digest::of(leaf)]);
    while let Some(last) = path.last().filter(|last| path.len() < LENGTH_MAX && !snapshot.is_anchor(last)) {
        let issuer = {
            let mut known = snapshot.certificates().chain(others.iter().map(Vec::as_slice));
            known.find(|der| !seen.contains(&Digest::of(der)) && issued(der, last)).map(<[u8]>::to_vec)
        };
        let Some(issuer) = issuer else { break };
        seen.insert(Digest::of(&issuer));
        path.push(issuer);
    }
    path
}

/// Whether the one certificate is signed with the key of the other, and names it.
pub(super) fn issued(issuer: &[u8], certificate: &[u8]) -> bool {
    let (Ok((_, above)), Ok((_, below))) = (X509Certificate::from_der(issuer), X509Certificate::from_der(certificate))
    else {
        return false;
    };
    below.issuer().as_raw() == above.subject().as_raw() && is_certificate_signed(certificate, above.public_key().raw)
}

/// Whether the key of this SubjectPublicKeyInfo signed a certificate.
pub(super) fn is_certificate_signed(certificate: &[u8], spki: &[u8]) -> bool {
    Reader::signed_parts(certificate)
        .is_some_and(|(signed, algorithm, signature)| is_signed_by(spki, algorithm, signed, signature))
}

fn link(snapshot: &Snapshot, blocks: &Blocks, path: &[Vec<u8>], n: usize, at: Timestamp) -> Option<Link> {
    let der = path.get(n)?;
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let issuer = path.get(n.saturating_add(1)).and_then(|der| X509Certificate::from_der(der).ok());
    let is_anchor = snapshot.is_anchor(der);
    let place = match n {
        0 => Place::Leaf,
        _ if is_anchor => Place::Anchor,
        _ => Place::Issuer(n.saturating_sub(1)),
    };
    let spki = certificate.public_key().raw;
    let mut findings = vec![
        finding(Step::Dates, validity(&certificate, place, at).map(|_| dates(&certificate))),
        finding(Step::Usage, allowed(&certificate, place, n).map(|()| String::new())),
        finding(Step::Key, PublicKey::from_spki(spki).map(|_| String::new())),
        finding(Step::Block, blocks.check(der, spki, place, at).map(|_| String::new())),
    ];
    match issuer {
        _ if is_anchor => {}
        None => findings.insert(0, finding(Step::Issuer, Err(no_issuer(&certificate)))),
        Some((_, issuer)) => {
            let name = SignerInfo::from_certificate(path.get(n.saturating_add(1))?).ok()?.subject;
            findings.insert(0, finding(Step::Issuer, Ok(name)));
            let known = snapshot.known(blocks);
            let good = revocation::status(known, &certificate, &issuer, place, at);
            findings.push(finding(Step::Revocation, good.map(|good| by(&good))));
        }
    }
    Some(Link { certificate: SignerInfo::from_certificate(der).ok()?, is_anchor, findings })
}

fn allowed(certificate: &X509Certificate<'_>, place: Place, n: usize) -> Result<(), Refusal> {
    match place {
        Place::Leaf => usage::check_leaf(certificate),
        _ => usage::check_issuer(certificate, place, n.saturating_sub(1)),
    }
}

fn finding(step: Step, outcome: Result<String, Refusal>) -> Finding {
    match outcome {
        Ok(detail) => Finding { step, code: None, detail },
        Err(refusal) => Finding { step, code: Some(refusal.code), detail: refusal.detail.into_owned() },
    }
}

fn dates(certificate: &X509Certificate<'_>) -> String {
    let at = |time| crate::trust::window::timestamp(time);
    let validity = certificate.validity();
    format!("{} - {}", at(validity.not_before), at(validity.not_after))
}

fn no_issuer(certificate: &X509Certificate<'_>) -> Refusal {
    let issuer = certificate.issuer();
    Refusal::new(Code::ChainNotFound, format!("{issuer} is not among anchors and intermediates, or did not sign it"))
}

fn by(good: &revocation::Good) -> String {
    let what = match good.evidence.first().map(|material| material.kind) {
        Some(MaterialKind::Ocsp) => "OCSP",
        _ => "CRL",
    };
    format!("{what}, until {}", good.window.until)
}
