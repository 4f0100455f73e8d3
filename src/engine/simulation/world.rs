//! The hub under simulation: the writer of the product on a disk, an index and a clock that do as they are told, in one
//! thread. Restarts, kills and power cuts go through the same opening as in earnest.

use std::io;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};

use crate::clock::SetClock;
use crate::config::{Config, DataFolder};
use crate::domain::{Refusal, Timestamp};
use crate::engine::erase;
use crate::engine::open::{Ground, OpenError, open_writer};
use crate::engine::simulation::luck::Luck;
use crate::engine::writer::{Committed, Job, Writer};
use crate::hub::Event;
use crate::hub::decide::Command;
use crate::hub::register::Opening;
use crate::hub::rows::{HeadRow, decode, encode};
use crate::index::{Durability, Index, IndexError, Memory, Read, Rows, Writes};
use crate::journal::Payloads;
use crate::journal::disk::{Disk, Simulated};
use crate::trail::{LogKey, MemoryTiles, Tiles};

/// Small, so that there are several.
const SEGMENT_BYTES: u64 = 6_000;
/// Room that ordinary messages leave free.
const FREE_BYTES_MIN: u64 = 4 << 20;
const RESERVE_BYTES: u64 = 16 << 10;
const ORIGIN: &str = "hub.example/simulation";
const START_MS: i64 = 1_795_000_000_000;

/// How a run of the hub ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// In order.
    Stopped,
    /// kill -9: what was written stays.
    Killed,
    /// What was not synced may be gone.
    PowerCut(u64),
}

/// How much room is left on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    Plenty,
    Little,
    None,
}

/// What becomes of the index meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IndexEnd {
    /// As a crash leaves it.
    Kept,
    /// Deleted.
    Lost,
    /// Of another hub.
    Foreign,
}

/// An index that fails when it is told to: 1 before, 2 after it has done it.
#[derive(Clone, Default)]
struct Told {
    memory: Arc<Memory>,
    fails: Arc<AtomicU8>,
}

impl Index for Told {
    fn reader(&self) -> Result<Box<dyn Read + '_>, IndexError> {
        self.memory.reader()
    }

    fn apply_rows(&self, rows: &mut Rows<'_>, durability: Durability) -> Result<(), IndexError> {
        match self.fails.swap(0, Ordering::SeqCst) {
            0 => self.memory.apply_rows(rows, durability),
            1 => Err(IndexError::Io(io::Error::other("injected fault"))),
            _ => self
                .memory
                .apply_rows(rows, durability)
                .and(Err(IndexError::Io(io::Error::other("injected fault after the fact")))),
        }
    }
}

/// What the hub stands on.
#[derive(Clone)]
struct Soil {
    disk: Simulated,
    index: Arc<Mutex<Told>>,
    tiles: Arc<MemoryTiles>,
}

impl Soil {
    fn index(&self) -> Told {
        self.index.lock().unwrap().clone()
    }

    fn set_index(&self, memory: Memory) {
        *self.index.lock().unwrap() = Told { memory: Arc::new(memory), fails: Arc::default() };
    }
}

impl Ground for Soil {
    fn disk(&self) -> Arc<dyn Disk> {
        Arc::new(self.disk.clone())
    }

    fn open_index(&self) -> Result<Box<dyn Index>, IndexError> {
        Ok(Box::new(self.index()))
    }

    fn remove_index(&self) -> io::Result<()> {
        self.set_index(Memory::new());
        Ok(())
    }

    fn tiles(&self) -> io::Result<Arc<dyn Tiles>> {
        Ok(self.tiles.clone())
    }
}

/// A hub and what it stands on.
pub(super) struct World {
    soil: Soil,
    pub(super) clock: Arc<SetClock>,
    pub(super) ids: Luck,
    config: Config,
    data: DataFolder,
    pub(super) writer: Option<Writer>,
}

impl World {
    /// A hub that has never run.
    pub(super) fn new(seed: u64) -> Self {
        let mut config = Config::new(ORIGIN);
        config.journal.segment_bytes = SEGMENT_BYTES;
        (config.journal.free_bytes_min, config.journal.reserve_bytes) = (FREE_BYTES_MIN, RESERVE_BYTES);
        let soil = Soil { disk: Simulated::new(), index: Arc::default(), tiles: Arc::default() };
        let clock = Arc::new(SetClock::at(Timestamp::from_millis(START_MS)));
        let mut world = Self { soil, clock, ids: Luck::new(seed), config, data: DataFolder::new("/hub"), writer: None };
        world.open().unwrap();
        world
    }

    pub(super) fn disk(&self) -> &Simulated {
        &self.soil.disk
    }

    pub(super) fn writer(&self) -> &Writer {
        self.writer.as_ref().unwrap()
    }

    /// Makes the next apply of the index fail: before, or after it has done it.
    pub(super) fn fail_index(&self, after: bool) {
        self.soil.index().fails.store(if after { 2 } else { 1 }, Ordering::SeqCst);
    }

    pub(super) fn forgive_index(&self) {
        self.soil.index().fails.store(0, Ordering::SeqCst);
    }

    pub(super) fn set_room(&self, room: Room) {
        self.soil.disk.set_room(match room {
            Room::Plenty => 1 << 40,
            Room::Little => FREE_BYTES_MIN / 2,
            // Less than the mebibyte that the journal wants beside a record, but for what the reserve keeps.
            Room::None => (1 << 20) - RESERVE_BYTES / 2,
        });
    }

    pub(super) fn payloads(&self) -> Payloads {
        Payloads::open(self.soil.disk(), &self.data.payloads()).unwrap()
    }

    /// All rows of the index.
    pub(super) fn rows(&self) -> std::collections::BTreeMap<Vec<u8>, Vec<u8>> {
        self.soil.index().memory.rows()
    }

    /// Opens the hub as it is started; entry 0 the first time.
    pub(super) fn open(&mut self) -> Result<(), OpenError> {
        let key = LogKey::from_seed(ORIGIN, [7; 32]).unwrap();
        Payloads::open(self.soil.disk(), &self.data.payloads())?;
        let mut writer = open_writer(&self.soil, &self.config, &self.data, key, self.clock.clone())?;
        writer.ids = Box::new(Luck::new(self.ids.next()));
        if writer.tree.view().size() == 0 {
            let text = || "simulation".to_owned();
            let opening = Opening { origin: ORIGIN.to_owned(), verifier_key: text(), software: text() };
            writer.open_trail(opening).map_err(OpenError::First)?;
        }
        self.writer = Some(writer);
        Ok(())
    }

    /// Ends the process, one way or another. What was armed is forgotten only by a power cut.
    pub(super) fn end(&mut self, end: End, index: IndexEnd) {
        if let Some(writer) = self.writer.take()
            && end == End::Stopped
        {
            let (nobody, jobs) = channel();
            drop(nobody);
            writer.run(&jobs);
        }
        if let End::PowerCut(seed) = end {
            self.soil.disk = self.soil.disk.cut(seed);
        }
        let memory = self.soil.index().memory;
        match index {
            IndexEnd::Kept if end == End::Stopped => {}
            IndexEnd::Kept => self.soil.set_index(memory.after_crash()),
            IndexEnd::Lost => self.soil.set_index(Memory::new()),
            IndexEnd::Foreign => self.soil.set_index(foreign(&memory)),
        }
    }

    /// Gives commands to the writer at once, as from clients that race; the answers in the same order.
    pub(super) fn batch(&mut self, commands: Vec<Command>) -> Vec<Result<Committed, Refusal>> {
        let (jobs, waiting) = channel();
        let mut answers = Vec::new();
        for command in commands {
            let (job, told) = Job::told(command, None);
            jobs.send(job).unwrap();
            answers.push(told);
        }
        let writer = self.writer.as_mut().unwrap();
        while let Ok(first) = waiting.try_recv() {
            writer.run_batch(first, &waiting);
        }
        answers.into_iter().map(|mut told| told.try_recv().unwrap()).collect()
    }

    /// What is doomed in one segment, if anything is.
    fn doomed(&self) -> Option<erase::Doomed> {
        let reader = self.writer().shared.index.reader().unwrap();
        erase::doomed(&crate::hub::Rows(reader.as_ref())).unwrap()
    }

    /// Whether the segment in which something is doomed is still written to; its sealing is asked for.
    pub(super) fn wants_sealing(&self) -> bool {
        let retention = &self.writer().retention;
        let open = self.doomed().is_some_and(|doomed| !retention.sealed().contains(&doomed.segment));
        if open {
            retention.ask_to_seal();
        }
        open
    }

    /// Takes what is doomed in one segment off the disk, as `engine::erase` does, and gives the entry that says so;
    /// nothing where there is nothing, or where the disk fails meanwhile.
    pub(super) fn erase(&mut self) -> Option<Event> {
        let doomed = self.doomed()?;
        let retention = self.writer().retention.clone();
        let destroyed = retention.destroy(doomed.segment, &mut |seq, content| erase::is_doomed(&doomed, seq, content));
        let destroyed = destroyed.ok()?;
        for name in &destroyed.payloads {
            self.payloads().remove(*name).ok()?;
        }
        Some(erase::event(&doomed, retention.generation(doomed.segment).unwrap_or_default(), &destroyed))
    }

    /// Nobody has asked for anything for a while.
    pub(super) fn idle(&mut self) {
        self.writer.as_mut().unwrap().idle();
    }
}

/// An index with the same head in number, but of another trail.
fn foreign(memory: &Memory) -> Memory {
    let other = Memory::new();
    let head = crate::hub::keys::head().into_vec();
    let row = memory.rows().get(&head).map(|row| {
        let mut row: HeadRow = decode(row).unwrap();
        row.salt.as_mut().unwrap()[0] ^= 1;
        row
    });
    let rows = row.map(|row| (head, Some(encode(&row).unwrap())));
    other.apply(&rows.into_iter().collect::<Writes>(), Durability::Checkpoint).unwrap();
    other
}
