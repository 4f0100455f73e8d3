//! Signatures in documents: PDFs, CMS, time stamps, zips. Nothing is trusted here, so nothing may pass.
#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use truc::document::{Examiner, FileReport, SignatureReport};
use truc::trust::{Sources, TrustStore};
use truc_fuzz::now;

fuzz_target!(|data: &[u8]| {
    static TRUST: OnceLock<TrustStore> = OnceLock::new();
    let trust = TRUST.get_or_init(|| TrustStore::open(Sources::default(), now()).expect("an empty store"));
    let examiner = Examiner::alone(trust, now());
    let content: &[u8] = b"hello";
    let reports = examiner.examine(&data, Some(&content), &std::env::temp_dir()).expect("bytes in memory");
    let passed = |report: &FileReport| report.signatures.iter().any(SignatureReport::passed);
    assert!(!reports.iter().any(passed), "a signature that nobody trusts passes");
    let stamp = examiner.time_stamp(data, content, &[]).expect("bytes in memory");
    assert!(stamp.proven().is_none(), "a time stamp that nobody trusts proves a time");
});
