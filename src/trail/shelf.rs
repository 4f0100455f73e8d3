//! Full tiles at hand: a small cache over the store. Before: [`Tiles`] and, behind them, the journal's leaf hashes,
//! from which a missing or damaged tile is made again. After: the tree and its views.

use std::collections::HashMap;
use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use crate::domain::Digest;
use crate::trail::tile::{Tile, TileId};
use crate::trail::tiles::Tiles;

/// Tiles kept in memory, of 16 KiB each: 1 MiB.
const CACHED_TILES_MAX: usize = 64;

/// Gives leaf hashes from the journal, the truth behind the tiles.
pub trait Leaves: Send + Sync {
    /// The leaf hashes of the entries in `range` (at most 256, all of them in the journal), in order.
    fn leaf_hashes(&self, range: Range<u64>) -> io::Result<Vec<Digest>>;
}

impl<F: Fn(Range<u64>) -> io::Result<Vec<Digest>> + Send + Sync> Leaves for F {
    fn leaf_hashes(&self, range: Range<u64>) -> io::Result<Vec<Digest>> {
        self(range)
    }
}

/// Why the tree cannot answer.
#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    /// An index or a size that the tree does not have.
    #[error("{asked} is not within a tree of {size} entries")]
    Beyond {
        /// What was asked for.
        asked: u64,
        /// What there is.
        size: u64,
    },
    /// The journal did not give its leaf hashes.
    #[error("leaf hashes from the journal: {0}")]
    Leaves(#[from] io::Error),
    /// A tile made again from the journal differs from what the tree says: the journal has changed.
    #[error("{0} as the journal has it does not belong to this tree")]
    Inconsistent(TileId),
    /// The root made again from the journal is not the one that was signed.
    #[error("the journal's first {size} entries do not have the root that was signed")]
    RootMismatch {
        /// The size that was signed.
        size: u64,
    },
}

/// Whether stored tiles are used where they look whole, or everything is made again from the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum From {
    Tiles,
    Journal,
}

/// The store, the journal behind it, and the tiles used last.
pub(super) struct Shelf {
    tiles: Arc<dyn Tiles>,
    leaves: Arc<dyn Leaves>,
    cache: Mutex<Cache>,
}

impl Shelf {
    pub(super) fn new(tiles: Arc<dyn Tiles>, leaves: Arc<dyn Leaves>) -> Self {
        Self { tiles, leaves, cache: Mutex::default() }
    }

    /// A full tile from the cache: it belongs to the tree.
    pub(super) fn cached(&self, id: TileId) -> Option<Arc<Tile>> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner).get(id)
    }

    /// A full tile with this root: the stored one, else made from stored tiles below, else from the journal.
    pub(super) fn tile(&self, id: TileId, root: Digest) -> Result<Arc<Tile>, TreeError> {
        let belongs = |tile: &Tile| tile.root() == Some(root);
        let tile = match self.stored(id).filter(belongs) {
            Some(stored) => stored,
            None => match Some(self.make(id, From::Tiles)?).filter(belongs) {
                Some(made) => made,
                None => Some(self.make(id, From::Journal)?).filter(belongs).ok_or(TreeError::Inconsistent(id))?,
            },
        };
        let tile = Arc::new(tile);
        self.remember(id, Arc::clone(&tile));
        Ok(tile)
    }

    /// The root of a full tile where the tree above it is not known yet.
    pub(super) fn root(&self, id: TileId, from: From) -> Result<Digest, TreeError> {
        let stored = if from == From::Tiles { self.stored(id) } else { None };
        let tile = stored.map_or_else(|| self.make(id, from), Ok)?;
        tile.root().ok_or(TreeError::Inconsistent(id))
    }

    /// Takes a tile that the tree has just filled.
    pub(super) fn keep(&self, id: TileId, tile: Arc<Tile>) {
        self.store(id, &tile);
        self.remember(id, tile);
    }

    /// Leaf hashes from the journal, as many as asked for.
    pub(super) fn leaves(&self, range: Range<u64>) -> Result<Vec<Digest>, TreeError> {
        let count = range.end.saturating_sub(range.start);
        let hashes = self.leaves.leaf_hashes(range)?;
        if u64::try_from(hashes.len()) == Ok(count) {
            Ok(hashes)
        } else {
            Err(TreeError::Leaves(io::ErrorKind::UnexpectedEof.into()))
        }
    }

    /// Makes a tile again and stores it.
    fn make(&self, id: TileId, from: From) -> Result<Tile, TreeError> {
        let hashes = if id.level == 0 {
            self.leaves(id.hashes())?
        } else {
            id.children().map(|child| self.root(child, from)).collect::<Result<_, _>>()?
        };
        let tile = Tile::full(&hashes).ok_or(TreeError::Inconsistent(id))?;
        self.store(id, &tile);
        Ok(tile)
    }

    fn stored(&self, id: TileId) -> Option<Tile> {
        let read = self.tiles.get(id).inspect_err(|error| tracing::warn!(tile = %id, %error, "cannot read a tile"));
        let bytes = read.ok().flatten()?;
        let tile = Tile::from_bytes(&bytes);
        if tile.is_none() {
            tracing::warn!(tile = %id, "a damaged tile is made again");
        }
        tile
    }

    /// A tile that cannot be stored costs time when it is needed again, nothing else.
    fn store(&self, id: TileId, tile: &Tile) {
        if let Err(error) = self.tiles.put(id, &tile.to_bytes()) {
            tracing::warn!(tile = %id, %error, "cannot store a tile");
        }
    }

    fn remember(&self, id: TileId, tile: Arc<Tile>) {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner).insert(id, tile);
    }
}

/// The tiles used last.
#[derive(Default)]
struct Cache {
    tiles: HashMap<TileId, (Arc<Tile>, u64)>,
    uses: u64,
}

impl Cache {
    fn get(&mut self, id: TileId) -> Option<Arc<Tile>> {
        self.uses = self.uses.wrapping_add(1);
        let (tile, used) = self.tiles.get_mut(&id)?;
        *used = self.uses;
        Some(Arc::clone(tile))
    }

    fn insert(&mut self, id: TileId, tile: Arc<Tile>) {
        self.uses = self.uses.wrapping_add(1);
        self.tiles.insert(id, (tile, self.uses));
        if self.tiles.len() > CACHED_TILES_MAX {
            let oldest = self.tiles.iter().min_by_key(|(_, (_, used))| *used).map(|(id, _)| *id);
            oldest.and_then(|id| self.tiles.remove(&id));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_keeps_what_was_used_last() {
        let mut cache = Cache::default();
        let id = |index| TileId { level: 0, index };
        for index in 0..64 {
            cache.insert(id(index), Arc::default());
        }
        assert!(cache.get(id(0)).is_some());
        cache.insert(id(64), Arc::default());
        assert_eq!(cache.tiles.len(), CACHED_TILES_MAX);
        assert!(cache.get(id(0)).is_some() && cache.get(id(1)).is_none() && cache.get(id(64)).is_some());
    }
}
