//! Likeness: is a message that comes under a known DocumentId the same document to further recipients? Looked at only
//! where the id is known already, so it costs ordinary messages nothing.

use crate::domain::{DocumentId, OrganId, Refusal};
use crate::edxml::{self, Envelope, Message, Mode};
use crate::hub::submit::Likeness;
use crate::intake::{Admission, Received};
use crate::xml::Source;

/// Compares with the newest version held, which `held` opens.
///
/// # Errors
/// `storage_failed` where the held bytes cannot be read.
pub fn likeness<S: Source>(
    admission: &Admission,
    received: &Received,
    held: impl FnOnce(&OrganId, &DocumentId) -> Result<Option<S>, Refusal>,
) -> Result<Option<Likeness>, Refusal> {
    let Message::Document(envelope) = admission.message() else { return Ok(None) };
    let Some(body) = held(&envelope.header.from.organ_id, &envelope.header.document_id)? else { return Ok(None) };
    let equal = match read(&body) {
        Some(before) => {
            before.header.equals_but_recipients(&envelope.header) && same_files(&before, &body, envelope, received)
        }
        None => false,
    };
    Ok(Some(if equal { Likeness::EqualButTo } else { Likeness::Other }))
}

/// The held message again; it was read once before, so what cannot be read now counts as different.
fn read(source: &impl Source) -> Option<Envelope> {
    match edxml::read(source, Mode::Tolerant) {
        Ok(Message::Document(envelope)) => Some(*envelope),
        _ => None,
    }
}

fn same_files(before: &Envelope, held: &impl Source, now: &Envelope, received: &Received) -> bool {
    before.attachments.len() == now.attachments.len()
        && before.attachments.iter().zip(&now.attachments).all(|(before, now)| {
            let digests = (edxml::attachment_digest(held, before), edxml::attachment_digest(received, now));
            matches!(digests, (Ok(before), Ok(now)) if before == now)
        })
}
