//! Rows of retention: rules, contents withheld and destroyed. An index that is built again from a journal whose bytes
//! are gone already must come to the same rows, so everything that spoke of a destroyed content is blanked here.

use crate::api::ContentState;
use crate::domain::{MessageId, Seq, notation};
use crate::hub::apply::Rowser;
use crate::hub::backup::BackupRow;
use crate::hub::destroy;
use crate::hub::entry::{Entry, Event};
use crate::hub::keys;
use crate::hub::rows::{ContentRow, DeliveryRow, DoomedRow, EpochRow, MessageBody, MessageRow, Rows};
use crate::index::IndexError;
use crate::journal::BodyLocation;

impl Rowser<'_> {
    pub(super) fn life(&mut self, entry: &Entry) -> Result<(), IndexError> {
        match &entry.event {
            Event::Retention(rule) => self.put(&keys::retention(&rule.rule), &rule.to_row()?),
            Event::Withheld { message, .. } => {
                let (state, since, seq) = (ContentState::Withheld, entry.time, entry.seq);
                self.put(&keys::content(*message), &ContentRow { state, since, seq, rule: None, header: false })
            }
            Event::Released { message, .. } => {
                self.delete(keys::content(*message));
                Ok(())
            }
            Event::Destroyed { message, .. } => self.destroyed(entry, *message),
            Event::Backup { name, size, .. } => {
                self.put(&keys::backup(name), &BackupRow { time: entry.time, size: *size })
            }
            Event::Erased { segment, through, .. } => {
                let prefix = keys::doomed_segment(*segment);
                for (id, row) in self.rows.under(&prefix, destroy::doomed)? {
                    if row.ordered < *through {
                        self.delete(keys::doomed(*segment, id));
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    pub(super) fn epoch(&mut self, entry: &Entry, verifier_key: &str, missing: Seq) -> Result<(), IndexError> {
        let verifier_key = verifier_key.to_owned();
        self.put(&keys::epoch(), &EpochRow { seq: entry.seq, verifier_key, missing })
    }

    fn destroyed(&mut self, entry: &Entry, message: MessageId) -> Result<(), IndexError> {
        let Event::Destroyed { header, spill, rule, .. } = &entry.event else { return Ok(()) };
        let Some(row) = self.rows.message(message)? else { return Ok(()) };
        let (state, since, seq) = (ContentState::Destroyed, entry.time, entry.seq);
        self.put(&keys::content(message), &ContentRow { state, since, seq, rule: rule.clone(), header: *header })?;
        let is_placed = self.rows.0.get(keys::body(message).as_slice())?.is_some();
        self.put(&keys::body(message), &BodyLocation::Destroyed)?;
        if is_placed {
            self.doom(message, &row, DoomedRow { at: row.seq, ordered: entry.seq, header: *header, spill: *spill })?;
        }
        self.unlist(message, *header)?;
        if *header { self.blank(message, row) } else { Ok(()) }
    }

    /// Whoever destroys a content leaves this row behind: `engine::erase` looks for it, also after a crash, and takes
    /// the bytes off the disk.
    pub(super) fn doom(&mut self, message: MessageId, row: &MessageRow, doomed: DoomedRow) -> Result<(), IndexError> {
        match self.rows.position(row.seq)? {
            Some(position) => self.put(&keys::doomed(position.segment, message), &doomed),
            None => Ok(()),
        }
    }

    /// What is destroyed waits for nobody any more; with the header data go the words of the statuses.
    fn unlist(&mut self, message: MessageId, header: bool) -> Result<(), IndexError> {
        let priority = self.priority(message)?;
        for (to, row) in self.rows.deliveries(message)? {
            if row.confirmed.is_none() {
                self.delete(keys::inbox(&to, priority, row.seq));
            }
            if header && let Some(mut last) = row.last.clone() {
                (last.description, last.staff) = (String::new(), String::new());
                self.put(&keys::delivery(message, &to), &DeliveryRow { last: Some(last), ..row })?;
            }
        }
        Ok(())
    }

    fn blank(&mut self, message: MessageId, mut row: MessageRow) -> Result<(), IndexError> {
        let MessageBody::Document(fields) = &mut row.body else { return Ok(()) };
        if let Some(notation) = notation::key(&fields.code) {
            self.delete(keys::notation(&notation, &row.from, message));
        }
        for text in [&mut fields.code, &mut fields.subject, &mut fields.type_name, &mut fields.promulgation_date] {
            text.clear();
        }
        self.put(&keys::message(message), &row)
    }
}

/// The order to destroy a message that came in the same record as its own entry (a status beside the spill of its
/// document): where its bytes stand is known only once the record is placed.
pub(super) fn doomed_with(rows: &Rows<'_>, at: Seq, message: MessageId) -> Result<Option<DoomedRow>, IndexError> {
    let content = rows.content(message)?.filter(|content| content.state == ContentState::Destroyed);
    Ok(content.map(|ContentRow { seq, rule, header, .. }| DoomedRow {
        at,
        ordered: seq,
        header,
        spill: rule.is_none(),
    }))
}
