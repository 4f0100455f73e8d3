//! The operations of the simulated disk, as its faults allow them.

use std::io::{self, IoSlice};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Change, Fault, Node, Simulated, Step, injected, lock, parent, place};
use crate::journal::disk::{Disk, DiskFile, Listed};

impl Disk for Simulated {
    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        self.run(Step::Create, || {
            if self.state().names.contains_key(path) {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            let node = Node::default();
            self.change(parent(path), None, Some((path, Arc::clone(&node))));
            Ok(self.file(node))
        })
    }

    fn create_unlinked(&self, _folder: &Path) -> io::Result<Arc<dyn DiskFile>> {
        self.run(Step::Create, || Ok(self.file(Node::default())))
    }

    fn open(&self, path: &Path, _write: bool) -> io::Result<Arc<dyn DiskFile>> {
        self.run(Step::Open, || Ok(self.file(self.node(path)?)))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.run(Step::Rename, || {
            let node = self.node(from)?;
            self.change(parent(to), Some(from), Some((to, node)));
            Ok(())
        })
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.run(Step::Remove, || {
            let node = self.node(path)?;
            self.change(parent(path), Some(path), None);
            self.give_room(lock(&node).current.len());
            Ok(())
        })
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<Listed>> {
        let state = self.state();
        let files = state.names.iter().filter(|(path, _)| parent(path) == folder);
        let listed = files.filter_map(|(path, node)| {
            let length = u64::try_from(lock(node).current.len()).unwrap_or(u64::MAX);
            Some(Listed { name: path.file_name()?.to_str()?.to_owned(), length })
        });
        Ok(listed.collect())
    }

    fn list_folders(&self, folder: &Path) -> io::Result<Vec<String>> {
        let state = self.state();
        let folders = state.folders.iter().filter(|path| parent(path) == folder);
        Ok(folders.filter_map(|path| path.file_name()?.to_str().map(str::to_owned)).collect())
    }

    fn create_folder(&self, path: &Path) -> io::Result<()> {
        self.state().folders.insert(path.to_owned());
        Ok(())
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        let fault = self.fault(Step::SyncFolder)?;
        let mut state = self.state();
        if state.syncs_do_nothing {
            return Ok(());
        }
        let (now, later): (Vec<Change>, _) =
            std::mem::take(&mut state.pending).into_iter().partition(|change| change.folder == folder);
        state.pending = later;
        if fault == Some(Fault::Failed) {
            // As with bytes: the names stay visible, and a later sync does not bring them to the disk.
            return Err(injected());
        }
        for change in now {
            change.apply(&mut state.durable);
        }
        if fault == Some(Fault::FailedButPersisted) { Err(injected()) } else { Ok(()) }
    }

    fn available(&self, _folder: &Path) -> io::Result<u64> {
        Ok(self.state().room.unwrap_or(u64::MAX))
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn Send + Sync>> {
        if !self.state().held.insert(path.to_owned()) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(Box::new(Hold { disk: self.clone(), path: path.to_owned() }))
    }
}

struct Hold {
    disk: Simulated,
    path: PathBuf,
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.disk.state().held.remove(&self.path);
    }
}

struct SimulatedFile {
    disk: Simulated,
    node: Node,
}

impl Simulated {
    fn file(&self, node: Node) -> Arc<dyn DiskFile> {
        Arc::new(SimulatedFile { disk: self.clone(), node })
    }
}

impl DiskFile for SimulatedFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.disk.run(Step::Read, || {
            let data = lock(&self.node);
            let rest = data.current.get(place(offset)?..).unwrap_or_default();
            let read = rest.len().min(buffer.len());
            if let (Some(to), Some(from)) = (buffer.get_mut(..read), rest.get(..read)) {
                to.copy_from_slice(from);
            }
            Ok(read)
        })
    }

    fn write_at(&self, parts: &[IoSlice<'_>], offset: u64) -> io::Result<usize> {
        let fault = self.disk.fault(Step::Write)?;
        if fault == Some(Fault::Failed) {
            return Err(injected());
        }
        let mut bytes = parts.iter().map(|part| &**part).collect::<Vec<&[u8]>>().concat();
        if fault == Some(Fault::Short) {
            bytes.truncate(bytes.len().div_ceil(2));
        }
        let start = place(offset)?;
        let mut data = lock(&self.node);
        let grows = start.saturating_add(bytes.len()).saturating_sub(data.current.len());
        let lacking = grows.saturating_sub(self.disk.take_room(grows));
        if lacking > 0 && lacking >= bytes.len() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        bytes.truncate(bytes.len().saturating_sub(lacking));
        data.write(&bytes, start);
        if fault == Some(Fault::FailedButPersisted) { Err(injected()) } else { Ok(bytes.len()) }
    }

    fn sync(&self) -> io::Result<()> {
        let fault = self.disk.fault(Step::Sync)?;
        let mut data = lock(&self.node);
        if fault == Some(Fault::Failed) {
            // The kernel marks the pages clean all the same.
            data.dirty.clear();
            return Err(injected());
        }
        if !self.disk.state().syncs_do_nothing {
            data.persist();
        }
        if fault == Some(Fault::FailedButPersisted) { Err(injected()) } else { Ok(()) }
    }

    fn length(&self) -> io::Result<u64> {
        Ok(u64::try_from(lock(&self.node).current.len()).unwrap_or(u64::MAX))
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        self.disk.run(Step::Truncate, || {
            lock(&self.node).truncate(place(length)?);
            Ok(())
        })
    }

    fn link(&self, path: &Path) -> io::Result<()> {
        self.disk.run(Step::Link, || {
            if self.disk.state().names.contains_key(path) {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            self.disk.change(parent(path), None, Some((path, Arc::clone(&self.node))));
            Ok(())
        })
    }
}
