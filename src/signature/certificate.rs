//! The certificates of KeyInfo before anybody trusts them: exact DER, which one is the signer's, whom it names.

use x509_parser::prelude::{FromDer, X509Certificate};

use crate::domain::{Code, Digest, Refusal, Timestamp};
use crate::signature::name::rfc4514;
use crate::signature::{PublicKey, SignerInfo};

impl SignerInfo {
    /// What a certificate says about its holder. Says nothing about trust.
    ///
    /// # Errors
    /// [`Code::CertificateInvalid`] if it is not exactly one X.509 certificate.
    pub fn from_certificate(der: &[u8]) -> Result<Self, Refusal> {
        let certificate = parse(der)?;
        let time = |seconds: i64| Timestamp::from_millis(seconds.saturating_mul(1000));
        Ok(Self {
            sha256: Digest::of(der),
            subject: rfc4514(certificate.subject()),
            issuer: rfc4514(certificate.issuer()),
            serial: hex::encode(certificate.raw_serial()),
            not_before: time(certificate.validity().not_before.timestamp()),
            not_after: time(certificate.validity().not_after.timestamp()),
        })
    }
}

impl PublicKey {
    /// The key of a certificate.
    ///
    /// # Errors
    /// [`Code::CertificateInvalid`] if it is not exactly one X.509 certificate, else as [`PublicKey::from_spki`].
    pub fn from_certificate(der: &[u8]) -> Result<Self, Refusal> {
        Self::from_spki(parse(der)?.public_key().raw)
    }
}

fn parse(der: &[u8]) -> Result<X509Certificate<'_>, Refusal> {
    match X509Certificate::from_der(der) {
        Ok(([], certificate)) => Ok(certificate),
        _ => Err(Refusal::new(Code::CertificateInvalid, "not exactly one X.509 certificate in DER")),
    }
}

/// The position of the signer's certificate among those of KeyInfo, in whatever order they stand: the one that issued
/// none of the others. Names only choose it; the chain and the signature are then checked with this very one.
pub(super) fn signer(certificates: &[Vec<u8>]) -> Result<usize, Refusal> {
    if let [_] = certificates {
        return Ok(0);
    }
    let parsed = certificates.iter().map(|der| parse(der)).collect::<Result<Vec<_>, _>>()?;
    let issued_none = |at: usize, subject: &[u8]| {
        parsed.iter().enumerate().all(|(other, certificate)| other == at || certificate.issuer().as_raw() != subject)
    };
    let mut leaves = parsed.iter().enumerate().filter(|(at, one)| issued_none(*at, one.subject().as_raw()));
    match (leaves.next(), leaves.next()) {
        (Some((at, _)), None) => Ok(at),
        _ => Err(Refusal::new(Code::KeyInfoInvalid, "it is not clear which certificate is the signer's")),
    }
}
