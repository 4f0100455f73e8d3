//! What rows were before they were overwritten. sled has no views of one moment: so whoever applies keeps here what was
//! there before, for as long as a view that does not see the apply may look for it.

use std::collections::BTreeMap;
use std::ops::Bound;

/// A row before an apply: a value, or `None` where there was none.
pub(super) type Before = Option<Box<[u8]>>;

/// Rows as a view sees them where they were overwritten since it began.
pub(super) struct Overwritten {
    /// In the order of the scan.
    pub(super) rows: Vec<(Box<[u8]>, Before)>,
    /// There are no more of them.
    pub(super) ended: bool,
}

/// What rows were, and who may still look for it.
#[derive(Default)]
pub(super) struct Undo {
    /// By key: numbers of applies in ascending order, with the row as it was before each.
    rows: BTreeMap<Box<[u8]>, Vec<(u64, Before)>>,
    /// How many views there are, by the last apply that they see.
    views: BTreeMap<u64, usize>,
    /// Number of the last apply that is done.
    applied: u64,
    /// An apply is under way.
    applying: bool,
}

impl Undo {
    /// Begins a view of everything that is applied: gives the number of the last apply that it sees.
    pub(super) fn begin_view(&mut self) -> u64 {
        *self.views.entry(self.applied).or_default() += 1;
        self.applied
    }

    /// Ends one.
    pub(super) fn end_view(&mut self, view: u64) {
        if let Some(count) = self.views.get_mut(&view) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.views.remove(&view);
            }
        }
        if self.views.is_empty() && !self.applying {
            self.rows = BTreeMap::new();
        }
    }

    /// Begins an apply.
    pub(super) fn begin_apply(&mut self) {
        self.applying = true;
    }

    /// Keeps what a row was before the apply that is under way.
    pub(super) fn keep(&mut self, key: &[u8], before: Option<&[u8]>) {
        let number = self.applied.saturating_add(1);
        let versions = self.rows.entry(key.into()).or_default();
        if versions.last().is_none_or(|(last, _)| *last < number) {
            versions.push((number, before.map(Box::from)));
        }
    }

    /// The apply that is under way is done: views begun from here on see it. What no view can look for is forgotten.
    pub(super) fn end_apply(&mut self) {
        self.applied = self.applied.saturating_add(1);
        self.applying = false;
        let Some((oldest, _)) = self.views.first_key_value() else { return self.rows = BTreeMap::new() };
        self.rows.retain(|_, versions| {
            versions.retain(|(number, _)| number > oldest);
            !versions.is_empty()
        });
    }

    /// The row as a view sees it, where it was overwritten since.
    pub(super) fn row(&self, key: &[u8], view: u64) -> Option<&Before> {
        self.rows.get(key).and_then(|versions| seen(versions, view))
    }

    /// The first `limit` rows between the bounds that were overwritten since the view began, as it sees
    /// them.
    pub(super) fn rows(
        &self,
        (from, to): (Bound<&[u8]>, Bound<&[u8]>),
        reverse: bool,
        view: u64,
        limit: usize,
    ) -> Overwritten {
        let mut range = self.rows.range::<[u8], _>((from, to));
        let rows = std::iter::from_fn(|| if reverse { range.next_back() } else { range.next() });
        let seen = rows.filter_map(|(key, versions)| Some((key.clone(), seen(versions, view)?.clone())));
        let rows: Vec<_> = seen.take(limit).collect();
        let ended = rows.len() < limit;
        Overwritten { rows, ended }
    }

    /// Keys that are kept, for tests.
    #[cfg(test)]
    pub(super) fn kept(&self) -> Vec<&[u8]> {
        self.rows.keys().map(AsRef::as_ref).collect()
    }
}

/// The row before the first apply that the view does not see.
fn seen(versions: &[(u64, Before)], view: u64) -> Option<&Before> {
    versions.iter().find(|(number, _)| *number > view).map(|(_, before)| before)
}
