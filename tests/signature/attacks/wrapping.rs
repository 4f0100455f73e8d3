//! Attacks that leave the signed element whole and have another one read.

use truc::domain::Code;

use super::{Attack, Genuine, WSU, attack, both, by_id, run};

const WRAPPING: &[Attack] = &[
    both("xsw1", |g| g.evil_with("</ds:Signature>", &format!("{}</ds:Signature>", g.header)), Code::SignatureStructure),
    both(
        "xsw1-sameid",
        |g| g.with(&g.header, &g.evil_same).replacen("</ds:Signature>", &format!("{}</ds:Signature>", g.header), 1),
        Code::SignatureStructure,
    ),
    both("xsw2", |g| g.evil_with("<ds:Signature ", &format!("{}<ds:Signature ", g.header)), Code::ElementRepeated),
    attack(
        "xsw2-after",
        |g| g.evil_with("</ds:Signature>", &format!("</ds:Signature>{}", g.header)),
        Code::DigestMismatch,
        Code::ReferenceNotCovering,
    ),
    both("xsw3", |g| g.with(&g.header, &format!("{}{}", g.evil, g.header)), Code::ElementRepeated),
    both("xsw3-after", |g| g.with(&g.header, &format!("{}{}", g.header, g.evil)), Code::ElementRepeated),
    both("xsw3-sameid", |g| g.with(&g.header, &format!("{}{}", g.evil_same, g.header)), Code::ElementRepeated),
    both("xsw3-sameid-after", |g| g.with(&g.header, &format!("{}{}", g.header, g.evil_same)), Code::ElementRepeated),
    both("xsw3-noid", |g| g.with(&g.header, &format!("{}{}", g.evil_bare, g.header)), Code::ElementRepeated),
    both(
        "xsw3-envelope",
        |g| {
            g.with(
                "<edXML:edXMLEnvelope",
                &format!(
                    "<edXMLEnvelope><edXMLHeader>{}</edXMLHeader></edXMLEnvelope><edXML:edXMLEnvelope",
                    unprefixed(&g.evil_bare)
                ),
            )
        },
        Code::ElementRepeated,
    ),
    attack(
        "xsw4",
        |g| g.with(&g.header, &wrapping(&g.evil, &g.header)),
        Code::DigestMismatch,
        Code::ReferenceNotCovering,
    ),
    both(
        "xsw4-root",
        |g| {
            g.with("<edXML xmlns", "<edXML xmlns=\"http://www.mic.gov.vn/TBT/QCVN_102_2016\"><edXML xmlns") + "</edXML>"
        },
        Code::SignatureStructure,
    ),
    attack(
        "xsw5",
        |g| g.evil_with("</edXML>", &format!("{}</edXML>", unprefixed(&g.header))),
        Code::DigestMismatch,
        Code::ReferenceNotCovering,
    ),
    both("xsw6", |g| g.evil_with("<ds:SignedInfo>", &format!("{}<ds:SignedInfo>", g.header)), Code::SignatureStructure),
    both(
        "xsw6-signedinfo",
        |g| g.evil_with("</ds:SignedInfo>", &format!("{}</ds:SignedInfo>", g.header)),
        Code::SignatureStructure,
    ),
    attack(
        "xsw7",
        |g| g.with(&g.header, &format!("<edXML:Extensions>{}</edXML:Extensions>{}", g.evil_same, g.header)),
        Code::DigestMismatch,
        Code::IdRepeated,
    ),
    attack(
        "xsw7-after",
        |g| g.with("</ds:Signature>", &format!("</ds:Signature><edXML:Extensions>{}</edXML:Extensions>", g.evil_same)),
        Code::DigestMismatch,
        Code::ReferenceNotCovering,
    ),
    both(
        "xsw8",
        |g| g.evil_with("</ds:Signature>", &format!("<ds:Object>{}</ds:Object></ds:Signature>", g.header)),
        Code::SignatureStructure,
    ),
    both("xsw-keyinfo", |g| g.evil_with("</ds:KeyInfo>", &format!("{}</ds:KeyInfo>", g.header)), Code::KeyInfoInvalid),
    attack(
        "xsw-ns",
        |g| g.with(&g.header, &format!("{}{}", foreign(&g.evil), g.header)),
        Code::DigestMismatch,
        Code::ReferenceNotCovering,
    ),
    attack(
        "xsw-ns-after",
        |g| g.with("</ds:Signature>", &format!("</ds:Signature>{}", foreign(&g.evil))),
        Code::DigestMismatch,
        Code::ReferenceNotCovering,
    ),
    both("xsw-xmlid", |g| spelt(g, "xml:id"), Code::ElementRepeated),
    both("xsw-wsuid", |g| spelt(g, &format!("xmlns:wsu=\"{WSU}\" wsu:Id")), Code::ElementRepeated),
    both("xsw-idcase", |g| spelt(g, "ID"), Code::ElementRepeated),
    both("ns-attr-pollution", |g| spelt(g, "xmlns:evil=\"urn:evil\" evil:Id"), Code::ElementRepeated),
    attack(
        "id-repeated-in-a-file",
        |g| g.with("<Attachment>", "<Attachment id=\"MessageHeader\">"),
        Code::DigestMismatch,
        Code::IdRepeated,
    ),
    by_id("id-repeated-in-key-info", |g| g.with("<ds:KeyInfo>", "<ds:KeyInfo Id=\"MessageHeader\">"), Code::IdRepeated),
    by_id(
        "id-whitespace",
        |g| g.text.replacen("Id=\"MessageHeader\"", "Id=\" MessageHeader\"", 1),
        Code::ReferenceNotCovering,
    ),
];

#[test]
fn signature_wrapping() {
    run("wrapping", WRAPPING);
}

/// Without the prefix, for where it is not declared.
fn unprefixed(element: &str) -> String {
    element.replace("edXML:", "")
}

/// The outer element with the inner one as its last child.
fn wrapping(outer: &str, inner: &str) -> String {
    outer.replacen("</edXML:MessageHeader>", &format!("{inner}</edXML:MessageHeader>"), 1)
}

/// The same local name in another namespace.
fn foreign(element: &str) -> String {
    element.replacen("<edXML:MessageHeader", "<edXML:MessageHeader xmlns:edXML=\"urn:evil\"", 1)
}

/// An evil copy in front of the true header, with the same Id in another spelling.
fn spelt(g: &Genuine, attribute: &str) -> String {
    let evil =
        g.evil_bare.replacen("<edXML:MessageHeader", &format!("<edXML:MessageHeader {attribute}=\"MessageHeader\""), 1);
    g.with(&g.header, &format!("{evil}{}", g.header))
}
