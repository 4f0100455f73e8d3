//! For tests: RFC 6962, 2.1 to 2.1.2, as the text defines it, recursively, to compare with.

use std::collections::HashMap;
use std::ops::Range;

use crate::domain::Digest;
use crate::trail::leaf::{empty_root, leaf_hash, node_hash};

/// Leaves, and the roots of their ranges that were asked for.
#[derive(Default)]
pub(super) struct Model {
    pub(super) leaves: Vec<Digest>,
    roots: HashMap<(usize, usize), Digest>,
}

/// The largest power of two below the number of leaves: k.
fn split(range: &Range<usize>) -> usize {
    range.start + range.len().next_power_of_two() / 2
}

impl Model {
    /// The leaves of `count` entries that are their own numbers.
    pub(super) fn counting(count: usize) -> Self {
        Self { leaves: (0..count).map(counted).collect(), roots: HashMap::new() }
    }

    /// MTH(D[n]).
    pub(super) fn root(&mut self, size: usize) -> Digest {
        self.mth(0..size)
    }

    /// PATH(m, D[n]).
    pub(super) fn path(&mut self, index: usize, size: usize) -> Vec<Digest> {
        self.path_in(index, 0..size)
    }

    /// PROOF(m, D[n]); nothing for m = 0, which the RFC leaves open.
    pub(super) fn consistency(&mut self, old: usize, new: usize) -> Vec<Digest> {
        if old == 0 { Vec::new() } else { self.subproof(old, 0..new, true) }
    }

    fn mth(&mut self, range: Range<usize>) -> Digest {
        match range.len() {
            0 => return empty_root(),
            1 => return self.leaves[range.start],
            _ => {}
        }
        if let Some(root) = self.roots.get(&(range.start, range.end)) {
            return *root;
        }
        let k = split(&range);
        let root = node_hash(&self.mth(range.start..k), &self.mth(k..range.end));
        self.roots.insert((range.start, range.end), root);
        root
    }

    fn path_in(&mut self, index: usize, range: Range<usize>) -> Vec<Digest> {
        if range.len() == 1 {
            return Vec::new();
        }
        let k = split(&range);
        let (inside, beside) = if index < k { (range.start..k, k..range.end) } else { (k..range.end, range.start..k) };
        let mut path = self.path_in(index, inside);
        path.push(self.mth(beside));
        path
    }

    fn subproof(&mut self, old: usize, range: Range<usize>, whole: bool) -> Vec<Digest> {
        if old == range.end {
            return if whole { Vec::new() } else { vec![self.mth(range)] };
        }
        let k = split(&range);
        let (inside, beside, whole) =
            if old <= k { (range.start..k, k..range.end, whole) } else { (k..range.end, range.start..k, false) };
        let mut proof = self.subproof(old, inside, whole);
        proof.push(self.mth(beside));
        proof
    }
}

/// The leaf of entry `number` of [`Model::counting`].
pub(super) fn counted(number: usize) -> Digest {
    leaf_hash(&u64::try_from(number).unwrap().to_be_bytes())
}
