//! A view together with writes that are not applied yet: a batch reads its own writes.

use std::ops::{Bound, ControlFlow};

use crate::index::{IndexError, Read, Visit, Writes};

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
        let range = self.writes.range::<[u8], _>((Bound::Included(from), Bound::Excluded(to)));
        let mut merge = Merge { written: Directed { range, reverse }.peekable(), reverse, done: false };
        self.base.scan(from, to, reverse, &mut |key, value| merge.row(key, value, visit))?;
        merge.rest(visit);
        Ok(())
    }
}

type Written<'w> = (&'w Vec<u8>, &'w Option<Vec<u8>>);

/// The written rows in the direction of the scan.
struct Directed<'w> {
    range: std::collections::btree_map::Range<'w, Vec<u8>, Option<Vec<u8>>>,
    reverse: bool,
}

impl<'w> Iterator for Directed<'w> {
    type Item = Written<'w>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.reverse { self.range.next_back() } else { self.range.next() }
    }
}

/// Merges the written rows into those of the base, which come one by one.
struct Merge<'w> {
    written: std::iter::Peekable<Directed<'w>>,
    reverse: bool,
    /// The visitor has seen enough.
    done: bool,
}

impl Merge<'_> {
    /// A row of the base: first the written ones before it, then it, unless it was written over or deleted.
    fn row(&mut self, key: &[u8], value: &[u8], visit: &mut Visit<'_>) -> ControlFlow<()> {
        let reverse = self.reverse;
        let before = |written: &[u8]| if reverse { written > key } else { written < key };
        while let Some((key, value)) = self.written.next_if(|(written, _)| before(written)) {
            self.written_row(key, value.as_deref(), visit)?;
        }
        match self.written.next_if(|(written, _)| written.as_slice() == key) {
            Some((key, value)) => self.written_row(key, value.as_deref(), visit),
            None => self.written_row(key, Some(value), visit),
        }
    }

    /// The written rows after the last one of the base.
    fn rest(mut self, visit: &mut Visit<'_>) {
        while !self.done
            && let Some((key, value)) = self.written.next()
        {
            let _ = self.written_row(key, value.as_deref(), visit);
        }
    }

    fn written_row(&mut self, key: &[u8], value: Option<&[u8]>, visit: &mut Visit<'_>) -> ControlFlow<()> {
        let flow = value.map_or(ControlFlow::Continue(()), |value| visit(key, value));
        self.done = flow.is_break();
        flow
    }
}
