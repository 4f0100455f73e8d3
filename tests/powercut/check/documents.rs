//! Each acknowledged message: exact bytes, view, deliveries with their states, and a proof in the tree of now.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::task::JoinSet;
use truc::api::DocumentView;
use truc::client::{Client, ClientError};
use truc::domain::{Code, Digest, MessageId};

use crate::check::CALLS;
use crate::check::contents::{expected, look_at};
use crate::check::feeds::Feeds;
use crate::ledger::{Held, Kind, Ledger};
use crate::load::{Load, bytes_of, is_absent, lock};
use crate::people::Who;
use crate::trouble::Done;

/// A message to be looked at: whose, and whether it is a document.
#[derive(Clone, Copy)]
struct Message {
    id: MessageId,
    from: Who,
    is_document: bool,
}

pub(crate) async fn check(load: &Load, feeds: &Arc<Feeds>) -> Done<()> {
    let all = messages(&lock(&load.ledger));
    let mut looking = JoinSet::new();
    for part in all.chunks(all.len().div_ceil(CALLS).max(1)) {
        let (load, feeds, part) = (load.clone(), Arc::clone(feeds), part.to_vec());
        looking.spawn(async move {
            for message in part {
                message.look(&load, &feeds).await;
            }
        });
    }
    while let Some(done) = looking.join_next().await {
        done?;
    }
    Ok(())
}

fn messages(ledger: &Ledger) -> Vec<Message> {
    let documents = ledger.held.iter().map(|held| Message { id: held.id, from: held.letter.from, is_document: true });
    let statuses = ledger.told.iter().map(|told| Message { id: told.id, from: told.note.from, is_document: false });
    documents.chain(statuses).collect()
}

/// What the hub says of a message.
struct Said {
    bytes: Result<Digest, Code>,
    proof: String,
    view: Option<DocumentView>,
}

impl Message {
    async fn look(self, load: &Load, feeds: &Feeds) {
        let said = self.ask(&load.clients[self.from]).await;
        let mut ledger = lock(&load.ledger);
        match said {
            Ok(said) => self.compare(load, feeds, &mut ledger, &said),
            Err(error) if is_absent(&error) => ledger.find(Kind::Lost, format!("{} is not there: {error}", self.id)),
            Err(error) => ledger.find(Kind::Lost, format!("{}: {error}", self.id)),
        }
    }

    async fn ask(self, client: &Client) -> Result<Said, ClientError> {
        let view = if self.is_document { Some(client.document(self.id).await?) } else { None };
        let bytes = match bytes_of(client, self.id).await {
            Err(ClientError::Refused(problem)) if problem.code != Code::NotFound => Err(problem.code),
            bytes => Ok(bytes?),
        };
        Ok(Said { bytes, proof: client.proof(self.id).await?, view })
    }

    fn compare(self, load: &Load, feeds: &Feeds, ledger: &mut Ledger, said: &Said) {
        let id = self.id;
        let Some((sha256, seq, entry)) = acknowledged(ledger, id) else { return };
        let expected = expected(ledger, feeds, id).map_or(Ok(sha256), Err);
        if said.bytes != expected {
            ledger.find(Kind::Lost, format!("{id} is given as {:?}, not as {expected:?}", said.bytes));
        }
        if ledger.proof(id, seq, &said.proof).is_some_and(|now| now != entry) {
            ledger.find(Kind::Lost, format!("{id} has another entry than its receipt proves"));
        }
        if let (Some(view), Some(held)) = (&said.view, ledger.letter(id).cloned()) {
            look_at(ledger, feeds, &held, view);
            compare_view(load, ledger, &held, view);
        }
    }
}

fn acknowledged(ledger: &Ledger, id: MessageId) -> Option<(Digest, u64, bytes::Bytes)> {
    let held = ledger.letter(id).map(|held| (held.letter.sha256, held.seq, held.entry.clone()));
    let told = || ledger.told.iter().find(|told| told.id == id);
    held.or_else(|| told().map(|told| (told.note.sha256, told.seq, told.entry.clone())))
}

fn compare_view(load: &Load, ledger: &mut Ledger, held: &Held, view: &DocumentView) {
    let id = held.id;
    if (view.sha256, view.seq) != (held.letter.sha256, held.seq) || view.document_id != held.letter.document {
        ledger.find(Kind::Lost, format!("{id} is shown as another message"));
    }
    let mut shown: BTreeMap<Option<Who>, _> = BTreeMap::new();
    for delivery in &view.deliveries {
        let who = load.people.who(&delivery.to.code);
        if shown.insert(who, delivery).is_some() || !who.is_some_and(|who| held.letter.to.contains(&who)) {
            ledger.find(Kind::Wrong, format!("{id} has a delivery to {} that it must not have", delivery.to.code));
        }
    }
    for to in &held.letter.to {
        let may_be = ledger.may_be((id, *to));
        let is_settled = may_be.iter().any(|delivery| delivery.settled);
        match shown.get(&Some(*to)) {
            None => ledger.find(Kind::Lost, format!("{id} has no delivery to agency {to}")),
            Some(shown) => {
                let now = (shown.state, shown.asked, shown.confirmed_at.is_some());
                let fits = may_be
                    .iter()
                    .any(|may| now.2 == may.confirmed && (is_settled || (now.0, now.1) == (may.state, may.asked)));
                if !fits {
                    ledger.find(Kind::Lost, format!("{id} at agency {to} stands at {now:?}, not at one of {may_be:?}"));
                }
            }
        }
    }
}
