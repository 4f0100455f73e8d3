//! A view together with writes that are not applied yet: a batch reads its own writes.

use std::ops::Bound;

use crate::index::{IndexError, Read, Visit, Writes, merge};

/// What `base` will be once `writes` are applied.
pub struct Overlay<'a> {
    base: &'a dyn Read,
    writes: Writes,
}

impl<'a> Overlay<'a> {
    /// No writes yet.
    #[must_use]
    pub fn new(base: &'a dyn Read) -> Self {
        Self { base, writes: Writes::new() }
    }

    /// Sets the value of `key`.
    pub fn put(&mut self, key: Vec<u8>, value: Vec<u8>) {
        self.writes.insert(key, Some(value));
    }

    /// Deletes `key`.
    pub fn delete(&mut self, key: Vec<u8>) {
        self.writes.insert(key, None);
    }

    /// Takes more writes in; they count over those before.
    pub fn extend(&mut self, writes: Writes) {
        self.writes.extend(writes);
    }

    /// The writes so far.
    #[must_use]
    pub fn writes(&self) -> &Writes {
        &self.writes
    }

    /// The writes, to be applied.
    #[must_use]
    pub fn into_writes(self) -> Writes {
        self.writes
    }
}

impl std::fmt::Debug for Overlay<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Overlay").field("writes", &self.writes.len()).finish_non_exhaustive()
    }
}

impl Read for Overlay<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, IndexError> {
        match self.writes.get(key) {
            Some(written) => Ok(written.clone()),
            None => self.base.get(key),
        }
    }

    fn scan(&self, from: &[u8], to: &[u8], reverse: bool, visit: &mut Visit<'_>) -> Result<(), IndexError> {
        if from >= to {
            return Ok(());
        }
        let mut range = self.writes.range::<[u8], _>((Bound::Included(from), Bound::Excluded(to)));
        let over = std::iter::from_fn(|| if reverse { range.next_back() } else { range.next() });
        merge::scan(self.base, over.map(|(key, value)| (key, value.as_ref())), (from, to, reverse), visit)
    }
}
