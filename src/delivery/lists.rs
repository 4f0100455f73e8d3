//! Inbox (law 7: every unconfirmed document, most urgent first, exactly once) and outbox (newest first).

use std::ops::ControlFlow;

use crate::api::{ListItem, Page, Policy};
use crate::delivery::cursor;
use crate::delivery::document::{content_view, held, party};
use crate::delivery::summary::standing_of;
use crate::domain::{HoldState, MessageId, OrganId, Refusal};
use crate::hub::keys::{self, Key};
use crate::hub::rows::{DeliveryRow, MessageBody, MessageRow, Rows, decode};
use crate::index::IndexError;

/// Most lines of a page.
pub const PAGE_MAX: usize = 500;

/// A page of keys: what they point at, and the last key where more follow.
struct Keys {
    messages: Vec<MessageId>,
    next: Option<String>,
}

/// What waits for `agency`.
///
/// # Errors
/// `bad_request` for a foreign cursor.
pub fn inbox(rows: &Rows<'_>, agency: &OrganId, after: Option<&str>, limit: usize) -> Result<Page<ListItem>, Refusal> {
    let keys = page(rows, &keys::inbox_prefix(agency), after, limit, false)?;
    let items = keys.messages.into_iter().map(|id| received(rows, agency, id)).filter_map(Result::transpose);
    Ok(Page { items: items.collect::<Result<_, IndexError>>()?, next: keys.next })
}

/// What `agency` has sent.
///
/// # Errors
/// `bad_request` for a foreign cursor.
pub fn outbox(rows: &Rows<'_>, agency: &OrganId, after: Option<&str>, limit: usize) -> Result<Page<ListItem>, Refusal> {
    let keys = page(rows, &keys::outbox_prefix(agency), after, limit, true)?;
    let items = keys.messages.into_iter().map(|id| sent(rows, id)).filter_map(Result::transpose);
    Ok(Page { items: items.collect::<Result<_, IndexError>>()?, next: keys.next })
}

fn page(rows: &Rows<'_>, prefix: &Key, after: Option<&str>, limit: usize, newest: bool) -> Result<Keys, Refusal> {
    let (mut from, mut to) = (prefix.as_slice().to_vec(), prefix.after_prefix());
    if let Some(cursor) = after {
        let last = cursor::decode(prefix.as_slice(), cursor)?;
        if newest {
            to = last;
        } else {
            from = [last.as_slice(), &[0]].concat();
        }
    }
    let limit = limit.clamp(1, PAGE_MAX);
    let mut found: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    rows.0.scan(&from, &to, newest, &mut |key, value| {
        found.push((key.to_vec(), value.to_vec()));
        if found.len() > limit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|(key, _)| cursor::encode(prefix.as_slice(), key));
    let messages = found.iter().map(|(_, value)| decode(value)).collect::<Result<_, IndexError>>()?;
    Ok(Keys { messages, next })
}

fn received(rows: &Rows<'_>, agency: &OrganId, id: MessageId) -> Result<Option<ListItem>, IndexError> {
    let (Some(message), Some(delivery)) = (rows.message(id)?, rows.delivery(id, agency)?) else { return Ok(None) };
    let DeliveryRow { state, seq, .. } = delivery;
    Ok(item(rows, id, message)?.map(|item| ListItem { state: Some(state), seq, ..item }))
}

fn sent(rows: &Rows<'_>, id: MessageId) -> Result<Option<ListItem>, IndexError> {
    let Some(message) = rows.message(id)? else { return Ok(None) };
    let deliveries = rows.deliveries(id)?;
    let recipients = message.recipients();
    let summary = standing_of(&message.hold, deliveries.iter().map(|(_, row)| row), recipients);
    let hold = message.hold.map(|hold| held(&hold, message.time));
    Ok(item(rows, id, message)?.map(|item| ListItem { summary: Some(summary), hold, ..item }))
}

fn item(rows: &Rows<'_>, id: MessageId, message: MessageRow) -> Result<Option<ListItem>, IndexError> {
    let MessageBody::Document(mut fields) = message.body else { return Ok(None) };
    let content = rows.content(id)?;
    if content.is_some() {
        fields.subject.clear();
    }
    Ok(Some(ListItem {
        id,
        document_id: fields.document,
        code: fields.code,
        from: party(rows, &message.from)?,
        business: fields.business,
        subject: fields.subject,
        type_name: fields.type_name,
        priority: fields.priority,
        accepted_at: message.time,
        seq: message.seq,
        size: message.size,
        verified: message.verdict.policy == Policy::Envelope
            && message.hold.is_none_or(|hold| hold.state == HoldState::Released),
        content: content.as_ref().map(content_view),
        state: None,
        summary: None,
        hold: None,
    }))
}
