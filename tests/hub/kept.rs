//! Data folders that were written by earlier versions and by this one (`fixtures/folders/`): each opens, its trail
//! verifies, and everybody is told what was told then. `cargo test --test hub write_a_data_folder -- --ignored` writes
//! another one, beside those that are there: a change of a format brings its migration and a new folder.

mod answers;
mod story;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use truc::clock::SetClock;
use truc::config::{Config, DataFolder};
use truc::domain::Timestamp;
use truc::engine::Hub;
use truc::hub::{Entry, Event};
use truc::journal::disk::Real;
use truc::journal::{Extent, Inspected, inspect};

use crate::kept::answers::{Known, covers};

/// The folder that is written next. Those that are there are never written again.
const NEXT: &str = "1";

/// What stands beside a kept folder.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    /// The version that wrote it.
    software: String,
    /// What its clock said last.
    clock: Timestamp,
    /// Its accesses, with a token of each.
    tokens: BTreeMap<String, String>,
    /// Entries by kind.
    kinds: BTreeMap<String, u64>,
    /// The signed checkpoint over all of them: size and root of the tree.
    checkpoint: String,
    /// What everybody is told.
    answers: serde_json::Value,
    /// Length and digest of every message, as each may have it.
    contents: serde_json::Value,
}

fn folders() -> Vec<PathBuf> {
    let root = root();
    let mut folders: Vec<_> = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    folders
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/folders")
}

fn kept(folder: &Path) -> Kept {
    serde_json::from_slice(&std::fs::read(folder.join("expected.json")).unwrap()).unwrap()
}

/// A copy of what has to be kept of a data folder: everything that is not derived, and no keys but the log's.
fn copy(from: &DataFolder, to: &DataFolder) {
    let pairs = [
        (from.config(), to.config()),
        (from.journal(), to.journal()),
        (from.payloads(), to.payloads()),
        (from.checkpoints(), to.checkpoints()),
        (from.trust(), to.trust()),
        (from.log_key(), to.log_key()),
        (from.log_vkey(), to.log_vkey()),
        (from.earlier_vkeys(), to.earlier_vkeys()),
    ];
    for (from, to) in pairs {
        copy_path(&from, &to);
    }
}

fn copy_path(from: &Path, to: &Path) {
    if !from.is_dir() {
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(from, to).unwrap();
        return;
    }
    for entry in std::fs::read_dir(from).unwrap().map(|entry| entry.unwrap()) {
        let name = entry.file_name();
        if name != "lock" && name != "reserve" {
            copy_path(&entry.path(), &to.join(name));
        }
    }
}

/// A copy to open, with the permissions that a repository does not keep.
fn copied(folder: &Path) -> (tempfile::TempDir, DataFolder) {
    let copy = tempfile::tempdir().unwrap();
    let data = DataFolder::new(copy.path());
    self::copy(&DataFolder::new(folder.join("data")), &data);
    std::fs::set_permissions(data.log_key(), std::fs::Permissions::from_mode(0o600)).unwrap();
    for folder in data.folders() {
        std::fs::create_dir_all(folder).unwrap();
    }
    (copy, data)
}

fn open(data: &DataFolder, at: Timestamp) -> (Hub, Arc<SetClock>) {
    let clock = Arc::new(SetClock::at(at));
    (Hub::open(&Config::read(&data.config()).unwrap(), data, clock.clone()).unwrap(), clock)
}

/// How many entries there are of each kind.
fn kinds(data: &DataFolder) -> BTreeMap<String, u64> {
    let mut kinds = BTreeMap::new();
    inspect(&Real, &data.journal(), Extent::default(), &mut |inspected| {
        if let Inspected::Record(record) = inspected {
            for entry in &record.batch.entries {
                *kinds.entry(Entry::from_bytes(entry).unwrap().event.kind().to_owned()).or_default() += 1;
            }
        }
        ControlFlow::Continue(())
    })
    .unwrap();
    kinds
}

/// Every kind of entry that this version knows: where one is unknown, serde names all that there are.
fn all_kinds() -> BTreeSet<String> {
    let error = serde_json::from_str::<Event>(r#"{"kind":"?"}"#).unwrap_err().to_string();
    let kinds: BTreeSet<_> = error.split('`').skip(3).step_by(2).map(str::to_owned).collect();
    assert!(kinds.len() > 20 && kinds.contains("opened") && kinds.contains("backup"), "{error}");
    kinds
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_data_folder_opens_verifies_and_says_what_it_said() {
    for folder in folders() {
        let (expected, (_keep, data)) = (kept(&folder), copied(&folder));
        let (hub, clock) = open(&data, expected.clock);
        assert_eq!(hub.checkpoint(), expected.checkpoint, "size and root of the tree, and the signature over them");
        let known = Known::new(&hub, &expected.tokens);
        covers(&known.answers(&hub), &expected.answers, &mut vec![folder.display().to_string()]);
        assert_eq!(hub.health().head, expected.kinds.values().sum::<u64>(), "opening and asking adds nothing");
        covers(&known.contents(&hub), &expected.contents, &mut vec![folder.display().to_string()]);

        story::goes_on(&hub, &clock).await;
        hub.close();
        drop(hub);
        let deep = truc::doctor::Thoroughness { deep: true };
        let report = truc::doctor::examine(&data, deep, expected.clock);
        let damage: Vec<_> =
            report.findings.iter().filter(|it| it.severity == truc::doctor::Severity::Damage).collect();
        assert!(damage.is_empty(), "{damage:#?}");
    }
}

#[test]
fn every_kind_of_entry_is_in_a_kept_data_folder() {
    let mut found = BTreeSet::new();
    for folder in folders() {
        let (expected, (_keep, data)) = (kept(&folder), copied(&folder));
        let kinds = kinds(&data);
        assert_eq!(kinds, expected.kinds);
        found.extend(kinds.into_keys());
    }
    let missing: Vec<_> = all_kinds().into_iter().filter(|kind| !found.contains(kind)).collect();
    assert!(missing.is_empty(), "of these there is no entry in any folder of fixtures/folders: {missing:?}");
}

/// The same story each time. Ids, salts, keys and signatures are drawn anew, as a hub does.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "writes fixtures/folders"]
async fn write_a_data_folder() {
    let target = root().join(NEXT);
    assert!(!target.exists(), "a kept folder is never written again: name the next one");
    let told = story::tell().await;
    let (data, to) = (DataFolder::new(told.folder.path()), DataFolder::new(target.join("data")));
    let kinds = kinds(&data);
    let missing: Vec<_> = all_kinds().into_iter().filter(|kind| !kinds.contains_key(kind)).collect();
    assert!(missing.is_empty(), "the story does not tell of {missing:?}");
    copy(&data, &to);
    let (_keep, copy) = copied(&target);
    let (hub, _) = open(&copy, told.clock);
    let known = Known::new(&hub, &told.tokens);
    let kept = Kept {
        software: env!("CARGO_PKG_VERSION").to_owned(),
        clock: told.clock,
        tokens: told.tokens,
        kinds,
        checkpoint: hub.checkpoint(),
        answers: known.answers(&hub),
        contents: known.contents(&hub),
    };
    std::fs::write(target.join("expected.json"), serde_json::to_string_pretty(&kept).unwrap() + "\n").unwrap();
}
