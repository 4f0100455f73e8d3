//! Reading a journal of files, from any thread and without the writer: replay, single records, entries and bodies.

use std::ops::ControlFlow;
use std::sync::Arc;

use bytes::Bytes;

use crate::domain::Seq;
use crate::journal::files::record::{Chain, Header};
use crate::journal::files::shared::{Shared, continues, damaged};
use crate::journal::files::window::{Flaw, SEQUENTIAL_BYTES, SINGLE_BYTES, Window, end_of};
use crate::journal::files::{segment, toc};
use crate::journal::{Body, BodyLocation, Damage, JournalError, Position, Read, Record};

/// The reading side of a journal of files.
#[derive(Clone)]
pub(super) struct Reader(pub(super) Arc<Shared>);

impl Read for Reader {
    fn replay(
        &self,
        after: Option<Position>,
        visit: &mut dyn FnMut(Record) -> ControlFlow<()>,
    ) -> Result<(), JournalError> {
        let Some(mut cursor) = self.cursor(after)? else { return Ok(()) };
        while let Some(record) = cursor.next()? {
            if visit(record).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn record_at(&self, position: Position) -> Result<Record, JournalError> {
        let (mut window, header) = self.header_at(position, SINGLE_BYTES)?;
        window.record(&header, position.offset).map_err(|flaw| flaw.at(position.segment, position.offset))
    }

    fn entries_at(&self, position: Position) -> Result<(Seq, Vec<Bytes>), JournalError> {
        let (mut window, header) = self.header_at(position, SINGLE_BYTES)?;
        let entries = window.entries(&header, position.offset);
        Ok((header.follows.seq, entries.map_err(|flaw| flaw.at(position.segment, position.offset))?))
    }

    fn find(&self, seq: Seq) -> Result<Option<Position>, JournalError> {
        let (number, row) = {
            let segments = self.0.segments();
            let after = segments.partition_point(|segment| segment.header.follows.seq <= seq);
            let Some(segment) = after.checked_sub(1).and_then(|at| segments.get(at)) else { return Ok(None) };
            (segment.header.number, segment.rows.as_ref().map(|rows| toc::find(rows, seq)))
        };
        let row = match row {
            Some(row) => row,
            None => toc::find(&self.0.toc(number)?.rows, seq),
        };
        Ok(row.map(|row| Position { segment: number, offset: row.offset }))
    }

    fn body(&self, location: &BodyLocation) -> Result<Bytes, JournalError> {
        let (record, content, offset, length, crc) = match *location {
            BodyLocation::Inline { record, content, offset, length, crc } => (record, content, offset, length, crc),
            BodyLocation::Payload(_) => return Err(JournalError::NotInline),
            BodyLocation::Destroyed => return Err(JournalError::Gone),
        };
        let Some(mut window) = self.0.window(record.segment, 0)? else {
            return Err(JournalError::NoRecord { position: record });
        };
        match window.get(offset, usize::try_from(length).unwrap_or(usize::MAX)) {
            Ok(bytes) if crc32c::crc32c(&bytes) == crc => Ok(bytes),
            Ok(_) | Err(Flaw::Damage(_)) => Err(self.why_not(record, content, offset)),
            Err(flaw @ Flaw::Io(_)) => Err(flaw.at(record.segment, offset)),
        }
    }
}

impl Reader {
    /// The window and the header of the record at `position`.
    fn header_at(&self, position: Position, ahead: usize) -> Result<(Window, Header), JournalError> {
        let Some(mut window) = self.0.window(position.segment, ahead)? else {
            return Err(JournalError::NoRecord { position });
        };
        match window.header(position.offset) {
            Ok(header) => Ok((window, header)),
            Err(Flaw::Damage(_)) if !self.0.starts_at(position)? => Err(JournalError::NoRecord { position }),
            Err(flaw) => Err(flaw.at(position.segment, position.offset)),
        }
    }

    /// Why the bytes are not what a location says: the record tells.
    fn why_not(&self, position: Position, content: u32, offset: u32) -> JournalError {
        let content = usize::try_from(content).unwrap_or(usize::MAX);
        match self.record_at(position).map(|record| record.batch.contents.into_iter().nth(content)) {
            Ok(Some(content)) if matches!(content.body, Body::Destroyed { .. }) => JournalError::Gone,
            // The record is whole: the location is not one of its.
            Ok(_) => damaged(position.segment, offset, Damage::Body),
            Err(error) => error,
        }
    }

    /// A cursor after the record at `after`, or at the first record; `None` if there is no segment yet.
    fn cursor(&self, after: Option<Position>) -> Result<Option<Cursor<'_>>, JournalError> {
        let shared = self.0.as_ref();
        let Some(position) = after else {
            let first = shared.window(1, SEQUENTIAL_BYTES)?;
            let start = |window| Cursor { shared, window, offset: segment::HEADER_BYTES, next: Chain::START };
            return Ok(first.map(start));
        };
        let (mut window, header) = self.header_at(position, SEQUENTIAL_BYTES)?;
        let at = |flaw: Flaw| flaw.at(position.segment, position.offset);
        window.record(&header, position.offset).map_err(at)?;
        Ok(Some(Cursor { shared, window, offset: end_of(&header, position.offset), next: header.next() }))
    }
}

/// Goes from record to record, over the segments, and sees that each continues the one before it.
struct Cursor<'a> {
    shared: &'a Shared,
    window: Window,
    offset: u32,
    next: Chain,
}

impl Cursor<'_> {
    fn next(&mut self) -> Result<Option<Record>, JournalError> {
        if self.offset >= self.window.end && !self.go_on()? {
            return Ok(None);
        }
        let (segment, offset) = (self.window.segment.number, self.offset);
        let at = |flaw: Flaw| flaw.at(segment, offset);
        let header = self.window.header_after(offset, &self.next).map_err(at)?;
        let record = self.window.record(&header, offset).map_err(at)?;
        (self.offset, self.next) = (end_of(&header, offset), header.next());
        Ok(Some(record))
    }

    /// At the end of what was durable: whether there is more by now, in this segment or in the next one.
    fn go_on(&mut self) -> Result<bool, JournalError> {
        let number = self.window.segment.number;
        // In this order: where there is a later segment, this one has grown for the last time.
        let later = self.shared.window(number.saturating_add(1), SEQUENTIAL_BYTES)?;
        self.window.end = self.shared.extent(number).map_or(self.window.end, |(_, end)| end);
        if self.offset < self.window.end {
            return Ok(true);
        }
        let Some(later) = later else { return Ok(false) };
        if !continues(&later.segment, &self.window.segment, self.window.end, &self.next) {
            return Err(damaged(number.saturating_add(1), 0, Damage::SegmentChain));
        }
        (self.window, self.offset) = (later, segment::HEADER_BYTES);
        Ok(self.offset < self.window.end)
    }
}
