//! Room kept for a full disk: a file of a few MiB beside the segments that is given up when nothing else is left, so
//! that recalls, retention and the operator's acts still find place.

use std::fmt;
use std::io::{self, IoSlice};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::journal::JournalError;
use crate::journal::disk::{Disk, write_all_at};

/// Name of the file.
const NAME: &str = "reserve";

/// Bytes written at a time.
const BLOCK_BYTES: usize = 64 << 10;

/// The reserve of a journal.
#[derive(Clone)]
pub struct Reserve {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    bytes: u64,
}

impl Reserve {
    /// A reserve of `bytes` bytes, rounded up to 64 KiB, in the journal's folder. Nothing is done yet.
    #[must_use]
    pub fn new(disk: Arc<dyn Disk>, folder: &Path, bytes: u64) -> Self {
        let block = u64::try_from(BLOCK_BYTES).unwrap_or(u64::MAX);
        Self { disk, folder: folder.to_owned(), bytes: bytes.div_ceil(block).saturating_mul(block) }
    }

    /// Whether the room is kept.
    ///
    /// # Errors
    /// [`JournalError::Io`].
    pub fn is_held(&self) -> Result<bool, JournalError> {
        let files = self.disk.list(&self.folder).map_err(failed("look for the reserve"))?;
        Ok(files.iter().any(|file| file.name == NAME && file.length == self.bytes))
    }

    /// Bytes that are free beside it.
    ///
    /// # Errors
    /// [`JournalError::Io`].
    pub fn free(&self) -> Result<u64, JournalError> {
        self.disk.available(&self.folder).map_err(failed("see how much room is left"))
    }

    /// How many bytes it keeps.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Gives the room up.
    ///
    /// # Errors
    /// [`JournalError::Io`].
    pub fn release(&self) -> Result<(), JournalError> {
        match self.disk.remove(&self.folder.join(NAME)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("release the reserve")(error)),
            _ => self.disk.sync_folder(&self.folder).map_err(failed("release the reserve")),
        }
    }

    /// Takes the room again, if it is not held: written in full, since promised room is not yet room.
    ///
    /// # Errors
    /// [`JournalError::Io`], also if there is no room.
    pub fn restore(&self) -> Result<(), JournalError> {
        if self.is_held()? {
            return Ok(());
        }
        self.release()?;
        let made = self.fill();
        if made.is_err() {
            let _ = self.disk.remove(&self.folder.join(NAME));
        }
        made.map_err(failed("fill the reserve"))
    }

    fn fill(&self) -> io::Result<()> {
        let file = self.disk.create(&self.folder.join(NAME))?;
        let mut block = vec![0; BLOCK_BYTES];
        let mut offset = 0;
        while offset < self.bytes {
            scramble(&mut block, offset);
            write_all_at(file.as_ref(), &mut [IoSlice::new(&block)], offset)?;
            offset = offset.saturating_add(u64::try_from(block.len()).unwrap_or(u64::MAX));
        }
        file.sync()?;
        self.disk.sync_folder(&self.folder)
    }
}

/// Bytes that a file system can neither compress nor leave out (xorshift64).
fn scramble(block: &mut [u8], seed: u64) {
    let mut x = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    for bytes in block.chunks_exact_mut(8) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        bytes.copy_from_slice(&x.to_be_bytes());
    }
}

fn failed(action: &'static str) -> impl Fn(io::Error) -> JournalError {
    move |source| JournalError::Io { action, source }
}

impl fmt::Debug for Reserve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reserve").field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::disk::{Real, Simulated};

    #[test]
    fn room_is_kept_given_up_and_taken_again() {
        let folder = tempfile::tempdir().unwrap();
        let reserve = Reserve::new(Arc::new(Real), folder.path(), 200_000);
        assert!(!reserve.is_held().unwrap());
        reserve.restore().unwrap();
        reserve.restore().unwrap();
        assert!(reserve.is_held().unwrap());
        assert_eq!(std::fs::metadata(folder.path().join(NAME)).unwrap().len(), 262_144);
        reserve.release().unwrap();
        reserve.release().unwrap();
        assert!(!reserve.is_held().unwrap());
    }

    #[test]
    fn a_reserve_that_finds_no_room_leaves_nothing() {
        let disk = Simulated::new();
        disk.set_room(100_000);
        let reserve = Reserve::new(Arc::new(disk.clone()), Path::new("/j"), 200_000);
        assert!(reserve.restore().is_err());
        assert!(!reserve.is_held().unwrap());
        assert!(disk.list(Path::new("/j")).unwrap().is_empty());
    }
}
