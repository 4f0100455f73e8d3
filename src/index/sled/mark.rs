//! The mark of a stop in order. It is written when everything that sled has written is on the disk, and removed before
//! sled may write again: where it is missing, nothing that sled left can be believed.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Most octets of the mark that are looked at.
const MARK_BYTES_MAX: usize = 64;

/// The folder of the index: its lock, its mark, and one folder of sled's, by number.
pub(super) struct Folder {
    path: PathBuf,
    /// Held for as long as it is open.
    _lock: File,
}

impl Folder {
    /// Makes it if it is not there, and locks it.
    ///
    /// # Errors
    /// `WouldBlock` where another has it; the operating system's.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        fs::create_dir_all(path)?;
        let lock = File::options().create(true).truncate(false).write(true).open(path.join("lock"))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(io::ErrorKind::WouldBlock.into()),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Where sled's files of this number are.
    pub(super) fn generation(&self, number: u64) -> PathBuf {
        self.path.join(format!("rows-{number}"))
    }

    /// The number in the mark. The mark is gone when this returns.
    ///
    /// # Errors
    /// The operating system's.
    pub(super) fn take_mark(&self) -> io::Result<Option<u64>> {
        let text = match fs::read(self.mark()) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        fs::remove_file(self.mark())?;
        sync(&self.path)?;
        let text = text.get(..MARK_BYTES_MAX.min(text.len())).unwrap_or_default();
        let number = std::str::from_utf8(text).ok().and_then(|text| text.strip_prefix("rows-")?.strip_suffix('\n'));
        Ok(number.and_then(|number| number.parse().ok()))
    }

    /// Makes everything under sled's folder of this number durable, and then the mark that says so.
    ///
    /// # Errors
    /// The operating system's; then there is no mark.
    pub(super) fn set_mark(&self, number: u64) -> io::Result<()> {
        sync_under(&self.generation(number))?;
        sync(&self.path)?;
        let mut mark = File::create(self.mark())?;
        mark.write_all(format!("rows-{number}\n").as_bytes())?;
        mark.sync_all()?;
        sync(&self.path)
    }

    /// Whether nothing was ever written here.
    ///
    /// # Errors
    /// The operating system's.
    pub(super) fn is_new(&self) -> io::Result<bool> {
        Ok(self.generations()?.is_empty())
    }

    /// Removes sled's folders but for one: what a crash has left of writing it anew.
    ///
    /// # Errors
    /// The operating system's.
    pub(super) fn keep_only(&self, number: u64) -> io::Result<()> {
        let kept = self.generation(number);
        self.generations()?.into_iter().filter(|path| *path != kept).try_for_each(fs::remove_dir_all)
    }

    fn generations(&self) -> io::Result<Vec<PathBuf>> {
        let entries = fs::read_dir(&self.path)?.map(|entry| Ok(entry?.path()));
        let paths = entries.collect::<io::Result<Vec<_>>>()?;
        Ok(paths.into_iter().filter(|path| path.is_dir()).collect())
    }

    fn mark(&self) -> PathBuf {
        self.path.join("clean")
    }
}

fn sync_under(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { sync_under(&path)? } else { sync(&path)? }
    }
    sync(folder)
}

fn sync(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}
