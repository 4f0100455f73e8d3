//! Memory before an engine. What an engine pays for an apply goes by the pages that it touches, and the rows of a batch
//! are all over the place; so applies gather here and go down by the ten thousand, in order of keys, on a thread of
//! their own. Readers see both as one.
//!
//! Nothing is lost by it: an index may lose what no checkpoint has kept, and each flush is one apply of the engine, a
//! checkpoint, so that after a crash the index is as it was after some apply.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread::JoinHandle;

use crate::index::{Durability, Index, IndexError, Read, Rows, Visit, merge};

/// Rows that a scan copies out at a time: readers hold the lock no longer than this takes.
const CHUNK_ROWS: usize = 64;

/// What a row costs in memory beside its bytes, about.
const ROW_BYTES: usize = 64;

/// An engine with memory before it.
pub struct Buffered<E: Index + 'static> {
    inner: Arc<Inner<E>>,
    limit_bytes: usize,
    /// The last flush.
    thread: Mutex<Option<JoinHandle<()>>>,
}

struct Inner<E> {
    engine: E,
    state: Mutex<State>,
    /// A flush has ended.
    flushed: Condvar,
}

#[derive(Default)]
struct State {
    /// Takes applies.
    active: Layer,
    /// Is on its way into the engine.
    frozen: Option<Layer>,
    /// A flush failed: the index is to be opened again.
    failed: Option<String>,
}

/// Rows in memory as of a version: later versions of the same table are not seen.
#[derive(Clone, Default)]
struct Layer {
    table: Arc<RwLock<Table>>,
    version: u64,
}

/// Rows with all their versions.
#[derive(Default)]
struct Table {
    rows: BTreeMap<Box<[u8]>, Version>,
    bytes: usize,
}

/// A row as of a version of its table, and as it was before.
struct Version {
    number: u64,
    value: Option<Box<[u8]>>,
    older: Option<Box<Version>>,
}

impl Version {
    /// The row as of version `number`.
    fn at(&self, number: u64) -> Option<&Self> {
        std::iter::successors(Some(self), |version| version.older.as_deref()).find(|version| version.number <= number)
    }

    /// Makes `newer` the newest.
    fn push(&mut self, newer: Self) {
        let older = std::mem::replace(self, newer);
        self.older = Some(Box::new(older));
    }
}

impl<E: Index> Buffered<E> {
    /// `engine` with about `limit_bytes` of memory before it, and as much again while that is being flushed.
    #[must_use]
    pub fn new(engine: E, limit_bytes: usize) -> Self {
        let inner = Inner { engine, state: Mutex::default(), flushed: Condvar::new() };
        Self { inner: Arc::new(inner), limit_bytes, thread: Mutex::default() }
    }
}

impl<E: Index> Index for Buffered<E> {
    fn reader(&self) -> Result<Box<dyn Read + '_>, IndexError> {
        let state = lock(&self.inner.state);
        // Under the lock: no layer may leave the state between looking at it and looking at the engine.
        let mut view = self.inner.engine.reader()?;
        for layer in state.frozen.iter().chain([&state.active]) {
            view = Box::new(Over { below: view, layer: layer.clone() });
        }
        Ok(view)
    }

    fn apply_rows(&self, rows: &mut Rows<'_>, durability: Durability) -> Result<(), IndexError> {
        let mut state = lock(&self.inner.state);
        state.check()?;
        state.active.write(rows);
        if durability == Durability::Checkpoint {
            return self.inner.flush_now(state);
        }
        if state.active.bytes() >= self.limit_bytes {
            state = self.inner.wait(state)?;
            state.freeze();
            drop(state);
            self.start_flush();
        }
        Ok(())
    }

    /// What is in memory goes down first: an older version of it may be in the engine.
    fn renew(&self) -> Result<bool, IndexError> {
        self.inner.flush_now(lock(&self.inner.state))?;
        self.inner.engine.renew()
    }

    fn close(&self) -> Result<(), IndexError> {
        self.inner.flush_now(lock(&self.inner.state))?;
        self.inner.engine.close()
    }
}

impl<E: Index> Buffered<E> {
    /// Flushes the frozen layer on a thread of its own, or here if there can be none.
    fn start_flush(&self) {
        let inner = Arc::clone(&self.inner);
        let thread = std::thread::Builder::new().name("index-flush".to_owned());
        match thread.spawn(move || inner.flush()) {
            Ok(thread) => *lock(&self.thread) = Some(thread),
            Err(_) => self.inner.flush(),
        }
    }
}

impl<E: Index> Drop for Buffered<E> {
    fn drop(&mut self) {
        // It holds the engine, which may be opened again once this is gone.
        if let Some(thread) = lock(&self.thread).take() {
            let _ = thread.join();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<E: Index> std::fmt::Debug for Buffered<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Buffered").field("limit_bytes", &self.limit_bytes).finish_non_exhaustive()
    }
}

impl<E: Index> Inner<E> {
    /// Waits until no flush is under way.
    fn wait<'s>(&self, mut state: MutexGuard<'s, State>) -> Result<MutexGuard<'s, State>, IndexError> {
        while state.frozen.is_some() && state.failed.is_none() {
            state = self.flushed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.check()?;
        Ok(state)
    }

    /// Flushes everything, and waits for it.
    fn flush_now(&self, state: MutexGuard<'_, State>) -> Result<(), IndexError> {
        let mut state = self.wait(state)?;
        state.freeze();
        drop(state);
        self.flush();
        lock(&self.state).check()
    }

    /// Puts the frozen layer into the engine.
    fn flush(&self) {
        let Some(frozen) = lock(&self.state).frozen.clone() else { return };
        let answer = {
            let table = frozen.table();
            let mut rows = table.rows.iter().map(|(key, newest)| (key.as_ref(), newest.value.as_deref()));
            self.engine.apply_rows(&mut rows, Durability::Checkpoint)
        };
        let mut state = lock(&self.state);
        match answer {
            // Who reads from here on finds it in the engine.
            Ok(()) => state.frozen = None,
            Err(error) => state.failed = Some(error.to_string()),
        }
        self.flushed.notify_all();
    }
}

impl State {
    fn check(&self) -> Result<(), IndexError> {
        self.failed.as_ref().map_or(Ok(()), |error| Err(IndexError::Damaged(format!("a flush failed: {error}"))))
    }

    fn freeze(&mut self) {
        self.frozen = Some(std::mem::take(&mut self.active));
    }
}

/// A row of a scan: a value, or `None` if it is deleted.
type Row = (Box<[u8]>, Option<Box<[u8]>>);

impl Layer {
    fn table(&self) -> std::sync::RwLockReadGuard<'_, Table> {
        self.table.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn bytes(&self) -> usize {
        self.table().bytes
    }

    /// Writes a new version; views of older ones do not change.
    fn write(&mut self, written: &mut Rows<'_>) {
        self.version = self.version.saturating_add(1);
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        let Table { rows, bytes } = &mut *table;
        for (key, value) in written {
            let version = Version { number: self.version, value: value.map(Box::from), older: None };
            *bytes = bytes.saturating_add(value.map_or(0, <[u8]>::len)).saturating_add(ROW_BYTES);
            if let Some(newest) = rows.get_mut(key) {
                newest.push(version);
            } else {
                *bytes = bytes.saturating_add(key.len());
                rows.insert(key.into(), version);
            }
        }
    }

    /// The next rows of a scan between the two bounds.
    fn chunk(&self, from: Bound<&[u8]>, to: Bound<&[u8]>, reverse: bool) -> Vec<Row> {
        let table = self.table();
        let mut range = table.rows.range::<[u8], _>((from, to));
        let rows = std::iter::from_fn(|| if reverse { range.next_back() } else { range.next() });
        let seen = rows.filter_map(|(key, newest)| Some((key.clone(), newest.at(self.version)?.value.clone())));
        seen.take(CHUNK_ROWS).collect()
    }

    /// The rows of a scan.
    fn scan(&self, from: &[u8], to: &[u8], reverse: bool) -> impl Iterator<Item = Row> {
        let (mut from, mut to) = (Bound::Included(Box::from(from)), Bound::Excluded(Box::from(to)));
        let mut chunk = Vec::new().into_iter();
        let mut ended = false;
        std::iter::from_fn(move || {
            if chunk.as_slice().is_empty() && !ended {
                let rows = self.chunk(from.as_ref().map(AsRef::as_ref), to.as_ref().map(AsRef::as_ref), reverse);
                ended = rows.len() < CHUNK_ROWS;
                if let Some((last, _)) = rows.last() {
                    let last = Bound::Excluded(last.clone());
                    if reverse { to = last } else { from = last }
                }
                chunk = rows.into_iter();
            }
            chunk.next()
        })
    }
}

/// A layer over a view.
struct Over<'a> {
    below: Box<dyn Read + 'a>,
    layer: Layer,
}

impl Read for Over<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, IndexError> {
        if let Some(version) = self.layer.table().rows.get(key).and_then(|newest| newest.at(self.layer.version)) {
            return Ok(version.value.as_deref().map(<[u8]>::to_vec));
        }
        self.below.get(key)
    }

    fn scan(&self, from: &[u8], to: &[u8], reverse: bool, visit: &mut Visit<'_>) -> Result<(), IndexError> {
        if from >= to {
            return Ok(());
        }
        merge::scan(self.below.as_ref(), self.layer.scan(from, to, reverse), (from, to, reverse), visit)
    }
}
