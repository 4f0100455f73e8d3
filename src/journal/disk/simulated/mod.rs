//! A disk in memory with a volatile cache, for tests and for the simulation: any operation can be made to fail, and a
//! power cut loses what was not synced, sector by sector. The operations themselves are in `operations`.

mod operations;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a disk writes as a whole, in bytes.
const SECTOR: usize = 512;

/// An operation that can be made to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// [`Disk::create`](crate::journal::disk::Disk::create) and [`Disk::create_unlinked`](crate::journal::disk::Disk::create_unlinked).
    Create,
    /// [`Disk::open`](crate::journal::disk::Disk::open).
    Open,
    /// [`DiskFile::read_at`](crate::journal::disk::DiskFile::read_at).
    Read,
    /// [`DiskFile::write_at`](crate::journal::disk::DiskFile::write_at).
    Write,
    /// [`DiskFile::sync`](crate::journal::disk::DiskFile::sync).
    Sync,
    /// [`DiskFile::truncate`](crate::journal::disk::DiskFile::truncate).
    Truncate,
    /// [`DiskFile::link`](crate::journal::disk::DiskFile::link).
    Link,
    /// [`Disk::rename`](crate::journal::disk::Disk::rename).
    Rename,
    /// [`Disk::remove`](crate::journal::disk::Disk::remove).
    Remove,
    /// [`Disk::sync_folder`](crate::journal::disk::Disk::sync_folder).
    SyncFolder,
}

impl Step {
    /// Every step that changes something.
    pub const CHANGES: [Self; 8] = [
        Self::Create,
        Self::Write,
        Self::Sync,
        Self::Truncate,
        Self::Link,
        Self::Rename,
        Self::Remove,
        Self::SyncFolder,
    ];
}

/// How an operation fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// An error, and nothing was done. After a sync that failed so, what was written stays visible but never reaches the
    /// disk by another sync: that is how Linux behaves.
    Failed,
    /// An error, although all was done.
    FailedButPersisted,
    /// A write does only its first half, and says so. Other operations succeed.
    Short,
    /// The power is gone: this operation and all after it fail. [`Simulated::cut`] gives what is left.
    Dead,
}

/// A disk in memory. Clones are the same disk.
#[derive(Debug, Clone, Default)]
pub struct Simulated {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// Names as the process sees them.
    names: BTreeMap<PathBuf, Node>,
    /// Names that survive a power cut.
    durable: BTreeMap<PathBuf, Node>,
    /// Changes from `durable` to `names`, in order.
    pending: Vec<Change>,
    folders: BTreeSet<PathBuf>,
    held: BTreeSet<PathBuf>,
    armed: Vec<Armed>,
    dead: bool,
    syncs_do_nothing: bool,
    /// Bytes used at most; no limit if `None`.
    room: Option<u64>,
    counts: BTreeMap<Step, u64>,
}

type Node = Arc<Mutex<Data>>;

#[derive(Debug, Default, Clone)]
struct Data {
    current: Vec<u8>,
    durable: Vec<u8>,
    /// Sectors that differ, or may differ, between the two.
    dirty: BTreeSet<usize>,
}

#[derive(Debug)]
struct Change {
    folder: PathBuf,
    remove: Option<PathBuf>,
    insert: Option<(PathBuf, Node)>,
}

#[derive(Debug)]
struct Armed {
    step: Step,
    skip: u32,
    fault: Fault,
}

impl Simulated {
    /// An empty disk without limit.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A disk that lies: its syncs answer well and do nothing. For negative controls.
    #[must_use]
    pub fn lying() -> Self {
        let disk = Self::default();
        disk.state().syncs_do_nothing = true;
        disk
    }

    /// Makes the `skip + 1`th operation of this kind from now on fail.
    pub fn arm(&self, step: Step, skip: u32, fault: Fault) {
        self.state().armed.push(Armed { step, skip, fault });
    }

    /// Whether every armed fault has happened.
    #[must_use]
    pub fn all_happened(&self) -> bool {
        self.state().armed.is_empty()
    }

    /// Forgets the faults that have not happened.
    pub fn disarm(&self) {
        self.state().armed.clear();
    }

    /// Limits the bytes that can still be written.
    pub fn set_room(&self, bytes: u64) {
        self.state().room = Some(bytes);
    }

    /// How many operations of this kind were asked for.
    #[must_use]
    pub fn count(&self, step: Step) -> u64 {
        self.state().counts.get(&step).copied().unwrap_or_default()
    }

    /// The disk after a power cut now: what was synced, and by the luck of `seed` some of the rest. Every unsynced
    /// sector, length and name is kept or lost on its own.
    #[must_use]
    pub fn cut(&self, seed: u64) -> Self {
        let state = self.state();
        let mut luck = Luck(seed);
        let mut names = state.durable.clone();
        for change in &state.pending {
            if luck.flip() {
                change.apply(&mut names);
            }
        }
        let names: BTreeMap<PathBuf, Node> =
            names.into_iter().map(|(path, node)| (path, Arc::new(Mutex::new(lock(&node).cut(&mut luck))))).collect();
        let after = State { durable: names.clone(), names, folders: state.folders.clone(), ..State::default() };
        Self { state: Arc::new(Mutex::new(after)) }
    }

    /// The disk after an orderly end of the machine: everything has reached it.
    #[must_use]
    pub fn settled(&self) -> Self {
        let state = self.state();
        let names: BTreeMap<PathBuf, Node> =
            state.names.iter().map(|(path, node)| (path.clone(), Arc::new(Mutex::new(lock(node).settled())))).collect();
        let after = State { durable: names.clone(), names, folders: state.folders.clone(), ..State::default() };
        Self { state: Arc::new(Mutex::new(after)) }
    }

    /// Changes the bytes of the file at `path`, durably: bit rot, or a hand in the files. An error if it is not there.
    pub fn tamper(&self, path: &Path, change: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        let node = self.node(path)?;
        let mut data = lock(&node);
        change(&mut data.current);
        *data = data.settled();
        Ok(())
    }

    /// The bytes of the file at `path`.
    pub fn contents(&self, path: &Path) -> io::Result<Vec<u8>> {
        let node = self.node(path)?;
        Ok(lock(&node).current.clone())
    }

    fn node(&self, path: &Path) -> io::Result<Node> {
        self.state().names.get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Counts the operation and says how it is to fail.
    fn fault(&self, step: Step) -> io::Result<Option<Fault>> {
        let mut state = self.state();
        *state.counts.entry(step).or_default() += 1;
        if state.dead {
            return Err(power_is_gone());
        }
        let mut happened = None;
        state.armed.retain_mut(|armed| {
            if armed.step != step || happened.is_some() {
                return true;
            }
            let now = armed.skip == 0;
            armed.skip = armed.skip.saturating_sub(1);
            if now {
                happened = Some(armed.fault);
            }
            !now
        });
        if happened == Some(Fault::Dead) {
            state.dead = true;
            return Err(power_is_gone());
        }
        Ok(happened)
    }

    /// Does `act` as the armed faults allow.
    fn run<T>(&self, step: Step, act: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        match self.fault(step)? {
            None | Some(Fault::Short | Fault::Dead) => act(),
            Some(Fault::Failed) => Err(injected()),
            Some(Fault::FailedButPersisted) => act().and(Err(injected())),
        }
    }

    fn change(&self, folder: &Path, remove: Option<&Path>, insert: Option<(&Path, Node)>) {
        let change = Change {
            folder: folder.to_owned(),
            remove: remove.map(Path::to_owned),
            insert: insert.map(|(path, node)| (path.to_owned(), node)),
        };
        let mut state = self.state();
        change.apply(&mut state.names);
        state.pending.push(change);
    }

    /// Takes up to `wanted` bytes of room.
    fn take_room(&self, wanted: usize) -> usize {
        let mut state = self.state();
        let Some(room) = state.room.as_mut() else { return wanted };
        let taken = wanted.min(usize::try_from(*room).unwrap_or(usize::MAX));
        *room = room.saturating_sub(u64::try_from(taken).unwrap_or(u64::MAX));
        taken
    }
}

impl Simulated {
    /// What a file took is free again.
    fn give_room(&self, bytes: usize) {
        if let Some(room) = self.state().room.as_mut() {
            *room = room.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        }
    }
}

impl Change {
    fn apply(&self, names: &mut BTreeMap<PathBuf, Node>) {
        if let Some(path) = &self.remove {
            names.remove(path);
        }
        if let Some((path, node)) = &self.insert {
            names.insert(path.clone(), Arc::clone(node));
        }
    }
}

impl Data {
    /// What is left after a power cut.
    fn cut(&self, luck: &mut Luck) -> Self {
        let mut bytes = self.durable.clone();
        if bytes.len() != self.current.len() && luck.flip() {
            resize(&mut bytes, self.current.len());
        }
        for sector in &self.dirty {
            if luck.flip() {
                copy_sector(&self.current, &mut bytes, *sector);
            }
        }
        Self { current: bytes.clone(), durable: bytes, dirty: BTreeSet::new() }
    }

    /// A sync: the dirty sectors and the length reach the disk; what a failed sync left behind does not.
    fn persist(&mut self) {
        resize(&mut self.durable, self.current.len());
        for sector in std::mem::take(&mut self.dirty) {
            copy_sector(&self.current, &mut self.durable, sector);
        }
    }

    fn settled(&self) -> Self {
        Self { current: self.current.clone(), durable: self.current.clone(), dirty: BTreeSet::new() }
    }

    fn truncate(&mut self, length: usize) {
        self.dirty.retain(|sector| sector.saturating_mul(SECTOR) < length);
        resize(&mut self.current, length);
    }

    fn write(&mut self, bytes: &[u8], start: usize) {
        let end = start.saturating_add(bytes.len());
        if self.current.len() < end {
            resize(&mut self.current, end);
        }
        if let Some(place) = self.current.get_mut(start..end) {
            place.copy_from_slice(bytes);
        }
        self.dirty.extend(start / SECTOR..end.div_ceil(SECTOR));
    }
}

/// As [`Vec::resize`] with zeros, but quick where nothing is optimised: histories are played by the thousand there.
fn resize(bytes: &mut Vec<u8>, length: usize) {
    bytes.truncate(length);
    bytes.extend_from_slice(&vec![0; length.saturating_sub(bytes.len())]);
}

/// As far as both go.
fn copy_sector(from: &[u8], to: &mut [u8], sector: usize) {
    let start = sector.saturating_mul(SECTOR);
    let end = start.saturating_add(SECTOR).min(from.len()).min(to.len());
    if let (Some(to), Some(from)) = (to.get_mut(start..end), from.get(start..end)) {
        to.copy_from_slice(from);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn parent(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}

fn place(offset: u64) -> io::Result<usize> {
    usize::try_from(offset).map_err(|_| io::ErrorKind::InvalidInput.into())
}

fn injected() -> io::Error {
    io::Error::other("injected fault")
}

fn power_is_gone() -> io::Error {
    io::Error::other("injected power cut")
}

/// A small generator (SplitMix64): one seed, one history.
struct Luck(u64);

impl Luck {
    fn flip(&mut self) -> bool {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) & 1 == 1
    }
}
