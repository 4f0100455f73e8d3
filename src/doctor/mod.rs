//! The doctor: looks at a data folder without changing anything in it, and says what is damaged, which documents that
//! touches and what can be done. Before: `config`, `journal`, `index`, `trail`, `trust`. After: `cli`, which prints it.
//! Beside a running hub it looks at what is safe to look at then: everything but the index.

mod certificates;
mod index;
mod surroundings;
mod trail;
mod wounds;

use serde::Serialize;

use crate::config::{Config, DataFolder};
use crate::domain::{Digest, MessageId, OrganId, Seq, Timestamp};
use crate::index::Engine;
use crate::journal::disk::{Disk as _, Real};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// To know; nothing is wrong.
    Note,
    /// Something will go wrong if nobody acts.
    Warning,
    /// Something that must hold does not.
    Damage,
}

/// A sentence in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Text {
    /// Vietnamese.
    pub vi: String,
    /// English.
    pub en: String,
}

impl Text {
    /// Both.
    pub fn new(vi: impl Into<String>, en: impl Into<String>) -> Self {
        Self { vi: vi.into(), en: en.into() }
    }
}

/// A document that a finding touches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Touched {
    /// The message.
    pub message: MessageId,
    /// Its entry.
    pub seq: Seq,
    /// Sender, or who reports.
    pub from: OrganId,
    /// Recipients, as far as they are known.
    pub to: Vec<OrganId>,
    /// Số, ký hiệu, where the index or the record tells it.
    pub code: String,
    /// SHA-256 of the exact bytes: by it a copy from sender, recipient or backup is known to be the right one.
    pub sha256: Digest,
    /// Octets.
    pub size: u64,
}

/// Something that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// A stable name: `journal_damaged`, `payload_missing`, …
    pub code: &'static str,
    /// What is wrong, and where.
    pub what: Text,
    /// What can be done.
    pub remedy: Text,
    /// The documents that it touches; empty where it touches none, or nobody can tell.
    pub documents: Vec<Touched>,
}

/// What was looked at, and what was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Everything that was found, the worst first.
    pub findings: Vec<Finding>,
    /// Segments of the journal.
    pub segments: u64,
    /// Whole records.
    pub records: u64,
    /// Whole entries.
    pub entries: u64,
    /// Payload files with the right digest.
    pub payloads: u64,
    /// A hub was running on the folder: the index was not looked at.
    pub running: bool,
    /// The engine of the index.
    pub index_engine: Engine,
}

/// How thoroughly to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Thoroughness {
    /// Whether the index is compared, row by row, with one built from the journal.
    pub deep: bool,
}

impl Report {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity == Severity::Note)
    }
}

/// Looks at everything in `data`. `now` is the machine's time.
#[must_use]
pub fn examine(data: &DataFolder, thoroughness: Thoroughness, now: Timestamp) -> Report {
    let mut findings = Vec::new();
    let config = surroundings::config(data, &mut findings);
    surroundings::folders(data, &mut findings);
    surroundings::key(data, config.as_ref(), &mut findings);
    surroundings::trust(data, now, &mut findings);
    let config = config.unwrap_or_else(|| Config::new("unknown"));
    surroundings::room(data, &config, &mut findings);
    surroundings::files(&mut findings);
    // Held while we look, so that no hub starts under our eyes.
    let lock = Real.lock(&data.journal().join("lock"));
    let running = matches!(&lock, Err(error) if error.kind() == std::io::ErrorKind::WouldBlock);
    let mut seen = trail::examine(data, running, &mut findings);
    surroundings::clock(seen.last_time, now, &mut findings);
    certificates::examine(data, &config, &seen, now, &mut findings);
    if !running {
        index::examine(data, &config, thoroughness, &mut seen, &mut findings);
    }
    trail::touch(&seen, &mut findings);
    drop(lock);
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let trail::Seen { segments, records, entries, payloads, .. } = seen;
    Report { findings, segments, records, entries, payloads, running, index_engine: config.index.engine }
}

fn found(severity: Severity, code: &'static str, what: Text, remedy: Text) -> Finding {
    Finding { severity, code, what, remedy, documents: Vec::new() }
}
