//! Reading a backup back, whole: every octet against the manifest, every record, the tree against the signed checkpoint,
//! every large document against its record.

use std::collections::BTreeMap;
use std::path::Path;

use crate::backup::error::{BackupError, at};
use crate::backup::files;
use crate::backup::manifest::{Manifest, Segment};
use crate::backup::segments;
use crate::domain::{Digest, Seq};
use crate::journal::Peek;
use crate::journal::disk::Real;
use crate::trail::frontier::Frontier;
use crate::trail::{Checkpoint, VerifierKey};

/// What was read back.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct Verified {
    /// Entries.
    pub entries: Seq,
    /// Segments.
    pub segments: u64,
    /// Large documents.
    pub payloads: u64,
    /// Octets.
    pub bytes: u64,
    /// Roots at the sizes that were asked for, as far as the backup reaches.
    #[serde(skip)]
    pub roots: BTreeMap<Seq, Digest>,
}

/// Verifies the backup in `backup`; gives the roots of the tree at `sizes` as well.
///
/// # Errors
/// As [`BackupError`] says: the first thing that is not as it was backed up.
pub fn verify(backup: &Path, sizes: &[Seq]) -> Result<(Manifest, Verified), BackupError> {
    let path = Manifest::path(backup);
    let manifest = Manifest::read(backup)?
        .ok_or_else(|| BackupError::Manifest { path: path.clone(), reason: "there is none".to_owned() })?;
    check_checkpoint(&manifest)?;
    let mut verified = Verified::default();
    let mut frontier = Frontier::default();
    let mut before: Option<Peek> = None;
    for (number, segment) in (1..).zip(&manifest.segments) {
        let mut peek = segment_of(backup, segment, number, before.as_ref())?;
        let mut seen = |tree: &Frontier| {
            if sizes.contains(&tree.size()) {
                verified.roots.insert(tree.size(), tree.root());
            }
        };
        let held = segments::read(&mut peek, Seq::MAX, &mut frontier, &mut seen)?;
        for payload in &held.present {
            let file = segments::payload_path(backup, payload.name);
            match files::digest(&file) {
                Ok(found) if found == (payload.length, payload.sha256) => {}
                _ => return Err(BackupError::Payload(payload.name)),
            }
            verified.payloads = verified.payloads.saturating_add(1);
            verified.bytes = verified.bytes.saturating_add(payload.length);
        }
        if frontier != segment.frontier {
            return Err(BackupError::Altered { path: backup.join("journal").join(segment.file_name()) });
        }
        verified.segments = verified.segments.saturating_add(1);
        verified.bytes = verified.bytes.saturating_add(u64::from(segment.bytes));
        before = Some(peek);
    }
    if frontier.size() != manifest.size {
        return Err(BackupError::TooShort { entries: frontier.size(), size: manifest.size });
    }
    if !segments::is_root(&frontier, &manifest.root) {
        return Err(BackupError::Root { size: manifest.size });
    }
    check_files(backup, &manifest)?;
    verified.entries = frontier.size();
    Ok((manifest, verified))
}

/// The checkpoint is signed by the log, and says what the manifest says.
fn check_checkpoint(manifest: &Manifest) -> Result<(), BackupError> {
    let note = |source| BackupError::Note { what: "the manifest".to_owned(), source };
    let key: VerifierKey = manifest.verifier_key.parse().map_err(note)?;
    let checkpoint = Checkpoint::open(&manifest.checkpoint, &[key]).map_err(note)?;
    if (checkpoint.size, checkpoint.root) == (manifest.size, manifest.root) {
        Ok(())
    } else {
        Err(BackupError::Root { size: manifest.size })
    }
}

fn segment_of(backup: &Path, segment: &Segment, number: u32, before: Option<&Peek>) -> Result<Peek, BackupError> {
    let path = backup.join("journal").join(segment.file_name());
    let altered = || BackupError::Altered { path: path.clone() };
    if files::digest(&path)? != (u64::from(segment.bytes), segment.sha256) || segment.number != number {
        return Err(altered());
    }
    let peek = Peek::open(&Real, &path, number)?;
    if before.is_some_and(|before| !peek.follows(before)) {
        return Err(altered());
    }
    Ok(peek)
}

fn check_files(backup: &Path, manifest: &Manifest) -> Result<(), BackupError> {
    for file in &manifest.files {
        let path = file.copy_in(backup);
        let bytes = std::fs::read(&path).map_err(at(&path))?;
        if Digest::of(&bytes) != file.sha256 {
            return Err(BackupError::Altered { path });
        }
    }
    Ok(())
}
