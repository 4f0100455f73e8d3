//! One suite for every engine, alone and under an overlay; the overlay against a plain model; and what a crash or a
//! damaged file does to redb and to sled.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::PathBuf;

use proptest::prelude::*;

use super::*;

type Row = (Vec<u8>, Vec<u8>);

fn rows(read: &dyn Read, from: &[u8], to: &[u8], reverse: bool, limit: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    read.scan(from, to, reverse, &mut |key, value| {
        rows.push((key.to_vec(), value.to_vec()));
        if rows.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })
    .unwrap();
    rows
}

fn all(read: &dyn Read) -> Vec<Row> {
    rows(read, b"", &[0xff; 9], false, usize::MAX)
}

fn writes(rows: &[(&str, Option<&str>)]) -> Writes {
    rows.iter().map(|(key, value)| (key.as_bytes().to_vec(), value.map(|value| value.as_bytes().to_vec()))).collect()
}

fn keys(rows: &[Row]) -> String {
    rows.iter().map(|(key, _)| String::from_utf8_lossy(key).into_owned()).collect::<Vec<_>>().join(" ")
}

macro_rules! index_suite {
    ($name:ident, $make:expr) => {
        mod $name {
            use super::*;

            index_suite! { @ $make;
                what_is_written_is_read
                a_scan_goes_both_ways_within_its_range_and_stops_when_told
                a_reader_sees_one_moment
                an_overlay_reads_its_own_writes
                readers_and_the_writer_go_on_side_by_side
                a_long_scan_is_of_one_moment_while_others_apply
                views_of_several_moments_live_side_by_side
                written_anew_it_has_the_same_rows
            }
        }
    };
    (@ $make:expr; $($test:ident)*) => {
        $(
            #[test]
            fn $test() {
                let (_keep, index) = $make;
                super::$test(&index);
            }
        )*
    };
}

index_suite!(memory, ((), Memory::new()));
index_suite!(redb, {
    let folder = tempfile::tempdir().unwrap();
    let index = Redb::open(&folder.path().join("index.redb"), 4 << 20).unwrap();
    (folder, index)
});

index_suite!(sled, {
    let folder = tempfile::tempdir().unwrap();
    let index = Sled::open(&folder.path().join("sled"), 4 << 20).unwrap();
    (folder, index)
});

index_suite!(buffered_memory, ((), Buffered::new(Memory::new(), 300)));
index_suite!(buffered_redb, {
    let folder = tempfile::tempdir().unwrap();
    let index = Redb::open(&folder.path().join("index.redb"), 4 << 20).unwrap();
    (folder, Buffered::new(index, 2000))
});

index_suite!(buffered_sled, {
    let folder = tempfile::tempdir().unwrap();
    let index = Sled::open(&folder.path().join("sled"), 4 << 20).unwrap();
    (folder, Buffered::new(index, 2000))
});

fn what_is_written_is_read(index: &dyn Index) {
    assert!(all(index.reader().unwrap().as_ref()).is_empty());
    index.apply(&writes(&[("a", Some("1")), ("b", Some("")), ("", Some("empty key"))]), Durability::Relaxed).unwrap();
    index.apply(&writes(&[("a", None), ("c", Some("3")), ("never there", None)]), Durability::Checkpoint).unwrap();
    let read = index.reader().unwrap();
    let get = |key: &str| read.get(key.as_bytes()).unwrap().map(|value| String::from_utf8(value).unwrap());
    assert_eq!(
        ["a", "b", "c", "", "d"].map(get),
        [None, Some(String::new()), Some("3".into()), Some("empty key".into()), None]
    );
    let large = Writes::from([(vec![7; 3000], Some(vec![8; 200_000]))]);
    index.apply(&large, Durability::Relaxed).unwrap();
    assert_eq!(index.reader().unwrap().get(&[7; 3000]).unwrap(), Some(vec![8; 200_000]));
}

fn a_scan_goes_both_ways_within_its_range_and_stops_when_told(index: &dyn Index) {
    let letters: Vec<String> = ('a'..='j').map(|letter| letter.to_string()).collect();
    let written: Vec<(&str, Option<&str>)> = letters.iter().map(|letter| (letter.as_str(), Some("x"))).collect();
    index.apply(&writes(&written), Durability::Relaxed).unwrap();
    let read = index.reader().unwrap();
    let scan = |from: &str, to: &str, reverse, limit| {
        keys(&rows(read.as_ref(), from.as_bytes(), to.as_bytes(), reverse, limit))
    };
    assert_eq!(scan("c", "f", false, 99), "c d e");
    assert_eq!(scan("c", "f", true, 99), "e d c");
    assert_eq!(scan("bb", "ee", false, 2), "c d");
    assert_eq!(scan("bb", "ee", true, 2), "e d");
    assert_eq!(scan("f", "c", false, 99) + &scan("c", "c", true, 99) + &scan("k", "z", false, 99), "");
}

fn a_reader_sees_one_moment(index: &dyn Index) {
    index.apply(&writes(&[("a", Some("1"))]), Durability::Relaxed).unwrap();
    let before = index.reader().unwrap();
    index.apply(&writes(&[("a", Some("2")), ("b", Some("2"))]), Durability::Relaxed).unwrap();
    assert_eq!(before.get(b"a").unwrap(), Some(b"1".to_vec()));
    assert_eq!(keys(&all(before.as_ref())), "a");
    assert_eq!(index.reader().unwrap().get(b"a").unwrap(), Some(b"2".to_vec()));
}

fn an_overlay_reads_its_own_writes(index: &dyn Index) {
    let base = [("b", Some("base")), ("d", Some("base")), ("f", Some("base"))];
    index.apply(&writes(&base), Durability::Relaxed).unwrap();
    let read = index.reader().unwrap();
    let mut overlay = Overlay::new(read.as_ref());
    for key in ["a", "c", "d", "g"] {
        overlay.put(key.into(), b"new".to_vec());
    }
    overlay.delete(b"b".to_vec());
    overlay.delete(b"c".to_vec());
    overlay.delete(b"e".to_vec());
    assert_eq!(overlay.get(b"b").unwrap(), None);
    assert_eq!(overlay.get(b"d").unwrap(), Some(b"new".to_vec()));
    assert_eq!(overlay.get(b"f").unwrap(), Some(b"base".to_vec()));
    assert_eq!(keys(&rows(&overlay, b"", b"z", false, 99)), "a d f g");
    assert_eq!(keys(&rows(&overlay, b"", b"z", true, 99)), "g f d a");
    for limit in 1..5 {
        assert_eq!(rows(&overlay, b"", b"z", false, limit).len(), limit, "a break ends it, wherever it comes");
    }
    let mut second = Overlay::new(&overlay);
    second.put(b"b".to_vec(), b"again".to_vec());
    assert_eq!(keys(&rows(&second, b"b", b"g", false, 99)), "b d f");
    let writes = overlay.into_writes();
    drop(read);
    index.apply(&writes, Durability::Relaxed).unwrap();
    assert_eq!(keys(&all(index.reader().unwrap().as_ref())), "a d f g");
}

fn readers_and_the_writer_go_on_side_by_side(index: &dyn Index) {
    const ROUNDS: u32 = 50;
    let round = |number: u32| {
        (0..20_u32).map(|row| (row.to_be_bytes().to_vec(), Some(number.to_be_bytes().to_vec()))).collect::<Writes>()
    };
    index.apply(&round(0), Durability::Relaxed).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let rows = all(index.reader().unwrap().as_ref());
                    assert!(
                        rows.len() == 20 && rows.iter().all(|(_, value)| value == &rows[0].1),
                        "an apply is seen whole"
                    );
                    if rows[0].1 == ROUNDS.to_be_bytes() {
                        break;
                    }
                }
            });
        }
        for number in 1..=ROUNDS {
            index.apply(&round(number), Durability::Relaxed).unwrap();
        }
    });
}

/// The rows of round `number`: some of those of before are deleted, some are new, the others change.
fn round(number: u32) -> Writes {
    let value = |row: u32| (row % 5 != number % 5).then(|| number.to_be_bytes().to_vec());
    (0..300_u32).map(|row| (row.to_be_bytes().to_vec(), value(row))).collect()
}

fn rows_of_round(number: u32) -> Vec<Row> {
    round(number).into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
}

fn a_long_scan_is_of_one_moment_while_others_apply(index: &dyn Index) {
    index.apply(&round(0), Durability::Relaxed).unwrap();
    for number in 1..20_u32 {
        let read = index.reader().unwrap();
        for reverse in [false, true] {
            let mut seen = Vec::new();
            // While it is scanned, the next round is applied, and goes down.
            read.scan(b"", &[0xff; 9], reverse, &mut |key, value| {
                if seen.len() == 90 {
                    index.apply(&round(number), Durability::Checkpoint).unwrap();
                }
                seen.push((key.to_vec(), value.to_vec()));
                ControlFlow::Continue(())
            })
            .unwrap();
            if reverse {
                seen.reverse();
            }
            assert_eq!(seen, rows_of_round(number - 1));
        }
    }
}

fn views_of_several_moments_live_side_by_side(index: &dyn Index) {
    let mut views = std::collections::VecDeque::new();
    for number in 0..40_u32 {
        index.apply(&round(number), Durability::Relaxed).unwrap();
        views.push_back((number, index.reader().unwrap()));
        // They end in another order than they began in.
        if number % 7 == 6 {
            views.rotate_left(3);
            views.truncate(3);
        }
        for (number, view) in &views {
            assert_eq!(all(view.as_ref()), rows_of_round(*number));
            let key = 17_u32.to_be_bytes();
            assert_eq!(view.get(&key).unwrap(), round(*number)[key.as_slice()].clone());
        }
    }
}

fn written_anew_it_has_the_same_rows(index: &dyn Index) {
    index.apply(&round(1), Durability::Relaxed).unwrap();
    let before = index.reader().unwrap();
    assert!(index.renew().unwrap());
    index.apply(&round(2), Durability::Relaxed).unwrap();
    assert_eq!(all(before.as_ref()), rows_of_round(1), "whoever reads the old files goes on doing so");
    drop(before);
    assert_eq!(all(index.reader().unwrap().as_ref()), rows_of_round(2));
}

fn key() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(prop_oneof![Just(0_u8), Just(1), Just(255)], 0..4)
}

fn any_writes() -> impl Strategy<Value = Writes> {
    proptest::collection::btree_map(key(), proptest::option::of(key()), 0..16)
}

fn write(model: &mut BTreeMap<Vec<u8>, Vec<u8>>, writes: &Writes) {
    for (key, value) in writes {
        match value {
            Some(value) => drop(model.insert(key.clone(), value.clone())),
            None => drop(model.remove(key)),
        }
    }
}

/// The rows that a scan of a plain map gives.
fn modelled(model: &BTreeMap<Vec<u8>, Vec<u8>>, from: &[u8], to: &[u8], reverse: bool, limit: usize) -> Vec<Row> {
    let within = model.iter().filter(|(key, _)| key.as_slice() >= from && key.as_slice() < to);
    let mut rows: Vec<Row> = within.map(|(key, value)| (key.clone(), value.clone())).collect();
    if reverse {
        rows.reverse();
    }
    rows.truncate(limit);
    rows
}

/// Applied batches, and writes over them that are not applied, against plain maps.
fn equals_the_model(index: &dyn Index, applied: &[Writes], over: Writes, ranges: &[(Vec<u8>, Vec<u8>)]) {
    let mut model = BTreeMap::new();
    for batch in applied {
        index.apply(batch, Durability::Relaxed).unwrap();
        write(&mut model, batch);
    }
    let mut overlaid = model.clone();
    write(&mut overlaid, &over);
    let read = index.reader().unwrap();
    let mut overlay = Overlay::new(read.as_ref());
    overlay.extend(over);
    for (from, to) in ranges {
        assert_eq!(read.get(from).unwrap(), model.get(from).cloned());
        assert_eq!(overlay.get(from).unwrap(), overlaid.get(from).cloned());
        for (reverse, limit) in [false, true].into_iter().flat_map(|reverse| [1, 3, 99].map(|limit| (reverse, limit))) {
            let scanned = rows(read.as_ref(), from, to, reverse, limit);
            assert_eq!(scanned, modelled(&model, from, to, reverse, limit));
            assert_eq!(rows(&overlay, from, to, reverse, limit), modelled(&overlaid, from, to, reverse, limit));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn memory_and_an_overlay_equal_the_model(
        applied in proptest::collection::vec(any_writes(), 0..4), over in any_writes(),
        ranges in proptest::collection::vec((key(), key()), 1..6),
    ) {
        equals_the_model(&Memory::new(), &applied, over.clone(), &ranges);
        // Nothing goes down, everything does at once, and something in between.
        for limit in [usize::MAX, 0, 300] {
            equals_the_model(&Buffered::new(Memory::new(), limit), &applied, over.clone(), &ranges);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(16) })]

    #[test]
    fn redb_and_an_overlay_equal_the_model(
        applied in proptest::collection::vec(any_writes(), 0..4), over in any_writes(),
        ranges in proptest::collection::vec((key(), key()), 1..6),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let index = Redb::open(&folder.path().join("index.redb"), 1 << 20).unwrap();
        equals_the_model(&index, &applied, over, &ranges);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(32) })]

    #[test]
    fn sled_and_an_overlay_equal_the_model(
        applied in proptest::collection::vec(any_writes(), 0..4), over in any_writes(),
        ranges in proptest::collection::vec((key(), key()), 1..6),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let index = Sled::open(&folder.path().join("sled"), 1 << 20).unwrap();
        equals_the_model(&index, &applied, over, &ranges);
    }
}

fn numbered(number: u32) -> Writes {
    let rows = (0..64_u32).map(|row| ((row * 7919 % 101 + number).to_be_bytes().to_vec(), Some(vec![1; 100])));
    rows.chain([(b"applied".to_vec(), Some(number.to_be_bytes().to_vec()))]).collect()
}

/// Copies the file while it is open, as a kill leaves it, and opens the copy.
fn killed(path: &std::path::Path) -> (PathBuf, Redb) {
    let copy = path.with_extension("killed");
    std::fs::copy(path, &copy).unwrap();
    let index = Redb::open(&copy, 4 << 20).unwrap();
    (copy, index)
}

#[test]
fn after_a_kill_redb_is_at_its_last_checkpoint_or_later() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index.redb");
    let index = Redb::open(&path, 1 << 20).unwrap();
    for number in 1..200 {
        let checkpoint = number % 50 == 0;
        let durability = if checkpoint { Durability::Checkpoint } else { Durability::Relaxed };
        index.apply(&numbered(number), durability).unwrap();
        if number % 20 == 5 || checkpoint {
            let (copy, after) = killed(&path);
            let applied = after.reader().unwrap().get(b"applied").unwrap();
            let applied = applied.map_or(0, |value| u32::from_be_bytes(value.try_into().unwrap()));
            assert!(applied >= number / 50 * 50 && applied <= number, "{applied} after {number}");
            drop(after);
            std::fs::remove_file(copy).unwrap();
        }
    }
}

/// The row that says how far was applied goes down with what it speaks of.
#[test]
fn a_buffered_index_is_after_a_kill_as_after_some_apply() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index.redb");
    let index = Buffered::new(Redb::open(&path, 1 << 20).unwrap(), 40_000);
    let (mut last, mut seen) = (0, std::collections::BTreeSet::new());
    for number in 1..200_u32 {
        let rows = (0..20_u32).map(|row| (row.to_be_bytes().to_vec(), Some(number.to_be_bytes().to_vec())));
        let writes = rows.chain([(b"applied".to_vec(), Some(number.to_be_bytes().to_vec()))]).collect();
        index.apply(&writes, if number == 100 { Durability::Checkpoint } else { Durability::Relaxed }).unwrap();
        if number % 10 == 0 {
            let (copy, after) = killed(&path);
            let rows = all(after.reader().unwrap().as_ref());
            let applied = rows.first().map_or(0, |(_, value)| u32::from_be_bytes(value.clone().try_into().unwrap()));
            assert!(rows.is_empty() || rows.len() == 21 && rows.iter().all(|(_, value)| value == &rows[0].1));
            assert!(applied >= last && applied <= number && (number < 100 || applied >= 100), "{applied} at {number}");
            last = applied;
            seen.insert(applied);
            drop(after);
            std::fs::remove_file(copy).unwrap();
        }
    }
    assert!(seen.len() > 3, "it goes down now and then: {seen:?}");
}

#[test]
fn a_long_scan_over_a_buffer_is_of_one_moment() {
    let index = Buffered::new(Memory::new(), 60_000);
    let round = |number: u32| -> Writes {
        (0..300_u32).map(|row| (row.to_be_bytes().to_vec(), Some(number.to_be_bytes().to_vec()))).collect()
    };
    index.apply(&round(0), Durability::Relaxed).unwrap();
    for number in 1..30_u32 {
        let read = index.reader().unwrap();
        for reverse in [false, true] {
            let mut seen = 0;
            // While it is scanned, the next rounds are applied, and flushed.
            read.scan(b"", &[0xff], reverse, &mut |_, value| {
                assert_eq!(value, (number - 1).to_be_bytes());
                if seen % 100 == 0 && !reverse {
                    index.apply(&round(number), Durability::Relaxed).unwrap();
                }
                seen += 1;
                ControlFlow::Continue(())
            })
            .unwrap();
            assert_eq!(seen, 300);
        }
    }
}

#[test]
fn a_buffered_index_can_be_opened_again_as_soon_as_it_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index.redb");
    for number in 0..20 {
        let index = Buffered::new(Redb::open(&path, 1 << 20).unwrap(), 3000);
        index.apply(&numbered(number), Durability::Relaxed).unwrap();
    }
}

/// An engine that fails.
struct Broken;

impl Index for Broken {
    fn reader(&self) -> Result<Box<dyn Read + '_>, IndexError> {
        Err(IndexError::Damaged("broken".to_owned()))
    }

    fn apply_rows(&self, _rows: &mut Rows<'_>, _durability: Durability) -> Result<(), IndexError> {
        Err(IndexError::Damaged("broken".to_owned()))
    }
}

#[test]
fn a_flush_that_fails_is_told_to_the_next_apply() {
    let index = Buffered::new(Broken, 100);
    let failed = (0..1000).find_map(|number| {
        std::thread::yield_now();
        index.apply(&numbered(number), Durability::Relaxed).err()
    });
    assert!(matches!(failed, Some(IndexError::Damaged(_))));
    assert!(index.apply(&Writes::new(), Durability::Checkpoint).is_err());
    assert!(index.reader().is_err());
}

#[test]
fn a_second_opening_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index.redb");
    let _index = Redb::open(&path, 1 << 20).unwrap();
    assert!(matches!(Redb::open(&path, 1 << 20), Err(IndexError::InUse)));
}

#[test]
fn a_file_that_is_no_index_is_named_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index.redb");
    for bytes in [vec![0; 10], vec![7; 5000], b"{}".to_vec()] {
        std::fs::write(&path, &bytes).unwrap();
        assert!(matches!(Redb::open(&path, 1 << 20), Err(IndexError::Damaged(_))), "{} bytes", bytes.len());
    }
}

/// Whatever stands in the file: errors, never a panic that gets out.
#[test]
fn a_damaged_file_never_brings_the_caller_down() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index.redb");
    let index = Redb::open(&path, 1 << 20).unwrap();
    for number in 0..30 {
        index.apply(&numbered(number), Durability::Checkpoint).unwrap();
    }
    drop(index);
    let whole = std::fs::read(&path).unwrap();
    for seed in 0..60_usize {
        let mut bytes = whole.clone();
        match seed % 3 {
            0 => bytes.truncate(whole.len() * seed / 60),
            1 => bytes[seed * 4] ^= 0xff,
            _ => {
                let start = whole.len() / 60 * seed;
                bytes[start..start + 64].fill(0xa5);
            }
        }
        std::fs::write(&path, bytes).unwrap();
        let Ok(index) = Redb::open(&path, 1 << 20) else { continue };
        if let Ok(read) = index.reader() {
            let _ = read.scan(b"", &[0xff; 9], seed % 2 == 0, &mut |_, _| ControlFlow::Continue(()));
            let _ = read.get(b"applied");
        }
        let _ = index.apply(&numbered(99), Durability::Checkpoint);
    }
}

#[test]
fn a_memory_index_forgets_what_no_checkpoint_kept() {
    let index = Memory::new();
    index.apply(&writes(&[("a", Some("1"))]), Durability::Checkpoint).unwrap();
    index.apply(&writes(&[("b", Some("2"))]), Durability::Relaxed).unwrap();
    assert_eq!(keys(&all(index.after_crash().reader().unwrap().as_ref())), "a");
    assert_eq!(keys(&all(index.reader().unwrap().as_ref())), "a b");
}
