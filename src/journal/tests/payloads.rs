//! Large documents in files of their own.

use std::io::{Read as _, Write as _};

use super::*;
use crate::journal::Payloads;
use crate::journal::disk::{Disk, Fault, Real, Step};

fn name(number: u128) -> PayloadName {
    PayloadName(uuid::Uuid::from_u128(number))
}

fn files_below(path: &Path) -> usize {
    std::fs::read_dir(path)
        .unwrap()
        .map(|item| item.unwrap().path())
        .map(|p| if p.is_dir() { files_below(&p) } else { 1 })
        .sum()
}

#[test]
fn law_8_a_spool_that_is_dropped_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let payloads = Payloads::open(Arc::new(Real), &folder.path().join("payloads")).unwrap();
    let mut spool = payloads.spool().unwrap();
    spool.write_all(b"never admitted").unwrap();
    assert_eq!(files_below(folder.path()), 0, "not even while it is there");
    let source = spool.source();
    drop(spool);
    assert_eq!(files_below(folder.path()), 0);
    let mut read = String::new();
    source.reader().read_to_string(&mut read).unwrap();
    assert_eq!(read, "never admitted");
}

#[test]
fn a_payload_is_read_back_from_many_places_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let payloads = Payloads::open(Arc::new(Real), &folder.path().join("payloads")).unwrap();
    let mut spool = payloads.spool().unwrap();
    let bytes: Vec<u8> = (0..300_000_u32).map(|i| u8::try_from(i % 251).unwrap()).collect();
    spool.write_all(&bytes).unwrap();
    assert_eq!(spool.len(), 300_000);
    let payload = spool.persist(name(u128::MAX / 3), Digest::of(&bytes)).unwrap();
    let source = payloads.read(&payload).unwrap();
    let (mut one, mut two) = (source.reader(), source.range(100_000..100_010));
    let mut start = [0; 10];
    one.read_exact(&mut start).unwrap();
    let mut middle = Vec::new();
    two.read_to_end(&mut middle).unwrap();
    let mut rest = Vec::new();
    one.read_to_end(&mut rest).unwrap();
    assert_eq!((&start[..], &middle[..], &rest[..]), (&bytes[..10], &bytes[100_000..100_010], &bytes[10..]));
    let mut listed = Vec::new();
    payloads
        .list(&mut |name, length| {
            listed.push((name, length));
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(listed, vec![(payload.name, 300_000)]);
    payloads.remove(payload.name).unwrap();
    payloads.remove(payload.name).unwrap();
    assert!(matches!(payloads.read(&payload), Err(JournalError::PayloadDamaged { .. })));
    payloads.remove(name(5)).unwrap();
}

#[test]
fn a_payload_of_another_length_is_damaged() {
    let disk = Simulated::new();
    let payloads = Payloads::open(Arc::new(disk), Path::new("/payloads")).unwrap();
    let mut spool = payloads.spool().unwrap();
    spool.write_all(b"four").unwrap();
    let payload = spool.persist(name(1), Digest::of(b"four")).unwrap();
    let longer = Payload { length: 5, ..payload };
    assert!(matches!(payloads.read(&longer), Err(JournalError::PayloadDamaged { .. })));
    assert!(payloads.read(&payload).is_ok());
}

#[test]
fn a_name_is_used_once() {
    let payloads = Payloads::open(Arc::new(Simulated::new()), Path::new("/payloads")).unwrap();
    payloads.spool().unwrap().persist(name(1), Digest::of(b"")).unwrap();
    assert!(payloads.spool().unwrap().persist(name(1), Digest::of(b"")).is_err());
}

/// Once `persist` has answered, the payload survives any power cut; before, nothing can name it.
#[test]
fn law_1_a_named_payload_survives_every_fault_and_cut() {
    let bytes = vec![9; 5000];
    for step in Step::CHANGES {
        for fault in [Fault::Failed, Fault::FailedButPersisted, Fault::Short, Fault::Dead] {
            for skip in 0..8 {
                let disk = Simulated::new();
                let payloads = Payloads::open(Arc::new(disk.clone()), Path::new("/payloads")).unwrap();
                disk.arm(step, skip, fault);
                let answer = (0..3).find_map(|attempt| {
                    let mut spool = payloads.spool().ok()?;
                    let _ = spool.write_all(&bytes);
                    spool.persist(name(attempt), Digest::of(&bytes)).ok()
                });
                let Some(payload) = answer else {
                    assert_eq!(fault, Fault::Dead);
                    continue;
                };
                for seed in 0..10 {
                    let after = Payloads::open(Arc::new(disk.cut(seed)), Path::new("/payloads")).unwrap();
                    let mut read = Vec::new();
                    after.read(&payload).unwrap().reader().read_to_end(&mut read).unwrap();
                    assert_eq!(Digest::of(&read), payload.sha256, "{step:?} {fault:?} {skip} {seed}");
                }
            }
        }
    }
}

/// What was destroyed does not come back with a power cut.
#[test]
fn a_payload_that_was_removed_stays_removed() {
    for seed in 0..20 {
        let disk = Simulated::new();
        let payloads = Payloads::open(Arc::new(disk.clone()), Path::new("/payloads")).unwrap();
        let mut spool = payloads.spool().unwrap();
        spool.write_all(b"to be destroyed").unwrap();
        let payload = spool.persist(name(1), Digest::of(b"to be destroyed")).unwrap();
        payloads.remove(payload.name).unwrap();
        assert!(disk.cut(seed).list(Path::new("/payloads/000000")).unwrap().is_empty(), "seed {seed}");
    }
}

#[test]
fn a_spool_that_lost_a_write_is_never_kept() {
    let disk = Simulated::new();
    let payloads = Payloads::open(Arc::new(disk.clone()), Path::new("/payloads")).unwrap();
    let mut spool = payloads.spool().unwrap();
    disk.arm(Step::Write, 1, Fault::Failed);
    spool.write_all(b"one").unwrap();
    assert!(spool.write_all(b"two").is_err());
    let _ = spool.write_all(b"three");
    assert!(spool.persist(name(1), Digest::of(b"onethree")).is_err());
    assert!(disk.list(Path::new("/payloads/000000")).unwrap().is_empty());
}
