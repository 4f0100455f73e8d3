//! Finding by số/ký hiệu: what a clerk has in hand, never a UUID.

use crate::api::DocumentView;
use crate::delivery::document::view;
use crate::delivery::standing::Caller;
use crate::domain::notation;
use crate::domain::{Code, MessageId, OrganId, Refusal};
use crate::hub::keys;
use crate::hub::rows::{Rows, text_id};

/// Most documents of an ambiguous answer.
const FOUND_MAX: usize = 20;
/// Most rows of one notation that are looked at: a number such as `1/QĐ` is used by many agencies.
const LOOKED_AT_MAX: usize = 2_000;

/// The documents with this số/ký hiệu that the caller may see, newest first; each document once, by its newest version.
///
/// # Errors
/// `not_found` if there is none.
pub fn find(
    rows: &Rows<'_>,
    caller: &Caller,
    code: &str,
    from: Option<&OrganId>,
    year: Option<i16>,
) -> Result<Vec<DocumentView>, Refusal> {
    let mut found: Vec<DocumentView> = Vec::new();
    for id in candidates(rows, code, from)? {
        match view(rows, caller, id) {
            Ok(document) if is_of_year(&document, year) => keep(rows, &mut found, document)?,
            Ok(_) => {}
            Err(refusal) if refusal.code == Code::NotFound => {}
            Err(refusal) => return Err(refusal),
        }
    }
    prefer_exact(&mut found, code);
    found.sort_by_key(|document| std::cmp::Reverse(document.seq));
    found.truncate(FOUND_MAX);
    if found.is_empty() {
        Err(Refusal::new(Code::NotFound, "no document with that số/ký hiệu"))
    } else {
        Ok(found)
    }
}

fn candidates(rows: &Rows<'_>, code: &str, from: Option<&OrganId>) -> Result<Vec<MessageId>, Refusal> {
    let mut ids = Vec::new();
    let Some(key) = notation::key(code) else { return Ok(ids) };
    let of_key = rows.under(&keys::notation_prefix(&key), |rest, _| {
        let sender = text_id(rest)?;
        let id = rest.last_chunk::<16>().map(|id| MessageId(uuid::Uuid::from_bytes(*id)));
        Ok(id.filter(|_| from.is_none_or(|from| *from == sender)))
    })?;
    ids.extend(of_key.into_iter().flatten().rev().take(LOOKED_AT_MAX));
    Ok(ids)
}

/// `QD` finds `QĐ` only where nothing is spelt `QD`.
fn prefer_exact(found: &mut Vec<DocumentView>, code: &str) {
    let wanted = notation::exact(code);
    if found.iter().any(|document| notation::exact(&document.code) == wanted) {
        found.retain(|document| notation::exact(&document.code) == wanted);
    }
}

/// Only the newest version of a document is told.
fn keep(rows: &Rows<'_>, found: &mut Vec<DocumentView>, document: DocumentView) -> Result<(), Refusal> {
    let newest = rows.document(&document.from.code, &document.document_id)?.map(|row| row.newest);
    if newest.is_none_or(|newest| newest == document.id) {
        found.push(document);
    }
    Ok(())
}

fn is_of_year(document: &DocumentView, year: Option<i16>) -> bool {
    year.is_none_or(|year| document.promulgation_date.contains(&format!("{year:04}")))
}
