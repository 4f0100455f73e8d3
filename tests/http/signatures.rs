//! The signatures in a document's files, as the hub reports them.

use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use truc::client::Upload;
use truc::document::{FileKind, HolderBasis, HolderKind, Reason};

use crate::fixture::Door;

/// `content` signed by openssl with a system certificate of the test PKI, inside the signature.
fn cms(door: &Door, file: &str, content: &[u8]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("in"), content).unwrap();
    let output = Command::new("openssl")
        .args(["cms", "-sign", "-binary", "-nodetach", "-outform", "DER", "-in", "in", "-out", "out", "-signer"])
        .arg(door.test.pki.certificate(file))
        .arg("-inkey")
        .arg(door.test.pki.key(file))
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::fs::read(folder.path().join("out")).unwrap()
}

#[tokio::test]
async fn what_is_signed_inside_is_reported_to_those_whom_it_concerns() {
    let door = Door::open().await;
    let file = STANDARD.encode(cms(&door, "G22", b"a letter"));
    let receipt = door.client("g22").send_document(&Upload::bytes(door.signed("1", &file))).await.unwrap();
    for system in ["g22", "h41"] {
        let report = door.client(system).signatures(receipt.id).await.unwrap();
        assert_eq!((report.id, report.received_at, report.attachments.len()), (receipt.id, receipt.time, 1));
        let found = &report.attachments[0];
        assert_eq!((found.attachment, found.name.as_str(), found.files[0].kind), (1, "vb.txt", FileKind::Cms));
        let signature = &found.files[0].signatures[0];
        assert!(signature.passed(), "{signature:#?}");
        assert_eq!((signature.holder.kind, signature.holder.basis), (HolderKind::Agency, HolderBasis::Register));
        assert_eq!(signature.holder.is_senders, Some(true));
    }
    let answer = door.get(&format!("/v1/documents/{}/signatures", receipt.id), "h14").await;
    assert_eq!((answer.status, answer.code().as_str()), (404, "not_found"));
}

#[tokio::test]
async fn a_bad_signature_inside_keeps_nobody_from_sending_and_is_said() {
    let door = Door::open().await;
    let mut signature = cms(&door, "H41", b"a letter");
    let at = signature.windows(8).position(|window| window == b"a letter").unwrap();
    signature[at] = b'A';
    let file = STANDARD.encode(signature);
    let receipt = door.client("g22").send_document(&Upload::bytes(door.signed("2", &file))).await.unwrap();
    let report = door.client("h41").signatures(receipt.id).await.unwrap();
    assert_eq!(report.attachments[0].files[0].signatures[0].reason, Some(Reason::DigestMismatch));
    let plain = door.signed("3", "aGVsbG8=");
    let receipt = door.client("g22").send_document(&Upload::bytes(plain)).await.unwrap();
    let report = door.client("h41").signatures(receipt.id).await.unwrap();
    assert!(report.attachments[0].files[0].signatures.is_empty());
}
