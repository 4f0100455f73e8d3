//! The XML-DSig suites: what the product says about each file, and, where its algorithms and transforms are on our list
//! (SHA-1 added, for the tests alone), what the standard says of it, with the key given out of band where no certificate
//! brings it.
//!
//! No product path computes SHA-1 to a pass: the verdicts of a tolerant profile name it as a weakness and never pass. It is
//! the test that reads such a verdict as "valid by the standard".

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use truc::domain::Code;
use truc::signature::{ChainCheck, KeyInfo, Profile, Verdict, Weakness, examine, verify};

use crate::common::{Tally, rows, text, vectors};
use crate::exceptions::EXCEPTIONS;
use crate::keys::{Anyone, Given, Keys, NeverAsked};
use crate::support::{Recorder, now};

/// A file of a suite.
struct Case {
    id: String,
    file: PathBuf,
    document: Vec<u8>,
    spec: String,
    policy: String,
    reasons: String,
    options: String,
    row: Value,
}

impl Case {
    fn new(folder: &std::path::Path, row: Value) -> Self {
        let file = folder.join(text(&row, "/file"));
        let owned = |pointer| text(&row, pointer).to_owned();
        Self {
            id: owned("/id"),
            document: fs::read(&file).unwrap(),
            spec: owned("/expect_spec"),
            policy: owned("/expect_policy"),
            reasons: owned("/policy_reasons"),
            options: owned("/params"),
            file,
            row,
        }
    }

    fn list(&self, name: &str) -> Vec<&str> {
        let list = self.row.pointer(&format!("/algs/{name}")).and_then(Value::as_array);
        list.map(|list| list.iter().map(|item| item.as_str().unwrap_or("none")).collect()).unwrap_or_default()
    }

    fn keys(&self) -> Keys {
        Keys::of(&self.document, &self.file, &self.options)
    }

    /// What the product says, with certificates from KeyInfo.
    fn judged(&self) -> &'static str {
        self.verified(&Profile::any(), &Anyone)
    }

    /// What it says with the keys given, if one of them is right.
    fn judged_by_key(&self) -> &'static str {
        let profile = Profile { key_info: KeyInfo::Unread, ..Profile::any() };
        let keys = self.keys();
        let verdicts = keys.usable.into_iter().map(|key| self.verified(&profile, &Given(key)));
        let verdicts: Vec<_> = verdicts.collect();
        let first = verdicts.first().copied();
        let none = if keys.refused > 0 { "algorithm_not_allowed" } else { "no key at hand" };
        verdicts.into_iter().find(|verdict| *verdict == "accepted").or(first).unwrap_or(none)
    }

    fn verified(&self, profile: &Profile, chains: &dyn ChainCheck) -> &'static str {
        let verified = verify(&self.document.as_slice(), profile, chains, now(), Recorder::default);
        verified.map_or_else(|refusal| refusal.code.as_str(), |_| "accepted")
    }

    /// The codes that the row's own reasons allow.
    fn codes(&self) -> Vec<&'static str> {
        let says = |words: &[&str]| words.iter().any(|word| self.reasons.contains(word));
        let list: [(&[&str], &[Code]); 8] = [
            (
                &["HMAC", "DSA", "digest ", "signature hash", "signature algorithm", "RSA 1024", "RSA 512", "curve"],
                &[Code::AlgorithmNotAllowed],
            ),
            (&["transform "], &[Code::TransformNotAllowed]),
            (&["external reference", "xpointer", "Reference without URI"], &[Code::ReferenceNotAllowed]),
            (&["no certificate in KeyInfo"], &[Code::KeyInfoInvalid, Code::SignatureStructure]),
            (&["DOCTYPE", "entity"], &[Code::XmlDoctype]),
            (&["no signature"], &[Code::SignatureMissing]),
            (&["no SignedInfo"], &[Code::SignatureStructure]),
            (&["altered"], &[Code::DigestMismatch, Code::SignatureInvalid]),
        ];
        let allowed = list.iter().filter(|(words, _)| says(words)).flat_map(|(_, codes)| codes.iter());
        let mut allowed: Vec<_> = allowed.map(|code| code.as_str()).collect();
        if text(&self.row, "/algs/sigalg") == "ecdsa-sha512" {
            allowed.push(Code::AlgorithmNotAllowed.as_str());
        }
        if self.list("keyinfo").iter().any(|item| !item.starts_with("X509Data")) {
            allowed.push(Code::KeyInfoInvalid.as_str());
        }
        if self.spec == "invalid" {
            allowed.extend([Code::DigestMismatch.as_str(), Code::SignatureInvalid.as_str()]);
        }
        allowed.sort_unstable();
        allowed.dedup();
        allowed
    }
}

#[test]
fn the_product_accepts_what_its_policy_says_and_refuses_the_rest_for_its_reason() {
    let Some(folder) = vectors() else { return };
    let mut tally = Tally::of("xmldsig");
    for row in rows(&folder, "xmldsig") {
        let case = Case::new(&folder, row);
        match case.policy.as_str() {
            _ if case.spec == "unverified" => tally.skip(&case.id, "unverified"),
            "refuse" => tally.one_of(&case.id, &case.codes(), case.judged()),
            "accept-with-key" => tally.row(&case.id, "accepted", case.judged_by_key()),
            _ => tally.row(&case.id, "accepted", case.judged()),
        }
    }
    tally.end();
}

/// Whether the standard's verdict can be had with what is on our list, SHA-1 added.
fn is_within_the_list(case: &Case) -> bool {
    let signature = text(&case.row, "/algs/sigalg");
    let signatures = ["rsa-sha1", "rsa-sha256", "rsa-sha384", "rsa-sha512", "ecdsa-sha256", "ecdsa-sha384"];
    let canonicalizations = ["c14n10", "c14n10-com", "c14n11", "c14n11-com", "exc", "exc-com"];
    let all = |name: &str, known: &[&str]| case.list(name).iter().all(|item| known.contains(item));
    let is_local = |uri: &&str| uri.is_empty() || (uri.starts_with('#') && !uri.contains('('));
    signatures.contains(&signature)
        && canonicalizations.contains(&text(&case.row, "/algs/sigc14n"))
        && all("digests", &["sha1", "sha256", "sha384", "sha512"])
        && all("transforms", &[&canonicalizations[..], &["enveloped-signature"]].concat())
        && case.list("uris").iter().all(is_local)
        && !case.reasons.contains("DOCTYPE")
}

/// The standard's word for a verdict in which SHA-1 may be the only thing that is wrong.
fn by_the_standard(verdict: &Verdict, references: usize) -> bool {
    let is_sha_1 = |weakness: &Weakness| matches!(weakness, Weakness::Sha1Signature | Weakness::Sha1Digest);
    let only_weak = verdict.code == Some(Code::AlgorithmNotAllowed) && verdict.also.is_empty();
    let is_weak = !verdict.weaknesses.is_empty() && verdict.weaknesses.iter().all(is_sha_1);
    verdict.covered.len() == references && (verdict.passed() || (only_weak && is_weak))
}

#[test]
fn the_standards_verdict_comes_out_where_the_algorithms_are_ours_and_sha_1() {
    let Some(folder) = vectors() else { return };
    let mut counts = std::collections::BTreeMap::<&str, usize>::new();
    let mut wrong = Vec::new();
    for row in rows(&folder, "xmldsig") {
        let case = Case::new(&folder, row);
        if !matches!(case.spec.as_str(), "valid" | "invalid") || !is_within_the_list(&case) {
            *counts.entry("not within the list").or_default() += 1;
            continue;
        }
        let profile = Profile { key_info: KeyInfo::Unread, ..Profile::any() }.tolerant();
        let keys = case.keys();
        let references = case.list("uris").len();
        let mut said = Vec::new();
        let valid = keys.usable.iter().any(|key| {
            let chains = Given(key.clone());
            let examined = examine(&case.document.as_slice(), &profile, &chains, now(), Recorder::default);
            let verdict = examined.map(|examined| examined.verdict);
            said.push(format!("{:?}", verdict.as_ref().map(|v| (v.code, v.also.clone(), v.covered.len()))));
            verdict.is_ok_and(|verdict| by_the_standard(&verdict, references))
        });
        let class = match (case.spec.as_str(), valid) {
            ("valid", true) => "valid, as the standard says",
            ("invalid", false) if !said.is_empty() => "invalid, as the standard says",
            _ if EXCEPTIONS.iter().any(|exception| exception.id == case.id) => "listed among the exceptions",
            (_, false) if keys.refused > 0 => "its key is not on the list",
            (_, false) if keys.usable.is_empty() => "no key at hand",
            (spec, _) => {
                wrong.push(format!("{}: the standard says {spec}, we {valid}: {said:?}", case.id));
                "wrong"
            }
        };
        *counts.entry(class).or_default() += 1;
    }
    for (class, count) in &counts {
        println!("xmldsig by the standard: {count:4} {class}");
    }
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn known_attacks_on_other_verifiers_are_refused() {
    let Some(folder) = vectors() else { return };
    let mut tally = Tally::of("xmldsig-attack");
    for row in rows(&folder, "xmldsig-attack") {
        let case = Case::new(&folder, row);
        tally.refused(&case.id, case.judged());
    }
    tally.end();
}

#[test]
fn nothing_outside_the_list_comes_as_far_as_a_key() {
    let Some(folder) = vectors() else { return };
    let mut refused = 0;
    for row in rows(&folder, "xmldsig") {
        let case = Case::new(&folder, row);
        if is_within_the_list(&case) || text(&case.row, "/algs/sigalg").is_empty() {
            continue;
        }
        // before the chain is asked nothing was computed but digests by the guess, which name only what is on the list
        let profile = Profile { key_info: KeyInfo::Unread, ..Profile::any() };
        let code = case.verified(&profile, &NeverAsked);
        assert!(!["internal", "accepted"].contains(&code), "{}: the chain was asked for", case.id);
        refused += 1;
    }
    println!("xmldsig: {refused} files outside the list, refused before any key was asked for");
    assert!(refused > 200);
}
