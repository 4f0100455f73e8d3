//! What was durable and is not as it was written: never a silent skip.

use super::*;
use crate::journal::Damage;
use crate::journal::disk::Disk;

/// What opening and reading everything makes of a disk.
fn seen(disk: &Simulated, options: Options) -> Result<(Vec<Batch>, bool), JournalError> {
    let journal = open(disk, options)?;
    Ok((batches(journal.reader().as_ref())?, journal.recovery().cut.is_some()))
}

#[test]
fn a_flipped_bit_is_never_passed_over() {
    let (disk, written, placed) = written(12, SMALL);
    let last = placed[11].position;
    assert!(last.segment >= 3 && last.offset > 128, "several segments, and several records in the last one");
    for segment in 1..=last.segment {
        let length = disk.contents(&segment_path(segment)).unwrap().len();
        for byte in 0..length {
            let damaged = disk.settled();
            damaged.tamper(&segment_path(segment), |file| file[byte] ^= 1 << (byte % 8)).unwrap();
            let in_last_record = segment == last.segment && byte >= usize::try_from(last.offset).unwrap();
            match seen(&damaged, SMALL) {
                Err(JournalError::Damaged { segment: named, .. }) => assert_eq!(named, segment, "byte {byte}"),
                Err(JournalError::Version(_)) => assert_eq!(byte, 7),
                // Not to be told from a record that a crash interrupted: cut off, and said so.
                Ok((left, true)) => assert!(in_last_record && left == written[..11], "segment {segment}, byte {byte}"),
                other => panic!("segment {segment}, byte {byte}: {:?}", other.map(|(left, cut)| (left.len(), cut))),
            }
        }
    }
}

#[test]
fn a_flipped_bit_in_a_closed_journal_is_never_taken_for_a_crash() {
    let disk = Simulated::new();
    let mut journal = open(&disk, Options::default()).unwrap();
    for number in 0..4 {
        append(&mut journal, &batch(number, 2)).unwrap();
    }
    journal.close();
    for byte in 0..disk.contents(&segment_path(1)).unwrap().len() {
        let damaged = disk.settled();
        damaged.tamper(&segment_path(1), |file| file[byte] ^= 4).unwrap();
        let seen = seen(&damaged, Options::default());
        assert!(matches!(seen, Err(JournalError::Damaged { .. } | JournalError::Version(_))), "byte {byte}");
    }
}

/// Damage in the last record looks like what a crash left. Where its entries were promised to others it is none.
#[test]
fn a_damaged_tail_that_was_promised_is_a_refusal_that_changes_nothing() {
    let (disk, written, placed) = written(5, Options::default());
    let length = disk.contents(&segment_path(1)).unwrap().len();
    for byte in usize::try_from(placed[4].position.offset).unwrap()..length {
        let damaged = disk.settled();
        damaged.tamper(&segment_path(1), |file| file[byte] ^= 2).unwrap();
        let before = damaged.contents(&segment_path(1)).unwrap();
        let open =
            |promised| FileJournal::open_promised(Arc::new(damaged.clone()), &folder(), Options::default(), promised);
        for promised in [seqs(&written[..4]) + 1, seqs(&written)] {
            assert!(matches!(open(promised), Err(JournalError::Damaged { segment: 1, .. })), "byte {byte}");
            assert_eq!(damaged.contents(&segment_path(1)).unwrap(), before, "a refusal changes nothing");
        }
        assert!(open(seqs(&written[..4])).unwrap().recovery().cut.is_some(), "nobody was told of the last one");
    }
}

#[test]
fn a_damaged_record_before_a_whole_one_is_a_refusal() {
    let (disk, _, placed) = written(5, Options::default());
    let from = usize::try_from(placed[3].position.offset).unwrap();
    let to = usize::try_from(placed[4].position.offset).unwrap();
    for (from, to) in [(from, from + 1), (from, to), (from + 170, from + 171), (to - 1, to), (from - 50, to)] {
        let damaged = disk.settled();
        damaged.tamper(&segment_path(1), |file| file[from..to].fill(0x55)).unwrap();
        let before = damaged.contents(&segment_path(1)).unwrap();
        assert!(matches!(open(&damaged, Options::default()), Err(JournalError::Damaged { segment: 1, .. })));
        assert_eq!(damaged.contents(&segment_path(1)).unwrap(), before, "a refusal changes nothing");
    }
}

#[test]
fn a_missing_segment_is_seen() {
    let (disk, _, placed) = written(30, SMALL);
    let segments = placed[29].position.segment;
    assert!(segments > 4);
    for number in 1..segments {
        let damaged = disk.settled();
        damaged.remove(&segment_path(number)).unwrap();
        let error = seen(&damaged, SMALL).unwrap_err();
        let missing =
            matches!(error, JournalError::Damaged { segment, damage: Damage::SegmentMissing, .. } if segment == number);
        assert!(missing, "{error}");
    }
}

#[test]
fn a_segment_that_lost_its_end_is_seen() {
    let (disk, _, placed) = written(30, SMALL);
    for number in 1..placed[29].position.segment {
        for change in [-1_i64, -300, 1] {
            let damaged = disk.settled();
            let length = |file: &Vec<u8>| i64::try_from(file.len()).unwrap() + change;
            damaged
                .tamper(&segment_path(number), |file| file.resize(usize::try_from(length(file)).unwrap(), 0))
                .unwrap();
            let error = open(&damaged, SMALL).unwrap_err();
            assert!(matches!(error, JournalError::Damaged { damage: Damage::SegmentLength, .. }), "{error}");
        }
    }
}

#[test]
fn a_segment_of_another_journal_or_in_another_place_is_seen() {
    let (disk, _, placed) = written(30, SMALL);
    let (other, _, _) = written(30, SMALL);
    for number in 1..=placed[29].position.segment {
        let foreign = other.contents(&segment_path(number)).unwrap();
        let neighbour = disk.contents(&segment_path(if number == 1 { 2 } else { number - 1 })).unwrap();
        for bytes in [foreign, neighbour] {
            let damaged = disk.settled();
            damaged.tamper(&segment_path(number), |file| *file = bytes).unwrap();
            assert!(matches!(seen(&damaged, SMALL), Err(JournalError::Damaged { .. })), "segment {number}");
        }
    }
}

/// A journal that went on without its newest records, and an old copy of the segment that had them: two histories.
#[test]
fn a_segment_of_another_history_is_seen() {
    let (disk, _, _) = written(4, Options::default());
    let (past, mut now) = (disk.settled(), disk.settled());
    for (disk, number) in [(&past, 10), (&now, 22)] {
        let mut journal = open(disk, SMALL).unwrap();
        append(&mut journal, &batch(number, 1)).unwrap();
        journal.close();
        let mut journal = open(disk, SMALL).unwrap();
        append(&mut journal, &batch(number + 1, 1)).unwrap();
    }
    let old = past.contents(&segment_path(2)).unwrap();
    now = now.settled();
    now.tamper(&segment_path(2), |file| *file = old).unwrap();
    now.remove(&toc_path(2)).unwrap();
    let error = seen(&now, SMALL).unwrap_err();
    assert!(matches!(error, JournalError::Damaged { segment: 3, damage: Damage::SegmentChain, .. }), "{error}");
}

#[test]
fn bytes_that_look_like_records_inside_a_body_change_nothing() {
    // A body that holds a whole segment of this very journal, torn in the middle: the records in it are of another
    // segment, so they are neither read nor taken for what follows the torn one.
    let (disk, written, _) = written(3, Options::default());
    let copied = disk.contents(&segment_path(1)).unwrap();
    let mut journal = open(&disk, Options::default()).unwrap();
    let mut carrier = batch(50, 1);
    carrier.contents[0].body = Body::Inline(copied.into());
    append(&mut journal, &carrier).unwrap();
    drop(journal);
    let torn = disk.settled();
    torn.tamper(&segment_path(2), |file| file.truncate(file.len() - 10)).unwrap();
    let journal = open(&torn, Options::default()).unwrap();
    assert!(journal.recovery().cut.is_some());
    assert_eq!(batches(journal.reader().as_ref()).unwrap(), written);
}

#[test]
fn a_lost_or_damaged_table_of_contents_is_built_again() {
    let (disk, written, placed) = written(30, SMALL);
    let last = placed[29].position.segment;
    let whole: Vec<Vec<u8>> = (1..last).map(|number| disk.contents(&toc_path(number)).unwrap()).collect();
    for change in 0..4 {
        let damaged = disk.settled();
        for number in 1..last {
            match change {
                0 => damaged.remove(&toc_path(number)).unwrap(),
                1 => damaged.tamper(&toc_path(number), |file| file[40] ^= 1).unwrap(),
                2 => damaged.tamper(&toc_path(number), |file| file.truncate(30)).unwrap(),
                _ => damaged.tamper(&toc_path(number), Vec::clear).unwrap(),
            }
        }
        let reader = open(&damaged, SMALL).unwrap().reader();
        let mut seq = 0;
        for (batch, placed) in written.iter().zip(&placed) {
            assert_eq!(reader.find(seq).unwrap(), Some(placed.position));
            seq += seqs(std::slice::from_ref(batch));
        }
        for (number, whole) in (1..).zip(&whole) {
            assert_eq!(&damaged.contents(&toc_path(number)).unwrap(), whole, "and written");
        }
        assert!(!damaged.list(&folder()).unwrap().iter().any(|file| file.name.contains(".new")));
    }
}

#[test]
fn an_unknown_version_is_named() {
    let (disk, _, _) = written(2, SMALL);
    disk.tamper(&segment_path(1), |file| file[7] = 2).unwrap();
    assert!(matches!(open(&disk.settled(), SMALL), Err(JournalError::Version(2))));
}

#[test]
fn other_files_in_the_folder_are_left_alone_and_unfinished_ones_go() {
    let (disk, written, _) = written(3, SMALL);
    let disk = disk.settled();
    for name in ["lost+found", "notes.txt", "0000000009.segment.new", "1.segment", "00000000001.segment"] {
        disk.create(&folder().join(name)).unwrap();
    }
    let journal = open(&disk, SMALL).unwrap();
    assert_eq!(batches(journal.reader().as_ref()).unwrap(), written);
    let names: Vec<String> = disk.list(&folder()).unwrap().into_iter().map(|file| file.name).collect();
    assert!(names.contains(&"notes.txt".to_owned()) && !names.iter().any(|name| name.contains(".new")), "{names:?}");
}
