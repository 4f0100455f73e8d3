//! Tests of the journal: one suite for every journal (`suite`), what crashes and faults leave (`crash`), damage
//! (`damage`), destruction of contents (`retention`), payloads (`payloads`), and the files of version 1 (`fixture`).
//! The bytes themselves are tested in `files`.

mod crash;
mod damage;
mod fixture;
mod payloads;
mod retention;
mod suite;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use crate::domain::{Digest, Seq, Timestamp};
use crate::journal::disk::Simulated;
use crate::journal::{
    Appended, Batch, Body, Content, ContentKind, FileJournal, Journal, JournalError, Options, Payload, PayloadName,
    Placed, Position, Read, Record,
};

/// Where the simulated journals stand.
const FOLDER: &str = "/hub/journal";

fn folder() -> PathBuf {
    PathBuf::from(FOLDER)
}

/// A batch that is like no other: entries, an in-line body for each, a payload, an empty body, and now and then a
/// checkpoint.
fn batch(number: u64, entries: usize) -> Batch {
    let entry = |i| Bytes::from(format!(r#"{{"batch":{number},"entry":{i}}}"#));
    let body = |i: usize| Bytes::from(vec![u8::try_from(1 + number % 255).unwrap(); 40 + i * 7]);
    let payload = Payload {
        name: PayloadName(uuid::Uuid::from_u128(u128::from(number))),
        length: 1 << 20,
        sha256: Digest::of(&number.to_be_bytes()),
    };
    let content = |(i, kind, body)| Content {
        entry: u32::try_from(i).unwrap(),
        kind,
        key: Digest::of(format!("{number} {i} {kind:?}").as_bytes()),
        body,
    };
    let inline = (0..entries).map(|i| (i, ContentKind::Body, Body::Inline(body(i))));
    let others = [
        (0, ContentKind::Material, Body::Payload(payload)),
        (entries.saturating_sub(1), ContentKind::Text, Body::Inline(Bytes::new())),
    ];
    let contents = if entries == 0 { Vec::new() } else { inline.chain(others).map(content).collect() };
    Batch {
        time: Timestamp::from_millis(1_790_000_000_000 + i64::try_from(number).unwrap()),
        checkpoint: (number % 3 == 1 || entries == 0).then(|| Bytes::from(format!("hub/1\n{number}\n"))),
        entries: (0..entries).map(entry).collect(),
        contents,
    }
}

fn append(journal: &mut dyn Journal, batch: &Batch) -> Result<Placed, JournalError> {
    match journal.append(journal.head().seq, batch)? {
        Appended::At(placed) => Ok(placed),
        Appended::Moved(head) => panic!("moved to {head}"),
    }
}

fn replayed(reader: &dyn Read, after: Option<Position>) -> Result<Vec<Record>, JournalError> {
    let mut records = Vec::new();
    reader.replay(after, &mut |record| {
        records.push(record);
        ControlFlow::Continue(())
    })?;
    Ok(records)
}

fn batches(reader: &dyn Read) -> Result<Vec<Batch>, JournalError> {
    Ok(replayed(reader, None)?.into_iter().map(|record| record.batch).collect())
}

/// Small segments, so that there are several.
const SMALL: Options = Options { segment_bytes: 2000 };

fn open(disk: &Simulated, options: Options) -> Result<FileJournal, JournalError> {
    FileJournal::open(Arc::new(disk.clone()), Path::new(FOLDER), options)
}

/// A disk with `count` batches in one journal that was not closed.
fn written(count: u64, options: Options) -> (Simulated, Vec<Batch>, Vec<Placed>) {
    let disk = Simulated::new();
    let mut journal = open(&disk, options).unwrap();
    let batches: Vec<Batch> =
        (0..count).map(|number| batch(number, 1 + usize::try_from(number % 3).unwrap())).collect();
    let placed = batches.iter().map(|batch| append(&mut journal, batch).unwrap()).collect();
    (disk, batches, placed)
}

fn segment_path(number: u32) -> PathBuf {
    folder().join(format!("{number:010}.segment"))
}

fn toc_path(number: u32) -> PathBuf {
    folder().join(format!("{number:010}.contents"))
}

fn seqs(batches: &[Batch]) -> Seq {
    batches.iter().map(|batch| u64::try_from(batch.entries.len()).unwrap()).sum()
}
