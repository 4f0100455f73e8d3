//! Makes the seeds anew: a test PKI and messages signed under it in every allowed way. The keys are thrown away, so
//! that all seeds are made together or not at all: `cargo run -p truc-fuzz --bin make-seeds`.

use std::error::Error;
use std::fs;

use truc::domain::Timestamp;
use truc::edxml;
use truc::signature::{Coverage, DigestMethod, SignerInfo, SigningKey, SigningOptions, sign};
use truc::trust::pki::{Authority, CrlPlan, Key, OcspPlan, OcspStatus, Profile, Revoked, Subject, Validity};
use truc::xml::c14n::Method;
use truc_fuzz::{now, seeds};

const YEAR_MS: i64 = 365 * 86_400_000;

/// What is signed.
const MESSAGES: [(&str, &str); 2] = [
    ("new", include_str!("../../../fixtures/accept/new.edxml")),
    ("status", include_str!("../../../fixtures/accept/status-03-accepted.edxml")),
];

fn main() -> Result<(), Box<dyn Error>> {
    let at = |years: i64| Timestamp::from_millis(now().as_millis() + years * YEAR_MS);
    let validity = Validity { from: at(-1), until: at(30) };
    let root = Authority::root(&Subject::named("Fuzz Root"), validity, Key::generate()?)?;
    let sub = root.subordinate(&Subject::named("Fuzz Sub CA"), validity, Key::generate()?)?;
    let (key, other) = (Key::generate()?, Key::generate()?);
    let leaf = sub.issue(&Profile::system(), &Subject::named("Fuzz Signer").of("Test"), validity, &key)?;
    let revoked = sub.issue(&Profile::system(), &Subject::named("Fuzz Revoked"), validity, &other)?;
    let crl = |number, revoked| CrlPlan { number, this_update: at(-1), next_update: at(30), revoked };
    let listed = Revoked { serial: serial(&revoked)?, at: at(0), reason: None, invalid_since: None };

    let put = |target: &str, name: &str, bytes: &[u8]| -> Result<(), Box<dyn Error>> {
        let folder = seeds(target);
        fs::create_dir_all(&folder)?;
        Ok(fs::write(folder.join(name), bytes)?)
    };
    for (name, bytes) in [
        ("root.der", root.certificate().to_vec()),
        ("sub.der", sub.certificate().to_vec()),
        ("leaf.der", leaf.to_vec()),
        ("root.crl", root.crl(&crl(1, Vec::new()))?),
        ("sub.crl", sub.crl(&crl(7, vec![listed]))?),
    ] {
        put("pki", name, &bytes)?;
        put(if name.ends_with(".crl") { "crl" } else { "certificate" }, name, &bytes)?;
    }
    put("certificate", "revoked.der", &revoked)?;

    for (name, answer) in answers(&sub, &leaf, &revoked, validity)? {
        put("ocsp", name, &answer)?;
    }
    let key = SigningKey::from_pem(key.to_pkcs8_pem().as_bytes())?;
    let chain = [leaf.to_vec(), sub.certificate().to_vec()];
    for (name, message) in MESSAGES {
        for (way, options) in ways() {
            let signed = sign(message.as_bytes(), &edxml::signature_profile(), &key, &chain, options)
                .map_err(|refusal| refusal.to_string())?;
            put("verify", &format!("{name}-{way}.edxml"), &signed)?;
        }
    }
    Ok(())
}

/// Every allowed way of signing, by its name.
fn ways() -> Vec<(String, SigningOptions)> {
    let mut ways = Vec::new();
    for (method, canonicalization) in
        [("exc", Method::Exclusive), ("c14n10", Method::Inclusive10), ("c14n11", Method::Inclusive11)]
    {
        for (hash, digest) in [("sha256", DigestMethod::Sha256), ("sha512", DigestMethod::Sha512)] {
            ways.push((
                format!("{method}-{hash}"),
                SigningOptions { canonicalization, digest, coverage: Coverage::Document },
            ));
        }
        let digest = DigestMethod::Sha256;
        ways.push((format!("{method}-parts"), SigningOptions { canonicalization, digest, coverage: Coverage::Parts }));
    }
    ways
}

/// OCSP answers about the signer, good and otherwise. Those whose names begin with `good` are the only ones on which
/// the signer may pass.
fn answers(
    sub: &Authority,
    leaf: &[u8],
    revoked: &[u8],
    validity: Validity,
) -> Result<Vec<(&'static str, Vec<u8>)>, Box<dyn Error>> {
    let day = |days: i64| Timestamp::from_millis(now().as_millis() + days * 86_400_000);
    let good = OcspPlan {
        serial: serial(leaf)?,
        status: OcspStatus::Good,
        this_update: day(-1),
        next_update: Some(day(30)),
        nonce: None,
    };
    let says = |status| OcspPlan { status, ..good.clone() };
    let key = Key::generate()?;
    let responder =
        sub.issue(&Profile::ocsp_responder().without_check(), &Subject::named("Fuzz OCSP"), validity, &key)?;
    Ok(vec![
        ("good.ocsp", sub.ocsp(&good)?),
        ("good-nonce.ocsp", sub.ocsp(&OcspPlan { nonce: Some(vec![7; 32]), ..good.clone() })?),
        ("good-delegate.ocsp", sub.ocsp_by(&responder, &key, &good)?),
        ("revoked.ocsp", sub.ocsp(&says(OcspStatus::Revoked(day(-1), 1)))?),
        ("hold-delegate.ocsp", sub.ocsp_by(&responder, &key, &says(OcspStatus::Revoked(day(-1), 6)))?),
        ("unknown.ocsp", sub.ocsp(&says(OcspStatus::Unknown))?),
        ("old.ocsp", sub.ocsp(&OcspPlan { this_update: day(-9), next_update: Some(day(-8)), ..good.clone() })?),
        ("other.ocsp", sub.ocsp(&OcspPlan { serial: serial(revoked)?, ..good })?),
    ])
}

/// The octets of a certificate's serial number.
fn serial(certificate: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let hex = SignerInfo::from_certificate(certificate).map_err(|refusal| refusal.to_string())?.serial;
    Ok((0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16)).collect::<Result<_, _>>()?)
}
