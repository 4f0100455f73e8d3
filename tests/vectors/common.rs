//! What the tests of vectors have in common: rows, and the tally of what was expected and what came.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::exceptions::{EXCEPTIONS, Exception};

/// Where the vectors are, if they are there.
pub(crate) fn vectors() -> Option<PathBuf> {
    crate::support::shared("vectors")
}

/// All rows of the index.
pub(crate) fn index(folder: &Path) -> Vec<Value> {
    serde_json::from_slice(&fs::read(folder.join("index.json")).unwrap()).unwrap()
}

/// The rows of a kind.
pub(crate) fn rows(folder: &Path, kind: &str) -> Vec<Value> {
    let rows: Vec<_> = index(folder).into_iter().filter(|row| row["kind"] == kind).collect();
    assert!(!rows.is_empty(), "no rows of the kind {kind}");
    rows
}

pub(crate) fn text<'a>(row: &'a Value, pointer: &str) -> &'a str {
    row.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// What was expected and what came, row by row.
pub(crate) struct Tally {
    kind: &'static str,
    classes: BTreeMap<String, usize>,
    beside: BTreeMap<String, usize>,
    seen: Vec<String>,
    faults: Vec<String>,
}

impl Tally {
    pub(crate) fn of(kind: &'static str) -> Self {
        Self { kind, classes: BTreeMap::new(), beside: BTreeMap::new(), seen: Vec::new(), faults: Vec::new() }
    }

    /// A row that is not run, and why.
    pub(crate) fn skip(&mut self, id: &str, why: &str) {
        self.seen.push(id.to_owned());
        self.count(format!("skipped: {why}"));
    }

    /// A row that must end like this.
    pub(crate) fn row(&mut self, id: &str, expected: &str, actual: &str) {
        self.one_of(id, &[expected], actual);
    }

    /// A row that must be refused, by whatever code.
    pub(crate) fn refused(&mut self, id: &str, actual: &str) {
        let expected = if actual == "accepted" { "refused" } else { actual };
        self.one_of(id, &[expected], actual);
    }

    /// A row that must end in one of these ways.
    pub(crate) fn one_of(&mut self, id: &str, expected: &[&str], actual: &str) {
        self.seen.push(id.to_owned());
        let agrees = expected.contains(&actual);
        match EXCEPTIONS.iter().find(|exception| exception.id == id) {
            None if agrees => self.count(actual.to_owned()),
            None => self.wrong(format!("{id}: expected {expected:?}, got {actual}")),
            Some(_) if agrees => self.wrong(format!("{id}: listed as an exception, but agrees ({actual})")),
            Some(exception) if exception.actual != actual => {
                self.wrong(format!("{id}: the exceptions say {}, got {actual}", exception.actual));
            }
            Some(Exception { reason, .. }) => {
                self.count(format!("{actual} instead of {}: {reason}", expected.join("/")));
            }
        }
    }

    /// Something that was compared beside the row's verdict.
    pub(crate) fn beside(&mut self, what: &str) {
        *self.beside.entry(what.to_owned()).or_default() += 1;
    }

    pub(crate) fn wrong(&mut self, what: String) {
        self.faults.push(what);
    }

    fn count(&mut self, class: String) {
        *self.classes.entry(class).or_default() += 1;
    }

    /// Prints the counts; fails on anything that the exceptions do not explain, and if a row was not counted.
    pub(crate) fn end(self) {
        for (class, count) in &self.classes {
            println!("vectors: {} {count:4} {class}", self.kind);
        }
        for (class, count) in &self.beside {
            println!("{}: beside, {count:4} {class}", self.kind);
        }
        assert!(self.faults.is_empty(), "{}: {} wrong\n{}", self.kind, self.faults.len(), self.faults.join("\n"));
        let rows = vectors().map_or(0, |folder| rows(&folder, self.kind).len());
        assert_eq!(self.classes.values().sum::<usize>(), rows, "{}: every row is counted once", self.kind);
    }
}
