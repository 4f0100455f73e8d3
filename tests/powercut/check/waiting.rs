//! Held messages: each is there as its receipt says, shown to its sender alone while it waits; where the CRL is there it
//! has ended as the CRL says, once, and at every recipient or at none.

use std::sync::Arc;
use std::time::{Duration, Instant};

use truc::client::ClientError;
use truc::domain::{Code, HoldState, MessageId};

use crate::check::feeds::Feeds;
use crate::ledger::{Kind, Ledger, Operation};
use crate::load::{Load, bytes_of, is_absent, lock};
use crate::people::{Letter, Who};
use crate::waiting::Waiting;

/// What has not ended after this long, its CRL being there, never will.
const PATIENCE: Duration = Duration::from_mins(2);
const LOOK: Duration = Duration::from_millis(20);

/// Finds those that were on their way, and waits until whatever can end has.
pub(crate) async fn settle(load: &Load) {
    let feeds = Feeds::read(load).await;
    let unknown = feeds.held(&lock(&load.ledger));
    for (id, who) in unknown {
        arrived(load, &feeds, id, who).await;
    }
    let waiting = lock(&load.ledger).limbo.waiting.clone();
    let started = Instant::now();
    for waiting in waiting {
        while !has_ended(load, &waiting).await {
            if started.elapsed() > PATIENCE {
                let what = format!("{} waits still, and the CRL has been there for {PATIENCE:?}", waiting.id);
                return lock(&load.ledger).find(Kind::Wrong, what);
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

/// One that nobody was told of: it must be one that was on its way.
async fn arrived(load: &Load, feeds: &Feeds, id: MessageId, who: Who) {
    let view = load.clients[who].document(id).await;
    let mut ledger = lock(&load.ledger);
    let sha256 = match view {
        Ok(view) => view.sha256,
        Err(error) => return ledger.find(Kind::Half, format!("{id}, held and never acknowledged: {error}")),
    };
    let sent = |operation: &Operation| match operation {
        Operation::Send(letter) => (letter.sha256 == sha256 && letter.signer.is_some()).then(|| Arc::clone(letter)),
        _ => None,
    };
    let letter = ledger.in_flight.values().find_map(sent);
    match (letter, feeds.places(who, "held", id)) {
        (Some(letter), [seq]) if letter.from == who => {
            let waiting = Waiting { id, letter, seq: *seq, entry: None, outcome: None };
            ledger.limbo.waiting.push(waiting);
        }
        _ => ledger.find(Kind::Half, format!("{id} is held, and nobody sent it")),
    }
}

/// Whether it stands as it must end, by the sender's view. One that cannot be read is told later.
async fn has_ended(load: &Load, waiting: &Waiting) -> bool {
    if lock(&load.ledger).limbo.end_of(&waiting.letter) == HoldState::Held {
        return true;
    }
    let view = load.clients[waiting.letter.from].document(waiting.id).await;
    view.is_err() || view.is_ok_and(|view| view.hold.is_none_or(|hold| hold.state != HoldState::Held))
}

pub(crate) async fn check(load: &Load, feeds: &Feeds) {
    let all = lock(&load.ledger).limbo.waiting.clone();
    for waiting in all {
        if let Err(error) = waiting.look(load, feeds).await {
            lock(&load.ledger).find(Kind::Lost, format!("{}, held: {error}", waiting.id));
        }
    }
}

impl Waiting {
    async fn look(&self, load: &Load, feeds: &Feeds) -> Result<(), ClientError> {
        let (id, sender) = (self.id, &load.clients[self.letter.from]);
        let view = sender.document(id).await?;
        let bytes = match bytes_of(sender, id).await {
            Err(error) if error.code() == Some(Code::ContentDestroyed) => None,
            bytes => Some(bytes?),
        };
        let proof = sender.proof(id).await?;
        let shown = self.shown_to(load).await?;
        let mut ledger = lock(&load.ledger);
        let state = self.state(&mut ledger, feeds);
        ledger.stands(id, state, self.outcome);
        if view.hold.map(|hold| hold.state) != Some(state) {
            ledger.find(Kind::Lost, format!("{id} is {state:?} by the trail, and is shown otherwise"));
        }
        if (view.sha256, view.seq, &view.document_id) != (self.letter.sha256, self.seq, &self.letter.document) {
            ledger.find(Kind::Lost, format!("{id} is shown as another message"));
        }
        let wanted = (state != HoldState::TurnedAway).then_some(self.letter.sha256);
        if bytes != wanted {
            ledger.find(Kind::Lost, format!("{id} is {state:?}, and its sender is given {bytes:?}"));
        }
        let now = ledger.proof(id, self.seq, &proof);
        if self.entry.is_some() && now != self.entry {
            ledger.find(Kind::Lost, format!("{id} has another entry than its receipt proves"));
        }
        let wanted = if state == HoldState::Released { self.letter.to.as_slice() } else { &[] };
        if shown != wanted {
            ledger.find(
                Kind::Half,
                format!("{id} is {state:?}, and shown to agencies {shown:?} of {:?}", self.letter.to),
            );
        }
        Ok(())
    }

    /// How it has ended, by the trail. Each entry stands once, and deliveries follow a release only.
    fn state(&self, ledger: &mut Ledger, feeds: &Feeds) -> HoldState {
        let (id, from) = (self.id, self.letter.from);
        if feeds.places(from, "held", id) != [self.seq] {
            ledger.find(Kind::Lost, format!("{id} is not told once as held at {}", self.seq));
        }
        let ends = [("hold_released", HoldState::Released), ("turned_away", HoldState::TurnedAway)];
        let ends: Vec<HoldState> =
            ends.iter().flat_map(|(kind, state)| feeds.places(from, kind, id).iter().map(|_| *state)).collect();
        let state = match ends.as_slice() {
            [] => HoldState::Held,
            [end] => *end,
            ends => {
                ledger.find(Kind::Wrong, format!("{id} has ended more than once: {ends:?}"));
                HoldState::Held
            }
        };
        let times = usize::from(state == HoldState::Released);
        for to in self.letter.to.iter().filter(|to| feeds.places(**to, "addressed", id).len() != times) {
            ledger.find(Kind::Half, format!("{id} is {state:?}, and not told {times} times to agency {to}"));
        }
        state
    }

    /// The recipients for whom it exists.
    async fn shown_to(&self, load: &Load) -> Result<Vec<Who>, ClientError> {
        let mut shown = Vec::new();
        for to in &self.letter.to {
            match load.clients[*to].document(self.id).await {
                Ok(_) => shown.push(*to),
                Err(error) if is_absent(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(shown)
    }
}

/// Those that a list of an agency must hold: the sender's always, a recipient's once they are released.
pub(crate) fn to_list(ledger: &Ledger, is_in: impl Fn(&Letter, bool) -> bool) -> Vec<MessageId> {
    let waiting = ledger.limbo.waiting.iter();
    let listed = waiting.filter(|it| is_in(&it.letter, it.outcome == Some(HoldState::Released)));
    listed.map(|waiting| waiting.id).collect()
}
