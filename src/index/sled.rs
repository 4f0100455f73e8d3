//! The second engine: sled 0.34, a folder of its files. Its flush is not an fsync, so it is believed after a stop in order
//! and never after anything else ([`mark`]): then opening it is [`IndexError::Unclosed`], and it is built again from the
//! journal. It has no views of one moment; what an apply overwrites is kept for those who still look ([`undo`]). What it
//! finds damaged, and any panic in it over damaged files, is [`IndexError::Damaged`] here.

mod mark;
#[cfg(test)]
mod tests;
mod undo;

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::ops::Bound;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

use sled::{Db, IVec};

use crate::index::sled::mark::Folder;
use crate::index::sled::undo::{Before, Overwritten, Undo};
use crate::index::{Durability, Index, IndexError, Read, Rows, Visit, for_each};

/// Rows that are written, or copied out, at a time: others wait no longer than this takes.
const CHUNK_ROWS: usize = 64;
/// How long views that still live, and sled's own threads, are waited for. It releases its files some time after it is
/// dropped.
const PATIENCE: Duration = Duration::from_secs(20);
const NAP: Duration = Duration::from_millis(2);

/// An index in a folder of sled's.
pub struct Sled {
    folder: Folder,
    /// `None` once it is closed. Another one takes its place when everything is written anew.
    current: RwLock<Option<Arc<Generation>>>,
    /// Held by whoever writes, or writes anew.
    writing: Mutex<()>,
    cache_bytes: u64,
}

/// One set of sled's files.
struct Generation {
    /// `None` only while it is dropped.
    database: Option<Db>,
    number: u64,
    path: PathBuf,
    undo: RwLock<Undo>,
    /// Something went wrong: it may not be closed in order.
    failed: AtomicBool,
    /// It was written anew: its files go with it.
    replaced: AtomicBool,
}

impl Sled {
    /// Opens the index in the folder at `path`, or begins one there, with about `cache_bytes` of memory for pages.
    ///
    /// # Errors
    /// [`IndexError::InUse`]; after [`IndexError::Unclosed`] and [`IndexError::Damaged`] the folder is to be deleted and
    /// the index built again; [`IndexError::Io`].
    pub fn open(path: &Path, cache_bytes: u64) -> Result<Self, IndexError> {
        let folder = Folder::open(path).map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => IndexError::InUse,
            _ => IndexError::Io(error),
        })?;
        let number = match folder.take_mark().map_err(IndexError::Io)? {
            Some(number) => number,
            None if folder.is_new().map_err(IndexError::Io)? => 0,
            None => return Err(IndexError::Unclosed),
        };
        folder.keep_only(number).map_err(IndexError::Io)?;
        let generation = Generation::open(&folder, number, cache_bytes)?;
        let current = RwLock::new(Some(Arc::new(generation)));
        Ok(Self { folder, current, writing: Mutex::default(), cache_bytes })
    }

    fn generation(&self) -> Result<Arc<Generation>, IndexError> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone().ok_or_else(closed)
    }

    /// New files with the same rows in place of the old ones, which go with the last who reads them.
    fn rewrite(&self) -> Result<(), IndexError> {
        let _one = lock(&self.writing);
        let old = self.generation()?;
        let fresh = Generation::open(&self.folder, old.number.saturating_add(1), self.cache_bytes)?;
        let view = View::begin(Arc::clone(&old));
        for_each(&view, &[], &END, |key, value| fresh.step(|database| database.insert(key, value)).map(drop))?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(fresh));
        old.replaced.store(true, Ordering::SeqCst);
        Ok(())
    }
}

/// After every key that there is: they begin with an ASCII letter.
const END: [u8; 1] = [0xff];

impl Index for Sled {
    fn reader(&self) -> Result<Box<dyn Read + '_>, IndexError> {
        Ok(Box::new(View::begin(self.generation()?)))
    }

    /// A checkpoint is no more than any other apply: what is durable here is made so when it is closed.
    fn apply_rows(&self, rows: &mut Rows<'_>, _durability: Durability) -> Result<(), IndexError> {
        let _one = lock(&self.writing);
        self.generation()?.apply(rows)
    }

    fn renew(&self) -> Result<bool, IndexError> {
        self.rewrite().map(|()| true)
    }

    /// Sets the mark of a stop in order, unless something has failed.
    fn close(&self) -> Result<(), IndexError> {
        let _one = lock(&self.writing);
        let taken = self.current.write().unwrap_or_else(PoisonError::into_inner).take();
        let Some(generation) = taken else { return Ok(()) };
        let (number, path) = (generation.number, generation.path.clone());
        let generation = alone(generation)?;
        let failed = generation.failed.load(Ordering::SeqCst);
        drop_aside(generation);
        if failed {
            return Err(IndexError::Damaged("the index failed before: it is built again at the next start".to_owned()));
        }
        await_release(&path)?;
        self.folder.set_mark(number).map_err(IndexError::Io)
    }
}

impl Drop for Sled {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _ = self.close();
        }
    }
}

impl fmt::Debug for Sled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sled").finish_non_exhaustive()
    }
}

/// Waits until nobody else reads it.
fn alone(generation: Arc<Generation>) -> Result<Generation, IndexError> {
    let mut shared = generation;
    let started = Instant::now();
    loop {
        match Arc::try_unwrap(shared) {
            Ok(alone) => return Ok(alone),
            Err(_) if started.elapsed() > PATIENCE => return Err(IndexError::Io(io::ErrorKind::TimedOut.into())),
            Err(still) => shared = still,
        }
        std::thread::sleep(NAP);
    }
}

/// Drops it on a thread of its own, or here if there can be none: over damaged files sled may wait for ever.
fn drop_aside(generation: Generation) {
    let _ = std::thread::Builder::new().name("index-close".to_owned()).spawn(move || drop(generation));
}

/// Waits until sled has let go of its files: it locks the one named `db`.
fn await_release(path: &Path) -> Result<(), IndexError> {
    let file = std::fs::File::open(path.join("db")).map_err(IndexError::Io)?;
    let started = Instant::now();
    while file.try_lock().is_err() {
        if started.elapsed() > PATIENCE {
            return Err(IndexError::Io(io::ErrorKind::TimedOut.into()));
        }
        std::thread::sleep(NAP);
    }
    Ok(())
}

impl Generation {
    fn open(folder: &Folder, number: u64, cache_bytes: u64) -> Result<Self, IndexError> {
        let path = folder.generation(number);
        let database = Some(open_patiently(&path, cache_bytes)?);
        let (failed, replaced) = (AtomicBool::new(false), AtomicBool::new(false));
        Ok(Self { database, number, path, undo: RwLock::default(), failed, replaced })
    }

    /// A step of sled's. After one that failed, nothing is written any more.
    fn step<T>(&self, step: impl FnOnce(&Db) -> sled::Result<T>) -> Result<T, IndexError> {
        let database = self.database.as_ref().ok_or_else(closed)?;
        let answer = guard(|| step(database));
        if answer.is_err() {
            self.failed.store(true, Ordering::SeqCst);
        }
        answer
    }

    fn apply(&self, rows: &mut Rows<'_>) -> Result<(), IndexError> {
        if self.failed.load(Ordering::SeqCst) {
            return Err(IndexError::Damaged("an apply failed before".to_owned()));
        }
        self.change().begin_apply();
        // Until it has ended well, no view may see it: if it does not, none ever does.
        while self.apply_chunk(rows)? {}
        self.change().end_apply();
        Ok(())
    }

    /// Whether there may be more. Readers see neither half a chunk nor, by what is kept of before, half an apply.
    fn apply_chunk(&self, rows: &mut Rows<'_>) -> Result<bool, IndexError> {
        let mut undo = self.change();
        let mut written = 0;
        for (key, value) in (&mut *rows).take(CHUNK_ROWS) {
            let before = self.step(|database| match value {
                Some(value) => database.insert(key, value),
                None => database.remove(key),
            })?;
            undo.keep(key, before.as_deref());
            written += 1;
        }
        Ok(written == CHUNK_ROWS)
    }

    fn look(&self) -> RwLockReadGuard<'_, Undo> {
        self.undo.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self) -> RwLockWriteGuard<'_, Undo> {
        self.undo.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Generation {
    fn drop(&mut self) {
        let database = self.database.take();
        let _ = guard(|| {
            drop(database);
            Ok(())
        });
        if self.replaced.load(Ordering::SeqCst) {
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

/// sled at a moment: after apply number `at`.
struct View {
    generation: Arc<Generation>,
    at: u64,
}

impl View {
    fn begin(generation: Arc<Generation>) -> Self {
        let at = generation.change().begin_view();
        Self { generation, at }
    }

    /// The next rows between the bounds.
    fn chunk(&self, from: Bound<&[u8]>, to: Bound<&[u8]>, reverse: bool) -> Result<Chunk, IndexError> {
        let undo = self.generation.look();
        let before = undo.rows((from, to), reverse, self.at, CHUNK_ROWS);
        let now = self.generation.step(|database| {
            let mut range = database.range::<&[u8], _>((from, to));
            let rows = std::iter::from_fn(|| if reverse { range.next_back() } else { range.next() });
            rows.take(CHUNK_ROWS).collect::<sled::Result<Vec<_>>>()
        })?;
        drop(undo);
        Ok(Chunk::new(now, before, reverse))
    }
}

/// A key and its value.
type Row = (Box<[u8]>, Box<[u8]>);

/// Some rows of a scan.
struct Chunk {
    rows: Vec<Row>,
    /// After which key it goes on; none at its end.
    end: Option<Box<[u8]>>,
}

impl Chunk {
    /// Rows as they are now, with those over them as they were; no further than both are known.
    fn new(now: Vec<(IVec, IVec)>, before: Overwritten, reverse: bool) -> Self {
        let ends = [
            now.last().filter(|_| now.len() == CHUNK_ROWS).map(|(key, _)| Box::from(key.as_ref())),
            before.rows.last().filter(|_| !before.ended).map(|(key, _)| key.clone()),
        ];
        let ends = ends.into_iter().flatten();
        let end: Option<Box<[u8]>> = if reverse { ends.max() } else { ends.min() };
        let within = |key: &[u8]| end.as_deref().is_none_or(|end| if reverse { key >= end } else { key <= end });
        let mut rows: BTreeMap<Box<[u8]>, Before> =
            now.into_iter().map(|(key, value)| (key.as_ref().into(), Some(value.as_ref().into()))).collect();
        rows.extend(before.rows);
        let rows = rows.into_iter().filter(|(key, _)| within(key)).filter_map(|(key, value)| Some((key, value?)));
        let mut rows: Vec<Row> = rows.collect();
        if reverse {
            rows.reverse();
        }
        Self { rows, end }
    }
}

impl Read for View {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, IndexError> {
        let undo = self.generation.look();
        if let Some(before) = undo.row(key, self.at) {
            return Ok(before.as_deref().map(<[u8]>::to_vec));
        }
        Ok(self.generation.step(|database| database.get(key))?.map(|value| value.to_vec()))
    }

    fn scan(&self, from: &[u8], to: &[u8], reverse: bool, visit: &mut Visit<'_>) -> Result<(), IndexError> {
        if from >= to {
            return Ok(());
        }
        let (mut from, mut to) = (Bound::Included(Box::from(from)), Bound::Excluded(Box::from(to)));
        loop {
            // The visitor is called with nothing locked: it may take its time, and apply.
            let Chunk { rows, end } = self.chunk(bound(&from), bound(&to), reverse)?;
            for (key, value) in &rows {
                if visit(key, value).is_break() {
                    return Ok(());
                }
            }
            let Some(end) = end else { return Ok(()) };
            if reverse { to = Bound::Excluded(end) } else { from = Bound::Excluded(end) }
        }
    }
}

impl Drop for View {
    fn drop(&mut self) {
        self.generation.change().end_view(self.at);
    }
}

fn bound(bound: &Bound<Box<[u8]>>) -> Bound<&[u8]> {
    bound.as_ref().map(AsRef::as_ref)
}

/// sled's own lock may still be held by one that was dropped; others are kept out by ours.
fn open_patiently(path: &Path, cache_bytes: u64) -> Result<Db, IndexError> {
    let started = Instant::now();
    loop {
        // It would flush every half a second; nothing here rests on that.
        let config = sled::Config::new().path(path).cache_capacity(cache_bytes).flush_every_ms(None);
        match guard(|| config.open()) {
            Err(IndexError::InUse) if started.elapsed() < PATIENCE => std::thread::sleep(NAP),
            opened => return opened,
        }
    }
}

fn lock(mutex: &Mutex<()>) -> MutexGuard<'_, ()> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn closed() -> IndexError {
    IndexError::Io(io::Error::new(io::ErrorKind::NotConnected, "the index is closed"))
}

/// Runs a step of sled's: its errors in our words, and a panic as damage, which is what makes it panic.
fn guard<T>(step: impl FnOnce() -> sled::Result<T>) -> Result<T, IndexError> {
    match catch_unwind(AssertUnwindSafe(step)) {
        Ok(answer) => answer.map_err(named),
        Err(_) => Err(IndexError::Damaged("the engine panicked".to_owned())),
    }
}

fn named(error: sled::Error) -> IndexError {
    match error {
        // Its only name for it.
        sled::Error::Io(error) if error.to_string().starts_with("could not acquire lock") => IndexError::InUse,
        sled::Error::Io(error) if !is_of_content(&error) => IndexError::Io(error),
        other => IndexError::Damaged(other.to_string()),
    }
}

/// Whether an I/O error says that the files are not as they were left, not that they cannot be had.
fn is_of_content(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidData, InvalidInput, NotFound, UnexpectedEof};
    matches!(error.kind(), InvalidData | InvalidInput | NotFound | UnexpectedEof)
}
