//! Opening: recover the journal, bring the index up to it, open the tree, check what was promised, start the writer.
//! Whatever does not fit is a refusal to start that says what and why, never a silent repair of the truth.

use std::io;
use std::ops::Range;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex};

use crate::api::HubView;
use crate::clock::Clock;
use crate::config::{Config, DataFolder};
use crate::domain::{Digest, Refusal, Seq};
use crate::engine::clockwork::Clockwork;
use crate::engine::examined::Examined;
use crate::engine::hub::{Hub, Inner};
use crate::engine::ids::RandomIds;
use crate::engine::leftovers;
use crate::engine::refusals::RefusalRate;
use crate::engine::replay::{Replayed, Watch, replay};
use crate::engine::room::Room;
use crate::engine::scrub;
use crate::engine::shared::{IndexStart, Shared, Signed};
use crate::engine::turns::AllTurns;
use crate::engine::writer::{Job, Writer};
use crate::hub::held::HoldQuota;
use crate::hub::register::Opening;
use crate::hub::rows::ROWS_VERSION;
use crate::hub::{Entry, Rows};
use crate::index::{Buffered, Index, IndexError};
use crate::journal::disk::{Disk, Real};
use crate::journal::{self, Cut, FileJournal, Journal, JournalError, Options, Payloads, Recovery, Reserve};
use crate::trail::promised::{self, PromiseError};
use crate::trail::{FileTiles, LogKey, Promised, Tiles, Tree, TreeError, leaf_hash};
use crate::trust::{TrustStore, own_certificate};

/// Commands that may wait for the writer. Beyond it, callers are told to try again.
const WAITING_MAX: usize = 1_024;
/// Rows gathered in memory before they go into the engine, durably, octets. Bounds what is applied again after a kill.
const BUFFER_BYTES: usize = 16 << 20;

/// Why the hub does not start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A folder or file.
    #[error("{what}: {source}")]
    Io {
        /// Which.
        what: &'static str,
        /// Why.
        source: std::io::Error,
    },
    /// The journal is damaged or cannot be read. Nothing is repaired silently.
    #[error("the journal: {0}")]
    Journal(#[from] JournalError),
    /// An entry of the journal is not what this version writes.
    #[error("entry {seq} of the journal cannot be read: {reason}")]
    Entry {
        /// Its place.
        seq: Seq,
        /// Why.
        reason: String,
    },
    /// The index, after it was built anew.
    #[error("the index: {0}")]
    Index(#[from] IndexError),
    /// The tree does not fit the journal.
    #[error("the tree: {0}")]
    Tree(#[from] TreeError),
    /// The journal does not keep what was promised.
    #[error("{0}")]
    Promise(#[from] PromiseError),
    /// The log key.
    #[error("the log key: {0}")]
    Key(#[from] crate::trail::key::KeyError),
    /// The log key is not that of this trail.
    #[error("the log key is of {key}, but hub.origin is {config}")]
    Origin {
        /// Origin in the key.
        key: String,
        /// Origin in the configuration.
        config: String,
    },
    /// The log key is not that of this trail, and no restore has begun a new epoch.
    #[error("the trail was signed by {trail}, and the log key is {key}: bring its key, or restore from a backup")]
    AnotherKey {
        /// Verifier key of the log key.
        key: String,
        /// Verifier key in the trail.
        trail: String,
    },
    /// The trust folders.
    #[error("trust: {0}")]
    Trust(#[from] crate::trust::TrustError),
    /// The first entry could not be written.
    #[error("the trail could not be opened: {0}")]
    First(Refusal),
}

/// What a hub stands on beside its folder of keys and trust: exchanged where faults are tried out.
pub trait Ground {
    /// The disk of the journal, the payloads and the checkpoints.
    fn disk(&self) -> Arc<dyn Disk>;

    /// Opens the index, empty if there is none.
    ///
    /// # Errors
    /// [`IndexError`]: in use, or to be removed and built again.
    fn open_index(&self) -> Result<Box<dyn Index>, IndexError>;

    /// Removes an index that cannot be used.
    ///
    /// # Errors
    /// The operating system's.
    fn remove_index(&self) -> io::Result<()>;

    /// The store of hash tiles.
    ///
    /// # Errors
    /// The operating system's.
    fn tiles(&self) -> io::Result<Arc<dyn Tiles>>;

    /// Told how far the index has been brought up to the journal.
    fn replayed(&self, _so_far: Replayed) {}
}

/// The data folder as it is.
struct OnDisk<'a> {
    config: &'a Config,
    data: &'a DataFolder,
    watch: &'a Watch<'a>,
}

impl Ground for OnDisk<'_> {
    fn disk(&self) -> Arc<dyn Disk> {
        Arc::new(Real)
    }

    fn open_index(&self) -> Result<Box<dyn Index>, IndexError> {
        open_index(self.config, self.data)
    }

    fn remove_index(&self) -> io::Result<()> {
        let folder = self.data.index();
        if folder.exists() { std::fs::remove_dir_all(&folder) } else { Ok(()) }
    }

    fn tiles(&self) -> io::Result<Arc<dyn Tiles>> {
        Ok(Arc::new(FileTiles::open(&self.data.tiles())?))
    }

    fn replayed(&self, so_far: Replayed) {
        (self.watch)(so_far);
    }
}

impl Hub {
    /// Opens a data folder. The first time, the trail gets its entry 0.
    ///
    /// # Errors
    /// As [`OpenError`] says.
    pub fn open(config: &Config, data: &DataFolder, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        Self::open_watched(config, data, clock, &|_| ())
    }

    /// The same, and tells how far the index has been brought up to the journal, which may take a while.
    ///
    /// # Errors
    /// As [`OpenError`] says.
    pub fn open_watched(
        config: &Config,
        data: &DataFolder,
        clock: Arc<dyn Clock>,
        watch: &Watch<'_>,
    ) -> Result<Self, OpenError> {
        Self::open_on(&OnDisk { config, data, watch }, config, data, clock)
    }

    /// The same on any ground.
    ///
    /// # Errors
    /// As [`OpenError`] says.
    pub fn open_on(
        ground: &dyn Ground,
        config: &Config,
        data: &DataFolder,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, OpenError> {
        let key = LogKey::load(&data.log_key())?;
        if key.origin() != config.hub.origin {
            return Err(OpenError::Origin { key: key.origin().to_owned(), config: config.hub.origin.clone() });
        }
        let view = HubView {
            origin: config.hub.origin.clone(),
            verifier_key: key.verifier().to_string(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            message_bytes_max: config.hub.message_bytes_max,
            earlier_keys: crate::engine::epoch::earlier_keys(data),
        };
        let payloads = Payloads::open(ground.disk(), &data.payloads())?;
        let mut writer = open_writer(ground, config, data, key, Arc::clone(&clock))?;
        // Under the journal's lock, and before anybody can send.
        let files = leftovers::files(&payloads)?;
        let trust = TrustStore::open_kept(config.trust.rules(), data.trust_sources(), &data.crl_floors(), clock.now())?;
        warn_of_trust(&trust);
        if let Some(own) = own_certificate(&data.tls_certificate()) {
            trust.set_own(own);
        }
        if writer.tree.view().size() == 0 {
            let HubView { origin, verifier_key, version: software, .. } = view.clone();
            writer.open_trail(Opening { origin, verifier_key, software }).map_err(OpenError::First)?;
        }
        crate::engine::epoch::begin(&mut writer, data)?;
        // A clock that cannot be believed judges nothing, from the first moment on.
        writer.look_around();
        let quota = HoldQuota { messages: config.held.messages_max, bytes: config.held.bytes_max };
        let hub = start(writer, payloads, trust, clock, view, quota)?;
        crate::engine::erase::resume(&hub.0)
            .map_err(|source| OpenError::Io { what: "the thread that erases", source })?;
        leftovers::sweep(&hub.0, files)
            .map_err(|source| OpenError::Io { what: "the thread that clears payloads", source })?;
        hub.hand_over_blocks().map_err(OpenError::First)?;
        crate::engine::held::watch(&hub)
            .map_err(|source| OpenError::Io { what: "the thread that looks at held messages", source })?;
        crate::engine::watch::watch(&hub.0, data.trust_sources())
            .map_err(|source| OpenError::Io { what: "the thread that watches trust", source })?;
        let bytes_per_second = config.journal.scrub_bytes_per_second;
        let pause = std::time::Duration::from_mins(u64::from(config.journal.scrub_pause_minutes));
        scrub::start(&hub.0, scrub::Ground { disk: ground.disk(), folder: data.journal(), bytes_per_second, pause })
            .map_err(|source| OpenError::Io { what: "the thread that reads again what is kept", source })?;
        Ok(hub)
    }
}

/// Journal, index, tree and promise, brought to agree: what the writer goes on from.
pub(super) fn open_writer(
    ground: &dyn Ground,
    config: &Config,
    data: &DataFolder,
    key: LogKey,
    clock: Arc<dyn Clock>,
) -> Result<Writer, OpenError> {
    let segment_bytes = u32::try_from(config.journal.segment_bytes).unwrap_or(u32::MAX);
    // Before anything is cut off the journal's end; and once more under its lock.
    let known = Promised::open(ground.disk(), &data.checkpoints(), key.verifier())?.last().map_or(0, |last| last.size);
    let journal = FileJournal::open_promised(ground.disk(), &data.journal(), Options { segment_bytes }, known)?;
    tell_recovery(journal.recovery());
    let (reader, retention) = (journal.reader(), journal.retention());
    let reserve = Reserve::new(ground.disk(), &data.journal(), config.journal.reserve_bytes);
    let (index, applied) = up_to_date(ground, reader.as_ref(), journal.head().seq)?;
    let index_start = IndexStart { engine: config.index.engine, applied };
    tracing::info!(engine = index_start.engine.name(), applied, "the index has everything of the journal");
    let promised = Promised::open(ground.disk(), &data.checkpoints(), key.verifier())?;
    let tree = open_tree(ground, &reader, journal.head().seq, &promised)?;
    let checkpoint = key.checkpoint(tree.view().size(), tree.view().root_at(tree.view().size())?).into();
    let signed = Signed { view: tree.view().clone(), checkpoint };
    let accepted = Rows(index.reader()?.as_ref()).accepted_clock()?;
    Ok(Writer {
        journal: Box::new(journal),
        retention,
        shared: Arc::new(Shared::new((index, index_start), reader, signed)),
        tree,
        promised,
        key,
        clock,
        ids: Box::new(RandomIds::default()),
        clockwork: Clockwork::new(accepted),
        room: Room::new(reserve, config.journal.free_bytes_min),
        unwritten: None,
    })
}

/// What the opening of the journal had to put right.
fn tell_recovery(Recovery { unclean, cut }: Recovery) {
    if let Some(Cut { segment, offset, bytes }) = cut {
        tracing::warn!(
            segment,
            offset,
            bytes,
            "a record that a crash had interrupted was cut off; nobody was told of it"
        );
    } else if unclean {
        tracing::info!("the journal was not closed in order; its last records were read again and are whole");
    }
}

/// Without CRLs every signed message waits: the operator must know before the senders do.
pub(super) fn warn_of_trust(trust: &TrustStore) {
    let report = trust.report();
    if report.crls == 0 {
        tracing::warn!(
            "no CRL is in force: signed documents are held, and signed statuses told to try later; see trust/crl"
        );
    }
    for fault in report.faults {
        tracing::warn!(%fault, "a CRL was not taken");
    }
}

fn start(
    writer: Writer,
    payloads: Payloads,
    trust: TrustStore,
    clock: Arc<dyn Clock>,
    view: HubView,
    quota: HoldQuota,
) -> Result<Hub, OpenError> {
    let (jobs, waiting) = sync_channel::<Job>(WAITING_MAX);
    let (shared, retention, room) = (Arc::clone(&writer.shared), writer.retention.clone(), writer.room.clone());
    let thread = std::thread::Builder::new()
        .name("truc-writer".to_owned())
        .spawn(move || writer.run(&waiting))
        .map_err(|source| OpenError::Io { what: "the writer thread", source })?;
    let hub = Hub(Arc::new(Inner {
        shared,
        jobs: Mutex::new(Some(jobs)),
        writer: Mutex::new(Some(thread)),
        payloads,
        trust,
        clock,
        refusals: RefusalRate::default(),
        retention,
        room,
        erasing: tokio::sync::Mutex::default(),
        examined: Examined::default(),
        view,
        quota,
        held: Mutex::new(None),
        turns: AllTurns::of_machine(),
    }));
    Ok(hub)
}

/// The index with everything of the journal in it. One that does not open, or is ahead, or of another journal, is
/// deleted and built again. Gives also how many entries were applied.
fn up_to_date(ground: &dyn Ground, journal: &dyn journal::Read, head: Seq) -> Result<(Box<dyn Index>, u64), OpenError> {
    let watch = |so_far| ground.replayed(so_far);
    match ground.open_index().map(|index| fits(index.as_ref(), journal, head).map(|fits| (index, fits))) {
        Ok(Ok((index, true))) => {
            let applied = replay(index.as_ref(), journal, head, &watch)?;
            return Ok((index, applied));
        }
        Err(IndexError::InUse) => return Err(IndexError::InUse.into()),
        Ok(Ok((_, false))) => tracing::warn!("the index is not of this journal: building it again"),
        Ok(Err(error)) | Err(error) => tracing::warn!(%error, "the index cannot be used: building it again"),
    }
    ground.remove_index().map_err(|source| OpenError::Io { what: "removing the index", source })?;
    let index = ground.open_index()?;
    let applied = replay(index.as_ref(), journal, head, &watch)?;
    Ok((index, applied))
}

fn open_index(config: &Config, data: &DataFolder) -> Result<Box<dyn Index>, IndexError> {
    let engine = crate::index::open(config.index.engine, &data.index(), config.index.cache_bytes)?;
    Ok(Box::new(Buffered::new(engine, BUFFER_BYTES)))
}

/// Whether the last entry that the index has applied stands in the journal at that place.
fn fits(index: &dyn Index, journal: &dyn journal::Read, head: Seq) -> Result<bool, IndexError> {
    let reader = index.reader()?;
    let applied = Rows(reader.as_ref()).head()?;
    let Some(last) = applied.next.checked_sub(1) else { return Ok(true) };
    if applied.next > head || applied.version != ROWS_VERSION {
        return Ok(false);
    }
    let entry = crate::engine::receipt::entry(journal, last).ok().and_then(|bytes| Entry::from_bytes(&bytes).ok());
    Ok(entry.is_some_and(|entry| Some(entry.salt.0) == applied.salt))
}

fn open_tree(
    ground: &dyn Ground,
    journal: &Arc<dyn journal::Read>,
    size: Seq,
    promised: &Promised,
) -> Result<Tree, OpenError> {
    if let Some(last) = promised.last().filter(|last| last.size > size) {
        return Err(PromiseError::JournalTooShort { promised: last.size, journal: size }.into());
    }
    let tiles = ground.tiles().map_err(|source| OpenError::Io { what: "tiles/", source })?;
    let leaves = {
        let journal = Arc::clone(journal);
        move |range: Range<u64>| leaf_hashes(journal.as_ref(), range)
    };
    let tree = Tree::open(tiles, Arc::new(leaves), size, promised.last())?;
    if let Some(last) = promised.last() {
        promised::check(last, size, |size| tree.view().root_at(size))?;
    }
    Ok(tree)
}

/// Leaf hashes from the journal, a record at a time.
fn leaf_hashes(journal: &dyn journal::Read, range: Range<u64>) -> std::io::Result<Vec<Digest>> {
    let mut hashes = Vec::new();
    let mut next = range.start;
    while next < range.end {
        let position = journal.find(next).map_err(std::io::Error::other)?;
        let position = position.ok_or_else(|| std::io::Error::other("an entry is missing"))?;
        let record = journal.record_at(position).map_err(std::io::Error::other)?;
        let skip = usize::try_from(next.saturating_sub(record.first_seq)).unwrap_or(usize::MAX);
        let take = usize::try_from(range.end.saturating_sub(next)).unwrap_or(usize::MAX);
        let before = hashes.len();
        hashes.extend(record.batch.entries.iter().skip(skip).take(take).map(|entry| leaf_hash(entry)));
        let taken = u64::try_from(hashes.len().saturating_sub(before)).unwrap_or(u64::MAX);
        if taken == 0 {
            return Err(std::io::Error::other("a record does not hold its entries"));
        }
        next = next.saturating_add(taken);
    }
    Ok(hashes)
}
