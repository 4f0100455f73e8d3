//! Document types, what is not well formed, and what is too large.

use truc::domain::Code;
use truc::signature::Coverage;

use super::{Attack, Genuine, attack, both, outcome, part, run};
use crate::forge::{DSIG, EXCLUSIVE, certificate};
use crate::support::rsa;

fn before(g: &Genuine, what: &str) -> String {
    g.with("<edXML xmlns", &format!("{what}<edXML xmlns"))
}

fn in_subject(g: &Genuine, what: &str) -> String {
    g.with("<edXML:Subject>", &format!("<edXML:Subject>{what}"))
}

const SYNTAX: &[Attack] = &[
    both("doctype-empty", |g| before(g, "<!DOCTYPE edXML>"), Code::XmlDoctype),
    both(
        "doctype-entity-in-signed",
        |g| before(g, "<!DOCTYPE edXML [<!ENTITY e 'H26'>]>").replacen(">H26<", ">&e;<", 1),
        Code::XmlDoctype,
    ),
    both(
        "doctype-xxe-file",
        |g| before(g, "<!DOCTYPE edXML [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>"),
        Code::XmlDoctype,
    ),
    both("doctype-xxe-http", |g| before(g, "<!DOCTYPE edXML SYSTEM 'http://127.0.0.1:9/evil.dtd'>"), Code::XmlDoctype),
    both(
        "doctype-billion-laughs",
        |g| before(g, "<!DOCTYPE edXML [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;'>]>"),
        Code::XmlDoctype,
    ),
    both(
        "doctype-attlist-id",
        |g| before(g, "<!DOCTYPE edXML [<!ATTLIST edXML:Note evil ID #IMPLIED>]>"),
        Code::XmlDoctype,
    ),
    both(
        "doctype-default-attr",
        |g| before(g, "<!DOCTYPE edXML [<!ATTLIST edXML:Subject a CDATA 'b'>]>"),
        Code::XmlDoctype,
    ),
    both(
        "doctype-notation-differential",
        |g| before(g, "<!DOCTYPE edXML [<!NOTATION n SYSTEM \"]><x>\">]>"),
        Code::XmlDoctype,
    ),
    both(
        "ns-xml-rebind",
        |g| before(g, "").replacen("<edXML xmlns", "<edXML xmlns:xml=\"urn:evil\" xmlns", 1),
        Code::XmlNamespace,
    ),
    both(
        "ns-xmlns-prefix",
        |g| before(g, "").replacen("<edXML xmlns", "<edXML xmlns:xmlns=\"urn:evil\" xmlns", 1),
        Code::XmlNamespace,
    ),
    both(
        "ns-duplicate-attr",
        |g| g.with("<edXML:Subject>", "<edXML:Subject xmlns:a=\"urn:a\" xmlns:b=\"urn:a\" a:x=\"1\" b:x=\"2\">"),
        Code::XmlNamespace,
    ),
    attack(
        "ns-signature-fake",
        |g| g.evil_with(&g.signature, &format!("<f:Signature xmlns:f=\"urn:fake\">{}</f:Signature>", g.signature)),
        Code::SignatureStructure,
        Code::SignatureStructure,
    ),
    both(
        "ns-signature-in-fake-namespace",
        |g| g.signed(&g.signature.replacen(DSIG, "urn:fake", 1)),
        Code::SignatureMissing,
    ),
    both("wf-trailing-text", |g| format!("{}evil", g.text), Code::XmlMalformed),
    both("wf-two-roots", |g| format!("{}{}", g.text, g.evil_bare), Code::XmlMalformed),
    both("wf-ctrl", |g| in_subject(g, "\u{1}"), Code::XmlMalformed),
    both("wf-ctrl-ref", |g| in_subject(g, "&#1;"), Code::XmlMalformed),
    both("wf-fffe", |g| in_subject(g, "\u{FFFE}"), Code::XmlMalformed),
    both("wf-lt-in-attr", |g| g.with("<edXML:Subject>", "<edXML:Subject a=\"<\">"), Code::XmlMalformed),
    both("wf-cdata-end", |g| in_subject(g, "]]>"), Code::XmlMalformed),
    both("wf-undefined-entity", |g| in_subject(g, "&foo;"), Code::XmlEntity),
    both("wf-bare-amp", |g| in_subject(g, "a & b"), Code::XmlMalformed),
    both("wf-truncated", |g| g.text[..g.text.len() - 40].to_owned(), Code::XmlMalformed),
    both("wf-encoding-lie", |g| g.with("encoding=\"UTF-8\"", "encoding=\"ISO-8859-1\""), Code::XmlEncoding),
    both("wf-utf7", |g| g.with("encoding=\"UTF-8\"", "encoding=\"UTF-7\""), Code::XmlEncoding),
    both("wf-xml11", |g| g.with("version=\"1.0\"", "version=\"1.1\""), Code::XmlMalformed),
    both("wf-bad-name", |g| in_subject(g, "<1a/>"), Code::XmlMalformed),
    both("wf-xmldecl-late", |g| format!(" {}", g.text), Code::XmlMalformed),
];

#[test]
fn document_types_and_what_is_not_well_formed() {
    run("syntax", SYNTAX);
}

#[test]
fn what_is_not_utf_8_is_refused() {
    for coverage in [Coverage::Document, Coverage::Parts] {
        let genuine = Genuine::new(coverage);
        let utf16: Vec<u8> = genuine.text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let mut overlong = genuine.with("<edXML:Subject>", "<edXML:Subject>@@").into_bytes();
        let at = overlong.windows(2).position(|pair| pair == b"@@").unwrap();
        overlong[at..at + 2].copy_from_slice(b"\xC0\xBC");
        for bytes in [[b"\xFF\xFE".to_vec(), utf16.clone()].concat(), utf16, overlong] {
            assert_eq!(outcome(&bytes).unwrap_err(), Code::XmlEncoding);
        }
    }
}

const SIZE: &[Attack] = &[
    both("dos-depth", |g| in_subject(g, &("<a>".repeat(10_000) + &"</a>".repeat(10_000))), Code::XmlLimit),
    both("dos-unclosed", |g| in_subject(g, &"<a>".repeat(100_000)), Code::XmlLimit),
    both(
        "dos-attributes",
        |g| {
            let attributes: String = (0..10_000).map(|n| format!(" a{n}=\"\"")).collect();
            in_subject(g, &format!("<a{attributes}/>"))
        },
        Code::XmlLimit,
    ),
    both(
        "dos-namespaces",
        |g| {
            let declarations: String = (0..2_000).map(|n| format!(" xmlns:n{n}=\"urn:n\"")).collect();
            in_subject(g, &format!("<a{declarations}/>"))
        },
        Code::XmlLimit,
    ),
    both(
        "dos-namespaces-nested",
        |g| {
            let open: String = (0..90).map(|n| format!("<a xmlns:n{n}=\"urn:n\" xmlns:m{n}=\"urn:m\">")).collect();
            in_subject(g, &(open + &"</a>".repeat(90)))
        },
        Code::XmlLimit,
    ),
    both("dos-attribute-2mb", |g| in_subject(g, &format!("<a b=\"{}\"/>", "x".repeat(2 << 20))), Code::XmlLimit),
    both("dos-comment-2mb", |g| in_subject(g, &format!("<!--{}-->", "x".repeat(2 << 20))), Code::XmlLimit),
    both("dos-name-1mb", |g| in_subject(g, &format!("<{}/>", "x".repeat(1 << 20))), Code::XmlLimit),
    attack(
        "dos-ids",
        |g| {
            let ids: String = (0..5_000).map(|n| format!("<a Id=\"i{n}\"/>")).collect();
            g.with("<Attachment>", &format!("<Attachment>{ids}"))
        },
        Code::DigestMismatch,
        Code::XmlLimit,
    ),
    both("many-signatures", |g| g.with(&g.signature, &g.signature.repeat(100)), Code::SignatureRepeated),
    both("many-certificates", |g| g.with(&certificate(rsa()), &certificate(rsa()).repeat(100)), Code::XmlLimit),
    both(
        "many-references",
        |g| {
            let first = part(&g.text, "<ds:Reference ", "</ds:Reference>");
            g.with(first, &first.repeat(500))
        },
        Code::XmlLimit,
    ),
    both(
        "many-transforms",
        |g| {
            let transform = "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>";
            g.with(transform, &transform.repeat(200))
        },
        Code::XmlLimit,
    ),
    both(
        "dos-signedinfo",
        |g| g.with("<ds:SignedInfo>", &format!("<ds:SignedInfo>{}", " ".repeat(1 << 20))),
        Code::XmlLimit,
    ),
    both(
        "dos-digestvalue",
        |g| g.with("<ds:DigestValue>", &format!("<ds:DigestValue>{}", " ".repeat(1 << 20))),
        Code::XmlLimit,
    ),
    both(
        "dos-prefixlist",
        |g| {
            let prefixes = "p ".repeat(10_000);
            let transform = "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>";
            let listed = format!(
                "<ds:Transform Algorithm=\"{EXCLUSIVE}\"><InclusiveNamespaces xmlns=\"{EXCLUSIVE}\" PrefixList=\"{prefixes}\"/></ds:Transform>"
            );
            g.with(transform, &listed)
        },
        Code::XmlLimit,
    ),
    both("dos-character-references", |g| in_subject(g, &"&#65;".repeat(20_000)), Code::ValueTooLong),
];

#[test]
fn size_and_time() {
    run("size", SIZE);
}
