//! What the suites of vectors have in common: rows, verdicts, counts, and the exceptions between them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use truc::domain::{Code, Refusal, Timestamp};
use truc::signature::{Chain, ChainCheck};
use truc::trust::{CrlFloors, Sources, TrustError, TrustStore, Usage};

use crate::exceptions::{EXCEPTIONS, Exception};

/// The folder of vectors, or nothing and a loud word.
pub(crate) fn folder(test: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/vectors");
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("SKIPPED {test}: ../shared/vectors is not there");
    None
}

/// The rows of `index.json` of the kind `x509-path` whose id begins so.
pub(crate) fn rows(folder: &Path, prefix: &str) -> Vec<Row> {
    let index: Vec<Value> = serde_json::from_slice(&fs::read(folder.join("index.json")).unwrap()).unwrap();
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    let of_kind = index.iter().filter(|row| row["kind"] == "x509-path");
    let rows = of_kind.map(|row| Row {
        id: text(row, "id"),
        file: folder.join(text(row, "file")),
        spec: text(row, "expect_spec"),
        policy: text(row, "expect_policy"),
    });
    rows.filter(|row| row.id.starts_with(prefix)).collect()
}

pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) file: PathBuf,
    pub(crate) spec: String,
    pub(crate) policy: String,
}

/// Files for one row in a folder of their own.
pub(crate) struct Bench {
    dir: tempfile::TempDir,
    sources: Sources,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), sources: Sources::default() }
    }

    pub(crate) fn anchor(&mut self, der: &[u8]) {
        let path = self.file("anchor", self.sources.anchors.len(), der);
        self.sources.anchors.push(path);
    }

    pub(crate) fn intermediate(&mut self, der: &[u8]) {
        let path = self.file("intermediate", self.sources.intermediates.len(), der);
        self.sources.intermediates.push(path);
    }

    pub(crate) fn crl_folder(&mut self, folder: PathBuf) {
        self.sources.crls.push(folder);
    }

    pub(crate) fn crl(&mut self, der: &[u8]) {
        let path = self.file("crl", self.sources.crls.len(), der);
        self.sources.crls.push(path);
    }

    fn file(&self, kind: &str, n: usize, der: &[u8]) -> PathBuf {
        let path = self.dir.path().join(format!("{kind}-{n}.der"));
        fs::write(&path, der).unwrap();
        path
    }

    /// Checks a leaf. Certificates that the store does not take as an authority's are handed over as if the message
    /// had brought them; an anchor that it does not take is left out, so that nothing leads to it.
    pub(crate) fn check(mut self, usage: Usage, leaf: &[u8], at: Timestamp) -> Result<Chain, Refusal> {
        let open = |sources: &Sources| TrustStore::open_for(usage, sources.clone(), &CrlFloors::default(), at);
        let mut others = Vec::new();
        if let Err(TrustError::Certificates(faults)) = open(&self.sources) {
            for fault in faults {
                self.sources.anchors.retain(|path| *path != fault.path);
                self.sources.intermediates.retain(|path| *path != fault.path);
                others.push(fs::read(&fault.path).unwrap());
            }
        }
        let store = open(&self.sources).unwrap();
        others.truncate(10);
        store.check(leaf, &others, at)
    }
}

/// What was expected and what came, row by row.
#[derive(Default)]
pub(crate) struct Tally {
    suite: &'static str,
    classes: BTreeMap<String, usize>,
    divergent: Vec<&'static Exception>,
    faults: Vec<String>,
}

impl Tally {
    pub(crate) fn of(suite: &'static str) -> Self {
        Self { suite, ..Self::default() }
    }

    pub(crate) fn skip(&mut self, why: &str) {
        self.count(format!("skipped: {why}"));
    }

    /// Compares one row: `accept` is what the standard says, `actual` what the store said.
    pub(crate) fn row(&mut self, id: &str, accept: bool, actual: Result<(), Code>) {
        let exception = EXCEPTIONS.iter().find(|exception| exception.id == id);
        let agrees = accept == actual.is_ok();
        let verdict = actual.map_or_else(Code::as_str, |()| "accepted");
        match exception {
            None if agrees => self.count(format!("{}: {verdict}", if accept { "valid" } else { "invalid" })),
            None => self
                .faults
                .push(format!("{id}: expected {}, got {verdict}", if accept { "acceptance" } else { "refusal" })),
            Some(_) if agrees => self.faults.push(format!("{id}: listed as an exception, but agrees ({verdict})")),
            Some(exception) if exception.actual != verdict => {
                self.faults.push(format!("{id}: the exceptions say {}, got {verdict}", exception.actual));
            }
            Some(exception) => {
                self.divergent.push(exception);
                let kind = if accept { "valid, but" } else { "invalid, but" };
                self.count(format!("{kind} {verdict}: {}", exception.reason));
            }
        }
    }

    fn count(&mut self, class: String) {
        *self.classes.entry(class).or_default() += 1;
    }

    /// Prints the counts; fails on anything that the exceptions do not explain, and on exceptions without a row.
    pub(crate) fn finish(self) {
        for (class, count) in &self.classes {
            println!("vectors: x509-path {count:4} {}: {class}", self.suite);
        }
        let listed = EXCEPTIONS.iter().filter(|exception| exception.id.starts_with(self.suite));
        let missing: Vec<_> = listed.map(|e| e.id).filter(|id| !self.divergent.iter().any(|d| d.id == *id)).collect();
        assert!(self.faults.is_empty(), "{}:\n{}", self.suite, self.faults.join("\n"));
        assert!(missing.is_empty(), "{}: exceptions without a row: {missing:?}", self.suite);
    }
}

/// The bytes of a PEM text, of whatever size.
pub(crate) fn der(pem: &str) -> Vec<u8> {
    rustls_pki_types::pem::from_buf(&mut pem.as_bytes()).unwrap().unwrap().1
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}
