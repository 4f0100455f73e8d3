//! Restoring into an empty folder. What others hold of the log (its last checkpoint, those of recipients and witnesses)
//! says whether entries are missing. Where any are, or the log key is not brought, the log must not go on under its old
//! key: it would sign another history at sizes that it has signed before. A new *epoch* begins: a new key and origin,
//! whose first entry says what came before and what is missing.
//!
//! The tree of the new epoch goes on over the old entries: an entry's place stays its place, old entries can be proven
//! under the new key, and every old checkpoint that the restored journal reaches is a beginning of the new tree, which
//! anybody can check.

use std::path::{Path, PathBuf};

use ring::rand::SystemRandom;
use serde::{Deserialize, Serialize};

use crate::backup::error::{BackupError, at};
use crate::backup::manifest::Manifest;
use crate::backup::verify::{Verified, verify};
use crate::backup::{files, segments};
use crate::config::DataFolder;
use crate::domain::Seq;
use crate::journal::disk::Real;
use crate::journal::{Body, Peek};
use crate::trail::{Checkpoint, LogKey, Proof, VerifierKey};
use crate::trust::CrlFloors;

/// As the manifest names it.
const CRL_FLOORS: &str = "trust/crl-floors.json";

/// What the one who restores brings along.
#[derive(Debug, Default)]
pub struct Wish {
    /// The log key.
    pub log_key: Option<PathBuf>,
    /// Checkpoints, or receipts with one: what others hold of the log.
    pub checkpoints: Vec<PathBuf>,
    /// Origin of a new epoch; by default the old one with a number.
    pub origin: Option<String>,
    /// Numbers of CRLs that were seen since the backup was made: the `trust/crl-floors.json` of the folder that is lost.
    pub crl_floors: Option<PathBuf>,
}

/// What was restored.
#[derive(Debug, Clone, Serialize)]
pub struct Restored {
    /// What was read back.
    pub verified: Verified,
    /// The largest checkpoint that anybody holds.
    pub known: Seq,
    /// Entries that are missing.
    pub missing: Seq,
    /// The new epoch, unless the log goes on as it was.
    pub epoch: Option<Epoch>,
}

/// A new epoch, as it is told to the hub that starts on the folder, and kept there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Epoch {
    /// Its origin.
    pub origin: String,
    /// Its verifier key.
    pub verifier_key: String,
    /// The last checkpoint of the epoch before that anybody holds, signed.
    pub previous_checkpoint: String,
    /// Verifier key of the epoch before.
    pub previous_key: String,
    /// Entries that were restored.
    pub restored: Seq,
    /// Entries of the epoch before that are missing: as many after the restored ones.
    pub missing: Seq,
}

/// A checkpoint that somebody holds.
#[derive(Debug, Clone)]
pub struct Promise {
    text: String,
    checkpoint: Checkpoint,
}

/// Restores `backup` into `data`, which is empty.
///
/// # Errors
/// As [`BackupError`] says. `truc.toml` comes last: a folder without it is not a data folder.
pub fn restore(backup: &Path, data: &DataFolder, wish: &Wish) -> Result<Restored, BackupError> {
    let manifest = Manifest::read(backup)?
        .ok_or_else(|| BackupError::Manifest { path: Manifest::path(backup), reason: "there is none".to_owned() })?;
    let promises = promises(backup, &manifest, wish)?;
    let sizes: Vec<Seq> = promises.iter().map(|promise| promise.checkpoint.size).collect();
    let (manifest, verified) = verify(backup, &sizes)?;
    let last = check(&promises, &verified)?;
    let missing = last.checkpoint.size.saturating_sub(manifest.size);
    let key = same_epoch_key(&manifest, wish, missing)?;
    is_empty(data)?;
    let floors = newer_floors(data, wish)?;
    copy(backup, data, &manifest)?;
    raise_floors(backup, data, &manifest, &floors)?;
    let epoch = match key {
        Some(key) => {
            key.save(&data.log_key())?;
            None
        }
        None => Some(begin_epoch(data, &manifest, last, missing, wish)?),
    };
    let config = data.config();
    let text = text_of(backup, &manifest, "truc.toml").map_err(at(&config))?;
    let text =
        epoch.as_ref().map_or(text.clone(), |epoch| text.replace(&quoted(&manifest.origin), &quoted(&epoch.origin)));
    files::write(&config, text.as_bytes())?;
    Ok(Restored { verified, known: last.checkpoint.size, missing, epoch })
}

/// The backup's own checkpoint, and those that were brought.
fn promises(backup: &Path, manifest: &Manifest, wish: &Wish) -> Result<Vec<Promise>, BackupError> {
    let note = |what: &str| {
        let what = what.to_owned();
        move |source| BackupError::Note { what: what.clone(), source }
    };
    let key: VerifierKey = manifest.verifier_key.parse().map_err(note("the manifest"))?;
    let mut keys = vec![key];
    let own = Checkpoint::open(&manifest.checkpoint, &keys).map_err(note("the manifest"))?;
    // The tree is one over all epochs: what was signed before a restore holds for it as well.
    let earlier = text_of(backup, manifest, "keys/earlier.vkeys").unwrap_or_default();
    keys.extend(earlier.lines().filter_map(|line| line.parse::<VerifierKey>().ok()));
    let mut promises = vec![Promise { text: manifest.checkpoint.clone(), checkpoint: own }];
    for path in &wish.checkpoints {
        let text = std::fs::read_to_string(path).map_err(at(path))?;
        let text = Proof::parse(&text).map_or(text.clone(), |proof| proof.checkpoint.to_owned());
        let opened = Checkpoint::open(&text, &keys);
        let checkpoint = opened.map_err(note(&path.display().to_string()))?;
        promises.push(Promise { text, checkpoint });
    }
    Ok(promises)
}

/// The text of a file of the backup.
fn text_of(backup: &Path, manifest: &Manifest, path: &str) -> std::io::Result<String> {
    let file = manifest.files.iter().find(|file| file.path == Path::new(path));
    let file = file.ok_or_else(|| std::io::Error::from(std::io::ErrorKind::NotFound))?;
    std::fs::read_to_string(file.copy_in(backup))
}

/// Every promise that the journal reaches must hold; gives the largest of all.
fn check<'p>(promises: &'p [Promise], verified: &Verified) -> Result<&'p Promise, BackupError> {
    for Promise { checkpoint, .. } in promises.iter().filter(|promise| promise.checkpoint.size <= verified.entries) {
        let root = verified.roots.get(&checkpoint.size);
        if checkpoint.size > 0 && root != Some(&checkpoint.root) {
            return Err(BackupError::Root { size: checkpoint.size });
        }
    }
    promises.iter().max_by_key(|promise| promise.checkpoint.size).ok_or(BackupError::NoCheckpoint)
}

/// The log key, where the log may go on under it: nothing is missing, as far as somebody else's word goes.
fn same_epoch_key(manifest: &Manifest, wish: &Wish, missing: Seq) -> Result<Option<LogKey>, BackupError> {
    let Some(path) = &wish.log_key else { return Ok(None) };
    let key = LogKey::load(path)?;
    if key.verifier().to_string() != manifest.verifier_key {
        return Err(BackupError::WrongKey);
    }
    if wish.checkpoints.is_empty() {
        return Err(BackupError::NoWitness);
    }
    Ok((missing == 0).then_some(key))
}

/// Nothing may stand there but what is merged: the numbers of CRLs.
fn is_empty(data: &DataFolder) -> Result<(), BackupError> {
    let floors = data.crl_floors();
    let there = files_below(data.path()).map_err(at(data.path()))?;
    if there.iter().any(|path| *path != floors) { Err(BackupError::NotEmpty(data.path().to_owned())) } else { Ok(()) }
}

/// The files below a folder, and the folders without any; none where it is not there.
fn files_below(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        let inner = if entry.file_type()?.is_dir() { files_below(&entry.path())? } else { Vec::new() };
        if inner.is_empty() { found.push(entry.path()) } else { found.extend(inner) }
    }
    Ok(found)
}

/// What is known of CRLs beside the backup: brought along, or already standing in the target.
fn newer_floors(data: &DataFolder, wish: &Wish) -> Result<CrlFloors, BackupError> {
    let there = data.crl_floors();
    let standing = CrlFloors::load(&there).map_err(at(&there))?;
    match &wish.crl_floors {
        Some(path) if !path.exists() => Err(at(path)(std::io::ErrorKind::NotFound.into())),
        Some(path) => Ok(standing.raised(&CrlFloors::load(path).map_err(at(path))?)),
        None => Ok(standing),
    }
}

/// A CRL that was refused as too old before is refused afterwards: the backup never brings a lower number back.
fn raise_floors(backup: &Path, data: &DataFolder, manifest: &Manifest, newer: &CrlFloors) -> Result<(), BackupError> {
    let kept = manifest.files.iter().find(|file| file.path == Path::new(CRL_FLOORS));
    let backed_up = kept.map_or_else(
        || Ok(CrlFloors::default()),
        |file| {
            let copy = file.copy_in(backup);
            CrlFloors::load(&copy).map_err(at(&copy))
        },
    )?;
    let path = data.crl_floors();
    backed_up.raised(newer).save(&path).map_err(at(&path))
}

fn copy(backup: &Path, data: &DataFolder, manifest: &Manifest) -> Result<(), BackupError> {
    for folder in data.folders() {
        files::make_folder(&folder)?;
    }
    for segment in &manifest.segments {
        let from = backup.join("journal").join(segment.file_name());
        files::copy(&from, &data.journal().join(Peek::file_name(segment.number)))?;
        let mut peek = Peek::open(&Real, &from, segment.number)?;
        while let Some(record) = peek.next_record()? {
            for content in record.batch.contents {
                if let Body::Payload(payload) = content.body {
                    let [from, to] = [backup, data.path()].map(|folder| segments::payload_path(folder, payload.name));
                    files::copy(&from, &to)?;
                }
            }
        }
    }
    let others = [Path::new("truc.toml"), Path::new(CRL_FLOORS)];
    for file in manifest.files.iter().filter(|file| !others.contains(&file.path.as_path())) {
        files::copy(&file.copy_in(backup), &data.path().join(&file.path))?;
    }
    Ok(())
}

/// A new key and origin. The old verifier key is kept, so that old receipts still verify.
fn begin_epoch(
    data: &DataFolder,
    manifest: &Manifest,
    last: &Promise,
    missing: Seq,
    wish: &Wish,
) -> Result<Epoch, BackupError> {
    let origin = wish.origin.clone().unwrap_or_else(|| next_origin(&manifest.origin));
    let key = LogKey::generate(&origin, &SystemRandom::new())?;
    let earlier = data.earlier_vkeys();
    let before = std::fs::read_to_string(&earlier).unwrap_or_default();
    files::write(&earlier, format!("{before}{}\n", manifest.verifier_key).as_bytes())?;
    files::write(&data.log_vkey(), format!("{}\n", key.verifier()).as_bytes())?;
    let epoch = Epoch {
        origin,
        verifier_key: key.verifier().to_string(),
        previous_checkpoint: last.text.clone(),
        previous_key: manifest.verifier_key.clone(),
        restored: manifest.size,
        missing,
    };
    let path = data.epoch();
    let bytes = serde_json::to_vec_pretty(&epoch)
        .map_err(|error| BackupError::Manifest { path: path.clone(), reason: error.to_string() })?;
    files::write(&path, &bytes)?;
    files::remove(&data.checkpoints().join("last"))?;
    key.save(&data.log_key())?;
    Ok(epoch)
}

/// `a.vn/log` is followed by `a.vn/log.2`, that by `a.vn/log.3`.
fn next_origin(origin: &str) -> String {
    let numbered = origin.rsplit_once('.').and_then(|(name, number)| Some((name, number.parse::<u32>().ok()?)));
    match numbered {
        Some((name, number)) if !name.is_empty() => format!("{name}.{}", number.saturating_add(1)),
        _ => format!("{origin}.2"),
    }
}

/// As the template of the configuration writes it.
fn quoted(origin: &str) -> String {
    format!("origin = \"{origin}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn epochs_are_numbered() {
        assert_eq!(next_origin("truc.example.gov.vn/log"), "truc.example.gov.vn/log.2");
        assert_eq!(next_origin("truc.example.gov.vn/log.2"), "truc.example.gov.vn/log.3");
    }
}
