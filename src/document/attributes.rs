//! The attributes that bind a signature to its signer's certificate (RFC 5035), and certificates' own fields.

use ring::digest;
use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::X509Certificate;

use crate::document::algorithm;
use crate::document::cursor::Cursor;
use crate::document::oid;
use crate::document::signed_data::{Attributes, NotOne};
use crate::signature::{DigestMethod, der};

/// What the signature says about the certificate that it was made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Binding {
    /// It names none.
    Absent,
    /// It names this one.
    Same {
        /// Only by SHA-1.
        is_weak: bool,
    },
    /// It names another.
    Other,
    /// It cannot be read.
    Malformed,
}

/// A certificate named by its digest.
type Named<'a> = (DigestMethod, &'a [u8]);

/// signingCertificateV2, or signingCertificate where there is only that. Both must mean the certificate if both stand.
pub(super) fn binding(attributes: &Attributes<'_>, certificate: &[u8]) -> Binding {
    let of = |kind, parse: fn(&[u8]) -> Option<Named<'_>>| match attributes.one(kind) {
        Ok(None) => Binding::Absent,
        Ok(Some(value)) => first_id(value).and_then(parse).map_or(Binding::Malformed, |named| same(named, certificate)),
        Err(NotOne) => Binding::Malformed,
    };
    match (of(oid::SIGNING_CERTIFICATE_V2, version_2), of(oid::SIGNING_CERTIFICATE, version_1)) {
        (Binding::Absent, only) | (only, Binding::Absent) => only,
        (strong @ Binding::Same { .. }, Binding::Same { .. }) => strong,
        (Binding::Malformed, _) | (_, Binding::Malformed) => Binding::Malformed,
        _ => Binding::Other,
    }
}

fn same((method, hash): Named<'_>, certificate: &[u8]) -> Binding {
    let is_same = digest::digest(method.ring(), certificate).as_ref() == hash;
    if is_same { Binding::Same { is_weak: method.is_weak() } } else { Binding::Other }
}

/// The first of the certificates is the signer's (RFC 5035, 4): the contents of its ESSCertID.
fn first_id(value: &[u8]) -> Option<&[u8]> {
    let mut certificates = Cursor::new(Cursor::inside(der::SEQUENCE, value)?.expect(der::SEQUENCE)?);
    certificates.expect(der::SEQUENCE)
}

fn version_1(id: &[u8]) -> Option<Named<'_>> {
    Cursor::new(id).expect(der::OCTET_STRING).map(|hash| (DigestMethod::Sha1, hash))
}

fn version_2(id: &[u8]) -> Option<Named<'_>> {
    let mut cursor = Cursor::new(id);
    let method = match cursor.optional(der::SEQUENCE) {
        Some(identifier) => algorithm::digest(identifier)?,
        None => DigestMethod::Sha256,
    };
    cursor.expect(der::OCTET_STRING).map(|hash| (method, hash))
}

/// subjectKeyIdentifier.
pub(super) fn key_id<'a>(certificate: &X509Certificate<'a>) -> Option<&'a [u8]> {
    certificate.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::SubjectKeyIdentifier(identifier) => Some(identifier.0),
        _ => None,
    })
}
