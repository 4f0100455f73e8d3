//! What was on its way when the power went was never acknowledged: it may be there, whole, or not at all. Then it is
//! done again, as the sender's software would; the hub must say whether it had it.

use std::collections::{BTreeMap, BTreeSet};

use truc::client::ClientError;
use truc::domain::{Code, MessageId};

use crate::check::feeds::Feeds;
use crate::ledger::{Kind, Ledger, Operation};
use crate::load::{Load, answer, bytes_of, lock};
use crate::people::{Letter, Who};

/// The messages that were on their way and that are there, by their ticket.
#[derive(Default)]
pub(crate) struct Present(BTreeMap<u64, MessageId>);

impl Present {
    pub(crate) fn whole(&self) -> u64 {
        self.0.len() as u64
    }

    pub(crate) fn absent(&self, ledger: &Ledger) -> u64 {
        let is_message = |operation: &&Operation| matches!(operation, Operation::Send(_) | Operation::Tell(_));
        let messages = ledger.in_flight.values().filter(is_message);
        messages.count() as u64 - self.whole()
    }

    /// The documents among them.
    pub(crate) fn letters<'a>(&self, ledger: &'a Ledger) -> Vec<(MessageId, &'a Letter)> {
        let operations = self.0.iter().filter_map(|(ticket, id)| Some((*id, ledger.in_flight.get(ticket)?)));
        operations
            .filter(|(id, _)| ledger.limbo.get(*id).is_none())
            .filter_map(|(id, operation)| match operation {
                Operation::Send(letter) => Some((id, letter.as_ref())),
                _ => None,
            })
            .collect()
    }
}

/// Finds out which of them are there, and whether they are whole.
pub(crate) async fn resolve(load: &Load, feeds: &Feeds) -> Present {
    let mut present = Present(waiting(&lock(&load.ledger)));
    let unknown = feeds.unknown(&lock(&load.ledger));
    for (id, who) in unknown {
        match claim(load, feeds, id, who).await {
            Ok(Some((ticket, operation))) => {
                present.0.insert(ticket, id);
                if let Err(what) = whole(load, feeds, id, &operation).await {
                    lock(&load.ledger).find(Kind::Half, format!("{id}, never acknowledged, is there in part: {what}"));
                }
            }
            Ok(None) => lock(&load.ledger).find(Kind::Half, format!("{id} has bytes that nobody sent")),
            Err(error) => lock(&load.ledger).find(Kind::Half, format!("{id}, never acknowledged: {error}")),
        }
    }
    present
}

/// Those of whom it is not known whether their certificate is revoked; they were looked at before.
fn waiting(ledger: &Ledger) -> BTreeMap<u64, MessageId> {
    let sent = |(ticket, operation): (&u64, &Operation)| {
        let Operation::Send(letter) = operation else { return None };
        let waiting = ledger.limbo.waiting.iter().find(|waiting| waiting.letter.sha256 == letter.sha256)?;
        Some((*ticket, waiting.id))
    };
    ledger.in_flight.iter().filter_map(sent).collect()
}

/// Which operation a message came from, by its exact bytes; of a status that went with its document, by what it told.
async fn claim(load: &Load, feeds: &Feeds, id: MessageId, who: Who) -> Result<Option<(u64, Operation)>, ClientError> {
    let digest = match bytes_of(&load.clients[who], id).await {
        Ok(digest) => Some(digest),
        Err(error) if is_hidden(&error) => None,
        Err(error) => return Err(error),
    };
    let told = feeds.status(who, id);
    let ledger = lock(&load.ledger);
    let mut operations = ledger.in_flight.iter();
    let found = operations.find(|(_, operation)| match operation {
        Operation::Send(letter) => digest == Some(letter.sha256),
        Operation::Tell(note) if digest.is_none() => {
            (note.from == who || note.to == who) && told == Some((note.about.0, note.code))
        }
        Operation::Tell(note) => digest == Some(note.sha256),
        Operation::Confirm(_) | Operation::Act(_) => false,
    });
    Ok(found.map(|(ticket, operation)| (*ticket, operation.clone())))
}

fn is_hidden(error: &ClientError) -> bool {
    matches!(error.code(), Some(Code::ContentWithheld | Code::ContentDestroyed))
}

/// A document with all its recipients, a status with both its sides.
async fn whole(load: &Load, feeds: &Feeds, id: MessageId, operation: &Operation) -> Result<(), String> {
    let once = |who, kind| match feeds.places(who, kind, id) {
        [_] => Ok(()),
        places => Err(format!("{kind} for agency {who} at {places:?}")),
    };
    match operation {
        Operation::Send(letter) => {
            once(letter.from, "accepted")?;
            letter.to.iter().try_for_each(|to| once(*to, "addressed"))?;
            recipients(load, id, letter).await
        }
        Operation::Tell(note) => once(note.from, "status").and_then(|()| once(note.to, "status")),
        Operation::Confirm(_) | Operation::Act(_) => Ok(()),
    }
}

async fn recipients(load: &Load, id: MessageId, letter: &Letter) -> Result<(), String> {
    let view = load.clients[letter.from].document(id).await.map_err(|error| error.to_string())?;
    let there: BTreeSet<_> = view.deliveries.iter().map(|delivery| load.people.who(&delivery.to.code)).collect();
    let wanted: BTreeSet<_> = letter.to.iter().map(|to| Some(*to)).collect();
    if there == wanted && view.deliveries.len() == wanted.len() {
        Ok(())
    } else {
        Err(format!("its deliveries are those of {there:?}, not of {wanted:?}"))
    }
}

/// Everything that was on its way, once more.
pub(crate) async fn again(load: &Load, present: &Present) {
    let operations = lock(&load.ledger).in_flight.clone();
    for (ticket, operation) in operations {
        let repeat = present.0.contains_key(&ticket) || matches!(operation, Operation::Act(_));
        let answer = answer(&load.clients, &operation).await;
        let mut ledger = lock(&load.ledger);
        match answer {
            Ok(answer) => answer.acknowledge(&mut ledger, &operation, repeat),
            Err(error) if operation.may_be_refused(&ledger, &error) => {}
            Err(error) => ledger.find(Kind::Wrong, format!("what was on its way is refused afterwards: {error}")),
        }
    }
}
