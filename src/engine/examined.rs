//! The signatures in a message's documents, looked at when somebody asks: aside, one message at a time, and remembered
//! for a minute. Derived from the bytes, the register and what is trusted; nothing is decided and nothing written.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::api::DocumentSignatures;
use crate::delivery::standing::Caller;
use crate::document::Examiner;
use crate::domain::{Code, MessageId, OrganId, Refusal, Timestamp};
use crate::edxml::{self, Message, Mode};
use crate::engine::hub::Hub;
use crate::engine::reads::Content;
use crate::hub::rows::{MessageBody, MessageRow};
use crate::hub::scope;
use crate::intake::attached;
use crate::signature::SignerInfo;

/// How long a report is given again: a new CRL or a new line of the register shows within that time.
const REMEMBERED_MS: i64 = 60 * 1000;
/// Most reports that are remembered.
const REPORTS_MAX: usize = 32;
/// Most callers that wait for their turn.
const WAITING_MAX: usize = 8;

/// Whose turn it is, and what was found a moment ago.
#[derive(Debug, Default)]
pub(super) struct Examined {
    turn: Mutex<()>,
    waiting: AtomicUsize,
    recent: Mutex<VecDeque<(Timestamp, Arc<DocumentSignatures>)>>,
}

/// A place among those that wait.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Examined {
    fn recent(&self, id: MessageId, now: Timestamp) -> Option<Arc<DocumentSignatures>> {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let age = |at: Timestamp| now.as_millis().saturating_sub(at.as_millis());
        recent.retain(|(at, _)| (0..REMEMBERED_MS).contains(&age(*at)));
        recent.iter().find(|(_, report)| report.id == id).map(|(_, report)| Arc::clone(report))
    }

    fn remember(&self, report: &Arc<DocumentSignatures>, now: Timestamp) {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.len() >= REPORTS_MAX {
            recent.pop_front();
        }
        recent.push_back((now, Arc::clone(report)));
    }

    /// Waits for its turn, unless too many wait already.
    fn turn(&self) -> Result<(Waiting<'_>, MutexGuard<'_, ()>), Refusal> {
        let before = self.waiting.fetch_add(1, Ordering::Relaxed);
        let waiting = Waiting(&self.waiting);
        if before >= WAITING_MAX {
            return Err(Refusal::new(Code::TryLater, "other documents are being looked at"));
        }
        Ok((waiting, self.turn.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl Hub {
    /// What is to be said about the signatures in a message's documents. May take seconds for large ones.
    ///
    /// # Errors
    /// `not_found` for whom it does not concern; `try_later` when too many ask at once.
    pub fn signatures(&self, caller: &Caller, id: MessageId) -> Result<Arc<DocumentSignatures>, Refusal> {
        let (message, content) = self.attached(caller, id)?;
        let examined = &self.0.examined;
        if let Some(known) = examined.recent(id, self.0.clock.now()) {
            return Ok(known);
        }
        let _turn = examined.turn()?;
        if let Some(known) = examined.recent(id, self.0.clock.now()) {
            return Ok(known);
        }
        let report = Arc::new(self.examine(id, &message, &content)?);
        examined.remember(&report, self.0.clock.now());
        Ok(report)
    }

    fn examine(&self, id: MessageId, row: &MessageRow, content: &Content) -> Result<DocumentSignatures, Refusal> {
        let Message::Document(document) = edxml::read(content, Mode::Tolerant)? else {
            return Err(not_a_document());
        };
        let register = |signer: &SignerInfo, at: Timestamp| self.registered(signer, &row.from, at);
        let examiner = Examiner {
            trust: &self.0.trust,
            received_at: row.time,
            register: &register,
            sender: Some(&row.from),
            met: None,
        };
        let attachments = attached::examine(content, &document.attachments, &examiner, self.0.payloads.folder())
            .map_err(|error| {
                tracing::error!(%error, "documents could not be examined");
                Refusal::new(Code::StorageFailed, "the documents could not be taken out of the message")
            })?;
        Ok(DocumentSignatures { id, received_at: row.time, attachments })
    }

    /// The agencies for which a certificate is registered, the sender among them if it speaks for it.
    fn registered(&self, signer: &SignerInfo, sender: &OrganId, at: Timestamp) -> Vec<OrganId> {
        let found = self.read(|rows| {
            let mut agencies = scope::agencies(rows, signer, at)?;
            if !agencies.contains(sender) && scope::registered(rows, signer, sender, at)? {
                agencies.push(sender.clone());
            }
            Ok(agencies)
        });
        found.unwrap_or_else(|refusal| {
            tracing::error!(%refusal, "the register of certificates cannot be read");
            Vec::new()
        })
    }
}

/// Whether a message can have attachments.
pub(super) fn document_only(row: &MessageRow) -> Result<(), Refusal> {
    if matches!(row.body, MessageBody::Document(_)) { Ok(()) } else { Err(not_a_document()) }
}

fn not_a_document() -> Refusal {
    Refusal::new(Code::NotFound, "that is a status message")
}
