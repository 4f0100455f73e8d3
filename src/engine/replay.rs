//! Replay: the index gets from the journal what it does not have yet, all of it when it is built anew. Reading and
//! understanding the records goes on while those before are applied. How far it has come is told meanwhile.

use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use crate::domain::Seq;
use crate::engine::open::OpenError;
use crate::hub::{Entry, Rows, apply};
use crate::index::{Durability, Index, Overlay};
use crate::journal::{self, Content, Placed, Record};

/// Entries applied in one go.
const CHUNK_ENTRIES: usize = 8_192;
/// Chunks read ahead of the one that is applied.
const CHUNKS_AHEAD: usize = 1;

/// How far a replay has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replayed {
    /// Entries that the index had at the beginning: none where it is built anew.
    pub before: u64,
    /// Entries applied since.
    pub applied: u64,
    /// Entries to apply.
    pub of: u64,
    /// Time since the beginning.
    pub elapsed: Duration,
}

impl Replayed {
    /// Whether the index is built anew.
    #[must_use]
    pub const fn is_rebuild(&self) -> bool {
        self.before == 0
    }

    /// Entries applied in a second, so far.
    #[must_use]
    pub fn per_second(&self) -> u64 {
        let per_second = u128::from(self.applied).saturating_mul(1_000_000) / self.elapsed.as_micros().max(1);
        u64::try_from(per_second).unwrap_or(u64::MAX)
    }

    /// How long the rest will take if it goes on like this.
    #[must_use]
    pub fn remaining(&self) -> Duration {
        Duration::from_secs(self.of.saturating_sub(self.applied) / self.per_second().max(1))
    }
}

/// What is told how far a replay has come, after every part of it.
pub type Watch<'a> = dyn Fn(Replayed) + 'a;

/// Applies everything before `head` that the index does not have yet: so many entries. What the last part writes is not
/// made durable for its own sake: the journal has it.
pub(super) fn replay(
    index: &dyn Index,
    journal: &dyn journal::Read,
    head: Seq,
    watch: &Watch<'_>,
) -> Result<u64, OpenError> {
    let before = Rows(index.reader()?.as_ref()).head()?.next;
    let started = Instant::now();
    let mut so_far = Replayed { before, applied: 0, of: head.saturating_sub(before), elapsed: Duration::ZERO };
    std::thread::scope(|scope| {
        let (chunks, ready) = sync_channel(CHUNKS_AHEAD);
        let reading = std::thread::Builder::new().name("index-read".to_owned());
        let reading = reading.spawn_scoped(scope, move || read(journal, before, &chunks));
        let reading = reading.map_err(|source| OpenError::Io { what: "the thread that reads the journal", source })?;
        let applied = ready_chunks(&ready, |chunk| {
            apply_chunk(index, &chunk)?;
            let entries = entries_of(&chunk);
            so_far.applied = so_far.applied.saturating_add(entries);
            so_far.elapsed = started.elapsed();
            if entries > 0 {
                watch(so_far);
            }
            Ok(())
        });
        // Without a receiver the reading ends.
        drop(ready);
        let read = reading.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        applied.and(read)
    })?;
    tell(&so_far);
    Ok(so_far.applied)
}

/// The chunks as they come, until there are no more or one fails.
fn ready_chunks(
    ready: &Receiver<Vec<Understood>>,
    mut take: impl FnMut(Vec<Understood>) -> Result<(), OpenError>,
) -> Result<(), OpenError> {
    ready.iter().try_for_each(&mut take)
}

fn tell(so_far: &Replayed) {
    let Replayed { before, applied, elapsed, .. } = *so_far;
    if applied > 0 {
        let (per_second, seconds) = (so_far.per_second(), elapsed.as_secs_f32());
        tracing::info!(before, applied, seconds, per_second, "the index was brought up to the journal");
    }
}

/// Reads the records after those of the first `before` entries.
fn read(journal: &dyn journal::Read, before: Seq, chunks: &SyncSender<Vec<Understood>>) -> Result<(), OpenError> {
    let after = match before.checked_sub(1) {
        Some(last) => journal.find(last)?,
        None => None,
    };
    let mut reading = Reading { chunks, waiting: Vec::new(), entries: 0 };
    let mut failed = None;
    journal.replay(after, &mut |record| match reading.take(record) {
        Ok(flow) => flow,
        Err(error) => {
            failed = Some(error);
            ControlFlow::Break(())
        }
    })?;
    failed.map_or(Ok(()), Err)?;
    let _ = reading.send(); // nobody takes it: the applying has failed, and says so
    Ok(())
}

/// Records on their way to be applied.
struct Reading<'a> {
    chunks: &'a SyncSender<Vec<Understood>>,
    waiting: Vec<Understood>,
    entries: usize,
}

impl Reading<'_> {
    fn take(&mut self, record: Record) -> Result<ControlFlow<()>, OpenError> {
        self.entries = self.entries.saturating_add(record.batch.entries.len());
        self.waiting.push(Understood::of(record)?);
        if self.entries < CHUNK_ENTRIES {
            return Ok(ControlFlow::Continue(()));
        }
        self.entries = 0;
        Ok(self.send())
    }

    fn send(&mut self) -> ControlFlow<()> {
        match self.chunks.send(std::mem::take(&mut self.waiting)) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    }
}

/// A record whose entries have been read, with what stands beside each.
struct Understood {
    entries: Vec<Entry>,
    /// As they stand in the record.
    contents: Vec<Content>,
    /// The same, in the order of the entries.
    beside: Vec<Content>,
    placed: Placed,
}

impl Understood {
    fn of(record: Record) -> Result<Self, OpenError> {
        let parse = |(bytes, seq): (_, Seq)| {
            Entry::from_bytes(bytes).map_err(|error| OpenError::Entry { seq, reason: error.to_string() })
        };
        let entries = record.batch.entries.iter().map(AsRef::as_ref).zip(record.first_seq..).map(parse);
        let entries = entries.collect::<Result<_, _>>()?;
        let (contents, mut beside) = (record.batch.contents.clone(), record.batch.contents);
        beside.sort_by_key(|content| content.entry);
        Ok(Self { entries, contents, beside, placed: record.placed })
    }
}

fn entries_of(chunk: &[Understood]) -> u64 {
    chunk.iter().map(|record| u64::try_from(record.entries.len()).unwrap_or(u64::MAX)).sum()
}

fn apply_chunk(index: &dyn Index, chunk: &[Understood]) -> Result<(), OpenError> {
    let reader = index.reader()?;
    let mut view = Overlay::new(reader.as_ref());
    for record in chunk {
        apply_record(&mut view, record)?;
    }
    let writes = view.into_writes();
    drop(reader);
    Ok(index.apply(&writes, Durability::Relaxed)?)
}

fn apply_record(view: &mut Overlay<'_>, record: &Understood) -> Result<(), OpenError> {
    let mut rest = record.beside.as_slice();
    for (entry, number) in record.entries.iter().zip(0u32..) {
        let (own, others) = rest.split_at(rest.partition_point(|content| content.entry <= number));
        rest = others;
        let writes = apply(entry, own, view)?;
        view.extend(writes);
    }
    let places = crate::hub::apply::place(&record.entries, &record.contents, &record.placed, view)?;
    view.extend(places);
    Ok(())
}

/// Applies records that somebody else reads.
pub(crate) fn apply_records(index: &dyn Index, records: Vec<Record>) -> Result<(), OpenError> {
    let understood = records.into_iter().map(Understood::of).collect::<Result<Vec<_>, _>>()?;
    apply_chunk(index, &understood)
}
