//! What every journal has to do.

use super::*;
use crate::journal::disk::Real;
use crate::journal::{BodyLocation, ENTRY_BYTES_MAX, INLINE_BYTES_MAX, MemoryJournal};

macro_rules! journal_suite {
    ($name:ident, $make:expr) => {
        mod $name {
            use super::*;

            journal_suite! { @ $make;
                what_is_appended_is_read_back
                the_head_moves_with_every_append
                an_append_elsewhere_than_at_the_head_is_an_error
                a_batch_that_breaks_the_contract_is_refused_and_changes_nothing
                the_largest_batch_parts_are_taken
                replay_goes_on_after_any_record_and_stops_when_told
                every_entry_is_found
                a_place_without_a_record_is_an_error
                readers_go_on_beside_the_writer
            }
        }
    };
    (@ $make:expr; $($test:ident)*) => {
        $(
            #[test]
            fn $test() {
                // What keeps the folder alive, and the journal.
                let (_keep, mut journal) = $make;
                super::$test(&mut journal);
            }
        )*
    };
}

journal_suite!(memory, ((), MemoryJournal::new()));
journal_suite!(files_in_memory, ((), super::open(&Simulated::new(), SMALL).unwrap()));
journal_suite!(files, {
    let folder = tempfile::tempdir().unwrap();
    let journal = FileJournal::open(Arc::new(Real), &folder.path().join("journal"), SMALL).unwrap();
    (folder, journal)
});

fn fill(journal: &mut dyn Journal, sizes: &[usize]) -> Vec<(Batch, Placed)> {
    let numbered = (0..).zip(sizes).map(|(number, entries)| batch(number, *entries));
    numbered.map(|batch| (batch.clone(), append(journal, &batch).unwrap())).collect()
}

fn what_is_appended_is_read_back(journal: &mut dyn Journal) {
    let written = fill(journal, &[1, 3, 0, 2, 0, 0, 40, 1]);
    let reader = journal.reader();
    let records = replayed(reader.as_ref(), None).unwrap();
    assert_eq!(records.len(), written.len());
    let mut seq = 0;
    for ((number, record), (batch, placed)) in (0..).zip(&records).zip(&written) {
        assert_eq!((record.number, record.first_seq), (number, seq));
        assert_eq!((&record.batch, &record.placed), (batch, placed));
        assert_eq!(&reader.record_at(placed.position).unwrap(), record);
        assert_eq!(reader.entries_at(placed.position).unwrap(), (seq, batch.entries.clone()));
        for (content, location) in batch.contents.iter().zip(&placed.bodies) {
            match (&content.body, reader.body(location)) {
                (Body::Inline(bytes), Ok(read)) => assert_eq!(bytes, &read),
                (Body::Payload(payload), Err(JournalError::NotInline)) => {
                    assert_eq!(location, &BodyLocation::Payload(*payload));
                }
                other => panic!("{other:?}"),
            }
        }
        seq += u64::try_from(batch.entries.len()).unwrap();
    }
}

fn the_head_moves_with_every_append(journal: &mut dyn Journal) {
    assert_eq!((journal.head().seq, journal.head().record, journal.head().last), (0, 0, None));
    let written = fill(journal, &[2, 0, 3]);
    let head = journal.head();
    assert_eq!((head.seq, head.record, head.last), (5, 3, Some(written[2].1.position)));
    assert!(written.windows(2).all(|pair| pair[0].1.position < pair[1].1.position), "positions grow");
}

fn an_append_elsewhere_than_at_the_head_is_an_error(journal: &mut dyn Journal) {
    fill(journal, &[2]);
    for at in [0, 1, 3, u64::MAX] {
        let error = journal.append(at, &batch(9, 1)).unwrap_err();
        assert!(matches!(error, JournalError::NotHead { at: there, head: 2 } if there == at), "{error}");
    }
    append(journal, &batch(9, 1)).unwrap();
}

fn a_batch_that_breaks_the_contract_is_refused_and_changes_nothing(journal: &mut dyn Journal) {
    let good = batch(0, 2);
    append(journal, &good).unwrap();
    let with = |change: &dyn Fn(&mut Batch)| {
        let mut bad = batch(1, 2);
        change(&mut bad);
        bad
    };
    let bad = [
        with(&|b| (b.entries, b.contents, b.checkpoint) = (Vec::new(), Vec::new(), None)),
        with(&|b| (b.entries, b.contents, b.checkpoint) = (Vec::new(), Vec::new(), Some(Bytes::new()))),
        with(&|b| b.entries[1] = Bytes::new()),
        with(&|b| b.entries[1] = vec![b'x'; ENTRY_BYTES_MAX + 1].into()),
        with(&|b| b.contents[0].entry = 2),
        with(&|b| b.contents[0].body = Body::Inline(vec![0; INLINE_BYTES_MAX + 1].into())),
        with(&|b| b.contents[0].body = Body::Destroyed { length: 4, payload: None }),
        with(&|b| b.entries = vec![vec![b'x'; ENTRY_BYTES_MAX].into(); 1025]),
    ];
    for bad in bad {
        assert!(matches!(append(journal, &bad), Err(JournalError::NotABatch(_))));
    }
    assert_eq!(batches(journal.reader().as_ref()).unwrap(), vec![good]);
}

fn the_largest_batch_parts_are_taken(journal: &mut dyn Journal) {
    let mut large = batch(1, 2);
    large.entries[0] = vec![b'x'; ENTRY_BYTES_MAX].into();
    large.contents[0].body = Body::Inline(vec![7; INLINE_BYTES_MAX].into());
    large.entries.extend(vec![Bytes::from_static(b"{}"); 3000]);
    let placed = append(journal, &large).unwrap();
    append(journal, &batch(2, 1)).unwrap();
    let reader = journal.reader();
    assert_eq!(reader.record_at(placed.position).unwrap().batch, large);
    assert_eq!(reader.read_entry(placed.position, 0).unwrap().len(), ENTRY_BYTES_MAX);
    assert_eq!(reader.read_entry(placed.position, 3001).unwrap(), Bytes::from_static(b"{}"));
    assert!(matches!(reader.read_entry(placed.position, 3002), Err(JournalError::NoRecord { .. })));
}

fn replay_goes_on_after_any_record_and_stops_when_told(journal: &mut dyn Journal) {
    let written = fill(journal, &[1, 2, 0, 9, 1, 1, 4, 1]);
    let reader = journal.reader();
    for (number, (_, placed)) in written.iter().enumerate() {
        let rest: Vec<Batch> =
            replayed(reader.as_ref(), Some(placed.position)).unwrap().into_iter().map(|r| r.batch).collect();
        let expected: Vec<Batch> = written[number + 1..].iter().map(|(batch, _)| batch.clone()).collect();
        assert_eq!(rest, expected);
    }
    let mut seen = 0;
    let stop = |_| {
        seen += 1;
        if seen == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let mut stop = stop;
    reader.replay(None, &mut stop).unwrap();
    assert_eq!(seen, 3);
}

fn every_entry_is_found(journal: &mut dyn Journal) {
    let reader = journal.reader();
    assert_eq!(reader.find(0).unwrap(), None);
    let written = fill(journal, &[0, 1, 2, 0, 9, 1, 0, 0, 4, 1, 0]);
    let mut seq = 0;
    for (batch, placed) in &written {
        for (index, entry) in (0..).zip(&batch.entries) {
            let position = reader.find(seq).unwrap().unwrap();
            assert_eq!(position, placed.position, "entry {seq}");
            assert_eq!(&reader.read_entry(position, index).unwrap(), entry);
            seq += 1;
        }
    }
    assert_eq!((reader.find(seq).unwrap(), reader.find(u64::MAX).unwrap()), (None, None));
}

fn a_place_without_a_record_is_an_error(journal: &mut dyn Journal) {
    let written = fill(journal, &[1, 2, 3, 1, 1]);
    let reader = journal.reader();
    let positions: Vec<Position> = written.iter().map(|(_, placed)| placed.position).collect();
    let segments = positions.last().unwrap().segment + 2;
    for segment in 0..segments {
        for offset in 0..3000 {
            let position = Position { segment, offset };
            if !positions.contains(&position) {
                assert!(matches!(reader.record_at(position), Err(JournalError::NoRecord { .. })), "{position}");
                assert!(matches!(replayed(reader.as_ref(), Some(position)), Err(JournalError::NoRecord { .. })));
            }
        }
    }
}

fn readers_go_on_beside_the_writer(journal: &mut dyn Journal) {
    const COUNT: u64 = 200;
    let reader = journal.reader();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            let reader = Arc::clone(&reader);
            scope.spawn(move || {
                let (mut last, mut seen) = (None, 0);
                while seen < COUNT {
                    for record in replayed(reader.as_ref(), last).unwrap() {
                        assert_eq!((record.number, &record.batch), (seen, &batch(seen, 2)));
                        assert_eq!(reader.find(record.first_seq).unwrap(), Some(record.placed.position));
                        assert!(reader.body(&record.placed.bodies[0]).is_ok());
                        (last, seen) = (Some(record.placed.position), seen + 1);
                    }
                }
            });
        }
        for number in 0..COUNT {
            append(journal, &batch(number, 2)).unwrap();
        }
    });
}
