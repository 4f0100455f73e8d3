//! Life with data: retention, withholding, spills. What must go goes, from the disk as well; what must stay stays.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use truc::api::{ContentState, Preview, ReasonRequest, RuleRequest, Run, RunRequest, SpillRequest};
use truc::config::DataFolder;
use truc::delivery::standing::Caller;
use truc::domain::{Code, MessageId};
use truc::engine::Hub;
use truc::trail::{VerifierKey, verify};

use crate::support::{Document, TestHub, once_free, status_about};

const DAY: i64 = 86_400_000;

fn operator() -> Caller {
    Hub::operator_of_folder()
}

/// A rule of retention for everything that is so many days old.
pub fn rule(name: &str, days: u32, header: bool) -> RuleRequest {
    RuleRequest {
        rule: name.to_owned(),
        years: 0,
        days,
        business: None,
        type_name: None,
        header,
        basis: "Luật Lưu trữ, Điều 15".to_owned(),
        from: None,
        closed: false,
    }
}

/// A document of 60 KB to H41; `number` makes it one of its own.
async fn sent(hub: &TestHub, sender: &Caller, number: &str, file: &str) -> MessageId {
    let document = format!("vb-{number}");
    let message = Document { to: &["H41"], id: &document, number, file, ..Document::default() };
    hub.send(sender, &hub.signed(&message.text(), "G22")).await.unwrap().id
}

async fn run_all(hub: &TestHub, preview: &Preview) -> Run {
    let request = RunRequest { rule: preview.rule.clone(), cutoff: preview.cutoff, steps: 100, after: None };
    hub.hub.retention_run(&operator(), &request).await.unwrap()
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Octets that the files of these folders take on the disk.
fn used(hub: &TestHub) -> u64 {
    let folders = [hub.folder.path().join("journal"), hub.folder.path().join("payloads")];
    folders.iter().flat_map(|folder| files(folder)).map(|file| std::fs::metadata(file).unwrap().blocks() * 512).sum()
}

/// The files of the data folder in which some text stands.
fn holding(folder: &Path, text: &str) -> Vec<std::path::PathBuf> {
    let holds = |path: &std::path::PathBuf| {
        let bytes = std::fs::read(path).unwrap_or_default();
        bytes.windows(text.len()).any(|part| part == text.as_bytes())
    };
    files(folder).into_iter().filter(holds).collect()
}

fn code<T>(answer: Result<T, truc::domain::Refusal>) -> Code {
    answer.err().unwrap().code
}

#[tokio::test(flavor = "multi_thread")]
async fn law_5_a_rule_destroys_what_is_due_and_every_proof_stays() {
    let hub = TestHub::new().await;
    let (sender, recipient) = (hub.caller("G22").await, hub.caller("H41").await);
    let small = "AAAB".repeat(14_000);
    let large = "AAAC".repeat(100_000);
    let mut due = Vec::new();
    for (number, file) in [("1", &small), ("2", &large)] {
        hub.clock.advance(1);
        let message = sent(&hub, &sender, number, file).await;
        hub.hub.confirm(&recipient, message, None).await.unwrap();
        due.push(message);
    }
    let waiting = sent(&hub, &sender, "3", &small).await;
    let receipt = hub.hub.proof(&sender, due[0]).unwrap();
    hub.hub.put_retention_rule(&operator(), rule("mot-ngay", 1, false)).await.unwrap();
    assert_eq!(hub.hub.retention_preview(&operator(), "mot-ngay").unwrap().documents, 0, "nothing is old enough");

    hub.clock.advance(2 * DAY);
    let young = sent(&hub, &sender, "4", &small).await;
    hub.hub.confirm(&recipient, young, None).await.unwrap();
    let before = used(&hub);
    let preview = hub.hub.retention_preview(&operator(), "mot-ngay").unwrap();
    assert_eq!((preview.documents, preview.unconfirmed, preview.segments), (2, 1, 1));
    assert_eq!(preview.first.iter().map(|it| it.id).collect::<Vec<_>>(), due);
    assert_eq!(preview.first_unconfirmed[0].id, waiting);
    assert!(hub.hub.content(&recipient, due[0], None).is_ok(), "looking destroys nothing");

    let run = run_all(&hub, &preview).await;
    assert_eq!((run.documents, run.contents, run.payloads, run.segments, run.more), (2, 2, 1, 1, false));
    assert!(run.bytes > 56_000 && before - used(&hub) > 450_000, "{run:?} {before} {}", used(&hub));
    assert_eq!(run_all(&hub, &preview).await, Run::default(), "a second time there is nothing to do");

    let hub = hub.restart();
    for caller in [&sender, &recipient] {
        for message in &due {
            let refusal = hub.hub.content(caller, *message, None).err().unwrap();
            assert_eq!(refusal.code, Code::ContentDestroyed);
            assert!(refusal.detail.contains("2026-11-24") && refusal.detail.contains("mot-ngay"), "{refusal}");
            let view = hub.hub.document(caller, *message).unwrap();
            assert_eq!(view.content.unwrap().state, ContentState::Destroyed);
            let trail = hub.hub.trail(caller, *message).unwrap();
            assert!(trail.entries.iter().any(|entry| entry.entry.contains("\"destroyed\"")), "both sides can see it");
            let key: VerifierKey = hub.hub.view().verifier_key.parse().unwrap();
            for entry in trail.entries {
                assert_eq!(verify::proof(&entry.proof, std::slice::from_ref(&key)).unwrap().index(), entry.seq);
            }
            verify::proof(&receipt, &[key]).unwrap();
        }
        assert!(hub.hub.content(caller, waiting, None).is_ok(), "what is not confirmed is left alone");
        assert!(hub.hub.content(caller, young, None).is_ok());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_is_checked_and_only_what_was_previewed_is_destroyed() {
    let hub = TestHub::new().await;
    let (sender, recipient) = (hub.caller("G22").await, hub.caller("H41").await);
    let message = sent(&hub, &sender, "1", "AAAA").await;
    hub.hub.confirm(&recipient, message, None).await.unwrap();
    hub.hub.put_retention_rule(&operator(), rule("r", 1, false)).await.unwrap();
    let late =
        RunRequest { rule: "r".into(), cutoff: truc::domain::Timestamp::from_millis(i64::MAX), steps: 1, after: None };
    assert_eq!(code(hub.hub.retention_run(&operator(), &late).await), Code::BadRequest);
    assert_eq!(code(hub.hub.retention_preview(&sender, "r")), Code::NotAllowed);
    assert_eq!(code(hub.hub.retention_run(&sender, &late).await), Code::NotAllowed);
    assert_eq!(code(hub.hub.retention_preview(&operator(), "s")), Code::NotFound);
    assert_eq!(code(hub.hub.put_retention_rule(&sender, rule("s", 1, false)).await), Code::NotAllowed);
    let baseless = RuleRequest { basis: " ".into(), ..rule("s", 1, false) };
    assert_eq!(code(hub.hub.put_retention_rule(&operator(), baseless).await), Code::BadRequest);
    hub.hub.put_retention_rule(&operator(), RuleRequest { closed: true, ..rule("r", 1, false) }).await.unwrap();
    hub.clock.advance(3 * DAY);
    assert_eq!(code(hub.hub.retention_preview(&operator(), "r")), Code::BadRequest);
    assert!(hub.hub.content(&recipient, message, None).is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn law_1_what_was_ordered_destroyed_before_a_crash_is_destroyed_after_it() {
    let hub = TestHub::new().await;
    let (sender, recipient) = (hub.caller("G22").await, hub.caller("H41").await);
    let message = sent(&hub, &sender, "1", "TheMarkerOfThisFile0").await;
    hub.hub.confirm(&recipient, message, None).await.unwrap();
    hub.hub.put_retention_rule(&operator(), rule("r", 1, false)).await.unwrap();
    hub.clock.advance(2 * DAY);
    let preview = hub.hub.retention_preview(&operator(), "r").unwrap();
    // A folder stands where the new segment would be written: the order is given, the rewriting fails.
    let obstacle = hub.folder.path().join("journal/0000000001.segment.new");
    std::fs::create_dir(&obstacle).unwrap();
    let request = RunRequest { rule: "r".into(), cutoff: preview.cutoff, steps: 1, after: None };
    assert_eq!(code(hub.hub.retention_run(&operator(), &request).await), Code::StorageFailed);
    assert_eq!(code(hub.hub.content(&recipient, message, None)), Code::ContentDestroyed, "from the order on");
    assert!(!holding(&hub.folder.path().join("journal"), "TheMarkerOfThisFile0").is_empty());

    std::fs::remove_dir(&obstacle).unwrap();
    let hub = hub.restart();
    let started = std::time::Instant::now();
    while !holding(&hub.folder.path().join("journal"), "TheMarkerOfThisFile0").is_empty() {
        assert!(started.elapsed().as_secs() < 20, "the destruction has not gone on");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let hub = hub.restart();
    assert_eq!(code(hub.hub.content(&recipient, message, None)), Code::ContentDestroyed);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_withheld_is_given_to_nobody_and_destroyed_by_no_rule_until_it_is_released() {
    let hub = TestHub::new().await;
    let (sender, recipient) = (hub.caller("G22").await, hub.caller("H41").await);
    let message = sent(&hub, &sender, "1", "AAAA").await;
    let why = || ReasonRequest { reason: "Theo công văn 12/CAT".into() };
    assert_eq!(code(hub.hub.withhold(&sender, message, why(), false).await), Code::NotAllowed);
    let acted = hub.hub.withhold(&operator(), message, why(), false).await.unwrap();
    let key: VerifierKey = hub.hub.view().verifier_key.parse().unwrap();
    verify::proof(&acted.proof.unwrap(), &[key]).unwrap();
    assert_eq!(hub.hub.withhold(&operator(), message, why(), false).await.unwrap().seq, None, "once is enough");
    let hub = hub.restart();
    for caller in [&sender, &recipient] {
        assert_eq!(code(hub.hub.content(caller, message, None)), Code::ContentWithheld);
        assert_eq!(code(hub.hub.content_facts(caller, message)), Code::ContentWithheld);
        assert_eq!(hub.hub.document(caller, message).unwrap().subject, "");
    }
    assert_eq!(hub.inbox(&recipient)[0].subject, "", "it is listed, without its abstract");
    hub.hub.confirm(&recipient, message, None).await.unwrap();
    hub.hub.put_retention_rule(&operator(), rule("r", 1, true)).await.unwrap();
    hub.clock.advance(2 * DAY);
    let preview = hub.hub.retention_preview(&operator(), "r").unwrap();
    assert_eq!((preview.documents, preview.withheld), (0, 1));
    hub.hub.withhold(&operator(), message, why(), true).await.unwrap();
    assert!(hub.hub.content(&recipient, message, None).is_ok());
    assert!(!hub.hub.document(&sender, message).unwrap().subject.is_empty());
    assert_eq!(hub.hub.retention_preview(&operator(), "r").unwrap().documents, 1);
}

/// Texts that stand in nothing but the spilled document and what was said about it.
const MARKS: [&str; 5] = ["TrichYeuLoLot", "NoiDungLoLot", "LyDoLoLot", "76543210987", "Tm9pRHVuZ0xvTG90"];

#[tokio::test(flavor = "multi_thread")]
async fn law_8_of_a_spill_no_byte_is_left_in_the_data_folder_but_the_proof_of_its_destruction() {
    let hub = TestHub::new().await;
    let (sender, recipient, other) = (hub.caller("G22").await, hub.caller("H41").await, hub.caller("H14").await);
    let kept = sent(&hub, &sender, "1", "AAAA").await;
    let mut spilled = Vec::new();
    let large = MARKS[4].repeat(20_000);
    for (document, file) in [("nho", MARKS[4]), ("lon", large.as_str())] {
        let message = Document {
            to: &["H41", "H14"],
            id: document,
            number: MARKS[3],
            subject: MARKS[0],
            file,
            ..Document::default()
        };
        spilled.push(hub.send(&sender, &hub.signed(&message.text(), "G22")).await.unwrap().id);
        let told = status_about("H41", "G22", "03", MARKS[2], "2026/11/22 09:00:00", document)
            .replace("1234/VPCP-TH", &format!("{}/VPCP-TH", MARKS[3]));
        hub.report(&recipient, &hub.signed(&told, "H41")).await.unwrap();
    }
    hub.bytes(&recipient, spilled[0]);
    // Rows go into the engine's file, where old pages stay behind.
    let hub = hub.restart();
    assert!(!holding(hub.folder.path(), MARKS[0]).is_empty() && !holding(hub.folder.path(), MARKS[4]).is_empty());
    let found = hub.hub.spill_find(&operator(), &format!("{}/VPCP-TH", MARKS[3])).unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(code(hub.hub.spill_find(&sender, "nho")), Code::NotAllowed);

    let request = || SpillRequest { messages: spilled.clone(), reason: "Gửi nhầm".into() };
    assert_eq!(code(hub.hub.spill_destroy(&sender, request()).await), Code::NotAllowed);
    let report = hub.hub.spill_destroy(&operator(), request()).await.unwrap();
    assert!(report.index_clean && report.payloads == 1 && report.contents == 8, "{report:?}");
    let holders: Vec<_> = report.messages[0].found.recipients.iter().map(|it| it.fetched_at.is_some()).collect();
    assert_eq!(holders, [false, true], "H14 has not taken it, H41 has");

    let key: VerifierKey = hub.hub.view().verifier_key.parse().unwrap();
    let proof = report.messages[0].destroyed.proof.clone().unwrap();
    let proven = verify::proof(&proof, std::slice::from_ref(&key)).unwrap();
    assert!(std::str::from_utf8(proven.entry()).unwrap().contains("\"destroyed\""));
    let told = hub.hub.events(&other, None, None, 500).unwrap();
    assert!(told.iter().any(|event| event.kind == "spilled" && event.message == Some(spilled[0])));
    for mark in MARKS {
        assert_eq!(holding(hub.folder.path(), mark), Vec::<std::path::PathBuf>::new(), "{mark}");
    }
    assert!(hub.inbox(&other).is_empty(), "nobody can confirm it any more");
    assert_eq!(code(hub.hub.content(&recipient, spilled[0], None)), Code::ContentDestroyed);
    assert!(hub.hub.content(&recipient, kept, None).is_ok());
    assert_eq!(hub.hub.spill_destroy(&operator(), request()).await.unwrap().contents, 0);

    let views = |hub: &TestHub| {
        spilled
            .iter()
            .map(|id| serde_json::to_value(hub.hub.document(&sender, *id).unwrap()).unwrap())
            .collect::<Vec<_>>()
    };
    let before = views(&hub);
    hub.hub.close();
    let TestHub { folder, hub: open, clock, config, pki } = hub;
    drop(open);
    std::fs::remove_dir_all(DataFolder::new(folder.path()).index()).unwrap();
    let again = once_free(|| Hub::open(&config, &DataFolder::new(folder.path()), clock.clone())).unwrap();
    let hub = TestHub { folder, hub: again, clock, config, pki };
    assert_eq!(views(&hub), before, "an index that is built again says the same");
    assert_eq!(hub.hub.spill_find(&operator(), &format!("{}/VPCP-TH", MARKS[3])).err().unwrap().code, Code::NotFound);
    assert_eq!(hub.hub.spill_find(&operator(), "G22 nho").unwrap()[0].id, spilled[0]);
}

/// A crash between the file of a large document and the record that names it leaves a file that nothing names: also of
/// what was refused afterwards, or destroyed and sent again.
#[tokio::test(flavor = "multi_thread")]
async fn law_8_a_large_file_that_no_record_names_is_gone_after_the_next_start() {
    let hub = TestHub::new().await;
    let sender = hub.caller("G22").await;
    let message = sent(&hub, &sender, "1", &"AAAC".repeat(100_000)).await;
    let payloads = DataFolder::new(hub.folder.path()).payloads();
    let named = files(&payloads);
    assert_eq!(named.len(), 1);
    let young = named[0].with_file_name(uuid::Uuid::now_v7().simple().to_string());
    let old = payloads.join("019200").join("0192003344557f1fa3b0c4d5e6f70809");
    std::fs::create_dir(old.parent().unwrap()).unwrap();
    for left in [&young, &old] {
        std::fs::write(left, "left by a crash").unwrap();
    }
    let hub = hub.restart_without_index();
    let started = std::time::Instant::now();
    while young.exists() || old.exists() {
        assert!(started.elapsed().as_secs() < 20, "what a crash has left is still there");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_eq!(files(&payloads), named, "what a record names stays");
    assert!(hub.hub.content(&sender, message, None).is_ok());
}
