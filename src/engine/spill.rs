//! Spills: one document that should never have been sent is found, withheld at once, and destroyed wherever the hub has
//! it. Who else has it is said: recipients that have taken it, backups that have not run since. Also what backups tell.

use crate::api::{
    Acted, BackupRequest, BackupView, Found, Holder, ReasonRequest, Role, SpillReport, SpillRequest, Spilled,
};
use crate::delivery::document::content_view;
use crate::delivery::standing::Caller;
use crate::domain::{Code, Digest, MessageId, Refusal, Seq, notation};
use crate::engine::hub::Hub;
use crate::hub::backup::{BackupMade, BackupRow};
use crate::hub::decide::Command;
use crate::hub::destroy::{Cause, Destroy, MESSAGES_MAX, statuses};
use crate::hub::keys;
use crate::hub::rows::{DeliveryRow, DocumentRow, MessageBody, Rows, decode};
use crate::index::IndexError;
use crate::journal::{BodyLocation, Payload};

/// Most messages of an answer.
const FOUND_MAX: usize = 200;

impl Hub {
    /// The document messages that `what` names: an id, the SHA-256 of a message, a số/ký hiệu, or `agency DocumentId`.
    ///
    /// # Errors
    /// `not_allowed` for others than operators; `not_found`.
    pub fn spill_find(&self, caller: &Caller, what: &str) -> Result<Vec<Found>, Refusal> {
        caller.needs(&[Role::Operator])?;
        self.read(|rows| {
            let mut found = Vec::new();
            for id in named(rows, what.trim())?.into_iter().take(FOUND_MAX) {
                found.extend(look(rows, id)?);
            }
            if found.is_empty() {
                Err(Refusal::new(Code::NotFound, "no document message is so named"))
            } else {
                Ok(found)
            }
        })
    }

    /// Destroys document messages everywhere. Each step is an entry first: after a crash the destruction goes on by
    /// itself, and calling again is safe.
    ///
    /// # Errors
    /// `not_allowed` for others than operators; `not_found`; `bad_request` without a reason; `storage_failed`.
    pub async fn spill_destroy(&self, caller: &Caller, request: SpillRequest) -> Result<SpillReport, Refusal> {
        caller.needs(&[Role::Operator])?;
        let SpillRequest { messages, reason } = request;
        if messages.is_empty() || messages.len() > MESSAGES_MAX {
            return Err(Refusal::new(Code::BadRequest, format!("messages: from 1 to {MESSAGES_MAX}")));
        }
        let found = self.found(&messages)?;
        for found in found.iter().filter(|found| found.content.is_none()) {
            let reason = ReasonRequest { reason: reason.clone() };
            self.withhold(caller, found.id, reason, false).await?;
        }
        let mut report = SpillReport {
            messages: Vec::new(),
            contents: 0,
            bytes: 0,
            payloads: 0,
            index_clean: true,
            backups: self.holding(&found)?,
        };
        for found in found {
            let destroyed = self.order_destroyed(caller, found.id, &reason).await?;
            // Only now: who fetched it just before it was withheld is told by an entry that stood in front of that.
            let recipients = self.read(|rows| Ok(holders(rows, found.id)?))?;
            report.messages.push(Spilled { found: Found { recipients, ..found }, destroyed });
        }
        self.erase_all(&mut report).await?;
        Ok(report)
    }

    fn found(&self, messages: &[MessageId]) -> Result<Vec<Found>, Refusal> {
        self.read(|rows| {
            let mut found = Vec::new();
            for id in messages {
                let one = look(rows, *id)?;
                found.push(one.ok_or_else(|| Refusal::new(Code::NotFound, "no such document message"))?);
            }
            Ok(found)
        })
    }

    async fn order_destroyed(&self, caller: &Caller, id: MessageId, reason: &str) -> Result<Acted, Refusal> {
        let by = caller.system.as_ref().to_owned();
        let cause = Cause::Spill { reason: reason.to_owned() };
        let destroy = Destroy { by, messages: vec![id], header: true, cause };
        let committed = self.commit(Command::Destroy(destroy)).await?;
        self.acted(&committed)
    }

    async fn erase_all(&self, report: &mut SpillReport) -> Result<(), Refusal> {
        loop {
            let erasure = self.erase(1).await?;
            report.contents = report.contents.saturating_add(erasure.contents);
            report.bytes = report.bytes.saturating_add(erasure.bytes);
            report.payloads = report.payloads.saturating_add(erasure.payloads);
            report.index_clean &= !erasure.index_unclean;
            if erasure.segments == 0 {
                return Ok(());
            }
        }
    }

    /// The backups that have told that they reach beyond one of these messages.
    fn holding(&self, found: &[Found]) -> Result<Vec<BackupView>, Refusal> {
        let first = found.iter().map(|found| found.seq).min().unwrap_or(Seq::MAX);
        Ok(self.all_backups()?.into_iter().filter(|backup| backup.size > first).collect())
    }

    /// The backups, as they have last told.
    ///
    /// # Errors
    /// `not_allowed` for others than operators.
    pub fn backups(&self, caller: &Caller) -> Result<Vec<BackupView>, Refusal> {
        caller.needs(&[Role::Operator])?;
        self.all_backups()
    }

    /// A backup was made.
    ///
    /// # Errors
    /// `not_allowed` for others than operators; `bad_request`.
    pub async fn backup_made(&self, caller: &Caller, request: BackupRequest) -> Result<Acted, Refusal> {
        caller.needs(&[Role::Operator])?;
        let BackupRequest { name, size, root } = request;
        if size > 0 && !self.0.shared.signed().view.root_at(size).is_ok_and(|ours| ours == root) {
            return Err(Refusal::new(Code::BadRequest, "root: not that of this log at that size"));
        }
        let by = caller.system.as_ref().to_owned();
        let committed = self.commit(Command::Backup(BackupMade { by, name, size, root })).await?;
        self.acted(&committed)
    }

    pub(super) fn all_backups(&self) -> Result<Vec<BackupView>, Refusal> {
        self.read(|rows| {
            Ok(rows.under(&keys::backup_prefix(), |rest, value| {
                let name = rest.split(|octet| *octet == 0).next().unwrap_or_default();
                let BackupRow { time, size } = decode(value)?;
                Ok(BackupView { name: String::from_utf8_lossy(name).into_owned(), time, size })
            })?)
        })
    }

    /// When the last backup told that it was made, seconds since 1970; 0 if none has.
    ///
    /// # Errors
    /// `storage_failed`.
    pub fn last_backup_secs(&self) -> Result<i64, Refusal> {
        Ok(self.all_backups()?.iter().map(|backup| backup.time.as_secs()).max().unwrap_or_default())
    }
}

/// The messages that a text names, whichever way.
fn named(rows: &Rows<'_>, what: &str) -> Result<Vec<MessageId>, IndexError> {
    if let Ok(id) = what.parse::<MessageId>() {
        return Ok(vec![id]);
    }
    if let Ok(sha256) = what.parse::<Digest>() {
        return Ok(rows.claimed(&sha256)?.into_iter().collect());
    }
    if let Some((from, document)) = what.split_once(' ')
        && let (Ok(from), Ok(document)) = (from.parse(), document.parse())
        && let Some(DocumentRow { messages, .. }) = rows.document(&from, &document)?
    {
        return Ok(messages);
    }
    let Some(key) = notation::key(what) else { return Ok(Vec::new()) };
    let found = rows.under(&keys::notation_prefix(&key), |rest, _| {
        Ok(rest.last_chunk::<16>().map(|id| MessageId(uuid::Uuid::from_bytes(*id))))
    })?;
    Ok(found.into_iter().flatten().collect())
}

/// One document message: where it is, who holds it.
fn look(rows: &Rows<'_>, id: MessageId) -> Result<Option<Found>, IndexError> {
    let Some(row) = rows.message(id)? else { return Ok(None) };
    let MessageBody::Document(fields) = &row.body else { return Ok(None) };
    let location: Option<BodyLocation> = rows.row(&keys::body(id))?;
    Ok(Some(Found {
        id,
        document_id: fields.document.clone(),
        code: fields.code.clone(),
        from: row.from.clone(),
        accepted_at: row.time,
        seq: row.seq,
        sha256: row.sha256,
        size: row.size,
        segment: rows.position(row.seq)?.map_or(0, |position| position.segment),
        payload: matches!(location, Some(BodyLocation::Payload(Payload { .. }))),
        statuses: u64::try_from(statuses(rows, id, &row)?.len()).unwrap_or(u64::MAX),
        content: rows.content(id)?.as_ref().map(content_view),
        recipients: holders(rows, id)?,
    }))
}

/// The recipients of a message, and which of them have it in their hands.
fn holders(rows: &Rows<'_>, id: MessageId) -> Result<Vec<Holder>, IndexError> {
    let holder = |(to, delivery): (_, DeliveryRow)| Holder {
        to,
        fetched_at: delivery.fetched,
        confirmed_at: delivery.confirmed,
    };
    Ok(rows.deliveries(id)?.into_iter().map(holder).collect())
}
