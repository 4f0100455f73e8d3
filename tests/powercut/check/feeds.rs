//! The feeds: each agency's is complete and without gaps, and tells every acknowledged thing exactly once to everyone
//! whom it concerns.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use truc::api::EventView;
use truc::client::{Client, ClientError, EventQuery};
use truc::domain::{MessageId, Seq, StatusCode};

use crate::ledger::{Kind, Ledger};
use crate::load::{Load, lock};
use crate::people::Who;

/// Every event of every agency.
pub(crate) struct Feeds(Vec<Feed>);

#[derive(Default)]
struct Feed {
    events: Vec<EventView>,
    /// Kind and message: where.
    places: HashMap<(String, MessageId), Vec<Seq>>,
}

impl Feeds {
    pub(crate) async fn read(load: &Load) -> Self {
        let mut feeds = Vec::new();
        for (who, agency) in load.people.all() {
            let events = all_events(&load.clients[who]).await.unwrap_or_else(|error| {
                lock(&load.ledger).find(Kind::Wrong, format!("the feed of {}: {error}", agency.code));
                Vec::new()
            });
            feeds.push(Feed::new(events));
        }
        Self(feeds)
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.iter().map(|feed| feed.events.len() as u64).sum()
    }

    /// Where a message stands in the feed of an agency.
    pub(crate) fn places(&self, who: Who, kind: &str, message: MessageId) -> &[Seq] {
        self.0[who].places.get(&(kind.to_owned(), message)).map_or(&[], Vec::as_slice)
    }

    /// A status, as the feed of an agency tells it: the document and the code.
    pub(crate) fn status(&self, who: Who, message: MessageId) -> Option<(MessageId, StatusCode)> {
        let told = |event: &&EventView| event.kind == "status" && event.message == Some(message);
        let event = self.0[who].events.iter().find(told)?;
        event.target.zip(event.status)
    }

    /// Messages that the feeds speak of and the ledger does not know, with an agency that may see each.
    pub(crate) fn unknown(&self, ledger: &Ledger) -> BTreeMap<MessageId, Who> {
        let told: BTreeSet<MessageId> = ledger.told.iter().map(|told| told.id).collect();
        let mut unknown = BTreeMap::new();
        for (who, feed) in self.0.iter().enumerate() {
            let messages = feed.events.iter().filter(|event| is_message(&event.kind)).filter_map(|event| event.message);
            for id in messages.filter(|id| !ledger.knows(*id) && !told.contains(id)) {
                unknown.entry(id).or_insert(who);
            }
        }
        unknown
    }

    /// Messages that are told as held and that the ledger does not know as such, with their sender.
    pub(crate) fn held(&self, ledger: &Ledger) -> BTreeMap<MessageId, Who> {
        let mut held = BTreeMap::new();
        for (who, feed) in self.0.iter().enumerate() {
            let own = feed.events.iter().filter(|event| event.kind == "held").filter_map(|event| event.message);
            held.extend(own.filter(|id| ledger.limbo.get(*id).is_none()).map(|id| (id, who)));
        }
        held
    }

    pub(crate) fn check(&self, load: &Load) {
        let mut ledger = lock(&load.ledger);
        for (who, agency) in load.people.all() {
            if !self.0[who].is_whole() {
                ledger.find(Kind::Lost, format!("the feed of {} has gaps", agency.code));
            }
        }
        let missing = self.missing(&ledger);
        missing.into_iter().for_each(|what| ledger.find(Kind::Lost, what));
    }

    fn missing(&self, ledger: &Ledger) -> Vec<String> {
        let mut missing = Vec::new();
        let mut expect = |who, kind: &str, id, seq: Option<Seq>| match (self.places(who, kind, id), seq) {
            ([place], Some(seq)) if *place == seq => {}
            ([_], None) => {}
            (places, _) => missing.push(format!("{kind} of {id} for agency {who}: at {places:?}, not once at {seq:?}")),
        };
        for held in &ledger.held {
            expect(held.letter.from, "accepted", held.id, Some(held.seq));
            held.letter.to.iter().for_each(|to| expect(*to, "addressed", held.id, None));
        }
        for told in &ledger.told {
            expect(told.note.from, "status", told.id, Some(told.seq));
            expect(told.note.to, "status", told.id, Some(told.seq));
        }
        for ((id, who), _) in ledger.deliveries.iter().filter(|(_, delivery)| delivery.confirmed) {
            expect(*who, "confirmed", *id, None);
        }
        missing
    }
}

impl Feed {
    fn new(events: Vec<EventView>) -> Self {
        let mut places: HashMap<_, Vec<Seq>> = HashMap::new();
        for event in &events {
            if let Some(message) = event.message {
                places.entry((event.kind.clone(), message)).or_default().push(event.seq);
            }
        }
        Self { events, places }
    }

    /// Numbered from 1 without gaps, strictly by seq.
    fn is_whole(&self) -> bool {
        self.events.iter().zip(1..).all(|(event, n)| event.n == n)
            && self.events.is_sorted_by(|one, other| one.seq < other.seq)
    }
}

/// Whether an event brings a message.
fn is_message(kind: &str) -> bool {
    matches!(kind, "accepted" | "addressed" | "status")
}

/// The whole feed, page by page.
pub(crate) async fn all_events(client: &Client) -> Result<Vec<EventView>, ClientError> {
    let mut events: Vec<EventView> = Vec::new();
    loop {
        let after = events.last().map(|event| event.seq);
        let page = client.events(&EventQuery { after, limit: Some(500), ..EventQuery::default() }).await?;
        if page.is_empty() {
            return Ok(events);
        }
        events.extend(page);
    }
}
