//! What a certificate must be allowed to do: the signer's at the bottom of the path, the authorities' above it.
//! webpki checks basicConstraints and extended key usage while it builds the path, but no keyUsage (SIGNATURES 0.3).

use webpki::{Error, ExtendedKeyUsageValidator, KeyPurposeId, KeyPurposeIdIter, RequiredEkuNotFoundContext};
use x509_parser::extensions::KeyUsage;
use x509_parser::prelude::X509Certificate;

use crate::domain::{Code, Refusal};
use crate::trust::path::Place;

/// id-kp-clientAuth, 1.3.6.1.5.5.7.3.2.
const CLIENT_AUTH: &[u8] = &[0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02];
/// id-kp-emailProtection, 1.3.6.1.5.5.7.3.4.
const EMAIL_PROTECTION: &[u8] = &[0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x04];
/// id-kp-documentSigning, 1.3.6.1.5.5.7.3.36 (RFC 9336).
const DOCUMENT_SIGNING: &[u8] = &[0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x24];
/// Microsoft's document signing, 1.3.6.1.4.1.311.10.3.12.
const MS_DOCUMENT_SIGNING: &[u8] = &[0x2B, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x0A, 0x03, 0x0C];
/// Adobe's authentic documents trust, 1.2.840.113583.1.1.5.
const ADOBE_PDF: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x2F, 0x01, 0x01, 0x05];
/// id-kp-timeStamping, 1.3.6.1.5.5.7.3.8.
const TIME_STAMPING: &[u8] = &[0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x08];
/// anyExtendedKeyUsage, 2.5.29.37.0.
const ANY: &[u8] = &[0x55, 0x1D, 0x25, 0x00];

/// The extended key usages that suit a use: the extension is absent, or one of these is in it, for every certificate
/// of the path that has the extension (as webpki and the browsers read it).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    purposes: &'static [&'static [u8]],
}

impl Usage {
    /// Signers of messages: clientAuth or emailProtection, which is what the real certificates have (REFERENCE 4.4), or
    /// anyExtendedKeyUsage. RFC 5280, 4.2.1.12 lets an application refuse `any` where it wants a particular purpose;
    /// here it says what an absent extension says, no restriction, and an absent extension is accepted. What must not
    /// sign messages (TLS servers, OCSP responders, time stamps) has a purpose of its own and not these.
    pub const SIGNER: Self = Self { purposes: &[CLIENT_AUTH, EMAIL_PROTECTION, ANY] };

    /// Signers of documents, persons and agencies: as the signers of messages, and the purposes made for documents.
    pub const DOCUMENT: Self =
        Self { purposes: &[CLIENT_AUTH, EMAIL_PROTECTION, DOCUMENT_SIGNING, MS_DOCUMENT_SIGNING, ADOBE_PDF, ANY] };

    /// Authorities of time stamps. That it stands alone and is critical (RFC 3161, 2.3) is looked at by whoever checks
    /// the time stamp.
    pub const TIME_STAMP: Self = Self { purposes: &[TIME_STAMPING] };

    /// Any of these purposes, each as the contents of an OBJECT IDENTIFIER.
    #[must_use]
    pub const fn of(purposes: &'static [&'static [u8]]) -> Self {
        Self { purposes }
    }
}

impl ExtendedKeyUsageValidator for Usage {
    fn validate(&self, present: KeyPurposeIdIter<'_, '_>) -> Result<(), Error> {
        let mut is_absent = true;
        for purpose in present {
            is_absent = false;
            let purpose = purpose?;
            if self.purposes.iter().any(|known| KeyPurposeId::new(known) == purpose) {
                return Ok(());
            }
        }
        let context = RequiredEkuNotFoundContext { required: webpki::KeyUsage::client_auth(), present: Vec::new() };
        if is_absent { Ok(()) } else { Err(Error::RequiredEkuNotFoundContext(context)) }
    }
}

/// A signer's certificate names its holder and has digitalSignature or nonRepudiation, without keyCertSign, which
/// nobody but an authority may have (RFC 5280, 4.2.1.9). That it is not an authority's is checked by webpki.
pub(super) fn check_leaf(certificate: &X509Certificate<'_>) -> Result<(), Refusal> {
    if is_nameless(certificate) {
        return Err(Refusal::new(Code::CertificateInvalid, "the signer's certificate names no holder"));
    }
    let usage = certificate.key_usage().map_err(|_| malformed(Place::Leaf, "keyUsage"))?;
    let refused = |detail: &'static str| Err(Refusal::new(Code::CertificateUsage, detail));
    match usage.map(|usage| usage.value) {
        None => refused("the signer's certificate has no keyUsage"),
        Some(usage) if usage.key_cert_sign() => refused("the signer's certificate may sign certificates (keyCertSign)"),
        Some(usage) if usage.digital_signature() || usage.non_repudiation() => Ok(()),
        Some(_) => refused("keyUsage of the signer's certificate has neither digitalSignature nor nonRepudiation"),
    }
}

/// RFC 5280, 4.1.2.6: the subject is a sequence of no parts.
fn is_nameless(certificate: &X509Certificate<'_>) -> bool {
    certificate.subject().iter_rdn().next().is_none()
}

/// An authority's certificate has a name, cA and keyCertSign, and its pathLenConstraint allows `below` authorities
/// under it.
pub(super) fn check_issuer(certificate: &X509Certificate<'_>, place: Place, below: usize) -> Result<(), Refusal> {
    if is_nameless(certificate) {
        return Err(no_authority(place, "has an empty subject"));
    }
    let constraints = certificate.basic_constraints().map_err(|_| malformed(place, "basicConstraints"))?;
    let constraints = constraints.filter(|constraints| constraints.value.ca);
    let Some(constraints) = constraints else { return Err(no_authority(place, "is not that of a CA")) };
    if !may(certificate, place, KeyUsage::key_cert_sign)? {
        return Err(no_authority(place, "may not issue certificates (keyUsage without keyCertSign)"));
    }
    let longest = constraints.value.path_len_constraint.and_then(|longest| usize::try_from(longest).ok());
    match longest {
        Some(longest) if below > longest => Err(no_authority(place, "does not allow so many CAs below it (pathLen)")),
        _ => Ok(()),
    }
}

/// Whether an authority's certificate lets its key sign CRLs (RFC 5280, 6.3.3 (f)).
pub(super) fn signs_crls(certificate: &X509Certificate<'_>) -> bool {
    may(certificate, Place::Issuer(0), KeyUsage::crl_sign).unwrap_or(false)
}

fn may(certificate: &X509Certificate<'_>, place: Place, bit: impl Fn(&KeyUsage) -> bool) -> Result<bool, Refusal> {
    let usage = certificate.key_usage().map_err(|_| malformed(place, "keyUsage"))?;
    Ok(usage.is_some_and(|usage| bit(usage.value)))
}

fn malformed(place: Place, extension: &str) -> Refusal {
    Refusal::new(Code::CertificateInvalid, format!("{extension} of {place} is malformed or stands twice"))
}

fn no_authority(place: Place, why: &str) -> Refusal {
    Refusal::new(Code::ChainNotFound, format!("{place} {why}"))
}
