//! Destroying contents: a sealed segment is written again with the same records at the same places, without the bytes
//! of what is destroyed, and takes the place of the old one. Entries, digests and positions stay. Where bodies stood
//! the new file has holes, so that a file system with sparse files (every usual one on Linux) gets its room back.

use std::io::{self, IoSlice};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use crate::domain::Seq;
use crate::journal::disk::{DiskFile, write_all_at};
use crate::journal::files::record::{self, Header};
use crate::journal::files::segment;
use crate::journal::files::shared::{Shared, damaged};
use crate::journal::files::window::{Flaw, SEQUENTIAL_BYTES, Window, end_of};
use crate::journal::{Body, BodyLocation, Content, Damage, JournalError, PayloadName, Record};

/// What one rewrite destroyed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Destroyed {
    /// How many contents.
    pub contents: u64,
    /// How many bytes of them stood in the segment.
    pub bytes: u64,
    /// The files that held the others, also those chosen that were destroyed before: remove them now.
    pub payloads: Vec<PayloadName>,
}

/// The hand that destroys contents. Works beside the writer and the readers.
#[derive(Clone)]
pub struct Retention {
    shared: Arc<Shared>,
}

type Choose<'a> = dyn FnMut(Seq, &Content) -> bool + 'a;

impl Retention {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// The numbers of the sealed segments.
    #[must_use]
    pub fn sealed(&self) -> std::ops::RangeInclusive<u32> {
        let segments = self.shared.segments();
        let sealed = segments.iter().filter(|segment| segment.rows.is_none()).count();
        1..=u32::try_from(sealed).unwrap_or(u32::MAX)
    }

    /// How often contents of a segment were destroyed; `None` if there is no such segment.
    #[must_use]
    pub fn generation(&self, number: u32) -> Option<u32> {
        self.shared.extent(number).map(|(header, _)| header.generation)
    }

    /// Asks the writer to seal the segment that is written to, before its next record.
    pub fn ask_to_seal(&self) {
        self.shared.seal_asked.store(true, Ordering::Release);
    }

    /// Destroys the chosen contents of a sealed segment, durably on return. `choose` sees each content with the sequence
    /// number of its entry, also those destroyed before. After an error, or a crash, the segment is as it was or as it
    /// is to be; calling again is safe.
    ///
    /// # Errors
    /// [`JournalError::NotSealed`], damage, or [`JournalError::Io`].
    pub fn destroy(
        &self,
        number: u32,
        choose: &mut dyn FnMut(Seq, &Content) -> bool,
    ) -> Result<Destroyed, JournalError> {
        let _one = self.shared.rewriting.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.sealed().contains(&number) {
            return Err(JournalError::NotSealed { segment: number });
        }
        let Some(window) = self.shared.window(number, SEQUENTIAL_BYTES)? else {
            return Err(JournalError::NotSealed { segment: number });
        };
        let path = self.shared.folder.join(segment::file_name(number));
        let unfinished = self.shared.folder.join(segment::file_name(number) + segment::UNFINISHED);
        let disk = &self.shared.disk;
        // What an earlier attempt may have left.
        let _ = disk.remove(&unfinished);
        let generation = window.segment.generation.saturating_add(1);
        let header = segment::Header { generation, ..window.segment };
        let mut rewrite = Rewrite {
            file: disk.create(&unfinished).map_err(failed)?,
            window,
            chosen: false,
            done: Destroyed::default(),
        };
        // 1. The new file, whole and durable. A crash leaves it unfinished: it is removed at the next opening.
        let written = rewrite.run(&header, choose);
        let Rewrite { done, chosen, .. } = rewrite;
        // Of what was destroyed before nobody knows whether 3 was reached, least of all after a restart: all is repeated.
        if written.is_err() || !chosen {
            let _ = disk.remove(&unfinished);
            return written.map(|()| done);
        }
        // 2. The change: before it the old segment counts, after it the new one.
        disk.rename(&unfinished, &path).map_err(failed)?;
        self.shared.replaced(header);
        // 3. Durable: the old bytes cannot come back.
        disk.sync_folder(&self.shared.folder).map_err(failed)?;
        Ok(done)
    }
}

impl std::fmt::Debug for Retention {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Retention").field("sealed", &self.sealed()).finish_non_exhaustive()
    }
}

fn failed(source: io::Error) -> JournalError {
    JournalError::Io { action: "rewrite a segment", source }
}

/// One segment on its way into a new file.
struct Rewrite {
    file: Arc<dyn DiskFile>,
    window: Window,
    /// Whether anything is to be destroyed, or was before.
    chosen: bool,
    done: Destroyed,
}

impl Rewrite {
    fn run(&mut self, header: &segment::Header, choose: &mut Choose<'_>) -> Result<(), JournalError> {
        self.put(&header.to_bytes(), 0)?;
        let (mut offset, mut next) = (segment::HEADER_BYTES, header.follows);
        while offset < self.window.end {
            let at = |flaw: Flaw| flaw.at(header.number, offset);
            let head = self.window.header_after(offset, &next).map_err(at)?;
            let record = self.window.record(&head, offset).map_err(at)?;
            self.copy(&head, record, choose)?;
            (offset, next) = (end_of(&head, offset), head.next());
        }
        self.file.truncate(u64::from(self.window.end)).map_err(failed)?;
        self.file.sync().map_err(failed)
    }

    /// Writes the record to its place, without what is to be destroyed.
    fn copy(&mut self, header: &Header, mut record: Record, choose: &mut Choose<'_>) -> Result<(), JournalError> {
        for content in &mut record.batch.contents {
            if choose(record.first_seq.saturating_add(u64::from(content.entry)), content) {
                self.chosen = true;
                self.done.count(&mut content.body);
            }
        }
        let position = record.placed.position;
        let encoded = record::encode(&record.batch, header.nonce, header.follows, position);
        if encoded.next != header.next() {
            return Err(damaged(position.segment, position.offset, Damage::Digest));
        }
        self.put(&encoded.head, position.offset)?;
        for (content, location) in record.batch.contents.iter().zip(&encoded.placed.bodies) {
            if let (Body::Inline(bytes), BodyLocation::Inline { offset, .. }) = (&content.body, location) {
                self.put(bytes, *offset)?;
            }
        }
        Ok(())
    }

    fn put(&self, bytes: &[u8], offset: u32) -> Result<(), JournalError> {
        write_all_at(self.file.as_ref(), &mut [IoSlice::new(bytes)], u64::from(offset)).map_err(failed)
    }
}

impl Destroyed {
    /// Destroys a body, and counts it.
    fn count(&mut self, body: &mut Body) {
        let length = body.len();
        let payload = match body {
            Body::Inline(_) => {
                self.bytes = self.bytes.saturating_add(length);
                None
            }
            Body::Payload(payload) => Some(payload.name),
            Body::Destroyed { payload, .. } => {
                self.payloads.extend(*payload);
                return;
            }
        };
        self.contents = self.contents.saturating_add(1);
        self.payloads.extend(payload);
        *body = Body::Destroyed { length, payload };
    }
}
