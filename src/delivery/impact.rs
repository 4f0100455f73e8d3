//! What rests on a certificate: every message accepted on it, or under it, since a time, and who has it. Oldest first
//! for each signer. No text of any document: an operator sees whose they are and where.

use std::ops::ControlFlow;

use crate::api::{ImpactItem, ImpactRecipient};
use crate::delivery::cursor;
use crate::delivery::document::{party, verdict};
use crate::domain::{Digest, MessageId, OrganId, Refusal, Timestamp};
use crate::hub::keys;
use crate::hub::rows::{DeliveryRow, MessageBody, MessageRow, Rows, decode};
use crate::index::IndexError;

/// Most recipients of one page: then it ends, whatever the limit.
const RECIPIENTS_MAX: usize = 20_000;
/// What is asked.
#[derive(Debug, Clone)]
pub struct ImpactQuery {
    /// SHA-256 of the certificate.
    pub certificate: Digest,
    /// Whether everything under it is meant, as under an authority.
    pub issuer: bool,
    /// From which time of receipt on.
    pub since: Option<Timestamp>,
    /// `next` of the page before.
    pub cursor: Option<String>,
    /// Lines a page.
    pub limit: usize,
}

/// One page, and where the next one begins.
pub(crate) fn page(
    rows: &Rows<'_>,
    query: &ImpactQuery,
    since: Option<Timestamp>,
) -> Result<(Vec<ImpactItem>, Option<String>), Refusal> {
    let all = keys::signed_by_any();
    let last = query.cursor.as_deref().map(|cursor| cursor::decode(all.as_slice(), cursor)).transpose()?;
    let after = last.map(|last| [last.as_slice(), &[0]].concat()).unwrap_or_default();
    let (mut items, mut shown, mut room) = (Vec::new(), Vec::new(), RECIPIENTS_MAX);
    for signer in signers(rows, query)? {
        let from = keys::signed_since(&signer, since.unwrap_or(Timestamp::from_millis(0))).into_vec();
        let left = query.limit.saturating_sub(items.len());
        for (key, id) in messages(rows, &signer, from.max(after.clone()).as_slice(), left.saturating_add(1))? {
            if items.len() >= query.limit || room == 0 {
                return Ok((items, Some(cursor::encode(all.as_slice(), &shown))));
            }
            if let Some(item) = item(rows, id, signer)? {
                room = room.saturating_sub(item.recipients.len());
                items.push(item);
            }
            shown = key;
        }
    }
    Ok((items, None))
}

/// In the order of their digests.
fn signers(rows: &Rows<'_>, query: &ImpactQuery) -> Result<Vec<Digest>, IndexError> {
    if !query.issuer {
        return Ok(vec![query.certificate]);
    }
    let below = rows.under(&keys::issued_prefix(&query.certificate), |rest, _| {
        rest.first_chunk::<32>().map(|octets| Digest(*octets)).ok_or_else(|| IndexError::Damaged("a signer".to_owned()))
    })?;
    Ok(below)
}

/// Keys and messages of a signer from `from` on.
fn messages(
    rows: &Rows<'_>,
    signer: &Digest,
    from: &[u8],
    limit: usize,
) -> Result<Vec<(Vec<u8>, MessageId)>, IndexError> {
    let end = keys::signed_prefix(signer).after_prefix();
    let mut found: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    if from < end.as_slice() {
        rows.0.scan(from, &end, false, &mut |key, value| {
            found.push((key.to_vec(), value.to_vec()));
            if found.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
    }
    found.into_iter().map(|(key, value)| Ok((key, decode(&value)?))).collect()
}

fn item(rows: &Rows<'_>, id: MessageId, signer: Digest) -> Result<Option<ImpactItem>, IndexError> {
    let Some(row) = rows.message(id)? else { return Ok(None) };
    let MessageRow { from, seq, time, body, .. } = row;
    let mut item = ImpactItem {
        id,
        seq,
        time,
        signer,
        from: party(rows, &from)?,
        verdict: verdict(&row.verdict),
        document_id: None,
        code: String::new(),
        status: None,
        recipients: Vec::new(),
    };
    match body {
        MessageBody::Document(fields) => {
            (item.document_id, item.code) = (Some(fields.document), fields.code);
            let deliveries = rows.deliveries(id)?.into_iter();
            item.recipients = deliveries.map(|(to, row)| recipient(rows, &to, &row)).collect::<Result<_, _>>()?;
        }
        MessageBody::Status { to, status, .. } => {
            item.status = Some(status);
            let to = party(rows, &to)?;
            item.recipients = vec![ImpactRecipient { to, state: None, fetched_at: None, confirmed_at: None }];
        }
    }
    Ok(Some(item))
}

fn recipient(rows: &Rows<'_>, to: &OrganId, row: &DeliveryRow) -> Result<ImpactRecipient, IndexError> {
    let (state, to) = (Some(row.state), party(rows, to)?);
    Ok(ImpactRecipient { to, state, fetched_at: row.fetched, confirmed_at: row.confirmed })
}
