//! Which engine, and where its files are. A folder holds the files of one engine: those of another are stale, and may
//! hold what has been destroyed since.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::index::{Index, IndexError, Redb, Sled};

/// The engines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Engine {
    /// redb, the default.
    #[default]
    Redb,
    /// sled: built again from the journal after every stop that was not in order.
    Sled,
}

impl Engine {
    const ALL: [Self; 2] = [Self::Redb, Self::Sled];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Redb => "redb",
            Self::Sled => "sled",
        }
    }

    fn path(self, folder: &Path) -> PathBuf {
        match self {
            Self::Redb => folder.join("index.redb"),
            Self::Sled => folder.join("sled"),
        }
    }

    /// Opens its index in the folder, or begins one there. What other engines have left is not looked at.
    ///
    /// # Errors
    /// As the engine says.
    pub fn open(self, folder: &Path, cache_bytes: u64) -> Result<Box<dyn Index>, IndexError> {
        let path = self.path(folder);
        Ok(match self {
            Self::Redb => Box::new(Redb::open(&path, cache_bytes)?),
            Self::Sled => Box::new(Sled::open(&path, cache_bytes)?),
        })
    }

    /// Whether there is an index of this engine in the folder.
    #[must_use]
    pub fn is_in(self, folder: &Path) -> bool {
        self.path(folder).exists()
    }
}

/// Opens the index in a folder, or begins one there. What another engine has left is removed.
///
/// # Errors
/// As the engine says.
pub fn open(engine: Engine, folder: &Path, cache_bytes: u64) -> Result<Box<dyn Index>, IndexError> {
    std::fs::create_dir_all(folder).map_err(IndexError::Io)?;
    for other in Engine::ALL.into_iter().filter(|other| *other != engine) {
        remove_path(&other.path(folder)).map_err(IndexError::Io)?;
    }
    engine.open(folder, cache_bytes)
}

/// Removes what is there.
fn remove_path(path: &Path) -> io::Result<()> {
    let removed = if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
