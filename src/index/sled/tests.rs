//! What is particular to sled: it is believed after a stop in order and after nothing else; what it keeps for views; and
//! what damaged files do.

use std::ops::ControlFlow;
use std::path::Path;

use super::*;
use crate::index::{Buffered, Writes};

const CACHE_BYTES: u64 = 4 << 20;

fn rows(number: u32) -> Writes {
    let rows = (0..500_u32).map(|row| (row.wrapping_mul(0x9e37_79b9).to_be_bytes().to_vec(), Some(vec![1; 100])));
    rows.chain([(b"applied".to_vec(), Some(number.to_be_bytes().to_vec()))]).collect()
}

fn applied(index: &dyn Index) -> Option<u32> {
    let value = index.reader().unwrap().get(b"applied").unwrap()?;
    Some(u32::from_be_bytes(value.try_into().unwrap()))
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(|entry| entry.unwrap()) {
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// In this very process, where sled releases its files late.
#[test]
fn closed_in_order_it_can_be_opened_again_at_once_with_everything_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sled");
    for number in 0..20_u32 {
        let index = Sled::open(&path, CACHE_BYTES).unwrap();
        assert_eq!(applied(&index), number.checked_sub(1));
        index.apply(&rows(number), Durability::Relaxed).unwrap();
        if number % 2 == 0 {
            index.close().unwrap();
            assert!(index.reader().is_err() && index.apply(&rows(0), Durability::Relaxed).is_err());
        }
    }
    let index = Buffered::new(Sled::open(&path, CACHE_BYTES).unwrap(), 1 << 20);
    index.apply(&rows(20), Durability::Relaxed).unwrap();
    index.close().unwrap();
    drop(index);
    assert_eq!(applied(&Sled::open(&path, CACHE_BYTES).unwrap()), Some(20));
}

/// At every moment of its life but the last.
#[test]
fn after_a_kill_it_is_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    let (path, killed) = (folder.path().join("sled"), folder.path().join("killed"));
    let opens_after_a_kill = || {
        copy(&path, &killed);
        let opened = Sled::open(&killed, CACHE_BYTES);
        std::fs::remove_dir_all(&killed).unwrap();
        opened.map(|index| applied(&index))
    };
    let index = Sled::open(&path, CACHE_BYTES).unwrap();
    assert!(matches!(opens_after_a_kill(), Err(IndexError::Unclosed)), "before the first write");
    index.apply(&rows(1), Durability::Checkpoint).unwrap();
    assert!(matches!(opens_after_a_kill(), Err(IndexError::Unclosed)), "after a checkpoint");
    index.renew().unwrap();
    assert!(matches!(opens_after_a_kill(), Err(IndexError::Unclosed)), "written anew");
    drop(index);
    assert_eq!(opens_after_a_kill().unwrap(), Some(1), "in order");
    let index = Sled::open(&path, CACHE_BYTES).unwrap();
    assert!(matches!(opens_after_a_kill(), Err(IndexError::Unclosed)), "opened, and nothing written");
    drop(index);
    std::fs::write(path.join("clean"), "rows-").unwrap();
    assert!(matches!(Sled::open(&path, CACHE_BYTES), Err(IndexError::Unclosed)), "half a mark");
    assert!(matches!(Sled::open(&path, CACHE_BYTES), Err(IndexError::Unclosed)), "and it stays so");
}

#[test]
fn a_second_opening_is_refused_and_does_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sled");
    let index = Sled::open(&path, CACHE_BYTES).unwrap();
    index.apply(&rows(1), Durability::Relaxed).unwrap();
    assert!(matches!(Sled::open(&path, CACHE_BYTES), Err(IndexError::InUse)));
    drop(index);
    assert_eq!(applied(&Sled::open(&path, CACHE_BYTES).unwrap()), Some(1));
}

#[test]
fn what_was_overwritten_is_kept_as_long_as_somebody_may_look_for_it_and_no_longer() {
    let folder = tempfile::tempdir().unwrap();
    let index = Sled::open(&folder.path().join("sled"), CACHE_BYTES).unwrap();
    let kept = || index.generation().unwrap().look().kept().len();
    index.apply(&rows(1), Durability::Relaxed).unwrap();
    assert_eq!(kept(), 0, "nobody looks");
    let first = index.reader().unwrap();
    index.apply(&rows(2), Durability::Relaxed).unwrap();
    let second = index.reader().unwrap();
    assert_eq!(kept(), 501);
    drop(first);
    let one = Writes::from([(b"one".to_vec(), Some(vec![1]))]);
    index.apply(&one, Durability::Relaxed).unwrap();
    assert_eq!(kept(), 1, "the second view sees all but the last");
    drop(second);
    assert_eq!(kept(), 0);
}

#[test]
fn written_anew_nothing_that_was_deleted_is_left_in_the_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sled");
    let index = Sled::open(&path, CACHE_BYTES).unwrap();
    let secret = b"nothing of this may stay";
    let secrets: Writes = (0..3000_u32).map(|row| (row.to_be_bytes().to_vec(), Some(secret.to_vec()))).collect();
    index.apply(&secrets, Durability::Relaxed).unwrap();
    index.apply(&secrets.into_keys().map(|key| (key, None)).collect(), Durability::Relaxed).unwrap();
    index.apply(&rows(1), Durability::Relaxed).unwrap();
    assert!(index.renew().unwrap());
    assert_eq!(applied(&index), Some(1));
    drop(index);
    let folders: Vec<_> =
        std::fs::read_dir(&path).unwrap().filter(|entry| entry.as_ref().unwrap().path().is_dir()).collect();
    assert_eq!(folders.len(), 1);
    let bytes = std::fs::read(path.join("rows-1/db")).unwrap();
    assert!(!bytes.windows(secret.len()).any(|window| window == secret));
}

/// Whatever stands in the files: errors, never a panic that gets out, and then no mark.
#[test]
fn damaged_files_never_bring_the_caller_down() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, path) = (folder.path().join("whole"), folder.path().join("sled"));
    let index = Sled::open(&whole, CACHE_BYTES).unwrap();
    for number in 0..30 {
        index.apply(&rows(number), Durability::Checkpoint).unwrap();
    }
    drop(index);
    let length = std::fs::metadata(whole.join("rows-0/db")).unwrap().len();
    let length = usize::try_from(length).unwrap();
    let mut refused = 0;
    for seed in 0..30_usize {
        copy(&whole, &path);
        let file = path.join(if seed % 5 == 4 { "rows-0/conf" } else { "rows-0/db" });
        let mut bytes = std::fs::read(&file).unwrap();
        match seed % 3 {
            0 => bytes.truncate(bytes.len() * seed / 30),
            1 => bytes[seed % 20] ^= 0xff,
            _ => {
                let start = (length / 30 * seed).min(bytes.len().saturating_sub(64));
                let end = bytes.len().min(start + 64);
                bytes[start..end].fill(0xa5);
            }
        }
        std::fs::write(&file, bytes).unwrap();
        match Sled::open(&path, CACHE_BYTES) {
            Ok(index) => {
                if let Ok(read) = index.reader() {
                    let _ = read.scan(b"", &[0xff; 9], seed % 2 == 0, &mut |_, _| ControlFlow::Continue(()));
                    let _ = read.get(b"applied");
                }
                let failed = index.apply(&rows(99), Durability::Checkpoint).is_err();
                assert!(!failed || index.close().is_err(), "what failed is not closed in order");
            }
            Err(error) => {
                assert!(matches!(error, IndexError::Damaged(_)), "{error}");
                refused += 1;
            }
        }
        std::fs::remove_dir_all(&path).unwrap();
    }
    assert!(refused > 3, "{refused}");
}
