//! What was fetched when, for `truc trust list`: a file beside the trust folders. It decides nothing.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::domain::{Digest, Timestamp};
use crate::refresh::job::{Fresh, Job, Outcome};
use crate::trust::floors::replace;

/// Largest file that is read.
const OCTETS_MAX: usize = 1024 * 1024;

/// By address.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Record(pub BTreeMap<String, Fetched>);

/// How it went with an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fetched {
    /// SHA-256 of the authority's certificate.
    pub issuer: Digest,
    /// The last time that something was asked.
    pub asked: Timestamp,
    /// The last time that something believable came.
    pub answered: Option<Timestamp>,
    /// The last time that it was something new.
    pub renewed: Option<Timestamp>,
    /// Why nothing came the last time, if so.
    pub error: Option<String>,
}

impl Record {
    /// What the file says; nothing where it says nothing.
    #[must_use]
    pub fn load(path: &Path) -> Self {
        let bytes = std::fs::read(path).ok().filter(|bytes| bytes.len() <= OCTETS_MAX);
        bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
    }

    pub(super) fn save(&self, path: &Path) -> io::Result<()> {
        replace(path, &serde_json::to_vec_pretty(self)?)
    }

    pub(super) fn note(&mut self, job: &Job, outcome: &Outcome, now: Timestamp) {
        let blank = Fetched { issuer: job.issuer, asked: now, answered: None, renewed: None, error: None };
        let line = self.0.entry(job.address.clone()).or_insert(blank);
        line.asked = now;
        match outcome {
            Ok(Fresh { is_new, .. }) => {
                line.answered = Some(now);
                line.renewed = if *is_new { Some(now) } else { line.renewed };
                line.error = None;
            }
            Err(error) => line.error = Some(error.clone()),
        }
    }
}
