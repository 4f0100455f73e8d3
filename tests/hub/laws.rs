//! Each law of the hub, by name.

use truc::domain::{Code, DeliveryState, Effect};
use truc::trail::{VerifierKey, verify};

use crate::support::{Document, TestHub, id, status};

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_document_reaches_every_recipient_and_its_receipt_proves_it() {
    let hub = TestHub::new().await;
    let (sender, recipient) = (hub.caller("G22").await, hub.caller("H41").await);
    let message = hub.signed(&Document::default().text(), "G22");
    let receipt = hub.send(&sender, &message).await.unwrap();
    assert!(!receipt.repeat);
    assert_eq!(receipt.recipients.len(), 3);
    assert_eq!(receipt.verdict.indication, "TOTAL-PASSED");

    let key: VerifierKey = hub.hub.view().verifier_key.parse().unwrap();
    let proven = verify::proof(&receipt.proof, &[key]).unwrap();
    assert_eq!(proven.index(), receipt.seq);
    let entry: serde_json::Value = serde_json::from_slice(proven.entry()).unwrap();
    assert_eq!(entry["kind"], "accepted");
    assert_eq!(entry["sha256"], receipt.sha256.to_string());

    let inbox = hub.inbox(&recipient);
    assert_eq!(inbox.len(), 1);
    assert_eq!(inbox[0].code, "1234/VPCP-TH");
    assert!(inbox[0].verified);
}

#[tokio::test(flavor = "multi_thread")]
async fn law_1_what_was_accepted_is_there_after_a_restart_and_after_the_index_is_lost() {
    let mut hub = TestHub::new().await;
    let sender = hub.caller("G22").await;
    let message = hub.signed(&Document::default().text(), "G22");
    let receipt = hub.send(&sender, &message).await.unwrap();
    hub = hub.restart();
    let recipient = hub.caller("H14").await;
    assert_eq!(hub.bytes(&recipient, receipt.id), message);

    hub.hub.close();
    let data = truc::config::DataFolder::new(hub.folder.path());
    let TestHub { folder, hub: open, clock, config, .. } = hub;
    drop(open);
    std::fs::remove_dir_all(data.index()).unwrap();
    std::fs::remove_dir_all(data.tiles()).unwrap();
    let again = truc::engine::Hub::open(&config, &data, clock).unwrap();
    let view = again.document(&sender, receipt.id).unwrap();
    assert_eq!(view.summary.text_vi, "3 nơi nhận: 3 chưa nhận");
    let proof = again.proof(&sender, receipt.id).unwrap();
    let key: VerifierKey = again.view().verifier_key.parse().unwrap();
    assert_eq!(verify::proof(&proof, &[key]).unwrap().index(), receipt.seq);
    again.close();
    drop(folder);
}

#[tokio::test(flavor = "multi_thread")]
async fn law_2_what_is_fetched_is_byte_for_byte_what_was_sent() {
    let hub = TestHub::new().await;
    let (sender, recipient) = (hub.caller("G22").await, hub.caller("H41").await);
    let small = hub.signed(&Document::default().text(), "G22");
    let file = "QUJD".repeat(100_000);
    let large = Document { id: "large", number: "2", file: &file, ..Document::default() };
    let large = hub.signed(&large.text(), "G22");
    for message in [small, large] {
        let receipt = hub.send(&sender, &message).await.unwrap();
        assert_eq!(hub.bytes(&recipient, receipt.id), message);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn law_3_the_same_message_gets_the_first_answer_and_nothing_new_happens() {
    let hub = TestHub::new().await;
    let sender = hub.caller("G22").await;
    let message = hub.signed(&Document::default().text(), "G22");
    let first = hub.send(&sender, &message).await.unwrap();
    let head = hub.hub.health().head;
    let again = hub.send(&sender, &message).await.unwrap();
    assert!(again.repeat);
    assert_eq!((again.id, again.seq, again.time), (first.id, first.seq, first.time));
    assert_eq!(hub.hub.health().head, head);
    let key: VerifierKey = hub.hub.view().verifier_key.parse().unwrap();
    assert_eq!(verify::proof(&again.proof, &[key]).unwrap().index(), first.seq);
}

#[tokio::test(flavor = "multi_thread")]
async fn law_3_a_failed_first_try_does_not_poison_an_id() {
    let hub = TestHub::new().await;
    let sender = hub.caller("G22").await;
    let unknown = Document { to: &["H41", "Z99"], ..Document::default() };
    let refusal = hub.send(&sender, &hub.signed(&unknown.text(), "G22")).await.unwrap_err();
    assert_eq!(refusal.code, Code::RecipientUnknown);
    assert!(refusal.at.unwrap().path.ends_with("To[2]/OrganId"));
    assert!(hub.inbox(&hub.caller("H41").await).is_empty());
    hub.send(&sender, &hub.signed(&Document::default().text(), "G22")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn law_3_other_content_under_the_same_document_id_is_refused_by_what_it_is() {
    let hub = TestHub::new().await;
    let (sender, rejecting) = (hub.caller("G22").await, hub.caller("H41").await);
    let first = Document { to: &["H41", "H14"], ..Document::default() };
    hub.send(&sender, &hub.signed(&first.text(), "G22")).await.unwrap();

    let other = Document { subject: "V/v khác", ..first.clone() };
    let refusal = hub.send(&sender, &hub.signed(&other.text(), "G22")).await.unwrap_err();
    assert_eq!(refusal.code, Code::DocumentConflict);

    let further = Document { to: &["H24"], ..first.clone() };
    let refusal = hub.send(&sender, &hub.signed(&further.text(), "G22")).await.unwrap_err();
    assert_eq!(refusal.code, Code::FurtherRecipients);

    let rejected = hub.signed(&status("H41", "G22", "02", "Sai địa chỉ", "2026/11/22 09:00:00"), "H41");
    hub.report(&rejecting, &rejected).await.unwrap();
    let attempt = Document { to: &["H41"], subject: "V/v gửi lại", ..first };
    let refusal = hub.send(&sender, &hub.signed(&attempt.text(), "G22")).await.unwrap_err();
    assert_eq!(refusal.code, Code::NewAttempt);
}

#[tokio::test(flavor = "multi_thread")]
async fn law_3_a_business_act_is_recorded_with_its_target_or_with_a_remark() {
    let hub = TestHub::new().await;
    let sender = hub.caller("G22").await;
    let lonely = Document { business: "1", ..Document::default() };
    let receipt = hub.send(&sender, &hub.signed(&lonely.text(), "G22")).await.unwrap();
    assert!(receipt.remarks.iter().any(|remark| remark.code == "target_not_held"));
    let update = Document { business: "2", subject: "V/v cập nhật", ..Document::default() };
    let receipt = hub.send(&sender, &hub.signed(&update.text(), "G22")).await.unwrap();
    assert!(receipt.remarks.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn law_4_what_no_registered_signer_of_the_sender_vouches_for_is_refused() {
    let hub = TestHub::new().await;
    let (sender, other) = (hub.caller("G22").await, hub.caller("H41").await);
    let text = Document::default().text();
    for (caller, message, code) in hub.unacceptable(&sender, &other, &text) {
        let refusal = hub.send(caller, &message).await.unwrap_err();
        assert_eq!(refusal.code, code, "{refusal}");
        assert!(refusal.at.is_some(), "{code} names its place");
    }
    assert!(hub.inbox(&other).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn law_5_each_agency_has_a_chain_without_gaps() {
    let hub = TestHub::new().await;
    let (sender, recipient) = (hub.caller("G22").await, hub.caller("H41").await);
    for number in 0..5 {
        let id = format!("d{number}");
        let document = Document { id: &id, ..Document::default() };
        hub.send(&sender, &hub.signed(&document.text(), "G22")).await.unwrap();
    }
    for caller in [&sender, &recipient] {
        let events = hub.hub.events(caller, None, None, 500).unwrap();
        let numbers: Vec<u64> = events.iter().map(|event| event.n).collect();
        assert_eq!(numbers, (1..=events.len() as u64).collect::<Vec<_>>());
        assert!(events.is_sorted_by(|one, next| one.seq < next.seq));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn law_6_a_race_is_decided_by_trail_order_and_both_sides_see_it() {
    let hub = TestHub::new().await;
    let (sender, recipient) = (hub.caller("G22").await, hub.caller("H41").await);
    let receipt = hub.send(&sender, &hub.signed(&Document::default().text(), "G22")).await.unwrap();
    let ask = hub.signed(&status("G22", "H41", "13", "Gửi nhầm", "2026/11/22 09:00:00"), "G22");
    assert_eq!(hub.report(&sender, &ask).await.unwrap().effect, Some(Effect::Asked));
    let agree = hub.signed(&status("H41", "G22", "15", "", "2026/11/22 09:01:00"), "H41");
    assert_eq!(hub.report(&recipient, &agree).await.unwrap().effect, Some(Effect::Agreed));
    let late = hub.signed(&status("H41", "G22", "03", "", "2026/11/22 09:02:00"), "H41");
    assert_eq!(hub.report(&recipient, &late).await.unwrap().effect, Some(Effect::AfterEnd));
    for caller in [&sender, &recipient] {
        let view = hub.hub.document(caller, receipt.id).unwrap();
        let own = view.deliveries.iter().find(|delivery| delivery.to.code == id("H41")).unwrap();
        assert_eq!(own.state, DeliveryState::TakenBack);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn law_7_a_document_is_listed_once_until_it_is_confirmed_and_the_most_urgent_first() {
    let hub = TestHub::new().await;
    let (sender, recipient) = (hub.caller("G22").await, hub.caller("H41").await);
    let mut ids = Vec::new();
    for (number, priority) in [("1", "0"), ("2", "3"), ("3", "1")] {
        let document = Document { id: number, number, priority, ..Document::default() };
        ids.push(hub.send(&sender, &hub.signed(&document.text(), "G22")).await.unwrap().id);
    }
    let listed = |hub: &TestHub| hub.inbox(&recipient).iter().map(|item| item.id).collect::<Vec<_>>();
    assert_eq!(listed(&hub), [ids[1], ids[2], ids[0]]);
    hub.bytes(&recipient, ids[1]);
    assert_eq!(listed(&hub), [ids[1], ids[2], ids[0]], "a fetch takes nothing off the list");
    hub.hub.confirm(&recipient, ids[1], None).await.unwrap();
    hub.hub.confirm(&recipient, ids[1], None).await.unwrap();
    assert_eq!(listed(&hub), [ids[2], ids[0]]);
    let page = hub.hub.inbox(&recipient, None, None, 1).unwrap();
    let rest = hub.hub.inbox(&recipient, None, page.next.as_deref(), 10).unwrap();
    assert_eq!((page.items[0].id, rest.items[0].id, rest.next), (ids[2], ids[0], None));
}

#[tokio::test(flavor = "multi_thread")]
async fn law_8_a_refusal_leaves_who_when_size_code_and_place_and_no_content() {
    let hub = TestHub::new().await;
    let sender = hub.caller("G22").await;
    let secret = Document { subject: "MẬT - Kế hoạch", id: "bi-mat", ..Document::default() };
    let message = hub.signed(&secret.text(), "G22");
    let refusal = hub.send(&sender, &message).await.unwrap_err();
    assert_eq!(refusal.code, Code::StateSecret);
    assert!(!refusal.to_string().contains("hoạch"));
    let hub = hub.restart();
    let told = hub.hub.events(&sender, None, None, 500).unwrap();
    assert_eq!(told.last().unwrap().code, Some(Code::StateSecret));
    let digest = truc::domain::Digest::of(&message).to_string();
    for file in walk(hub.folder.path()) {
        let bytes = std::fs::read(&file).unwrap();
        for trace in ["bi-mat".as_bytes(), "hoạch".as_bytes(), digest.as_bytes(), &truc::domain::Digest::of(&message).0]
        {
            assert!(!bytes.windows(trace.len()).any(|part| part == trace), "{}", file.display());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn law_9_to_others_a_document_does_not_exist() {
    let hub = TestHub::new().await;
    let (sender, stranger) = (hub.caller("G22").await, hub.caller("000.00.00.G22").await);
    let receipt = hub.send(&sender, &hub.signed(&Document::default().text(), "G22")).await.unwrap();
    assert_eq!(hub.hub.document(&stranger, receipt.id).unwrap_err().code, Code::NotFound);
    assert_eq!(hub.hub.trail(&stranger, receipt.id).unwrap_err().code, Code::NotFound);
    assert_eq!(hub.hub.proof(&stranger, receipt.id).unwrap_err().code, Code::NotFound);
    assert_eq!(hub.hub.content(&stranger, receipt.id, None).err().unwrap().code, Code::NotFound);
    assert_eq!(hub.hub.confirm(&stranger, receipt.id, None).await.unwrap_err().code, Code::NotFound);
    assert_eq!(hub.hub.find(&stranger, "1234/VPCP-TH", None, None).unwrap_err().code, Code::NotFound);
    let recipient = hub.caller("H41").await;
    let seen = hub.hub.document(&recipient, receipt.id).unwrap();
    assert_eq!(seen.deliveries.len(), 1, "a recipient sees its own delivery only");
}

#[tokio::test(flavor = "multi_thread")]
async fn law_10_what_is_too_large_is_refused_before_it_is_looked_at() {
    let hub = TestHub::new().await;
    let refusal = hub.hub.receive(Some(hub.config.hub.message_bytes_max + 1)).err().unwrap();
    assert_eq!(refusal.code, Code::TooLarge);
    let mut incoming = hub.hub.receive(None).unwrap();
    let chunk = vec![b' '; 1 << 20];
    let refused = (0..200).find_map(|_| incoming.write(&chunk).err()).unwrap();
    assert_eq!(refused.code, Code::TooLarge);
}

pub fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn law_6_a_late_status_does_not_take_the_place_of_the_reason_that_counts() {
    let hub = TestHub::new().await;
    let (sender, recipient) = (hub.caller("G22").await, hub.caller("H41").await);
    let receipt = hub.send(&sender, &hub.signed(&Document::default().text(), "G22")).await.unwrap();
    let told = [("02", "Sai địa chỉ", "09:00"), ("15", "", "09:01"), ("05", "", "09:02")];
    for (code, reason, at) in told {
        let message = status("H41", "G22", code, reason, &format!("2026/11/22 {at}:00"));
        hub.report(&recipient, &hub.signed(&message, "H41")).await.unwrap();
    }
    let view = hub.hub.document(&recipient, receipt.id).unwrap();
    assert_eq!(view.deliveries[0].last_status.as_ref().unwrap().description, "Sai địa chỉ");
}

#[tokio::test(flavor = "multi_thread")]
async fn law_9_a_status_by_a_stranger_does_not_tell_whether_the_document_exists() {
    let hub = TestHub::new().await;
    let (sender, stranger) = (hub.caller("G22").await, hub.caller("H24").await);
    let document = Document { to: &["H41"], ..Document::default() };
    hub.send(&sender, &hub.signed(&document.text(), "G22")).await.unwrap();
    let real = hub.signed(&status("H24", "G22", "03", "", "2026/11/22 09:00:00"), "H24");
    let made_up = crate::support::status_about("H24", "G22", "03", "", "2026/11/22 09:00:00", "G22,x,9")
        .replace("1234/VPCP-TH", "99/VPCP-TH");
    let real = hub.report(&stranger, &real).await.unwrap_err();
    let made_up = hub.report(&stranger, &hub.signed(&made_up, "H24")).await.unwrap_err();
    assert_eq!(real, made_up);
    assert_eq!(real.code, Code::TargetNotHeld);
}
