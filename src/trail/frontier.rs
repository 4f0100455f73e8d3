//! The roots of the complete trees along the right edge: all that is needed to go on hashing without the entries before.

use serde::{Deserialize, Serialize};

use crate::domain::Digest;
use crate::trail::leaf::{empty_root, node_hash};

/// The edge of a tree: one root for each one-bit of its size, the largest first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Frontier {
    size: u64,
    roots: Vec<Digest>,
}

impl Frontier {
    /// How many leaves.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Takes one more leaf hash.
    pub fn push(&mut self, leaf: Digest) {
        let mut hash = leaf;
        for _ in 0..self.size.trailing_ones() {
            let Some(left) = self.roots.pop() else { break };
            hash = node_hash(&left, &hash);
        }
        self.roots.push(hash);
        self.size = self.size.saturating_add(1);
    }

    /// The RFC 6962 root over all of them.
    #[must_use]
    pub fn root(&self) -> Digest {
        let mut roots = self.roots.iter().rev();
        let Some(last) = roots.next() else { return empty_root() };
        roots.fold(*last, |right, left| node_hash(left, &right))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trail::model::Model;

    #[test]
    fn its_root_is_that_of_the_model_at_every_size() {
        let mut model = Model::counting(300);
        let mut frontier = Frontier::default();
        for size in 0..300 {
            assert_eq!(frontier.root(), model.root(size), "{size}");
            frontier.push(model.leaves[size]);
        }
        assert_eq!(frontier.size(), 300);
    }
}
