//! Destruction of contents: entries stay, bytes go, and go for good.

use super::*;
use crate::journal::disk::{Disk, Fault, Real, Step};
use crate::journal::{BodyLocation, ContentKind};

/// Chooses the bodies and materials of the batches with an even number.
fn chosen(content: &Content, number: u64) -> bool {
    number.is_multiple_of(2) && matches!(content.kind, ContentKind::Body | ContentKind::Material)
}

fn is_chosen(written: &[Batch]) -> impl Fn(Seq, &Content) -> bool {
    let keys: Vec<Digest> = (0..)
        .zip(written)
        .flat_map(|(number, batch)| batch.contents.iter().filter(move |c| chosen(c, number)).map(|c| c.key))
        .collect();
    move |_, content| keys.contains(&content.key)
}

/// The batches as they should read once the chosen contents are gone.
fn expected(written: &[Batch]) -> Vec<Batch> {
    let mut expected = written.to_vec();
    for (number, batch) in (0..).zip(&mut expected) {
        for content in batch.contents.iter_mut().filter(|content| chosen(content, number)) {
            let payload = if let Body::Payload(payload) = &content.body { Some(payload.name) } else { None };
            content.body = Body::Destroyed { length: content.body.len(), payload };
        }
    }
    expected
}

#[test]
fn contents_are_destroyed_and_entries_and_places_stay() {
    let (disk, written, placed) = written(20, SMALL);
    let disk = disk.cut(0);
    let journal = open(&disk, SMALL).unwrap();
    let (reader, retention) = (journal.reader(), journal.retention());
    let body = reader.body(&placed[0].bodies[0]).unwrap();
    let mut choose = is_chosen(&written);
    let mut payloads = Vec::new();
    for segment in retention.sealed() {
        let before = disk.contents(&segment_path(segment)).unwrap().len();
        payloads.extend(retention.destroy(segment, &mut choose).unwrap().payloads);
        assert_eq!(disk.contents(&segment_path(segment)).unwrap().len(), before);
        let again = retention.destroy(segment, &mut choose).unwrap();
        assert_eq!((again.contents, again.bytes), (0, 0), "a second time there is nothing to do");
    }
    assert_eq!(payloads, (0..20).step_by(2).map(|n| PayloadName(uuid::Uuid::from_u128(n))).collect::<Vec<_>>());
    assert!(matches!(reader.body(&placed[0].bodies[0]), Err(JournalError::Gone)), "a place that an index still has");
    assert!(reader.body(&placed[1].bodies[0]).is_ok());
    assert_eq!(batches(reader.as_ref()).unwrap(), expected(&written));
    drop(journal);
    let journal = open(&disk.cut(1), SMALL).unwrap();
    let records = replayed(journal.reader().as_ref(), None).unwrap();
    assert!(records.iter().zip(&placed).all(|(record, placed)| record.placed.position == placed.position));
    assert_eq!(records[0].placed.bodies[0], BodyLocation::Destroyed);
    for segment in journal.retention().sealed() {
        let bytes = disk.contents(&segment_path(segment)).unwrap();
        assert!(memchr::memmem::find(&bytes, &body).is_none(), "no byte is left");
    }
}

#[test]
fn the_segment_that_is_written_to_cannot_be_rewritten_until_it_is_sealed() {
    let disk = Simulated::new();
    let mut journal = open(&disk, Options::default()).unwrap();
    append(&mut journal, &batch(0, 1)).unwrap();
    let retention = journal.retention();
    assert!(matches!(retention.destroy(1, &mut |_, _| true), Err(JournalError::NotSealed { segment: 1 })));
    assert!(matches!(retention.destroy(0, &mut |_, _| true), Err(JournalError::NotSealed { segment: 0 })));
    journal.seal();
    assert_eq!(retention.destroy(1, &mut |_, _| true).unwrap().contents, 3);
    append(&mut journal, &batch(1, 1)).unwrap();
    assert_eq!(journal.head().last.unwrap().segment, 2);
    assert_eq!(batches(journal.reader().as_ref()).unwrap().len(), 2);
}

/// After a fault or a cut each segment is the old or the new one; after an answer the old one never comes back.
#[test]
fn law_1_a_rewrite_that_fails_at_any_step_leaves_the_old_or_the_new() {
    let (original, written, _) = written(4, Options::default());
    let (old, new) = (written.clone(), expected(&written));
    for step in Step::CHANGES {
        for fault in [Fault::Failed, Fault::FailedButPersisted, Fault::Short, Fault::Dead] {
            for (skip, restarted) in (0..).flat_map(|skip| [(skip, false), (skip, true)]) {
                let disk = original.cut(0);
                let mut journal = open(&disk, Options::default()).unwrap();
                disk.arm(step, skip, fault);
                let answer = journal.retention().destroy(1, &mut is_chosen(&written));
                if !disk.all_happened() {
                    break;
                }
                for seed in 0..10 {
                    let after = open(&disk.cut(seed), Options::default()).unwrap();
                    let held = batches(after.reader().as_ref()).unwrap();
                    assert!(held == new || (held == old && answer.is_err()), "{step:?} {fault:?} {skip} {seed}");
                }
                if fault != Fault::Dead {
                    if restarted {
                        drop(journal);
                        journal = open(&disk, Options::default()).unwrap();
                    }
                    journal.retention().destroy(1, &mut is_chosen(&written)).unwrap();
                    let after = open(&disk.cut(7), Options::default()).unwrap();
                    assert_eq!(batches(after.reader().as_ref()).unwrap(), new, "the next attempt does it");
                }
            }
        }
    }
}

#[test]
fn the_room_comes_back() {
    use std::os::unix::fs::MetadataExt;
    let folder = tempfile::tempdir().unwrap();
    let mut journal = FileJournal::open(Arc::new(Real), folder.path(), Options::default()).unwrap();
    let mut large = batch(0, 1);
    large.contents[0].body = Body::Inline(vec![1; 60_000].into());
    for _ in 0..20 {
        append(&mut journal, &large).unwrap();
    }
    journal.seal();
    let used = || std::fs::metadata(folder.path().join("0000000001.segment")).unwrap().blocks() * 512;
    assert!(used() > 1_200_000);
    let destroyed = journal.retention().destroy(1, &mut |_, _| true).unwrap();
    assert!(destroyed.bytes == 20 * 60_000 && used() < 250_000, "{destroyed:?} {}", used());
    assert_eq!(Real.list(folder.path()).unwrap().len(), 3, "lock, segment, table of contents");
}
