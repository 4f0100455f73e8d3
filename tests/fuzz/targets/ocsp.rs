//! OCSP answers: only what the authority or its responder signed, and calls good, says that the signer is good. Around
//! the signed data stand octets that nobody signs; whatever they are, they make no other answer of it.
#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use truc::signature::{Material, MaterialKind};
use truc::trust::check_with_evidence;
use truc::trust::read::ocsp;
use truc_fuzz::{Pki, files, now, seeds};

/// Whether the signer passes on this answer alone.
fn passes(pki: &Pki, answer: &[u8]) -> bool {
    let evidence = pki.evidence_with(&pki.leaf, Material::new(MaterialKind::Ocsp, answer));
    check_with_evidence(&evidence, std::slice::from_ref(&pki.root), now()).is_ok()
}

/// The PKI, and the signed data (tbsResponseData) of the answers that call its signer good.
fn genuine() -> (Pki, Vec<Vec<u8>>) {
    let (pki, mut good) = (Pki::load(), Vec::new());
    for (name, answer) in files(&seeds("ocsp")) {
        assert_eq!(passes(&pki, &answer), name.starts_with("good"), "the seed {name}");
        if name.starts_with("good") {
            good.push(signed_data(&answer).unwrap_or_else(|| panic!("the seed {name} is none")).to_vec());
        }
    }
    (pki, good)
}

/// OCSPResponse, responseBytes, its SEQUENCE, BasicOCSPResponse, tbsResponseData.
fn signed_data(answer: &[u8]) -> Option<&[u8]> {
    let bytes = inside(skip(inside(answer)?)?)?;
    let basic = inside(inside(skip(inside(bytes)?)?)?)?;
    basic.get(..basic.len() - skip(basic)?.len())
}

/// The contents of the first value.
fn inside(der: &[u8]) -> Option<&[u8]> {
    let (from, length) = header(der)?;
    der.get(from..from + length)
}

/// What stands behind the first value.
fn skip(der: &[u8]) -> Option<&[u8]> {
    let (from, length) = header(der)?;
    der.get(from + length..)
}

/// Where the contents begin, and their length.
fn header(der: &[u8]) -> Option<(usize, usize)> {
    let first = usize::from(*der.get(1)?);
    if first < 0x80 {
        return Some((2, first));
    }
    let octets = der.get(2..2 + (first & 0x7F))?;
    Some((2 + octets.len(), octets.iter().fold(0, |length, octet| length << 8 | usize::from(*octet))))
}

fuzz_target!(|data: &[u8]| {
    static GENUINE: OnceLock<(Pki, Vec<Vec<u8>>)> = OnceLock::new();
    let (pki, good) = GENUINE.get_or_init(genuine);
    let facts = ocsp(data);
    if passes(pki, data) {
        let signed = signed_data(data);
        assert!(good.iter().any(|own| signed == Some(own)), "an answer that nobody signed says good");
        assert!(facts.is_ok_and(|facts| facts.good == 1 && facts.revoked + facts.unknown == 0), "read differently");
    }
});
