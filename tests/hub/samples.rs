//! The real messages in ../shared/edxml/samples through the hub: under policy `record` as they are, under `envelope`
//! after our own signature has replaced the dead one.

use std::path::PathBuf;

use truc::api::{Policy, Receipt};
use truc::delivery::standing::Caller;
use truc::domain::{BusinessType, Code, DeliveryState, Effect};

use crate::support::{TestHub, id};

/// The order in which they make sense, with what they are.
const ORDER: [(&str, &str); 11] = [
    ("02_update.edxml", "000.00.00.G22"),
    ("04_status_01_inbox.edxml", "000.00.00.H41"),
    ("05_status_03_acceptance.edxml", "000.00.00.H41"),
    ("06_status_13_cancellation.edxml", "000.00.00.G22"),
    ("07_status_15_change_acceptance.edxml", "000.00.00.H41"),
    ("03_revocation_with_responsefor.edxml", "000.00.00.G22"),
    ("01_new.edxml", "002.00.20.H13"),
    ("08_hub_output_2019.edxml", "000.00.15.H51"),
    ("09_hub_output_2025_zipped_pdf.edxml", "vxp.saas.03"),
    ("10_gateway_three_attachments.edxml", "vxp.saas.03"),
    ("11_dotnet_sdk_shape_RECONSTRUCTED.edxml", "H37.DN.001"),
];

/// The codes in the samples: the test directory.
const DIRECTORY: &str = include_str!("sample-directory.csv");

fn samples() -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/edxml/samples");
    if !folder.is_dir() {
        eprintln!("SKIPPED: ../shared/edxml/samples is not there; the same shapes stand in fixtures/");
        return None;
    }
    Some(folder)
}

struct Played {
    hub: TestHub,
    receipts: Vec<(String, Caller, Vec<u8>, Receipt)>,
}

/// Sends all of them in order, each by the system of its sender.
async fn play(policy: Policy) -> Option<Played> {
    let folder = samples()?;
    let hub = TestHub::new().await;
    for line in DIRECTORY.lines().skip(1).filter(|line| !line.trim().is_empty()) {
        hub.agency(line.split(',').next().unwrap()).await;
    }
    let mut receipts = Vec::new();
    for (file, sender) in ORDER {
        let caller = hub.system(sender, &[sender], policy, &["G22"]).await;
        let mut message = std::fs::read(folder.join(file)).unwrap();
        if policy == Policy::Envelope {
            message = hub.signed(std::str::from_utf8(&message).unwrap(), "G22");
        }
        let answer = if file.contains("status") {
            hub.report(&caller, &message).await
        } else {
            hub.send(&caller, &message).await
        };
        receipts.push((file.to_owned(), caller, message, answer.unwrap_or_else(|refusal| panic!("{file}: {refusal}"))));
    }
    Some(Played { hub, receipts })
}

impl Played {
    fn receipt(&self, number: &str) -> &(String, Caller, Vec<u8>, Receipt) {
        self.receipts.iter().find(|(file, ..)| file.starts_with(number)).unwrap()
    }
}

fn check(played: &Played) {
    let (_, sender, _, update) = played.receipt("02");
    assert!(update.remarks.iter().any(|remark| remark.code == "target_not_held"));
    let view = played.hub.hub.document(sender, update.id).unwrap();
    assert_eq!(view.business, BusinessType::Update);
    assert_eq!(view.code, "7816/VPCP-TTĐT");
    assert_eq!(view.document_id.as_str(), "000.00.00.G22,2015/09/30,7816/VPCP-TTĐT");
    assert_eq!(view.subject, "V/v kết nối, liên thông phần mềm quản lý văn bản");
    assert_eq!(view.summary.recipients, 3);
    let at_h41 = view.deliveries.iter().find(|delivery| delivery.to.code == id("000.00.00.H41")).unwrap();
    assert_eq!(at_h41.state, DeliveryState::TakenBack, "01, 03, then 13 answered by 15");

    let effects: Vec<_> = ["04", "05", "06", "07"].map(|number| played.receipt(number).3.effect.unwrap()).into();
    assert_eq!(effects, [Effect::Moved, Effect::Moved, Effect::Asked, Effect::Agreed]);

    let (_, sender, _, revoke) = played.receipt("03");
    assert!(!revoke.remarks.iter().any(|remark| remark.code == "target_not_held"), "02 is held by then");
    assert_eq!(played.hub.hub.document(sender, revoke.id).unwrap().business, BusinessType::Revoke);
    for number in ["01", "08", "09", "10", "11"] {
        let (_, sender, _, receipt) = played.receipt(number);
        assert_eq!(played.hub.hub.document(sender, receipt.id).unwrap().business, BusinessType::New, "{number}");
    }
    for (file, caller, message, receipt) in &played.receipts {
        assert_eq!(&played.hub.bytes(caller, receipt.id), message, "{file} comes out byte for byte");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn under_record_every_real_message_is_recorded_as_what_it_is() {
    let Some(played) = play(Policy::Record).await else { return };
    check(&played);
    for (file, caller, _, receipt) in &played.receipts {
        assert_eq!(receipt.verdict.policy, Policy::Record, "{file}");
        assert_ne!(receipt.verdict.indication, "TOTAL-PASSED", "{file}: no public sample verifies");
        if !file.contains("status") {
            let listed = played.hub.hub.outbox(caller, None, None, 10).unwrap().items;
            assert!(listed.iter().all(|item| !item.verified), "{file} is shown as unverified");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn signed_by_us_the_same_messages_pass_under_envelope() {
    let Some(played) = play(Policy::Envelope).await else { return };
    check(&played);
    for (file, _, _, receipt) in &played.receipts {
        assert_eq!(receipt.verdict.indication, "TOTAL-PASSED", "{file}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_soap_message_gets_its_named_refusal() {
    let Some(folder) = samples() else { return };
    let hub = TestHub::new().await;
    let message = std::fs::read(folder.join("12_soap_edoc_vn_RECONSTRUCTED.xml")).unwrap();
    for policy in [Policy::Record, Policy::Envelope] {
        let caller = hub.system("G22", &["G22"], policy, &["G22"]).await;
        let refusal = hub.send(&caller, &message).await.unwrap_err();
        assert_eq!(refusal.code, Code::EdxmlSoap);
        assert_eq!(refusal.at.unwrap().line, 2);
    }
}
