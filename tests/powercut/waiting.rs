//! Held messages as they were acknowledged: durable like any other, shown to nobody but their sender until the CRL of
//! their signer's authority is there, and then ended in one way, once.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use truc::api::Receipt;
use truc::client::{ClientError, Upload};
use truc::domain::{Code, HoldState, MessageId, Seq};

use crate::authorities::Late;
use crate::ledger::{Kind, Ledger, Operation};
use crate::load::{Load, Task, lock};
use crate::people::{Letter, People, Who};
use crate::random::Random;
use crate::trouble::Done;

/// Longest time until a CRL is there in mid load, milliseconds; short ones are as likely as long ones.
const CRL_MS_MAX: u64 = 256;
/// How often one comes in mid load, and before a start, percent.
const IN_LOAD: u64 = 40;
const BEFORE_START: u64 = 45;

/// An acknowledged message that waits, or waited.
#[derive(Clone)]
pub(crate) struct Waiting {
    pub(crate) id: MessageId,
    pub(crate) letter: Arc<Letter>,
    pub(crate) seq: Seq,
    /// What its receipt proves; none where it was never acknowledged and only seen after a cut.
    pub(crate) entry: Option<Bytes>,
    /// How it has ended, once somebody was told.
    pub(crate) outcome: Option<HoldState>,
}

/// Everything that waits, or waited, in one data folder.
#[derive(Default)]
pub(crate) struct Limbo {
    pub(crate) waiting: Vec<Waiting>,
    /// Authorities whose CRL is there, or may be: it is on its way before it is written.
    pub(crate) published: BTreeSet<Late>,
}

impl Limbo {
    pub(crate) fn get(&self, id: MessageId) -> Option<&Waiting> {
        self.waiting.iter().find(|waiting| waiting.id == id)
    }

    pub(crate) fn count(&self, state: HoldState) -> u64 {
        self.waiting.iter().filter(|waiting| waiting.outcome.unwrap_or(HoldState::Held) == state).count() as u64
    }

    /// How a message may end, as far as anybody can know.
    pub(crate) fn end_of(&self, letter: &Letter) -> HoldState {
        match letter.signer.filter(|signer| self.published.contains(&signer.late)) {
            None => HoldState::Held,
            Some(signer) if signer.is_revoked => HoldState::TurnedAway,
            Some(_) => HoldState::Released,
        }
    }
}

impl Ledger {
    /// A letter was answered with the receipt of a `held` entry: now, or before.
    pub(crate) fn holds(&mut self, letter: &Arc<Letter>, receipt: &Receipt, entry: Bytes) {
        let (id, seq) = (receipt.id, receipt.seq);
        if letter.signer.is_none() {
            return self.find(Kind::Wrong, format!("{id} is held, and its signer's CRL was there before"));
        }
        if receipt.held && !receipt.recipients.is_empty() {
            self.find(Kind::Wrong, format!("{id} is held, and its receipt names recipients"));
        }
        match self.limbo.waiting.iter_mut().find(|waiting| waiting.id == id) {
            Some(waiting) if waiting.seq == seq => waiting.entry = Some(entry),
            Some(waiting) => {
                let what = format!("{id} was held at {}, and now at {seq}", waiting.seq);
                self.find(Kind::Lost, what);
            }
            None => {
                let (letter, entry) = (Arc::clone(letter), Some(entry));
                self.octets += letter.bytes.len() as u64;
                self.limbo.waiting.push(Waiting { id, letter, seq, entry, outcome: None });
            }
        }
        self.stands(id, state_of(receipt), None);
    }

    /// Where a message was seen to stand: one end, which it may have, for ever. `known` is how it had ended when it was
    /// asked for.
    pub(crate) fn stands(&mut self, id: MessageId, state: HoldState, known: Option<HoldState>) {
        let Some(place) = self.limbo.waiting.iter().position(|waiting| waiting.id == id) else { return };
        let (now, end) = (self.limbo.waiting[place].outcome, self.limbo.end_of(&self.limbo.waiting[place].letter));
        let before = if state == HoldState::Held { known } else { now };
        if let Some(before) = before.filter(|before| *before != state) {
            return self.find(Kind::Lost, format!("{id} was {before:?}, and is now {state:?}"));
        }
        if state != HoldState::Held {
            if state != end {
                self.find(Kind::Wrong, format!("{id} is {state:?}, and by its CRL it is {end:?}"));
            }
            self.limbo.waiting[place].outcome = Some(state);
        }
    }

    /// Whether it is refused because its certificate is known to be revoked by now.
    pub(crate) fn is_revoked(&self, letter: &Letter, error: &ClientError) -> bool {
        error.code() == Some(Code::CertificateRevoked) && self.limbo.end_of(letter) == HoldState::TurnedAway
    }
}

fn state_of(receipt: &Receipt) -> HoldState {
    if receipt.held { HoldState::Held } else { HoldState::Released }
}

impl Load {
    /// A signer of this agency of whom nothing is known yet.
    pub(crate) fn unknown_signer(&self, me: Who, random: &mut Random) -> Option<Late> {
        let ledger = lock(&self.ledger);
        let late = (0..self.people.late.count()).filter(|late| self.people.late.agency(*late) == me);
        let unknown: Vec<Late> = late.filter(|late| !ledger.limbo.published.contains(late)).collect();
        random.pick(&unknown).copied()
    }

    /// A CRL comes, as one does that was fetched: nobody is asked.
    pub(crate) async fn publish(&self, mut random: Random) -> Done<()> {
        tokio::time::sleep(Duration::from_millis(random.doubling(CRL_MS_MAX))).await;
        if *self.power.borrow() && random.chance(IN_LOAD) {
            publish_next(&mut lock(&self.ledger), &self.people, &self.program.data)?;
        }
        Ok(())
    }

    /// The sender of something that waits asks how it stands.
    pub(crate) async fn look(&self, waiting: &Waiting) {
        let (id, sender) = (waiting.id, &self.clients[waiting.letter.from]);
        let view = sender.document(id).await;
        self.note(view, |ledger, view| match view.hold {
            Some(hold) => ledger.stands(id, hold.state, waiting.outcome),
            None => ledger.find(Kind::Lost, format!("{id} was held, and is shown as if it had not been")),
        });
    }

    /// The same bytes again, while they wait or later.
    pub(crate) async fn repeat_waiting(&self, waiting: &Waiting) {
        let letter = &waiting.letter;
        let answer = self.clients[letter.from].send_document(&Upload::bytes(letter.bytes.clone())).await;
        match answer {
            Err(error) if lock(&self.ledger).is_revoked(letter, &error) => {}
            answer => self.note(answer, |ledger, receipt| {
                if (receipt.id, receipt.seq) != (waiting.id, waiting.seq) {
                    ledger.find(Kind::Lost, format!("{} is repeated as {}", waiting.id, receipt.id));
                }
                ledger.sent(letter, &receipt, true);
                ledger.stands(waiting.id, state_of(&receipt), waiting.outcome);
            }),
        }
    }
}

/// What the sender of something that waits does about it.
pub(crate) fn task(ledger: &Ledger, me: Who, random: &mut Random) -> Option<Task> {
    let waiting = random.pick(&ledger.limbo.waiting).filter(|waiting| waiting.letter.from == me)?.clone();
    // Where it is no longer on its way; the answer to that would be read twice.
    let is_on_its_way =
        |operation: &Operation| matches!(operation, Operation::Send(letter) if letter.sha256 == waiting.letter.sha256);
    if ledger.in_flight.values().any(is_on_its_way) {
        return None;
    }
    Some(if random.chance(50) { Task::Look(waiting) } else { Task::RepeatWaiting(waiting) })
}

/// Before a start: every CRL that may have been there is, and now and then one more.
pub(crate) fn before_start(ledger: &mut Ledger, people: &People, data: &Path, random: &mut Random) -> Done<()> {
    if random.chance(BEFORE_START) {
        publish_next(ledger, people, data)?;
    }
    ledger.limbo.published.iter().try_for_each(|late| people.late.publish(*late, data))
}

fn publish_next(ledger: &mut Ledger, people: &People, data: &Path) -> Done<()> {
    let Some(late) = (0..people.late.count()).find(|late| !ledger.limbo.published.contains(late)) else {
        return Ok(());
    };
    ledger.limbo.published.insert(late);
    people.late.publish(late, data)
}
