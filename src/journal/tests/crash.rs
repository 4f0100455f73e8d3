//! What a crash, a power cut or a failing disk may leave: everything acknowledged, whole; of the rest all or nothing.

use super::*;
use crate::journal::Cut;
use crate::journal::disk::{Disk, Fault, Step};

/// Opens again, checks that the journal holds all that was acknowledged and at most one batch more, whole, and that it
/// can be written to. Gives what it holds now.
fn check(disk: &Simulated, acknowledged: &[Batch], attempted: &[Batch]) -> Vec<Batch> {
    let mut journal = open(disk, SMALL).unwrap();
    let mut held = batches(journal.reader().as_ref()).unwrap();
    assert!(held.len() >= acknowledged.len(), "{} of {} are left", held.len(), acknowledged.len());
    assert!(held.len() <= acknowledged.len() + 1, "what was never tried is there");
    assert_eq!(held, attempted[..held.len()], "what is there is what was appended");
    assert_eq!(journal.head().seq, seqs(&held));
    let next = batch(1000, 1);
    append(&mut journal, &next).unwrap();
    held.push(next);
    assert_eq!(batches(journal.reader().as_ref()).unwrap(), held);
    held
}

/// Appends until something fails. Gives what was acknowledged.
fn run(disk: &Simulated, attempted: &[Batch], already: usize) -> Vec<Batch> {
    let mut acknowledged = attempted[..already].to_vec();
    let Ok(mut journal) = open(disk, SMALL) else { return acknowledged };
    for batch in &attempted[already..] {
        match append(&mut journal, batch) {
            Ok(_) => acknowledged.push(batch.clone()),
            Err(JournalError::Poisoned { .. }) => {
                let (writes, syncs) = (disk.count(Step::Write), disk.count(Step::Sync));
                assert!(matches!(append(&mut journal, batch), Err(JournalError::Poisoned { .. })), "for ever");
                assert_eq!((writes, syncs), (disk.count(Step::Write), disk.count(Step::Sync)), "and nothing is tried");
                break;
            }
            // Nothing has happened: the same batch may be tried again.
            Err(_) => match append(&mut journal, batch) {
                Ok(_) => acknowledged.push(batch.clone()),
                Err(_) => break,
            },
        }
    }
    let held = batches(journal.reader().as_ref());
    assert!(held.is_err() || held.unwrap() == acknowledged, "reading goes on, and shows only what is durable");
    acknowledged
}

fn attempts() -> Vec<Batch> {
    (0..14).map(|number| batch(number, usize::try_from(number % 4).unwrap())).collect()
}

/// {step} x {failed, failed but persisted, short, power gone}, each at its every occurrence.
#[test]
fn law_1_what_is_acknowledged_survives_every_fault_at_every_step() {
    let attempted = attempts();
    let mut cases = 0;
    for step in Step::CHANGES {
        for fault in [Fault::Failed, Fault::FailedButPersisted, Fault::Short, Fault::Dead] {
            for skip in 0.. {
                let disk = Simulated::new();
                disk.arm(step, skip, fault);
                let acknowledged = run(&disk, &attempted, 0);
                if !disk.all_happened() {
                    break;
                }
                cases += 1;
                for seed in 0..12 {
                    check(&disk.cut(seed), &acknowledged, &attempted);
                }
                if fault != Fault::Dead {
                    // The process starts again on the same disk, acknowledges more, and only then the power goes.
                    let held = check(&disk, &acknowledged, &attempted);
                    for seed in 0..12 {
                        let mut journal = open(&disk.cut(seed), SMALL).unwrap();
                        assert_eq!(batches(journal.reader().as_ref()).unwrap(), held);
                        append(&mut journal, &batch(2000, 1)).unwrap();
                    }
                }
            }
        }
    }
    assert!(cases > 150, "{cases} cases");
}

/// A record that could not be written poisons the journal as one that could not be synced: what stands at its end is not
/// known.
#[test]
fn a_write_that_fails_is_the_last_one() {
    for fault in [Fault::Failed, Fault::FailedButPersisted] {
        let disk = Simulated::new();
        let mut journal = open(&disk, Options::default()).unwrap();
        append(&mut journal, &batch(0, 1)).unwrap();
        disk.arm(Step::Write, 0, fault);
        for number in 1..4 {
            assert!(matches!(append(&mut journal, &batch(number, 1)), Err(JournalError::Poisoned { .. })), "{fault:?}");
        }
        assert_eq!(batches(journal.reader().as_ref()).unwrap().len(), 1);
    }
}

/// Faults while a journal that a crash has left is put right: the next opening can do it.
#[test]
fn an_interrupted_recovery_is_repeated() {
    let attempted = attempts();
    let torn = |seed| {
        let disk = Simulated::new();
        disk.arm(Step::Sync, 7, Fault::Dead);
        let acknowledged = run(&disk, &attempted, 0);
        (disk.cut(seed), acknowledged)
    };
    for step in Step::CHANGES {
        for fault in [Fault::Failed, Fault::FailedButPersisted, Fault::Dead] {
            for (skip, seed) in (0..4).flat_map(|skip| (0..8).map(move |seed| (skip, seed))) {
                let (disk, acknowledged) = torn(seed);
                disk.arm(step, skip, fault);
                let opened = open(&disk, SMALL);
                drop(opened);
                check(&disk.cut(seed + 1), &acknowledged, &attempted);
                if fault != Fault::Dead {
                    disk.disarm();
                    check(&disk, &acknowledged, &attempted);
                }
            }
        }
    }
}

/// The negative control: on a disk whose syncs do nothing, the same check finds the loss.
#[test]
fn a_disk_that_lies_is_found_out() {
    let attempted = attempts();
    let lost = (0..20).filter(|seed| {
        let disk = Simulated::lying();
        let acknowledged = run(&disk, &attempted, 0);
        let after = open(&disk.cut(*seed), SMALL).and_then(|journal| batches(journal.reader().as_ref()));
        acknowledged.len() == attempted.len() && after.map_or(true, |held| held.len() < acknowledged.len())
    });
    assert!(lost.count() >= 18, "the power cut of the simulated disk loses what is not synced");
}

#[test]
fn a_torn_tail_is_cut_off_wherever_it_tears() {
    let (disk, written, placed) = written(5, Options::default());
    let path = segment_path(1);
    let bytes = disk.contents(&path).unwrap();
    let start = usize::try_from(placed[4].position.offset).unwrap();
    for end in start..bytes.len() {
        for filled in [false, true] {
            let torn = disk.cut(0);
            torn.tamper(&path, |file| {
                file.truncate(end);
                if filled {
                    // The length had reached the disk, the bytes had not.
                    file.resize(bytes.len(), 0);
                }
            })
            .unwrap();
            let mut journal = open(&torn, Options::default()).unwrap();
            let length = if filled { bytes.len() } else { end };
            let offset = placed[4].position.offset;
            let cut = Cut { segment: 1, offset, bytes: u32::try_from(length - start).unwrap() };
            let recovery = journal.recovery();
            assert!(recovery.unclean);
            assert_eq!(recovery.cut, (length > start).then_some(cut), "torn at {end}");
            assert_eq!(batches(journal.reader().as_ref()).unwrap(), written[..4]);
            append(&mut journal, &written[4]).unwrap();
            assert_eq!(journal.head().last.unwrap().segment, 2, "writing goes on in a new segment");
            drop(journal);
            let journal = open(&torn, Options::default()).unwrap();
            assert_eq!(batches(journal.reader().as_ref()).unwrap(), written);
        }
    }
}

/// Found by the histories below: the name of a segment that a crash left without records is used again.
#[test]
fn a_segment_left_without_records_is_replaced() {
    let (disk, mut written, _) = written(4, Options { segment_bytes: 1 });
    let mut journal = open(&disk, SMALL).unwrap();
    // The header of the new segment is the first write, the record the second.
    disk.arm(Step::Write, 1, Fault::Failed);
    assert!(append(&mut journal, &batch(4, 1)).is_err());
    drop(journal);
    assert_eq!(disk.contents(&segment_path(5)).unwrap().len(), 128);
    let mut journal = open(&disk, SMALL).unwrap();
    assert_eq!(journal.recovery(), crate::journal::Recovery { unclean: true, cut: None });
    assert_eq!(journal.head().last.unwrap().segment, 4);
    for number in 4..7 {
        written.push(batch(number, 2));
        append(&mut journal, &written[written.len() - 1]).unwrap();
        assert_eq!(batches(journal.reader().as_ref()).unwrap(), written);
    }
}

#[test]
fn a_journal_that_was_closed_is_opened_without_reading_it_all() {
    let disk = Simulated::new();
    let mut journal = open(&disk, Options::default()).unwrap();
    let mut large = batch(0, 1);
    large.contents[0].body = Body::Inline(vec![1; 60_000].into());
    for _ in 0..100 {
        append(&mut journal, &large).unwrap();
    }
    journal.close();
    let before = disk.count(Step::Read);
    let journal = open(&disk, Options::default()).unwrap();
    assert!(!journal.recovery().unclean);
    assert!(disk.count(Step::Read) - before < 10);
    assert_eq!(journal.head().seq, 100);
    drop(journal);
    // Without its table of contents it is read again.
    disk.remove(&toc_path(1)).unwrap();
    assert!(open(&disk, Options::default()).unwrap().recovery().unclean);
}

#[test]
fn a_full_disk_is_an_error_before_anything_is_written() {
    let (disk, held, _) = written(3, Options::default());
    let mut journal = open(&disk, Options::default()).unwrap();
    disk.set_room(1 << 20);
    assert!(matches!(append(&mut journal, &batch(3, 1)), Err(JournalError::Full { .. })));
    disk.set_room(4 << 20);
    append(&mut journal, &batch(3, 1)).unwrap();
    assert_eq!(batches(journal.reader().as_ref()).unwrap().len(), held.len() + 1);
}

#[test]
fn a_segment_that_cannot_be_created_is_tried_again() {
    let disk = Simulated::new();
    let mut journal = open(&disk, SMALL).unwrap();
    for number in 0..30 {
        disk.arm(Step::Create, 0, Fault::Failed);
        while let Err(error) = append(&mut journal, &batch(number, 1)) {
            assert!(matches!(error, JournalError::Io { .. }), "{error}");
        }
        disk.disarm();
    }
    assert!(journal.head().last.unwrap().segment > 5);
    assert_eq!(batches(journal.reader().as_ref()).unwrap().len(), 30);
}

#[test]
fn a_journal_is_opened_once() {
    let disk = Simulated::new();
    let journal = open(&disk, SMALL).unwrap();
    assert!(matches!(open(&disk, SMALL), Err(JournalError::InUse)));
    drop(journal);
    open(&disk, SMALL).unwrap();
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config { failure_persistence: None, ..proptest::test_runner::Config::default() })]

    /// Any history of appends, faults, restarts and power cuts: what is acknowledged stays, in order.
    #[test]
    fn law_1_any_history_keeps_what_it_acknowledged(
        history in proptest::collection::vec((0_usize..8, 0_u32..12, 0_usize..5, 0_u64..1000), 1..12)
    ) {
        let mut disk = Simulated::new();
        let mut held: Vec<Batch> = Vec::new();
        for (round, (step, skip, kind, seed)) in (0..).zip(history) {
            let faults = [Some(Fault::Failed), Some(Fault::FailedButPersisted), Some(Fault::Short), Some(Fault::Dead), None];
            if let Some(fault) = faults[kind] {
                disk.arm(Step::CHANGES[step], skip, fault);
            }
            let mut attempted = held.clone();
            attempted.extend((0..6).map(|number| batch(round * 100 + number, 1 + usize::try_from(number % 3).unwrap())));
            let acknowledged = run(&disk, &attempted, held.len());
            disk.disarm();
            if faults[kind] == Some(Fault::Dead) || seed % 2 == 0 {
                disk = disk.cut(seed);
            }
            held = check(&disk, &acknowledged, &attempted);
        }
    }
}
