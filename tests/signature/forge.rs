//! A signer that signs whatever it is told, truly: for attacks in which the signature itself is right.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject as _;
use truc::xml::c14n::{Algorithm, Canonicalizer, Method};
use truc::xml::{Kind, Limits, Reader};

use crate::support::Identity;

pub(crate) const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";
pub(crate) const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
pub(crate) const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
pub(crate) const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
pub(crate) const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";

/// A Reference with its digest, in canonical form.
pub(crate) fn reference(uri: &str, transforms: &[&str], digest: &str) -> String {
    let transforms: String =
        transforms.iter().map(|uri| format!("<ds:Transform Algorithm=\"{uri}\"></ds:Transform>")).collect();
    format!(
        "<ds:Reference URI=\"{uri}\"><ds:Transforms>{transforms}</ds:Transforms>\
         <ds:DigestMethod Algorithm=\"{SHA256}\"></ds:DigestMethod><ds:DigestValue>{digest}</ds:DigestValue></ds:Reference>"
    )
}

/// A Reference to the element with this Id, as the element stands in the message.
pub(crate) fn reference_to(message: &str, id: &str) -> String {
    reference(&format!("#{id}"), &[EXCLUSIVE], &digest(message, Some(id)))
}

/// SHA-256 of the exclusive canonical form of the element with this Id, or of the document; in base64.
pub(crate) fn digest(message: &str, id: Option<&str>) -> String {
    let mut reader = Reader::new(message.as_bytes(), Limits::default());
    let mut octets = Canonicalizer::new(Algorithm::new(Method::Exclusive, false), Vec::new(), Vec::new());
    let (mut depth, mut from) = (0, id.is_none().then_some(0));
    while let Some(event) = reader.next().unwrap() {
        if let Kind::Start(start) = &event.kind {
            if from.is_none() && id.is_some() && start.attribute("", "Id") == id {
                from = Some(depth);
            }
            depth += 1;
        }
        if from.is_some_and(|from| from < usize::MAX) {
            octets.event(&event);
        }
        if let Kind::End(_) = event.kind {
            depth -= 1;
            if id.is_some() && from == Some(depth) {
                from = Some(usize::MAX);
            }
        }
    }
    assert!(from.is_some(), "no element has the Id {id:?}");
    STANDARD.encode(ring::digest::digest(&ring::digest::SHA256, &octets.into_sink()))
}

/// SignedInfo over these References, in canonical form, with its namespace.
pub(crate) fn signed_info(method: &str, references: &str) -> String {
    format!(
        "<ds:SignedInfo xmlns:ds=\"{DSIG}\"><ds:CanonicalizationMethod Algorithm=\"{EXCLUSIVE}\"></ds:CanonicalizationMethod>\
         <ds:SignatureMethod Algorithm=\"{method}\"></ds:SignatureMethod>{references}</ds:SignedInfo>"
    )
}

/// The signature value of these octets by RSA with SHA-256, in base64.
pub(crate) fn value(identity: &Identity, octets: &str) -> String {
    let key = PrivatePkcs8KeyDer::from_pem_slice(identity.pem.as_bytes()).unwrap();
    let pair = RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()).unwrap();
    let mut value = vec![0; pair.public().modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), octets.as_bytes(), &mut value).unwrap();
    STANDARD.encode(value)
}

pub(crate) fn certificate(identity: &Identity) -> String {
    format!("<ds:X509Certificate>{}</ds:X509Certificate>", STANDARD.encode(&identity.certificate))
}

/// A Signature that is right, over these References, with whatever stands behind its KeyInfo.
pub(crate) fn signature(identity: &Identity, references: &str, objects: &str) -> String {
    let info = signed_info(RSA_SHA256, references);
    let value = value(identity, &info);
    assemble(&info, &value, &format!("<ds:X509Data>{}</ds:X509Data>", certificate(identity)), objects)
}

pub(crate) fn assemble(info: &str, value: &str, key_info: &str, objects: &str) -> String {
    format!(
        "<ds:Signature xmlns:ds=\"{DSIG}\">{info}<ds:SignatureValue>{value}</ds:SignatureValue>\
         <ds:KeyInfo>{key_info}</ds:KeyInfo>{objects}</ds:Signature>"
    )
}
