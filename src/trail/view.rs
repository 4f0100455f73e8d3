//! The tree as it stood at one moment, for readers: roots and proofs at that size and at every size before it, in
//! O(log n). A view is cheap to clone and is not changed by later appends.

use std::ops::Range;
use std::sync::Arc;

use crate::domain::Digest;
use crate::trail::leaf::{empty_root, node_hash};
use crate::trail::shelf::{Shelf, TreeError};
use crate::trail::tile::{TILE_HEIGHT, Tile, TileId, slot};

/// A reader's view of the tree.
#[derive(Clone)]
pub struct View {
    pub(super) size: u64,
    /// The growing tile of each level; together with the full tiles they hold every complete node.
    pub(super) edges: Vec<Arc<Tile>>,
    pub(super) shelf: Arc<Shelf>,
}

impl View {
    /// How many entries.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The tree as it is, ready for proofs.
    pub fn head(&self) -> Result<Head<'_>, TreeError> {
        self.head_at(self.size)
    }

    /// The tree as it was with its first `size` entries, ready for proofs.
    pub fn head_at(&self, size: u64) -> Result<Head<'_>, TreeError> {
        if size > self.size {
            return Err(TreeError::Beyond { asked: size, size: self.size });
        }
        let mut ragged = vec![None];
        let mut last = None;
        for height in 0..u64::BITS - size.leading_zeros() {
            if let Some(left) = (size >> height).checked_sub(1).filter(|left| left % 2 == 0) {
                let left = self.node(height, left)?;
                last = Some(last.map_or(left, |right| node_hash(&left, &right)));
            }
            ragged.push(last);
        }
        Ok(Head { view: self, size, ragged })
    }

    /// The root over the first `size` entries.
    pub fn root_at(&self, size: u64) -> Result<Digest, TreeError> {
        Ok(self.head_at(size)?.root())
    }

    /// The proof that the first `old` entries are a prefix of the first `new` (RFC 6962, 2.1.2), for `old <= new`;
    /// from 0 and to the same size it is empty.
    pub fn consistency(&self, old: u64, new: u64) -> Result<Vec<Digest>, TreeError> {
        let head = self.head_at(new)?;
        if old > new {
            return Err(TreeError::Beyond { asked: old, size: new });
        }
        if old == 0 || old == new {
            return Ok(Vec::new());
        }
        let height = old.trailing_zeros();
        let mut proof = Vec::new();
        let last = (old >> height).saturating_sub(1);
        if !old.is_power_of_two() {
            proof.push(self.node(height, last)?);
        }
        head.climb(height, last, &mut proof)?;
        Ok(proof)
    }

    /// The complete node over the `2^height` leaves from `index * 2^height`.
    fn node(&self, height: u32, index: u64) -> Result<Digest, TreeError> {
        let (id, inner) = tile_of(height, index);
        node_in(self.tile(id)?.as_ref(), id, inner, index)
    }

    /// A tile that has the nodes of this view: a growing or a full one.
    fn tile(&self, id: TileId) -> Result<Arc<Tile>, TreeError> {
        let growing = self.size.checked_shr(TILE_HEIGHT * (u32::from(id.level) + 1)).unwrap_or(0);
        if id.index >= growing {
            let edge = self.edges.get(usize::from(id.level)).filter(|_| id.index == growing);
            return edge.cloned().ok_or(TreeError::Inconsistent(id));
        }
        if let Some(cached) = self.shelf.cached(id) {
            return Ok(cached);
        }
        let (parent, slot) = id.parent();
        let root = self.tile(parent)?.node(0, slot).ok_or(TreeError::Inconsistent(parent))?;
        self.shelf.tile(id, root)
    }
}

/// The tile that holds the node, and the node's height within it.
fn tile_of(height: u32, index: u64) -> (TileId, u32) {
    let inner = height % TILE_HEIGHT;
    let level = u8::try_from(height / TILE_HEIGHT).unwrap_or(u8::MAX);
    (TileId { level, index: index >> (TILE_HEIGHT - inner) }, inner)
}

/// The node of the tree in its tile.
fn node_in(tile: &Tile, id: TileId, inner: u32, index: u64) -> Result<Digest, TreeError> {
    let within = index & (u64::MAX >> (u64::BITS - TILE_HEIGHT + inner));
    tile.node(inner, slot(within)).ok_or(TreeError::Inconsistent(id))
}

/// The tree at one size. Made once, it gives many proofs: the incomplete nodes at the right are computed only once.
pub struct Head<'v> {
    view: &'v View,
    size: u64,
    /// By height: the root over the leaves to the right of the last complete node of that height, if there are any.
    ragged: Vec<Option<Digest>>,
}

impl Head<'_> {
    /// How many entries.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The root hash (RFC 6962, 2.1).
    #[must_use]
    pub fn root(&self) -> Digest {
        self.ragged.last().copied().flatten().unwrap_or_else(empty_root)
    }

    /// The proof that the entry at `index` is in this tree (RFC 6962, 2.1.1): from the leaf's sibling upwards.
    pub fn inclusion(&self, index: u64) -> Result<Vec<Digest>, TreeError> {
        if index >= self.size {
            return Err(TreeError::Beyond { asked: index, size: self.size });
        }
        let mut path = Vec::with_capacity(self.ragged.len());
        self.climb(0, index, &mut path)?;
        Ok(path)
    }

    /// [`Self::inclusion`] for each of `range`: the receipts of a batch.
    pub fn inclusions(&self, range: Range<u64>) -> Result<Vec<Vec<Digest>>, TreeError> {
        range.map(|index| self.inclusion(index)).collect()
    }

    /// Collects the siblings on the way from a node to the root.
    fn climb(&self, from: u32, node: u64, path: &mut Vec<Digest>) -> Result<(), TreeError> {
        let mut at: Option<(TileId, Arc<Tile>)> = None;
        let top = u64::BITS - self.size.saturating_sub(1).leading_zeros();
        for height in from..top {
            let sibling = (node >> (height - from)) ^ 1;
            let complete = self.size >> height;
            if sibling < complete {
                let (id, inner) = tile_of(height, sibling);
                let held = at.take().filter(|(held, _)| *held == id);
                let (_, tile) = at.insert(held.map_or_else(|| self.view.tile(id).map(|tile| (id, tile)), Ok)?);
                path.push(node_in(tile, id, inner, sibling)?);
            } else if sibling == complete {
                path.extend(self.ragged_at(height));
            }
        }
        Ok(())
    }

    fn ragged_at(&self, height: u32) -> Option<Digest> {
        usize::try_from(height).ok().and_then(|height| self.ragged.get(height).copied().flatten())
    }
}
