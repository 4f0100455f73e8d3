//! The messages of the shared vectors: 224 good, doubtful and hostile ones, in a vocabulary of their own and so under a
//! profile of their own. Those that sign by `#Id` are refused as such; nothing hostile may pass under any profile.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use truc::domain::{Code, Refusal};
use truc::signature::{Profile, Verified, verify};
use truc::trust::{Sources, TrustStore};

use crate::support::{Recorder, now, shared};

const NAMESPACE: &str = "urn:testland:exchange:1";
const MISPLACED: &str = "a Signature in another place than the profile's";

/// What a refused message is refused for: by the beginning of its name and its end, where it signs the whole document
/// or does not come as far as its Reference.
const REASONS: [(&str, &str, Code); 41] = [
    ("case-policy-", "", Code::AlgorithmNotAllowed),
    ("case-keyvalue-only", "", Code::KeyInfoInvalid),
    ("case-transform-", "", Code::TransformNotAllowed),
    ("case-", "", Code::ReferenceNotAllowed),
    ("attack-xsw1", "", Code::SignatureStructure),
    ("attack-xsw8", "", Code::SignatureStructure),
    ("attack-xsw5", "-env", Code::DigestMismatch),
    ("attack-xsw-ns", "-env", Code::DigestMismatch),
    ("attack-xsw", "-env", Code::SignatureStructure),
    ("attack-xsw", "", Code::ReferenceNotAllowed),
    ("attack-tamper-", "-env", Code::DigestMismatch),
    ("attack-comment-in-", "", Code::SignatureStructure),
    ("attack-multi-signedinfo", "", Code::SignatureStructure),
    ("attack-signedinfo-wrapped", "", Code::SignatureStructure),
    ("attack-multi-signature", "-env", Code::SignatureRepeated),
    ("attack-strip-signature-", "", Code::SignatureMissing),
    ("attack-strip-", "", Code::SignatureStructure),
    ("attack-sig-base64-junk", "", Code::SignatureStructure),
    ("attack-sig-", "-env", Code::SignatureInvalid),
    ("attack-digest-empty", "", Code::SignatureStructure),
    ("attack-void-c14n", "", Code::XmlNamespace),
    ("attack-alg-ec-as-rsa", "-det", Code::ReferenceNotAllowed),
    ("attack-alg-", "", Code::AlgorithmNotAllowed),
    ("attack-hmac-", "", Code::AlgorithmNotAllowed),
    ("attack-resign-", "-env", Code::ChainNotFound),
    ("attack-cert-trailing", "", Code::CertificateInvalid),
    ("attack-keyinfo-", "", Code::KeyInfoInvalid),
    ("attack-ref-", "", Code::ReferenceNotAllowed),
    ("attack-manifest-only", "", Code::ReferenceNotAllowed),
    ("attack-doctype-", "", Code::XmlDoctype),
    ("attack-xinclude", "-env", Code::DigestMismatch),
    ("attack-ns-signature-fake", "", Code::SignatureMissing),
    ("attack-ns-duplicate-attr", "", Code::XmlNamespace),
    ("attack-wf-trailing-text", "", Code::ReferenceNotAllowed),
    ("attack-wf-undefined-entity", "", Code::XmlEntity),
    ("attack-wf-overlong", "", Code::XmlEncoding),
    ("attack-wf-utf", "", Code::XmlEncoding),
    ("attack-wf-encoding", "", Code::XmlEncoding),
    ("attack-wf-", "", Code::XmlMalformed),
    ("attack-", "-det", Code::ReferenceNotAllowed),
    ("attack-", "", Code::ReferenceNotAllowed),
];

fn reason(name: &str) -> Code {
    let known = REASONS.iter().find(|(start, end, _)| name.starts_with(start) && name.ends_with(end));
    known.unwrap_or_else(|| panic!("{name}: no reason is known")).2
}

/// The product's own trust, with the root of the vectors, its authorities and their CRLs.
pub(crate) fn trust(folder: &Path) -> TrustStore {
    let files = |names: &[&str]| names.iter().map(|name| folder.join("generated/pki").join(name)).collect();
    let sources = Sources {
        anchors: files(&["root.cert.pem"]),
        intermediates: files(&["sub.cert.pem", "subec.cert.pem"]),
        crls: files(&["root.crl.pem", "sub.crl.pem", "subec.crl.pem"]),
    };
    TrustStore::open(sources, now()).unwrap()
}

/// The answers under the three places where these messages have their Signature.
fn answers(message: &[u8], chains: &TrustStore) -> Vec<Result<Verified<String>, Refusal>> {
    let places: [&[_]; 3] = [
        &[(NAMESPACE, "Envelope")],
        &[(NAMESPACE, "Envelope"), (NAMESPACE, "Header")],
        &[(NAMESPACE, "Envelope"), (NAMESPACE, "Body")],
    ];
    places.map(|place| verify(&message, &Profile::at(place), chains, now(), Recorder::default)).into()
}

/// The answer under the place where the Signature is, if it is in one of them.
fn answer(answers: Vec<Result<Verified<String>, Refusal>>) -> Result<Verified<String>, Refusal> {
    let is_in_place =
        |answer: &Result<_, Refusal>| answer.as_ref().err().is_none_or(|refusal| refusal.detail != MISPLACED);
    let at = answers.iter().position(is_in_place).unwrap_or(0);
    answers.into_iter().nth(at).unwrap()
}

#[test]
fn hub_messages_of_the_vectors_get_their_verdicts() {
    let Some(folder) = shared("vectors") else { return };
    let index: Vec<Value> = serde_json::from_slice(&std::fs::read(folder.join("index.json")).unwrap()).unwrap();
    let chains = trust(&folder);
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for row in index.iter().filter(|row| row["kind"] == "hub-message") {
        let name = row["id"].as_str().unwrap().trim_start_matches("generated/");
        let message = std::fs::read(folder.join(row["file"].as_str().unwrap())).unwrap();
        let signs_all = String::from_utf8_lossy(&message).contains("Reference URI=\"\"");
        let policy = row["expect_policy"].as_str().unwrap();
        let answer = answer(answers(&message, &chains));
        let is_right = match (policy, &answer) {
            ("accept", Ok(_)) => signs_all,
            ("accept", Err(refusal)) if name == "good-detached-p256-sha512" => {
                refusal.code == Code::AlgorithmNotAllowed
            }
            ("accept", Err(refusal)) => !signs_all && refusal.code == Code::ReferenceNotAllowed,
            ("accept-if-safe", Ok(verified)) => verified.value().contains("1000.00</>"),
            ("policy", answer) => answer.is_err(),
            (_, Ok(_)) => false,
            (_, Err(refusal)) => refusal.code == reason(name),
        };
        let said = answer.map_or_else(|refusal| refusal.code.to_string(), |_| "passed".to_owned());
        if !is_right {
            wrong.push(format!("{name}: expected {policy}, got {said}"));
        }
        *counts.entry(format!("{policy} -> {said}")).or_default() += 1;
    }
    for (class, count) in &counts {
        println!("hub-message: {count:4} {class}");
    }
    assert_eq!(counts.values().sum::<usize>(), 224);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
