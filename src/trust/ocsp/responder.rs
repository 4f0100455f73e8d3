//! Who may answer for an authority (RFC 6960, 4.2.2.2): the authority itself, with the key that issued the certificate,
//! or a responder whose certificate that very key signed, for this purpose. Nobody else: not a responder that the
//! authority above certified, and none that is only configured.

use x509_parser::extensions::ParsedExtension;
use x509_parser::oid_registry::{
    OID_X509_EXT_BASIC_CONSTRAINTS, OID_X509_EXT_EXTENDED_KEY_USAGE, OID_X509_EXT_KEY_USAGE,
    OID_X509_EXT_SUBJECT_ALT_NAME,
};
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::domain::Timestamp;
use crate::signature::PublicKey;
use crate::trust::account::is_certificate_signed;
use crate::trust::algorithms::is_signed_by;
use crate::trust::files::CERTIFICATE_OCTETS_MAX;
use crate::trust::ocsp::OcspError;
use crate::trust::ocsp::cert_id::{Hashed, sha1};
use crate::trust::ocsp::response::{Responder, Response};
use crate::trust::window::timestamp;

/// 1.3.6.1.5.5.7.48.1.5, id-pkix-ocsp-nocheck.
const NO_CHECK: &str = "1.3.6.1.5.5.7.48.1.5";

/// The authority that issued the certificates of which an answer speaks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Issuer<'a> {
    pub(super) hashed: Hashed<'a>,
    /// SubjectPublicKeyInfo, the whole of it.
    pub(super) spki: &'a [u8],
}

/// A responder that is not the authority itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::trust) struct Delegate {
    /// Its certificate.
    pub(in crate::trust) der: Vec<u8>,
    pub(in crate::trust) not_before: Timestamp,
    pub(in crate::trust) not_after: Timestamp,
    /// The authority wants nobody to ask whether the responder is revoked.
    pub(in crate::trust) no_check: bool,
}

impl Delegate {
    pub(super) fn is_valid_at(&self, at: Timestamp) -> bool {
        self.not_before <= at && at <= self.not_after
    }
}

/// Whose signature the answer has: nothing for the authority's own.
pub(super) fn signer(response: &Response<'_>, issuer: Issuer<'_>) -> Result<Option<Delegate>, OcspError> {
    let signed_by = |spki: &[u8]| is_signed_by(spki, response.algorithm, response.signed, response.signature);
    if response.responder.is(issuer.hashed) && signed_by(issuer.spki) {
        return Ok(None);
    }
    let delegates = response.certificates.iter().filter_map(|der| delegate(der, response.responder, issuer));
    let mut signers = delegates.filter(|(_, spki)| signed_by(spki));
    signers.next().map(|(delegate, _)| Some(delegate)).ok_or(OcspError::Responder)
}

impl Responder<'_> {
    fn is(self, holder: Hashed<'_>) -> bool {
        match self {
            Self::Name(name) => name == holder.name,
            Self::Key(key) => key == sha1(holder.key),
        }
    }
}

/// The responder of this certificate and its key, if the authority certified it for answering.
fn delegate(der: &[u8], responder: Responder<'_>, issuer: Issuer<'_>) -> Option<(Delegate, Vec<u8>)> {
    if der.len() > CERTIFICATE_OCTETS_MAX {
        return None;
    }
    let (_, certificate) = X509Certificate::from_der(der).ok().filter(|(rest, _)| rest.is_empty())?;
    let (name, key) = (certificate.subject().as_raw(), certificate.public_key().subject_public_key.data.as_ref());
    let is_meant = responder.is(Hashed { name, key });
    let is_issued = certificate.issuer().as_raw() == issuer.hashed.name && is_certificate_signed(der, issuer.spki);
    if !is_meant || !may_answer(&certificate) || !is_issued {
        return None;
    }
    let spki = certificate.public_key().raw;
    PublicKey::from_spki(spki).ok()?;
    let validity = certificate.validity();
    let delegate = Delegate {
        der: der.to_vec(),
        not_before: timestamp(validity.not_before),
        not_after: timestamp(validity.not_after),
        no_check: certificate.extensions().iter().any(|extension| extension.oid.to_id_string() == NO_CHECK),
    };
    Some((delegate, spki.to_vec()))
}

/// OCSPSigning itself (anyExtendedKeyUsage is not enough), a key that may sign, no authority, and no critical extension
/// that is not known.
fn may_answer(certificate: &X509Certificate<'_>) -> bool {
    let known = [
        OID_X509_EXT_BASIC_CONSTRAINTS,
        OID_X509_EXT_EXTENDED_KEY_USAGE,
        OID_X509_EXT_KEY_USAGE,
        OID_X509_EXT_SUBJECT_ALT_NAME,
    ];
    let is_read = certificate.extensions().iter().all(|extension| {
        let is_understood = !matches!(extension.parsed_extension(), ParsedExtension::ParseError { .. });
        is_understood && (!extension.critical || known.contains(&extension.oid))
    });
    let purposes = certificate.extended_key_usage().ok().flatten();
    let usage = certificate.key_usage();
    let may_sign = usage
        .is_ok_and(|usage| usage.is_none_or(|usage| usage.value.digital_signature() && !usage.value.key_cert_sign()));
    is_read && may_sign && !certificate.is_ca() && purposes.is_some_and(|purposes| purposes.value.ocsp_signing)
}
