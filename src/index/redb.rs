//! The default engine: redb, one table of bytes to bytes in one file.
//!
//! An apply is a commit without a sync. A checkpoint is a durable commit in two phases with quick-repair, every time: so
//! the file opens in milliseconds after a kill, at the last checkpoint, and keys chosen by a sender cannot make a torn
//! commit look whole. After a kill redb may only be trusted as far as its own checks go; what it finds damaged, and any
//! panic in it over a damaged file, is [`IndexError::Damaged`] here.

use std::fmt;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use redb::{Database, ReadOnlyTable, ReadableDatabase, TableDefinition, WriteTransaction};

use crate::index::{Durability, Index, IndexError, Read, Rows, Visit, Writes};

const ROWS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("rows");

/// An index in a file of redb's.
pub struct Redb {
    /// `None` only while it is dropped.
    database: Option<Database>,
}

impl Redb {
    /// Opens the index in the file at `path`, or begins one there, with `cache_bytes` of memory for pages.
    ///
    /// # Errors
    /// [`IndexError::InUse`]; after [`IndexError::Damaged`] the file is to be deleted and the index built again;
    /// [`IndexError::Io`].
    pub fn open(path: &Path, cache_bytes: u64) -> Result<Self, IndexError> {
        let cache_bytes = usize::try_from(cache_bytes).unwrap_or(usize::MAX);
        let database = guard(|| Ok(Database::builder().set_cache_size(cache_bytes).create(path)?))?;
        let index = Self { database: Some(database) };
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

    fn database(&self) -> Result<&Database, Failure> {
        self.database.as_ref().ok_or(Failure(redb::Error::DatabaseClosed))
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
        Ok(View(self.database()?.begin_read()?.open_table(ROWS)?))
    }
}

impl Index for Redb {
    fn reader(&self) -> Result<Box<dyn Read + '_>, IndexError> {
        Ok(Box::new(guard(|| self.view())?))
    }

    fn apply_rows(&self, rows: &mut Rows<'_>, durability: Durability) -> Result<(), IndexError> {
        guard(|| self.write(rows, durability))
    }
}

impl Drop for Redb {
    fn drop(&mut self) {
        // Closing writes, and may meet a damaged page.
        let _ = guard(|| {
            drop(self.database.take());
            Ok(())
        });
    }
}

impl fmt::Debug for Redb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redb").finish_non_exhaustive()
    }
}

struct View(ReadOnlyTable<&'static [u8], &'static [u8]>);

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
