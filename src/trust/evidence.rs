//! A verdict again, years later: from the evidence that was kept with the message and nothing else.

use std::path::PathBuf;

use crate::domain::{Code, Refusal, Timestamp};
use crate::signature::{Chain, ChainCheck, Material, MaterialKind};
use crate::trust::Asked;
use crate::trust::block::Blocks;
use crate::trust::files::{Kind, Loaded, load};
use crate::trust::floors::CrlFloors;
use crate::trust::rules::Ages;
use crate::trust::snapshot::{Files, Snapshot};
use crate::trust::usage::Usage;

/// Checks the path of the first certificate in the evidence (the leaf, as [`Chain::evidence`] has it) as it stood at
/// `at`, the time of receipt. The evidence is believed for nothing but its signatures: `anchors`, in DER, are those that
/// the verifier trusts today, and every CRL must be signed under them.
///
/// # Errors
/// As [`ChainCheck::check`](crate::signature::ChainCheck::check); [`Code::CertificateInvalid`] also for an anchor or a
/// certificate of the evidence that is not that of an authority.
pub fn check_with_evidence(evidence: &[Material], anchors: &[Vec<u8>], at: Timestamp) -> Result<Chain, Refusal> {
    // What was not to be had at the time of receipt came later: its date is no reason to refuse it.
    let whenever = Timestamp::from_millis(i64::MAX);
    let kept = KeptEvidence::of(evidence, loaded("anchors", anchors.to_vec()), whenever)?;
    kept.snapshot.check(&kept.leaf, &[], Asked::now(Usage::SIGNER, at), &Blocks::default()).map(|(chain, _)| chain)
}

/// The evidence of one verdict, as a check of paths: it knows the certificate of the one signer, what was kept with it,
/// and the anchors that the verifier trusts today. No block counts, no CRL but those that were kept.
#[derive(Debug)]
pub struct KeptEvidence {
    leaf: Vec<u8>,
    snapshot: Snapshot,
}

impl KeptEvidence {
    /// Evidence that was complete at `known`, over anchors in files and folders.
    ///
    /// # Errors
    /// [`Code::CertificateInvalid`] for an anchor or a certificate of the evidence that is not that of an authority.
    pub fn open(evidence: &[Material], anchors: &[PathBuf], known: Timestamp) -> Result<Self, Refusal> {
        Self::of(evidence, load(anchors, Kind::Certificate), known)
    }

    fn of(evidence: &[Material], anchors: Vec<Loaded>, known: Timestamp) -> Result<Self, Refusal> {
        let (leaf, snapshot) = snapshot(evidence, anchors, known)?;
        Ok(Self { leaf, snapshot })
    }
}

impl ChainCheck for KeptEvidence {
    fn check(&self, leaf: &[u8], _: &[Vec<u8>], at: Timestamp) -> Result<Chain, Refusal> {
        if leaf != self.leaf {
            return Err(Refusal::new(Code::CertificateInvalid, "the signer's certificate is not that of the evidence"));
        }
        self.snapshot.check(leaf, &[], Asked::now(Usage::SIGNER, at), &Blocks::default()).map(|(chain, _)| chain)
    }
}

/// The leaf, and everything that the evidence holds.
fn snapshot(evidence: &[Material], anchors: Vec<Loaded>, known: Timestamp) -> Result<(Vec<u8>, Snapshot), Refusal> {
    let of_kind = |kind| evidence.iter().filter(move |material| material.kind == kind).map(|kept| kept.der.to_vec());
    let mut certificates = of_kind(MaterialKind::Certificate);
    let leaf =
        certificates.next().ok_or_else(|| Refusal::new(Code::CertificateInvalid, "the evidence has no certificate"))?;
    let files = Files {
        anchors,
        intermediates: loaded("certificates of the evidence", certificates.collect()),
        crls: loaded("CRLs of the evidence", of_kind(MaterialKind::Crl).collect()),
        ocsp: loaded("OCSP answers of the evidence", of_kind(MaterialKind::Ocsp).collect()),
    };
    // By nextUpdate alone: a hub's ages only shorten that, so what passed under them passes here; and those of today must
    // not change a verdict of yesterday.
    let snapshot = Snapshot::build(files, Ages::default(), None, &CrlFloors::default(), known).map_err(|faults| {
        let first = faults.first().map_or_else(String::new, ToString::to_string);
        Refusal::new(Code::CertificateInvalid, first)
    })?;
    Ok((leaf, snapshot))
}

fn loaded(name: &str, items: Vec<Vec<u8>>) -> Vec<Loaded> {
    items.into_iter().map(|item| Loaded { path: PathBuf::from(name), items: Ok(vec![item]) }).collect()
}
