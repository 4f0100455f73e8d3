//! Everything that the agencies are shown, in one digest: an index that grew and one that was built again from the
//! journal must give the same.

use truc::client::ClientError;
use truc::domain::Digest;

use crate::check::feeds::all_events;
use crate::check::lists::{List, all};
use crate::load::{Load, lock};

/// Lists, feeds and documents, as JSON, agency by agency.
pub(crate) async fn take(load: &Load) -> Result<Digest, ClientError> {
    let mut shown = String::new();
    for client in load.clients.iter().take(load.people.count()) {
        for list in [List::Inbox, List::Outbox] {
            add(&mut shown, &all(client, list).await?)?;
        }
        add(&mut shown, &all_events(client).await?)?;
    }
    let messages: Vec<_> = {
        let ledger = lock(&load.ledger);
        let held = ledger.held.iter().map(|held| (held.id, held.letter.from));
        held.chain(ledger.limbo.waiting.iter().map(|waiting| (waiting.id, waiting.letter.from))).collect()
    };
    for (id, from) in messages {
        add(&mut shown, &load.clients[from].document(id).await?)?;
    }
    Ok(Digest::of(shown.as_bytes()))
}

fn add(shown: &mut String, part: &impl serde::Serialize) -> Result<(), ClientError> {
    let part = serde_json::to_string(part)
        .map_err(|error| ClientError::Local { what: "picture".into(), reason: error.to_string() })?;
    shown.push_str(&part);
    Ok(())
}
