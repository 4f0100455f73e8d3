//! redb, the default engine. One table of bytes. An ordinary apply costs no sync; a checkpoint is two-phase and with
//! quick-repair, so that after a kill the file opens at the last checkpoint in milliseconds. The journal stands
//! behind it: what a crash takes back is applied again.

use std::ops::ControlFlow;
use std::path::Path;

use redb::{Database, DatabaseError, ReadOnlyTable, ReadableDatabase, StorageError, TableDefinition};

use crate::index::{Durability, Index, IndexError, Read, Visit, Writes};

const ROWS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("rows");

/// An index in a redb file.
pub struct Redb(Database);

impl Redb {
    /// Opens or creates `file`; `cache_bytes` of memory at most for pages.
    ///
    /// # Errors
    /// [`IndexError`]; the caller deletes the file and builds again.
    pub fn open(file: &Path, cache_bytes: u64) -> Result<Self, IndexError> {
        let cache = usize::try_from(cache_bytes).unwrap_or(usize::MAX);
        let database = Database::builder().set_cache_size(cache).create(file).map_err(|error| opening(&error))?;
        let index = Self(database);
        index.apply(&Writes::new(), Durability::Checkpoint)?;
        Ok(index)
    }

    fn write(&self, writes: &Writes, durability: Durability) -> Result<(), redb::Error> {
        let mut transaction = self.0.begin_write()?;
        match durability {
            Durability::Relaxed => transaction.set_durability(redb::Durability::None)?,
            Durability::Checkpoint => transaction.set_quick_repair(true),
        }
        {
            let mut table = transaction.open_table(ROWS)?;
            for (key, value) in writes {
                match value {
                    Some(value) => drop(table.insert(key.as_slice(), value.as_slice())?),
                    None => drop(table.remove(key.as_slice())?),
                }
            }
        }
        Ok(transaction.commit()?)
    }
}

struct View(ReadOnlyTable<&'static [u8], &'static [u8]>);

impl Index for Redb {
    fn reader(&self) -> Result<Box<dyn Read + '_>, IndexError> {
        let table = self.0.begin_read().map_err(redb::Error::from).and_then(|read| Ok(read.open_table(ROWS)?));
        Ok(Box::new(View(table.map_err(|error| reading(&error))?)))
    }

    fn apply(&self, writes: &Writes, durability: Durability) -> Result<(), IndexError> {
        self.write(writes, durability).map_err(|error| reading(&error))
    }
}

impl Read for View {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, IndexError> {
        let value = self.0.get(key).map_err(|error| reading(&error.into()))?;
        Ok(value.map(|value| value.value().to_vec()))
    }

    fn scan(&self, from: &[u8], to: &[u8], reverse: bool, visit: &mut Visit<'_>) -> Result<(), IndexError> {
        if from >= to {
            return Ok(());
        }
        let mut range = self.0.range(from..to).map_err(|error| reading(&error.into()))?;
        while let Some(row) = if reverse { range.next_back() } else { range.next() } {
            let (key, value) = row.map_err(|error| reading(&error.into()))?;
            if let ControlFlow::Break(()) = visit(key.value(), value.value()) {
                break;
            }
        }
        Ok(())
    }
}

fn opening(error: &DatabaseError) -> IndexError {
    match error {
        DatabaseError::DatabaseAlreadyOpen => IndexError::InUse,
        DatabaseError::Storage(StorageError::Io(error)) => {
            IndexError::Io(std::io::Error::new(error.kind(), error.to_string()))
        }
        other => IndexError::Damaged(other.to_string()),
    }
}

fn reading(error: &redb::Error) -> IndexError {
    match error {
        redb::Error::Io(error) => IndexError::Io(std::io::Error::new(error.kind(), error.to_string())),
        other => IndexError::Damaged(other.to_string()),
    }
}
