//! Held messages: a trust service that is down neither stops intake nor lets anything through. Over a mock clock: the
//! CRLs run out after 30 days.

use truc::api::Policy;
use truc::delivery::standing::Caller;
use truc::domain::{Code, HoldState, Timestamp};
use truc::trail::{VerifierKey, verify};
use truc::trust::pki::{Authority, CrlPlan, Key, RevocationReason, reissue_crl};

use crate::support::{Document, TestHub, status, status_about};

const DAY_MS: i64 = 86_400_000;
const HOUR_MS: i64 = 3_600_000;

impl TestHub {
    /// The CRLs run out.
    pub fn outage(&self) {
        self.clock.advance(30 * DAY_MS + HOUR_MS);
    }

    pub fn ago(&self, millis: i64) -> Timestamp {
        Timestamp::from_millis(truc::clock::Clock::now(self.clock.as_ref()).as_millis() - millis)
    }

    /// New CRLs, made now; `revoked` were revoked so long ago, or are on hold since then.
    pub fn new_crls(&self, revoked: &[(&str, i64, RevocationReason)]) {
        let data = truc::config::DataFolder::new(self.folder.path());
        for (file, millis, reason) in revoked {
            let revoke = [(self.pki.certificate(file), *reason)];
            reissue_crl(&self.pki, "sub", self.ago(*millis), self.ago(-DAY_MS), &revoke).unwrap();
        }
        for name in ["root", "sub"] {
            reissue_crl(&self.pki, name, self.ago(0), self.ago(-7 * DAY_MS), &[]).unwrap();
            std::fs::copy(self.pki.crl(name), data.crl().join(format!("{name}.crl"))).unwrap();
        }
        self.hub.trust().reload(self.ago(0)).unwrap();
    }

    /// A new CRL on which a certificate that was on hold stands no more.
    pub fn crl_without_anybody(&self) {
        use rustls_pki_types::pem::PemObject;
        let data = truc::config::DataFolder::new(self.folder.path());
        let (path, key) = (self.pki.ca("sub"), self.pki.ca("sub").with_extension("key"));
        let certificate = rustls_pki_types::CertificateDer::from_pem_file(path).unwrap();
        let key = Key::from_pkcs8_pem(&std::fs::read_to_string(key).unwrap()).unwrap();
        let plan =
            CrlPlan { number: 1_000, this_update: self.ago(0), next_update: self.ago(-7 * DAY_MS), revoked: vec![] };
        let crl = Authority::continued(certificate, key).unwrap().crl(&plan).unwrap();
        std::fs::write(data.crl().join("sub.crl"), crl).unwrap();
        self.hub.trust().reload(self.ago(0)).unwrap();
    }

    fn kinds(&self, caller: &Caller) -> Vec<String> {
        self.hub.events(caller, None, None, 500).unwrap().into_iter().map(|event| event.kind).collect()
    }
}

fn document<'a>(id: &'a str, number: &'a str) -> Document<'a> {
    Document { id, number, to: &["H14", "H24"], ..Document::default() }
}

/// The same message each time: ECDSA signatures differ, so a signed one is kept.
fn from(hub: &TestHub, agency: &str, id: &str) -> Vec<u8> {
    let path = hub.folder.path().join(format!("{agency}-{id}.edxml"));
    if !path.exists() {
        std::fs::write(&path, hub.signed(&Document { from: agency, ..document(id, "1") }.text(), agency)).unwrap();
    }
    std::fs::read(path).unwrap()
}

fn entry(hub: &TestHub, proof: &str) -> (u64, serde_json::Value) {
    let key: VerifierKey = hub.hub.view().verifier_key.parse().unwrap();
    let proven = verify::proof(proof, &[key]).unwrap();
    (proven.index(), serde_json::from_slice(proven.entry()).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_of_a_day_neither_stops_intake_nor_lets_anything_through() {
    let mut hub = TestHub::new().await;
    let (good, bad, recipient) = (hub.caller("G22").await, hub.caller("H41").await, hub.caller("H14").await);
    hub.outage();
    let mut sent = Vec::new();
    for (id, number) in [("a", "1"), ("b", "2"), ("c", "3")] {
        let message = hub.signed(&document(id, number).text(), "G22");
        sent.push((hub.send(&good, &message).await.unwrap(), message));
        hub.clock.advance(8 * HOUR_MS);
    }
    let wrong = Document { from: "H41", ..document("w", "9") };
    let wrong = hub.send(&bad, &hub.signed(&wrong.text(), "H41")).await.unwrap();
    assert!(wrong.held && sent.iter().all(|(receipt, _)| receipt.held && receipt.recipients.is_empty()));
    hub.hub.settle_held().await.unwrap();
    assert!(hub.inbox(&recipient).is_empty(), "nothing is let through");

    hub = hub.restart();
    assert!(hub.inbox(&recipient).is_empty());
    hub.clock.advance(HOUR_MS);
    hub.new_crls(&[("H41", 2 * HOUR_MS, RevocationReason::KeyCompromise)]);
    hub.hub.settle_held().await.unwrap();
    let mut listed = hub.inbox(&recipient);
    listed.sort_by_key(|item| item.seq);
    let delivered: Vec<_> = listed.iter().map(|item| (item.id, item.verified)).collect();
    let expected: Vec<_> = sent.iter().map(|(receipt, _)| (receipt.id, true)).collect();
    assert_eq!(delivered, expected, "the good ones, in the order in which they came");
    for (receipt, message) in &sent {
        assert_eq!(hub.bytes(&recipient, receipt.id), *message);
        let view = hub.hub.document(&good, receipt.id).unwrap();
        assert_eq!((view.verdict.indication.as_str(), view.seq), ("TOTAL-PASSED", receipt.seq));
        assert_eq!(view.hold.unwrap().state, HoldState::Released);
        assert!(hub.hub.document(&recipient, receipt.id).unwrap().hold.is_none(), "that is between sender and hub");
    }
    let view = hub.hub.document(&bad, wrong.id).unwrap();
    let hold = view.hold.unwrap();
    assert_eq!((hold.state, hold.code), (HoldState::TurnedAway, Some(Code::CertificateRevoked)));
    assert!(view.subject.is_empty() && view.code.is_empty(), "no content is left");
    assert_eq!(hub.hub.content(&bad, wrong.id, None).err().unwrap().code, Code::ContentDestroyed);
    assert_eq!(hub.hub.document(&recipient, wrong.id).unwrap_err().code, Code::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn law_9_what_is_held_exists_for_its_sender_alone_and_says_so() {
    let hub = TestHub::new().await;
    let (sender, recipient) = (hub.caller("G22").await, hub.caller("H14").await);
    hub.outage();
    let before = hub.kinds(&recipient);
    let receipt = hub.send(&sender, &hub.signed(&document("a", "1").text(), "G22")).await.unwrap();
    let verdict = (receipt.verdict.indication.as_str(), receipt.verdict.sub_indication.as_deref());
    assert_eq!(verdict, ("INDETERMINATE", Some("TRY_LATER")));
    let (seq, entry) = entry(&hub, &receipt.proof);
    assert_eq!((seq, &entry["kind"], &entry["recipients"]), (receipt.seq, &"held".into(), &2.into()));
    assert!(entry["verdict"]["signer"].is_string());

    let not_found = |refused: Option<truc::domain::Refusal>| assert_eq!(refused.unwrap().code, Code::NotFound);
    not_found(hub.hub.document(&recipient, receipt.id).err());
    not_found(hub.hub.content(&recipient, receipt.id, None).err());
    not_found(hub.hub.trail(&recipient, receipt.id).err());
    not_found(hub.hub.proof(&recipient, receipt.id).err());
    not_found(hub.hub.find(&recipient, "1/VPCP-TH", None, None).err());
    not_found(hub.hub.confirm(&recipient, receipt.id, None).await.err());
    assert!(hub.inbox(&recipient).is_empty());
    assert_eq!(hub.kinds(&recipient), before, "the feed of a recipient is as it was");

    let view = hub.hub.find(&sender, "1/VPCP-TH", None, None).unwrap().remove(0);
    assert!(view.summary.text_vi.contains("chưa xác định được tình trạng thu hồi"), "{}", view.summary.text_vi);
    let outbox = hub.hub.outbox(&sender, None, None, 10).unwrap().items.remove(0);
    assert!(!outbox.verified && outbox.hold.unwrap().state == HoldState::Held);
    assert_eq!(hub.kinds(&sender).last().unwrap(), "held");
    assert_eq!(hub.hub.trail(&sender, receipt.id).unwrap().entries.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn law_3_what_is_held_claims_its_id_and_what_is_turned_away_frees_it() {
    let hub = TestHub::new().await;
    let (sender, recipient) = (hub.caller("G22").await, hub.caller("H14").await);
    hub.outage();
    let message = hub.signed(&document("a", "1").text(), "G22");
    let first = hub.send(&sender, &message).await.unwrap();
    let again = hub.send(&sender, &message).await.unwrap();
    assert_eq!((again.id, again.seq, again.held, again.repeat), (first.id, first.seq, true, true));
    let other = hub.signed(&Document { subject: "V/v khác", ..document("a", "1") }.text(), "G22");
    assert_eq!(hub.send(&sender, &other).await.unwrap_err().code, Code::DocumentConflict);

    hub.clock.advance(HOUR_MS);
    hub.new_crls(&[("G22", 2 * HOUR_MS, RevocationReason::KeyCompromise)]);
    hub.hub.settle_held().await.unwrap();
    assert_eq!(hub.send(&sender, &message).await.unwrap_err().code, Code::CertificateRevoked, "it is judged anew");
    let renewed = hub.system("g22-moi", &["G22"], Policy::Envelope, &["000.00.00.G22"]).await;
    let resent = hub.signed(&document("a", "1").text(), "000.00.00.G22");
    let receipt = hub.send(&renewed, &resent).await.unwrap();
    assert!(!receipt.held && !receipt.repeat && receipt.id != first.id);
    assert_eq!(hub.inbox(&recipient).len(), 1);
    let kinds: Vec<_> = hub.kinds(&sender).into_iter().filter(|kind| kind != "access" && kind != "agency").collect();
    assert!(
        kinds.ends_with(
            &["held", "refused", "turned_away", "refused", "accepted", "addressed", "addressed"].map(str::to_owned)
        ),
        "{kinds:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn law_3_a_repeat_of_what_was_released_gets_the_first_answer() {
    let hub = TestHub::new().await;
    let sender = hub.caller("G22").await;
    hub.outage();
    let message = hub.signed(&document("a", "1").text(), "G22");
    let first = hub.send(&sender, &message).await.unwrap();
    hub.clock.advance(HOUR_MS);
    hub.new_crls(&[]);
    hub.hub.settle_held().await.unwrap();
    let again = hub.send(&sender, &message).await.unwrap();
    assert_eq!((again.id, again.seq, again.held, again.repeat), (first.id, first.seq, false, true));
    assert_eq!(again.recipients.len(), 2);
    assert_eq!(entry(&hub, &again.proof).0, first.seq);
    let trail = hub.hub.trail(&sender, first.id).unwrap();
    let kinds = trail.entries.iter().map(|entry| {
        let entry: serde_json::Value = serde_json::from_str(&entry.entry).unwrap();
        entry["kind"].as_str().unwrap().to_owned()
    });
    assert_eq!(kinds.collect::<Vec<_>>(), ["held", "hold_released", "addressed", "addressed"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn law_1_what_is_held_survives_restarts_and_the_loss_of_the_index() {
    let mut hub = TestHub::new().await;
    let sender = hub.caller("G22").await;
    hub.outage();
    let file = "QUJD".repeat(100_000);
    let large = Document { file: &file, ..document("large", "2") };
    let messages = [hub.signed(&document("a", "1").text(), "G22"), hub.signed(&large.text(), "G22")];
    let mut receipts = Vec::new();
    for message in &messages {
        receipts.push(hub.send(&sender, message).await.unwrap());
    }
    hub = hub.restart_without_index();
    for receipt in &receipts {
        assert_eq!(hub.hub.document(&sender, receipt.id).unwrap().hold.unwrap().state, HoldState::Held);
        assert_eq!(entry(&hub, &hub.hub.proof(&sender, receipt.id).unwrap()).0, receipt.seq);
    }
    hub.clock.advance(HOUR_MS);
    hub.new_crls(&[]);
    hub.hub.settle_held().await.unwrap();
    hub = hub.restart_without_index();
    let recipient = hub.caller("H24").await;
    assert_eq!(hub.inbox(&recipient).len(), 2);
    for (receipt, message) in receipts.iter().zip(&messages) {
        assert_eq!(hub.bytes(&recipient, receipt.id), *message);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn law_4_only_what_is_right_in_all_but_revocation_waits() {
    let hub = TestHub::new().await;
    let (sender, other) = (hub.caller("G22").await, hub.caller("H41").await);
    hub.outage();
    let text = document("a", "1").text();
    for (caller, message, code) in hub.unacceptable(&sender, &other, &text) {
        assert_eq!(hub.send(caller, &message).await.unwrap_err().code, code);
    }
    assert!(!hub.kinds(&sender).contains(&"held".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_does_not_wait_its_sender_is_told_to_try_later() {
    let hub = TestHub::new().await;
    let (sender, recipient) = (hub.caller("G22").await, hub.caller("H41").await);
    hub.send(&sender, &hub.signed(&Document::default().text(), "G22")).await.unwrap();
    hub.outage();
    let message = hub.signed(&status("H41", "G22", "03", "", "2026/11/22 09:00:00"), "H41");
    let refusal = hub.report(&recipient, &message).await.unwrap_err();
    assert_eq!((refusal.code, refusal.code.http_status()), (Code::RevocationUnknown, 503));
    hub.new_crls(&[]);
    hub.report(&recipient, &message).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn law_10_what_one_sender_may_have_waiting_is_bounded() {
    let mut hub = TestHub::new().await;
    hub.config.held.messages_max = 2;
    hub = hub.restart();
    let (sender, other) = (hub.caller("G22").await, hub.caller("H41").await);
    hub.outage();
    for id in ["a", "b"] {
        assert!(hub.send(&sender, &from(&hub, "G22", id)).await.unwrap().held);
    }
    let refusal = hub.send(&sender, &from(&hub, "G22", "c")).await.unwrap_err();
    assert_eq!((refusal.code, refusal.code.http_status()), (Code::HeldQuota, 503));
    assert!(hub.send(&sender, &from(&hub, "G22", "a")).await.unwrap().repeat, "a repeat needs no room");
    assert!(hub.send(&other, &from(&hub, "H41", "c")).await.unwrap().held, "another sender has room of its own");

    hub.clock.advance(HOUR_MS);
    hub.new_crls(&[]);
    hub.hub.settle_held().await.unwrap();
    assert!(!hub.send(&sender, &from(&hub, "G22", "c")).await.unwrap().held);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_update_takes_the_place_of_the_older_version_only_when_it_is_released() {
    let hub = TestHub::new().await;
    let (sender, recipient) = (hub.caller("G22").await, hub.caller("H14").await);
    let first = hub.send(&sender, &hub.signed(&document("a", "1").text(), "G22")).await.unwrap();
    hub.outage();
    let update = Document { business: "2", subject: "V/v cập nhật", ..document("a", "1") };
    let update = hub.send(&sender, &hub.signed(&update.text(), "G22")).await.unwrap();
    assert!(update.held);
    let found = |caller: &Caller| hub.hub.find(caller, "1/VPCP-TH", None, None).unwrap().remove(0).id;
    assert_eq!((found(&recipient), found(&sender)), (first.id, first.id), "what waits takes no place");
    hub.clock.advance(HOUR_MS);
    hub.new_crls(&[]);
    hub.hub.settle_held().await.unwrap();
    assert_eq!((found(&recipient), found(&sender)), (update.id, update.id));
    let trail = hub.hub.trail(&sender, update.id).unwrap();
    assert!(trail.entries[1].entry.contains(&format!("\"target\":\"{}\"", first.id)), "the act names its target");
}

#[tokio::test(flavor = "multi_thread")]
async fn law_8_of_what_is_turned_away_no_content_stays_on_the_disk() {
    let hub = TestHub::new().await;
    let sender = hub.caller("G22").await;
    hub.outage();
    let file = "QUJD".repeat(100_000);
    let small = Document { subject: "V/v trích yếu một", ..document("a", "1") };
    let large = Document { subject: "V/v trích yếu hai", file: &file, ..document("b", "2") };
    for message in [small, large] {
        assert!(hub.send(&sender, &hub.signed(&message.text(), "G22")).await.unwrap().held);
    }
    let traces = |folder: &str| {
        let found =
            crate::laws::walk(&hub.folder.path().join(folder)).into_iter().map(|path| std::fs::read(path).unwrap());
        let has = |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
        found.filter(|bytes| has(bytes, "trích yếu") || has(bytes, "QUJDQUJDQUJD")).count()
    };
    assert_eq!((traces("journal") > 0, traces("payloads")), (true, 1), "while it waits it is kept");
    hub.clock.advance(HOUR_MS);
    hub.new_crls(&[("G22", 2 * HOUR_MS, RevocationReason::KeyCompromise)]);
    hub.hub.settle_held().await.unwrap();
    // The hub's own thread may be at it as well; it is done when both are.
    for _ in 0..1_000 {
        if (traces("journal"), traces("payloads")) == (0, 0) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("content is left: {} {}", traces("journal"), traces("payloads"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_operator_destroys_while_it_is_held_is_never_delivered_and_stops_nothing() {
    let hub = TestHub::new().await;
    let (sender, recipient) = (hub.caller("G22").await, hub.caller("H14").await);
    hub.outage();
    let spilled = hub.send(&sender, &hub.signed(&document("a", "1").text(), "G22")).await.unwrap();
    let other = hub.send(&sender, &hub.signed(&document("b", "2").text(), "G22")).await.unwrap();
    let request = truc::api::SpillRequest { messages: vec![spilled.id], reason: "Gửi nhầm".into() };
    hub.hub.spill_destroy(&truc::engine::Hub::operator_of_folder(), request).await.unwrap();
    hub.clock.advance(HOUR_MS);
    hub.new_crls(&[]);
    hub.hub.settle_held().await.unwrap();
    assert_eq!(hub.inbox(&recipient).iter().map(|item| item.id).collect::<Vec<_>>(), [other.id]);
    let hold = hub.hub.document(&sender, spilled.id).unwrap().hold.unwrap();
    assert_eq!((hold.state, hold.code), (HoldState::TurnedAway, Some(Code::ContentDestroyed)));
}

#[tokio::test(flavor = "multi_thread")]
async fn law_7_a_held_message_that_cannot_be_read_keeps_no_other_waiting() {
    let hub = TestHub::new().await;
    let (sender, recipient) = (hub.caller("G22").await, hub.caller("H14").await);
    hub.outage();
    let file = "QUJD".repeat(100_000);
    let large = Document { file: &file, ..document("damaged", "1") };
    let damaged = hub.send(&sender, &hub.signed(&large.text(), "G22")).await.unwrap();
    let whole = hub.send(&sender, &hub.signed(&document("whole", "2").text(), "G22")).await.unwrap();
    for payload in crate::laws::walk(&hub.folder.path().join("payloads")) {
        std::fs::write(payload, "cut short").unwrap();
    }
    hub.clock.advance(HOUR_MS);
    hub.new_crls(&[]);
    hub.hub.settle_held().await.unwrap();
    assert_eq!(hub.inbox(&recipient).iter().map(|item| item.id).collect::<Vec<_>>(), [whole.id]);
    assert_eq!(hub.hub.document(&sender, damaged.id).unwrap().hold.unwrap().state, HoldState::Held);
}

/// A block of G22's certificate, or its lifting.
fn block(hub: &TestHub, since: Option<Timestamp>, lift: bool) -> truc::api::BlockRequest {
    let certificate = Some(hub.certificate("G22"));
    truc::api::BlockRequest { certificate, since, lift, reason: "Lộ khóa".into(), ..Default::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn law_4_a_block_from_before_its_receipt_keeps_a_held_message_waiting_until_it_is_lifted() {
    let hub = TestHub::new().await;
    let (sender, recipient) = (hub.caller("G22").await, hub.caller("H14").await);
    let operator = truc::engine::Hub::operator_of_folder();
    hub.outage();
    let held = hub.send(&sender, &hub.signed(&document("a", "1").text(), "G22")).await.unwrap();
    hub.clock.advance(HOUR_MS);
    hub.hub.put_block(&operator, block(&hub, Some(hub.ago(2 * HOUR_MS)), false)).await.unwrap();
    hub.new_crls(&[]);
    let settled = hub.hub.settle_held().await.unwrap();
    assert_eq!((settled.released, settled.waiting), (0, 1));
    assert!(hub.inbox(&recipient).is_empty(), "the CRL says good, the operator does not");
    assert_eq!(
        hub.hub.document(&sender, held.id).unwrap().hold.unwrap().state,
        HoldState::Held,
        "nothing is destroyed"
    );

    hub.hub.put_block(&operator, block(&hub, None, true)).await.unwrap();
    hub.hub.settle_held().await.unwrap();
    assert_eq!(hub.inbox(&recipient).iter().map(|item| item.id).collect::<Vec<_>>(), [held.id]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_take_back_of_what_is_held_finds_nothing_to_take_back() {
    let hub = TestHub::new().await;
    let recipient = hub.caller("H14").await;
    // Only the one certificate of the agency is on hold: a message by it waits, one by the other does not.
    let renewed = hub.system("g22-moi", &["G22"], Policy::Envelope, &["G22", "000.00.00.G22"]).await;
    hub.new_crls(&[("G22", HOUR_MS, RevocationReason::CertificateHold)]);
    let held = hub.send(&renewed, &hub.signed(&document("a", "1").text(), "G22")).await.unwrap();
    assert!(held.held);
    let asked = status_about("G22", "H14", "13", "Gửi nhầm", "2026/11/22 09:00:00", "a");
    let refusal = hub.report(&renewed, &hub.signed(&asked, "000.00.00.G22")).await.unwrap_err();
    assert_eq!(refusal.code, Code::TargetNotHeld, "no recipient has it");
    assert_eq!(hub.kinds(&recipient).iter().filter(|kind| *kind == "status").count(), 0, "and none is told of it");

    // A formal revocation is a document of its own: it is delivered at once, and what it names still waits.
    let revoke = Document { business: "1", subject: "V/v thu hồi", ..document("a", "1") };
    let revoke = hub.send(&renewed, &hub.signed(&revoke.text(), "000.00.00.G22")).await.unwrap();
    hub.hub.settle_held().await.unwrap();
    assert_eq!(hub.inbox(&recipient).iter().map(|item| item.id).collect::<Vec<_>>(), [revoke.id]);
    hub.clock.advance(HOUR_MS);
    hub.crl_without_anybody();
    hub.hub.settle_held().await.unwrap();
    let listed: Vec<_> = hub.inbox(&recipient).iter().map(|item| item.id).collect();
    assert!(listed.len() == 2 && listed.contains(&held.id), "the hold was lifted: both are known");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_withheld_while_it_is_held_is_given_to_nobody_when_it_is_released() {
    let hub = TestHub::new().await;
    let (sender, recipient) = (hub.caller("G22").await, hub.caller("H14").await);
    hub.outage();
    let held = hub.send(&sender, &hub.signed(&document("a", "1").text(), "G22")).await.unwrap();
    let operator = truc::engine::Hub::operator_of_folder();
    hub.hub.withhold(&operator, held.id, truc::api::ReasonRequest { reason: "Gửi nhầm".into() }, false).await.unwrap();
    hub.clock.advance(HOUR_MS);
    hub.new_crls(&[]);
    hub.hub.settle_held().await.unwrap();
    assert_eq!(hub.hub.content(&recipient, held.id, None).err().unwrap().code, Code::ContentWithheld);
    assert!(hub.inbox(&recipient).iter().all(|item| item.subject.is_empty()), "nor its abstract");
}
