//! Our own fixtures through the hub, so that a clone without ../shared tests the same shapes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use truc::api::Policy;
use truc::edxml::{Message, Mode, read};

use crate::support::TestHub;

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(folder);
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

fn codes(message: &Message) -> BTreeSet<String> {
    let others: Vec<_> = match message {
        Message::Document(envelope) => envelope.header.to.iter().map(|to| to.organ_id.to_string()).collect(),
        Message::Status(status) => vec![status.response_for.organ_id.to_string()],
    };
    others.into_iter().chain([message.from().to_string()]).collect()
}

/// Documents first, then statuses: each is accepted, and comes out byte for byte.
async fn all_pass(policy: Policy, folders: &[&str]) {
    let hub = TestHub::new().await;
    let mut messages: Vec<_> = folders.iter().flat_map(|folder| files(folder)).collect();
    let mut accepted = 0;
    messages.sort_by_key(|path| path.to_string_lossy().contains("status"));
    for path in messages {
        let raw = std::fs::read(&path).unwrap();
        let Ok(message) = read(&truc::edxml::TolerantView::new(&raw.as_slice()), Mode::Tolerant) else {
            assert!(path.to_string_lossy().contains("tolerant"), "{}", path.display());
            continue;
        };
        for code in codes(&message) {
            hub.agency(&code).await;
        }
        let from = message.from().to_string();
        let caller = hub.system(&format!("s-{}", from.to_ascii_lowercase()), &[&from], policy, &["G22"]).await;
        let bytes = match policy {
            Policy::Envelope => hub.signed(std::str::from_utf8(&raw).unwrap(), "G22"),
            Policy::Record => raw,
        };
        let answer = match message {
            Message::Document(_) => hub.send(&caller, &bytes).await,
            Message::Status(_) => hub.report(&caller, &bytes).await,
        };
        match answer {
            Ok(receipt) => {
                assert_eq!(hub.bytes(&caller, receipt.id), bytes, "{}", path.display());
                accepted += 1;
            }
            // Fixtures share ids, and a status may speak of a document that none of them is.
            Err(refusal) => {
                let known = ["document_conflict", "further_recipients_not_offered", "target_not_held"];
                assert!(known.contains(&refusal.code.as_str()), "{}: {refusal}", path.display());
            }
        }
    }
    eprintln!("{accepted} fixtures accepted under {policy:?}");
    assert!(accepted >= 15, "most fixtures have an id of their own");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_accepted_shape_passes_under_record_as_it_is() {
    all_pass(Policy::Record, &["accept"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_accepted_shape_passes_under_envelope_once_it_is_signed() {
    all_pass(Policy::Envelope, &["accept"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_tolerated_under_record_is_kept_as_it_came_and_remarked() {
    for path in files("tolerant") {
        let hub = TestHub::new().await;
        let raw = std::fs::read(&path).unwrap();
        let text = String::from_utf8_lossy(&raw);
        let all: BTreeSet<&str> =
            text.split("OrganId>").skip(1).step_by(2).filter_map(|rest| rest.split('<').next()).collect();
        for code in all.iter().filter(|code| !code.trim().is_empty()) {
            hub.agency(code.trim()).await;
        }
        let from = text.split("OrganId>").nth(1).and_then(|rest| rest.split('<').next()).unwrap().trim().to_owned();
        let caller = hub.system("tolerant", &[&from], Policy::Record, &[]).await;
        let receipt = hub.send(&caller, &raw).await.unwrap_or_else(|refusal| panic!("{}: {refusal}", path.display()));
        assert!(
            receipt.remarks.iter().any(|remark| ["leading_bytes", "prefix_undeclared"].contains(&remark.code.as_str()))
        );
        assert_eq!(hub.bytes(&caller, receipt.id), raw);
    }
}
