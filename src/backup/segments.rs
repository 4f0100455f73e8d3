//! Going through segments: what they hold of the tree, and which large documents they name.

use std::path::{Path, PathBuf};

use crate::backup::error::BackupError;
use crate::domain::{Digest, Seq};
use crate::journal::{Body, JournalError, Payload, PayloadName, Peek, Record};
use crate::trail::frontier::Frontier;
use crate::trail::leaf_hash;

/// What a segment holds, up to some entry.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// Large documents that are there.
    pub(super) present: Vec<Payload>,
    /// Large documents that were destroyed.
    pub(super) destroyed: Vec<PayloadName>,
}

/// Reads a segment up to entry `size`, or to its end, and lets the tree grow by it. `seen` is told each size on the way.
pub(super) fn read(
    peek: &mut Peek,
    size: Seq,
    frontier: &mut Frontier,
    seen: &mut dyn FnMut(&Frontier),
) -> Result<Held, BackupError> {
    let mut held = Held::default();
    while frontier.size() < size {
        let Some(record) = peek.next_record()? else { break };
        grow(&record, frontier, seen);
        for content in record.batch.contents {
            match content.body {
                Body::Payload(payload) => held.present.push(payload),
                Body::Destroyed { payload, .. } => held.destroyed.extend(payload),
                Body::Inline(_) => {}
            }
        }
    }
    Ok(held)
}

fn grow(record: &Record, frontier: &mut Frontier, seen: &mut dyn FnMut(&Frontier)) {
    for entry in &record.batch.entries {
        frontier.push(leaf_hash(entry));
        seen(frontier);
    }
}

/// What the last whole records of a segment say.
pub(super) struct Tail {
    /// The checkpoints in them.
    pub(super) checkpoints: Vec<String>,
    /// The place after their last entry.
    pub(super) end: Seq,
}

/// Reads a segment to its last whole record.
pub(super) fn tail(peek: &mut Peek) -> Result<Tail, BackupError> {
    let mut tail = Tail { checkpoints: Vec::new(), end: peek.first() };
    loop {
        match peek.next_record() {
            Ok(Some(record)) => {
                let entries = Seq::try_from(record.batch.entries.len()).unwrap_or_default();
                tail.end = record.first_seq.saturating_add(entries);
                let text = record.batch.checkpoint.and_then(|text| String::from_utf8(text.into()).ok());
                tail.checkpoints.extend(text);
            }
            // A record that is being written just now; what is not of a crash is found when the segment is read.
            Ok(None) | Err(JournalError::Damaged { .. }) => return Ok(tail),
            Err(error) => return Err(error.into()),
        }
    }
}

/// Where a large document stands below a data folder or a backup.
pub(super) fn payload_path(folder: &Path, name: PayloadName) -> PathBuf {
    let name = name.to_string();
    folder.join("payloads").join(name.get(..6).unwrap_or(&name)).join(&name)
}

/// Whether the tree has this root at its size.
pub(super) fn is_root(frontier: &Frontier, root: &Digest) -> bool {
    frontier.root() == *root
}
