//! The facade: everything that a door can ask of the hub. Cheap to clone. Sending stands here; reading in `reads`,
//! the operator's acts in `admin`.

use std::sync::atomic::Ordering;
use std::sync::mpsc::{SyncSender, TrySendError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::{oneshot, watch};

use crate::api::{DeliveryView, DryRun, HubView, Receipt, Remark};
use crate::clock::Clock;
use crate::delivery::document;
use crate::delivery::standing::Caller;
use crate::domain::{Code, Digest, MessageId, OrganId, Refusal, Seq, Timestamp};
use crate::engine::examined::Examined;
use crate::engine::refusals::RefusalRate;
use crate::engine::room::Room;
use crate::engine::shared::{IndexStart, Shared};
use crate::engine::writer::{Committed, Job};
use crate::engine::{held, receipt};
use crate::hub::Rows;
use crate::hub::decide::Command;
use crate::hub::delivery::Confirm;
use crate::hub::held::HoldQuota;
use crate::hub::keys;
use crate::hub::register::RefusedCall;
use crate::intake::{Admission, Expected, Incoming, Received, admit, likeness};
use crate::journal::{PayloadName, Payloads, Retention};
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

    /// Starts to receive a message.
    ///
    /// # Errors
    /// `too_large`; `storage_failed` while the hub is poisoned.
    pub fn receive(&self, length: Option<u64>) -> Result<Incoming, Refusal> {
        if let Some(refusal) = self.0.shared.poisoned.get() {
            return Err(refusal.clone());
        }
        let incoming = Incoming::new(self.0.payloads.clone(), self.0.view.message_bytes_max, length)?;
        match self.0.shared.halted() {
            Some(refusal) if refusal.code == Code::InsufficientStorage => incoming.sparing(refusal, length),
            _ => Ok(incoming),
        }
    }

    /// Sends a document message.
    ///
    /// # Errors
    /// Every refusal of a message; nothing is then kept but the fact of the refusal.
    pub async fn submit_document(&self, caller: &Caller, incoming: Incoming) -> Result<Receipt, Refusal> {
        self.submit(caller, incoming, Expected::Document).await
    }

    /// Sends a status message.
    ///
    /// # Errors
    /// As [`Hub::submit_document`].
    pub async fn submit_status(&self, caller: &Caller, incoming: Incoming) -> Result<Receipt, Refusal> {
        self.submit(caller, incoming, Expected::Status).await
    }

    /// The verdict on a document message; nothing is kept.
    ///
    /// # Errors
    /// What sending it would be refused with, as far as it can be known before its turn.
    pub fn dry_run(&self, caller: &Caller, incoming: Incoming) -> Result<DryRun, Refusal> {
        let received = incoming.finish()?;
        let admission = self.admit(caller, &received, Expected::Document)?;
        let to: Vec<OrganId> = recipients(&admission);
        let remarks = admission
            .message()
            .remarks()
            .iter()
            .map(|remark| Remark { code: remark.code.as_str().to_owned(), path: remark.path.clone() })
            .collect();
        self.read(|rows| {
            let recipients = to.iter().map(|to| document::party(rows, to)).collect::<Result<_, _>>()?;
            let held = matches!(admission, Admission::Held(_));
            Ok(DryRun { dry_run: true, held, recipients, verdict: admission.verdict_view(), remarks })
        })
    }

    async fn submit(&self, caller: &Caller, incoming: Incoming, expected: Expected) -> Result<Receipt, Refusal> {
        let received = incoming.finish()?;
        let size = received.size;
        let answer = self.submit_received(caller, received, expected).await;
        if let Err(refusal) = &answer {
            self.tell_refusal(caller, refusal, size);
        }
        answer
    }

    async fn submit_received(
        &self,
        caller: &Caller,
        received: Received,
        expected: Expected,
    ) -> Result<Receipt, Refusal> {
        let sha256 = received.sha256;
        // A clock that cannot be believed must not judge certificates.
        if let Some(refusal) = self.0.shared.halted().filter(|refusal| refusal.code == Code::ClockStopped) {
            return Err(refusal);
        }
        let command = match self.accepted_before(caller, &received)? {
            Some(repeat) => repeat,
            None => self.command(caller, received, expected)?,
        };
        let payload = command.payload();
        let committed = self.commit(command).await;
        self.tidy(payload, &committed);
        let committed = committed?;
        self.read(|rows| receipt::receipt(rows, self.0.shared.journal.as_ref(), &committed, sha256))
    }

    /// The same bytes again, by who may send them: no second verification (law 3: a repeat is nearly free).
    fn accepted_before(&self, caller: &Caller, received: &Received) -> Result<Option<Command>, Refusal> {
        self.read(|rows| {
            let Some(id) = rows.claimed(&received.sha256)? else { return Ok(None) };
            let own = rows.message(id)?.is_some_and(|row| caller.speaks_for(&row.from));
            Ok(own.then_some(Command::Again(id)))
        })
    }

    fn command(&self, caller: &Caller, received: Received, expected: Expected) -> Result<Command, Refusal> {
        let admission = self.admit(caller, &received, expected)?;
        self.check_room(&admission)?;
        let likeness = likeness(&admission, &received, |from, document| self.held_body(from, document))?;
        let materials = self.read(|rows| admission.materials(rows, &self.0.payloads))?;
        admission.into_command(received, Arc::clone(&caller.system), materials, likeness, self.0.quota)
    }

    /// While little room is left, ordinary messages go before anything of them is kept.
    fn check_room(&self, admission: &Admission) -> Result<(), Refusal> {
        let halted = self.0.shared.halted().filter(|refusal| refusal.code == Code::InsufficientStorage);
        halted.filter(|_| admission.message().is_ordinary()).map_or(Ok(()), Err)
    }

    /// A refusal leaves no content (law 8), a repeat no second copy: removes the payload that no record names. Where it
    /// is not known what a failed storage has kept, it stays.
    fn tidy(&self, payload: Option<PayloadName>, committed: &Result<Committed, Refusal>) {
        let unnamed = match committed {
            Ok(committed) => committed.repeat,
            Err(refusal) => !matches!(refusal.code, Code::StorageFailed | Code::TryLater),
        };
        if let Some(name) = payload.filter(|_| unnamed)
            && let Err(error) = self.0.payloads.remove(name)
        {
            tracing::warn!(%error, %name, "a payload that no record names could not be removed");
        }
    }

    fn admit(&self, caller: &Caller, received: &Received, expected: Expected) -> Result<Admission, Refusal> {
        let at = self.now();
        self.read(|rows| {
            let admission = admit(received, caller, expected, &self.0.trust, rows, at)?;
            admission.check_parties(received, rows)?;
            Ok(admission)
        })
    }

    /// A recipient's software has stored the message.
    ///
    /// # Errors
    /// `not_found` where it is no recipient.
    pub async fn confirm(
        &self,
        caller: &Caller,
        id: MessageId,
        agency: Option<&OrganId>,
    ) -> Result<DeliveryView, Refusal> {
        let agency = caller.agency(agency)?;
        let by = Arc::clone(&caller.system);
        self.commit(Command::Confirm(Confirm { by, message: id, agency: agency.clone() })).await?;
        self.read(|rows| {
            let row = rows.delivery(id, &agency)?.ok_or_else(|| Refusal::new(Code::NotFound, "no such delivery"))?;
            Ok(document::delivery(rows, &agency, row)?)
        })
    }

    /// Gives a command to the writer and waits for what became of it.
    pub(super) async fn commit(&self, command: Command) -> Result<Committed, Refusal> {
        self.offer(command)?.await.unwrap_or_else(|_| Err(closing()))
    }

    /// Gives a command to the writer; what became of it is told later.
    pub(super) fn offer(&self, command: Command) -> Result<Told, Refusal> {
        let (answer, told) = oneshot::channel();
        self.enqueue(Job { command, answer: Some(answer) })?;
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

    fn tell_refusal(&self, caller: &Caller, refusal: &Refusal, size: u64) {
        let Some(unwritten) = self.0.refusals.admit(&caller.system, self.now()) else { return };
        let agency = match caller.access.agencies.as_slice() {
            [only] => Some(only.code.clone()),
            _ => None,
        };
        let refused = RefusedCall {
            by: caller.system.as_ref().to_owned(),
            agency,
            code: refusal.code,
            path: refusal.at.as_ref().map(|at| at.path.clone()).unwrap_or_default(),
            size,
            unwritten,
        };
        // Nobody waits for it, and a full queue only means that it is not written.
        drop(self.enqueue(Job { command: Command::Refused(refused), answer: None }));
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

/// Where the writer tells what became of a command.
pub(super) type Told = oneshot::Receiver<Result<Committed, Refusal>>;

pub(super) fn closing() -> Refusal {
    Refusal::new(Code::TryLater, "the hub is closing")
}

fn recipients(admission: &Admission) -> Vec<OrganId> {
    match admission.message() {
        crate::edxml::Message::Document(envelope) => envelope.header.to.iter().map(|to| to.organ_id.clone()).collect(),
        crate::edxml::Message::Status(status) => vec![status.response_for.organ_id.clone()],
    }
}
