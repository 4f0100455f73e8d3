//! The rows of `../shared/vectors/index.json`, run against the product's own code, with counts by class. What is not run
//! here is named here, with where it is run. `scripts/vectors.sh` prints the counts of all kinds together.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::format_collect,
    clippy::format_push_string
)]

mod common;
mod exceptions;
mod hub_messages;
mod keys;
#[path = "../signature/support.rs"]
#[allow(dead_code)]
mod support;
mod xml;
mod xmldsig;

use std::collections::BTreeSet;

use crate::common::{index, text, vectors};

/// The kinds that are run here.
const HERE: [&str; 6] = ["wellformedness", "c14n", "xml-attack", "xmldsig", "xmldsig-attack", "hub-message"];
/// Those that are run elsewhere, and where.
const ELSEWHERE: [(&str, &str); 4] = [
    ("x509-path", "tests/trust"),
    ("ocsp", "tests/trust"),
    ("signature-primitive", "tests/signature/keys.rs"),
    ("rfc3161", "tests/document"),
];
/// Those that are not run: XAdES is no part of the envelope's profile.
const NOT_RUN: [&str; 1] = ["xades"];

#[test]
fn every_kind_of_row_is_run_somewhere_or_named_as_not_run() {
    let Some(folder) = vectors() else { return };
    let index = index(&folder);
    let kinds: BTreeSet<_> = index.iter().map(|row| text(row, "/kind")).collect();
    let known = HERE.into_iter().chain(ELSEWHERE.map(|(kind, _)| kind)).chain(NOT_RUN).collect();
    assert_eq!(kinds, known);
    for kind in NOT_RUN {
        let count = index.iter().filter(|row| text(row, "/kind") == kind).count();
        println!("vectors: {kind} {count:4} not run");
    }
    for (kind, place) in ELSEWHERE {
        let count = index.iter().filter(|row| text(row, "/kind") == kind).count();
        println!("{kind}: {count} rows, in {place}");
    }
}

#[test]
fn every_exception_is_a_row() {
    let Some(folder) = vectors() else { return };
    let index = index(&folder);
    let ids: BTreeSet<_> = index.iter().map(|row| text(row, "/id")).collect();
    for exception in exceptions::EXCEPTIONS {
        assert!(ids.contains(exception.id), "{} is no row", exception.id);
    }
}
