//! Old files open for ever: `fixtures/journal/v1` was written by the first version of the format.

use super::*;
use crate::journal::Cut;
use crate::journal::disk::Real;

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/journal/v1")
}

/// What the fixture holds: nine batches in three segments; of the first, the bodies of the first record are destroyed;
/// the last segment was not closed and ends in a torn record.
fn held() -> Vec<Batch> {
    let mut held: Vec<Batch> = (0..9).map(|number| batch(number, usize::try_from(number % 4).unwrap())).collect();
    for batch in &mut held[..2] {
        for content in &mut batch.contents {
            let payload = if let Body::Payload(payload) = &content.body { Some(payload.name) } else { None };
            content.body = Body::Destroyed { length: content.body.len(), payload };
        }
    }
    held
}

#[test]
fn a_journal_of_version_1_opens() {
    let copy = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(fixture()).unwrap().map(Result::unwrap) {
        std::fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
    }
    let mut journal = FileJournal::open(Arc::new(Real), copy.path(), SMALL).unwrap();
    assert_eq!(batches(journal.reader().as_ref()).unwrap(), held());
    assert!(matches!(journal.recovery().cut, Some(Cut { bytes: 300, .. })), "{:?}", journal.recovery());
    append(&mut journal, &batch(9, 1)).unwrap();
    let mut all = held();
    all.push(batch(9, 1));
    assert_eq!(batches(journal.reader().as_ref()).unwrap(), all);
}

/// How the fixture was made. Run it only to begin the fixture of a new version, in a folder of its own.
#[test]
#[ignore = "writes into fixtures/"]
fn write_the_fixture() {
    let folder = fixture();
    std::fs::create_dir_all(&folder).unwrap();
    let mut journal = FileJournal::open(Arc::new(Real), &folder, SMALL).unwrap();
    for number in 0..10 {
        append(&mut journal, &batch(number, usize::try_from(number % 4).unwrap())).unwrap();
    }
    let last = journal.head().last.unwrap();
    assert_eq!(last.segment, 3, "three segments");
    journal.retention().destroy(1, &mut |seq, _| seq < 1).unwrap();
    drop(journal);
    let segment = std::fs::OpenOptions::new().write(true).open(folder.join("0000000003.segment")).unwrap();
    segment.set_len(u64::from(last.offset) + 300).unwrap();
    std::fs::remove_file(folder.join("lock")).unwrap();
}
