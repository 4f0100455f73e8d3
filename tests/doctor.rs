//! `truc doctor` on real data folders that were damaged in each way: the finding, the documents that it touches, and
//! that looking changes nothing.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::as_conversions)]
#![allow(clippy::format_collect, clippy::cast_possible_truncation, unreachable_pub, missing_docs)]

#[path = "hub/support.rs"]
#[allow(dead_code)]
mod support;

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use support::{Document, TestHub, status};
use truc::api::Receipt;
use truc::clock::{Clock as _, SetClock};
use truc::config::{Config, DataFolder, template};
use truc::doctor::{Finding, Report, Severity, Thoroughness, examine};
use truc::domain::Timestamp;
use truc::index::{Durability, Index as _, Redb, Writes};

const DEEP: Thoroughness = Thoroughness { deep: true };

/// The folder of a hub that is gone, with a small document, a large one and a status.
struct Made {
    folder: tempfile::TempDir,
    config: Config,
    clock: Arc<SetClock>,
    small: Receipt,
    large: Receipt,
}

impl Made {
    async fn new() -> Self {
        let hub = TestHub::new().await;
        std::fs::write(DataFolder::new(hub.folder.path()).config(), template(&hub.config)).unwrap();
        let (sender, recipient) = (hub.caller("G22").await, hub.caller("H41").await);
        let small = hub.send(&sender, &hub.signed(&Document::default().text(), "G22")).await.unwrap();
        let file = "QUJD".repeat(50_000);
        let large = Document { id: "large", number: "77", to: &["H14"], file: &file, ..Document::default() };
        let large = hub.send(&sender, &hub.signed(&large.text(), "G22")).await.unwrap();
        let report = hub.signed(&status("H41", "G22", "03", "", "2026/11/22 09:00:00"), "H41");
        hub.report(&recipient, &report).await.unwrap();
        // A last document, so that what is damaged below is never the tail.
        let last = Document { id: "last", number: "78", ..Document::default() };
        hub.send(&sender, &hub.signed(&last.text(), "G22")).await.unwrap();
        std::fs::write(DataFolder::new(hub.folder.path()).log_vkey(), hub.hub.view().verifier_key).unwrap();
        hub.hub.close();
        let TestHub { folder, clock, config, .. } = hub;
        Self { folder, config, clock, small, large }
    }

    fn data(&self) -> DataFolder {
        DataFolder::new(self.folder.path())
    }
}

fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            all.extend(files(&entry));
        } else {
            all.push((entry.clone(), std::fs::read(&entry).unwrap()));
        }
    }
    all
}

/// The report on the folder as it is now; the hub is gone.
fn report(folder: &Made) -> Report {
    examine(&folder.data(), DEEP, folder.clock.now())
}

fn finding<'r>(report: &'r Report, code: &str) -> &'r Finding {
    let found = report.findings.iter().find(|finding| finding.code == code);
    found.unwrap_or_else(|| panic!("{code} in {:#?}", report.findings))
}

fn tamper(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = std::fs::read(path).unwrap();
    change(&mut bytes);
    std::fs::write(path, bytes).unwrap();
}

fn position(bytes: &[u8], part: &[u8]) -> usize {
    bytes.windows(part.len()).position(|window| window == part).unwrap()
}

fn payload(data: &DataFolder) -> PathBuf {
    files(&data.payloads()).into_iter().next().unwrap().0
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_folder_is_sound_and_the_index_is_what_the_journal_makes() {
    let folder = Made::new().await;
    let (journal, before) = (folder.data().journal(), files(&folder.data().journal()));
    let report = report(&folder);
    assert!(report.is_sound(), "{:#?}", report.findings);
    assert!(!report.running && report.payloads == 1 && report.entries > 10 && report.records > 4, "{report:#?}");
    assert_eq!(files(&journal), before, "looking changes nothing");
    let again = truc::engine::Hub::open(&folder.config, &folder.data(), folder.clock.clone()).unwrap();
    assert!(self::report(&folder).running, "beside a running hub only what is safe is looked at");
    again.close();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flipped_byte_of_a_body_names_its_document() {
    let folder = Made::new().await;
    let path = folder.data().journal().join("0000000001.segment");
    tamper(&path, |bytes| {
        let at = position(bytes, b"<edXML:Subject>");
        bytes[at + 20] ^= 1;
    });
    let report = report(&folder);
    let finding = finding(&report, "journal_damaged");
    assert_eq!(finding.severity, Severity::Damage);
    let document = &finding.documents[0];
    assert_eq!((document.message, document.sha256), (folder.small.id, folder.small.sha256));
    assert_eq!((document.from.as_str(), document.to.len()), ("G22", 3));
    assert!(finding.remedy.en.contains("0000000001-0-") && finding.remedy.vi.contains("SHA-256"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_cannot_be_read_names_its_documents_from_the_index() {
    let folder = Made::new().await;
    let path = folder.data().journal().join("0000000001.segment");
    tamper(&path, |bytes| {
        let at = position(bytes, br#""kind":"accepted""#);
        bytes[at] ^= 1;
    });
    let report = report(&folder);
    let documents = &finding(&report, "journal_damaged").documents;
    let document = documents.iter().find(|document| document.message == folder.small.id).unwrap();
    assert_eq!((document.code.as_str(), document.to.len()), ("1234/VPCP-TH", 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payload_that_is_gone_or_changed_names_its_document() {
    let folder = Made::new().await;
    let path = payload(&folder.data());
    tamper(&path, |bytes| bytes[70_000] ^= 1);
    let changed = report(&folder);
    assert_eq!(finding(&changed, "payload_damaged").documents[0].sha256, folder.large.sha256);
    std::fs::remove_file(&path).unwrap();
    let gone = report(&folder);
    let document = &finding(&gone, "payload_missing").documents[0];
    assert_eq!((document.message, document.to[0].as_str()), (folder.large.id, "H14"));
    let orphan = path.with_file_name("0192f3aa8c4e7d1fa3b0c4d5e6f70809");
    std::fs::write(orphan, "left over").unwrap();
    assert_eq!(finding(&report(&folder), "payload_unnamed").severity, Severity::Note);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_shorter_than_what_was_promised_is_seen() {
    let folder = Made::new().await;
    let path = folder.data().journal().join("0000000001.segment");
    let length = std::fs::metadata(&path).unwrap().len();
    tamper(&path, |bytes| bytes.truncate(usize::try_from(length).unwrap() / 2));
    let report = report(&folder);
    assert_eq!(finding(&report, "promise_broken").severity, Severity::Damage);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_trust_configuration_folders_and_clock_are_looked_at() {
    let folder = Made::new().await;
    let data = folder.data();
    std::fs::write(data.log_key(), "nothing").unwrap();
    std::fs::remove_dir_all(data.crl()).unwrap();
    std::fs::create_dir(data.crl()).unwrap();
    std::fs::write(data.config(), "[hub]\norigin = 5").unwrap();
    std::fs::write(data.checkpoints().join("last"), "no checkpoint").unwrap();
    std::fs::write(data.index().join("index.redb"), "no index").unwrap();
    let report = examine(&data, DEEP, Timestamp::from_millis(1_000));
    let codes = [
        "log_key_unusable",
        "crl_not_in_force",
        "config_unusable",
        "promise_damaged",
        "index_unusable",
        "clock_behind",
    ];
    for code in codes {
        finding(&report, code);
    }
    std::fs::remove_dir_all(data.payloads()).unwrap();
    finding(&self::report(&folder), "folder_missing");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_of_another_hub_and_one_that_differs_are_told_apart() {
    let (folder, other) = (Made::new().await, Made::new().await);
    let index = |of: &Made| of.data().index().join("index.redb");
    std::fs::copy(index(&other), index(&folder)).unwrap();
    assert_eq!(finding(&report(&folder), "index_foreign").severity, Severity::Warning);

    let index = Redb::open(&index(&other), 1 << 20).unwrap();
    let row: Writes = [(b"no row of a hub".to_vec(), Some(b"x".to_vec()))].into_iter().collect();
    index.apply(&row, Durability::Checkpoint).unwrap();
    drop(index);
    let quick = examine(&other.data(), Thoroughness::default(), other.clock.now());
    assert!(quick.is_sound(), "only a deep look compares rows: {:#?}", quick.findings);
    let report = report(&other);
    let finding = finding(&report, "index_differs");
    assert!(finding.what.en.starts_with("1 rows") && finding.remedy.en.contains("index/"), "{finding:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_others_can_read_and_a_folder_that_they_can_write_are_told() {
    let folder = Made::new().await;
    let data = folder.data();
    let mode = |path: &Path, mode| std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    mode(&data.log_key(), 0o644);
    mode(&data.payloads(), 0o777);
    let before = report(&folder);
    assert!(finding(&before, "log_key_unusable").remedy.en.contains("chmod 600"));
    let open = finding(&before, "folder_open_to_others");
    assert!(open.what.en.contains("payloads") && open.what.en.contains("777"), "{open:?}");
    mode(&data.log_key(), 0o600);
    mode(&data.payloads(), 0o700);
    assert!(report(&folder).is_sound());
}

#[tokio::test(flavor = "multi_thread")]
async fn too_little_room_is_told() {
    let mut folder = Made::new().await;
    folder.config.journal.free_bytes_min = 1 << 40;
    std::fs::write(folder.data().config(), template(&folder.config)).unwrap();
    assert_eq!(finding(&report(&folder), "disk_nearly_full").severity, Severity::Warning);
}

/// Each is told with its date, `trust.warn_days` before it: roots, authorities and the signers of what stands here.
#[tokio::test(flavor = "multi_thread")]
async fn certificates_near_their_end_are_told_with_their_dates() {
    let folder = Made::new().await;
    assert!(report(&folder).is_sound());
    let now = folder.clock.now();
    let mut kinds = std::collections::BTreeSet::new();
    // The day on which each ends is not known here: every month of the next thirty years is looked at.
    for months in 1..360_i64 {
        let then = Timestamp::from_millis(now.as_millis() + months * 30 * 86_400_000);
        let report = examine(&folder.data(), Thoroughness::default(), then);
        for finding in report.findings.iter().filter(|finding| finding.code == "certificate_ends") {
            assert!(finding.what.en.contains(": until 20"), "{finding:?}");
            kinds.insert(finding.what.en.split(" CN=").next().unwrap().to_owned());
        }
    }
    for kind in ["The root", "The authority", "The signer's certificate", "The CRL of"] {
        assert!(kinds.iter().any(|seen| seen.starts_with(kind)), "{kind} in {kinds:?}");
    }
}
