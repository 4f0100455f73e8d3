//! True signatures over something else than the profile says.

use truc::domain::Code;
use truc::signature::Coverage;

use super::{Attack, Genuine, PARTS, attack, both, outcome, place, run};
use crate::forge::{
    DSIG, ENVELOPED, EXCLUSIVE, RSA_SHA256, assemble, certificate, digest, reference, reference_to, signed_info, value,
};
use crate::support::rsa;

const COVERAGE: &[Attack] = &[
    both(
        "cover-header-only",
        |g| g.sign_again(&g.bare, &covered(g, &["MessageHeader"]), ""),
        Code::ReferenceNotCovering,
    ),
    both(
        "redirect-recipient-unsigned",
        |g| {
            let signed = g.sign_again(&g.bare, &covered(g, &["TraceHeaderList", "edXMLBody", "AttachmentEncoded"]), "");
            signed.replacen("<edXML:OrganId>H26<", "<edXML:OrganId>H41<", 1)
        },
        Code::ReferenceNotCovering,
    ),
    both(
        "replay-newid-unsigned",
        |g| {
            let signed = g.sign_again(&g.bare, &covered(g, &["TraceHeaderList", "edXMLBody", "AttachmentEncoded"]), "");
            signed.replacen("<edXML:DocumentId>G22", "<edXML:DocumentId>G23", 1)
        },
        Code::ReferenceNotCovering,
    ),
    both(
        "cover-all-but-the-business",
        |g| g.sign_again(&g.bare, &covered(g, &["MessageHeader", "edXMLBody", "AttachmentEncoded"]), ""),
        Code::ReferenceNotCovering,
    ),
    both(
        "cover-all-but-the-manifest",
        |g| g.sign_again(&g.bare, &covered(g, &["MessageHeader", "TraceHeaderList", "AttachmentEncoded"]), ""),
        Code::ReferenceNotCovering,
    ),
    both(
        "cover-all-but-the-files",
        |g| g.sign_again(&g.bare, &covered(g, &["MessageHeader", "TraceHeaderList", "edXMLBody"]), ""),
        Code::ReferenceNotCovering,
    ),
    both(
        "cover-other-element",
        |g| {
            let bare = g.bare.replacen(
                "</edXML:edXMLHeader>",
                "<edXML:Other Id=\"other\">harmless</edXML:Other></edXML:edXMLHeader>",
                1,
            );
            g.sign_again(&bare, &[reference_to(&bare, "other")], "")
        },
        Code::ReferenceNotCovering,
    ),
    both(
        "cover-one-file-only",
        |g| {
            let bare = g.bare.replacen("<Attachment>", "<Attachment Id=\"file\">", 1);
            g.sign_again(&bare, &[reference_to(&bare, "file")], "")
        },
        Code::ReferenceNotCovering,
    ),
    both(
        "cover-the-root-by-id",
        |g| {
            let bare = g.bare.replacen("<edXML xmlns", "<edXML Id=\"root\" xmlns", 1);
            g.sign_again(&bare, &[reference("#root", &[ENVELOPED, EXCLUSIVE], &digest(&bare, Some("root")))], "")
        },
        Code::ReferenceNotCovering,
    ),
    attack(
        "cover-key-info-as-well",
        |g| {
            let key_info = format!("<ds:X509Data>{}</ds:X509Data>", certificate(rsa()));
            let element = format!("<ds:KeyInfo xmlns:ds=\"{DSIG}\" Id=\"k\">{key_info}</ds:KeyInfo>");
            let references = [g.references(&g.bare), vec![reference_to(&element, "k")]].concat();
            let info = signed_info(RSA_SHA256, &references.concat());
            let signature = assemble(&info, &value(rsa(), &info), &key_info, "");
            place(&g.bare, &signature.replacen("<ds:KeyInfo>", "<ds:KeyInfo Id=\"k\">", 1))
        },
        Code::ReferenceNotAllowed,
        Code::ReferenceNotCovering,
    ),
    attack(
        "cover-all-and-a-piece-again",
        |g| {
            let bare = g.bare.replacen("<edXML:From>", "<edXML:From Id=\"from\">", 1);
            let references = [g.references(&bare), vec![reference_to(&bare, "from")]].concat();
            g.sign_again(&bare, &references, "")
        },
        Code::ReferenceNotAllowed,
        Code::ReferenceNotCovering,
    ),
    attack(
        "ref-missing-id",
        |g| {
            let more = reference("#nothing", &[EXCLUSIVE], &digest(&g.bare, None));
            g.sign_again(&g.bare, &[g.references(&g.bare), vec![more]].concat(), "")
        },
        Code::ReferenceNotAllowed,
        Code::ReferenceUnresolved,
    ),
    attack(
        "ref-repoint",
        |g| {
            let mut references = g.references(&g.bare);
            references.truncate(3);
            references.extend(references.first().cloned());
            g.sign_again(&g.bare, &references, "")
        },
        Code::ReferenceNotAllowed,
        Code::ReferenceNotAllowed,
    ),
    attack(
        "enveloped-where-no-signature-stands",
        |g| {
            let enveloped = |id: &str| reference(&format!("#{id}"), &[ENVELOPED, EXCLUSIVE], &digest_or_none(g, id));
            g.sign_again(&g.bare, &PARTS.map(enveloped), "")
        },
        Code::ReferenceNotCovering,
        Code::TransformNotAllowed,
    ),
    both(
        "whole-and-ids-together",
        |g| {
            let whole = reference("", &[ENVELOPED, EXCLUSIVE], &digest(&g.bare, None));
            let first = reference("#MessageHeader", &[EXCLUSIVE], &digest_or_none(g, "MessageHeader"));
            g.sign_again(&g.bare, &[whole, first], "")
        },
        Code::ReferenceNotAllowed,
    ),
];

#[test]
fn true_signatures_over_the_wrong_things() {
    run("coverage", COVERAGE);
}

/// References to these parts, whether or not the message has their Ids.
fn covered(g: &Genuine, ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| reference(&format!("#{id}"), &[EXCLUSIVE], &digest_or_none(g, id))).collect()
}

fn digest_or_none(g: &Genuine, id: &str) -> String {
    digest(&g.bare, g.by_id.then_some(id))
}

#[test]
fn a_wrong_digest_is_found_at_every_place() {
    let genuine = Genuine::new(Coverage::Parts);
    let references = genuine.references(&genuine.bare);
    for at in 0..references.len() {
        let mut wrong = references.clone();
        let (digest, other) =
            (digest(&genuine.bare, Some(PARTS[at])), digest(&genuine.bare, Some(PARTS[(at + 1) % 4])));
        wrong[at] = wrong[at].replacen(&digest, &other, 1);
        let message = genuine.sign_again(&genuine.bare, &wrong, "");
        assert_eq!(outcome(message.as_bytes()).unwrap_err(), Code::DigestMismatch, "{at}");
    }
}
