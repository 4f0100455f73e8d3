//! The signatures in documents, by the real binary: of files alone, of a message, and as a hub reports them.

use std::process::Command;

use crate::support::TestHub;

/// A file and its detached signature by a system certificate of the demo, made by openssl.
fn signed(hub: &TestHub, by: &str) -> (String, String) {
    let (letter, signature) = (hub.file("letter.docx"), hub.file("letter.docx.p7s"));
    std::fs::write(&letter, "so many words\n").unwrap();
    let of = |ending: &str| hub.path(&format!("test-pki/agencies/{by}.{ending}"));
    let output = Command::new("openssl")
        .args(["cms", "-sign", "-binary", "-cades", "-outform", "DER", "-in", &letter, "-out", &signature, "-signer"])
        .arg(of("crt"))
        .arg("-inkey")
        .arg(of("key"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    (letter, signature)
}

#[test]
fn a_detached_signature_is_verified_without_a_hub() {
    let hub = TestHub::made();
    let (letter, signature) = signed(&hub, "vpcp");
    let valid = hub.run(&["verify", &signature]).yes();
    assert!(valid.stdout.starts_with("Chữ ký số của cơ quan, của người ký (văn bản): 1 chữ ký, hợp lệ\n"), "{valid:?}");
    assert!(valid.stdout.contains("Hợp lệ [TOTAL-PASSED]"), "{valid:?}");
    let other = hub.file("other.docx");
    std::fs::write(&other, "other words\n").unwrap();
    let failed = hub.run(&["--json", "verify", &signature, "--content", &other]).code_is(1).json();
    let found = &failed["documents"][0]["files"][0]["signatures"][0];
    assert_eq!(
        (found["indication"].as_str(), found["reason"].as_str()),
        (Some("TOTAL-FAILED"), Some("digest_mismatch"))
    );
    std::fs::remove_file(&letter).unwrap();
    let missing = hub.run(&["--json", "verify", &signature]).code_is(1).json();
    assert_eq!(missing["documents"][0]["files"][0]["signatures"][0]["reason"], "signed_content_missing");
}

#[test]
fn an_authority_that_came_with_a_signature_is_enough_to_take_its_crl() {
    let hub = TestHub::made();
    let of = |name: &str| hub.path(&format!("test-pki/{name}")).display().to_string();
    let (letter, signature) = (hub.file("letter.docx"), hub.file("letter.docx.p7s"));
    std::fs::write(&letter, "so many words\n").unwrap();
    let (certificate, key, authority) = (of("agencies/vpcp.crt"), of("agencies/vpcp.key"), of("ca/sub.crt"));
    let arguments = ["cms", "-sign", "-binary", "-outform", "DER", "-in", &letter, "-out", &signature];
    let made = Command::new("openssl")
        .args(arguments)
        .args(["-signer", &certificate, "-inkey", &key, "-certfile", &authority])
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    let (root, crls) = (of("ca/root.crt"), ["crl/root.crl", "crl/sub.crl"].map(of));
    let trusting = ["--trust", &root, "--crl", &crls[0]];
    let unknown = hub.run(&[&["--json", "verify", &signature], &trusting[..]].concat()).code_is(1).json();
    assert_eq!(unknown["documents"][0]["files"][0]["signatures"][0]["sub_indication"], "TRY_LATER", "{unknown}");
    hub.run(&[&["verify", &signature, "--crl", &crls[1]], &trusting[..]].concat()).yes();
}

#[test]
fn a_clerk_sees_two_lines_the_systems_and_the_agencys() {
    let hub = TestHub::running();
    let (letter, signature) = signed(&hub, "vpcp");
    let sent = hub.send("H41", "1/VPCP-TH", &["--attach", &letter, "--attach", &signature]);
    let alone = hub.run(&["verify", &sent]).yes().stdout;
    let told = hub.by("nghean", &["track", "1/VPCP-TH"]).yes().stdout;
    for text in [&alone, &told] {
        assert!(text.contains("Chữ ký hệ thống (gói tin): "), "{text}");
        assert!(text.contains("Chữ ký số của cơ quan, của người ký (văn bản): 1 chữ ký, hợp lệ"), "{text}");
    }
    assert!(told.contains("cơ quan (đã đăng ký cho cơ quan gửi)"), "{told}");
    let plain = hub.send("H41", "2/VPCP-TH", &[]);
    let text = hub.run(&["verify", &plain]).yes().stdout;
    assert!(text.contains("(văn bản): không có chữ ký"), "{text}");
}
