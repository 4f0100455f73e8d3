//! Merging: the rows of a view, and rows that lie over them.

use std::iter::Peekable;
use std::ops::ControlFlow;

use crate::index::{IndexError, Read, Visit};

/// Scans `base` with rows over it. `over` gives those in the range and in the direction of the scan, each a value or,
/// for a deleted row, `None`.
pub(super) fn scan<K: AsRef<[u8]>, V: AsRef<[u8]>>(
    base: &dyn Read,
    over: impl Iterator<Item = (K, Option<V>)>,
    (from, to, reverse): (&[u8], &[u8], bool),
    visit: &mut Visit<'_>,
) -> Result<(), IndexError> {
    let mut merge = Merge { over: over.peekable(), reverse, done: false };
    base.scan(from, to, reverse, &mut |key, value| merge.base_row(key, value, visit))?;
    merge.rest(visit);
    Ok(())
}

struct Merge<I: Iterator> {
    over: Peekable<I>,
    reverse: bool,
    /// The visitor has seen enough.
    done: bool,
}

impl<K: AsRef<[u8]>, V: AsRef<[u8]>, I: Iterator<Item = (K, Option<V>)>> Merge<I> {
    /// A row of the base: first those over it that come before, then it, unless another lies over it.
    fn base_row(&mut self, key: &[u8], value: &[u8], visit: &mut Visit<'_>) -> ControlFlow<()> {
        let reverse = self.reverse;
        let before = |over: &[u8]| if reverse { over > key } else { over < key };
        while let Some((key, value)) = self.over.next_if(|(over, _)| before(over.as_ref())) {
            self.row(key.as_ref(), value.as_ref().map(AsRef::as_ref), visit)?;
        }
        match self.over.next_if(|(over, _)| over.as_ref() == key) {
            Some((_, value)) => self.row(key, value.as_ref().map(AsRef::as_ref), visit),
            None => self.row(key, Some(value), visit),
        }
    }

    /// The rows over the base that come after its last one.
    fn rest(mut self, visit: &mut Visit<'_>) {
        while !self.done
            && let Some((key, value)) = self.over.next()
        {
            let _ = self.row(key.as_ref(), value.as_ref().map(AsRef::as_ref), visit);
        }
    }

    fn row(&mut self, key: &[u8], value: Option<&[u8]>, visit: &mut Visit<'_>) -> ControlFlow<()> {
        let flow = value.map_or(ControlFlow::Continue(()), |value| visit(key, value));
        self.done = flow.is_break();
        flow
    }
}
