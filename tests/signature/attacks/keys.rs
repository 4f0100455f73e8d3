//! Algorithms, keys, certificates, References and Transforms that are not allowed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use truc::domain::Code;

use super::{Attack, Genuine, attacker, both, part, place, run};
use crate::forge::{RSA_SHA256, assemble, certificate, signed_info, value};
use crate::support::{p256, rsa};

const KEYS: &[Attack] = &[
    both(
        "alg-md5",
        |g| g.with(RSA_SHA256, "http://www.w3.org/2001/04/xmldsig-more#rsa-md5"),
        Code::AlgorithmNotAllowed,
    ),
    both("alg-sha1", |g| g.with(RSA_SHA256, "http://www.w3.org/2000/09/xmldsig#rsa-sha1"), Code::AlgorithmNotAllowed),
    both(
        "alg-ecdsa-sha512",
        |g| g.with(RSA_SHA256, "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512"),
        Code::AlgorithmNotAllowed,
    ),
    both(
        "alg-none",
        |g| g.with(RSA_SHA256, "none").replacen(&g.element("SignatureValue"), "<ds:SignatureValue/>", 1),
        Code::AlgorithmNotAllowed,
    ),
    both(
        "alg-unknown-digest",
        |g| g.with("http://www.w3.org/2001/04/xmlenc#sha256", "urn:unknown"),
        Code::AlgorithmNotAllowed,
    ),
    both(
        "alg-digest-sha1",
        |g| g.with("http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2000/09/xmldsig#sha1"),
        Code::AlgorithmNotAllowed,
    ),
    both(
        "alg-ec-as-rsa",
        |g| g.with(RSA_SHA256, "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"),
        Code::AlgorithmNotAllowed,
    ),
    both(
        "alg-c14n-unknown",
        |g| {
            g.with(
                "<ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"",
                "<ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/TR/1999/REC-xslt-19991116\"",
            )
        },
        Code::AlgorithmNotAllowed,
    ),
    both("hmac-confusion-certder", |g| hmac(g, &rsa().certificate), Code::AlgorithmNotAllowed),
    both(
        "hmac-confusion-pem",
        |g| hmac(g, &std::fs::read(rsa().folder.join("cert.pem")).unwrap()),
        Code::AlgorithmNotAllowed,
    ),
    both("hmac-confusion-spki", |g| hmac(g, &rsa().certificate[33..]), Code::AlgorithmNotAllowed),
    both(
        "hmac-truncation",
        |g| {
            let method = format!("<ds:SignatureMethod Algorithm=\"{RSA_SHA256}\"/>");
            g.with(&method, "<ds:SignatureMethod Algorithm=\"http://www.w3.org/2000/09/xmldsig#hmac-sha1\"><ds:HMACOutputLength>1</ds:HMACOutputLength></ds:SignatureMethod>")
        },
        Code::AlgorithmNotAllowed,
    ),
    both(
        "output-length-under-rsa",
        |g| {
            let method = format!("<ds:SignatureMethod Algorithm=\"{RSA_SHA256}\"/>");
            g.with(&method, &format!("<ds:SignatureMethod Algorithm=\"{RSA_SHA256}\"><ds:HMACOutputLength>1</ds:HMACOutputLength></ds:SignatureMethod>"))
        },
        Code::SignatureStructure,
    ),
    both("sig-flip", |g| with_value(g, |value| value[20] ^= 1), Code::SignatureInvalid),
    both("sig-zero", |g| with_value(g, |value| value.fill(0)), Code::SignatureInvalid),
    both("sig-leading-zero", |g| with_value(g, |value| value.insert(0, 0)), Code::SignatureInvalid),
    both("sig-truncated", |g| with_value(g, |value| value.truncate(255)), Code::SignatureInvalid),
    both("sig-base64-junk", |g| g.with("<ds:SignatureValue>", "<ds:SignatureValue>*"), Code::SignatureStructure),
    both(
        "resign-attacker",
        |g| resigned(g, &format!("<ds:X509Data>{}</ds:X509Data>", certificate(attacker()))),
        Code::ChainNotFound,
    ),
    both(
        "resign-certificate-swap",
        |g| resigned(g, &format!("<ds:X509Data>{}</ds:X509Data>", certificate(rsa()))),
        Code::SignatureInvalid,
    ),
    both(
        "resign-two-certs",
        |g| resigned(g, &format!("<ds:X509Data>{}{}</ds:X509Data>", certificate(rsa()), certificate(attacker()))),
        Code::KeyInfoInvalid,
    ),
    both(
        "resign-two-certs-rev",
        |g| resigned(g, &format!("<ds:X509Data>{}{}</ds:X509Data>", certificate(attacker()), certificate(rsa()))),
        Code::KeyInfoInvalid,
    ),
    both(
        "resign-two-x509data",
        |g| {
            resigned(
                g,
                &format!(
                    "<ds:X509Data>{}</ds:X509Data><ds:X509Data>{}</ds:X509Data>",
                    certificate(rsa()),
                    certificate(attacker())
                ),
            )
        },
        Code::KeyInfoInvalid,
    ),
    both("resign-keyvalue-only", |g| resigned(g, KEY_VALUE), Code::KeyInfoInvalid),
    both(
        "resign-keyvalue-and-certificate",
        |g| resigned(g, &format!("{KEY_VALUE}<ds:X509Data>{}</ds:X509Data>", certificate(rsa()))),
        Code::KeyInfoInvalid,
    ),
    both(
        "cert-trailing",
        |g| {
            let tailed = STANDARD.encode([rsa().certificate.as_slice(), b"tail"].concat());
            g.with(&certificate(rsa()), &format!("<ds:X509Certificate>{tailed}</ds:X509Certificate>"))
        },
        Code::CertificateInvalid,
    ),
    both(
        "cert-garbage",
        |g| g.with(&certificate(rsa()), "<ds:X509Certificate>AAAA</ds:X509Certificate>"),
        Code::CertificateInvalid,
    ),
    both("cert-of-another-kind", |g| g.with(&certificate(rsa()), &certificate(p256())), Code::ChainNotFound),
    both("keyinfo-empty", |g| g.with(&g.element("KeyInfo"), "<ds:KeyInfo/>"), Code::KeyInfoInvalid),
    both(
        "keyinfo-retrievalmethod-http",
        |g| g.with(&g.element("X509Data"), "<ds:RetrievalMethod URI=\"http://127.0.0.1:9/\"/>"),
        Code::KeyInfoInvalid,
    ),
    both(
        "keyinfo-retrievalmethod-loop",
        |g| g.with(&g.element("KeyInfo"), "<ds:KeyInfo Id=\"k\"><ds:RetrievalMethod URI=\"#k\"/></ds:KeyInfo>"),
        Code::KeyInfoInvalid,
    ),
    both("keyinfo-keyname", |g| g.with(&g.element("X509Data"), "<ds:KeyName>G22</ds:KeyName>"), Code::KeyInfoInvalid),
];

#[test]
fn algorithms_and_keys() {
    run("keys", KEYS);
}

const KEY_VALUE: &str = "<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>AAAA</ds:Modulus><ds:Exponent>AQAB</ds:Exponent></ds:RSAKeyValue></ds:KeyValue>";

/// The message altered and signed by the attacker, with this in KeyInfo.
fn resigned(g: &Genuine, key_info: &str) -> String {
    let bare = g.bare.replacen(&g.header, &g.evil_same, 1);
    let info = signed_info(RSA_SHA256, &g.references(&bare).concat());
    place(&bare, &assemble(&info, &value(attacker(), &info), key_info, ""))
}

/// The message altered, its signature an HMAC with something public as the secret.
fn hmac(g: &Genuine, secret: &[u8]) -> String {
    let bare = g.bare.replacen(&g.header, &g.evil_same, 1);
    let info = signed_info("http://www.w3.org/2001/04/xmldsig-more#hmac-sha256", &g.references(&bare).concat());
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret);
    let value = STANDARD.encode(ring::hmac::sign(&key, info.as_bytes()));
    place(&bare, &assemble(&info, &value, &format!("<ds:X509Data>{}</ds:X509Data>", certificate(rsa())), ""))
}

fn with_value(g: &Genuine, alter: fn(&mut Vec<u8>)) -> String {
    let element = g.element("SignatureValue");
    let text = element.strip_prefix("<ds:SignatureValue>").unwrap().strip_suffix("</ds:SignatureValue>").unwrap();
    let mut value = STANDARD.decode(text).unwrap();
    alter(&mut value);
    g.with(&element, &format!("<ds:SignatureValue>{}</ds:SignatureValue>", STANDARD.encode(value)))
}

const REFERENCES: &[Attack] = &[
    both("ref-external-http", |g| with_uri(g, " URI=\"http://127.0.0.1:9/x\""), Code::ReferenceNotAllowed),
    both("ref-external-file", |g| with_uri(g, " URI=\"file:///etc/hostname\""), Code::ReferenceNotAllowed),
    both("ref-no-uri", |g| with_uri(g, ""), Code::ReferenceNotAllowed),
    both("ref-xpointer-id", |g| with_uri(g, " URI=\"#xpointer(id('MessageHeader'))\""), Code::ReferenceNotAllowed),
    both("ref-xpointer-root", |g| with_uri(g, " URI=\"#xpointer(/)\""), Code::ReferenceNotAllowed),
    both("ref-empty-id", |g| with_uri(g, " URI=\"#\""), Code::ReferenceNotAllowed),
    both(
        "transform-xslt",
        |g| with_transform(g, "http://www.w3.org/TR/1999/REC-xslt-19991116"),
        Code::TransformNotAllowed,
    ),
    both(
        "transform-xpath-false",
        |g| with_transform(g, "http://www.w3.org/TR/1999/REC-xpath-19991116"),
        Code::TransformNotAllowed,
    ),
    both(
        "transform-filter2",
        |g| with_transform(g, "http://www.w3.org/2002/06/xmldsig-filter2"),
        Code::TransformNotAllowed,
    ),
    both(
        "transform-base64",
        |g| with_transform(g, "http://www.w3.org/2000/09/xmldsig#base64"),
        Code::TransformNotAllowed,
    ),
    both("transform-misspelt", |g| with_transform(g, "http://www.w3.org/TR/xml-exc-c14n#"), Code::TransformNotAllowed),
];

#[test]
fn references_and_transforms() {
    run("references", REFERENCES);
}

fn with_uri(g: &Genuine, uri: &str) -> String {
    let reference = part(&g.text, "<ds:Reference", ">");
    g.with(reference, &format!("<ds:Reference{uri}>"))
}

fn with_transform(g: &Genuine, uri: &str) -> String {
    g.with(
        "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>",
        &format!("<ds:Transform Algorithm=\"{uri}\"/>"),
    )
}
