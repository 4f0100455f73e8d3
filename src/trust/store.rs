//! The trust store of a running hub: a snapshot of files, replaced whole by a reload, and the paths checked under it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use crate::domain::{Refusal, Timestamp};
use crate::signature::{Chain, ChainCheck};
use crate::trust::block::{Block, Blocks};
use crate::trust::cache::Cache;
use crate::trust::crls::CrlFloors;
use crate::trust::files::{Kind, Loaded, load};
use crate::trust::inventory::Inventory;
use crate::trust::revocation::Revocation;
use crate::trust::snapshot::{Fault, Files, Snapshot, is_authority};
use crate::trust::usage::Usage;
use crate::trust::{Asked, Sources, revocation};

/// Why a store could not be loaded. What was loaded before stays in force.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// Files of anchors or intermediates that are missing, damaged or no certificates of authorities.
    #[error("{}", list(.0))]
    Certificates(Vec<Fault>),
}

fn list(faults: &[Fault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// What stands in a store, for `truc doctor` and the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Anchors.
    pub anchors: usize,
    /// Intermediates.
    pub intermediates: usize,
    /// CRLs in force.
    pub crls: usize,
    /// CRLs that were not taken: file and reason.
    pub faults: Vec<String>,
}

/// Anchors, intermediates and CRLs from files; checks the paths of signers against them.
///
/// Reading never waits for a check or a reload: a check works on the snapshot that was in force when it began, and
/// no lock is held while it works. A reload takes effect for every check that begins after it.
#[derive(Debug)]
pub struct TrustStore {
    sources: Sources,
    usage: Usage,
    floors: CrlFloors,
    generation: RwLock<Arc<Generation>>,
    /// Held through a reload, so that two of them do not overtake each other.
    reloading: Mutex<()>,
}

/// A snapshot and what was found under it: a new one begins with an empty cache.
#[derive(Debug)]
struct Generation {
    snapshot: Arc<Snapshot>,
    blocks: Arc<Blocks>,
    cache: Cache,
}

impl Generation {
    fn new(snapshot: Arc<Snapshot>, blocks: Arc<Blocks>) -> Self {
        Self { snapshot, blocks, cache: Cache::default() }
    }
}

impl TrustStore {
    /// Loads a store for signers of messages.
    ///
    /// # Errors
    /// When a certificate file is bad. Bad CRLs are in the [`report`](Self::report); what they would have spoken of is
    /// then unknown, not good.
    pub fn open(sources: Sources, now: Timestamp) -> Result<Self, TrustError> {
        Self::open_for(Usage::SIGNER, sources, &CrlFloors::default(), now)
    }

    /// Loads a store for signers of messages, in which certificates that came with a message (DER) help like
    /// intermediates from files: paths may lead through them, and CRLs of those authorities are taken. What is no
    /// authority's certificate among them is left out. A reload forgets them.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_offered(sources: Sources, offered: &[Vec<u8>], now: Timestamp) -> Result<Self, TrustError> {
        let mut files = files(&sources);
        let items = offered.iter().filter(|der| is_authority(der)).cloned().collect();
        files.intermediates.push(Loaded { path: PathBuf::from("KeyInfo"), items: Ok(items) });
        Self::of(files, Usage::SIGNER, sources, &CrlFloors::default(), now)
    }

    /// Loads a store for another use, or one that remembers from before which CRLs it has seen.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_for(usage: Usage, sources: Sources, floors: &CrlFloors, now: Timestamp) -> Result<Self, TrustError> {
        Self::of(files(&sources), usage, sources, floors, now)
    }

    fn of(
        files: Files,
        usage: Usage,
        sources: Sources,
        floors: &CrlFloors,
        now: Timestamp,
    ) -> Result<Self, TrustError> {
        let snapshot = Snapshot::build(files, None, floors, now).map_err(TrustError::Certificates)?;
        let generation = Generation::new(Arc::new(snapshot), Arc::default());
        let generation = RwLock::new(Arc::new(generation));
        Ok(Self { sources, usage, floors: floors.clone(), generation, reloading: Mutex::new(()) })
    }

    /// Reads the files again. A CRL that is not later than the one in force is refused, and one whose file is gone
    /// stays in force.
    ///
    /// # Errors
    /// As [`open`](Self::open); the store then stays as it was.
    pub fn reload(&self, now: Timestamp) -> Result<(), TrustError> {
        let _one_at_a_time = self.reloading.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.generation();
        let snapshot = read(&self.sources, Some(&before.snapshot), &self.floors, now)?;
        self.replace(Generation::new(Arc::new(snapshot), Arc::clone(&before.blocks)));
        Ok(())
    }

    /// The emergency blocks in force from the next check on, in place of those before.
    pub fn set_blocks(&self, blocks: Vec<Block>) {
        let _one_at_a_time = self.reloading.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.generation();
        self.replace(Generation::new(Arc::clone(&before.snapshot), Arc::new(Blocks::new(blocks))));
    }

    /// What the CRLs in force say of a certificate, whatever its path: that it is revoked or on hold, since when and
    /// why. Nothing means that none of them names it, not that it is good.
    #[must_use]
    pub fn revocation(&self, der: &[u8]) -> Option<Revocation> {
        revocation::named(self.generation().snapshot.crls(), der)
    }

    /// What stands in the store.
    #[must_use]
    pub fn report(&self) -> Report {
        let generation = self.generation();
        let (anchors, intermediates, crls) = generation.snapshot.counts();
        let faults = generation.snapshot.faults().iter().map(ToString::to_string).collect();
        Report { anchors, intermediates, crls, faults }
    }

    /// What stands in the store, item by item.
    #[must_use]
    pub fn inventory(&self, now: Timestamp) -> Inventory {
        Inventory::of(&self.generation().snapshot, now)
    }

    /// The numbers of the CRLs in force, to be given to [`open_for`](Self::open_for) after a restart.
    #[must_use]
    pub fn crl_floors(&self) -> CrlFloors {
        self.generation().snapshot.crls().floors()
    }

    fn replace(&self, generation: Generation) {
        *self.generation.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(generation);
    }

    /// Checks the certificate of a signature inside a document: for another use than the store's own, and about the
    /// past. Not cached, since every document names its own time.
    ///
    /// # Errors
    /// As [`ChainCheck::check`].
    pub fn check_asked(&self, leaf: &[u8], others: &[Vec<u8>], asked: Asked) -> Result<Chain, Refusal> {
        let generation = self.generation();
        generation.snapshot.check(leaf, others, asked, &generation.blocks).map(|(chain, _)| chain)
    }

    fn generation(&self) -> Arc<Generation> {
        Arc::clone(&self.generation.read().unwrap_or_else(PoisonError::into_inner))
    }
}

fn read(
    sources: &Sources,
    before: Option<&Snapshot>,
    floors: &CrlFloors,
    now: Timestamp,
) -> Result<Snapshot, TrustError> {
    Snapshot::build(files(sources), before, floors, now).map_err(TrustError::Certificates)
}

fn files(sources: &Sources) -> Files {
    Files {
        anchors: load(&sources.anchors, Kind::Certificate),
        intermediates: load(&sources.intermediates, Kind::Certificate),
        crls: load(&sources.crls, Kind::Crl),
    }
}

impl ChainCheck for TrustStore {
    fn check(&self, leaf: &[u8], others: &[Vec<u8>], at: Timestamp) -> Result<Chain, Refusal> {
        let generation = self.generation();
        if let Some(chain) = generation.cache.get(leaf, others, at) {
            return Ok(chain);
        }
        let (chain, window) =
            generation.snapshot.check(leaf, others, Asked::now(self.usage, at), &generation.blocks)?;
        generation.cache.put(leaf, others, &chain, window);
        Ok(chain)
    }
}
