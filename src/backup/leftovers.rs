//! Large documents in a backup that its manifest does not lead to: copied by a run that was interrupted, or to be removed
//! by one, and destroyed on the hub since. What was destroyed is gone from the backup as well, whatever became of the
//! runs before.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::backup::error::BackupError;
use crate::backup::manifest::Manifest;
use crate::backup::{files, segments};
use crate::config::DataFolder;
use crate::journal::disk::Real;
use crate::journal::{Body, Peek};

/// Removes them; gives their number. A file that the hub has lost, and that the backup still names, stays.
pub(super) fn remove(data: &DataFolder, backup: &Path, manifest: &Manifest) -> Result<u64, BackupError> {
    let mut left = BTreeSet::new();
    for path in files::below(backup, &backup.join("payloads"))? {
        let is_draft = path.extension().is_some_and(|extension| extension == "new");
        if is_draft {
            files::remove(&backup.join(path))?;
        } else if !data.path().join(&path).exists() {
            left.insert(backup.join(path));
        }
    }
    if !left.is_empty() {
        keep_named(backup, manifest, &mut left)?;
    }
    left.iter().try_for_each(|path| files::remove(path))?;
    Ok(u64::try_from(left.len()).unwrap_or(u64::MAX))
}

/// Takes out what the backup's own segments name.
fn keep_named(backup: &Path, manifest: &Manifest, left: &mut BTreeSet<PathBuf>) -> Result<(), BackupError> {
    for segment in &manifest.segments {
        let path = backup.join("journal").join(segment.file_name());
        let mut peek = Peek::open(&Real, &path, segment.number)?;
        while let Some(record) = peek.next_record()? {
            for content in record.batch.contents {
                if let Body::Payload(payload) = content.body {
                    left.remove(&segments::payload_path(backup, payload.name));
                }
            }
        }
    }
    Ok(())
}
