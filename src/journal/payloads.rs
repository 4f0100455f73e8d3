//! The folder of large documents, one file each. A document is spooled into a file without a name while it arrives; it
//! gets its name, durably, before the record that names it is appended. So a crash leaves at most a file that no record
//! names, which is harmless; and what is never admitted leaves nothing (law 8).

use std::fmt;
use std::io::{self, IoSlice};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::domain::Digest;
use crate::journal::disk::{Disk, DiskFile, FileSource};
use crate::journal::{JournalError, Payload, PayloadName};

/// Hexadecimal digits of a name that make the name of its folder: the upper 24 of the 48 bits of time in a UUID
/// version 7, so a folder for every 4.7 hours, which retention empties as a whole.
const FOLDER_DIGITS: usize = 6;

/// The folder of large documents. Clones are the same folder; any thread may use it.
#[derive(Clone)]
pub struct Payloads {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    /// The inner folder that was last seen to be durable.
    durable: Arc<Mutex<Option<PathBuf>>>,
}

impl Payloads {
    /// The folder `folder`, created if it is not there.
    ///
    /// # Errors
    /// [`JournalError::Io`].
    pub fn open(disk: Arc<dyn Disk>, folder: &Path) -> Result<Self, JournalError> {
        disk.create_folder(folder).map_err(failed("create the folder of payloads"))?;
        Ok(Self { disk, folder: folder.to_owned(), durable: Arc::default() })
    }

    /// Where they lie; nameless files of others may lie there too.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A new file without a name.
    ///
    /// # Errors
    /// [`JournalError::Io`].
    pub fn spool(&self) -> Result<Spool, JournalError> {
        let file = self.disk.create_unlinked(&self.folder).map_err(failed("create a spool"))?;
        Ok(Spool { payloads: self.clone(), file, length: 0, broken: false })
    }

    /// The bytes of a payload. The length is checked here; the SHA-256 in `payload` is for the one who reads to the
    /// end to check.
    ///
    /// # Errors
    /// [`JournalError::PayloadDamaged`] if it is not there or has another length; [`JournalError::Io`].
    pub fn read(&self, payload: &Payload) -> Result<FileSource, JournalError> {
        let name = payload.name;
        let file = self.disk.open(&self.path(name), false).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => JournalError::PayloadDamaged { name },
            _ => JournalError::Io { action: "open a payload", source },
        })?;
        if file.length().map_err(failed("open a payload"))? != payload.length {
            return Err(JournalError::PayloadDamaged { name });
        }
        Ok(FileSource::new(file, payload.length))
    }

    /// Removes a payload, durably on return; one that is not there is removed already.
    ///
    /// # Errors
    /// [`JournalError::Io`].
    pub fn remove(&self, name: PayloadName) -> Result<(), JournalError> {
        match self.disk.remove(&self.path(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("remove a payload")(error)),
            _ => match self.disk.sync_folder(&self.inner_folder(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("remove a payload")(error)),
                _ => Ok(()),
            },
        }
    }

    /// Visits the names and lengths of all payloads until `visit` breaks, in no order: to find those that no record
    /// names.
    ///
    /// # Errors
    /// [`JournalError::Io`].
    pub fn list(&self, visit: &mut dyn FnMut(PayloadName, u64) -> ControlFlow<()>) -> Result<(), JournalError> {
        let failed = failed("list the payloads");
        for folder in self.disk.list_folders(&self.folder).map_err(failed)? {
            for file in self.disk.list(&self.folder.join(folder)).map_err(failed)? {
                let Ok(name) = uuid::Uuid::try_parse(&file.name) else { continue };
                if visit(PayloadName(name), file.length).is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn inner_folder(&self, name: PayloadName) -> PathBuf {
        let name = name.to_string();
        self.folder.join(name.get(..FOLDER_DIGITS).unwrap_or(&name))
    }

    fn path(&self, name: PayloadName) -> PathBuf {
        self.inner_folder(name).join(name.to_string())
    }

    /// Makes the inner folder of `name` durable.
    fn make_folder(&self, name: PayloadName) -> Result<PathBuf, JournalError> {
        let folder = self.inner_folder(name);
        let mut durable = self.durable.lock().unwrap_or_else(PoisonError::into_inner);
        if durable.as_ref() != Some(&folder) {
            self.disk.create_folder(&folder).map_err(failed("create a folder of payloads"))?;
            *durable = Some(folder.clone());
        }
        Ok(folder)
    }
}

impl fmt::Debug for Payloads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Payloads").field("folder", &self.folder).finish_non_exhaustive()
    }
}

fn failed(action: &'static str) -> impl Fn(io::Error) -> JournalError + Copy {
    move |source| JournalError::Io { action, source }
}

/// A document on its way in: a file without a name. Dropped, or at the end of the process, nothing of it remains.
/// Writes go to the file as they come: give it pieces of some size.
pub struct Spool {
    payloads: Payloads,
    file: Arc<dyn DiskFile>,
    length: u64,
    broken: bool,
}

impl Spool {
    /// Bytes written so far.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.length
    }

    /// Whether nothing has been written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// What was written so far, to be read any number of times; it stays readable after the spool is gone or has got
    /// its name.
    #[must_use]
    pub fn source(&self) -> FileSource {
        FileSource::new(Arc::clone(&self.file), self.length)
    }

    /// Makes the bytes durable and gives them a name that was never used before. `sha256` is that of the bytes: the
    /// caller has computed it while they arrived.
    ///
    /// # Errors
    /// [`JournalError::Io`]: nothing may name the payload then; the sender sends again, into another spool.
    pub fn persist(self, name: PayloadName, sha256: Digest) -> Result<Payload, JournalError> {
        if self.broken {
            return Err(failed("keep a payload")(io::Error::other("a write to the spool had failed")));
        }
        let folder = self.payloads.make_folder(name)?;
        // 1. The bytes. A crash before 2 leaves nothing.
        self.file.sync().map_err(failed("sync a payload"))?;
        // 2. The name. A crash before 3 leaves the file or nothing.
        self.file.link(&self.payloads.path(name)).map_err(failed("name a payload"))?;
        // 3. Durable: from here on a record may name it.
        self.payloads.disk.sync_folder(&folder).map_err(failed("sync a folder of payloads"))?;
        Ok(Payload { name, length: self.length, sha256 })
    }
}

impl io::Write for Spool {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write_at(&[IoSlice::new(bytes)], self.length);
        match &written {
            Ok(count) => self.length = self.length.saturating_add(u64::try_from(*count).unwrap_or(u64::MAX)),
            Err(error) => self.broken |= error.kind() != io::ErrorKind::Interrupted,
        }
        written
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl fmt::Debug for Spool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spool").field("length", &self.length).finish_non_exhaustive()
    }
}
