//! A verdict again, years later: from the evidence that was kept with the message and nothing else.

use std::path::PathBuf;

use crate::domain::{Code, Refusal, Timestamp};
use crate::signature::{Chain, Material, MaterialKind};
use crate::trust::Asked;
use crate::trust::block::Blocks;
use crate::trust::files::Loaded;
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
    let of_kind = |kind| evidence.iter().filter(move |material| material.kind == kind).map(|kept| kept.der.to_vec());
    let mut certificates = of_kind(MaterialKind::Certificate);
    let leaf =
        certificates.next().ok_or_else(|| Refusal::new(Code::CertificateInvalid, "the evidence has no certificate"))?;
    let files = Files {
        anchors: loaded("anchors", anchors.to_vec()),
        intermediates: loaded("certificates of the evidence", certificates.collect()),
        crls: loaded("CRLs of the evidence", of_kind(MaterialKind::Crl).collect()),
        ocsp: loaded("OCSP answers of the evidence", of_kind(MaterialKind::Ocsp).collect()),
    };
    // What was not to be had at the time of receipt came later: its date is no reason to refuse it.
    let whenever = Timestamp::from_millis(i64::MAX);
    let snapshot =
        Snapshot::build(files, Ages::default(), None, &CrlFloors::default(), whenever).map_err(|faults| {
            let first = faults.first().map_or_else(String::new, ToString::to_string);
            Refusal::new(Code::CertificateInvalid, first)
        })?;
    snapshot.check(&leaf, &[], Asked::now(Usage::SIGNER, at), &Blocks::default()).map(|(chain, _)| chain)
}

fn loaded(name: &str, items: Vec<Vec<u8>>) -> Vec<Loaded> {
    items.into_iter().map(|item| Loaded { path: PathBuf::from(name), items: Ok(vec![item]) }).collect()
}
