//! Backups made beside a busy hub, and restores that know what others hold.

use std::path::{Path, PathBuf};

use truc::api::RunRequest;
use truc::backup::{self, BackupError, Manifest, Wish};
use truc::clock::Clock as _;
use truc::config::{self, DataFolder};
use truc::engine::{Hub, OpenError};
use truc::trail::{LogKey, VerifierKey, verify};

use crate::life::rule;
use crate::support::{Document, TestHub};

/// What `truc init` leaves beside the keys.
fn complete(hub: &TestHub) -> DataFolder {
    let data = DataFolder::new(hub.folder.path());
    std::fs::write(data.config(), config::template(&hub.config)).unwrap();
    std::fs::write(data.log_vkey(), format!("{}\n", hub.hub.view().verifier_key)).unwrap();
    data
}

async fn send(hub: &TestHub, number: usize, file: &str) -> truc::api::Receipt {
    let (id, code) = (format!("vb-{number}"), (1 + number).to_string());
    let message = Document { to: &["H41"], id: &id, number: &code, file, ..Document::default() };
    let receipt = hub.send(&hub.caller("G22").await, &hub.signed(&message.text(), "G22")).await.unwrap();
    hub.hub.confirm(&hub.caller("H41").await, receipt.id, None).await.unwrap();
    receipt
}

fn make(hub: &TestHub, data: &DataFolder, to: &Path) -> Manifest {
    backup::make(data, to, "b", hub.clock.now()).unwrap().0
}

/// The checkpoint in a receipt, in a file of its own.
fn checkpoint(hub: &TestHub, name: &str, receipt: &truc::api::Receipt) -> PathBuf {
    let path = hub.folder.path().with_extension(name);
    std::fs::write(&path, &receipt.proof).unwrap();
    path
}

fn restored(hub: &TestHub, data: &DataFolder) -> Hub {
    let config = config::Config::read(&data.config()).unwrap();
    Hub::open(&config, data, hub.clock.clone()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn law_1_a_backup_beside_a_busy_hub_and_retention_is_whole_each_time() {
    let hub = TestHub::new().await;
    let data = complete(&hub);
    let other = tempfile::tempdir().unwrap();
    send(&hub, 0, &"AAAD".repeat(40_000)).await;
    hub.hub.put_retention_rule(&Hub::operator_of_folder(), rule("r", 0, false)).await.unwrap();
    let (folder, clock, from) = (other.path().to_owned(), hub.clock.clone(), data.clone());
    let backups = std::thread::spawn(move || {
        let mut sizes = Vec::new();
        for _ in 0..12 {
            let manifest = backup::make(&from, &folder, "b", clock.now()).unwrap().0;
            assert_eq!(backup::verify(&folder, &[]).unwrap().1.entries, manifest.size);
            sizes.push(manifest.size);
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        sizes
    });
    for number in 1..25 {
        hub.clock.advance(10);
        let file = if number % 3 == 0 { "AAAE".repeat(30_000) } else { "AAAF".repeat(100) };
        send(&hub, number, &file).await;
        let operator = Hub::operator_of_folder();
        let preview = hub.hub.retention_preview(&operator, "r").unwrap();
        let request = RunRequest { rule: preview.rule, cutoff: preview.cutoff, steps: 100, after: None };
        hub.hub.retention_run(&operator, &request).await.unwrap();
    }
    let sizes = backups.join().unwrap();
    assert!(sizes.is_sorted(), "{sizes:?}");
    hub.hub.close();
    assert_eq!(make(&hub, &data, other.path()).size, hub.hub.health().head, "a closed hub is backed up whole");
    let (_, verified) = backup::verify(other.path(), &[]).unwrap();
    assert!(verified.payloads <= 1, "what was destroyed is gone from the backup: {verified:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_is_interrupted_leaves_the_one_before_whole() {
    let hub = TestHub::new().await;
    let data = complete(&hub);
    let other = tempfile::tempdir().unwrap();
    send(&hub, 0, "AAAA").await;
    let hub = hub.restart();
    let first = make(&hub, &data, other.path());
    send(&hub, 1, "AAAA").await;
    let hub = hub.restart();
    let obstacle = other.path().join("manifest.json.new");
    std::fs::create_dir(&obstacle).unwrap();
    assert!(matches!(backup::make(&data, other.path(), "b", hub.clock.now()), Err(BackupError::Io { .. })));
    assert_eq!(backup::verify(other.path(), &[]).unwrap().0, first);
    std::fs::remove_dir(&obstacle).unwrap();
    assert!(make(&hub, &data, other.path()).size > first.size);
    backup::verify(other.path(), &[]).unwrap();
}

/// A run that was interrupted had copied a large document, which was destroyed before the next one: it is not left in the
/// backup. What the hub has lost, but not destroyed, stays there.
#[tokio::test(flavor = "multi_thread")]
async fn law_8_what_an_interrupted_backup_had_copied_goes_when_it_is_destroyed() {
    let hub = TestHub::new().await;
    let data = complete(&hub);
    let other = tempfile::tempdir().unwrap();
    send(&hub, 0, &"AAAD".repeat(40_000)).await;
    let hub = hub.restart();
    let obstacle = other.path().join("manifest.json.new");
    std::fs::create_dir(&obstacle).unwrap();
    assert!(matches!(backup::make(&data, other.path(), "b", hub.clock.now()), Err(BackupError::Io { .. })));
    let copied = payloads(other.path());
    assert_eq!(copied.len(), 1);
    std::fs::write(copied[0].with_extension("new"), "the half of another one").unwrap();
    destroy_all(&hub).await;
    std::fs::remove_dir(&obstacle).unwrap();
    make(&hub, &data, other.path());
    assert_eq!(payloads(other.path()), Vec::<PathBuf>::new());

    send(&hub, 1, &"AAAE".repeat(40_000)).await;
    let hub = hub.restart();
    make(&hub, &data, other.path());
    std::fs::remove_file(&payloads(hub.folder.path())[0]).unwrap();
    send(&hub, 2, "AAAA").await;
    let hub = hub.restart();
    make(&hub, &data, other.path());
    assert_eq!(backup::verify(other.path(), &[]).unwrap().1.payloads, 1);
}

/// Whoever has a backup cannot sign in the log's name, also where the operator has kept a second copy of the key.
#[tokio::test(flavor = "multi_thread")]
async fn no_file_of_a_backup_is_the_log_key() {
    let hub = TestHub::new().await;
    let data = complete(&hub);
    let other = tempfile::tempdir().unwrap();
    let key = std::fs::read(data.log_key()).unwrap();
    for name in ["log.key.old", "copy"] {
        std::fs::write(data.keys().join(name), &key).unwrap();
    }
    std::fs::write(data.keys().join("notes.txt"), "not a key").unwrap();
    let manifest = make(&hub, &data, other.path());
    assert!(manifest.files.iter().any(|file| file.path.ends_with("notes.txt")));
    for file in std::fs::read_dir(other.path().join("files")).unwrap() {
        assert_ne!(std::fs::read(file.unwrap().path()).unwrap(), key);
    }
}

/// The files of large documents in a data folder or a backup.
fn payloads(folder: &Path) -> Vec<PathBuf> {
    let inner = std::fs::read_dir(folder.join("payloads")).unwrap().map(|entry| entry.unwrap().path());
    let files = inner.filter(|path| path.is_dir()).flat_map(|path| std::fs::read_dir(path).unwrap());
    files.map(|entry| entry.unwrap().path()).collect()
}

/// Destroys everything that was accepted before now.
async fn destroy_all(hub: &TestHub) {
    let operator = Hub::operator_of_folder();
    hub.hub.put_retention_rule(&operator, rule("r", 0, false)).await.unwrap();
    hub.clock.advance(10);
    let preview = hub.hub.retention_preview(&operator, "r").unwrap();
    let request = RunRequest { rule: preview.rule, cutoff: preview.cutoff, steps: 100, after: None };
    assert!(hub.hub.retention_run(&operator, &request).await.unwrap().documents > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn law_5_a_restore_without_the_log_key_begins_an_epoch_over_the_same_entries() {
    let hub = TestHub::new().await;
    let data = complete(&hub);
    let (other, second, target) =
        (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let receipt = send(&hub, 0, &"AAAD".repeat(40_000)).await;
    let known = checkpoint(&hub, "known", &receipt);
    let hub = hub.restart();
    let old_key: VerifierKey = hub.hub.view().verifier_key.parse().unwrap();
    let manifest = make(&hub, &data, other.path());
    let new = DataFolder::new(target.path());
    let wish = Wish { checkpoints: vec![known], ..Wish::default() };
    let done = backup::restore(other.path(), &new, &wish).unwrap();
    assert_eq!((done.missing, done.epoch.as_ref().unwrap().origin.as_str()), (0, "hub.example/test.2"));
    assert!(matches!(backup::restore(other.path(), &new, &wish), Err(BackupError::NotEmpty(_))));

    let again = restored(&hub, &new);
    let view = again.view();
    assert_eq!(view.earlier_keys, [old_key.to_string()]);
    assert_eq!(again.health().head, manifest.size + 1, "the entry that tells of it, and nothing else");
    let caller = hub.caller("G22").await;
    let new_key: VerifierKey = view.verifier_key.parse().unwrap();
    let proof = again.proof(&caller, receipt.id).unwrap();
    assert_eq!(verify::proof(&proof, &[new_key]).unwrap().index(), receipt.seq, "an entry keeps its place");
    verify::proof(&receipt.proof, &[old_key]).unwrap();
    assert!(again.content(&caller, receipt.id, None).is_ok());
    again.close();
    drop(again);

    backup::make(&new, second.path(), "c", hub.clock.now()).unwrap();
    let (_, verified) = backup::verify(second.path(), &[manifest.size]).unwrap();
    assert_eq!(verified.roots[&manifest.size], manifest.root, "the old checkpoint is a beginning of the new tree");
    assert!(matches!(backup::make(&new, other.path(), "b", hub.clock.now()), Err(BackupError::AnotherLog { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_is_refused_where_others_hold_another_history_or_the_backup_is_not_whole() {
    let hub = TestHub::new().await;
    let data = complete(&hub);
    let (other, target) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    send(&hub, 0, &"AAAD".repeat(40_000)).await;
    let hub = hub.restart();
    let manifest = make(&hub, &data, other.path());
    let new = DataFolder::new(target.path());
    let key = LogKey::load(&data.log_key()).unwrap();
    let forged = hub.folder.path().with_extension("forged");
    std::fs::write(&forged, key.checkpoint(manifest.size - 1, truc::domain::Digest([7; 32]))).unwrap();
    let wish = |log_key: Option<PathBuf>, checkpoints: Vec<PathBuf>| Wish { log_key, checkpoints, ..Wish::default() };
    let refused = backup::restore(other.path(), &new, &wish(None, vec![forged]));
    assert!(matches!(refused, Err(BackupError::Root { .. })), "{refused:?}");
    let refused = backup::restore(other.path(), &new, &wish(Some(data.log_key()), vec![]));
    assert!(matches!(refused, Err(BackupError::NoWitness)), "{refused:?}");
    let stranger = LogKey::generate("x.vn/log", &ring::rand::SystemRandom::new()).unwrap();
    let path = hub.folder.path().with_extension("stranger");
    stranger.save(&path).unwrap();
    let refused = backup::restore(other.path(), &new, &wish(Some(path), vec![data.checkpoints().join("last")]));
    assert!(matches!(refused, Err(BackupError::WrongKey)), "{refused:?}");

    let payload = std::fs::read_dir(other.path().join("payloads")).unwrap().next().unwrap().unwrap().path();
    let payload = std::fs::read_dir(payload).unwrap().next().unwrap().unwrap().path();
    let mut bytes = std::fs::read(&payload).unwrap();
    bytes[5] ^= 1;
    std::fs::write(&payload, bytes).unwrap();
    let refused = backup::restore(other.path(), &new, &wish(None, vec![]));
    assert!(matches!(refused, Err(BackupError::Payload(_))), "{refused:?}");
    assert_eq!(std::fs::read_dir(target.path()).unwrap().count(), 0, "nothing was written");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_log_key_without_a_restore_is_a_refusal_to_start() {
    let hub = TestHub::new().await;
    let data = complete(&hub);
    hub.hub.close();
    let TestHub { hub: open, folder, clock, config, .. } = hub;
    drop(open);
    std::fs::remove_file(data.log_key()).unwrap();
    std::fs::remove_file(data.checkpoints().join("last")).unwrap();
    LogKey::generate(&config.hub.origin, &ring::rand::SystemRandom::new()).unwrap().save(&data.log_key()).unwrap();
    assert!(matches!(Hub::open(&config, &data, clock).err(), Some(OpenError::AnotherKey { .. })));
    drop(folder);
}

/// The floors of a folder, each number replaced.
fn floors(data: &DataFolder, number: &str) -> String {
    let text = std::fs::read_to_string(data.crl_floors()).unwrap();
    let mut floors: serde_json::Value = serde_json::from_str(&text).unwrap();
    let series = floors.as_object_mut().unwrap();
    assert!(!series.is_empty(), "the hub has seen CRLs");
    series.values_mut().for_each(|value| *value = number.into());
    floors.to_string()
}

fn same(one: &Path, other: &str) -> bool {
    let one: serde_json::Value = serde_json::from_slice(&std::fs::read(one).unwrap()).unwrap();
    one == serde_json::from_str::<serde_json::Value>(other).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_backup_never_brings_back_a_lower_number_of_a_crl() {
    let hub = TestHub::new().await;
    let data = complete(&hub);
    let other = tempfile::tempdir().unwrap();
    send(&hub, 0, "AAAA").await;
    let hub = hub.restart();
    make(&hub, &data, other.path());
    let own = std::fs::read_to_string(data.crl_floors()).unwrap();
    let (newer, older) = (floors(&data, "7fff"), floors(&data, "00"));
    let brought = hub.folder.path().with_extension("floors");
    let restore = |target: &Path| {
        let wish = Wish { crl_floors: brought.exists().then(|| brought.clone()), ..Wish::default() };
        backup::restore(other.path(), &DataFolder::new(target), &wish).map(|_| DataFolder::new(target).crl_floors())
    };
    let targets = [(); 5].map(|()| tempfile::tempdir().unwrap());
    let [plain, lower, higher, standing, full] = &targets;

    assert!(same(&restore(plain.path()).unwrap(), &own), "as it was backed up");
    std::fs::write(&brought, older).unwrap();
    assert!(same(&restore(lower.path()).unwrap(), &own), "only ever upwards");
    std::fs::write(&brought, &newer).unwrap();
    assert!(same(&restore(higher.path()).unwrap(), &newer));
    let again = restored(&hub, &DataFolder::new(higher.path()));
    assert_eq!(again.trust().report().crls, 0, "the CRLs of the backup are older than what was seen");
    again.close();

    std::fs::remove_file(&brought).unwrap();
    let there = DataFolder::new(standing.path()).crl_floors();
    std::fs::create_dir(there.parent().unwrap()).unwrap();
    std::fs::write(&there, &newer).unwrap();
    assert!(same(&restore(standing.path()).unwrap(), &newer), "what stands in the target is merged, too");
    std::fs::write(full.path().join("truc.toml"), "").unwrap();
    assert!(matches!(restore(full.path()), Err(BackupError::NotEmpty(_))));
}
