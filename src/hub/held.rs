//! Held messages (DESIGN 4): everything passed except that revocation is not known. Three commands: hold, release, turn
//! away. Before: `intake`, which alone makes them. After: `apply`. The rules are published in docs/identity.md.

use crate::api::ContentState;
use crate::domain::{BusinessType, Code, Digest, DocumentId, MessageId, OrganId, Refusal, Timestamp};
use crate::hub::block;
use crate::hub::content::{self, DocumentHeader};
use crate::hub::decide::{Answer, Decision, Draft, Ids, unserialisable};
use crate::hub::entry::{Event, Verdict};
use crate::hub::rows::{MessageBody, MessageRow, Rows};
use crate::hub::submit::{KeptMaterial, Submit, addressed, known, missing};
use crate::index::IndexError;

/// What one sender may have waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HoldQuota {
    /// Messages.
    pub messages: u64,
    /// Octets of them.
    pub bytes: u64,
}

/// A message is to wait.
#[derive(Debug)]
pub struct Hold {
    /// The message, as if it were sent.
    pub submit: Submit,
    /// What its sender may have waiting.
    pub quota: HoldQuota,
}

/// The certificate of a held message was good at the time of receipt. Made by `intake` only, from the verifier's own
/// pass over the stored bytes.
#[derive(Debug)]
pub struct Release {
    /// The message.
    pub message: MessageId,
    /// SHA-256 of the bytes that were verified.
    pub sha256: Digest,
    /// `To/OrganId`, in the order of the message, without repeats.
    pub to: Vec<OrganId>,
    /// What it does.
    pub business: BusinessType,
    /// Where a business act may name its target, best first.
    pub targets: Vec<DocumentId>,
    /// The verdict.
    pub verdict: Verdict,
    /// Certificates and CRLs on which it rests.
    pub materials: Vec<KeptMaterial>,
    /// Codes of the remarks.
    pub remarks: Vec<String>,
}

/// The certificate of a held message was revoked at or before the time of receipt.
#[derive(Debug)]
pub struct TurnAway {
    /// The message.
    pub message: MessageId,
    /// Why.
    pub code: Code,
}

impl Hold {
    /// The identity table, as for what is accepted, and the sender's quota.
    pub fn decide(&self, rows: &Rows<'_>, now: Timestamp, ids: &mut dyn Ids) -> Result<Decision, Refusal> {
        let facts = self.submit.facts(rows, now)?;
        if let Some((id, row)) = &facts.first {
            return Ok(known(*id, row));
        }
        self.submit.check(&facts)?;
        self.check_quota(rows)?;
        let message = ids.message(now);
        let draft = self.draft(message, ids)?;
        let answer = Answer { message: Some(message), effect: None, seq: None };
        Ok(Decision::New { drafts: vec![draft], answer_at: 0, answer })
    }

    fn check_quota(&self, rows: &Rows<'_>) -> Result<(), Refusal> {
        let (waiting, quota) = (rows.waiting(&self.submit.from)?, self.quota);
        let messages = waiting.messages.saturating_add(1);
        let bytes = waiting.bytes.saturating_add(self.submit.size);
        if messages <= quota.messages && bytes <= quota.bytes {
            return Ok(());
        }
        let detail = format!(
            "the sender has {} messages of {} octets waiting; at most {} of {}",
            waiting.messages, waiting.bytes, quota.messages, quota.bytes
        );
        Err(Refusal::new(Code::HeldQuota, detail))
    }

    fn draft(&self, message: MessageId, ids: &mut dyn Ids) -> Result<Draft, Refusal> {
        let submit = &self.submit;
        let header = DocumentHeader { salt: ids.salt(), ..submit.header.clone() };
        let header = content::header(&header).map_err(|error| unserialisable(&error))?;
        let event = Event::Held {
            message,
            from: submit.from.clone(),
            document: submit.document.clone(),
            business: submit.business,
            priority: submit.priority,
            recipients: u32::try_from(submit.to.len()).unwrap_or(u32::MAX),
            sha256: submit.sha256,
            size: submit.size,
            verdict: submit.verdict.clone(),
            header: header.key,
            by: submit.by.as_ref().to_owned(),
            remarks: submit.remarks.clone(),
        };
        let body = content::body(submit.sha256, submit.body.clone());
        Ok(Draft { parties: vec![submit.from.clone()], event, contents: vec![header, body] })
    }
}

impl Release {
    /// What waits is delivered; what waits no more stays as it is.
    pub fn decide(&self, rows: &Rows<'_>) -> Result<Decision, Refusal> {
        let Some(row) = waiting(rows, self.message)?.filter(|row| row.sha256 == self.sha256) else {
            return Ok(Decision::Nothing);
        };
        // An operator had it destroyed after the bytes were verified: it goes to nobody, and the next look turns it away.
        let content = rows.content(self.message)?;
        if content.is_some_and(|content| content.state == ContentState::Destroyed) {
            return Ok(Decision::Nothing);
        }
        // A block that came after the bytes were verified: nothing by it follows it in the trail, this waits.
        if block::is_blocked(rows, &self.verdict, row.time)? {
            return Ok(Decision::Nothing);
        }
        let mut drafts: Vec<Draft> = missing(rows, &self.materials)?
            .into_iter()
            .filter_map(|index| self.materials.get(index))
            .map(KeptMaterial::draft)
            .collect();
        let answer_at = drafts.len();
        drafts.push(self.released(rows, &row)?);
        drafts.extend(addressed(self.message, &row.from, &self.to));
        let answer = Answer { message: Some(self.message), effect: None, seq: None };
        Ok(Decision::New { drafts, answer_at, answer })
    }

    fn released(&self, rows: &Rows<'_>, row: &MessageRow) -> Result<Draft, Refusal> {
        let target = self.target(rows, &row.from)?;
        let mut remarks = self.remarks.clone();
        if self.business != BusinessType::New && target.is_none() {
            remarks.push("target_not_held".to_owned());
        }
        let event = Event::HoldReleased {
            message: self.message,
            from: row.from.clone(),
            sha256: row.sha256,
            received: row.time,
            recipients: u32::try_from(self.to.len()).unwrap_or(u32::MAX),
            verdict: self.verdict.clone(),
            target,
            remarks,
        };
        Ok(Draft::new(vec![row.from.clone()], event))
    }

    /// The newest version of what a business act names, but for itself.
    fn target(&self, rows: &Rows<'_>, from: &OrganId) -> Result<Option<MessageId>, IndexError> {
        for candidate in &self.targets {
            let newest = rows.document(from, candidate)?.map(|document| document.newest);
            if let Some(newest) = newest.filter(|newest| *newest != self.message) {
                return Ok(Some(newest));
            }
        }
        Ok(None)
    }
}

impl TurnAway {
    /// What waits is removed; what waits no more stays as it is.
    pub fn decide(&self, rows: &Rows<'_>) -> Result<Decision, Refusal> {
        let Some(row) = waiting(rows, self.message)? else { return Ok(Decision::Nothing) };
        let event = Event::TurnedAway { message: self.message, from: row.from.clone(), code: self.code };
        let answer = Answer { message: Some(self.message), effect: None, seq: None };
        Ok(Decision::New { drafts: vec![Draft::new(vec![row.from], event)], answer_at: 0, answer })
    }
}

fn waiting(rows: &Rows<'_>, message: MessageId) -> Result<Option<MessageRow>, IndexError> {
    let row = rows.message(message)?;
    Ok(row.filter(|row| row.is_held() && matches!(row.body, MessageBody::Document(_))))
}
