//! One tile of the tree (C2SP tlog-tiles): up to 256 neighbouring hashes, and the seven layers of nodes above them, so
//! that every node of the tree is one look-up in one tile.

use std::fmt;

use crate::domain::Digest;
use crate::trail::leaf::node_hash;

/// Layers of the binary tree in one tile.
pub(super) const TILE_HEIGHT: u32 = 8;
/// Hashes in a full tile.
pub(super) const TILE_WIDTH: usize = 256;
/// Bytes of a full tile.
pub const TILE_BYTES: usize = 8192;

/// Hashes and the nodes above them: 256 + 128 + … + 1.
const NODES: usize = 511;

/// Which tile: its level from the leaves, and its place in the level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TileId {
    /// 0 for tiles of leaf hashes.
    pub level: u8,
    /// From 0, from the left.
    pub index: u64,
}

impl TileId {
    /// The tile above, and the place of this tile's root in it.
    pub(super) fn parent(self) -> (Self, usize) {
        (Self { level: self.level.saturating_add(1), index: self.index >> TILE_HEIGHT }, slot(self.index))
    }

    /// The tiles below a tile above level 0, or nothing.
    pub(super) fn children(self) -> impl Iterator<Item = Self> {
        let below = self.level.checked_sub(1).into_iter();
        below.flat_map(move |level| self.hashes().map(move |index| Self { level, index }))
    }

    /// The places of this tile's hashes in their layer: for level 0, the leaves.
    pub(super) fn hashes(self) -> std::ops::Range<u64> {
        let start = self.index << TILE_HEIGHT;
        start..start.saturating_add(1 << TILE_HEIGHT)
    }
}

/// The path of the full tile under the log's prefix: `tile/0/x001/x234/067`.
impl fmt::Display for TileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tile/{}/", self.level)?;
        write_index(self.index, f)
    }
}

/// `x001/x234/067`: groups of three digits, all but the last behind an `x`.
fn write_index(index: u64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut above = index / 1000;
    let mut groups = vec![index % 1000];
    while above > 0 {
        groups.push(above % 1000);
        above /= 1000;
    }
    for group in groups.iter().skip(1).rev() {
        write!(f, "x{group:03}/")?;
    }
    write!(f, "{:03}", index % 1000)
}

/// The place of the hash with this index in its tile.
pub(super) fn slot(index: u64) -> usize {
    let [low, ..] = index.to_le_bytes();
    usize::from(low)
}

/// The hashes of a full or growing tile with the nodes above them.
#[derive(Clone)]
pub(super) struct Tile {
    /// Layer by layer from the hashes up; a node is valid once all hashes under it are there.
    nodes: Vec<Digest>,
    width: usize,
}

impl Default for Tile {
    fn default() -> Self {
        Self { nodes: vec![Digest([0; 32]); NODES], width: 0 }
    }
}

impl Tile {
    /// A full tile from its 256 hashes.
    pub(super) fn full(hashes: &[Digest]) -> Option<Self> {
        if hashes.len() != TILE_WIDTH {
            return None;
        }
        let mut tile = Self::default();
        for hash in hashes {
            tile.push(*hash);
        }
        Some(tile)
    }

    /// A full tile from its 8,192 bytes. A hash of zeroes is taken for a block that never reached the disk.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (chunks, rest) = bytes.as_chunks::<32>();
        let hashes: Vec<Digest> = chunks.iter().copied().map(Digest).collect();
        if !rest.is_empty() || chunks.contains(&[0; 32]) { None } else { Self::full(&hashes) }
    }

    /// The hashes of the tile, one after the other.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        self.nodes.iter().take(self.width).flat_map(|hash| hash.0).collect()
    }

    /// Adds a hash; gives the root when that fills the tile. A full tile takes no more.
    pub(super) fn push(&mut self, hash: Digest) -> Option<Digest> {
        let mut at = self.width;
        *self.nodes.get_mut(at).filter(|_| at < TILE_WIDTH)? = hash;
        self.width = at.saturating_add(1);
        for height in 0..TILE_HEIGHT {
            if at.is_multiple_of(2) {
                return None;
            }
            let node = node_hash(&self.node(height, at.saturating_sub(1))?, &self.node(height, at)?);
            at /= 2;
            *self.nodes.get_mut(offset(height.saturating_add(1)).saturating_add(at))? = node;
        }
        self.root()
    }

    /// The node over the `2^height` hashes from `index * 2^height`, if they are all there; `height` up to 8.
    pub(super) fn node(&self, height: u32, index: usize) -> Option<Digest> {
        let end = index.checked_add(1)?.checked_shl(height)?;
        if end > self.width { None } else { self.nodes.get(offset(height).checked_add(index)?).copied() }
    }

    /// The root of a full tile.
    pub(super) fn root(&self) -> Option<Digest> {
        self.node(TILE_HEIGHT, 0)
    }
}

/// Where a layer begins in the nodes.
fn offset(height: u32) -> usize {
    512_usize.saturating_sub(512 >> height)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trail::leaf::leaf_hash;

    fn hashes(count: u16) -> Vec<Digest> {
        (0..count).map(|n| leaf_hash(&n.to_be_bytes())).collect()
    }

    #[test]
    fn paths_are_those_of_tlog_tiles() {
        let path = |level, index| TileId { level, index }.to_string();
        assert_eq!(path(0, 0), "tile/0/000");
        assert_eq!(path(1, 67), "tile/1/067");
        assert_eq!(path(0, 999), "tile/0/999");
        assert_eq!(path(0, 1000), "tile/0/x001/000");
        assert_eq!(path(0, 1_234_067), "tile/0/x001/x234/067");
        assert_eq!(path(7, u64::MAX), "tile/7/x018/x446/x744/x073/x709/x551/615");
    }

    #[test]
    fn a_node_is_there_once_all_its_hashes_are() {
        let mut tile = Tile::default();
        for (at, hash) in hashes(255).into_iter().enumerate() {
            assert_eq!(tile.push(hash), None);
            assert_eq!(tile.node(0, at), Some(hash));
            assert_eq!(tile.node(0, at + 1), None);
            assert_eq!(tile.node(3, at / 8).is_some(), at % 8 == 7);
        }
        assert_eq!(tile.push(hashes(256)[255]), tile.root());
        assert!(tile.root().is_some());
        assert_eq!(tile.push(hashes(1)[0]), None);
    }

    #[test]
    fn bytes_go_round_and_damaged_ones_are_seen() {
        let tile = Tile::full(&hashes(256)).unwrap();
        let bytes = tile.to_bytes();
        assert_eq!(bytes.len(), TILE_BYTES);
        assert_eq!(Tile::from_bytes(&bytes).unwrap().root(), tile.root());
        let mut holed = bytes.clone();
        holed[4096..8192].fill(0);
        for damaged in [&[][..], &bytes[..8191], &bytes[..8160], &[&bytes[..], &[1; 32]].concat(), &holed] {
            assert!(Tile::from_bytes(damaged).is_none());
        }
        assert!(Tile::full(&hashes(255)).is_none());
    }
}
