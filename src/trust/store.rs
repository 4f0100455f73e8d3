//! The trust store of a running hub: a snapshot of files, replaced whole by a reload, and the paths checked under it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use crate::domain::{Code, Digest, Refusal, Timestamp};
use crate::signature::{Chain, ChainCheck, SignerInfo};
use crate::trust::block::{Block, Blocks};
use crate::trust::cache::Cache;
use crate::trust::files::{Kind, Loaded, load};
use crate::trust::floors::CrlFloors;
use crate::trust::inventory::{Inventory, days_left};
use crate::trust::revocation::Revocation;
use crate::trust::rules::{Ages, Rules};
use crate::trust::seen::Seen;
use crate::trust::snapshot::{Fault, Files, Snapshot, is_authority};
use crate::trust::usage::Usage;
use crate::trust::{Asked, Sources};

/// Why a store could not be loaded. What was loaded before stays in force.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// Files of anchors or intermediates that are missing, damaged or no certificates of authorities.
    #[error("{}", list(.0))]
    Certificates(Vec<Fault>),
    /// The file of CRL numbers that were seen before. Without it an older CRL could come back unnoticed.
    #[error("{path}: {reason}; delete the file only if no CRL in force can be older than one used before")]
    Floors {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: std::io::Error,
    },
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
    /// Certificates about which an OCSP answer is held.
    pub answers: usize,
    /// CRLs and OCSP answers that were not taken: file and reason.
    pub faults: Vec<String>,
}

/// Anchors, intermediates and CRLs from files; checks the paths of signers against them.
///
/// Reading never waits for a check or a reload: a check works on the snapshot that was in force when it began, and
/// no lock is held while it works. A reload takes effect for every check that begins after it.
#[derive(Debug)]
pub struct TrustStore {
    sources: Sources,
    rules: Rules,
    floors: Mutex<CrlFloors>,
    /// Where the floors are kept over restarts.
    floors_file: Option<PathBuf>,
    seen: Seen,
    /// The certificates that are registered, whether they have signed or not.
    registered: Mutex<HashMap<Digest, Arc<SignerInfo>>>,
    /// What the hub itself shows its callers.
    own: OnceLock<Arc<SignerInfo>>,
    generation: RwLock<Arc<Generation>>,
    /// Held through a reload, so that two of them do not overtake each other.
    reloading: Mutex<()>,
    /// How often what is in force has changed.
    revision: AtomicU64,
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
    pub fn open_offered(
        sources: Sources,
        offered: &[Vec<u8>],
        floors: &CrlFloors,
        now: Timestamp,
    ) -> Result<Self, TrustError> {
        let mut files = files(&sources);
        let items = offered.iter().filter(|der| is_authority(der)).cloned().collect();
        files.intermediates.push(Loaded { path: PathBuf::from("KeyInfo"), items: Ok(items) });
        Self::of(files, Rules::of(Usage::SIGNER), sources, floors.clone(), now)
    }

    /// Loads a store by these rules, which remembers over restarts in this file which CRLs it has seen.
    ///
    /// # Errors
    /// As [`open`](Self::open); [`TrustError::Floors`] when the file is damaged or cannot be written.
    pub fn open_kept(rules: Rules, sources: Sources, floors_file: &Path, now: Timestamp) -> Result<Self, TrustError> {
        let fault = |reason| TrustError::Floors { path: floors_file.to_owned(), reason };
        let floors = CrlFloors::load(floors_file).map_err(fault)?;
        let mut store = Self::of(files(&sources), rules, sources, floors.clone(), now)?;
        let raised = store.crl_floors();
        if raised != floors {
            raised.save(floors_file).map_err(fault)?;
        }
        store.floors_file = Some(floors_file.to_owned());
        Ok(store)
    }

    /// Loads a store for another use, or one that remembers from before which CRLs it has seen.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_for(usage: Usage, sources: Sources, floors: &CrlFloors, now: Timestamp) -> Result<Self, TrustError> {
        Self::of(files(&sources), Rules::of(usage), sources, floors.clone(), now)
    }

    fn of(files: Files, rules: Rules, sources: Sources, floors: CrlFloors, now: Timestamp) -> Result<Self, TrustError> {
        let snapshot = Snapshot::build(files, rules.ages, None, &floors, now).map_err(TrustError::Certificates)?;
        let floors = Mutex::new(floors.raised(&snapshot.crls().floors()));
        let generation = RwLock::new(Arc::new(Generation::new(Arc::new(snapshot), Arc::default())));
        let (seen, reloading, revision) = (Seen::default(), Mutex::new(()), AtomicU64::new(0));
        let (registered, own) = (Mutex::default(), OnceLock::new());
        Ok(Self { sources, rules, floors, floors_file: None, seen, registered, own, generation, reloading, revision })
    }

    /// Reads the files again. A CRL that is not later than the one in force is refused, and one whose file is gone
    /// stays in force.
    ///
    /// # Errors
    /// As [`open`](Self::open); the store then stays as it was.
    pub fn reload(&self, now: Timestamp) -> Result<(), TrustError> {
        let _one_at_a_time = self.reloading.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.generation();
        let floors = self.crl_floors();
        let snapshot = read(&self.sources, self.rules.ages, Some(&before.snapshot), &floors, now)?;
        self.raise_floors(&floors, &snapshot);
        self.replace(Generation::new(Arc::new(snapshot), Arc::clone(&before.blocks)));
        Ok(())
    }

    /// The emergency blocks in force from the next check on, in place of those before.
    pub fn set_blocks(&self, blocks: Vec<Block>) {
        let _one_at_a_time = self.reloading.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.generation();
        self.replace(Generation::new(Arc::clone(&before.snapshot), Arc::new(Blocks::new(blocks))));
    }

    /// What the CRLs and OCSP answers in force say of a certificate, whatever its path: that it is revoked or on hold, since when and
    /// why. Nothing means that none of them names it, not that it is good.
    #[must_use]
    pub fn revocation(&self, der: &[u8]) -> Option<Revocation> {
        self.snapshot().revocation(der)
    }

    /// Grows whenever what is in force changes: what could not be decided before may be decided now.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision.load(Ordering::SeqCst)
    }

    /// What stands in the store.
    #[must_use]
    pub fn report(&self) -> Report {
        let generation = self.generation();
        let (anchors, intermediates, crls, answers) = generation.snapshot.counts();
        let faults = generation.snapshot.faults().iter().map(ToString::to_string).collect();
        Report { anchors, intermediates, crls, answers, faults }
    }

    /// What stands in the store, item by item.
    #[must_use]
    pub fn inventory(&self, now: Timestamp) -> Inventory {
        Inventory::of(&self.generation().snapshot, now)
    }

    /// The highest numbers of CRLs seen so far, to be given to [`open_for`](Self::open_for) after a restart.
    #[must_use]
    pub fn crl_floors(&self) -> CrlFloors {
        self.floors.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What cannot be written now is written with the next reload; until then the numbers are in memory.
    fn raise_floors(&self, before: &CrlFloors, snapshot: &Snapshot) {
        let raised = before.clone().raised(&snapshot.crls().floors());
        if raised == *before {
            return;
        }
        if let Some(Err(error)) = self.floors_file.as_ref().map(|path| raised.save(path)) {
            tracing::error!(%error, "the numbers of the CRLs could not be kept: a restart could take an older CRL");
        }
        *self.floors.lock().unwrap_or_else(PoisonError::into_inner) = raised;
    }

    /// How many days before its end a certificate is told of.
    #[must_use]
    pub fn warn_days(&self) -> i64 {
        self.rules.warn_days
    }

    /// Takes over which certificates are registered.
    pub fn set_registered(&self, signers: HashMap<Digest, Arc<SignerInfo>>) {
        *self.registered.lock().unwrap_or_else(PoisonError::into_inner) = signers;
    }

    /// Takes over one more.
    pub fn add_registered(&self, signer: Arc<SignerInfo>) {
        self.registered.lock().unwrap_or_else(PoisonError::into_inner).insert(signer.sha256, signer);
    }

    /// Takes over the certificate that the hub itself shows, so that its end can be told. The first one counts: another
    /// one in its file is shown after the next start.
    pub fn set_own(&self, certificate: SignerInfo) {
        let _ = self.own.set(Arc::new(certificate));
    }

    pub(super) fn own(&self) -> Option<&SignerInfo> {
        self.own.get().map(Arc::as_ref)
    }

    /// The certificates that are registered, as they were taken over.
    #[must_use]
    pub fn registered(&self) -> HashMap<Digest, Arc<SignerInfo>> {
        self.registered.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The signers that are registered or were seen lately, each once.
    pub(super) fn signers(&self) -> Vec<Arc<SignerInfo>> {
        let mut signers = self.registered();
        signers.extend(self.seen.all().into_iter().map(|signer| (signer.info.sha256, signer.info)));
        signers.into_values().collect()
    }

    /// The signers, registered or seen lately, whose certificates end soon, or have ended; the one that ends first
    /// before the others.
    #[must_use]
    pub fn signers_near_end(&self, now: Timestamp) -> Vec<Arc<SignerInfo>> {
        let days = self.rules.warn_days;
        let mut ending = self.signers();
        ending.retain(|info| days_left(info.not_after, now) <= days);
        ending.sort_by_key(|info| (info.not_after, info.sha256));
        ending
    }

    pub(super) fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.generation().snapshot)
    }

    /// What a check that begins now would work on.
    pub(super) fn in_force(&self) -> (Arc<Snapshot>, Arc<Blocks>) {
        let generation = self.generation();
        (Arc::clone(&generation.snapshot), Arc::clone(&generation.blocks))
    }

    pub(super) fn seen(&self) -> &Seen {
        &self.seen
    }

    fn replace(&self, generation: Generation) {
        *self.generation.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(generation);
        self.revision.fetch_add(1, Ordering::SeqCst);
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
    ages: Ages,
    before: Option<&Snapshot>,
    floors: &CrlFloors,
    now: Timestamp,
) -> Result<Snapshot, TrustError> {
    Snapshot::build(files(sources), ages, before, floors, now).map_err(TrustError::Certificates)
}

fn files(sources: &Sources) -> Files {
    Files {
        anchors: load(&sources.anchors, Kind::Certificate),
        intermediates: load(&sources.intermediates, Kind::Certificate),
        crls: load(&sources.crls, Kind::Crl),
        ocsp: load(&there(&sources.ocsp), Kind::Ocsp),
    }
}

/// Without OCSP there is no folder for it.
fn there(paths: &[PathBuf]) -> Vec<PathBuf> {
    paths.iter().filter(|path| path.exists()).cloned().collect()
}

impl ChainCheck for TrustStore {
    fn check(&self, leaf: &[u8], others: &[Vec<u8>], at: Timestamp) -> Result<Chain, Refusal> {
        let generation = self.generation();
        if let Some(chain) = generation.cache.get(leaf, others, at) {
            return Ok(chain);
        }
        let checked = generation.snapshot.check(leaf, others, Asked::now(self.rules.usage, at), &generation.blocks);
        if is_signed(&checked) {
            self.seen.note(leaf, at);
        }
        let (chain, window) = checked?;
        generation.cache.put(leaf, others, &chain, window);
        Ok(chain)
    }
}

/// Whether there is a path to an anchor, even if revocation stands against it or is not known.
fn is_signed<T>(checked: &Result<T, Refusal>) -> bool {
    let is_undecided = |refusal: &Refusal| {
        matches!(refusal.code, Code::RevocationUnknown | Code::CertificateOnHold | Code::CertificateRevoked)
    };
    checked.as_ref().err().is_none_or(is_undecided)
}
