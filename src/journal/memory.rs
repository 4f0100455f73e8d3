//! A journal in memory, for tests and for the simulation: the contract, without the disk.

use std::ops::ControlFlow;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use bytes::Bytes;

use crate::domain::Seq;
use crate::journal::files::measure;
use crate::journal::{
    Appended, Batch, Body, BodyLocation, Damage, Head, Journal, JournalError, Placed, Position, Read, Record,
};

/// A journal in memory.
#[derive(Debug, Default)]
pub struct MemoryJournal {
    records: Records,
}

/// Its records: number `n` is at offset `n` of segment 1. The reading side too.
#[derive(Debug, Clone, Default)]
struct Records(Arc<RwLock<Vec<Record>>>);

impl MemoryJournal {
    /// An empty journal.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Journal for MemoryJournal {
    fn append(&mut self, at: Seq, batch: &Batch) -> Result<Appended, JournalError> {
        let Head { seq, record, .. } = self.head();
        if at != seq {
            return Err(JournalError::NotHead { at, head: seq });
        }
        measure(batch)?;
        let position = Position { segment: 1, offset: u32::try_from(record).unwrap_or(u32::MAX) };
        let bodies = (0..).zip(&batch.contents).map(|(content, it)| place(position, content, &it.body)).collect();
        let placed = Placed { position, bodies };
        let record = Record { number: record, first_seq: seq, placed: placed.clone(), batch: batch.clone() };
        self.records.0.write().unwrap_or_else(PoisonError::into_inner).push(record);
        Ok(Appended::At(placed))
    }

    fn head(&self) -> Head {
        let records = self.records.all();
        let last = records.last();
        Head {
            seq: last.map_or(0, end),
            record: last.map_or(0, |last| last.number + 1),
            last: last.map(|last| last.placed.position),
        }
    }

    fn reader(&self) -> Arc<dyn Read> {
        Arc::new(self.records.clone())
    }
}

/// Sequence number after the last entry of a record.
fn end(record: &Record) -> Seq {
    record.first_seq + u64::try_from(record.batch.entries.len()).unwrap_or(u64::MAX)
}

fn place(record: Position, content: u32, body: &Body) -> BodyLocation {
    match body {
        Body::Inline(bytes) => {
            let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
            BodyLocation::Inline { record, content, offset: 0, length, crc: crc32c::crc32c(bytes) }
        }
        Body::Payload(payload) => BodyLocation::Payload(*payload),
        Body::Destroyed { .. } => BodyLocation::Destroyed,
    }
}

impl Records {
    fn all(&self) -> RwLockReadGuard<'_, Vec<Record>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn at(&self, position: Position) -> Result<Record, JournalError> {
        let at = usize::try_from(position.offset).unwrap_or(usize::MAX);
        let found = self.all().get(at).filter(|_| position.segment == 1).cloned();
        found.ok_or(JournalError::NoRecord { position })
    }
}

impl Read for Records {
    fn replay(
        &self,
        after: Option<Position>,
        visit: &mut dyn FnMut(Record) -> ControlFlow<()>,
    ) -> Result<(), JournalError> {
        let mut next = after.map_or(Ok(0), |position| self.at(position).map(|_| position.offset.saturating_add(1)))?;
        while let Ok(record) = self.at(Position { segment: 1, offset: next }) {
            if visit(record).is_break() {
                break;
            }
            next = next.saturating_add(1);
        }
        Ok(())
    }

    fn record_at(&self, position: Position) -> Result<Record, JournalError> {
        self.at(position)
    }

    fn entries_at(&self, position: Position) -> Result<(Seq, Vec<Bytes>), JournalError> {
        self.at(position).map(|record| (record.first_seq, record.batch.entries))
    }

    fn find(&self, seq: Seq) -> Result<Option<Position>, JournalError> {
        let records = self.all();
        let after = records.partition_point(|record| record.first_seq <= seq);
        let record = after.checked_sub(1).and_then(|at| records.get(at)).filter(|record| seq < end(record));
        Ok(record.map(|record| record.placed.position))
    }

    fn body(&self, location: &BodyLocation) -> Result<Bytes, JournalError> {
        let (position, content) = match *location {
            BodyLocation::Inline { record, content, .. } => (record, content),
            BodyLocation::Payload(_) => return Err(JournalError::NotInline),
            BodyLocation::Destroyed => return Err(JournalError::Gone),
        };
        let contents = self.at(position)?.batch.contents;
        match contents.into_iter().nth(usize::try_from(content).unwrap_or(usize::MAX)).map(|content| content.body) {
            Some(Body::Inline(bytes)) => Ok(bytes),
            _ => Err(JournalError::Damaged { segment: 1, offset: u64::from(position.offset), damage: Damage::Body }),
        }
    }
}
