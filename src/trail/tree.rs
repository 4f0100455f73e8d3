//! The growing tree: one writer appends leaf hashes; full tiles go to the store, the right edge stays in memory.
//! Before: an entry that is durable in the journal. After: a [`View`] for checkpoints and proofs.

use std::sync::Arc;

use crate::domain::Digest;
use crate::trail::checkpoint::Checkpoint;
use crate::trail::shelf::{From, Leaves, Shelf, TreeError};
use crate::trail::tile::{TILE_HEIGHT, Tile, TileId};
use crate::trail::tiles::Tiles;
use crate::trail::view::View;

/// The tree of one log. Only its owner appends; readers get a [`View`].
pub struct Tree {
    view: View,
}

impl Tree {
    /// The tree over the journal's first `size` entries, from stored full tiles and the leaf hashes of the last,
    /// incomplete one. Missing tiles are made again. If the tree does not have the root of `known` (the last signed
    /// checkpoint, of at most `size` entries), every tile is made again from the journal; if it still does not,
    /// the journal is not the one that was signed.
    pub fn open(
        tiles: Arc<dyn Tiles>,
        leaves: Arc<dyn Leaves>,
        size: u64,
        known: Option<&Checkpoint>,
    ) -> Result<Self, TreeError> {
        let shelf = Arc::new(Shelf::new(tiles, leaves));
        let view = view(&shelf, size, From::Tiles)?;
        if agrees(&view, known)? {
            return Ok(Self { view });
        }
        tracing::warn!(size, "the stored tiles are not those of the journal: making them again");
        let view = self::view(&shelf, size, From::Journal)?;
        match known {
            Some(known) if !agrees(&view, Some(known))? => Err(TreeError::RootMismatch { size: known.size }),
            _ => Ok(Self { view }),
        }
    }

    /// Appends the leaf hashes of entries that are durable. Never fails: a tile that cannot be stored is made again
    /// when it is needed.
    pub fn append(&mut self, leaves: &[Digest]) {
        for leaf in leaves {
            self.push(*leaf);
        }
    }

    /// The tree as it is now. Clone it to keep it.
    #[must_use]
    pub const fn view(&self) -> &View {
        &self.view
    }

    fn push(&mut self, leaf: Digest) {
        let mut carried = Some(leaf);
        for level in 0.. {
            let Some(hash) = carried.take() else { break };
            if self.view.edges.len() == usize::from(level) {
                self.view.edges.push(Arc::default());
            }
            let Some(edge) = self.view.edges.get_mut(usize::from(level)) else { break };
            carried = Arc::make_mut(edge).push(hash);
            if carried.is_some() {
                let index = self.view.size >> (TILE_HEIGHT * (u32::from(level) + 1));
                self.view.shelf.keep(TileId { level, index }, std::mem::take(edge));
            }
        }
        self.view.size = self.view.size.saturating_add(1);
    }
}

/// The right edge at `size`, level by level: the leaves of the incomplete tile, then roots of full tiles.
fn view(shelf: &Arc<Shelf>, size: u64, from: From) -> Result<View, TreeError> {
    let mut edges = Vec::new();
    let mut hashes = size;
    for level in 0_u8.. {
        if hashes == 0 {
            break;
        }
        let first = hashes >> TILE_HEIGHT << TILE_HEIGHT;
        let edge = match level.checked_sub(1) {
            None => shelf.leaves(first..hashes)?,
            Some(below) => (first..hashes)
                .map(|index| shelf.root(TileId { level: below, index }, from))
                .collect::<Result<_, _>>()?,
        };
        edges.push(Arc::new(growing(&edge)));
        hashes >>= TILE_HEIGHT;
    }
    Ok(View { size, edges, shelf: Arc::clone(shelf) })
}

fn growing(hashes: &[Digest]) -> Tile {
    let mut tile = Tile::default();
    for hash in hashes {
        tile.push(*hash);
    }
    tile
}

fn agrees(view: &View, known: Option<&Checkpoint>) -> Result<bool, TreeError> {
    known.map_or(Ok(true), |known| Ok(view.root_at(known.size)? == known.root))
}
