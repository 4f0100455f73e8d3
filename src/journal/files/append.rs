//! Writing: one record, one write, one sync; and a new segment when the last one is full.

use std::io::{self, IoSlice};
use std::path::Path;
use std::sync::Arc;

use uuid::Uuid;

use crate::domain::Timestamp;
use crate::journal::disk::{DiskFile, write_all_at};
use crate::journal::files::record::{self, Encoded};
use crate::journal::files::shared::Segment;
use crate::journal::files::toc::{self, Toc};
use crate::journal::files::{FileJournal, segment};
use crate::journal::{Batch, JournalError, Position};

/// Bytes left free for what a file system writes beside the record.
const SPARE_BYTES: u64 = 1 << 20;

/// The segment that is written to.
pub(super) struct Active {
    pub(super) file: Arc<dyn DiskFile>,
    pub(super) header: segment::Header,
    /// Durable bytes.
    pub(super) end: u32,
}

impl FileJournal {
    /// Writes the record of `batch` and makes it durable. Numbered as in docs/journal-format.md, "An append".
    pub(super) fn write(&mut self, batch: &Batch) -> Result<Encoded, JournalError> {
        let length = record::measure(batch)?;
        self.check_room(length)?;
        // 1. A segment with room, itself durable. A crash leaves at most a segment without records.
        let Active { file, header, end } = self.active_for(length, batch.time)?;
        let (file, nonce) = (Arc::clone(file), header.nonce);
        let position = Position { segment: header.number, offset: *end };
        let encoded = record::encode(batch, nonce, self.next, position);
        // 2. The bytes. A crash leaves none, some or all of them: what is not whole is cut off.
        // 3. The sync: durable from here on, and only now acknowledged.
        let mut parts = vec![IoSlice::new(&encoded.head)];
        parts.extend(record::inline_bodies(batch).map(|bytes| IoSlice::new(bytes)));
        let written = write_all_at(file.as_ref(), &mut parts, u64::from(position.offset));
        written.map_err(|error| self.poison("write a record", &error))?;
        file.sync().map_err(|error| self.poison("sync a record", &error))?;
        // 4. Readers may see it.
        self.publish(&encoded, batch);
        Ok(encoded)
    }

    fn check_room(&self, length: usize) -> Result<(), JournalError> {
        let needed = u64::try_from(length).unwrap_or(u64::MAX).saturating_add(SPARE_BYTES);
        let room = self.shared.disk.available(&self.shared.folder);
        let available = room.map_err(|source| JournalError::Io { action: "see how much room is left", source })?;
        if available < needed { Err(JournalError::Full { needed, available }) } else { Ok(()) }
    }

    fn publish(&mut self, encoded: &Encoded, batch: &Batch) {
        let position = encoded.placed.position;
        let end = position.offset.saturating_add(u32::try_from(encoded.length).unwrap_or(u32::MAX));
        let entries = u32::try_from(batch.entries.len()).unwrap_or(u32::MAX);
        let row = toc::Row { seq: self.next.seq, entries, offset: position.offset };
        if let Some(active) = &mut self.active {
            active.end = end;
        }
        if let Some(segment) = self.shared.segments_mut().last_mut() {
            segment.end = end;
            segment.rows.get_or_insert_default().push(row);
        }
        (self.next, self.last) = (encoded.next, Some(position));
    }

    /// The active segment, or a new one if there is none or `length` more bytes are too many for it.
    fn active_for(&mut self, length: usize, time: Timestamp) -> Result<&Active, JournalError> {
        let length = u64::try_from(length).unwrap_or(u64::MAX);
        let full = u64::from(self.options.segment_bytes);
        let fits = |active: &Active| {
            active.end == segment::HEADER_BYTES || u64::from(active.end).saturating_add(length) <= full
        };
        match self.active.take() {
            Some(active) if fits(&active) => Ok(self.active.insert(active)),
            before => {
                self.active = before;
                let next = self.create_segment(time)?;
                self.seal_active();
                let (header, end) = (next.header, next.end);
                self.shared.segments_mut().push(Segment { header, end, rows: Some(Vec::new()) });
                Ok(self.active.insert(next))
            }
        }
    }

    /// Makes a new segment durable: under another name first, so that under its own it is whole.
    fn create_segment(&mut self, created: Timestamp) -> Result<Active, JournalError> {
        let (before, previous_bytes) =
            self.shared.segments().last().map_or((0, 0), |last| (last.header.number, u64::from(last.end)));
        let (nonce, number) = (Uuid::new_v4().into_bytes(), before.saturating_add(1));
        let (follows, journal) = (self.next, self.id);
        let header = segment::Header { nonce, number, generation: 0, journal, follows, previous_bytes, created };
        let path = self.shared.folder.join(segment::file_name(number));
        let unfinished = self.shared.folder.join(segment::file_name(number) + segment::UNFINISHED);
        let file = self.write_header(&unfinished, &header)?;
        // From here on the name may be on the disk, or not: only an opening can tell.
        let disk = Arc::clone(&self.shared.disk);
        disk.rename(&unfinished, &path).map_err(|error| self.poison("name a segment", &error))?;
        disk.sync_folder(&self.shared.folder).map_err(|error| self.poison("sync the journal's folder", &error))?;
        Ok(Active { file, header, end: segment::HEADER_BYTES })
    }

    fn write_header(&mut self, path: &Path, header: &segment::Header) -> Result<Arc<dyn DiskFile>, JournalError> {
        let failed = |source: io::Error| JournalError::Io { action: "create a segment", source };
        // What an earlier attempt may have left.
        let _ = self.shared.disk.remove(path);
        let file = self.shared.disk.create(path).map_err(failed)?;
        write_all_at(file.as_ref(), &mut [IoSlice::new(&header.to_bytes())], 0).map_err(failed)?;
        file.sync().map_err(|error| self.poison("sync a new segment", &error))?;
        Ok(file)
    }

    /// Seals the active segment: nothing is written to it again.
    pub(super) fn seal_active(&mut self) {
        let Some(active) = self.active.take() else { return };
        let rows = self.shared.segments_mut().last_mut().and_then(|segment| segment.rows.take()).unwrap_or_default();
        self.shared.write_toc(&Toc { end: active.end, next: self.next, rows }, &active.header);
    }

    /// Never again until the next opening.
    fn poison(&mut self, action: &str, error: &io::Error) -> JournalError {
        tracing::error!(action, %error, "the journal is poisoned: nothing more is accepted until a restart");
        let cause: Arc<str> = format!("cannot {action}: {error}").into();
        self.poisoned = Some(Arc::clone(&cause));
        JournalError::Poisoned { cause }
    }
}
