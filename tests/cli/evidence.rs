//! What is checked without a hub: signatures, receipts, trails.

use crate::support::{TestHub, altered};

#[test]
fn receipts_and_trails_prove_themselves_and_nothing_else() {
    let mut hub = TestHub::running();
    let sent = hub.send("H41", "1/VPCP-TH", &[]);
    hub.by("nghean", &["fetch", "1/VPCP-TH", "-o", &hub.file("in.edxml")]).yes();
    let (export, receipt) = (hub.file("trail.jsonl"), format!("{sent}.tlog-proof"));
    hub.by("vpcp", &["trail", "1/VPCP-TH", "--export", &export]).yes();
    let again = hub.file("again.tlog-proof");
    hub.by("vpcp", &["receipt", "get", "1/VPCP-TH", "-o", &again]).yes();
    let key = std::fs::read_to_string(hub.path("keys/log.vkey")).unwrap();
    hub.stop();

    for proof in [&receipt, &again] {
        let valid = hub.run(&["--json", "receipt", "verify", proof, "--message", &sent]).yes().json();
        assert_eq!((valid["verified"].as_bool(), valid["entry"]["kind"].as_str()), (Some(true), Some("accepted")));
    }
    hub.run(&["receipt", "verify", &receipt, "--key", key.trim()]).yes();
    hub.run(&["receipt", "verify", &receipt, "--message", &receipt]).code_is(1);
    hub.run(&["receipt", "verify", &altered(&receipt, "index ", "index 1")]).code_is(1);

    let valid = hub.run(&["trail", "verify", &export]).yes();
    assert!(valid.stdout.contains("nơi nhận lấy về lần đầu"), "{valid:?}");
    hub.run(&["trail", "verify", &altered(&export, "H41", "H14")]).code_is(1);
    let lines: Vec<_> = std::fs::read_to_string(&export).unwrap().lines().map(str::to_owned).collect();
    std::fs::write(&export, format!("{}\n{}\n", lines[1], lines[0])).unwrap();
    hub.run(&["trail", "verify", &export]).code_is(1);
}

#[test]
fn a_signature_is_judged_at_a_time_and_in_the_standards_words() {
    let hub = TestHub::running();
    let sent = hub.send("H41", "1/VPCP-TH", &[]);
    let valid = hub.run(&["verify", &sent]).yes();
    assert!(valid.stdout.contains("Hợp lệ [TOTAL-PASSED]"), "{valid:?}");
    let failed = hub.run(&["--json", "verify", &altered(&sent, "thử nghiệm", "thử nghiêm")]).code_is(1).json();
    assert_eq!(
        (failed["indication"].as_str(), failed["sub_indication"].as_str()),
        (Some("TOTAL-FAILED"), Some("HASH_FAILURE"))
    );
    let early = hub.run(&["--json", "verify", &sent, "--at", "2001-01-01"]).code_is(1).json();
    assert_ne!(early["indication"], "TOTAL-PASSED");
    let nobody = hub.file("trust");
    std::fs::create_dir_all(format!("{nobody}/roots")).unwrap();
    std::fs::create_dir_all(format!("{nobody}/intermediates")).unwrap();
    std::fs::create_dir_all(format!("{nobody}/crl")).unwrap();
    let untrusted = hub.run(&["--json", "verify", &sent, "--trust", &nobody]).code_is(1).json();
    assert_eq!(untrusted["sub_indication"], "NO_CERTIFICATE_CHAIN_FOUND");
}
