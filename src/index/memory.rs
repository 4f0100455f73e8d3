//! An index in memory, for tests and for the simulation. It forgets on request what a crash would take.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::index::{Durability, Index, IndexError, Read, Rows, Visit};

type Table = BTreeMap<Vec<u8>, Vec<u8>>;

/// An index in memory.
#[derive(Debug, Default)]
pub struct Memory {
    state: Mutex<State>,
}

#[derive(Debug, Default, Clone)]
struct State {
    rows: Arc<Table>,
    /// As of the last checkpoint.
    checkpoint: Arc<Table>,
}

impl Memory {
    /// An empty index.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// All rows, to compare two indexes.
    #[must_use]
    pub fn rows(&self) -> BTreeMap<Vec<u8>, Vec<u8>> {
        self.state().rows.as_ref().clone()
    }

    /// The index as a crash now leaves it: as of the last checkpoint.
    #[must_use]
    pub fn after_crash(&self) -> Self {
        let checkpoint = Arc::clone(&self.state().checkpoint);
        Self { state: Mutex::new(State { rows: Arc::clone(&checkpoint), checkpoint }) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Index for Memory {
    fn reader(&self) -> Result<Box<dyn Read + '_>, IndexError> {
        Ok(Box::new(View(Arc::clone(&self.state().rows))))
    }

    fn apply_rows(&self, rows: &mut Rows<'_>, durability: Durability) -> Result<(), IndexError> {
        let mut state = self.state();
        let table = Arc::make_mut(&mut state.rows);
        for (key, value) in rows {
            match value {
                Some(value) => drop(table.insert(key.to_vec(), value.to_vec())),
                None => drop(table.remove(key)),
            }
        }
        if durability == Durability::Checkpoint {
            state.checkpoint = Arc::clone(&state.rows);
        }
        Ok(())
    }

    fn renew(&self) -> Result<bool, IndexError> {
        Ok(true)
    }
}

struct View(Arc<Table>);

impl Read for View {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, IndexError> {
        Ok(self.0.get(key).cloned())
    }

    fn scan(&self, from: &[u8], to: &[u8], reverse: bool, visit: &mut Visit<'_>) -> Result<(), IndexError> {
        if from < to {
            let mut rows = self.0.range::<[u8], _>((Bound::Included(from), Bound::Excluded(to)));
            while let Some((key, value)) = if reverse { rows.next_back() } else { rows.next() } {
                if visit(key, value).is_break() {
                    break;
                }
            }
        }
        Ok(())
    }
}
