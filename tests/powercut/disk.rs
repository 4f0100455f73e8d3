//! The disk that loses power: a volatile write cache before a durable image. Pure; `volume` mounts it.
//!
//! A write changes what is read, and nothing else. A flush makes everything written before it durable. At the cut, the
//! durable image stays, and of what was written since the last flush nothing, everything, or a random part: whole
//! blocks of 4 KiB, or torn ones, sector by sector. A block written twice may keep its older content. Flushes are
//! honest: a disk that lies about them is not modelled.

use std::sync::Arc;

use crate::random::Random;

/// The unit in which file systems write, and in which caches mostly keep.
pub(crate) const BLOCK: usize = 4096;
/// The unit that a disk never tears.
const SECTOR: usize = 512;

type Block = Arc<[u8; BLOCK]>;

/// The content of a disk; blocks that were never written are zeros. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Image(Vec<Option<Block>>);

/// What a power cut leaves of the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Survivors {
    Nothing,
    Everything,
    Blocks,
    Sectors,
}

/// Where the power goes: before operation number `at` (writes and flushes, counted from when the plan was made) has
/// taken effect. Its data are in the cache, like everything since the last flush.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) at: u64,
    pub(crate) survivors: Survivors,
    pub(crate) random: Random,
}

/// A block in the cache, with the sectors that were written.
struct Pending {
    block: usize,
    content: Block,
    sectors: u8,
}

/// The disk. After the cut it goes on answering, so that whoever uses it can be stopped, but nothing counts any more.
pub(crate) struct Disk {
    current: Image,
    durable: Image,
    pending: Vec<Pending>,
    plan: Option<Plan>,
    after_cut: Option<Image>,
    figures: Figures,
}

/// What was asked of the disk so far.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Figures {
    pub(crate) writes: u64,
    pub(crate) flushes: u64,
    /// Blocks that were in the cache at the cuts.
    pub(crate) unflushed: u64,
    /// Cuts that came as planned, at a write and at a flush.
    pub(crate) cuts_at_writes: u64,
    pub(crate) cuts_at_flushes: u64,
}

impl Figures {
    /// What came after `before`.
    pub(crate) const fn since(self, before: Self) -> Self {
        Self {
            writes: self.writes - before.writes,
            flushes: self.flushes - before.flushes,
            unflushed: self.unflushed - before.unflushed,
            cuts_at_writes: self.cuts_at_writes - before.cuts_at_writes,
            cuts_at_flushes: self.cuts_at_flushes - before.cuts_at_flushes,
        }
    }
}

impl Image {
    pub(crate) fn zeros(octets: u64) -> Self {
        Self(vec![None; (octets as usize).div_ceil(BLOCK)])
    }

    pub(crate) const fn len(&self) -> u64 {
        (self.0.len() * BLOCK) as u64
    }

    fn block(&self, block: usize) -> Block {
        self.0[block].clone().unwrap_or_else(|| Arc::new([0; BLOCK]))
    }

    fn put_sectors(&mut self, pending: &Pending, sectors: u8) {
        if sectors == u8::MAX {
            self.0[pending.block] = Some(Arc::clone(&pending.content));
        } else if sectors != 0 {
            let mut block = self.block(pending.block);
            let octets = Arc::make_mut(&mut block);
            for at in (0..8).filter(|sector| sectors >> sector & 1 == 1).map(|sector| sector * SECTOR) {
                octets[at..at + SECTOR].copy_from_slice(&pending.content[at..at + SECTOR]);
            }
            self.0[pending.block] = Some(block);
        }
    }
}

impl Disk {
    pub(crate) fn new(image: Image) -> Self {
        let (current, durable) = (image.clone(), image);
        Self { current, durable, pending: Vec::new(), plan: None, after_cut: None, figures: Figures::default() }
    }

    pub(crate) const fn len(&self) -> u64 {
        self.current.len()
    }

    pub(crate) const fn figures(&self) -> Figures {
        self.figures
    }

    /// From now on, counted from 1.
    pub(crate) fn plan(&mut self, plan: Option<Plan>) {
        self.plan = plan;
    }

    pub(crate) fn read(&self, offset: u64, length: usize) -> Vec<u8> {
        let mut octets = Vec::with_capacity(length);
        let end = (offset as usize + length).min(self.len() as usize);
        let mut at = offset as usize;
        while at < end {
            let (block, from) = (at / BLOCK, at % BLOCK);
            let take = (BLOCK - from).min(end - at);
            match &self.current.0[block] {
                Some(content) => octets.extend_from_slice(&content[from..from + take]),
                None => octets.resize(octets.len() + take, 0),
            }
            at += take;
        }
        octets
    }

    /// Whether the power went with it.
    pub(crate) fn write(&mut self, offset: u64, data: &[u8]) -> bool {
        self.figures.writes += 1;
        let (mut at, mut rest) = (offset as usize, data);
        while !rest.is_empty() {
            let (block, from) = (at / BLOCK, at % BLOCK);
            let (piece, after) = rest.split_at((BLOCK - from).min(rest.len()));
            self.write_block(block, from, piece);
            (at, rest) = (at + piece.len(), after);
        }
        let due = self.is_due();
        self.figures.cuts_at_writes += u64::from(due);
        due
    }

    fn write_block(&mut self, block: usize, from: usize, piece: &[u8]) {
        let mut content = self.current.block(block);
        Arc::make_mut(&mut content)[from..from + piece.len()].copy_from_slice(piece);
        self.current.0[block] = Some(Arc::clone(&content));
        if self.after_cut.is_none() {
            let sectors =
                (from / SECTOR..(from + piece.len()).div_ceil(SECTOR)).fold(0, |set, sector| set | 1 << sector);
            self.pending.push(Pending { block, content, sectors });
        }
    }

    /// Whether the power went before it was done.
    pub(crate) fn flush(&mut self) -> bool {
        self.figures.flushes += 1;
        if self.is_due() {
            self.figures.cuts_at_flushes += 1;
            return true;
        }
        for pending in self.pending.drain(..) {
            self.durable.put_sectors(&pending, pending.sectors);
        }
        false
    }

    fn is_due(&mut self) -> bool {
        let Some(plan) = self.plan.as_mut().filter(|_| self.after_cut.is_none()) else { return false };
        plan.at = plan.at.saturating_sub(1);
        let due = plan.at == 0;
        if due {
            self.cut();
        }
        due
    }

    /// The power goes. Nothing happens if it has gone already.
    pub(crate) fn cut(&mut self) {
        if self.after_cut.is_some() {
            return;
        }
        let plan = self.plan.take();
        let survivors = plan.as_ref().map_or(Survivors::Nothing, |plan| plan.survivors);
        let mut random = plan.map_or(Random::new(0), |plan| plan.random);
        let mut image = self.durable.clone();
        self.figures.unflushed += self.pending.len() as u64;
        for pending in self.pending.drain(..) {
            let sectors = match survivors {
                Survivors::Nothing => 0,
                Survivors::Everything => u8::MAX,
                Survivors::Blocks if random.chance(50) => u8::MAX,
                Survivors::Blocks => 0,
                Survivors::Sectors => random.next().to_le_bytes()[0],
            };
            image.put_sectors(&pending, pending.sectors & sectors);
        }
        self.after_cut = Some(image);
    }

    /// The power comes back: what the cut left is what there is.
    pub(crate) fn power_on(&mut self) {
        if let Some(image) = self.after_cut.take() {
            (self.current, self.durable) = (image.clone(), image);
        }
        self.plan = None;
    }

    /// What is durable now.
    pub(crate) fn durable(&self) -> Image {
        self.durable.clone()
    }

    /// Another content, as after a change of disks.
    pub(crate) fn replace(&mut self, image: &Image) {
        *self = Self { figures: self.figures, ..Self::new(image.clone()) };
    }
}

/// What this file promises, looked at before every run: a model that keeps too much would find nothing.
pub(crate) fn keeps_its_promises() -> bool {
    let cut_after = |survivors, flushed: bool| {
        let mut disk = Disk::new(Image::zeros(64 * BLOCK as u64));
        disk.plan(Some(Plan { at: u64::MAX, survivors, random: Random::new(7) }));
        disk.write(0, &[1; 64 * BLOCK]);
        if flushed {
            disk.flush();
        }
        disk.write(0, &[2; 64 * BLOCK]);
        disk.cut();
        disk.power_on();
        disk.read(0, 64 * BLOCK)
    };
    let only = |octets: &[u8], allowed: &[u8]| octets.iter().all(|octet| allowed.contains(octet));
    let torn = |octets: &[u8]| octets.chunks(BLOCK).any(|block| block.iter().any(|octet| *octet != block[0]));
    let mixed = |octets: &[u8]| octets.chunks(SECTOR).any(|sector| sector[0] == 1) && octets.contains(&2);
    let (blocks, sectors) = (cut_after(Survivors::Blocks, true), cut_after(Survivors::Sectors, true));
    only(&cut_after(Survivors::Nothing, true), &[1])
        && only(&cut_after(Survivors::Nothing, false), &[0])
        && only(&cut_after(Survivors::Everything, true), &[2])
        && (only(&blocks, &[1, 2]) && mixed(&blocks) && !torn(&blocks))
        && (only(&sectors, &[1, 2]) && mixed(&sectors) && torn(&sectors))
}
