//! The index in memory: for tests and simulations. Nothing of it is durable.

use std::ops::{Bound, ControlFlow};
use std::sync::{Arc, PoisonError, RwLock};

use std::collections::BTreeMap;

use crate::index::{Durability, Index, IndexError, Read, Visit, Writes};

type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

/// An index in memory.
#[derive(Debug, Default)]
pub struct Memory(RwLock<Arc<Rows>>);

impl Memory {
    /// Empty.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// All rows, to compare two indexes.
    #[must_use]
    pub fn rows(&self) -> BTreeMap<Vec<u8>, Vec<u8>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).as_ref().clone()
    }
}

struct View(Arc<Rows>);

impl Index for Memory {
    fn reader(&self) -> Result<Box<dyn Read + '_>, IndexError> {
        Ok(Box::new(View(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))))
    }

    fn apply(&self, writes: &Writes, _durability: Durability) -> Result<(), IndexError> {
        let mut rows = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let rows = Arc::make_mut(&mut rows);
        for (key, value) in writes {
            match value {
                Some(value) => rows.insert(key.clone(), value.clone()),
                None => rows.remove(key),
            };
        }
        Ok(())
    }
}

impl Read for View {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, IndexError> {
        Ok(self.0.get(key).cloned())
    }

    fn scan(&self, from: &[u8], to: &[u8], reverse: bool, visit: &mut Visit<'_>) -> Result<(), IndexError> {
        if from >= to {
            return Ok(());
        }
        let mut range = self.0.range::<[u8], _>((Bound::Included(from), Bound::Excluded(to)));
        while let Some((key, value)) = if reverse { range.next_back() } else { range.next() } {
            if let ControlFlow::Break(()) = visit(key, value) {
                break;
            }
        }
        Ok(())
    }
}
