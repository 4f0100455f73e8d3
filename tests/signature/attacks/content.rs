//! Altered content, and games with SignedInfo.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use truc::domain::Code;

use super::{Attack, Genuine, attack, both, harmless, part, place, run};
use crate::forge::{DSIG, EXCLUSIVE, RSA_SHA256, digest, reference, signed_info};

const CONTENT: &[Attack] = &[
    both("tamper-text", |g| g.with(&g.header, &g.evil_same), Code::DigestMismatch),
    both("tamper-attr", |g| g.with("<edXML:Subject>", "<edXML:Subject a=\"b\">"), Code::DigestMismatch),
    both("tamper-whitespace", |g| g.with("<edXML:Subject>", "<edXML:Subject> "), Code::DigestMismatch),
    both("tamper-pi", |g| g.with("<edXML:Subject>", "<edXML:Subject><?a b?>"), Code::DigestMismatch),
    both(
        "tamper-rename-prefix",
        |g| {
            let renamed = "<x:Subject xmlns:x=\"http://www.mic.gov.vn/TBT/QCVN_102_2016\">";
            g.with("<edXML:Subject>", renamed).replacen("</edXML:Subject>", "</x:Subject>", 1)
        },
        Code::DigestMismatch,
    ),
    both("tamper-file", |g| g.with("UEsDB", "UEsDC"), Code::DigestMismatch),
    both("tamper-file-name", |g| g.text.replace("Cong van 1052.doc", "Cong van 1052.exe"), Code::DigestMismatch),
    both("tamper-business", |g| g.with("BussinessDocType>0<", "BussinessDocType>1<"), Code::DigestMismatch),
    attack(
        "xinclude",
        |g| {
            g.with("</edXML:edXMLHeader>", "<i:include xmlns:i=\"http://www.w3.org/2001/XInclude\" href=\"file:///etc/passwd\" parse=\"text\"/></edXML:edXMLHeader>")
        },
        Code::DigestMismatch,
        Code::ReferenceNotCovering,
    ),
    harmless("comment-added", |g| g.with("<edXML:OrganId>H26<", "<edXML:OrganId>H<!-- -->26<")),
    harmless("comment-around", |g| g.with("<edXML xmlns", "<!-- --><edXML xmlns")),
    harmless("ns-redefine-ancestor", |g| g.with("<edXML xmlns", "<edXML xmlns:role=\"urn:evil\" xmlns")),
    harmless("ns-redefine-part", |g| g.with("<edXML:MessageHeader", "<edXML:MessageHeader xmlns:role=\"urn:evil\"")),
    harmless("replay-same", |g| g.text.clone()),
];

#[test]
fn altered_content() {
    run("content", CONTENT);
}

const SIGNEDINFO: &[Attack] = &[
    both(
        "multi-signedinfo-before",
        |g| g.with("<ds:SignedInfo>", &format!("{}<ds:SignedInfo>", forged_info(g))),
        Code::SignatureStructure,
    ),
    both(
        "multi-signedinfo-after",
        |g| g.with("</ds:SignedInfo>", &format!("</ds:SignedInfo>{}", forged_info(g))),
        Code::SignatureStructure,
    ),
    both(
        "signedinfo-wrapped",
        |g| {
            let genuine = g.element("SignedInfo");
            g.with(&genuine, &forged_info(g)).replacen(
                "</ds:Signature>",
                &format!("<ds:Object>{genuine}</ds:Object></ds:Signature>"),
                1,
            )
        },
        Code::SignatureStructure,
    ),
    both("multi-signature-good-evil", |g| g.with(&g.signature, &g.signature.repeat(2)), Code::SignatureRepeated),
    both(
        "multi-signature-in-a-file",
        |g| g.with("<Attachment>", &format!("<Attachment>{}", g.signature)),
        Code::SignatureRepeated,
    ),
    both("strip-signature", |g| g.bare.clone(), Code::SignatureMissing),
    both("strip-signature-placeholder", |g| place(&g.bare, "<edXML:DigitalSignature/>"), Code::SignatureMissing),
    both(
        "strip-signaturevalue",
        |g| g.with(&g.element("SignatureValue"), "<ds:SignatureValue></ds:SignatureValue>"),
        Code::SignatureStructure,
    ),
    both(
        "strip-references",
        |g| g.signed(&remove_all(&g.signature, "<ds:Reference ", "</ds:Reference>")),
        Code::SignatureStructure,
    ),
    both("strip-keyinfo", |g| g.with(&g.element("KeyInfo"), ""), Code::SignatureStructure),
    both(
        "comment-in-digestvalue",
        |g| g.with("<ds:DigestValue>", "<ds:DigestValue><!--x-->"),
        Code::SignatureStructure,
    ),
    both(
        "comment-in-digestvalue2",
        |g| g.with("<ds:DigestValue>", &format!("<ds:DigestValue>{}<!--x-->", digest(&g.bare, None))),
        Code::SignatureStructure,
    ),
    both(
        "comment-in-digestmethod",
        |g| g.signed(&g.signature.replacen("<ds:DigestValue>", "<!--x--><ds:DigestValue>", 1)),
        Code::SignatureStructure,
    ),
    both("element-in-digestvalue", |g| g.with("<ds:DigestValue>", "<ds:DigestValue><b/>"), Code::SignatureStructure),
    both(
        "digest-empty",
        |g| g.evil_with(&g.element("DigestValue"), "<ds:DigestValue></ds:DigestValue>"),
        Code::SignatureStructure,
    ),
    both(
        "digest-of-empty",
        |g| {
            let nothing = STANDARD.encode(ring::digest::digest(&ring::digest::SHA256, b""));
            g.evil_with(&g.element("DigestValue"), &format!("<ds:DigestValue>{nothing}</ds:DigestValue>"))
        },
        Code::SignatureInvalid,
    ),
    both("void-c14n-relative-ns", |g| g.evil_with("<edXML xmlns", "<edXML xmlns:v=\"1\" xmlns"), Code::XmlNamespace),
    both(
        "manifest-only",
        |g| {
            let manifest = format!("<ds:Manifest Id=\"m\">{}</ds:Manifest>", g.references(&g.bare).concat());
            let object = format!("<ds:Object xmlns:ds=\"{DSIG}\">{manifest}</ds:Object>");
            let digest = digest(&object, Some("m"));
            g.sign_again(&g.bare, &[reference("#m", &[EXCLUSIVE], &digest)], &object)
        },
        Code::SignatureStructure,
    ),
    both(
        "manifest-type",
        |g| g.with("<ds:Reference ", "<ds:Reference Type=\"http://www.w3.org/2000/09/xmldsig#Manifest\" "),
        Code::SignatureStructure,
    ),
];

#[test]
fn signed_info_games() {
    run("signedinfo", SIGNEDINFO);
}

/// SignedInfo over an altered header, as an attacker would like to have it signed.
fn forged_info(g: &Genuine) -> String {
    let bare = g.bare.replacen(&g.header, &g.evil_same, 1);
    signed_info(RSA_SHA256, &g.references(&bare).concat())
}

fn remove_all(text: &str, from: &str, to: &str) -> String {
    let mut text = text.to_owned();
    while text.contains(from) {
        text = text.replacen(part(&text, from, to), "", 1);
    }
    text
}
