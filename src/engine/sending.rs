//! Sending and confirming: from the bytes to the writer, each step in the caller's turn.

use std::sync::Arc;

use tokio::runtime::Handle;

use crate::api::{DeliveryView, DryRun, Receipt, Remark};
use crate::delivery::document;
use crate::delivery::standing::Caller;
use crate::domain::{Code, Digest, MessageId, OrganId, Refusal};
use crate::engine::hub::{Hub, told};
use crate::engine::receipt;
use crate::engine::turns::Kind;
use crate::engine::writer::{Committed, Job};
use crate::hub::decide::Command;
use crate::hub::delivery::Confirm;
use crate::hub::register::RefusedCall;
use crate::intake::{Admission, Expected, Incoming, Received, admit, likeness};
use crate::journal::PayloadName;

impl Hub {
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
    pub async fn dry_run(&self, caller: &Caller, incoming: Incoming) -> Result<DryRun, Refusal> {
        let received = incoming.finish()?;
        let is_large = received.is_large();
        let work = move |hub: &Self, caller: &Caller| hub.verdict(caller, &received);
        if is_large { self.look_large(caller, work).await } else { self.look_small(caller, work).await }
    }

    fn verdict(&self, caller: &Caller, received: &Received) -> Result<DryRun, Refusal> {
        let admission = self.admit(caller, received, Expected::Document)?;
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
        // What was not even looked at leaves no entry: a storm must not grow the trail.
        if let Err(refusal) = &answer
            && refusal.code != Code::RateLimited
        {
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
        let committed = match self.accepted_before(caller, &received)? {
            Some(repeat) => {
                drop(received);
                return self.answer_again(caller, repeat, sha256).await;
            }
            None if received.is_large() => self.accept_large(caller, received, expected).await,
            None => {
                let work = move |hub: &Self, caller: &Caller| hub.command(caller, received, expected);
                let command = self.look_small(caller, work).await?;
                self.commit_in_turn(caller, command, Kind::New).await
            }
        }?;
        self.receipt(&committed, sha256)
    }

    /// The first answer again. It costs a reading and a proof, and has its turn at them, behind what is new.
    async fn answer_again(&self, caller: &Caller, repeat: Command, sha256: Digest) -> Result<Receipt, Refusal> {
        let committed = self.commit_in_turn(caller, repeat, Kind::Repeat).await?;
        let _turn = self.0.turns.short.take_here(&caller.system, Kind::Repeat).await?;
        self.receipt(&committed, sha256)
    }

    fn receipt(&self, committed: &Committed, sha256: Digest) -> Result<Receipt, Refusal> {
        self.read(|rows| receipt::receipt(rows, self.0.shared.journal.as_ref(), committed, sha256))
    }

    /// Looks at a message in memory when it is the caller's turn.
    async fn look_small<T>(
        &self,
        caller: &Caller,
        work: impl FnOnce(&Self, &Caller) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let _turn = self.0.turns.short.take_here(&caller.system, Kind::New).await?;
        work(self, caller)
    }

    /// Looks at a message in a file when it is the caller's turn.
    async fn look_large<T: Send + 'static>(
        &self,
        caller: &Caller,
        work: impl FnOnce(&Self, &Caller) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let turn = self.0.turns.large.take(&caller.system, Kind::New).await?;
        self.on_thread(turn, caller, work).await
    }

    /// Looks at a message in a file, and commits it. Both turns are had before anything of it is kept; what is then kept
    /// is committed or tidied away though its client has gone.
    async fn accept_large(
        &self,
        caller: &Caller,
        received: Received,
        expected: Expected,
    ) -> Result<Committed, Refusal> {
        let turns = (
            self.0.turns.large.take(&caller.system, Kind::New).await?,
            self.0.turns.commits.take(&caller.system, Kind::New).await?,
        );
        let runtime = Handle::current();
        let work = move |hub: &Self, caller: &Caller| {
            let command = hub.command(caller, received, expected)?;
            let payload = command.payload();
            let committed = runtime.block_on(hub.commit(command));
            hub.tidy(payload, &committed);
            committed
        };
        self.on_thread(turns, caller, work).await
    }

    /// Works on a thread that may take its time. The turns end with the work, not with the client who waits for it.
    async fn on_thread<T: Send + 'static>(
        &self,
        turns: impl Send + 'static,
        caller: &Caller,
        work: impl FnOnce(&Self, &Caller) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let (hub, caller) = (self.clone(), caller.clone());
        let done = tokio::task::spawn_blocking(move || {
            let done = work(&hub, &caller);
            drop(turns);
            done
        });
        done.await.unwrap_or_else(|_| Err(panicked()))
    }

    /// Gives a command to the writer when it is the caller's turn. The turn goes with it: it ends with the writer's
    /// answer, not with the client who waits for it.
    async fn commit_in_turn(&self, caller: &Caller, command: Command, kind: Kind) -> Result<Committed, Refusal> {
        let turn = self.0.turns.commits.take(&caller.system, kind).await?;
        told(self.offer(command, Some(turn))?).await
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
        let confirm = Command::Confirm(Confirm { by, message: id, agency: agency.clone() });
        self.commit_in_turn(caller, confirm, Kind::New).await?;
        self.read(|rows| {
            let row = rows.delivery(id, &agency)?.ok_or_else(|| Refusal::new(Code::NotFound, "no such delivery"))?;
            Ok(document::delivery(rows, &agency, row)?)
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
        drop(self.enqueue(Job::untold(Command::Refused(refused))));
    }
}

fn panicked() -> Refusal {
    Refusal::new(Code::Internal, "a thread panicked")
}

fn recipients(admission: &Admission) -> Vec<OrganId> {
    match admission.message() {
        crate::edxml::Message::Document(envelope) => envelope.header.to.iter().map(|to| to.organ_id.clone()).collect(),
        crate::edxml::Message::Status(status) => vec![status.response_for.organ_id.clone()],
    }
}
