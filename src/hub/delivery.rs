//! What a recipient does with a delivery: fetch it, confirm it.

use std::sync::Arc;

use crate::domain::{Code, MessageId, OrganId, Refusal};
use crate::hub::decide::{Answer, Decision, Draft};
use crate::hub::entry::Event;
use crate::hub::rows::{DeliveryRow, Rows};
use crate::hub::submit::both;

/// A recipient fetched a message. Only the first time is an entry, and nobody waits for it.
#[derive(Debug)]
pub struct Fetch {
    /// Name of the access.
    pub by: Arc<str>,
    /// The message.
    pub message: MessageId,
    /// The recipient.
    pub agency: OrganId,
}

/// A recipient's software has stored a message: it leaves the list (law 7).
#[derive(Debug)]
pub struct Confirm {
    /// Name of the access.
    pub by: Arc<str>,
    /// The message.
    pub message: MessageId,
    /// The recipient.
    pub agency: OrganId,
}

impl Fetch {
    /// The first fetch is an entry.
    pub fn decide(&self, rows: &Rows<'_>) -> Result<Decision, Refusal> {
        let (delivery, from) = held(rows, self.message, &self.agency)?;
        if delivery.fetched.is_some() {
            return Ok(Decision::Nothing);
        }
        let event =
            Event::Fetched { message: self.message, agency: self.agency.clone(), by: self.by.as_ref().to_owned() };
        Ok(one(Draft::new(both(&self.agency, &from), event), self.message))
    }
}

impl Confirm {
    /// The first confirmation is an entry; a repeat gets the same answer.
    pub fn decide(&self, rows: &Rows<'_>) -> Result<Decision, Refusal> {
        let (delivery, from) = held(rows, self.message, &self.agency)?;
        if delivery.confirmed.is_some() {
            return Ok(Decision::Nothing);
        }
        let event =
            Event::Confirmed { message: self.message, agency: self.agency.clone(), by: self.by.as_ref().to_owned() };
        Ok(one(Draft::new(both(&self.agency, &from), event), self.message))
    }
}

fn held(rows: &Rows<'_>, message: MessageId, agency: &OrganId) -> Result<(DeliveryRow, OrganId), Refusal> {
    let delivery = rows.delivery(message, agency)?;
    let row = rows.message(message)?;
    match (delivery, row) {
        (Some(delivery), Some(row)) => Ok((delivery, row.from)),
        _ => Err(Refusal::new(Code::NotFound, "no such delivery")),
    }
}

fn one(draft: Draft, message: MessageId) -> Decision {
    Decision::New {
        drafts: vec![draft],
        answer_at: 0,
        answer: Answer { message: Some(message), effect: None, seq: None },
    }
}
