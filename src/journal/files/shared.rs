//! What the writer and the readers of a journal share: which segments there are and how far each is durable, and the
//! files and tables held open for reading.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::journal::disk::{Disk, DiskFile, read_full_at, write_all_at};
use crate::journal::files::record::Chain;
use crate::journal::files::segment;
use crate::journal::files::toc::{self, Toc};
use crate::journal::files::window::{SINGLE_BYTES, Window, end_of};
use crate::journal::{Damage, JournalError, Position};

/// Segments held open for reading, and tables of contents held in memory, at most.
const CACHED_MAX: usize = 32;

/// What the writer and the readers of a journal share.
pub(super) struct Shared {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) folder: PathBuf,
    /// In order, without gaps, from number 1. Written only by the writer, after a sync.
    segments: RwLock<Vec<Segment>>,
    files: Cache<Arc<dyn DiskFile>>,
    tocs: Cache<Arc<Toc>>,
    /// Held while a sealed segment is rewritten.
    pub(super) rewriting: Mutex<()>,
    /// Somebody wants to destroy what stands in the segment that is written to.
    pub(super) seal_asked: AtomicBool,
}

/// A segment as readers may see it.
#[derive(Debug, Clone)]
pub(super) struct Segment {
    pub(super) header: segment::Header,
    /// Durable bytes.
    pub(super) end: u32,
    /// Its records while it is written to; a sealed one has a table of contents.
    pub(super) rows: Option<Vec<toc::Row>>,
}

impl Shared {
    pub(super) fn new(disk: Arc<dyn Disk>, folder: PathBuf, segments: Vec<Segment>) -> Self {
        let (files, tocs) = (Cache::default(), Cache::default());
        let (segments, rewriting, seal_asked) = (RwLock::new(segments), Mutex::default(), AtomicBool::new(false));
        Self { disk, folder, segments, files, tocs, rewriting, seal_asked }
    }

    pub(super) fn segments(&self) -> RwLockReadGuard<'_, Vec<Segment>> {
        self.segments.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn segments_mut(&self) -> RwLockWriteGuard<'_, Vec<Segment>> {
        self.segments.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Header and durable end of a segment.
    pub(super) fn extent(&self, number: u32) -> Option<(segment::Header, u32)> {
        let segments = self.segments();
        let at = usize::try_from(number.checked_sub(1)?).ok()?;
        segments.get(at).map(|segment| (segment.header, segment.end))
    }

    pub(super) fn window(&self, number: u32, ahead: usize) -> Result<Option<Window>, JournalError> {
        let Some((header, end)) = self.extent(number) else { return Ok(None) };
        Ok(Some(Window::new(self.file(number)?, header, end, ahead)))
    }

    /// A sealed segment has got a new file with this header.
    pub(super) fn replaced(&self, header: segment::Header) {
        let at = usize::try_from(header.number.saturating_sub(1)).unwrap_or(usize::MAX);
        if let Some(segment) = self.segments_mut().get_mut(at) {
            segment.header = header;
        }
        self.files.lock().retain(|(number, _)| *number != header.number);
    }

    /// The last segment is gone.
    pub(super) fn removed_last(&self) {
        let last = self.segments_mut().pop();
        self.files.lock().retain(|(number, _)| last.as_ref().is_none_or(|last| last.header.number != *number));
    }

    fn file(&self, number: u32) -> Result<Arc<dyn DiskFile>, JournalError> {
        self.files.get_or_hold(number, || {
            let opened = self.disk.open(&self.folder.join(segment::file_name(number)), false);
            opened.map_err(|source| JournalError::Io { action: "open a segment", source })
        })
    }

    /// The table of contents of a sealed segment: held, from its file, or built again.
    pub(super) fn toc(&self, number: u32) -> Result<Arc<Toc>, JournalError> {
        self.tocs.get_or(number, || {
            let Some(mut window) = self.window(number, SINGLE_BYTES)? else {
                return Err(damaged(number, 0, Damage::SegmentMissing));
            };
            let held = self.read_toc(&window.segment).filter(|toc| toc.end == window.end);
            held.map_or_else(|| self.rebuild_toc(&mut window), Ok).map(Arc::new)
        })
    }

    /// The table in the segment's file of contents, if it is whole and of this segment.
    pub(super) fn read_toc(&self, header: &segment::Header) -> Option<Toc> {
        let file = self.disk.open(&self.folder.join(segment::toc_name(header.number)), false).ok()?;
        let mut bytes = vec![0; usize::try_from(file.length().ok()?.min(toc::BYTES_MAX)).ok()?];
        let read = read_full_at(file.as_ref(), &mut bytes, 0).ok()?;
        Toc::parse(bytes.get(..read)?, header.number, header.nonce)
    }

    /// Writes the table of a sealed segment. It may fail: the table can be built again.
    pub(super) fn write_toc(&self, toc: &Toc, header: &segment::Header) {
        let name = segment::toc_name(header.number);
        if let Err(error) = self.try_write_toc(&name, &toc.to_bytes(header.number, header.nonce)) {
            tracing::warn!(segment = header.number, %error, "cannot write a table of contents; it will be built again");
        }
    }

    fn try_write_toc(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let unfinished = self.folder.join(format!("{name}-{}{}", uuid::Uuid::new_v4().simple(), segment::UNFINISHED));
        let file = self.disk.create(&unfinished)?;
        write_all_at(file.as_ref(), &mut [io::IoSlice::new(bytes)], 0)?;
        self.disk.rename(&unfinished, &self.folder.join(name))
    }

    fn rebuild_toc(&self, window: &mut Window) -> Result<Toc, JournalError> {
        let (mut offset, mut next, mut rows) = (segment::HEADER_BYTES, window.segment.follows, Vec::new());
        while offset < window.end {
            let header = window.header_after(offset, &next).map_err(|flaw| flaw.at(window.segment.number, offset))?;
            rows.push(toc::Row { seq: header.follows.seq, entries: header.entries, offset });
            (offset, next) = (end_of(&header, offset), header.next());
        }
        let toc = Toc { end: window.end, next, rows };
        self.write_toc(&toc, &window.segment);
        Ok(toc)
    }

    /// Where a record starts, if one starts at `position`.
    pub(super) fn starts_at(&self, position: Position) -> Result<bool, JournalError> {
        let starts = |rows: &[toc::Row]| rows.binary_search_by_key(&position.offset, |row| row.offset).is_ok();
        let at = usize::try_from(position.segment.saturating_sub(1)).unwrap_or(usize::MAX);
        match self.segments().get(at) {
            None => return Ok(false),
            Some(Segment { rows: Some(rows), .. }) => return Ok(starts(rows)),
            Some(Segment { rows: None, .. }) => {}
        }
        Ok(starts(&self.toc(position.segment)?.rows))
    }
}

/// Whether a segment follows the one before it, which ends at `end` and at `next`.
pub(super) fn continues(segment: &segment::Header, before: &segment::Header, end: u32, next: &Chain) -> bool {
    segment.follows == *next && segment.previous_bytes == u64::from(end) && segment.journal == before.journal
}

pub(super) fn damaged(segment: u32, offset: u32, damage: Damage) -> JournalError {
    JournalError::Damaged { segment, offset: u64::from(offset), damage }
}

/// What was used last, by number of the segment.
struct Cache<T>(Mutex<Vec<(u32, T)>>);

impl<T> Default for Cache<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Cache<T> {
    /// The one held, or else the one that `make` makes, while others may look.
    fn get_or(&self, number: u32, make: impl FnOnce() -> Result<T, JournalError>) -> Result<T, JournalError> {
        if let Some(value) = first(&mut self.lock(), number) {
            return Ok(value);
        }
        let made = make()?;
        keep(&mut self.lock(), number, &made);
        Ok(made)
    }

    /// The one held, or else the one that `make` makes, while others wait: what is forgotten afterwards is not held.
    fn get_or_hold(&self, number: u32, make: impl FnOnce() -> Result<T, JournalError>) -> Result<T, JournalError> {
        let mut held = self.lock();
        if let Some(value) = first(&mut held, number) {
            return Ok(value);
        }
        let made = make()?;
        keep(&mut held, number, &made);
        Ok(made)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(u32, T)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The one held, which becomes the first.
fn first<T: Clone>(held: &mut [(u32, T)], number: u32) -> Option<T> {
    let at = held.iter().position(|(other, _)| *other == number)?;
    held.get_mut(..=at)?.rotate_right(1);
    held.first().map(|(_, value)| value.clone())
}

fn keep<T: Clone>(held: &mut Vec<(u32, T)>, number: u32, made: &T) {
    held.retain(|(other, _)| *other != number);
    held.insert(0, (number, made.clone()));
    held.truncate(CACHED_MAX);
}
