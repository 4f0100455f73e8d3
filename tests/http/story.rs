//! One document from sender to recipient and back, by the client, over mutual TLS.

use rcgen::generate_simple_self_signed;
use truc::api::{Policy, Role};
use truc::client::{Client, EventQuery, ListQuery, Profile, Upload};
use truc::domain::{DeliveryState, Digest, Effect};

use crate::fixture::Door;
use crate::support::status;

/// A client that proves itself by a certificate of its own making, which the operator has registered.
async fn by_certificate(door: &Door, system: &str, agency: &str) -> Client {
    let pair = generate_simple_self_signed([system.to_owned()]).unwrap();
    let (certificate, key) = (door.file(&format!("{system}.crt")), door.file(&format!("{system}.key")));
    std::fs::write(&certificate, pair.cert.pem()).unwrap();
    std::fs::write(&key, pair.signing_key.serialize_pem()).unwrap();
    let mut request = door.request(Role::System, system, &[agency], Policy::Envelope);
    (request.client_certificates, request.token) = (vec![pair.cert.pem()], false);
    let view = door.client("operator").put_access(&request).await.unwrap();
    assert_eq!(view.client_certificates, [Digest::of(pair.cert.der())]);
    let mut profile = Profile::new(format!("https://{}", door.tls));
    (profile.ca, profile.certificate, profile.key) = (Some(door.file("hub.crt")), Some(certificate), Some(key));
    Client::new(&profile).unwrap()
}

#[tokio::test]
async fn a_document_is_sent_found_fetched_confirmed_answered_and_proven() {
    let door = Door::open().await;
    let (sender, recipient) =
        (by_certificate(&door, "vpcp", "G22").await, by_certificate(&door, "nghean", "H41").await);
    assert_eq!(sender.caller().await.unwrap().system, "vpcp");

    let bytes = door.signed("1234", "aGVsbG8=");
    let verdict = sender.dry_run(&Upload::bytes(bytes.clone())).await.unwrap();
    assert_eq!((verdict.dry_run, verdict.recipients.len()), (true, 1));
    let path = door.file("1234.edxml");
    std::fs::write(&path, &bytes).unwrap();
    let receipt = sender.send_document(&Upload::file(&path).unwrap()).await.unwrap();
    let again = sender.send_document(&Upload::file(&path).unwrap()).await.unwrap();
    assert!(!receipt.repeat && again.repeat);
    assert_eq!((again.id, again.seq, again.time), (receipt.id, receipt.seq, receipt.time));

    let waiting = recipient.inbox(&ListQuery::default()).await.unwrap().items;
    assert_eq!(waiting.iter().map(|item| item.id).collect::<Vec<_>>(), [receipt.id]);
    let found = recipient.find("1234/VPCP-TH", None, Some(2026)).await.unwrap();
    assert_eq!(found.iter().map(|document| document.id).collect::<Vec<_>>(), [receipt.id]);
    let fetched = recipient.content(receipt.id, None).await.unwrap().bytes(usize::MAX).await.unwrap();
    assert_eq!(fetched, bytes);
    assert!(recipient.confirm(receipt.id, None).await.unwrap().confirmed_at.is_some());
    assert!(recipient.inbox(&ListQuery::default()).await.unwrap().items.is_empty());

    let report = status("H41", "G22", "03", "Đã vào sổ", "2026/11/22 08:30:00");
    let report = Upload::bytes(door.test.signed(&report, "H41"));
    let told = recipient.send_status(&report).await.unwrap();
    assert_eq!(told.effect, Some(Effect::Moved));
    assert!(recipient.send_status(&report).await.unwrap().repeat);
    assert_eq!(sender.document(receipt.id).await.unwrap().deliveries[0].state, DeliveryState::Accepted);
    let sent = sender.outbox(&ListQuery::default()).await.unwrap().items;
    assert_eq!(sent[0].summary.as_ref().unwrap().states, [(DeliveryState::Accepted, 1)]);

    let events = sender.events(&EventQuery::default()).await.unwrap();
    let last = events.last().unwrap();
    assert_eq!((last.kind.as_str(), last.message, last.target), ("status", Some(told.id), Some(receipt.id)));
    let rest = EventQuery { after: Some(last.seq), ..EventQuery::default() };
    assert!(sender.events(&rest).await.unwrap().is_empty());
    let status_bytes = sender.content(told.id, None).await.unwrap();
    assert_eq!(status_bytes.sha256(), Some(told.sha256));

    assert!(sender.trail(receipt.id).await.unwrap().entries.len() >= 4);
    assert!(sender.proof(receipt.id).await.unwrap().starts_with("c2sp.org/tlog-proof@v1"));
    let view = sender.hub().await.unwrap();
    assert!(sender.checkpoint().await.unwrap().starts_with(&format!("{}\n", view.origin)));
}

#[tokio::test]
async fn old_software_may_send_without_a_signature_under_policy_record_only() {
    let door = Door::open().await;
    let message = Upload::bytes(crate::support::Document { to: &["H41"], ..Default::default() }.text());
    let error = door.client("g22").send_document(&message).await.unwrap_err();
    assert_eq!(error.code(), Some(truc::domain::Code::SignatureMissing));
    let receipt = door.client("old").send_document(&message).await.unwrap();
    assert_eq!(receipt.verdict.policy, Policy::Record);
    let item = door.client("h41").inbox(&ListQuery::default()).await.unwrap().items.remove(0);
    assert!(item.id == receipt.id && !item.verified);
}
