//! Where full hash tiles are kept. They are derived from the journal: nothing is synced, and a tile that is missing
//! or damaged is computed again. Partial tiles are never stored.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::trail::tile::{TILE_BYTES, TileId};

/// A store of full tiles. What it gives back is checked by the caller against the tree.
pub trait Tiles: Send + Sync {
    /// The bytes of a full tile, or nothing if it is not there.
    fn get(&self, tile: TileId) -> io::Result<Option<Vec<u8>>>;
    /// Keeps a full tile of [`TILE_BYTES`]; replaces an older one. Not durable on return.
    fn put(&self, tile: TileId, bytes: &[u8]) -> io::Result<()>;
}

/// Tiles as files under the paths of tlog-tiles, below one folder.
#[derive(Debug)]
pub struct FileTiles {
    folder: PathBuf,
    drafts: PathBuf,
    draft: AtomicU64,
}

impl FileTiles {
    /// The store in `folder`, made if it is not there. Drafts of an earlier run are removed.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let drafts = folder.join("draft");
        match fs::remove_dir_all(&drafts) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => fs::create_dir_all(&drafts)?,
        }
        Ok(Self { folder: folder.to_owned(), drafts, draft: AtomicU64::new(0) })
    }

    fn place(&self, draft: &Path, tile: TileId) -> io::Result<()> {
        let path = self.folder.join(tile.to_string());
        match (fs::rename(draft, &path), path.parent()) {
            (Err(error), Some(folder)) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(folder)?;
                fs::rename(draft, &path)
            }
            (done, _) => done,
        }
    }
}

impl Tiles for FileTiles {
    fn get(&self, tile: TileId) -> io::Result<Option<Vec<u8>>> {
        let file = match File::open(self.folder.join(tile.to_string())) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened?,
        };
        let mut bytes = Vec::with_capacity(TILE_BYTES.saturating_add(1));
        let limit = u64::try_from(TILE_BYTES).unwrap_or(u64::MAX).saturating_add(1);
        file.take(limit).read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    }

    fn put(&self, tile: TileId, bytes: &[u8]) -> io::Result<()> {
        let draft = self.drafts.join(self.draft.fetch_add(1, Ordering::Relaxed).to_string());
        fs::write(&draft, bytes).and_then(|()| self.place(&draft, tile)).inspect_err(|_| {
            // A draft left over is removed at the next start.
            let _ = fs::remove_file(&draft);
        })
    }
}

/// Tiles in memory: for simulations and tests.
#[derive(Debug, Default)]
pub struct MemoryTiles {
    tiles: Mutex<HashMap<TileId, Vec<u8>>>,
}

impl Tiles for MemoryTiles {
    fn get(&self, tile: TileId) -> io::Result<Option<Vec<u8>>> {
        Ok(self.tiles.lock().unwrap_or_else(PoisonError::into_inner).get(&tile).cloned())
    }

    fn put(&self, tile: TileId, bytes: &[u8]) -> io::Result<()> {
        self.tiles.lock().unwrap_or_else(PoisonError::into_inner).insert(tile, bytes.to_vec());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TILE: TileId = TileId { level: 0, index: 1_234_067 };

    fn a_tile_is_kept_and_replaced(tiles: &dyn Tiles) {
        assert_eq!(tiles.get(TILE).unwrap(), None);
        tiles.put(TILE, &[1; TILE_BYTES]).unwrap();
        tiles.put(TILE, &[2; TILE_BYTES]).unwrap();
        assert_eq!(tiles.get(TILE).unwrap().unwrap(), [2; TILE_BYTES]);
        assert_eq!(tiles.get(TileId { level: 1, ..TILE }).unwrap(), None);
    }

    #[test]
    fn both_stores_keep_tiles() {
        let folder = tempfile::tempdir().unwrap();
        a_tile_is_kept_and_replaced(&MemoryTiles::default());
        a_tile_is_kept_and_replaced(&FileTiles::open(folder.path()).unwrap());
        assert!(folder.path().join("tile/0/x001/x234/067").is_file());
    }

    #[test]
    fn files_survive_reopening_and_drafts_do_not() {
        let folder = tempfile::tempdir().unwrap();
        FileTiles::open(folder.path()).unwrap().put(TILE, &[3; TILE_BYTES]).unwrap();
        fs::write(folder.path().join("draft/7"), "half").unwrap();
        let tiles = FileTiles::open(folder.path()).unwrap();
        assert_eq!(fs::read_dir(folder.path().join("draft")).unwrap().count(), 0);
        assert_eq!(tiles.get(TILE).unwrap().unwrap(), [3; TILE_BYTES]);
    }

    #[test]
    fn a_file_that_is_too_long_is_not_read_whole() {
        let folder = tempfile::tempdir().unwrap();
        let tiles = FileTiles::open(folder.path()).unwrap();
        tiles.put(TILE, &vec![4; 1 << 20]).unwrap();
        assert_eq!(tiles.get(TILE).unwrap().unwrap().len(), TILE_BYTES + 1);
    }
}
