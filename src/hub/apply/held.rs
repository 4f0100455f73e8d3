//! The rows of held messages: what waits, what is delivered after all, what is removed.

use crate::api::ContentState;
use crate::domain::{BusinessType, Code, HoldState, MessageId, OrganId};
use crate::hub::apply::{Rowser, fields, read_header};
use crate::hub::content::DocumentHeader;
use crate::hub::entry::{Entry, Event};
use crate::hub::keys;
use crate::hub::rows::{ContentRow, DocumentRow, DoomedRow, HoldRow, MessageBody, MessageRow, VerdictRow, WaitingRow};
use crate::index::IndexError;
use crate::journal::{BodyLocation, Content};

impl Rowser<'_> {
    /// As what is accepted, but that no recipient has it, and that it takes no older version's place.
    pub(super) fn held(&mut self, entry: &Entry, contents: &[Content]) -> Result<(), IndexError> {
        let Event::Held {
            message, from, document, business, priority, recipients, sha256, size, verdict, remarks, ..
        } = &entry.event
        else {
            return Ok(());
        };
        let header: Option<DocumentHeader> = read_header(contents);
        let row = MessageRow {
            from: from.clone(),
            sha256: *sha256,
            size: *size,
            seq: entry.seq,
            time: entry.time,
            verdict: VerdictRow::from(verdict),
            remarks: remarks.clone(),
            body: MessageBody::Document(fields(document, (*business, *priority), *recipients, header.as_ref())),
            hold: Some(HoldRow { state: HoldState::Held, settled: None, code: None }),
        };
        self.document_message(*message, &row, header.as_ref())?;
        self.put(&keys::held(entry.seq), message)?;
        let WaitingRow { messages, bytes } = self.rows.waiting(from)?;
        let waiting = WaitingRow { messages: messages.saturating_add(1), bytes: bytes.saturating_add(*size) };
        self.put(&keys::waiting(from), &waiting)?;
        let known = self.rows.document(from, document)?;
        let mut known = known.unwrap_or_else(|| DocumentRow { newest: *message, messages: Vec::new() });
        known.messages.push(*message);
        self.put(&keys::document(from, document), &known)
    }

    /// The `addressed` entries follow and make the deliveries.
    pub(super) fn hold_released(&mut self, entry: &Entry) -> Result<(), IndexError> {
        let Event::HoldReleased { message, verdict, remarks, .. } = &entry.event else { return Ok(()) };
        let Some(mut row) = self.settled(entry, *message, HoldState::Released, None)? else { return Ok(()) };
        row.verdict = VerdictRow::from(verdict);
        row.remarks.clone_from(remarks);
        self.put(&keys::message(*message), &row)?;
        self.rests_on(*message, &row, verdict)?;
        let MessageBody::Document(fields) = &row.body else { return Ok(()) };
        let Some(mut document) = self.rows.document(&row.from, &fields.document)? else { return Ok(()) };
        if self.is_newer(&row, fields.business, document.newest)? {
            document.newest = *message;
            self.put(&keys::document(&row.from, &fields.document), &document)?;
        }
        Ok(())
    }

    /// Whether a released message takes the place of the newest version: that waits itself, or came before it, or is
    /// only a revocation; a revocation takes the place of what waits alone.
    fn is_newer(&self, row: &MessageRow, business: BusinessType, newest: MessageId) -> Result<bool, IndexError> {
        let Some(newest) = self.rows.message(newest)? else { return Ok(true) };
        let is_later = newest.seq < row.seq || is_revoke(&newest);
        Ok(newest.is_held() || (business != BusinessType::Revoke && is_later))
    }

    pub(super) fn is_waiting(&self, message: MessageId) -> Result<bool, IndexError> {
        Ok(self.rows.message(message)?.is_some_and(|row| row.is_held()))
    }

    /// Of the content nothing stays; ids, digests and times do. Bytes and document id are free again.
    pub(super) fn turned_away(&mut self, entry: &Entry, message: MessageId, code: Code) -> Result<(), IndexError> {
        let Some(row) = self.settled(entry, message, HoldState::TurnedAway, Some(code))? else { return Ok(()) };
        self.delete(keys::claim(&row.sha256));
        self.put(&keys::body(message), &BodyLocation::Destroyed)?;
        if self.rows.content(message)?.is_none_or(|content| !content.header) {
            let (state, since, seq) = (ContentState::Destroyed, entry.time, entry.seq);
            self.put(&keys::content(message), &ContentRow { state, since, seq, rule: None, header: true })?;
            self.doom(message, &row, DoomedRow { at: row.seq, ordered: entry.seq, header: true, spill: false })?;
        }
        let MessageBody::Document(mut fields) = row.body else { return Ok(()) };
        if let Some(notation) = crate::domain::notation::key(&fields.code) {
            self.delete(keys::notation(&notation, &row.from, message));
        }
        self.forget_version(&row.from, &fields.document, message)?;
        for text in [&mut fields.code, &mut fields.subject, &mut fields.type_name, &mut fields.promulgation_date] {
            text.clear();
        }
        self.put(&keys::message(message), &MessageRow { body: MessageBody::Document(fields), ..row })
    }

    fn forget_version(
        &mut self,
        from: &OrganId,
        document: &crate::domain::DocumentId,
        message: MessageId,
    ) -> Result<(), IndexError> {
        let Some(mut row) = self.rows.document(from, document)? else { return Ok(()) };
        row.messages.retain(|known| *known != message);
        if row.newest == message {
            let Some(newest) = self.newest_of(&row.messages)? else {
                self.delete(keys::document(from, document));
                return Ok(());
            };
            row.newest = newest;
        }
        self.put(&keys::document(from, document), &row)
    }

    /// The last version that is delivered and no revocation; else what comes nearest to that.
    fn newest_of(&self, messages: &[MessageId]) -> Result<Option<MessageId>, IndexError> {
        let mut best: Option<(u8, MessageId)> = None;
        for message in messages {
            let row = self.rows.message(*message)?;
            let rank = row.map_or(0, |row| 2 * u8::from(!row.is_held()) + u8::from(!is_revoke(&row)));
            if best.is_none_or(|(other, _)| rank >= other) {
                best = Some((rank, *message));
            }
        }
        Ok(best.map(|(_, message)| message))
    }

    /// Takes a message off the list of what waits and says what became of it. None if it does not wait.
    fn settled(
        &mut self,
        entry: &Entry,
        message: MessageId,
        state: HoldState,
        code: Option<Code>,
    ) -> Result<Option<MessageRow>, IndexError> {
        let Some(mut row) = self.rows.message(message)?.filter(MessageRow::is_held) else { return Ok(None) };
        row.hold = Some(HoldRow { state, settled: Some((entry.time, entry.seq)), code });
        self.delete(keys::held(row.seq));
        let WaitingRow { messages, bytes } = self.rows.waiting(&row.from)?;
        let waiting = WaitingRow { messages: messages.saturating_sub(1), bytes: bytes.saturating_sub(row.size) };
        if waiting.messages == 0 {
            self.delete(keys::waiting(&row.from));
        } else {
            self.put(&keys::waiting(&row.from), &waiting)?;
        }
        Ok(Some(row))
    }
}

const fn is_revoke(row: &MessageRow) -> bool {
    matches!(&row.body, MessageBody::Document(fields) if matches!(fields.business, BusinessType::Revoke))
}
