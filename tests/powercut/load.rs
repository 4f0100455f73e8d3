//! The mixed load: software of four agencies, each with several calls at a time, through the hub's public doors. An
//! acknowledgement counts when it was read while the power was on; everything else was on its way.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use truc::client::{Client, ClientError, ListQuery, Upload};
use truc::domain::{Code, DeliveryState, Digest, MessageId, StatusCode};

use crate::authorities::Late;
use crate::contents::{self, Act};
use crate::hub::Program;
use crate::ledger::{Held, Key, Kind, Ledger, Operation};
use crate::operator;
use crate::people::{People, Who};
use crate::random::Random;
use crate::trouble::Done;
use crate::waiting::{self, Waiting};

/// Calls that each agency has under way at one time.
const CALLS_EACH: usize = 2;
/// Octets of attachments: most are small, some go to a file of their own, few are large. Base64 makes a third more.
const SIZES: [(u64, usize); 5] = [(45, 1_500), (70, 15_000), (85, 45_000), (96, 150_000), (100, 1_500_000)];

/// Documents by a signer of whom nothing is known yet, percent.
const LATE: u64 = 15;

/// The ledger, shared by everyone who calls.
pub(crate) type Shared = Arc<Mutex<Ledger>>;

pub(crate) fn lock(ledger: &Shared) -> MutexGuard<'_, Ledger> {
    ledger.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Everything that a caller needs.
#[derive(Clone)]
pub(crate) struct Load {
    pub(crate) people: Arc<People>,
    pub(crate) clients: Arc<Vec<Client>>,
    pub(crate) ledger: Shared,
    pub(crate) power: watch::Receiver<bool>,
    /// The binary on the data folder.
    pub(crate) program: Program,
    /// Told when a backup has ended, or was cut.
    pub(crate) backed_up: Arc<Notify>,
}

/// What somebody decides to do.
pub(crate) enum Task {
    Write { to: Vec<Who>, size: usize, late: Option<Late> },
    Revoke(Held),
    Tell { about: Held, recipient: Who, code: StatusCode },
    Repeat(Held),
    Receive,
    Read(Key),
    Look(Waiting),
    RepeatWaiting(Waiting),
}

impl Load {
    /// Until the power goes, perhaps with a backup. `round` makes numbers that were never used.
    pub(crate) async fn run(&self, random: &Random, round: &str, is_backed_up: bool) -> Done<()> {
        let mut callers = JoinSet::new();
        for number in 0..self.people.count() * CALLS_EACH {
            let (load, random) = (self.clone(), random.fork(number as u64));
            let round = format!("{round}-{number}");
            callers.spawn(async move { load.call(number / CALLS_EACH, random, &round).await });
        }
        let operator = self.operate_hub(random.fork(u64::MAX));
        let authority = self.publish(random.fork(u64::MAX - 1));
        let backup = async { if is_backed_up { self.back_up(random.fork(u64::MAX - 2)).await } else { Ok(()) } };
        let (called, (), published, backed_up) = tokio::join!(callers.join_all(), operator, authority, backup);
        called.into_iter().chain([published, backed_up]).collect()
    }

    /// The operator, as a caller.
    pub(crate) fn operator(&self) -> &Client {
        &self.clients[self.people.count()]
    }

    async fn call(&self, me: Who, mut random: Random, round: &str) -> Done<()> {
        let mut number = 0;
        while *self.power.borrow() {
            number += 1;
            let task = self.decide(me, &mut random);
            self.perform(me, task, &mut random, &format!("{round}-{number}")).await?;
        }
        Ok(())
    }

    fn decide(&self, me: Who, random: &mut Random) -> Task {
        let mut ledger = lock(&self.ledger);
        let decided = match random.below(100) {
            0..40 => None,
            40..45 => random.pick(&ledger.held).filter(|held| held.letter.from == me).cloned().map(Task::Repeat),
            45..68 => Some(Task::Receive),
            68..88 => report(&mut ledger, me, random),
            88..93 => take_back(&mut ledger, me, random),
            93..95 => revoke(&mut ledger, me, random),
            95..98 => waiting::task(&ledger, me, random),
            _ => ledger.any_delivery(me, random).map(|(key, _)| Task::Read(key)),
        };
        drop(ledger);
        decided.unwrap_or_else(|| self.write(me, random))
    }

    fn write(&self, me: Who, random: &mut Random) -> Task {
        let mut to: Vec<Who> = (0..self.people.count()).filter(|who| *who != me).collect();
        while to.len() > 1 && random.chance(45) {
            to.remove(random.index(to.len()));
        }
        let kind = random.below(100);
        let most = SIZES.iter().find(|(share, _)| kind < *share).map_or(0, |(_, octets)| *octets);
        let late = if random.chance(LATE) { self.unknown_signer(me, random) } else { None };
        Task::Write { to, size: most / 2 + random.index(most / 2), late }
    }

    async fn perform(&self, me: Who, task: Task, random: &mut Random, number: &str) -> Done<()> {
        match task {
            Task::Write { to, size, late } => {
                let letter = self.people.letter((me, to), late, number, &random.octets(size))?;
                self.operate(Operation::Send(Arc::new(letter))).await;
            }
            Task::Revoke(held) => {
                let letter = self.people.revocation(held.id, &held.letter, number)?;
                self.operate(Operation::Send(Arc::new(letter))).await;
            }
            Task::Tell { about, recipient, code } => {
                let note = self.people.note((about.id, &about.letter), recipient, code, number)?;
                self.operate(Operation::Tell(Arc::new(note))).await;
            }
            Task::Repeat(held) => self.repeat(&held).await,
            Task::Receive => self.receive(me, random).await,
            Task::Read(key) => self.read(key).await,
            Task::Look(waiting) => self.look(&waiting).await,
            Task::RepeatWaiting(waiting) => self.repeat_waiting(&waiting).await,
        }
        Ok(())
    }

    pub(crate) async fn operate(&self, operation: Operation) {
        let ticket = lock(&self.ledger).sets_out(operation.clone());
        let answer = answer(&self.clients, &operation).await;
        let mut ledger = lock(&self.ledger);
        if !*self.power.borrow() {
            return;
        }
        match answer {
            Ok(answer) => {
                ledger.in_flight.remove(&ticket);
                answer.acknowledge(&mut ledger, &operation, false);
            }
            Err(error) if operation.may_be_refused(&ledger, &error) => drop(ledger.in_flight.remove(&ticket)),
            Err(error) => ledger.find(Kind::Wrong, format!("refused with the power on: {error}")),
        }
    }

    async fn repeat(&self, held: &Held) {
        let answer = self.clients[held.letter.from].send_document(&Upload::bytes(held.letter.bytes.clone())).await;
        self.note(answer, |ledger, receipt| ledger.repeated(held, &receipt));
    }

    /// What software does: look what waits, fetch something of it, and confirm that it is stored.
    async fn receive(&self, me: Who, random: &mut Random) {
        let query = ListQuery { limit: Some(50), ..ListQuery::default() };
        let waiting = match self.clients[me].inbox(&query).await {
            Ok(page) => page.items,
            Err(error) => return self.note(Err::<(), _>(error), |_, ()| {}),
        };
        let Some(key) = random.pick(&waiting).and_then(|item| self.claim((item.id, me))) else { return };
        self.read(key).await;
        self.operate(Operation::Confirm(key)).await;
    }

    /// Nobody else confirms it.
    fn claim(&self, key: Key) -> Option<Key> {
        let mut ledger = lock(&self.ledger);
        let delivery = ledger.deliveries.get_mut(&key).filter(|delivery| !delivery.busy && !delivery.confirmed)?;
        delivery.busy = true;
        Some(key)
    }

    async fn read(&self, (id, reader): Key) {
        let (digest, before) = {
            let ledger = lock(&self.ledger);
            (ledger.letter(id).map(|held| held.letter.sha256), ledger.contents.fate(id))
        };
        let read = match bytes_of(&self.clients[reader], id).await {
            Err(error) if lock(&self.ledger).explains(id, &error) => return,
            read => read,
        };
        self.note(read, |ledger, read| {
            ledger.was_read(id, before);
            if digest.is_some_and(|digest| digest != read) {
                ledger.find(Kind::Lost, format!("{id} was fetched with other bytes"));
            }
        });
    }

    pub(crate) fn note<T>(&self, answer: Result<T, ClientError>, then: impl FnOnce(&mut Ledger, T)) {
        let mut ledger = lock(&self.ledger);
        if !*self.power.borrow() {
            return;
        }
        match answer {
            Ok(answer) => then(&mut ledger, answer),
            Err(error) => ledger.find(Kind::Wrong, format!("refused with the power on: {error}")),
        }
    }
}

/// SHA-256 of the bytes that the hub gives for a message.
pub(crate) async fn bytes_of(client: &Client, id: MessageId) -> Result<Digest, ClientError> {
    client.content(id, None).await?.bytes(64 << 20).await.map(|bytes| Digest::of(&bytes))
}

/// What a call was answered with.
pub(crate) enum Answer {
    Receipt(Box<truc::api::Receipt>),
    Delivery(Box<truc::api::DeliveryView>),
    Done(contents::Done),
}

/// Makes the call.
pub(crate) async fn answer(clients: &[Client], operation: &Operation) -> Result<Answer, ClientError> {
    let receipt = |receipt| Answer::Receipt(Box::new(receipt));
    match operation {
        Operation::Send(letter) => {
            clients[letter.from].send_document(&Upload::bytes(letter.bytes.clone())).await.map(receipt)
        }
        Operation::Tell(note) => clients[note.from].send_status(&Upload::bytes(note.bytes.clone())).await.map(receipt),
        Operation::Confirm((id, who)) => {
            clients[*who].confirm(*id, None).await.map(|view| Answer::Delivery(Box::new(view)))
        }
        Operation::Act(act) => {
            let [.., operator] = clients else { return Err(nobody()) };
            operator::done(operator, act).await.map(Answer::Done)
        }
    }
}

impl Answer {
    /// Writes it down. `repeat` is whether the hub must say that it had it before.
    pub(crate) fn acknowledge(&self, ledger: &mut Ledger, operation: &Operation, repeat: bool) {
        match (operation, self) {
            (Operation::Send(letter), Self::Receipt(receipt)) => {
                ledger.sent(letter, receipt, repeat);
                if let Some(revoked) = letter.revokes {
                    letter.to.iter().for_each(|to| ledger.change((revoked, *to), |delivery| delivery.busy = false));
                }
            }
            (Operation::Tell(note), Self::Receipt(receipt)) => ledger.status(note, receipt, repeat),
            (Operation::Confirm(key), Self::Delivery(view)) => ledger.confirmed(*key, view),
            (Operation::Act(act), Self::Done(done)) => {
                ledger.done(act, done, repeat);
                act.release_deliveries(ledger);
            }
            _ => ledger.find(Kind::Wrong, "an answer of another kind"),
        }
    }
}

fn nobody() -> ClientError {
    ClientError::Local { what: "call".into(), reason: "there is no operator".into() }
}

impl Operation {
    /// Whether the hub may say no to it although the power is on: only where the content was destroyed meanwhile, or the
    /// signer is known to be revoked by now.
    pub(crate) fn may_be_refused(&self, ledger: &Ledger, error: &ClientError) -> bool {
        match self {
            Self::Act(Act::Withhold(id)) => ledger.explains(*id, error),
            Self::Send(letter) => ledger.is_revoked(letter, error),
            _ => false,
        }
    }
}

/// The next status of a delivery at `me`: forward, an answer where one is asked for, now and then something late.
fn report(ledger: &mut Ledger, me: Who, random: &mut Random) -> Option<Task> {
    let (key, delivery) =
        ledger.any_delivery(me, random).filter(|(_, delivery)| !delivery.busy && !delivery.settled)?;
    let about = ledger.letter(key.0)?.clone();
    let codes = match (delivery.asked, delivery.state) {
        (_, DeliveryState::Rejected | DeliveryState::TakenBack) => return None,
        (true, _) => [StatusCode::Agreed, StatusCode::Declined, StatusCode::Declined],
        (_, DeliveryState::Delivered) => [StatusCode::Arrived, StatusCode::Accepted, StatusCode::Rejected],
        (_, DeliveryState::Arrived) => [StatusCode::Accepted, StatusCode::Accepted, StatusCode::Assigned],
        _ => [StatusCode::InProgress, StatusCode::Finished, StatusCode::Arrived],
    };
    let code = *random.pick(&codes)?;
    ledger.change(key, |delivery| delivery.busy = true);
    Some(Task::Tell { about, recipient: me, code })
}

/// The sender of a letter asks for it back from one recipient.
fn take_back(ledger: &mut Ledger, me: Who, random: &mut Random) -> Option<Task> {
    let about = random.pick(&ledger.held).filter(|held| held.letter.from == me)?.clone();
    let recipient = *random.pick(&about.letter.to)?;
    let delivery = ledger.deliveries.get_mut(&(about.id, recipient))?;
    if delivery.busy || delivery.settled || delivery.asked || delivery.state.is_end() {
        return None;
    }
    delivery.busy = true;
    Some(Task::Tell { about, recipient, code: StatusCode::TakeBack })
}

/// The sender of a letter revokes it formally. From then on nobody reports on it.
fn revoke(ledger: &mut Ledger, me: Who, random: &mut Random) -> Option<Task> {
    let held = random.pick(&ledger.held).filter(|held| held.letter.from == me)?.clone();
    let keys: Vec<Key> = held.letter.to.iter().map(|to| (held.id, *to)).collect();
    if keys.iter().any(|key| ledger.deliveries.get(key).is_none_or(|delivery| delivery.busy || delivery.settled)) {
        return None;
    }
    for key in keys {
        ledger.change(key, |delivery| (delivery.busy, delivery.settled) = (true, true));
    }
    Some(Task::Revoke(held))
}

/// Whether a refusal says that there is no such thing.
pub(crate) fn is_absent(error: &ClientError) -> bool {
    error.code() == Some(Code::NotFound)
}
