//! The default engine: redb, one table of bytes to bytes in one file.
//!
//! An apply is a commit without a sync. A checkpoint is a durable commit in two phases with quick-repair, every time: so
//! the file opens in milliseconds after a kill, at the last checkpoint, and keys chosen by a sender cannot make a torn
//! commit look whole. After a kill redb may only be trusted as far as its own checks go; what it finds damaged, and any
//! panic in it over a damaged file, is [`IndexError::Damaged`] here.

use std::fmt;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use redb::{Database, ReadOnlyTable, ReadableDatabase, TableDefinition, WriteTransaction};

use crate::index::{Durability, Index, IndexError, Read, Rows, Visit, Writes};

const ROWS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("rows");

/// Rows that are copied in one commit when the file is written anew.
const COPIED_ROWS: usize = 50_000;

/// An index in a file of redb's.
pub struct Redb {
    /// `None` only while it is dropped. Another one takes its place when the file is written anew.
    database: RwLock<Option<Arc<Database>>>,
    /// Held by whoever writes, or writes anew.
    writing: Mutex<()>,
    path: PathBuf,
    cache_bytes: usize,
}

impl Redb {
    /// Opens the index in the file at `path`, or begins one there, with `cache_bytes` of memory for pages.
    ///
    /// # Errors
    /// [`IndexError::InUse`]; after [`IndexError::Damaged`] the file is to be deleted and the index built again;
    /// [`IndexError::Io`].
    pub fn open(path: &Path, cache_bytes: u64) -> Result<Self, IndexError> {
        let cache_bytes = usize::try_from(cache_bytes).unwrap_or(usize::MAX);
        let database = RwLock::new(Some(Arc::new(create(path, cache_bytes)?)));
        let index = Self { database, writing: Mutex::default(), path: path.to_owned(), cache_bytes };
        if !guard(|| index.has_table())? {
            index.apply(&Writes::new(), Durability::Checkpoint)?;
        }
        Ok(index)
    }

    /// Whether it was begun: readers need the table.
    fn has_table(&self) -> Result<bool, Failure> {
        match self.database()?.begin_read()?.open_table(ROWS) {
            Err(redb::TableError::TableDoesNotExist(_)) => Ok(false),
            other => Ok(other.map(|_| true)?),
        }
    }

    fn database(&self) -> Result<Arc<Database>, Failure> {
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        database.clone().ok_or(Failure(redb::Error::DatabaseClosed))
    }

    /// A new file with the same rows, in place of the old one. Whoever reads the old one goes on doing so; its bytes
    /// are gone with the last of them. A crash before the rename leaves the old file, and a new one that is removed at
    /// the next time.
    fn rewrite(&self) -> Result<(), IndexError> {
        let _one = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let draft = self.path.with_extension("new");
        match std::fs::remove_file(&draft) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(IndexError::Io(error)),
            _ => {}
        }
        let fresh = Self {
            database: RwLock::new(Some(Arc::new(create(&draft, self.cache_bytes)?))),
            writing: Mutex::default(),
            path: draft.clone(),
            cache_bytes: self.cache_bytes,
        };
        self.copy_to(&fresh)?;
        fresh.apply(&Writes::new(), Durability::Checkpoint)?;
        std::fs::rename(&draft, &self.path).map_err(IndexError::Io)?;
        let database = fresh.database.write().unwrap_or_else(PoisonError::into_inner).take();
        *self.database.write().unwrap_or_else(PoisonError::into_inner) = database;
        self.path.parent().map_or(Ok(()), sync_folder).map_err(IndexError::Io)
    }

    fn copy_to(&self, fresh: &Self) -> Result<(), IndexError> {
        let view = self.reader()?;
        let mut from = Vec::new();
        loop {
            let mut rows = Writes::new();
            view.scan(&from, &END, false, &mut |key, value| {
                rows.insert(key.to_vec(), Some(value.to_vec()));
                if rows.len() < COPIED_ROWS { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })?;
            let Some(last) = rows.keys().next_back() else { return Ok(()) };
            from = [last.as_slice(), &[0]].concat();
            fresh.apply(&rows, Durability::Relaxed)?;
        }
    }

    fn begin(&self, durability: Durability) -> Result<WriteTransaction, Failure> {
        let mut transaction = self.database()?.begin_write()?;
        match durability {
            Durability::Relaxed => transaction.set_durability(redb::Durability::None)?,
            Durability::Checkpoint => {
                transaction.set_durability(redb::Durability::Immediate)?;
                transaction.set_two_phase_commit(true);
                transaction.set_quick_repair(true);
            }
        }
        Ok(transaction)
    }

    fn write(&self, rows: &mut Rows<'_>, durability: Durability) -> Result<(), Failure> {
        let _one = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = self.begin(durability)?;
        {
            let mut table = transaction.open_table(ROWS)?;
            for (key, value) in rows {
                match value {
                    Some(value) => drop(table.insert(key, value)?),
                    None => drop(table.remove(key)?),
                }
            }
        }
        transaction.commit()?;
        Ok(())
    }

    fn view(&self) -> Result<View, Failure> {
        let database = self.database()?;
        Ok(View(database.begin_read()?.open_table(ROWS)?, database))
    }
}

impl Index for Redb {
    fn reader(&self) -> Result<Box<dyn Read + '_>, IndexError> {
        Ok(Box::new(guard(|| self.view())?))
    }

    fn apply_rows(&self, rows: &mut Rows<'_>, durability: Durability) -> Result<(), IndexError> {
        guard(|| self.write(rows, durability))
    }

    fn renew(&self) -> Result<bool, IndexError> {
        self.rewrite().map(|()| true)
    }
}

/// After every key that there is: they begin with an ASCII letter.
const END: [u8; 1] = [0xff];

fn create(path: &Path, cache_bytes: usize) -> Result<Database, IndexError> {
    guard(|| Ok(Database::builder().set_cache_size(cache_bytes).create(path)?))
}

fn sync_folder(folder: &Path) -> std::io::Result<()> {
    std::fs::File::open(folder)?.sync_all()
}

impl Drop for Redb {
    fn drop(&mut self) {
        // Closing writes, and may meet a damaged page.
        let _ = guard(|| {
            drop(self.database.write().unwrap_or_else(PoisonError::into_inner).take());
            Ok(())
        });
    }
}

impl fmt::Debug for Redb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redb").finish_non_exhaustive()
    }
}

/// The table, and the database that must outlive it.
struct View(ReadOnlyTable<&'static [u8], &'static [u8]>, #[expect(dead_code, reason = "held, not used")] Arc<Database>);

impl Read for View {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, IndexError> {
        guard(|| Ok(self.0.get(key)?.map(|value| value.value().to_vec())))
    }

    fn scan(&self, from: &[u8], to: &[u8], reverse: bool, visit: &mut Visit<'_>) -> Result<(), IndexError> {
        if from >= to {
            return Ok(());
        }
        let mut rows = guard(|| Ok(self.0.range(from..to)?))?;
        loop {
            // Only redb's own steps are guarded: a panic of the visitor is the visitor's.
            let row = guard(|| Ok((if reverse { rows.next_back() } else { rows.next() }).transpose()?))?;
            let Some((key, value)) = row else { return Ok(()) };
            if let ControlFlow::Break(()) = visit(key.value(), value.value()) {
                return Ok(());
            }
        }
    }
}

/// Any of redb's errors.
struct Failure(redb::Error);

impl<E: Into<redb::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

/// Runs a step of redb's: its errors in our words, and a panic as damage, which is what makes it panic.
fn guard<T>(step: impl FnOnce() -> Result<T, Failure>) -> Result<T, IndexError> {
    match catch_unwind(AssertUnwindSafe(step)) {
        Ok(answer) => answer.map_err(|Failure(error)| named(error)),
        Err(_) => Err(IndexError::Damaged("the engine panicked".to_owned())),
    }
}

fn named(error: redb::Error) -> IndexError {
    match error {
        redb::Error::DatabaseAlreadyOpen => IndexError::InUse,
        redb::Error::Io(error) if !is_of_content(&error) => IndexError::Io(error),
        other => IndexError::Damaged(other.to_string()),
    }
}

/// Whether an I/O error says that the bytes are wrong, not that they cannot be had.
fn is_of_content(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::InvalidData | std::io::ErrorKind::UnexpectedEof)
}
