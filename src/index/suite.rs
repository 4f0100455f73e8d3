//! One suite for every engine, and the overlay against a plain model.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use proptest::prelude::*;

use crate::index::{Durability, Index, Memory, Overlay, Read, Redb, Writes};

type Rows = Vec<(Vec<u8>, Vec<u8>)>;

fn scanned(read: &dyn Read, from: &[u8], to: &[u8], reverse: bool, limit: usize) -> Rows {
    let mut rows = Rows::new();
    read.scan(from, to, reverse, &mut |key, value| {
        rows.push((key.to_vec(), value.to_vec()));
        if rows.len() >= limit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .unwrap();
    rows
}

fn modelled(model: &BTreeMap<Vec<u8>, Vec<u8>>, from: &[u8], to: &[u8], reverse: bool, limit: usize) -> Rows {
    let mut rows: Rows = model
        .iter()
        .filter(|(key, _)| key.as_slice() >= from && key.as_slice() < to)
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    if reverse {
        rows.reverse();
    }
    rows.truncate(limit);
    rows
}

fn write(model: &mut BTreeMap<Vec<u8>, Vec<u8>>, writes: &Writes) {
    for (key, value) in writes {
        match value {
            Some(value) => model.insert(key.clone(), value.clone()),
            None => model.remove(key),
        };
    }
}

fn keys() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(0u8..4, 1..4)
}

fn writes() -> impl Strategy<Value = Writes> {
    proptest::collection::btree_map(keys(), proptest::option::of(proptest::collection::vec(any::<u8>(), 0..4)), 0..12)
}

fn reads_are_as_the_model_has_them(
    index: &dyn Index,
    batches: &[Writes],
    over: &Writes,
    ranges: &[(Vec<u8>, Vec<u8>)],
) {
    let mut model = BTreeMap::new();
    for batch in batches {
        index.apply(batch, Durability::Relaxed).unwrap();
        write(&mut model, batch);
    }
    let reader = index.reader().unwrap();
    let mut overlay = Overlay::new(reader.as_ref());
    overlay.extend(over.clone());
    let mut overlaid = model.clone();
    write(&mut overlaid, over);
    for (from, to) in ranges {
        assert_eq!(reader.get(from).unwrap(), model.get(from).cloned());
        assert_eq!(overlay.get(from).unwrap(), overlaid.get(from).cloned());
        for reverse in [false, true] {
            for limit in [1, 3, 100] {
                assert_eq!(
                    scanned(reader.as_ref(), from, to, reverse, limit),
                    modelled(&model, from, to, reverse, limit)
                );
                assert_eq!(scanned(&overlay, from, to, reverse, limit), modelled(&overlaid, from, to, reverse, limit));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    #[test]
    fn memory_and_its_overlay_are_as_the_model(
        batches in proptest::collection::vec(writes(), 0..4), over in writes(),
        ranges in proptest::collection::vec((keys(), keys()), 1..6),
    ) {
        reads_are_as_the_model_has_them(&Memory::new(), &batches, &over, &ranges);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(16) })]

    #[test]
    fn redb_and_its_overlay_are_as_the_model(
        batches in proptest::collection::vec(writes(), 0..4), over in writes(),
        ranges in proptest::collection::vec((keys(), keys()), 1..6),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let index = Redb::open(&folder.path().join("index.redb"), 1 << 20).unwrap();
        reads_are_as_the_model_has_them(&index, &batches, &over, &ranges);
    }
}

fn one(key: &[u8], value: &[u8]) -> Writes {
    Writes::from([(key.to_vec(), Some(value.to_vec()))])
}

#[test]
fn a_view_does_not_change_under_its_reader() {
    let folder = tempfile::tempdir().unwrap();
    let redb = Redb::open(&folder.path().join("index.redb"), 1 << 20).unwrap();
    let memory = Memory::new();
    let engines: [&dyn Index; 2] = [&redb, &memory];
    for index in engines {
        index.apply(&one(b"a", b"1"), Durability::Relaxed).unwrap();
        let before = index.reader().unwrap();
        index.apply(&one(b"a", b"2"), Durability::Relaxed).unwrap();
        assert_eq!(before.get(b"a").unwrap().unwrap(), b"1");
        assert_eq!(index.reader().unwrap().get(b"a").unwrap().unwrap(), b"2");
    }
}

#[test]
fn after_a_stop_redb_is_at_a_checkpoint_or_later() {
    let folder = tempfile::tempdir().unwrap();
    let (file, copy) = (folder.path().join("index.redb"), folder.path().join("copy.redb"));
    let index = Redb::open(&file, 1 << 20).unwrap();
    index.apply(&one(b"kept", b"1"), Durability::Checkpoint).unwrap();
    index.apply(&one(b"relaxed", b"1"), Durability::Relaxed).unwrap();
    // What a kill leaves: the file as it is, without the clean close.
    std::fs::copy(&file, &copy).unwrap();
    let reopened = Redb::open(&copy, 1 << 20).unwrap();
    assert!(reopened.reader().unwrap().get(b"kept").unwrap().is_some());
}

#[test]
fn a_file_that_is_no_index_is_a_named_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("index.redb");
    std::fs::write(&file, vec![0x5a; 20_000]).unwrap();
    assert!(Redb::open(&file, 1 << 20).is_err());
}
