//! The operating system's files.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, IoSlice};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{AtFlags, CWD, Mode, OFlags};

use crate::journal::disk::{Disk, DiskFile, Listed};

/// Parts in one `pwritev`: the kernel's IOV_MAX.
const PARTS_MAX: usize = 1024;

/// Bytes copied at a time where a file cannot be linked.
const COPY_BYTES: usize = 1 << 20;

/// False only in the negative control of `make powercut`, which acknowledges what is not durable: the test must find
/// that out. `main.rs` refuses to be the hub in such a build.
const SYNCS: bool = !cfg!(feature = "powercut-control");

/// The files of the operating system. Folders are made for their owner alone, files too.
#[derive(Debug, Clone, Copy, Default)]
pub struct Real;

impl Disk for Real {
    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)?;
        Ok(Arc::new(RealFile { file, unlinked: Unlinked::No }))
    }

    fn create_unlinked(&self, folder: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
        match rustix::fs::openat(CWD, folder, flags, Mode::RUSR | Mode::WUSR) {
            Ok(descriptor) => Ok(Arc::new(RealFile { file: descriptor.into(), unlinked: Unlinked::Linkable })),
            // The file system, or the kernel, has no O_TMPFILE (open(2)).
            Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::ISDIR | rustix::io::Errno::NOENT) => {
                create_and_unlink(folder)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn open(&self, path: &Path, write: bool) -> io::Result<Arc<dyn DiskFile>> {
        let file = OpenOptions::new().read(true).write(write).open(path)?;
        Ok(Arc::new(RealFile { file, unlinked: Unlinked::No }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        std::fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        std::fs::remove_file(path)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<Listed>> {
        let mut files = Vec::new();
        for item in std::fs::read_dir(folder)? {
            let item = item?;
            let metadata = match item.metadata() {
                // Removed, or renamed, since the folder was read: another process works in it.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                metadata => metadata?,
            };
            if let (true, Ok(name)) = (metadata.is_file(), item.file_name().into_string()) {
                files.push(Listed { name, length: metadata.len() });
            }
        }
        Ok(files)
    }

    fn list_folders(&self, folder: &Path) -> io::Result<Vec<String>> {
        let mut folders = Vec::new();
        for item in std::fs::read_dir(folder)? {
            let item = item?;
            if let (true, Ok(name)) = (item.file_type()?.is_dir(), item.file_name().into_string()) {
                folders.push(name);
            }
        }
        Ok(folders)
    }

    fn create_folder(&self, path: &Path) -> io::Result<()> {
        match std::fs::DirBuilder::new().mode(0o700).create(path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            // Synced also if it exists: whoever created it may not have come that far.
            _ => self.sync_folder(&parent(path)),
        }
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        let folder = File::open(folder)?;
        if SYNCS { folder.sync_all() } else { Ok(()) }
    }

    fn available(&self, folder: &Path) -> io::Result<u64> {
        let room = rustix::fs::statvfs(folder)?;
        Ok(room.f_bavail.saturating_mul(room.f_frsize))
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn Send + Sync>> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Box::new(file)),
            Err(TryLockError::WouldBlock) => Err(io::ErrorKind::WouldBlock.into()),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

/// The folder in which `path` stands.
fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

fn create_and_unlink(folder: &Path) -> io::Result<Arc<dyn DiskFile>> {
    let path = folder.join(format!(".unlinked-{}", uuid::Uuid::new_v4().simple()));
    let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
    std::fs::remove_file(&path)?;
    Ok(Arc::new(RealFile { file, unlinked: Unlinked::CopyOnly }))
}

/// Whether and how a file can get a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unlinked {
    /// It has one.
    No,
    /// Made with O_TMPFILE: by linkat.
    Linkable,
    /// Its name was removed: only by a copy.
    CopyOnly,
}

#[derive(Debug)]
struct RealFile {
    file: File,
    unlinked: Unlinked,
}

impl DiskFile for RealFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_at(buffer, offset)
    }

    fn write_at(&self, parts: &[IoSlice<'_>], offset: u64) -> io::Result<usize> {
        let parts = parts.get(..PARTS_MAX).unwrap_or(parts);
        Ok(rustix::io::pwritev(&self.file, parts, offset)?)
    }

    fn sync(&self) -> io::Result<()> {
        if SYNCS { self.file.sync_data() } else { Ok(()) }
    }

    fn length(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        self.file.set_len(length)
    }

    fn link(&self, path: &Path) -> io::Result<()> {
        match self.unlinked {
            Unlinked::No => Err(io::ErrorKind::AlreadyExists.into()),
            Unlinked::Linkable => {
                let descriptor = format!("/proc/self/fd/{}", self.file.as_raw_fd());
                Ok(rustix::fs::linkat(CWD, descriptor, CWD, path, AtFlags::SYMLINK_FOLLOW)?)
            }
            Unlinked::CopyOnly => self.copy_to(path),
        }
    }
}

impl RealFile {
    /// A copy under a name, synced. A crash in between leaves a file that nobody names.
    fn copy_to(&self, path: &Path) -> io::Result<()> {
        let copy = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        let mut buffer = vec![0; COPY_BYTES];
        let mut offset = 0;
        loop {
            let read = self.file.read_at(&mut buffer, offset)?;
            let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
            copy.write_all_at(bytes, offset)?;
            offset = offset.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
        }
        if SYNCS { copy.sync_data() } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_name_gets_one_by_link_or_by_copy() {
        let folder = tempfile::tempdir().unwrap();
        let made = [Real.create_unlinked(folder.path()).unwrap(), create_and_unlink(folder.path()).unwrap()];
        for (number, file) in made.into_iter().enumerate() {
            assert!(Real.list(folder.path()).unwrap().len() == number, "no name before it is linked");
            file.write_at(&[IoSlice::new(b"one "), IoSlice::new(b"two")], 0).unwrap();
            file.sync().unwrap();
            let path = folder.path().join(number.to_string());
            file.link(&path).unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), b"one two");
            assert!(file.link(&path).is_err(), "a name is given once");
        }
    }

    #[test]
    fn a_folder_is_listed_while_files_in_it_come_and_go() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("stays"), "").unwrap();
        let done = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(std::sync::atomic::Ordering::Relaxed) {
                    let names = (0..50).map(|number| folder.path().join(format!("{number}.new")));
                    names.clone().for_each(|name| std::fs::write(name, "").unwrap());
                    names.for_each(|name| std::fs::remove_file(name).unwrap());
                }
            });
            let seen = (0..2000).map(|_| Real.list(folder.path()));
            let seen: Vec<bool> =
                seen.map(|files| files.is_ok_and(|files| files.iter().any(|file| file.name == "stays"))).collect();
            done.store(true, std::sync::atomic::Ordering::Relaxed);
            assert!(seen.into_iter().all(|whole| whole));
        });
    }

    #[test]
    fn a_lock_is_held_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let held = Real.lock(&path).unwrap();
        assert_eq!(Real.lock(&path).err().unwrap().kind(), io::ErrorKind::WouldBlock);
        drop(held);
        assert!(Real.lock(&path).is_ok());
    }

    #[test]
    fn more_parts_than_one_call_takes_are_all_written() {
        let folder = tempfile::tempdir().unwrap();
        let file = Real.create(&folder.path().join("many")).unwrap();
        let bytes: Vec<u8> = (0..3000_u32).map(|i| u8::try_from(i % 251).unwrap()).collect();
        let mut parts: Vec<IoSlice<'_>> = bytes.chunks(1).map(IoSlice::new).collect();
        crate::journal::disk::write_all_at(file.as_ref(), &mut parts, 5).unwrap();
        let mut read = vec![0; 3005];
        assert_eq!(crate::journal::disk::read_full_at(file.as_ref(), &mut read, 0).unwrap(), 3005);
        assert_eq!(&read[5..], &bytes[..]);
    }
}
