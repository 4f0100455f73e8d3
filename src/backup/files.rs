//! Files of a backup: each is written under another name, synced, and then given its own.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use ring::digest::{Context, SHA256};

use crate::backup::error::{BackupError, at};
use crate::domain::Digest;

/// Octets copied at a time.
const BLOCK_BYTES: usize = 1 << 16;

/// Makes a folder and those above it, for its owner alone.
pub(super) fn make_folder(path: &Path) -> Result<(), BackupError> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(at(path))
}

/// Makes the names in a folder durable.
pub(super) fn sync_folder(path: &Path) -> Result<(), BackupError> {
    File::open(path).and_then(|folder| folder.sync_all()).map_err(at(path))
}

/// Writes a whole file, durably.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), BackupError> {
    let mut rest = bytes;
    put(path, &mut |buffer| rest.read(buffer)).map(|_| ())
}

/// Copies a file, durably; gives its length and SHA-256.
pub(super) fn copy(from: &Path, to: &Path) -> Result<(u64, Digest), BackupError> {
    let mut file = File::open(from).map_err(at(from))?;
    put(to, &mut |buffer| file.read(buffer))
}

/// Writes what `read` gives until it gives nothing, durably. Blocks of zeros become holes: what was destroyed takes no
/// room in a backup either.
pub(super) fn put(
    path: &Path,
    read: &mut dyn FnMut(&mut [u8]) -> io::Result<usize>,
) -> Result<(u64, Digest), BackupError> {
    let draft = draft(path);
    if let Some(folder) = path.parent() {
        make_folder(folder)?;
    }
    let written = fill(&draft, read).map_err(at(&draft))?;
    fs::rename(&draft, path).map_err(at(path))?;
    path.parent().map_or(Ok(()), sync_folder)?;
    Ok(written)
}

fn draft(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    path.with_file_name(name)
}

fn fill(draft: &Path, read: &mut dyn FnMut(&mut [u8]) -> io::Result<usize>) -> io::Result<(u64, Digest)> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(draft)?;
    let (mut buffer, mut hash, mut length) = (vec![0; BLOCK_BYTES], Context::new(&SHA256), 0u64);
    loop {
        let count = full(&mut buffer, read)?;
        let bytes = buffer.get(..count).unwrap_or_default();
        if bytes.is_empty() {
            break;
        }
        hash.update(bytes);
        length = length.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
        if bytes.iter().all(|octet| *octet == 0) {
            file.seek(SeekFrom::Start(length))?;
        } else {
            file.write_all(bytes)?;
        }
    }
    file.set_len(length)?;
    file.sync_all()?;
    Ok((length, hash.finish().into()))
}

/// Fills the buffer as far as there is anything.
fn full(buffer: &mut [u8], read: &mut dyn FnMut(&mut [u8]) -> io::Result<usize>) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match read(rest) {
            Ok(0) => break,
            Ok(count) => filled = filled.saturating_add(count),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Length and SHA-256 of a file.
pub(super) fn digest(path: &Path) -> Result<(u64, Digest), BackupError> {
    let mut file = File::open(path).map_err(at(path))?;
    let (mut buffer, mut hash, mut length) = (vec![0; BLOCK_BYTES], Context::new(&SHA256), 0u64);
    loop {
        let count = full(&mut buffer, &mut |rest| file.read(rest)).map_err(at(path))?;
        if count == 0 {
            return Ok((length, hash.finish().into()));
        }
        hash.update(buffer.get(..count).unwrap_or_default());
        length = length.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
    }
}

/// The plain files below `folder`, by their paths below `root`; nothing if it is not there. Links are not followed.
pub(super) fn below(root: &Path, folder: &Path) -> Result<Vec<PathBuf>, BackupError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(at(folder))?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(at(folder))?;
        let (path, kind) = (entry.path(), entry.file_type().map_err(at(folder))?);
        if kind.is_dir() {
            found.extend(below(root, &path)?);
        } else if kind.is_file()
            && let Ok(relative) = path.strip_prefix(root)
        {
            found.push(relative.to_owned());
        }
    }
    found.sort();
    Ok(found)
}

/// Removes a file that may be gone already.
pub(super) fn remove(path: &Path) -> Result<(), BackupError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(path)(error)),
        _ => Ok(()),
    }
}
