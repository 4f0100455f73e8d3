//! Status messages: whom they speak of, what they do (law 6), and whom they are told to.

use std::sync::Arc;

use crate::api::Policy;
use crate::domain::{
    Code, DeliveryState, Digest, DocumentId, Effect, MessageId, OrganId, Refusal, StatusCode, Timestamp, next,
};
use crate::hub::block;
use crate::hub::content::{self, StatusHeader};
use crate::hub::decide::{Answer, Decision, Draft, Ids, unserialisable};
use crate::hub::entry::{Event, Verdict};
use crate::hub::keys;
use crate::hub::rows::{DeliveryRow, MessageRow, Rows, text_id};
use crate::hub::submit::{KeptMaterial, both, is_open, known, missing};
use crate::index::IndexError;
use crate::journal::Body;

/// An admitted status message.
#[derive(Debug)]
pub struct SubmitStatus {
    /// Name of the access that sent it.
    pub by: Arc<str>,
    /// `From/OrganId`: who reports.
    pub from: OrganId,
    /// `ResponseFor/OrganId`: whom it is told to.
    pub to: OrganId,
    /// The code.
    pub status: StatusCode,
    /// `ResponseFor/DocumentId`.
    pub document: Option<DocumentId>,
    /// Normalised `ResponseFor/Code`, the second-best way to the document.
    pub notation: Option<String>,
    /// Description, staff, timestamp; the salt is set by decide.
    pub header: StatusHeader,
    /// SHA-256 of the bytes.
    pub sha256: Digest,
    /// Octets.
    pub size: u64,
    /// The bytes.
    pub body: Body,
    /// The verdict.
    pub verdict: Verdict,
    /// Certificates and CRLs on which it rests.
    pub materials: Vec<KeptMaterial>,
    /// Codes of the remarks.
    pub remarks: Vec<String>,
}

/// What the rules must know to decide a [`SubmitStatus`].
#[derive(Debug, Default)]
pub struct Facts {
    /// The message with the same bytes.
    pub first: Option<(MessageId, MessageRow)>,
    /// Whether its certificate, or one above it, was blocked after it was verified.
    pub blocked: bool,
    /// Whether both sides stand in the directory.
    pub sides_known: (bool, bool),
    /// The delivery that it speaks of.
    pub target: Option<(MessageId, DeliveryRow)>,
    /// The materials that are not kept yet, by their index.
    pub missing_materials: Vec<usize>,
}

impl SubmitStatus {
    /// Sender of the document, and recipient: a 13 travels from the sender, all others from the recipient.
    const fn sides(&self) -> (&OrganId, &OrganId) {
        if self.status.is_from_sender() { (&self.from, &self.to) } else { (&self.to, &self.from) }
    }

    /// Loads the facts.
    pub fn facts(&self, rows: &Rows<'_>, now: Timestamp) -> Result<Facts, IndexError> {
        if let Some(id) = rows.claimed(&self.sha256)?
            && let Some(row) = rows.message(id)?
        {
            return Ok(Facts { first: Some((id, row)), ..Facts::default() });
        }
        let sides_known = (is_open(rows, &self.from)?, is_open(rows, &self.to)?);
        let blocked = block::is_blocked(rows, &self.verdict, now)?;
        let mut facts = Facts { blocked, sides_known, ..Facts::default() };
        let candidates = self.candidates(rows)?;
        facts.target = self.delivery_among(rows, &candidates)?;
        facts.missing_materials = missing(rows, &self.materials)?;
        Ok(facts)
    }

    /// The messages that may be meant, the newest version first: by DocumentId, else by số/ký hiệu (REFERENCE 1.5).
    fn candidates(&self, rows: &Rows<'_>) -> Result<Vec<MessageId>, IndexError> {
        let (sender, _) = self.sides();
        if let Some(document) = &self.document
            && let Some(row) = rows.document(sender, document)?
        {
            let newest = row.newest;
            let others = row.messages.into_iter().rev().filter(|message| *message != newest);
            return Ok(std::iter::once(newest).chain(others).collect());
        }
        self.notation.as_ref().map_or(Ok(Vec::new()), |notation| by_notation(rows, notation, sender))
    }

    fn delivery_among(
        &self,
        rows: &Rows<'_>,
        candidates: &[MessageId],
    ) -> Result<Option<(MessageId, DeliveryRow)>, IndexError> {
        let (_, recipient) = self.sides();
        for candidate in candidates {
            if let Some(delivery) = rows.delivery(*candidate, recipient)? {
                return Ok(Some((*candidate, delivery)));
            }
        }
        Ok(None)
    }

    /// The rules for statuses.
    pub fn decide(&self, facts: &Facts, now: Timestamp, ids: &mut dyn Ids) -> Result<Decision, Refusal> {
        if let Some((id, row)) = &facts.first {
            return Ok(known(*id, row));
        }
        block::check(facts.blocked)?;
        self.check(facts)?;
        let (state, effect) = self.effect(facts);
        let message = ids.message(now);
        let mut drafts: Vec<Draft> = facts
            .missing_materials
            .iter()
            .filter_map(|index| self.materials.get(*index))
            .map(KeptMaterial::draft)
            .collect();
        let answer_at = drafts.len();
        drafts.push(self.draft(message, facts, state, effect, ids)?);
        let answer = Answer { message: Some(message), effect: Some(effect), seq: None };
        Ok(Decision::New { drafts, answer_at, answer })
    }

    fn check(&self, facts: &Facts) -> Result<(), Refusal> {
        match facts.sides_known {
            (false, _) => {
                return Err(Refusal::new(Code::SenderUnknown, "From/OrganId is not an open code of the directory"));
            }
            (_, false) => {
                return Err(Refusal::new(
                    Code::RecipientUnknown,
                    "ResponseFor/OrganId is not an open code of the directory",
                ));
            }
            (true, true) => {}
        }
        if facts.target.is_some() || self.verdict.policy == Policy::Record {
            return Ok(());
        }
        // One answer whether the document does not exist or is another's (law 9).
        Err(Refusal::new(Code::TargetNotHeld, "no document with that DocumentId or Code between these two agencies"))
    }

    fn effect(&self, facts: &Facts) -> (Option<DeliveryState>, Effect) {
        facts.target.as_ref().map_or((None, Effect::TargetNotHeld), |(_, delivery)| {
            let (state, _, effect) = next(delivery.state, delivery.asked, self.status);
            (Some(state), effect)
        })
    }

    fn draft(
        &self,
        message: MessageId,
        facts: &Facts,
        state: Option<DeliveryState>,
        effect: Effect,
        ids: &mut dyn Ids,
    ) -> Result<Draft, Refusal> {
        let header = content::header(&StatusHeader { salt: ids.salt(), ..self.header.clone() })
            .map_err(|error| unserialisable(&error))?;
        let event = Event::Status {
            message,
            from: self.from.clone(),
            to: self.to.clone(),
            status: self.status,
            effect,
            state,
            target: facts.target.as_ref().map(|(target, _)| *target),
            sha256: self.sha256,
            size: self.size,
            verdict: self.verdict.clone(),
            header: header.key,
            by: self.by.as_ref().to_owned(),
            remarks: self.remarks.clone(),
        };
        let body = content::body(self.sha256, self.body.clone());
        Ok(Draft { parties: both(&self.from, &self.to), event, contents: vec![header, body] })
    }
}

/// The messages of `sender` with this notation key, newest first by the trail: ids follow the clock, which may step.
pub(crate) fn by_notation(rows: &Rows<'_>, notation: &str, sender: &OrganId) -> Result<Vec<MessageId>, IndexError> {
    let prefix = keys::notation_prefix(notation);
    let found = rows.under(&prefix, |rest, _| {
        let from = text_id(rest)?;
        let id = rest.get(rest.len().saturating_sub(16)..).and_then(|id| uuid::Uuid::from_slice(id).ok());
        Ok((from, id.map(MessageId)))
    })?;
    let mut placed = Vec::new();
    for id in found.into_iter().filter(|(from, _)| from == sender).filter_map(|(_, id)| id) {
        placed.extend(rows.message(id)?.map(|row| (row.seq, id)));
    }
    placed.sort_unstable_by(|one, other| other.cmp(one));
    Ok(placed.into_iter().map(|(_, id)| id).collect())
}
