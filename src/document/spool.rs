//! A place for what was decoded or unpacked: in memory while it is small, then in a file without a name. Dropped, nothing
//! remains.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};

use crate::document::source::{FileAt, ReadAt};

/// Octets that stay in memory.
const MEMORY_OCTETS_MAX: usize = 256 << 10;

/// Takes bytes up to a limit, and gives them back from any place.
#[derive(Debug)]
pub struct Spool {
    folder: PathBuf,
    left: u64,
    store: Store,
}

#[derive(Debug)]
enum Store {
    Memory(Vec<u8>),
    File(File),
}

impl Spool {
    /// An empty one, for at most `octets_max`. Its file, if it needs one, lies in `folder` without a name.
    #[must_use]
    pub fn new(folder: &Path, octets_max: u64) -> Self {
        Self { folder: folder.to_owned(), left: octets_max, store: Store::Memory(Vec::new()) }
    }

    /// Everything that was written.
    ///
    /// # Errors
    /// The operating system's.
    pub fn finish(self) -> io::Result<Spooled> {
        Ok(match self.store {
            Store::Memory(bytes) => Spooled::Memory(bytes),
            Store::File(file) => Spooled::File(FileAt::new(file)?),
        })
    }
}

impl Write for Spool {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let octets = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let too_large = || io::Error::new(io::ErrorKind::FileTooLarge, "more than is looked at");
        self.left = self.left.checked_sub(octets).ok_or_else(too_large)?;
        if let Store::Memory(memory) = &mut self.store {
            if memory.len().saturating_add(bytes.len()) <= MEMORY_OCTETS_MAX {
                memory.extend_from_slice(bytes);
                return Ok(bytes.len());
            }
            let mut file = nameless(&self.folder)?;
            file.write_all(memory)?;
            self.store = Store::File(file);
        }
        match &mut self.store {
            Store::File(file) => file.write_all(bytes).map(|()| bytes.len()),
            Store::Memory(_) => Ok(0),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn nameless(folder: &Path) -> io::Result<File> {
    let flags = OFlags::RDWR | OFlags::CLOEXEC;
    let mode = Mode::RUSR | Mode::WUSR;
    if let Ok(file) = rustix::fs::open(folder, flags | OFlags::TMPFILE, mode) {
        return Ok(file.into());
    }
    // The file system, or the kernel, has no O_TMPFILE (open(2)).
    let path = folder.join(format!(".unlinked-{}", uuid::Uuid::new_v4().simple()));
    let file = rustix::fs::open(&path, flags | OFlags::CREATE | OFlags::EXCL, mode)?;
    std::fs::remove_file(&path)?;
    Ok(file.into())
}

/// What a [`Spool`] took.
#[derive(Debug)]
pub enum Spooled {
    /// In memory.
    Memory(Vec<u8>),
    /// In a file.
    File(FileAt),
}

impl ReadAt for Spooled {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Memory(bytes) => bytes.as_slice().read_at(offset, buffer),
            Self::File(file) => file.read_at(offset, buffer),
        }
    }

    fn octets(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.as_slice().octets(),
            Self::File(file) => file.octets(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_gives_back_what_it_took_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        for octets in [0, 10, MEMORY_OCTETS_MAX, MEMORY_OCTETS_MAX + 1] {
            let mut spool = Spool::new(folder.path(), 1 << 20);
            let bytes: Vec<u8> = (0..octets).map(|n| u8::try_from(n % 251).unwrap()).collect();
            for piece in bytes.chunks(1000) {
                spool.write_all(piece).unwrap();
            }
            let spooled = spool.finish().unwrap();
            assert_eq!(crate::document::source::bytes(&spooled, 0..1 << 20).unwrap(), bytes);
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        }
        let mut small = Spool::new(folder.path(), 3);
        assert!(small.write_all(b"four").is_err());
    }
}
