//! The writer thread: the only thing that changes the hub. Takes what waits, decides it in order, makes it durable in
//! one append, applies it, signs the tree and answers. The steps are numbered in [`Writer::run_batch`]; what a crash
//! leaves after each stands there.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::oneshot;

use crate::clock::Clock;
use crate::domain::{Code, Digest, Refusal, Seq, Timestamp};
use crate::engine::batch::{Outcome, Pending};
use crate::engine::clockwork::{Clockwork, Reading};
use crate::engine::room::Room;
use crate::engine::shared::{Shared, Signed};
use crate::engine::turns::Turn;
use crate::hub::decide::{Answer, Command, Ids};
use crate::hub::register::Opening;
use crate::index::{Durability, Overlay};
use crate::journal::{Appended, Body, Journal, JournalError, Retention};
use crate::trail::{LogKey, Promised, Tree, TreeError, leaf_hash};

/// Most commands of one batch.
const COMMANDS_MAX: usize = 128;
/// Most in-line octets of one batch.
const BYTES_MAX: u64 = 8 << 20;
/// Entries after which a batch is closed. One message with 5,000 recipients may go beyond it, two may not.
const ENTRIES_MAX: usize = 4_096;
/// How long a signed checkpoint may wait for a record to carry it.
const IDLE: Duration = Duration::from_millis(500);

/// A command on its way, and who asked for it. Without, nobody waits.
pub(super) struct Job {
    command: Command,
    asker: Option<Asker>,
}

/// Where the writer tells what became of a command.
pub(super) type Told = oneshot::Receiver<Result<Committed, Refusal>>;

/// Who waits for what became of a command, and the turn that is over then, though it waits no more.
struct Asker {
    answer: oneshot::Sender<Result<Committed, Refusal>>,
    _turn: Option<Turn>,
}

impl Job {
    /// A command that nobody waits for.
    pub(super) const fn untold(command: Command) -> Self {
        Self { command, asker: None }
    }

    /// A command, and where it is told what became of it.
    pub(super) fn told(command: Command, turn: Option<Turn>) -> (Self, Told) {
        let (answer, told) = oneshot::channel();
        (Self { command, asker: Some(Asker { answer, _turn: turn }) }, told)
    }
}

impl Asker {
    fn tell(self, told: Result<Committed, Refusal>) {
        // It may have gone; what was committed stays committed.
        drop(self.answer.send(told));
    }
}

/// What became of a command.
pub(super) struct Committed {
    /// What the caller is told.
    pub(super) answer: Option<Answer>,
    /// The answering entry, with its inclusion in the signed tree; absent where nothing happened.
    pub(super) proven: Option<Proven>,
    /// Whether it had happened before.
    pub(super) repeat: bool,
}

/// An entry, and the signed tree that holds it.
pub(super) struct Proven {
    pub(super) seq: Seq,
    /// The entry's bytes where they are at hand.
    pub(super) entry: Option<Bytes>,
    pub(super) signed: Arc<Signed>,
}

/// Everything that the writer thread owns.
pub(super) struct Writer {
    pub(super) journal: Box<dyn Journal>,
    /// For whoever destroys contents beside it.
    pub(super) retention: Retention,
    pub(super) shared: Arc<Shared>,
    pub(super) tree: Tree,
    pub(super) promised: Promised,
    pub(super) key: LogKey,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ids: Box<dyn Ids>,
    pub(super) clockwork: Clockwork,
    pub(super) room: Room,
    /// Signed, not yet in a record.
    pub(super) unwritten: Option<Arc<str>>,
}

/// The batch's jobs with what each came to.
type Outcomes = Vec<(Outcome, Option<Asker>)>;

impl Writer {
    /// Writes entry 0, before anybody can ask anything.
    pub(super) fn open_trail(&mut self, opening: Opening) -> Result<(), Refusal> {
        self.first(Command::Open(opening))
    }

    /// Does what comes before anybody can ask anything.
    pub(super) fn first(&mut self, command: Command) -> Result<(), Refusal> {
        let (_, nobody_waits) = std::sync::mpsc::channel();
        let (job, mut told) = Job::told(command, None);
        self.run_batch(job, &nobody_waits);
        match told.try_recv() {
            Ok(told) => told.map(|_| ()),
            Err(_) => Err(Refusal::new(Code::StorageFailed, "the first entry was not answered")),
        }
    }

    /// Until every sender is gone. Then journal and index are closed.
    pub(super) fn run(mut self, jobs: &Receiver<Job>) {
        loop {
            match jobs.recv_timeout(IDLE) {
                Ok(first) => self.run_batch(first, jobs),
                Err(RecvTimeoutError::Timeout) => self.idle(),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        self.promise();
        self.journal.end();
        if let Err(error) = self.shared.index.close() {
            tracing::warn!(%error, "the index was not closed in order; it will be brought up to date at the next start");
        }
    }

    /// Takes what waits beside `first`, as one batch.
    pub(super) fn run_batch(&mut self, first: Job, jobs: &Receiver<Job>) {
        let shared = Arc::clone(&self.shared);
        // What failed may stand in the journal and not in the index, or not in the tree: nothing may be built upon it.
        if let Some(refusal) = shared.poisoned.get() {
            return refuse_all(first, jobs, refusal);
        }
        // 1. Decide. Nothing is written: a crash leaves nothing, senders try again.
        let reader = match shared.index.reader() {
            Ok(reader) => reader,
            Err(error) => return refuse_all(first, jobs, &error.into()),
        };
        let last = match crate::hub::Rows(reader.as_ref()).head() {
            Ok(head) => Timestamp::from_millis(head.time),
            Err(error) => return refuse_all(first, jobs, &error.into()),
        };
        if matches!(first.command, Command::AcceptClock(_)) {
            self.clockwork.accept(self.clock.as_ref(), last);
        }
        let limits = self.look(last);
        let mut pending = Pending::new(Overlay::new(reader.as_ref()), limits.reading.time(self.clock.as_ref()));
        let outcomes = self.decide(first, jobs, &mut pending, &limits);
        // After what waits was taken: whoever asked for it, and waits for an answer out of this batch, has it then.
        self.journal.seal_if_asked();
        let Some(at) = pending.first() else { return self.answer(outcomes, &[]) };

        // 2. Commit point: one record, one sync. A crash before leaves nothing; after it everything below is derived
        //    again from the record.
        let checkpoint = self.unwritten.take();
        let record = pending.record(checkpoint.as_deref().map(|text| Bytes::copy_from_slice(text.as_bytes())));
        let placed = match self.append(at, &record) {
            Ok(Appended::At(placed)) => placed,
            Ok(Appended::Moved(head)) => {
                self.unwritten = checkpoint;
                return self.poison(outcomes, &format!("the journal's head moved to {head}"));
            }
            Err(error) => {
                self.unwritten = checkpoint;
                return self.not_appended(outcomes, &error);
            }
        };

        self.clockwork.written(limits.reading);

        // 3. Apply: readers see it. If this fails the hub stops writing; the next start replays.
        let (writes, leaves) = match pending.writes(&placed) {
            Ok(written) => written,
            Err(error) => return self.poison(outcomes, &error.to_string()),
        };
        drop(reader);
        if let Err(error) = shared.index.apply(&writes, Durability::Relaxed) {
            return self.poison(outcomes, &error.to_string());
        }

        // 4. Tree and signature; then the answers.
        if let Err(error) = self.grow(&leaves) {
            return self.poison(outcomes, &error.to_string());
        }
        let head = at.saturating_add(u64::try_from(leaves.len()).unwrap_or(u64::MAX));
        shared.head.send_replace(head);
        self.answer(outcomes, &leaves);
    }

    /// What the clock and the disk allow just now; also for whoever asks how the hub is.
    fn look(&mut self, last: Timestamp) -> Limits {
        let reading = self.clockwork.read(self.clock.as_ref(), last);
        let limits = Limits { last, reading, clock: reading.refusal(), room: self.room.refusal() };
        self.shared.halt(limits.clock.clone().or_else(|| limits.room.clone()));
        limits
    }

    /// Nobody asks for anything just now.
    pub(super) fn idle(&mut self) {
        self.promise();
        self.room.restore();
        self.look_around();
    }

    /// What the clock and the disk allow, also before anybody has asked for anything.
    pub(super) fn look_around(&mut self) {
        let head = self.shared.index.reader().and_then(|reader| crate::hub::Rows(reader.as_ref()).head());
        match head {
            Ok(head) => drop(self.look(Timestamp::from_millis(head.time))),
            Err(error) => tracing::error!(%error, "the index cannot be read"),
        }
    }

    /// On a full disk, what must not wait gets the room of the reserve. Nothing was written before.
    fn append(&mut self, at: Seq, record: &crate::journal::Batch) -> Result<Appended, JournalError> {
        match self.journal.append(at, record) {
            Err(JournalError::Full { .. }) if self.room.spend() => self.journal.append(at, record),
            answer => answer,
        }
    }

    /// Takes what waits, without waiting for more, up to the bounds of a batch.
    fn decide(&mut self, first: Job, jobs: &Receiver<Job>, pending: &mut Pending<'_>, limits: &Limits) -> Outcomes {
        let mut outcomes = Outcomes::new();
        let mut bytes = 0u64;
        if limits.reading == Reading::SteppedBack {
            pending.clock(self.clock.now(), self.ids.as_mut());
        }
        let mut next = Some(first);
        while let Some(job) = next {
            bytes = bytes.saturating_add(inline_bytes(&job.command));
            outcomes.push((self.decide_one(&job.command, pending, limits), job.asker));
            let full = outcomes.len() >= COMMANDS_MAX || bytes >= BYTES_MAX || pending.entries.len() >= ENTRIES_MAX;
            next = if full { None } else { jobs.try_recv().ok() };
        }
        outcomes
    }

    fn decide_one(&mut self, command: &Command, pending: &mut Pending<'_>, limits: &Limits) -> Outcome {
        let comes_in = matches!(command, Command::Submit(_) | Command::Hold(_) | Command::Status(_));
        let clock = limits.clock.as_ref().filter(|_| comes_in);
        let room = limits.room.as_ref().filter(|_| command.is_ordinary());
        if let Some(refusal) = clock.or(room) {
            return Outcome::Refused(refusal.clone());
        }
        if matches!(command, Command::AcceptClock(_)) {
            // From here on also where others came first in the batch.
            self.clockwork.accept(self.clock.as_ref(), limits.last);
            self.shared.halt(limits.room.clone());
        }
        pending.decide(command, self.ids.as_mut())
    }

    fn grow(&mut self, leaves: &[Bytes]) -> Result<(), TreeError> {
        let hashes: Vec<Digest> = leaves.iter().map(|leaf| leaf_hash(leaf)).collect();
        self.tree.append(&hashes);
        let view = self.tree.view().clone();
        let checkpoint: Arc<str> = self.key.checkpoint(view.size(), view.root_at(view.size())?).into();
        self.unwritten = Some(Arc::clone(&checkpoint));
        self.shared.show(Signed { view, checkpoint });
        Ok(())
    }

    /// A checkpoint that was shown and stands in no record yet goes into `checkpoints/`, so that it is kept.
    pub(super) fn promise(&mut self) {
        let Some(checkpoint) = self.unwritten.take() else { return };
        if let Err(error) = self.promised.keep(&checkpoint) {
            tracing::error!(%error, "a checkpoint that was shown could not be kept");
            self.unwritten = Some(checkpoint);
        }
    }

    fn answer(&self, outcomes: Outcomes, leaves: &[Bytes]) {
        let signed = self.shared.signed();
        let first = signed.view.size().saturating_sub(u64::try_from(leaves.len()).unwrap_or(u64::MAX));
        for (outcome, asker) in outcomes {
            let Some(asker) = asker else { continue };
            let proven = |seq, entry| Some(Proven { seq, entry, signed: Arc::clone(&signed) });
            let told = match outcome {
                Outcome::New { entry, answer } => {
                    let seq = first.saturating_add(u64::try_from(entry).unwrap_or(u64::MAX));
                    let proven = proven(seq, leaves.get(entry).cloned());
                    Ok(Committed { answer: Some(answer), proven, repeat: false })
                }
                Outcome::Known(answer) => {
                    let proven = answer.seq.and_then(|seq| proven(seq, None));
                    Ok(Committed { answer: Some(answer), proven, repeat: true })
                }
                Outcome::Nothing => Ok(Committed { answer: None, proven: None, repeat: true }),
                Outcome::Refused(refusal) => Err(refusal),
            };
            asker.tell(told);
        }
    }

    /// Answers a batch that was not appended. Where nothing was written, the senders may try again.
    fn not_appended(&self, outcomes: Outcomes, error: &JournalError) {
        let refusal = match error {
            full if full.lacks_room() => Refusal::new(Code::InsufficientStorage, "the disk is full"),
            JournalError::Io { .. } => Refusal::new(Code::TryLater, "the journal could not be written just now"),
            other => return self.poison(outcomes, &other.to_string()),
        };
        tracing::error!(%error, "a batch was not written; it may come again");
        tell_all(outcomes, &refusal);
    }

    /// What is in the journal, the index and the tree may differ: nothing more is written until a restart (law 1).
    fn poison(&self, outcomes: Outcomes, reason: &str) {
        tracing::error!(reason, "a batch failed: the hub only reads until it is restarted");
        let refusal = Refusal::new(Code::StorageFailed, "the batch could not be made durable");
        let _ = self.shared.poisoned.set(refusal.clone());
        tell_all(outcomes, &refusal);
    }
}

/// What the clock and the disk allow.
struct Limits {
    /// Time of the last entry before.
    last: Timestamp,
    reading: Reading,
    /// Why nothing comes in from outside.
    clock: Option<Refusal>,
    /// Why nothing ordinary comes in.
    room: Option<Refusal>,
}

fn tell_all(outcomes: Outcomes, refusal: &Refusal) {
    for asker in outcomes.into_iter().filter_map(|(_, asker)| asker) {
        asker.tell(Err(refusal.clone()));
    }
}

fn inline_bytes(command: &Command) -> u64 {
    let body = match command {
        Command::Submit(submit) => &submit.body,
        Command::Hold(hold) => &hold.submit.body,
        Command::Status(status) => &status.body,
        _ => return 0,
    };
    if let Body::Inline(bytes) = body { u64::try_from(bytes.len()).unwrap_or(u64::MAX) } else { 0 }
}

fn refuse_all(first: Job, jobs: &Receiver<Job>, refusal: &Refusal) {
    for job in std::iter::once(first).chain(jobs.try_iter().take(COMMANDS_MAX)) {
        if let Some(asker) = job.asker {
            asker.tell(Err(refusal.clone()));
        }
    }
}
