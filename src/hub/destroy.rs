//! Withholding and destroying contents. The order is an entry and comes first: from then on nobody is given the content.
//! The bytes go afterwards (`engine::erase`), and that they are gone is an entry as well. A crash in between leaves the
//! order, and the rows under `keys::doomed` with it, so it is carried out at the next start.

use crate::api::ContentState;
use crate::domain::{Code, MessageId, OrganId, Refusal, Seq};
use crate::hub::content;
use crate::hub::decide::{Answer, Decision, Draft, Ids, unserialisable};
use crate::hub::entry::Event;
use crate::hub::keys;
use crate::hub::rows::{DeliveryRow, EventRow, MessageBody, MessageRow, Rows, decode};
use crate::hub::submit::both;
use crate::index::IndexError;
use crate::journal::Content;

/// Longest reason, octets.
const REASON_MAX: usize = 2_000;
/// Most messages of one command, so that its entries stay within a batch.
pub const MESSAGES_MAX: usize = 200;

/// Entries after which a command is full: what is left over is done by the same command again.
const DRAFTS_MAX: usize = 4_000;

/// Hides a message's content from everybody, or shows it again.
#[derive(Debug)]
pub struct Withhold {
    /// Who does it.
    pub by: String,
    /// The message.
    pub message: MessageId,
    /// Why.
    pub reason: String,
    /// Whether it is shown again.
    pub release: bool,
}

/// Orders contents destroyed.
#[derive(Debug)]
pub struct Destroy {
    /// Who does it.
    pub by: String,
    /// The document messages, at most [`MESSAGES_MAX`].
    pub messages: Vec<MessageId>,
    /// Whether header data and statuses go with the body.
    pub header: bool,
    /// Why.
    pub cause: Cause,
}

/// Why contents are destroyed.
#[derive(Debug)]
pub enum Cause {
    /// A rule of retention. What is not confirmed by every recipient, or is withheld, is left alone.
    Rule(String),
    /// A document that should never have been sent. Nothing is left alone.
    Spill {
        /// As the operator gave it.
        reason: String,
    },
}

/// Says that what was ordered destroyed in a segment is gone.
#[derive(Debug)]
pub struct Erased(pub Event);

impl Withhold {
    /// The same again is nothing.
    pub fn decide(&self, rows: &Rows<'_>, ids: &mut dyn Ids) -> Result<Decision, Refusal> {
        let row = document(rows, self.message)?;
        let withheld = match rows.content(self.message)? {
            Some(content) if content.state == ContentState::Destroyed => return Err(destroyed()),
            content => content.is_some(),
        };
        if withheld != self.release {
            return Ok(Decision::Nothing);
        }
        let content = reason(&self.reason, ids)?;
        let (message, by, reason) = (self.message, self.by.clone(), content.key);
        let event = if self.release {
            Event::Released { message, by, reason }
        } else {
            Event::Withheld { message, by, reason }
        };
        let draft = Draft { parties: vec![row.from], event, contents: vec![content] };
        Ok(new(vec![draft], Some(message)))
    }
}

impl Destroy {
    /// What is destroyed already, or must not be, is passed over; nothing may be left to do. Messages with many statuses
    /// may take several times.
    pub fn decide(&self, rows: &Rows<'_>, ids: &mut dyn Ids) -> Result<Decision, Refusal> {
        if self.messages.len() > MESSAGES_MAX {
            return Err(Refusal::new(Code::BadRequest, format!("at most {MESSAGES_MAX} messages at a time")));
        }
        let mut drafts = Vec::new();
        for message in &self.messages {
            if drafts.len() >= DRAFTS_MAX {
                break;
            }
            let row = document(rows, *message)?;
            if self.is_due(rows, *message, &row)? {
                self.one(rows, *message, &row, ids, &mut drafts)?;
            }
        }
        if drafts.is_empty() { Ok(Decision::Nothing) } else { Ok(new(drafts, self.messages.first().copied())) }
    }

    fn is_due(&self, rows: &Rows<'_>, message: MessageId, row: &MessageRow) -> Result<bool, Refusal> {
        let content = rows.content(message)?;
        if content.as_ref().is_some_and(|it| it.state == ContentState::Destroyed && (it.header || !self.header)) {
            return Ok(false);
        }
        match &self.cause {
            Cause::Spill { .. } => Ok(true),
            Cause::Rule(_) if row.is_held() => Ok(false),
            Cause::Rule(_) => Ok(content.is_none_or(|it| it.state == ContentState::Destroyed)
                && rows.deliveries(message)?.iter().all(|(_, delivery)| is_confirmed(delivery))),
        }
    }

    fn one(
        &self,
        rows: &Rows<'_>,
        message: MessageId,
        row: &MessageRow,
        ids: &mut dyn Ids,
        drafts: &mut Vec<Draft>,
    ) -> Result<(), Refusal> {
        let content = match &self.cause {
            Cause::Rule(_) => None,
            Cause::Spill { reason: why } => Some(reason(why, ids)?),
        };
        let event = self.event(message, content.as_ref(), None);
        drafts.push(Draft { parties: vec![row.from.clone()], event, contents: content.into_iter().collect() });
        if self.header {
            for (status, from, to) in statuses(rows, message, row)? {
                drafts.push(Draft::new(both(&from, &to), self.event(status, None, Some(message))));
            }
        }
        if matches!(self.cause, Cause::Spill { .. }) {
            drafts.extend(rows.deliveries(message)?.into_iter().map(|it| spilled(message, &row.from, it)));
        }
        Ok(())
    }

    fn event(&self, message: MessageId, reason: Option<&Content>, target: Option<MessageId>) -> Event {
        let (spill, rule) = match &self.cause {
            Cause::Rule(rule) => (false, Some(rule.clone())),
            Cause::Spill { .. } => (true, None),
        };
        let (by, reason) = (self.by.clone(), reason.map(|content| content.key));
        Event::Destroyed { message, header: self.header, spill, by, rule, reason, target }
    }
}

impl Erased {
    /// Always an entry.
    #[must_use]
    pub fn decide(&self) -> Decision {
        new(vec![Draft::new(Vec::new(), self.0.clone())], None)
    }
}

/// Whether a recipient is known to keep what it was sent.
#[must_use]
pub const fn is_confirmed(delivery: &DeliveryRow) -> bool {
    delivery.confirmed.is_some()
}

/// The status messages that speak of a document message: id, who reports, whom it is told to.
///
/// # Errors
/// [`IndexError`].
pub fn statuses(
    rows: &Rows<'_>,
    message: MessageId,
    row: &MessageRow,
) -> Result<Vec<(MessageId, OrganId, OrganId)>, IndexError> {
    let seqs = rows.under(&keys::trail_prefix(message), |rest, _| {
        Ok(Seq::from_be_bytes(rest.first_chunk::<8>().copied().unwrap_or_default()))
    })?;
    let mut found = Vec::new();
    for seq in seqs {
        let event: Option<EventRow> = rows.row(&keys::event(&row.from, seq))?;
        let Some(id) = event.filter(|event| event.target == Some(message)).and_then(|event| event.message) else {
            continue;
        };
        if let Some(MessageRow { from, body: MessageBody::Status { to, .. }, .. }) = rows.message(id)? {
            found.push((id, from, to));
        }
    }
    Ok(found)
}

fn spilled(message: MessageId, from: &OrganId, (to, delivery): (OrganId, DeliveryRow)) -> Draft {
    let (fetched, confirmed) = (delivery.fetched.is_some(), delivery.confirmed.is_some());
    let parties = both(from, &to);
    Draft::new(parties, Event::Spilled { message, from: from.clone(), to, fetched, confirmed })
}

/// A document message that stands in the journal: of one in the same batch the place is not known yet.
fn document(rows: &Rows<'_>, message: MessageId) -> Result<MessageRow, Refusal> {
    let is_placed = rows.0.get(keys::body(message).as_slice())?.is_some();
    match rows.message(message)? {
        Some(row) if matches!(row.body, MessageBody::Document(_)) && is_placed => Ok(row),
        _ => Err(Refusal::new(Code::NotFound, "no such document message")),
    }
}

fn reason(text: &str, ids: &mut dyn Ids) -> Result<Content, Refusal> {
    if text.trim().is_empty() || text.len() > REASON_MAX {
        return Err(Refusal::new(Code::BadRequest, "reason: 1 to 2000 octets"));
    }
    content::reason(ids.salt(), text).map_err(|error| unserialisable(&error))
}

fn destroyed() -> Refusal {
    Refusal::new(Code::ContentDestroyed, "the content was destroyed")
}

fn new(drafts: Vec<Draft>, message: Option<MessageId>) -> Decision {
    Decision::New { drafts, answer_at: 0, answer: Answer { message, effect: None, seq: None } }
}

/// Reads one doomed row: message and row.
///
/// # Errors
/// [`IndexError`] where the row is not one.
pub fn doomed(rest: &[u8], value: &[u8]) -> Result<(MessageId, crate::hub::rows::DoomedRow), IndexError> {
    let id = rest.last_chunk::<16>().map(|id| MessageId(uuid::Uuid::from_bytes(*id)));
    let id = id.ok_or_else(|| IndexError::Damaged("a doomed row without a message".to_owned()))?;
    Ok((id, decode(value)?))
}
