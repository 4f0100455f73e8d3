//! The hub messages of the vectors: 224 good, doubtful and hostile ones, in a vocabulary of their own and so under a
//! profile of their own: the Signature in one of three places, over the whole document or by `#Id` over Body; Header may
//! stand uncovered, and then nobody sees it.

use std::path::Path;

use serde_json::Value;
use truc::domain::{Code, Refusal};
use truc::signature::{Profile, References, Verified, verify};
use truc::trust::TrustStore;

use crate::common::{Tally, rows, text, vectors};
use crate::support::{Recorder, now, trust};

const NAMESPACE: &str = "urn:testland:exchange:1";
const MISPLACED: &str = "a Signature in another place than the profile's";
const ENVELOPE: (&str, &str) = (NAMESPACE, "Envelope");
const HEADER: (&str, &str) = (NAMESPACE, "Header");
const BODY: (&str, &str) = (NAMESPACE, "Body");

/// What a message that is to be refused is refused for: by the beginning of its name and its end; the first that fits.
const REASONS: &[(&str, &str, Code)] = &[
    ("case-policy-", "", Code::AlgorithmNotAllowed),
    ("case-keyvalue-only", "", Code::KeyInfoInvalid),
    ("case-transform-", "", Code::TransformNotAllowed),
    ("case-cert-x_expired", "", Code::CertificateExpired),
    ("case-cert-x_notyet", "", Code::CertificateNotYetValid),
    ("case-cert-x_wrongeku", "", Code::CertificateUsage),
    ("case-cert-x_nodigsig", "", Code::CertificateUsage),
    ("case-cert-x_k256", "", Code::AlgorithmNotAllowed),
    ("case-cert-x_underrevokedca", "", Code::CertificateRevoked),
    ("case-cert-x_underexpiredca", "", Code::CertificateExpired),
    ("case-cert-imp_selfsigned_ca", "", Code::CertificateUsage),
    ("case-cert-", "", Code::ChainNotFound),
    ("case-cover-other-element", "", Code::ReferenceNotCovering),
    ("attack-xsw1", "", Code::SignatureStructure),
    ("attack-xsw8", "", Code::SignatureStructure),
    ("attack-xsw5", "-env", Code::DigestMismatch),
    ("attack-xsw-ns", "-env", Code::DigestMismatch),
    ("attack-xsw", "-env", Code::SignatureStructure),
    // the evil copy holds the Signature and stands first: what it says is decided on there
    ("attack-xsw3-sameid", "-inb", Code::DigestMismatch),
    ("attack-xsw-xmlid", "-inb", Code::ReferenceNotCovering),
    ("attack-xsw-wsuid", "-inb", Code::ReferenceNotCovering),
    ("attack-xsw3-sameid", "", Code::IdRepeated),
    ("attack-xsw-xmlid", "", Code::IdRepeated),
    ("attack-xsw-wsuid", "", Code::IdRepeated),
    ("attack-xsw", "", Code::ReferenceNotCovering),
    ("attack-tamper-", "", Code::DigestMismatch),
    ("attack-comment-in-", "", Code::SignatureStructure),
    ("attack-multi-signedinfo", "", Code::SignatureStructure),
    ("attack-signedinfo-wrapped", "", Code::SignatureStructure),
    ("attack-multi-signature", "-det", Code::ReferenceNotCovering),
    ("attack-multi-signature", "", Code::SignatureRepeated),
    ("attack-strip-signature-", "", Code::SignatureMissing),
    ("attack-strip-", "", Code::SignatureStructure),
    ("attack-sig-base64-junk", "", Code::SignatureStructure),
    ("attack-sig-", "", Code::SignatureInvalid),
    ("attack-digest-empty", "", Code::SignatureStructure),
    ("attack-void-c14n", "", Code::XmlNamespace),
    ("attack-alg-", "", Code::AlgorithmNotAllowed),
    ("attack-hmac-", "", Code::AlgorithmNotAllowed),
    ("attack-resign-", "", Code::ChainNotFound),
    ("attack-cert-trailing", "", Code::CertificateInvalid),
    ("attack-keyinfo-", "", Code::KeyInfoInvalid),
    ("attack-ref-missing-id", "", Code::SignatureInvalid),
    ("attack-ref-", "", Code::ReferenceNotAllowed),
    ("attack-manifest-only", "", Code::ReferenceNotCovering),
    ("attack-doctype-", "", Code::XmlDoctype),
    ("attack-xinclude", "-env", Code::DigestMismatch),
    ("attack-xinclude", "", Code::ReferenceNotCovering),
    ("attack-ns-signature-fake", "", Code::SignatureMissing),
    ("attack-ns-duplicate-attr", "", Code::XmlNamespace),
    ("attack-wf-undefined-entity", "", Code::XmlEntity),
    ("attack-wf-overlong", "", Code::XmlEncoding),
    ("attack-wf-utf", "", Code::XmlEncoding),
    ("attack-wf-encoding", "", Code::XmlEncoding),
    ("attack-wf-", "", Code::XmlMalformed),
    ("attack-replay-newid-unsigned", "", Code::ReferenceNotCovering),
    ("attack-redirect-recipient-unsigned", "", Code::ReferenceNotCovering),
    ("attack-ns-redefine-ancestor", "", Code::ReferenceNotCovering),
];

fn reason(name: &str) -> Option<Code> {
    REASONS.iter().find(|(start, end, _)| name.starts_with(start) && name.ends_with(end)).map(|known| known.2)
}

/// The profile for one place of the Signature. `Header` is one that somebody reads, or not.
fn profile(place: &[(&'static str, &'static str)], reads_header: bool) -> Profile {
    let profile = Profile::at(place);
    let profile = if reads_header { profile.part(&[ENVELOPE, HEADER]) } else { profile.unread(&[ENVELOPE, HEADER]) };
    let mut profile = profile.part(&[ENVELOPE, BODY]);
    if let References::Parts(parts) = &mut profile.references {
        parts.attributes = true;
    }
    profile
}

type Answer = Result<Verified<String>, Refusal>;

/// The answer under the place where the Signature is, if it is in one of them.
fn answer(message: &[u8], chains: &TrustStore, reads_header: bool) -> Answer {
    let places: [&[_]; 3] = [&[ENVELOPE], &[ENVELOPE, HEADER], &[ENVELOPE, BODY]];
    let answers = places.map(|place| verify(&message, &profile(place, reads_header), chains, now(), Recorder::default));
    let is_in_place =
        |answer: &Result<_, Refusal>| answer.as_ref().err().is_none_or(|refusal| refusal.detail != MISPLACED);
    let at = answers.iter().position(is_in_place).unwrap_or(0);
    answers.into_iter().nth(at).unwrap()
}

fn said(answer: &Answer) -> &'static str {
    answer.as_ref().map_or_else(|refusal| refusal.code.as_str(), |_| "accepted")
}

fn message(folder: &Path, row: &Value) -> Vec<u8> {
    std::fs::read(folder.join(text(row, "/file"))).unwrap()
}

#[test]
fn hub_messages_of_the_vectors_get_their_verdicts() {
    let Some(folder) = vectors() else { return };
    let chains = trust(&folder);
    let mut tally = Tally::of("hub-message");
    for row in rows(&folder, "hub-message") {
        let id = text(&row, "/id");
        let name = id.trim_start_matches("generated/");
        let answer = answer(&message(&folder, &row), &chains, false);
        let actual = said(&answer);
        match text(&row, "/expect_policy") {
            // a repeat is the hub's matter, not the signature's
            "accept" | "refuse-second" => tally.row(id, "accepted", actual),
            "accept-if-safe" if answer.is_ok() => {
                assert!(answer.unwrap().value().contains("1000.00</>"), "{name}: the text was cut");
                tally.row(id, "accepted", actual);
            }
            "policy" => tally.skip(id, &format!("depends on the profile; ours says {actual}")),
            _ => tally.row(id, reason(name).map_or("no reason is known", Code::as_str), actual),
        }
    }
    tally.end();
}

/// Attacks on a header that no signature covers: under a profile by which nobody reads the header they change nothing, and
/// under one by which somebody does they are refused.
#[test]
fn an_unsigned_header_is_not_seen_or_refused() {
    let Some(folder) = vectors() else { return };
    let chains = trust(&folder);
    let read = |name: &str, reads_header| {
        let file = folder.join(format!("generated/messages/{name}.xml"));
        answer(&std::fs::read(file).unwrap(), &chains, reads_header)
    };
    let genuine = read("good-detached-exc-rsa2048", false).unwrap();
    assert!(!genuine.value().contains("urn:agency:b"));
    for name in ["attack-replay-newid-unsigned-det", "attack-redirect-recipient-unsigned-det"] {
        assert_eq!(read(name, false).unwrap().value(), genuine.value(), "{name}");
        assert_eq!(read(name, true).unwrap_err().code, Code::ReferenceNotCovering, "{name}");
    }
    read("good-detached-two-refs", true).unwrap();
}

/// A prefix that is redeclared outside the canonical form, and used in a value: our readers read no names in values.
#[test]
fn a_prefix_redeclared_outside_the_canonical_form_changes_nothing_that_is_read() {
    let Some(folder) = vectors() else { return };
    let chains = trust(&folder);
    let read = |name: &str| {
        let file = folder.join(format!("generated/messages/{name}.xml"));
        answer(&std::fs::read(file).unwrap(), &chains, false).unwrap().into_parts().0
    };
    assert_eq!(read("attack-ns-redefine-ancestor-det"), read("good-detached-exc-rsa2048"));
    assert_eq!(read("attack-ns-redefine-ancestor-two"), read("good-detached-two-refs"));
}
