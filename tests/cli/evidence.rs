//! What is checked without a hub: signatures, receipts, trails.

use truc::clock::{Clock as _, SystemClock};
use truc::domain::Timestamp;
use truc::trust::files::certificates;
use truc::trust::pki::{Authority, Key, Layout, OcspPlan, OcspStatus, RevocationReason, reissue_crl};

use crate::support::{TestHub, altered};

fn in_a_week() -> Timestamp {
    Timestamp::from_millis(SystemClock.now().as_millis() + 7 * 86_400_000)
}

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

#[test]
fn a_verdict_is_computed_again_from_the_kept_evidence_and_from_nothing_else() {
    let mut hub = TestHub::running();
    let sent = hub.send("H41", "1/VPCP-TH", &[]);
    let (evidence, message) = (hub.file("evidence.json"), hub.file("in.edxml"));
    hub.by("nghean", &["fetch", "1/VPCP-TH", "-o", &message]).yes();
    hub.by("nghean", &["trail", "evidence", "1/VPCP-TH", "-o", &evidence]).yes();
    let (other, key) = (hub.send("H41", "2/VPCP-TH", &[]), hub.path("keys/log.vkey").display().to_string());
    hub.stop();

    let again = ["verify", &message, "--as-of", &evidence, "--key", &key];
    let valid = hub.run(&again).yes();
    assert!(valid.stdout.contains("[TOTAL-PASSED]") && valid.stdout.contains("giống kết luận đã ghi"), "{valid:?}");
    // The signer's CA has revoked the certificate since: a verdict by what is known today is another one, this one not.
    let layout = Layout::new(hub.path("test-pki"));
    let revoked = [(layout.certificate("vpcp"), RevocationReason::KeyCompromise)];
    reissue_crl(&layout, "sub", SystemClock.now(), in_a_week(), &revoked).unwrap();
    std::fs::copy(layout.crl("sub"), hub.path("trust/crl/sub.crl")).unwrap();
    let today = hub.run(&["--json", "verify", &message]).code_is(1).json();
    assert_eq!(today["sub_indication"], "REVOKED");
    let json = hub.run(&[["--json"].as_slice(), again.as_slice()].concat()).yes().json();
    assert_eq!((json["indication"].as_str(), json["same_as_recorded"].as_bool()), (Some("TOTAL-PASSED"), Some(true)));

    hub.run(&["verify", &other, "--as-of", &evidence]).code_is(1);
    hub.run(&["verify", &altered(&message, "thử nghiệm", "thử nghiêm"), "--as-of", &evidence]).code_is(1);
    let text = std::fs::read_to_string(&evidence).unwrap();
    let parsed: serde_json::Value = serde_json::from_str(&text).unwrap();
    let changes: [fn(&mut serde_json::Value); 4] = [
        |it| it["entry"] = it["entry"].as_str().unwrap().replace("TOTAL-PASSED", "TOTAL-FAILED").into(),
        |it| drop(it["materials"].as_array_mut().unwrap().pop()),
        |it| it["materials"][1]["der"] = it["materials"][0]["der"].clone(),
        |it| it["proof"] = it["proof"].as_str().unwrap().replace("index ", "index 1").into(),
    ];
    for change in changes {
        let mut changed = parsed.clone();
        change(&mut changed);
        std::fs::write(&evidence, changed.to_string()).unwrap();
        let refused = hub.run(&["verify", &message, "--as-of", &evidence]).code_is(1);
        assert!(refused.stderr.contains("căn cứ không dùng được"), "{refused:?}");
    }
    std::fs::write(&evidence, text).unwrap();
    std::fs::remove_dir_all(hub.path("trust/roots")).unwrap();
    std::fs::create_dir_all(hub.path("trust/roots")).unwrap();
    let untrusted = hub.run(&["verify", &message, "--as-of", &evidence]).code_is(1);
    assert!(untrusted.stdout.contains("KHÁC"), "the evidence brings no trust of its own: {untrusted:?}");
    drop(sent);
}

/// The issuing authority's answer that this system's certificate is good.
fn good_by_ocsp(layout: &Layout, file: &str) -> Vec<u8> {
    let der = |path: std::path::PathBuf| certificates(std::fs::read(path).unwrap()).unwrap().remove(0);
    let key = Key::from_pkcs8_pem(&std::fs::read_to_string(layout.ca("sub").with_extension("key")).unwrap()).unwrap();
    let authority = Authority::continued(der(layout.ca("sub")).into(), key).unwrap();
    let leaf = der(layout.certificate(file));
    let serial = x509_parser::parse_x509_certificate(&leaf).unwrap().1.raw_serial().to_vec();
    let (status, this_update) = (OcspStatus::Good, SystemClock.now());
    let plan = OcspPlan { serial, status, this_update, next_update: Some(in_a_week()), nonce: None };
    authority.ocsp(&plan).unwrap()
}

#[test]
fn an_ocsp_answer_is_kept_as_evidence_where_there_is_no_crl_and_computed_with_again() {
    let mut hub = TestHub::made();
    let layout = Layout::new(hub.path("test-pki"));
    std::fs::remove_file(hub.path("trust/crl/sub.crl")).unwrap();
    std::fs::create_dir_all(hub.path("trust/ocsp")).unwrap();
    std::fs::write(hub.path("trust/ocsp/vpcp.ocsp"), good_by_ocsp(&layout, "vpcp")).unwrap();
    hub.start();
    hub.send("H41", "1/VPCP-TH", &[]);
    let (evidence, message) = (hub.file("evidence.json"), hub.file("in.edxml"));
    hub.by("nghean", &["fetch", "1/VPCP-TH", "-o", &message]).yes();
    hub.by("nghean", &["trail", "evidence", "1/VPCP-TH", "-o", &evidence]).yes();
    hub.stop();

    let text = std::fs::read_to_string(&evidence).unwrap();
    let parsed: serde_json::Value = serde_json::from_str(&text).unwrap();
    let kinds: Vec<_> = parsed["materials"].as_array().unwrap().iter().map(|it| it["kind"].as_str().unwrap()).collect();
    let of = |kind| kinds.iter().filter(|it| **it == kind).count();
    assert_eq!((of("ocsp"), of("crl")), (1, 1), "the answer about the signer, the CRL about its authority: {kinds:?}");

    // Today nothing is to be had, and then the certificate is revoked: the verdict of then stays what it was.
    std::fs::remove_file(hub.path("trust/ocsp/vpcp.ocsp")).unwrap();
    let today = hub.run(&["--json", "verify", &message]).code_is(1).json();
    assert_eq!(today["code"], "revocation_unknown");
    let again = ["--json", "verify", &message, "--as-of", &evidence];
    let json = hub.run(&again).yes().json();
    assert_eq!((json["indication"].as_str(), json["same_as_recorded"].as_bool()), (Some("TOTAL-PASSED"), Some(true)));

    let answer = kinds.iter().position(|kind| *kind == "ocsp").unwrap();
    let mut without = parsed.clone();
    without["materials"].as_array_mut().unwrap().remove(answer);
    let mut renamed = parsed.clone();
    renamed["materials"][answer]["kind"] = "crl".into();
    for changed in [without, renamed] {
        std::fs::write(&evidence, changed.to_string()).unwrap();
        hub.run(&again).code_is(1);
    }
}

/// Runs xmlsec1 and wants a yes; `None`, said loudly, where it is not installed.
pub(crate) fn xmlsec1(arguments: &[&str]) -> Option<()> {
    let Ok(output) = std::process::Command::new("xmlsec1").args(arguments).output() else {
        eprintln!("SKIPPED: xmlsec1 is not installed (apt-get install xmlsec1): NOTHING was compared with it");
        return None;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(())
}

const TEMPLATE: &str = "<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><SignedInfo>\
<CanonicalizationMethod Algorithm=\"http://www.w3.org/TR/2001/REC-xml-c14n-20010315\"/>\
<SignatureMethod Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256\"/><Reference URI=\"\">\
<Transforms><Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"/></Transforms>\
<DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"/><DigestValue/></Reference></SignedInfo>\
<SignatureValue/><KeyInfo><X509Data/></KeyInfo></Signature>";

#[test]
fn truc_sign_passes_xmlsec1_and_what_xmlsec1_signs_passes_truc_verify() {
    let hub = TestHub::running();
    let sent = hub.send("H41", "1/VPCP-TH", &[]);
    let in_data = |name: String| hub.path(&name).display().to_string();
    let [key, certificate] = ["key", "crt"].map(|ending| in_data(format!("test-pki/agencies/vpcp.{ending}")));
    let [root, sub] = ["root", "sub"].map(|name| in_data(format!("test-pki/ca/{name}.crt")));

    let ours = hub.file("ours.edxml");
    hub.run(&["sign", &sent, "--sign-key", &key, "--sign-cert", &certificate, "--output", &ours]).yes();
    let trusted = ["--verify", "--trusted-pem", &root, "--untrusted-pem", &sub, "--enabled-reference-uris", "empty"];
    let Some(()) = xmlsec1(&[&trusted[..], &[ours.as_str()]].concat()) else { return };

    let text = std::fs::read_to_string(&ours).unwrap();
    let (from, to) =
        (text.find("<ds:Signature").unwrap(), text.find("</ds:Signature>").unwrap() + "</ds:Signature>".len());
    let (template, theirs) = (hub.file("template.edxml"), hub.file("theirs.edxml"));
    std::fs::write(&template, format!("{}{TEMPLATE}{}", &text[..from], &text[to..])).unwrap();
    let pair = format!("{key},{certificate}");
    xmlsec1(&["--sign", "--privkey-pem", &pair, "--output", &theirs, &template]).unwrap();
    let passed = hub.run(&["--json", "verify", &theirs]).yes().json();
    assert_eq!(passed["indication"], "TOTAL-PASSED");
}
