//! Every rfc3161 row of ../shared/vectors/index.json against the hub's own check of time stamps.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use truc::document::{Examiner, Reason, TimeStampReport};
use truc::domain::Code;
use truc::signature::Indication;
use truc::trust::files::certificates;
use truc::trust::{Sources, TrustStore};

use crate::support::days;

/// What was stamped, and what must come of it. The vectors bring no CRLs: where all else is right, revocation is unknown.
const ROWS: [(&str, &str, &str, Expected); 7] = [
    ("tsp/identrust/issue-104.tsr", "valid", "hello", Expected::Valid),
    ("tsp/sigstage/response-invalid-signature.tsr", "invalid", "hello", Expected::Invalid(Reason::SignatureInvalid)),
    ("tsp/sigstage/response-no-embedded-cert.tsr", "valid", "hello", Expected::ValidWhenKnown),
    ("tsp/sigstage/response-sha256.tsr", "valid", "hello", Expected::Valid),
    ("tsp/sigstage/response-sha512.tsr", "valid", "hello", Expected::Valid),
    ("tsp/test_tsa/response-injected-certs.tsr", "injected", "hello", Expected::Valid),
    ("tsp/test_tsa/response.tsr", "valid", "hello", Expected::Valid),
];

#[derive(Debug, Clone, Copy)]
enum Expected {
    Valid,
    /// Only when the authority's certificate is given.
    ValidWhenKnown,
    Invalid(Reason),
}

fn vectors() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/vectors");
    if !folder.is_dir() {
        eprintln!("SKIPPED rfc3161 vectors: ../shared/vectors is not there");
        return None;
    }
    Some(folder)
}

fn chain(vectors: &Path, row: &str) -> Vec<Vec<u8>> {
    certificates(std::fs::read(vectors.join(row).with_file_name("ts_chain.pem")).unwrap()).unwrap()
}

/// A store with the last certificate of the row's chain as its anchor and those between as intermediates.
fn store(folder: &Path, chain: &[Vec<u8>]) -> TrustStore {
    let (root, rest) = chain.split_last().unwrap();
    let write = |name: &str, der: &[u8]| {
        let path = folder.join(name);
        std::fs::write(&path, der).unwrap();
        path
    };
    let anchors = vec![write("root.crt", root)];
    let between = rest.iter().skip(1).enumerate();
    let intermediates = between.map(|(n, der)| write(&format!("{n}.crt"), der)).collect();
    TrustStore::open(Sources { anchors, intermediates, ..Sources::default() }, days(0)).unwrap()
}

fn examine(vectors: &Path, row: &str, content: &[u8], known: &[Vec<u8>]) -> TimeStampReport {
    let folder = tempfile::tempdir().unwrap();
    let trust = store(folder.path(), &chain(vectors, row));
    let token = std::fs::read(vectors.join(row)).unwrap();
    Examiner::alone(&trust, days(0)).time_stamp(&token, content, known).unwrap()
}

fn is_valid(report: &TimeStampReport) -> bool {
    report.indication == Indication::Indeterminate
        && report.reason == Some(Reason::Certificate(Code::RevocationUnknown))
        && report.gen_time.is_some()
        && report.root.is_some()
}

#[test]
fn every_row_gets_its_verdict() {
    let Some(vectors) = vectors() else { return };
    let index: serde_json::Value = serde_json::from_slice(&std::fs::read(vectors.join("index.json")).unwrap()).unwrap();
    let rows: Vec<_> = index.as_array().unwrap().iter().filter(|row| row["kind"] == "rfc3161").collect();
    assert_eq!(rows.len(), ROWS.len(), "a row was added or taken away");
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for row in rows {
        let id = row["id"].as_str().unwrap();
        let (_, class, content, expected) = ROWS.iter().find(|(known, ..)| *known == id).expect("an unknown row");
        let report = examine(&vectors, id, content.as_bytes(), &[]);
        match expected {
            Expected::Valid => assert!(is_valid(&report), "{id}: {report:#?}"),
            Expected::ValidWhenKnown => {
                assert_eq!(report.reason, Some(Reason::CertificateMissing), "{id}");
                let given = examine(&vectors, id, content.as_bytes(), &chain(&vectors, id)[..1]);
                assert!(is_valid(&given), "{id}: {given:#?}");
            }
            Expected::Invalid(reason) => assert_eq!(report.reason, Some(*reason), "{id}"),
        }
        let other = examine(&vectors, id, b"other", &[]);
        assert_ne!(other.indication, Indication::TotalPassed);
        assert!(!is_valid(&other), "{id} is not a time stamp of other content");
        *counts.entry(class).or_default() += 1;
    }
    for (class, count) in counts {
        println!("vectors: rfc3161 {class} {count}");
    }
}

#[test]
fn injected_certificates_do_not_change_the_signer() {
    let Some(vectors) = vectors() else { return };
    let plain = examine(&vectors, "tsp/test_tsa/response.tsr", b"hello", &[]);
    let injected = examine(&vectors, "tsp/test_tsa/response-injected-certs.tsr", b"hello", &[]);
    assert_eq!(plain.authority, injected.authority);
    assert_eq!(plain.root, injected.root);
}

#[test]
fn a_chain_that_is_not_trusted_proves_nothing() {
    let Some(vectors) = vectors() else { return };
    let folder = tempfile::tempdir().unwrap();
    let trust = store(folder.path(), &chain(&vectors, "tsp/test_tsa/response.tsr"));
    let token = std::fs::read(vectors.join("tsp/sigstage/response-sha256.tsr")).unwrap();
    let report = Examiner::alone(&trust, days(0)).time_stamp(&token, b"hello", &[]).unwrap();
    assert_eq!(report.reason, Some(Reason::Certificate(Code::ChainNotFound)));
}
