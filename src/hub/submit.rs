//! The identity law (law 3) for document messages: is it a repeat, a business act, or does it conflict?
//! Before: `intake` (verified and admitted). After: `apply`. The table is published in docs/identity.md.

use std::sync::Arc;

use crate::domain::{BusinessType, Code, Digest, DocumentId, MessageId, OrganId, Priority, Refusal, Timestamp};
use crate::hub::block;
use crate::hub::content::{self, DocumentHeader};
use crate::hub::decide::{Answer, Decision, Draft, Ids, unserialisable};
use crate::hub::entry::{Event, Salt, Verdict};
use crate::hub::rows::{MessageBody, MessageRow, Rows};
use crate::index::IndexError;
use crate::journal::{Body, Content, ContentKind};

/// Most recipients of one message (DESIGN 2: entries of a batch).
pub const RECIPIENTS_MAX: usize = 5_000;

/// An admitted document message: what the rules need of it. Made by `intake` only.
#[derive(Debug)]
pub struct Submit {
    /// Name of the access that sent it.
    pub by: Arc<str>,
    /// `From/OrganId`.
    pub from: OrganId,
    /// `To/OrganId`, in the order of the message, without repeats.
    pub to: Vec<OrganId>,
    /// `DocumentId`.
    pub document: DocumentId,
    /// What it does.
    pub business: BusinessType,
    /// Độ khẩn.
    pub priority: Priority,
    /// What lists show; the salt is set by decide.
    pub header: DocumentHeader,
    /// Where a business act may name its target, best first (REFERENCE 1.2).
    pub targets: Vec<DocumentId>,
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
    /// How it compares with the newest version held under the same id, where intake found one.
    pub likeness: Option<Likeness>,
}

/// A certificate or CRL to keep.
#[derive(Debug, Clone)]
pub struct KeptMaterial {
    /// `certificate` or `crl`.
    pub what: &'static str,
    /// SHA-256 of the DER.
    pub sha256: Digest,
    /// DER: in line, or durable in `payloads/`.
    pub body: Body,
}

/// How a message compares with the one held under the same DocumentId.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Likeness {
    /// MessageHeader equal but for `To`, attachments equal by digest of the decoded bytes.
    EqualButTo,
    /// Anything else.
    Other,
}

/// What the rules must know to decide a [`Submit`].
#[derive(Debug, Default)]
pub struct Facts {
    /// The message with the same bytes.
    pub first: Option<(MessageId, MessageRow)>,
    /// Whether its certificate, or one above it, was blocked after it was verified.
    pub blocked: bool,
    /// Whether the sender stands in the directory and is open.
    pub sender_open: bool,
    /// Recipients that do not stand in the directory, or are closed, by their index in `to`.
    pub unknown: Vec<usize>,
    /// The newest version held under the same sender and DocumentId.
    pub held: Option<Held>,
    /// The held message that a business act speaks of.
    pub target: Option<MessageId>,
    /// The materials that are not kept yet, by their index.
    pub missing_materials: Vec<usize>,
}

/// The newest version of a known document.
#[derive(Debug)]
pub struct Held {
    /// Its message.
    pub message: MessageId,
    /// SHA-256 of its bytes.
    pub sha256: Digest,
    /// Whether every delivery to the recipients named now was rejected or taken back.
    pub all_returned: bool,
    /// Whether some recipient named now has no delivery of it.
    pub has_further: bool,
}

impl Submit {
    /// Loads the facts.
    pub fn facts(&self, rows: &Rows<'_>, now: Timestamp) -> Result<Facts, IndexError> {
        if let Some(first) = self.first(rows)? {
            return Ok(Facts { first: Some(first), ..Facts::default() });
        }
        let blocked = block::is_blocked(rows, &self.verdict, now)?;
        let mut facts = Facts { blocked, sender_open: is_open(rows, &self.from)?, ..Facts::default() };
        for (index, to) in self.to.iter().enumerate() {
            if !is_open(rows, to)? {
                facts.unknown.push(index);
            }
        }
        facts.held = self.held(rows)?;
        facts.target = self.target(rows)?;
        facts.missing_materials = missing(rows, &self.materials)?;
        Ok(facts)
    }

    fn first(&self, rows: &Rows<'_>) -> Result<Option<(MessageId, MessageRow)>, IndexError> {
        let Some(id) = rows.claimed(&self.sha256)? else { return Ok(None) };
        Ok(rows.message(id)?.map(|row| (id, row)))
    }

    fn held(&self, rows: &Rows<'_>) -> Result<Option<Held>, IndexError> {
        let Some(document) = rows.document(&self.from, &self.document)? else { return Ok(None) };
        let Some(newest) = rows.message(document.newest)? else { return Ok(None) };
        let mut held = Held { message: document.newest, sha256: newest.sha256, all_returned: true, has_further: false };
        for to in &self.to {
            let delivery = rows.delivery(document.newest, to)?;
            held.has_further |= delivery.is_none();
            held.all_returned &= delivery.is_some_and(|delivery| delivery.state.is_end());
        }
        Ok(Some(held))
    }

    fn target(&self, rows: &Rows<'_>) -> Result<Option<MessageId>, IndexError> {
        for candidate in &self.targets {
            if let Some(document) = rows.document(&self.from, candidate)? {
                return Ok(Some(document.newest));
            }
        }
        Ok(None)
    }

    /// The identity table.
    pub fn decide(&self, facts: &Facts, now: Timestamp, ids: &mut dyn Ids) -> Result<Decision, Refusal> {
        if let Some((id, row)) = &facts.first {
            return Ok(known(*id, row));
        }
        self.check(facts)?;
        self.accept(facts, now, ids)
    }

    /// Whether the parties and the identity table let it in.
    pub(super) fn check(&self, facts: &Facts) -> Result<(), Refusal> {
        block::check(facts.blocked)?;
        self.check_parties(facts)?;
        match (self.business, &facts.held) {
            (BusinessType::New, Some(held)) => Err(self.conflict(held)),
            _ => Ok(()),
        }
    }

    fn check_parties(&self, facts: &Facts) -> Result<(), Refusal> {
        if !facts.sender_open {
            return Err(Refusal::new(Code::SenderUnknown, "From/OrganId is not an open code of the directory"));
        }
        if self.to.len() > RECIPIENTS_MAX {
            return Err(Refusal::new(
                Code::TooManyRecipients,
                format!("{} To, at most {RECIPIENTS_MAX}", self.to.len()),
            ));
        }
        facts.unknown.first().map_or(Ok(()), |index| Err(unknown_recipient(*index, facts.unknown.len())))
    }

    fn conflict(&self, held: &Held) -> Refusal {
        let both = format!("held sha256 {}, sent sha256 {}", held.sha256, self.sha256);
        if held.all_returned {
            Refusal::new(Code::NewAttempt, format!("every recipient named returned it: {both}"))
        } else if held.has_further && self.likeness == Some(Likeness::EqualButTo) {
            Refusal::new(Code::FurtherRecipients, format!("the same document to further recipients: {both}"))
        } else {
            Refusal::new(Code::DocumentConflict, format!("{both}; probably meant: business type 2 (update)"))
        }
    }

    fn accept(&self, facts: &Facts, now: Timestamp, ids: &mut dyn Ids) -> Result<Decision, Refusal> {
        let message = ids.message(now);
        let mut drafts: Vec<Draft> = facts
            .missing_materials
            .iter()
            .filter_map(|index| self.materials.get(*index))
            .map(KeptMaterial::draft)
            .collect();
        let answer_at = drafts.len();
        drafts.push(self.accepted(message, facts, ids.salt())?);
        drafts.extend(addressed(message, &self.from, &self.to));
        Ok(Decision::New { drafts, answer_at, answer: Answer { message: Some(message), effect: None, seq: None } })
    }

    fn accepted(&self, message: MessageId, facts: &Facts, salt: Salt) -> Result<Draft, Refusal> {
        let header =
            content::header(&DocumentHeader { salt, ..self.header.clone() }).map_err(|error| unserialisable(&error))?;
        let mut remarks = self.remarks.clone();
        if self.business != BusinessType::New && facts.target.is_none() {
            remarks.push("target_not_held".to_owned());
        }
        let event = Event::Accepted {
            message,
            from: self.from.clone(),
            document: self.document.clone(),
            business: self.business,
            priority: self.priority,
            recipients: u32::try_from(self.to.len()).unwrap_or(u32::MAX),
            sha256: self.sha256,
            size: self.size,
            verdict: self.verdict.clone(),
            header: header.key,
            by: self.by.as_ref().to_owned(),
            target: facts.target,
            remarks,
        };
        let body = content::body(self.sha256, self.body.clone());
        Ok(Draft { parties: vec![self.from.clone()], event, contents: vec![header, body] })
    }
}

/// One entry a recipient.
pub(super) fn addressed(message: MessageId, from: &OrganId, to: &[OrganId]) -> impl Iterator<Item = Draft> {
    to.iter().zip(1u32..).map(move |(to, number)| {
        let event = Event::Addressed { message, from: from.clone(), to: to.clone(), number };
        Draft::new(both(from, to), event)
    })
}

/// The materials that are not kept yet, by their index.
pub(super) fn missing(rows: &Rows<'_>, materials: &[KeptMaterial]) -> Result<Vec<usize>, IndexError> {
    let mut missing = Vec::new();
    for (index, material) in materials.iter().enumerate() {
        if !rows.has_material(&material.sha256)? {
            missing.push(index);
        }
    }
    Ok(missing)
}

impl KeptMaterial {
    /// The entry that keeps it.
    #[must_use]
    pub fn draft(&self) -> Draft {
        let content = Content { entry: 0, kind: ContentKind::Material, key: self.sha256, body: self.body.clone() };
        let event = Event::Material { sha256: self.sha256, what: self.what.to_owned() };
        Draft { parties: Vec::new(), event, contents: vec![content] }
    }
}

/// The first answer again.
pub(crate) fn known(id: MessageId, row: &MessageRow) -> Decision {
    let effect = match &row.body {
        MessageBody::Status { effect, .. } => Some(*effect),
        MessageBody::Document(_) => None,
    };
    Decision::Known(Answer { message: Some(id), effect, seq: Some(row.seq) })
}

/// Two parties, or one where an agency writes to itself.
pub(crate) fn both(one: &OrganId, other: &OrganId) -> Vec<OrganId> {
    if one == other { vec![one.clone()] } else { vec![one.clone(), other.clone()] }
}

/// Whether an agency stands in the directory and is not closed.
pub(crate) fn is_open(rows: &Rows<'_>, code: &OrganId) -> Result<bool, IndexError> {
    Ok(rows.agency(code)?.is_some_and(|agency| !agency.closed))
}

fn unknown_recipient(index: usize, count: usize) -> Refusal {
    let place = index.saturating_add(1);
    Refusal::new(
        Code::RecipientUnknown,
        format!("To[{place}]/OrganId is not an open code of the directory ({count} such)"),
    )
}
