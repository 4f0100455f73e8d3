//! The facade: everything that a door can ask of the hub. Cheap to clone. Sending stands in `sending`, reading in `reads`,
//! the operator's acts in `admin`.

use std::sync::atomic::Ordering;
use std::sync::mpsc::{SyncSender, TrySendError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::watch;

use crate::api::HubView;
use crate::clock::Clock;
use crate::delivery::standing::Caller;
use crate::domain::{Code, Digest, Refusal, Seq, Timestamp};
use crate::engine::examined::Examined;
use crate::engine::held;
use crate::engine::refusals::RefusalRate;
use crate::engine::room::Room;
use crate::engine::shared::{IndexStart, Shared};
use crate::engine::turns::{AllTurns, Busy, Kind, Turn};
use crate::engine::writer::{Committed, Job, Told};
use crate::hub::Rows;
use crate::hub::decide::Command;
use crate::hub::held::HoldQuota;
use crate::hub::keys;
use crate::journal::{Payloads, Retention};
use crate::trust::TrustStore;

/// A running hub.
#[derive(Clone)]
pub struct Hub(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) shared: Arc<Shared>,
    pub(super) jobs: Mutex<Option<SyncSender<Job>>>,
    pub(super) writer: Mutex<Option<JoinHandle<()>>>,
    pub(super) payloads: Payloads,
    pub(super) trust: TrustStore,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) refusals: RefusalRate,
    /// Destroys contents in sealed segments.
    pub(super) retention: Retention,
    /// What a full disk still has for what must not wait.
    pub(super) room: Room,
    /// Held while contents are destroyed.
    pub(super) erasing: tokio::sync::Mutex<()>,
    pub(super) examined: Examined,
    pub(super) view: HubView,
    pub(super) quota: HoldQuota,
    /// What looks again at held messages.
    pub(super) held: Mutex<Option<held::Thread>>,
    /// Who may work and who waits.
    pub(super) turns: AllTurns,
}

/// How a caller proves itself.
#[derive(Debug, Clone)]
pub enum Credential {
    /// SHA-256 of the TLS client certificate's DER; the handshake has proven the key.
    ClientCertificate(Digest),
    /// A bearer token.
    Bearer(String),
}

/// Whether the hub can take anything.
#[derive(Debug, Clone)]
pub struct Health {
    /// Whether writes are taken.
    pub writable: bool,
    /// Why not.
    pub reason: Option<Refusal>,
    /// Entries in the trail.
    pub head: Seq,
    /// Damaged places that were found while reading again what is kept.
    pub damaged: u64,
    /// How the index came to be what it is.
    pub index: IndexStart,
}

/// How busy the hub is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// Verifying small messages, reading lists.
    pub short: Busy,
    /// Verifying and storing large messages.
    pub large: Busy,
    /// What is with the writer.
    pub commits: Busy,
    /// Long readings.
    pub readings: Busy,
    /// Lists that are being made.
    pub lists: Busy,
}

impl Hub {
    /// What a client must know.
    #[must_use]
    pub fn view(&self) -> HubView {
        self.0.view.clone()
    }

    /// Changes whenever something was applied.
    #[must_use]
    pub fn head(&self) -> watch::Receiver<Seq> {
        self.0.shared.head.subscribe()
    }

    /// Whether the hub can take anything.
    #[must_use]
    pub fn health(&self) -> Health {
        let reason = self.0.shared.halted();
        let damaged = self.0.shared.damaged.load(Ordering::Relaxed);
        Health {
            writable: reason.is_none(),
            reason,
            head: *self.0.shared.head.borrow(),
            damaged,
            index: self.0.shared.index_start,
        }
    }

    /// How busy the hub is.
    #[must_use]
    pub fn load(&self) -> Load {
        let AllTurns { short, large, commits, readings, lists } = &self.0.turns;
        Load {
            short: short.busy(),
            large: large.busy(),
            commits: commits.busy(),
            readings: readings.busy(),
            lists: lists.busy(),
        }
    }

    /// A turn at making a list.
    ///
    /// # Errors
    /// `rate_limited`: too much of the caller's own waits before it.
    pub async fn turn_to_list(&self, caller: &Caller) -> Result<Turn, Refusal> {
        self.0.turns.lists.take(&caller.system, Kind::New).await
    }

    /// A turn at reading some lines of a list, within that at making it.
    ///
    /// # Errors
    /// `rate_limited`: too much of the caller's own waits before it.
    pub async fn turn_at_lines(&self, caller: &Caller) -> Result<Turn, Refusal> {
        self.0.turns.short.take_here(&caller.system, Kind::New).await
    }

    /// A turn at a long reading.
    ///
    /// # Errors
    /// `rate_limited`: too much of the caller's own waits before it.
    pub async fn turn_to_read(&self, caller: &Caller) -> Result<Turn, Refusal> {
        self.0.turns.readings.take(&caller.system, Kind::New).await
    }

    /// Where certificates and CRLs are believed; to be asked to look at its folders again.
    #[must_use]
    pub fn trust(&self) -> &TrustStore {
        &self.0.trust
    }

    /// Whom a credential belongs to.
    ///
    /// # Errors
    /// `unauthenticated`.
    pub fn identify(&self, credential: &Credential) -> Result<Caller, Refusal> {
        let digest = match credential {
            Credential::ClientCertificate(digest) => *digest,
            Credential::Bearer(token) => Digest::of(token.as_bytes()),
        };
        self.read(|rows| {
            let system: Option<String> = rows.row(&keys::credential(&digest))?;
            let access = system.as_ref().map(|system| rows.access(system)).transpose()?.flatten();
            match (system, access) {
                (Some(system), Some(access)) if !access.closed => {
                    Ok(Caller { system: system.into(), access: Arc::new(access) })
                }
                _ => Err(Refusal::new(Code::Unauthenticated, "the credential is not registered, or was taken away")),
            }
        })
    }

    /// Gives a command to the writer and waits for what became of it.
    pub(super) async fn commit(&self, command: Command) -> Result<Committed, Refusal> {
        told(self.offer(command, None)?).await
    }

    /// Gives a command to the writer; what became of it is told later, when `turn` is over.
    pub(super) fn offer(&self, command: Command, turn: Option<Turn>) -> Result<Told, Refusal> {
        let (job, told) = Job::told(command, turn);
        self.enqueue(job)?;
        Ok(told)
    }

    /// The clock's time.
    pub(super) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// Gives a job to the writer.
    pub(super) fn enqueue(&self, job: Job) -> Result<(), Refusal> {
        let jobs = self.0.jobs.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(jobs) = jobs else { return Err(closing()) };
        jobs.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => Refusal::new(Code::TryLater, "too many messages wait for the disk"),
            TrySendError::Disconnected(_) => Refusal::new(Code::StorageFailed, "the writer has stopped"),
        })
    }

    /// Stops taking commands, lets the writer finish, and closes the index.
    pub fn close(&self) {
        drop(self.0.jobs.lock().unwrap_or_else(PoisonError::into_inner).take());
        if let Some(held) = self.0.held.lock().unwrap_or_else(PoisonError::into_inner).take() {
            held.stop();
        }
        let writer = self.0.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if writer.is_some_and(|writer| writer.join().is_err()) {
            tracing::error!("the writer ended badly");
        }
    }

    /// Reads rows in one consistent view.
    pub(super) fn read<T>(&self, read: impl FnOnce(&Rows<'_>) -> Result<T, Refusal>) -> Result<T, Refusal> {
        let reader = self.0.shared.index.reader()?;
        read(&Rows(reader.as_ref()))
    }
}

/// What became of a command.
pub(super) async fn told(told: Told) -> Result<Committed, Refusal> {
    told.await.unwrap_or_else(|_| Err(closing()))
}

pub(super) fn closing() -> Refusal {
    Refusal::new(Code::TryLater, "the hub is closing")
}
