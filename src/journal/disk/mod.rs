//! The few file operations on which nothing may be lost, behind a trait: [`Real`] does them, [`Simulated`] is a disk in
//! memory with a volatile cache, faults on demand and power cuts. Everything that the journal and the payload folder
//! do to files goes through here.

mod real;
mod simulated;
mod source;

use std::io::{self, IoSlice};
use std::path::Path;
use std::sync::Arc;

pub use real::Real;
pub use simulated::{Fault, Simulated, Step};
pub use source::{FileSource, Pread};

/// A file system as seen by one process.
///
/// What is durable: the bytes and the length of a file after [`DiskFile::sync`]; names in a folder after
/// [`Disk::sync_folder`]. Until then a power cut may keep or lose each change on its own.
pub trait Disk: Send + Sync {
    /// Creates a file for reading and writing; an error if the name exists.
    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>>;

    /// Creates a file without a name in `folder`: it is gone when it is dropped, however the process ends.
    fn create_unlinked(&self, folder: &Path) -> io::Result<Arc<dyn DiskFile>>;

    /// Opens a file for reading, and for writing as well if `write`.
    fn open(&self, path: &Path, write: bool) -> io::Result<Arc<dyn DiskFile>>;

    /// Gives a new name to a file, in place of what had it, atomically. Both names are in one folder.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a name.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// The files in `folder`, without its folders, in no order.
    fn list(&self, folder: &Path) -> io::Result<Vec<Listed>>;

    /// The folders in `folder`, by name, in no order.
    fn list_folders(&self, folder: &Path) -> io::Result<Vec<String>>;

    /// Creates a folder, and durably so; nothing happens if it exists. Its parent must exist.
    fn create_folder(&self, path: &Path) -> io::Result<()>;

    /// Makes the names in `folder` durable.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;

    /// Bytes that may still be written in the file system of `folder`.
    fn available(&self, folder: &Path) -> io::Result<u64>;

    /// Takes a lock on the file at `path`, creating it; held until the answer is dropped or the process ends.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] if somebody else holds it.
    fn lock(&self, path: &Path) -> io::Result<Box<dyn Send + Sync>>;
}

/// An open file. Positions are always given: threads do not disturb each other.
pub trait DiskFile: Send + Sync {
    /// Reads up to `buffer.len()` bytes; 0 at the end of the file.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Writes the parts one after the other; may write less than all.
    fn write_at(&self, parts: &[IoSlice<'_>], offset: u64) -> io::Result<usize>;

    /// Makes bytes and length durable (fdatasync). After an error nothing is known about any earlier write, and a
    /// second call proves nothing: it may answer well although the bytes are lost.
    fn sync(&self) -> io::Result<()>;

    /// Length in bytes.
    fn length(&self) -> io::Result<u64>;

    /// Cuts or extends (with zeros, without using room) the file.
    fn truncate(&self, length: u64) -> io::Result<()>;

    /// Gives a file of [`Disk::create_unlinked`], already synced, its name. An error if the name exists.
    fn link(&self, path: &Path) -> io::Result<()>;
}

/// A file in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its name, if it is UTF-8; others are not ours.
    pub name: String,
    /// Its length in bytes.
    pub length: u64,
}

/// Writes all the parts, in as few calls as the system allows.
///
/// # Errors
/// As [`DiskFile::write_at`]; part of it may be written.
pub fn write_all_at(file: &dyn DiskFile, parts: &mut [IoSlice<'_>], offset: u64) -> io::Result<()> {
    let (mut rest, mut offset) = (parts, offset);
    IoSlice::advance_slices(&mut rest, 0);
    while !rest.is_empty() {
        match file.write_at(rest, offset) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => {
                offset = offset.saturating_add(u64::try_from(written).unwrap_or(u64::MAX));
                IoSlice::advance_slices(&mut rest, written);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Fills `buffer` from `offset` as far as the file goes; gives the number of bytes read.
///
/// # Errors
/// As [`DiskFile::read_at`].
pub fn read_full_at(file: &dyn DiskFile, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, offset.saturating_add(u64::try_from(filled).unwrap_or(u64::MAX))) {
            Ok(0) => break,
            Ok(read) => filled = filled.saturating_add(read),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
