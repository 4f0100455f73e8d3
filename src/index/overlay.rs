//! A view with writes on top that are not applied yet: what a batch reads while it is being decided.

use std::ops::ControlFlow;

use crate::index::{IndexError, Read, Visit, Writes};

/// A [`Read`] and what is to be written over it.
pub struct Overlay<'r> {
    below: &'r dyn Read,
    writes: Writes,
}

impl<'r> Overlay<'r> {
    /// Nothing written yet.
    #[must_use]
    pub const fn new(below: &'r dyn Read) -> Self {
        Self { below, writes: Writes::new() }
    }

    /// Writes over it; later writes win.
    pub fn extend(&mut self, writes: Writes) {
        self.writes.extend(writes);
    }

    /// What was written, to be applied.
    #[must_use]
    pub fn into_writes(self) -> Writes {
        self.writes
    }
}

impl Read for Overlay<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, IndexError> {
        match self.writes.get(key) {
            Some(written) => Ok(written.clone()),
            None => self.below.get(key),
        }
    }

    fn scan(&self, from: &[u8], to: &[u8], reverse: bool, visit: &mut Visit<'_>) -> Result<(), IndexError> {
        if from >= to {
            return Ok(());
        }
        let range = self.writes.range::<[u8], _>((std::ops::Bound::Included(from), std::ops::Bound::Excluded(to)));
        let mut written: Vec<(&[u8], Option<&[u8]>)> =
            range.map(|(key, value)| (key.as_slice(), value.as_deref())).collect();
        // The next one to tell stands at the end.
        if !reverse {
            written.reverse();
        }
        let mut broken = false;
        self.below.scan(from, to, reverse, &mut |key, value| {
            let flow = tell_before(&mut written, key, reverse, visit);
            let flow = match (flow, written.last()) {
                (ControlFlow::Break(()), _) => ControlFlow::Break(()),
                (_, Some((same, over))) if *same == key => {
                    let over = *over;
                    written.pop();
                    over.map_or(ControlFlow::Continue(()), |over| visit(key, over))
                }
                _ => visit(key, value),
            };
            broken = flow.is_break();
            flow
        })?;
        if !broken {
            tell_rest(written, visit);
        }
        Ok(())
    }
}

/// Tells the written rows that come before `key` in the order of the scan.
fn tell_before(
    written: &mut Vec<(&[u8], Option<&[u8]>)>,
    key: &[u8],
    reverse: bool,
    visit: &mut Visit<'_>,
) -> ControlFlow<()> {
    while let Some((next, value)) = written.last().copied() {
        let is_before = if reverse { next > key } else { next < key };
        if !is_before {
            break;
        }
        written.pop();
        if let Some(value) = value {
            visit(next, value)?;
        }
    }
    ControlFlow::Continue(())
}

fn tell_rest(mut written: Vec<(&[u8], Option<&[u8]>)>, visit: &mut Visit<'_>) {
    while let Some((key, value)) = written.pop() {
        if value.is_some_and(|value| visit(key, value).is_break()) {
            return;
        }
    }
}
