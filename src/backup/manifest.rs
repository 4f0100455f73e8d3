//! The manifest: what a backup holds, and how far it reaches. Written last: until it is there the one before counts.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::backup::error::{BackupError, at};
use crate::backup::files;
use crate::domain::{Digest, Seq, Timestamp};
use crate::trail::frontier::Frontier;

/// Format of what this version writes.
pub(super) const FORMAT: u32 = 1;
/// Largest manifest that is read: far beyond a million segments.
const BYTES_MAX: u64 = 1 << 30;

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// `FORMAT`.
    pub format: u32,
    /// Name of the backup.
    pub name: String,
    /// When it was made.
    pub made: Timestamp,
    /// Version of the software.
    pub software: String,
    /// Origin of the log.
    pub origin: String,
    /// Its verifier key.
    pub verifier_key: String,
    /// Entries.
    pub size: Seq,
    /// Root of the tree over them.
    pub root: Digest,
    /// The signed checkpoint that says so.
    pub checkpoint: String,
    /// Segments of the journal.
    pub segments: Vec<Segment>,
    /// Everything else but the payloads, which the segments name.
    pub files: Vec<File>,
}

/// A copy of a segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    /// Its number.
    pub number: u32,
    /// Hexadecimal: given when the segment was begun.
    pub nonce: String,
    /// How often contents in it were destroyed.
    pub generation: u32,
    /// Octets that were copied.
    pub bytes: u32,
    /// SHA-256 of them.
    pub sha256: Digest,
    /// The tree at its end.
    pub frontier: Frontier,
}

/// A copy of another file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Path below the data folder.
    pub path: PathBuf,
    /// SHA-256 of its octets.
    pub sha256: Digest,
}

impl File {
    /// Where the copy stands in a backup: by its digest, so that the manifest before keeps what it names.
    pub(super) fn copy_in(&self, backup: &Path) -> PathBuf {
        backup.join("files").join(self.sha256.to_string())
    }
}

impl Segment {
    /// The name of the copy: another version of the segment has another one, so the old copy stays until the manifest
    /// that names the new one is durable.
    pub(super) fn file_name(&self) -> String {
        let Self { number, generation, bytes, .. } = self;
        format!("{number:010}-{generation}-{bytes}.segment")
    }
}

impl Manifest {
    /// Where it stands in a backup.
    pub(super) fn path(backup: &Path) -> PathBuf {
        backup.join("manifest.json")
    }

    /// Reads the manifest of a backup; `None` if there is none yet.
    ///
    /// # Errors
    /// [`BackupError::Manifest`], [`BackupError::Io`].
    pub fn read(backup: &Path) -> Result<Option<Self>, BackupError> {
        let path = Self::path(backup);
        let bytes = match std::fs::metadata(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Ok(metadata) if metadata.len() > BYTES_MAX => {
                return Err(BackupError::Manifest { path, reason: "too large".to_owned() });
            }
            _ => std::fs::read(&path).map_err(at(&path))?,
        };
        let manifest: Self = serde_json::from_slice(&bytes)
            .map_err(|error| BackupError::Manifest { path: path.clone(), reason: error.to_string() })?;
        if manifest.format != FORMAT {
            return Err(BackupError::Manifest { path, reason: format!("format {}", manifest.format) });
        }
        Ok(Some(manifest))
    }

    /// Writes it, durably, in place of the one before.
    pub(super) fn write(&self, backup: &Path) -> Result<(), BackupError> {
        let path = Self::path(backup);
        let bytes = serde_json::to_vec_pretty(self)
            .map_err(|error| BackupError::Manifest { path: path.clone(), reason: error.to_string() })?;
        files::write(&path, &bytes)
    }
}
