//! Inbox and outbox: exactly what was acknowledged, each once, and whole documents that were on their way.

use std::collections::BTreeSet;

use truc::api::{ListItem, Page};
use truc::client::{Client, ClientError, ListQuery};
use truc::domain::MessageId;

use crate::check::in_flight::Present;
use crate::check::waiting::to_list;
use crate::contents::Fate;
use crate::ledger::{Key, Kind, Ledger};
use crate::load::{Load, lock};
use crate::people::Who;

/// What a list must hold, and what it may hold beside.
#[derive(Default)]
struct Expected {
    must: BTreeSet<MessageId>,
    may: BTreeSet<MessageId>,
}

pub(crate) async fn check(load: &Load, present: &Present) {
    for (who, agency) in load.people.all() {
        let client = &load.clients[who];
        let (inbox, outbox) = (all(client, List::Inbox).await, all(client, List::Outbox).await);
        let mut ledger = lock(&load.ledger);
        let expected = [sent_by(&ledger, present, who), waiting_at(&ledger, present, who)];
        for ((name, listed), expected) in [("outbox", outbox), ("inbox", inbox)].into_iter().zip(expected) {
            match listed {
                Ok(listed) => expected.compare(&mut ledger, &format!("{name} of {}", agency.code), &listed),
                Err(error) => ledger.find(Kind::Wrong, format!("the {name} of {}: {error}", agency.code)),
            }
        }
    }
}

fn sent_by(ledger: &Ledger, present: &Present, who: Who) -> Expected {
    let acknowledged = ledger.held.iter().filter(|held| held.letter.from == who).map(|held| held.id);
    let letters = present.letters(ledger).into_iter().filter(|(_, letter)| letter.from == who);
    let waiting = to_list(ledger, |letter, _| letter.from == who);
    Expected { must: acknowledged.chain(letters.map(|(id, _)| id)).chain(waiting).collect(), may: BTreeSet::new() }
}

/// Listed until confirmed (law 7), or destroyed.
fn waiting_at(ledger: &Ledger, present: &Present, who: Who) -> Expected {
    let mut expected = Expected::default();
    let listed = |key: &&Key| key.1 == who && ledger.contents.fate(key.0) != Fate::Destroyed;
    for key in ledger.deliveries.keys().filter(listed) {
        let may_be = ledger.may_be(*key);
        if may_be.iter().all(|delivery| !delivery.confirmed) {
            expected.must.insert(key.0);
        } else if may_be.iter().any(|delivery| !delivery.confirmed) {
            expected.may.insert(key.0);
        }
    }
    let letters = present.letters(ledger).into_iter().filter(|(_, letter)| letter.to.contains(&who));
    expected.must.extend(letters.map(|(id, _)| id));
    // Nobody confirms what has waited.
    expected.must.extend(to_list(ledger, |letter, is_released| is_released && letter.to.contains(&who)));
    expected
}

impl Expected {
    fn compare(&self, ledger: &mut Ledger, name: &str, listed: &[ListItem]) {
        let ids: BTreeSet<MessageId> = listed.iter().map(|item| item.id).collect();
        if ids.len() != listed.len() {
            ledger.find(Kind::Wrong, format!("the {name} lists something twice"));
        }
        for id in self.must.difference(&ids) {
            ledger.find(Kind::Lost, format!("{id} is not in the {name}"));
        }
        for id in ids.difference(&self.must).filter(|id| !self.may.contains(id)) {
            let kind = if ledger.knows(*id) { Kind::Lost } else { Kind::Half };
            ledger.find(kind, format!("{id} is in the {name} and must not be"));
        }
    }
}

/// Which list.
#[derive(Clone, Copy)]
pub(crate) enum List {
    Inbox,
    Outbox,
}

/// All of it, page by page.
pub(crate) async fn all(client: &Client, list: List) -> Result<Vec<ListItem>, ClientError> {
    let mut items = Vec::new();
    let mut cursor = None;
    loop {
        let query = ListQuery { cursor, limit: Some(500), ..ListQuery::default() };
        let Page { items: page, next } = match list {
            List::Inbox => client.inbox(&query).await?,
            List::Outbox => client.outbox(&query).await?,
        };
        items.extend(page);
        cursor = next;
        if cursor.is_none() {
            return Ok(items);
        }
    }
}
