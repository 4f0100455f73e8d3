//! `checkpoints/`: the last checkpoint that was shown to others. It is not derived from the journal but guards it: a
//! journal that is shorter, or has other entries, than what was promised must not be served.

use std::fmt;
use std::io::{self, IoSlice};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::domain::Digest;
use crate::journal::disk::{Disk, read_full_at, write_all_at};
use crate::trail::checkpoint::Checkpoint;
use crate::trail::note::{NOTE_BYTES_MAX, NoteError, VerifierKey};
use crate::trail::shelf::TreeError;

/// Why a promise cannot be read, kept or met.
#[derive(Debug, thiserror::Error)]
pub enum PromiseError {
    /// The folder or the file.
    #[error("the checkpoints folder: {0}")]
    File(#[from] io::Error),
    /// The file is not a checkpoint signed by this log. It is never made anew by the hub: whoever removes it answers
    /// for that.
    #[error("the last promised checkpoint: {0}")]
    NotOurs(#[from] NoteError),
    /// Entries that others have seen are missing.
    #[error("the journal has {journal} entries, but a checkpoint over {promised} was shown to others")]
    JournalTooShort {
        /// The size of the promised checkpoint.
        promised: u64,
        /// The entries of the journal.
        journal: u64,
    },
    /// Entries that others have seen are not the ones that are there.
    #[error("the first {size} entries of the journal are not those of the checkpoint that was shown to others")]
    JournalChanged {
        /// The size of the promised checkpoint.
        size: u64,
    },
    /// The root at the promised size could not be computed.
    #[error(transparent)]
    Tree(#[from] TreeError),
}

/// The store of the last promised checkpoint.
pub struct Promised {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    key: VerifierKey,
    last: Option<Checkpoint>,
}

impl Promised {
    /// Reads `folder`, made if it is not there; `key` is the log's own.
    pub fn open(disk: Arc<dyn Disk>, folder: &Path, key: &VerifierKey) -> Result<Self, PromiseError> {
        disk.create_folder(folder)?;
        let keys = std::slice::from_ref(key);
        let signed = read(disk.as_ref(), &folder.join("last"))?;
        let last = signed.map(|signed| Checkpoint::open(&signed, keys)).transpose()?;
        Ok(Self { disk, folder: folder.to_owned(), key: key.clone(), last })
    }

    /// The last checkpoint shown to others, if there was one.
    #[must_use]
    pub const fn last(&self) -> Option<&Checkpoint> {
        self.last.as_ref()
    }

    /// Keeps a signed checkpoint, durably on return. One that is not larger than the last changes nothing, but if it
    /// has another root at the same size it is refused.
    pub fn keep(&mut self, signed: &str) -> Result<(), PromiseError> {
        let checkpoint = Checkpoint::open(signed, std::slice::from_ref(&self.key))?;
        if let Some(last) = self.last.as_ref().filter(|last| last.size >= checkpoint.size) {
            let changed = last.size == checkpoint.size && last.root != checkpoint.root;
            return if changed { Err(PromiseError::JournalChanged { size: last.size }) } else { Ok(()) };
        }
        self.write(signed)?;
        self.last = Some(checkpoint);
        Ok(())
    }

    /// A crash before the rename leaves the older promise; after the fsync of the folder the new one stands. Each try is
    /// another file: a sync is never asked twice of one that has failed.
    fn write(&self, signed: &str) -> io::Result<()> {
        let draft = self.folder.join("draft");
        match self.disk.remove(&draft) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let file = self.disk.create(&draft)?;
        write_all_at(file.as_ref(), &mut [IoSlice::new(signed.as_bytes())], 0)?;
        file.sync()?;
        self.disk.rename(&draft, &self.folder.join("last"))?;
        self.disk.sync_folder(&self.folder)
    }
}

impl fmt::Debug for Promised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Promised").field("folder", &self.folder).field("last", &self.last).finish_non_exhaustive()
    }
}

fn read(disk: &dyn Disk, path: &Path) -> io::Result<Option<String>> {
    let file = match disk.open(path, false) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    let mut signed = vec![0; NOTE_BYTES_MAX.saturating_add(1)];
    let length = read_full_at(file.as_ref(), &mut signed, 0)?;
    signed.truncate(length);
    String::from_utf8(signed).map(Some).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

/// Whether a journal of `size` entries keeps what was promised. `root_at` gives the root over the first entries. The
/// hub does not start where this is refused.
pub fn check(
    promised: &Checkpoint,
    size: u64,
    root_at: impl FnOnce(u64) -> Result<Digest, TreeError>,
) -> Result<(), PromiseError> {
    if size < promised.size {
        return Err(PromiseError::JournalTooShort { promised: promised.size, journal: size });
    }
    if root_at(promised.size)? == promised.root {
        Ok(())
    } else {
        Err(PromiseError::JournalChanged { size: promised.size })
    }
}

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;

    use std::fs;

    use super::*;
    use crate::journal::disk::Real;
    use crate::trail::key::LogKey;

    fn disk() -> Arc<dyn Disk> {
        Arc::new(Real)
    }

    fn key() -> LogKey {
        LogKey::generate("hub.example/1", &SystemRandom::new()).unwrap()
    }

    #[test]
    fn the_last_promise_is_there_after_a_restart() {
        let (folder, key) = (tempfile::tempdir().unwrap(), key());
        let folder = folder.path().join("checkpoints");
        let mut promised = Promised::open(disk(), &folder, key.verifier()).unwrap();
        assert_eq!(promised.last(), None);
        for size in [3, 9, 7, 9] {
            promised.keep(&key.checkpoint(size, Digest([1; 32]))).unwrap();
        }
        let promised = Promised::open(disk(), &folder, key.verifier()).unwrap();
        assert_eq!(promised.last().map(|last| last.size), Some(9));
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    }

    #[test]
    fn two_roots_for_one_size_are_never_promised() {
        let (folder, key) = (tempfile::tempdir().unwrap(), key());
        let mut promised = Promised::open(disk(), folder.path(), key.verifier()).unwrap();
        promised.keep(&key.checkpoint(9, Digest([1; 32]))).unwrap();
        let refused = promised.keep(&key.checkpoint(9, Digest([2; 32])));
        assert!(matches!(refused, Err(PromiseError::JournalChanged { size: 9 })));
    }

    #[test]
    fn a_promise_of_another_log_or_a_damaged_one_is_refused() {
        let (folder, key, other) = (tempfile::tempdir().unwrap(), key(), key());
        let mut promised = Promised::open(disk(), folder.path(), key.verifier()).unwrap();
        assert!(matches!(promised.keep(&other.checkpoint(1, Digest([1; 32]))), Err(PromiseError::NotOurs(_))));
        promised.keep(&key.checkpoint(1, Digest([1; 32]))).unwrap();
        assert!(matches!(Promised::open(disk(), folder.path(), other.verifier()), Err(PromiseError::NotOurs(_))));
        fs::write(folder.path().join("last"), "").unwrap();
        assert!(matches!(Promised::open(disk(), folder.path(), key.verifier()), Err(PromiseError::NotOurs(_))));
    }

    #[test]
    fn a_journal_shorter_than_or_different_from_the_promise_is_refused() {
        let promised = Checkpoint { origin: "hub.example/1".to_owned(), size: 9, root: Digest([1; 32]) };
        let root = |octet| move |size| if size == 9 { Ok(Digest([octet; 32])) } else { unreachable!() };
        assert!(check(&promised, 9, root(1)).is_ok() && check(&promised, 10, root(1)).is_ok());
        assert!(matches!(check(&promised, 10, root(2)), Err(PromiseError::JournalChanged { size: 9 })));
        let short = check(&promised, 8, root(1));
        assert!(matches!(short, Err(PromiseError::JournalTooShort { promised: 9, journal: 8 })));
    }
}
