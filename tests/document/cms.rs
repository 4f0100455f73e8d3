//! CMS in files of their own, made by openssl.

use truc::document::{FileKind, HolderKind, Note, Reason, Revocation, SignatureReport};
use truc::domain::Code;
use truc::signature::Indication;

use crate::support::{Office, openssl};

const DOCX: &[u8] = b"PK\x03\x04 not really a docx, but bytes that were signed\r\n";

/// Signs DOCX with `openssl cms` and gives the signature.
fn sign(name: &str, more: &[&str]) -> Vec<u8> {
    sign_octets(DOCX, name, more)
}

fn sign_octets(content: &[u8], name: &str, more: &[&str]) -> Vec<u8> {
    let office = Office::shared();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("letter.docx"), content).unwrap();
    let file = |ending: &str| office.folder.join(format!("{name}.{ending}")).display().to_string();
    let (certificate, key) = (file("pem"), file("key"));
    let base = ["cms", "-sign", "-binary", "-in", "letter.docx", "-signer", &certificate, "-inkey", &key];
    openssl(folder.path(), &[&base[..], more, &["-out", "letter.docx.p7s"]].concat());
    std::fs::read(folder.path().join("letter.docx.p7s")).unwrap()
}

fn examine(signature: &[u8], content: Option<&[u8]>) -> SignatureReport {
    let mut report = Office::shared().examine(signature, content);
    assert_eq!(report.kind, FileKind::Cms);
    assert_eq!(report.signatures.len(), 1);
    report.signatures.remove(0)
}

#[test]
fn a_detached_signature_is_valid_over_the_file_beside_it_and_no_other() {
    let signature = sign("person", &["-outform", "DER", "-cades"]);
    let report = examine(&signature, Some(DOCX));
    assert!(report.passed(), "{report:?}");
    assert_eq!(report.signer.as_ref().unwrap().subject, "CN=Nguyễn Văn An,O=BỘ THỬ,C=VN");
    assert_eq!(report.holder.kind, HolderKind::Person);
    assert_eq!(report.algorithm.as_deref(), Some("RSA-2048 SHA-256"));
    assert_eq!(report.root.as_ref().unwrap().subject, "CN=GỐC THỬ,C=VN");
    assert!(matches!(&report.revocation, Revocation::Good { sources } if sources.len() == 2), "{report:?}");
    assert_eq!(report.notes, []);

    let changed = examine(&signature, Some(b"PK\x03\x04 something else"));
    assert_eq!((changed.indication, changed.reason), (Indication::TotalFailed, Some(Reason::DigestMismatch)));
    let missing = examine(&signature, None);
    assert_eq!((missing.indication, missing.reason), (Indication::Indeterminate, Some(Reason::ContentMissing)));
}

#[test]
fn every_way_of_writing_cms_is_read() {
    for more in [
        &["-outform", "DER"][..],
        &["-outform", "PEM"],
        &["-outform", "DER", "-stream", "-nodetach"],
        &["-outform", "DER", "-nodetach"],
        &["-outform", "DER", "-keyid"],
        &["-outform", "DER", "-md", "sha512"],
        &["-outform", "DER", "-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:digest"],
        &["-outform", "DER", "-noattr"],
    ] {
        let report = examine(&sign("person", more), Some(DOCX));
        assert!(report.passed(), "{more:?}: {report:?}");
    }
    let curve = examine(&sign("curve", &["-outform", "DER", "-md", "sha384"]), Some(DOCX));
    assert!(curve.passed());
    assert_eq!(curve.algorithm.as_deref(), Some("ECDSA P-384 SHA-384"));
}

#[test]
fn what_a_cms_holds_may_look_like_a_pdf() {
    let content = b"%PDF-1.7\nnot really a PDF, but it begins like one\n";
    let report = examine(&sign_octets(content, "person", &["-outform", "DER", "-nodetach"]), None);
    assert!(report.passed(), "{report:?}");
}

#[test]
fn what_is_weak_is_computed_and_named() {
    let sha1 = examine(&sign("person", &["-outform", "DER", "-md", "sha1"]), Some(DOCX));
    assert_eq!((sha1.indication, sha1.reason), (Indication::Indeterminate, Some(Reason::AlgorithmWeak)));
    assert!(sha1.notes.contains(&Note::Sha1) && sha1.root.is_some());
    let short = examine(&sign("short", &["-outform", "DER"]), Some(DOCX));
    assert_eq!(short.reason, Some(Reason::Certificate(Code::AlgorithmNotAllowed)));
    assert!(short.notes.contains(&Note::ShortKey));
    let changed = examine(&sign("short", &["-outform", "DER"]), Some(b"other"));
    assert_eq!(changed.reason, Some(Reason::DigestMismatch));
}

#[test]
fn the_certificate_is_judged_by_the_books() {
    let revoked = examine(&sign("revoked", &["-outform", "DER"]), Some(DOCX));
    assert_eq!(revoked.reason, Some(Reason::Certificate(Code::CertificateRevoked)));
    assert_eq!(revoked.revocation, Revocation::Revoked);
    assert!(revoked.root.is_some(), "where it leads is said all the same");
    let expired = examine(&sign("expired", &["-outform", "DER"]), Some(DOCX));
    assert_eq!(expired.reason, Some(Reason::Certificate(Code::CertificateExpired)));
    let stranger = examine(&sign("stranger", &["-outform", "DER"]), Some(DOCX));
    assert_eq!(stranger.reason, Some(Reason::Certificate(Code::ChainNotFound)));
    assert_eq!(stranger.root, None);
    let without = examine(&sign("person", &["-outform", "DER", "-nocerts"]), Some(DOCX));
    assert_eq!(without.reason, Some(Reason::CertificateMissing));
}

#[test]
fn a_changed_octet_anywhere_is_never_valid_as_before() {
    let office = Office::shared();
    let trust = office.trust();
    let signature = sign("person", &["-outform", "DER", "-cades"]);
    let before = examine(&signature, Some(DOCX));
    let examiner = truc::document::Examiner::alone(&trust, crate::support::days(0));
    let mut refused = 0;
    for at in (0..signature.len()).step_by(3) {
        let mut changed = signature.clone();
        changed[at] ^= 0x15;
        let report = &examiner.examine(&changed.as_slice(), Some(&DOCX), &office.folder).unwrap()[0];
        let passed = report.signatures.first().is_some_and(SignatureReport::passed);
        refused += usize::from(!passed);
        if passed {
            assert_eq!(report.signatures[0].signer, before.signer, "at {at}");
        }
    }
    assert!(refused * 3 > signature.len() - 200, "{refused} of {}", signature.len() / 3);
}

#[test]
fn garbage_is_no_signature() {
    let office = Office::shared();
    for garbage in [&b""[..], b"0", b"-----BEGIN CMS-----\n", &[0x30, 0x80], &[0x30; 5000], b"hello"] {
        let report = office.examine(garbage, None);
        assert_eq!((report.kind, report.signatures.len()), (FileKind::Other, 0));
    }
}
