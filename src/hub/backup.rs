//! Backups tell the hub that they were made: so it can say which of them still hold what was destroyed since. And what
//! follows when one was restored: a new epoch of the log.

use serde::{Deserialize, Serialize};

use crate::domain::{Code, Digest, Refusal, Seq, Timestamp};
use crate::hub::decide::{Answer, Decision, Draft};
use crate::hub::entry::Event;
use crate::hub::keys;
use crate::hub::retention::is_name;
use crate::hub::rows::{EpochRow, Rows};

/// A backup was made.
#[derive(Debug)]
pub struct BackupMade {
    /// Who made it.
    pub by: String,
    /// Its name.
    pub name: String,
    /// Entries that it holds.
    pub size: Seq,
    /// Root of the tree over them.
    pub root: Digest,
}

/// A backup as it has last told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupRow {
    /// Time of the entry.
    pub time: Timestamp,
    /// Entries that it holds.
    pub size: Seq,
}

/// The log goes on under another key, after a restore.
#[derive(Debug)]
pub struct NewEpoch(pub Event);

impl NewEpoch {
    /// Only once for each key, and only at the place that the restore saw.
    pub fn decide(&self, rows: &Rows<'_>) -> Result<Decision, Refusal> {
        let Event::Epoch { verifier_key, restored, .. } = &self.0 else {
            return Err(Refusal::new(Code::Internal, "not an epoch"));
        };
        let known: Option<EpochRow> = rows.row(&keys::epoch())?;
        if known.is_some_and(|epoch| epoch.verifier_key == *verifier_key) {
            return Ok(Decision::Nothing);
        }
        if rows.head()?.next != *restored {
            return Err(Refusal::new(Code::BadRequest, "the journal is not the one that was restored"));
        }
        let drafts = vec![Draft::new(Vec::new(), self.0.clone())];
        Ok(Decision::New { drafts, answer_at: 0, answer: Answer { message: None, effect: None, seq: None } })
    }
}

impl BackupMade {
    /// Always an entry.
    pub fn decide(&self, rows: &Rows<'_>) -> Result<Decision, Refusal> {
        if !is_name(&self.name) {
            return Err(Refusal::new(Code::BadRequest, "name: 1 to 64 of a-z, 0-9, '.', '-'"));
        }
        if self.size > rows.head()?.next {
            return Err(Refusal::new(Code::BadRequest, "size: more entries than the trail has"));
        }
        let Self { by, name, size, root } = self;
        let event = Event::Backup { name: name.clone(), size: *size, root: *root, by: by.clone() };
        let drafts = vec![Draft::new(Vec::new(), event)];
        Ok(Decision::New { drafts, answer_at: 0, answer: Answer { message: None, effect: None, seq: None } })
    }
}
