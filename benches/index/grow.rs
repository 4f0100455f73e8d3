//! An index fills as the hub's writer fills it: every record of the journal one apply, through the buffer; then it is read.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use truc::config::DataFolder;
use truc::delivery::lists;
use truc::domain::MessageId;
use truc::hub::{Entry, Event, Rows, apply};
use truc::index::{Buffered, Durability, Engine, Index, Overlay};
use truc::journal::disk::Real;
use truc::journal::{FileJournal, Journal as _, Options, Record};

use crate::journal::{AGENCIES, agency, config};
use crate::process::{Figures, peak_mb};

/// As `engine/open.rs` has it.
const BUFFER_BYTES: usize = 16 << 20;
const LOOKUPS: usize = 20_000;
const PAGES: u64 = 2_000;

/// Fills it, reads it, and either closes it in order or leaves it as a kill does.
pub fn grow(engine: Engine, path: &Path, close: bool) -> Figures {
    let (data, config) = (DataFolder::new(path), config());
    let options = Options { segment_bytes: u32::try_from(config.journal.segment_bytes).unwrap() };
    let journal = FileJournal::open(Arc::new(Real), &data.journal(), options).unwrap();
    let opened = truc::index::open(engine, &data.index(), config.index.cache_bytes).unwrap();
    let index = Buffered::new(opened, BUFFER_BYTES);
    let (mut applies, mut messages) = (Vec::new(), Vec::new());
    let started = Instant::now();
    journal
        .reader()
        .replay(None, &mut |record| {
            let began = Instant::now();
            one(&index, &record, &mut messages);
            applies.push(began.elapsed());
            ControlFlow::Continue(())
        })
        .unwrap();
    let mut figures = Figures::from([("seconds".to_owned(), started.elapsed().as_secs_f64())]);
    let last: Duration = applies.iter().rev().take(applies.len() / 10).sum();
    figures.insert("last_tenth".to_owned(), last.as_secs_f64());
    figures.insert("longest".to_owned(), applies.iter().max().unwrap().as_secs_f64());
    figures.insert("lookups".to_owned(), lookups(&index, &messages));
    figures.insert("pages".to_owned(), pages(&index));
    figures.insert("peak_mb".to_owned(), peak_mb());
    if !close {
        std::process::abort();
    }
    let began = Instant::now();
    index.close().unwrap();
    figures.insert("close".to_owned(), began.elapsed().as_secs_f64());
    figures
}

/// As the writer and the replay do.
fn one(index: &dyn Index, record: &Record, messages: &mut Vec<MessageId>) {
    let reader = index.reader().unwrap();
    let mut view = Overlay::new(reader.as_ref());
    let mut entries = Vec::with_capacity(record.batch.entries.len());
    for (bytes, number) in record.batch.entries.iter().zip(0_u32..) {
        let entry = Entry::from_bytes(bytes).unwrap();
        let own = record.batch.contents.iter().filter(|content| content.entry == number);
        let contents: Vec<_> = own.cloned().collect();
        view.extend(apply(&entry, &contents, &view).unwrap());
        if let Event::Accepted { message, .. } = entry.event {
            messages.push(message);
        }
        entries.push(entry);
    }
    let places = truc::hub::apply::place(&entries, &record.batch.contents, &record.placed, &view).unwrap();
    view.extend(places);
    let writes = view.into_writes();
    drop(reader);
    index.apply(&writes, Durability::Relaxed).unwrap();
}

/// Of messages all over the place, a second.
fn lookups(index: &dyn Index, messages: &[MessageId]) -> f64 {
    let began = Instant::now();
    for number in 0..LOOKUPS {
        let id = messages[number.wrapping_mul(0x9e37_79b1) % messages.len()];
        let reader = index.reader().unwrap();
        let rows = Rows(reader.as_ref());
        assert!(rows.message(id).unwrap().is_some() && rows.deliveries(id).unwrap().len() == 2);
    }
    LOOKUPS as f64 / began.elapsed().as_secs_f64()
}

/// First pages of inboxes, a second.
fn pages(index: &dyn Index) -> f64 {
    let began = Instant::now();
    let mut lines = 0;
    for number in 0..PAGES {
        let reader = index.reader().unwrap();
        lines += lists::inbox(&Rows(reader.as_ref()), &agency(number % AGENCIES), None, 50).unwrap().items.len();
    }
    assert!(lines > 0);
    PAGES as f64 / began.elapsed().as_secs_f64()
}
