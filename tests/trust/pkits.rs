//! NIST PKITS (2011): 169 paths under one anchor, with CRLs.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use truc::trust::Usage;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::vectors::{Bench, Tally, at, folder, rows};

/// The names of a certificate, as DER, and its bytes.
struct Authority {
    subject: Vec<u8>,
    issuer: Vec<u8>,
    der: Vec<u8>,
}

#[test]
fn pkits_agrees() {
    let Some(folder) = folder("pkits_agrees") else { return };
    let suite = folder.join("x509/pkits");
    let authorities: Vec<_> = files(&suite.join("certs")).into_iter().filter_map(authority).collect();
    let anchor = fs::read(suite.join("certs/TrustAnchorRootCertificate.crt")).unwrap();
    let mut tally = Tally::of("pkits");
    for row in rows(&folder, "pkits/") {
        if row.spec.contains("policy") {
            tally.skip("certificate policies, which the hub does not process");
            continue;
        }
        let leaf = fs::read(&row.file).unwrap();
        let mut bench = Bench::new();
        bench.anchor(&anchor);
        above(&leaf, &authorities).into_iter().filter(|der| **der != anchor).for_each(|der| bench.intermediate(der));
        bench.crl_folder(suite.join("crls"));
        let verdict = bench.check(Usage::SIGNER, &leaf, at("2026-11-22T00:00:00Z"));
        let verdict = verdict.map(|_| ()).map_err(|refusal| refusal.code);
        tally.row(&row.id, row.policy == "SUCCESS", verdict);
    }
    tally.finish();
}

fn files(folder: &Path) -> Vec<Vec<u8>> {
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

fn authority(der: Vec<u8>) -> Option<Authority> {
    let (_, certificate) = X509Certificate::from_der(&der).ok()?;
    let is_end_entity = certificate.subject().to_string().contains("EE Certificate");
    let (subject, issuer) = (certificate.subject().as_raw().to_vec(), certificate.issuer().as_raw().to_vec());
    (!is_end_entity).then_some(Authority { subject, issuer, der })
}

/// The certificates by whose names one can climb from the leaf.
fn above<'a>(leaf: &[u8], authorities: &'a [Authority]) -> Vec<&'a Vec<u8>> {
    let Ok((_, leaf)) = X509Certificate::from_der(leaf) else { return Vec::new() };
    let mut names = BTreeSet::from([leaf.issuer().as_raw().to_vec()]);
    loop {
        let known = names.len();
        let reached = authorities.iter().filter(|authority| names.contains(&authority.subject));
        let issuers: Vec<_> = reached.map(|authority| authority.issuer.clone()).collect();
        names.extend(issuers);
        if names.len() == known {
            break;
        }
    }
    authorities.iter().filter(|authority| names.contains(&authority.subject)).map(|authority| &authority.der).collect()
}
