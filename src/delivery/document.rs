//! One document message, as its sender or a recipient sees it.

use crate::api::{ContentView, DeliveryView, DocumentView, HoldView, Party, StatusView, VerdictView};
use crate::delivery::standing::{Caller, Standing};
use crate::delivery::summary::standing_of;
use crate::domain::{Code, MessageId, OrganId, Refusal, Timestamp};
use crate::hub::rows::{ContentRow, DeliveryRow, HoldRow, LastStatus, MessageBody, Rows, VerdictRow};
use crate::index::IndexError;

/// The view of one message.
///
/// # Errors
/// `not_found` for whom it does not concern, and for status messages.
pub fn view(rows: &Rows<'_>, caller: &Caller, id: MessageId) -> Result<DocumentView, Refusal> {
    let Standing { message, deliveries, is_sender } = caller.standing(rows, id)?;
    let MessageBody::Document(mut fields) = message.body else {
        return Err(Refusal::new(Code::NotFound, "that is a status message"));
    };
    let content = rows.content(id)?;
    if content.is_some() {
        fields.subject.clear();
    }
    Ok(DocumentView {
        id,
        document_id: fields.document,
        code: fields.code,
        from: party(rows, &message.from)?,
        business: fields.business,
        subject: fields.subject,
        type_name: fields.type_name,
        promulgation_date: fields.promulgation_date,
        priority: fields.priority,
        accepted_at: message.time,
        seq: message.seq,
        size: message.size,
        sha256: message.sha256,
        verdict: verdict(&message.verdict),
        summary: standing_of(&message.hold, deliveries.iter().map(|(_, row)| row), fields.recipients),
        hold: message.hold.filter(|_| is_sender).map(|hold| held(&hold, message.time)),
        content: content.as_ref().map(content_view),
        deliveries: deliveries
            .into_iter()
            .map(|(to, row)| delivery(rows, &to, if content.is_some() { wordless(row) } else { row }))
            .collect::<Result<_, IndexError>>()?,
    })
}

/// What became of a content, as shown.
#[must_use]
pub fn content_view(row: &ContentRow) -> ContentView {
    ContentView { state: row.state, since: row.since, rule: row.rule.clone() }
}

/// A delivery without what people wrote about it.
fn wordless(row: DeliveryRow) -> DeliveryRow {
    let bare = |last: LastStatus| LastStatus { description: String::new(), staff: String::new(), ..last };
    DeliveryRow { last: row.last.map(bare), ..row }
}

/// One delivery as shown.
pub fn delivery(rows: &Rows<'_>, to: &OrganId, row: DeliveryRow) -> Result<DeliveryView, IndexError> {
    Ok(DeliveryView {
        to: party(rows, to)?,
        state: row.state,
        since: row.since,
        asked: row.asked,
        fetched_at: row.fetched,
        confirmed_at: row.confirmed,
        last_status: row.last.map(status),
    })
}

/// An agency with its name by the directory.
pub fn party(rows: &Rows<'_>, code: &OrganId) -> Result<Party, IndexError> {
    let name = rows.agency(code)?.map(|agency| agency.name).unwrap_or_default();
    Ok(Party { code: code.clone(), name })
}

/// A verdict as shown.
#[must_use]
pub fn verdict(row: &VerdictRow) -> VerdictView {
    VerdictView {
        policy: row.policy,
        indication: row.indication.clone(),
        sub_indication: row.sub_indication.clone(),
        signer: row.signer,
    }
}

/// What became of a held message, as its sender sees it.
#[must_use]
pub fn held(row: &HoldRow, received: Timestamp) -> HoldView {
    HoldView { state: row.state, since: row.settled.map_or(received, |(at, _)| at), code: row.code }
}

fn status(last: LastStatus) -> StatusView {
    StatusView { code: last.code, time: last.time, description: last.description, staff: last.staff }
}
