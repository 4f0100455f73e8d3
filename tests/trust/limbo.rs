//! C2SP x509-limbo: paths made to be wrong in one way each.

use std::fs;

use serde::Deserialize;
use truc::domain::Code;
use truc::trust::Usage;

use crate::vectors::{Bench, Tally, at, der, folder, rows};

/// limbo's leaves are for TLS servers and clients; everything else about their paths is what a signer's path is.
const SERVER: Usage = Usage::of(&[&[0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01]]);
const CLIENT: Usage = Usage::of(&[&[0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02]]);

#[derive(Deserialize)]
struct Limbo {
    testcases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    id: String,
    trusted_certs: Vec<String>,
    untrusted_intermediates: Vec<String>,
    peer_certificate: String,
    validation_kind: String,
    validation_time: Option<String>,
    max_chain_depth: Option<u32>,
    #[serde(default)]
    crls: Vec<String>,
}

#[test]
fn limbo_agrees() {
    let Some(folder) = folder("limbo_agrees") else { return };
    let limbo: Limbo = serde_json::from_slice(&fs::read(folder.join("x509/limbo/limbo.json")).unwrap()).unwrap();
    let mut tally = Tally::of("limbo");
    for row in rows(&folder, "limbo/") {
        let case = limbo.testcases.iter().find(|case| row.id.strip_prefix("limbo/") == Some(&case.id)).unwrap();
        if row.policy.starts_with("TLS profile") {
            tally.skip("a rule for host names in TLS");
        } else if case.max_chain_depth.is_some() {
            tally.skip("needs a depth as policy input");
        } else {
            tally.row(&row.id, row.spec == "SUCCESS", verdict(case));
        }
    }
    tally.finish();
}

/// A path that lacks nothing but CRLs is valid to limbo, which gives none with most cases.
fn verdict(case: &Case) -> Result<(), Code> {
    let mut bench = Bench::new();
    case.trusted_certs.iter().for_each(|pem| bench.anchor(&der(pem)));
    case.untrusted_intermediates.iter().for_each(|pem| bench.intermediate(&der(pem)));
    case.crls.iter().for_each(|pem| bench.crl(&der(pem)));
    let time = at(case.validation_time.as_deref().unwrap_or("2026-11-22T00:00:00Z"));
    let usage = if case.validation_kind == "SERVER" { SERVER } else { CLIENT };
    match bench.check(usage, &der(&case.peer_certificate), time) {
        Err(refusal) if refusal.code == Code::RevocationUnknown && case.crls.is_empty() => Ok(()),
        Err(refusal) => Err(refusal.code),
        Ok(_) => Ok(()),
    }
}
