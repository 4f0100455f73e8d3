//! Trust in an emergency, through the hub's facade: blocks, what rests on a certificate, evidence.

use truc::api::{BlockRequest, ImpactPage};
use truc::delivery::impact::ImpactQuery;
use truc::delivery::standing::Caller;
use truc::domain::{Code, Digest, HoldState, MessageId};
use truc::engine::Hub;
use truc::trust::pki::RevocationReason;

use crate::support::{Document, TestHub, status};

const HOUR_MS: i64 = 3_600_000;

fn request(reason: &str) -> BlockRequest {
    BlockRequest { reason: reason.to_owned(), ..BlockRequest::default() }
}

fn operator() -> Caller {
    Hub::operator_of_folder()
}

fn fingerprint(pem: &std::path::Path) -> Digest {
    use rustls_pki_types::pem::PemObject;
    Digest::of(&rustls_pki_types::CertificateDer::from_pem_file(pem).unwrap())
}

impl TestHub {
    fn impact(&self, certificate: Digest, issuer: bool, limit: usize, cursor: Option<String>) -> ImpactPage {
        let query = ImpactQuery { certificate, issuer, since: None, cursor, limit };
        self.hub.impact(&operator(), &query).unwrap()
    }
}

fn document(id: &str) -> Document<'_> {
    Document { id, to: &["H14", "H24"], ..Document::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_works_before_the_crl_does_and_after_a_restart_and_is_lifted() {
    let mut hub = TestHub::new().await;
    let (sender, other) = (hub.caller("G22").await, hub.caller("H41").await);
    hub.send(&sender, &hub.signed(&document("before").text(), "G22")).await.unwrap();
    let pem = hub.certificate("G22");
    let block = BlockRequest { certificate: Some(pem.clone()), ..request("mất token lúc 22 giờ") };
    let view = hub.hub.put_block(&operator(), block).await.unwrap();
    assert!(view.in_force && view.revocation.is_none() && view.subject.contains("Hệ thống G22"), "{view:?}");

    let message = hub.signed(&document("a").text(), "G22");
    assert_eq!(hub.send(&sender, &message).await.unwrap_err().code, Code::CertificateBlocked);
    hub = hub.restart_without_index();
    assert_eq!(hub.send(&sender, &message).await.unwrap_err().code, Code::CertificateBlocked);
    assert_eq!(hub.hub.blocks(&operator()).unwrap()[0].reason, "mất token lúc 22 giờ");
    let from_other = Document { from: "H41", ..document("b") };
    hub.send(&other, &hub.signed(&from_other.text(), "H41")).await.unwrap();

    hub.clock.advance(HOUR_MS);
    hub.new_crls(&[("G22", HOUR_MS, RevocationReason::KeyCompromise)]);
    let view = hub.hub.blocks(&operator()).unwrap().remove(0);
    assert_eq!(view.revocation.unwrap().reason.as_deref(), Some("keyCompromise"), "its CA has said so by now");

    let lift = BlockRequest { certificate: Some(pem), lift: true, ..request("CRL đã có") };
    assert!(!hub.hub.put_block(&operator(), lift.clone()).await.unwrap().in_force);
    assert_eq!(hub.hub.put_block(&operator(), lift).await.unwrap_err().code, Code::NotFound);
    assert_eq!(hub.send(&sender, &message).await.unwrap_err().code, Code::CertificateRevoked);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_ends_by_itself_and_a_repeat_is_answered_all_the_same() {
    let hub = TestHub::new().await;
    let sender = hub.caller("G22").await;
    let first = hub.signed(&document("a").text(), "G22");
    hub.send(&sender, &first).await.unwrap();
    let sha256 = fingerprint(&hub.pki.certificate("G22"));
    let until = Some(truc::domain::Timestamp::from_millis(hub.ago(-HOUR_MS).as_millis()));
    let block = BlockRequest { sha256: Some(sha256), until, ..request("kiểm tra") };
    hub.hub.put_block(&operator(), block).await.unwrap();
    assert!(hub.send(&sender, &first).await.unwrap().repeat, "law 3: the first answer again");
    let next = hub.signed(&document("b").text(), "G22");
    assert_eq!(hub.send(&sender, &next).await.unwrap_err().code, Code::CertificateBlocked);
    hub.clock.advance(HOUR_MS);
    hub.send(&sender, &next).await.unwrap();
    assert!(!hub.hub.blocks(&operator()).unwrap()[0].in_force);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blocked_authority_or_key_blocks_everything_under_it() {
    let hub = TestHub::new().await;
    let (sender, other) = (hub.caller("G22").await, hub.caller("H41").await);
    let key = BlockRequest { certificate: Some(hub.certificate("G22")), key: true, ..request("lộ khóa") };
    hub.hub.put_block(&operator(), key).await.unwrap();
    let message = hub.signed(&document("a").text(), "G22");
    assert_eq!(hub.send(&sender, &message).await.unwrap_err().code, Code::CertificateBlocked);
    let from_other = hub.signed(&Document { from: "H41", ..document("b") }.text(), "H41");
    hub.send(&other, &from_other).await.unwrap();
    let ca = std::fs::read_to_string(hub.pki.ca("sub")).unwrap();
    let block = BlockRequest { certificate: Some(ca), ..request("CA bị xâm nhập") };
    hub.hub.put_block(&operator(), block).await.unwrap();
    let from_other = hub.signed(&Document { from: "H41", ..document("c") }.text(), "H41");
    assert_eq!(hub.send(&other, &from_other).await.unwrap_err().code, Code::CertificateBlocked);
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_are_for_operators_with_a_reason_and_stand_in_the_trail() {
    let hub = TestHub::new().await;
    let sender = hub.caller("G22").await;
    let certificate = Digest::of(b"any certificate");
    let sha256 = Some(certificate);
    let refused = hub.hub.put_block(&sender, BlockRequest { sha256, ..request("x") }).await.unwrap_err();
    assert_eq!(refused.code, Code::NotAllowed);
    assert_eq!(hub.hub.blocks(&sender).unwrap_err().code, Code::NotAllowed);
    let query = ImpactQuery { certificate, issuer: false, since: None, cursor: None, limit: 10 };
    assert_eq!(hub.hub.impact(&sender, &query).unwrap_err().code, Code::NotAllowed);
    let head = hub.hub.health().head;
    for wrong in [
        BlockRequest { sha256, ..request(" ") },
        request("không nói chứng thư số nào"),
        BlockRequest { sha256, key: true, ..request("khóa nào") },
        BlockRequest { sha256, until: Some(hub.ago(HOUR_MS)), ..request("đã qua") },
        BlockRequest { certificate: Some("not PEM".to_owned()), ..request("x") },
    ] {
        assert_eq!(hub.hub.put_block(&operator(), wrong).await.unwrap_err().code, Code::BadRequest);
    }
    assert_eq!(hub.hub.health().head, head, "nothing was written");
    hub.hub.put_block(&operator(), BlockRequest { sha256, ..request("thử") }).await.unwrap();
    assert_eq!(hub.hub.health().head, head + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn impact_lists_everything_that_rests_on_a_certificate_and_who_has_it() {
    let mut hub = TestHub::new().await;
    let (sender, other, recipient) = (hub.caller("G22").await, hub.caller("H41").await, hub.caller("H14").await);
    let mut sent: Vec<MessageId> = Vec::new();
    for id in ["a", "b", "c"] {
        sent.push(hub.send(&sender, &hub.signed(&document(id).text(), "G22")).await.unwrap().id);
        hub.clock.advance(HOUR_MS);
    }
    let default = Document::default();
    hub.send(&other, &hub.signed(&Document { from: "H41", ..document("o") }.text(), "H41")).await.unwrap();
    hub.send(&sender, &hub.signed(&default.text(), "G22")).await.unwrap();
    hub.bytes(&recipient, sent[0]);
    hub.hub.confirm(&recipient, sent[0], None).await.unwrap();
    let told = hub.signed(&status("H14", "G22", "03", "", "2026/11/22 09:00:00"), "H14");
    let told = hub.report(&recipient, &told).await.unwrap();

    hub = hub.restart_without_index();
    let certificate = fingerprint(&hub.pki.certificate("G22"));
    let page = hub.impact(certificate, false, 500, None);
    assert_eq!(page.items[..3].iter().map(|item| item.id).collect::<Vec<_>>(), sent, "oldest first");
    assert_eq!(page.items.len(), 4);
    let first = &page.items[0];
    assert_eq!((first.recipients.len(), first.verdict.indication.as_str()), (2, "TOTAL-PASSED"));
    let own = first.recipients.iter().find(|recipient| recipient.to.code.as_str() == "H14").unwrap();
    assert!(own.confirmed_at.is_some() && own.state.is_some());

    let ca = fingerprint(&hub.pki.ca("sub"));
    let (mut all, mut cursor) = (Vec::new(), None);
    loop {
        let page = hub.impact(ca, true, 2, cursor);
        assert!(page.items.len() <= 2);
        all.extend(page.items.into_iter().map(|item| item.id));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    let number = all.len();
    all.sort();
    all.dedup();
    assert_eq!((number, all.len()), (6, 6), "five documents and a status, each once, whatever the page");
    assert!(all.contains(&told.id));
    assert_eq!(hub.impact(fingerprint(&hub.pki.ca("root")), true, 500, None).items.len(), 6);

    hub.new_crls(&[("G22", 90 * 60_000, RevocationReason::KeyCompromise)]);
    let page = hub.impact(certificate, false, 500, None);
    assert_eq!(page.since, Some(page.revocation.unwrap().revoked_at), "since its CA says so, if nobody says otherwise");
    assert_eq!(
        page.items.iter().map(|item| item.id).collect::<Vec<_>>()[..1],
        sent[2..],
        "the two before were in time"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_on_hold_makes_its_messages_wait_until_the_hold_is_lifted() {
    let hub = TestHub::new().await;
    let (sender, recipient) = (hub.caller("G22").await, hub.caller("H14").await);
    hub.clock.advance(HOUR_MS);
    hub.new_crls(&[("G22", HOUR_MS / 2, RevocationReason::CertificateHold)]);
    let receipt = hub.send(&sender, &hub.signed(&document("a").text(), "G22")).await.unwrap();
    assert!(receipt.held, "held, not failed");
    hub.hub.settle_held().await.unwrap();
    assert!(hub.inbox(&recipient).is_empty());
    hub.clock.advance(HOUR_MS);
    hub.crl_without_anybody();
    hub.hub.settle_held().await.unwrap();
    assert_eq!(hub.inbox(&recipient).len(), 1);
    assert_eq!(hub.hub.document(&sender, receipt.id).unwrap().hold.unwrap().state, HoldState::Released);
}

#[tokio::test(flavor = "multi_thread")]
async fn evidence_is_given_to_the_parties_and_is_what_the_entry_names() {
    let hub = TestHub::new().await;
    let (sender, recipient, stranger) =
        (hub.caller("G22").await, hub.caller("H14").await, hub.caller("000.00.00.G22").await);
    let receipt = hub.send(&sender, &hub.signed(&document("a").text(), "G22")).await.unwrap();
    for caller in [&sender, &recipient] {
        let evidence = hub.hub.evidence(caller, receipt.id).unwrap();
        let entry: serde_json::Value = serde_json::from_str(&evidence.entry).unwrap();
        let named: Vec<_> = entry["verdict"]["evidence"].as_array().unwrap().clone();
        let given: Vec<_> = evidence.materials.iter().map(|it| serde_json::json!(it.sha256)).collect();
        assert_eq!(given, named);
        let kinds: Vec<_> = evidence.materials.iter().map(|it| it.kind.as_str()).collect();
        assert_eq!(kinds, ["certificate", "certificate", "certificate", "crl", "crl"]);
    }
    assert_eq!(hub.hub.evidence(&stranger, receipt.id).unwrap_err().code, Code::NotFound);
}
