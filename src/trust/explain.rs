//! What webpki says, in the hub's codes: which certificate, which date.

use rustls_pki_types::UnixTime;
use webpki::Error;
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::time::ASN1Time;

use crate::domain::{Code, Refusal, Timestamp};

/// The refusal for an error of the path search that began at `leaf`.
pub(super) fn explain(error: &Error, leaf: &[u8]) -> Refusal {
    match error {
        Error::CertExpired { not_after, .. } => {
            let (whose, date) = (whose(leaf, *not_after), timestamp(*not_after));
            Refusal::new(Code::CertificateExpired, format!("{whose} expired at {date}"))
        }
        Error::CertNotValidYet { not_before, .. } => {
            let (whose, date) = (whose(leaf, *not_before), timestamp(*not_before));
            Refusal::new(Code::CertificateNotYetValid, format!("{whose} is valid from {date} on"))
        }
        other => {
            let (code, detail) = fixed(other);
            Refusal::new(code, detail)
        }
    }
}

fn fixed(error: &Error) -> (Code, &'static str) {
    use Code::{AlgorithmNotAllowed, CertificateInvalid, CertificateUsage, ChainNotFound};
    match error {
        Error::UnknownIssuer => (ChainNotFound, "no certificate in store or message issued it under a trusted root"),
        Error::InvalidSignatureForPublicKey => {
            (ChainNotFound, "a certificate names a known issuer but is not signed with that issuer's key")
        }
        Error::EndEntityUsedAsCa => (ChainNotFound, "the certificate that issued it is not that of a CA"),
        Error::PathLenConstraintViolated => (ChainNotFound, "a CA in the path does not allow so many CAs below it"),
        Error::NameConstraintViolation => (ChainNotFound, "a name lies outside what a CA in the path may certify"),
        Error::MaximumPathDepthExceeded
        | Error::MaximumPathBuildCallsExceeded
        | Error::MaximumSignatureChecksExceeded
        | Error::MaximumNameConstraintComparisonsExceeded => (ChainNotFound, "the path to a root is too long to check"),
        Error::CaUsedAsEndEntity => (CertificateUsage, "a CA's certificate may not sign messages"),
        Error::RequiredEkuNotFoundContext(_) => (
            CertificateUsage,
            "extended key usage of a certificate in the path has neither clientAuth nor emailProtection",
        ),
        Error::UnsupportedSignatureAlgorithmContext(_) | Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => {
            (AlgorithmNotAllowed, "a certificate in the path is signed with an algorithm or key that is not accepted")
        }
        Error::UnsupportedCriticalExtension => {
            (CertificateInvalid, "a certificate has a critical extension that is not known")
        }
        Error::UnsupportedCertVersion => (CertificateInvalid, "a certificate is not of version 3"),
        Error::SignatureAlgorithmMismatch => {
            (CertificateInvalid, "a certificate names two different signature algorithms")
        }
        Error::InvalidCertValidity => (CertificateInvalid, "a certificate ends before it begins"),
        Error::EmptyEkuExtension => (CertificateInvalid, "extended key usage of a certificate is empty"),
        _ => (CertificateInvalid, "a certificate is malformed"),
    }
}

/// Whether a date is the leaf's own, or one of an authority above it.
fn whose(leaf: &[u8], date: UnixTime) -> &'static str {
    let has_it = |certificate: X509Certificate<'_>| {
        let is_date = |time: ASN1Time| u64::try_from(time.timestamp()).is_ok_and(|time| time == date.as_secs());
        is_date(certificate.validity().not_before) || is_date(certificate.validity().not_after)
    };
    if X509Certificate::from_der(leaf).is_ok_and(|(_, certificate)| has_it(certificate)) {
        "the signer's certificate"
    } else {
        "a CA's certificate in the path"
    }
}

fn timestamp(time: UnixTime) -> Timestamp {
    Timestamp::from_millis(i64::try_from(time.as_secs()).unwrap_or(i64::MAX).saturating_mul(1000))
}
