//! OCSP answers of the test PKI: by the authority itself, or by a responder that it certified.

use rcgen::{CustomExtension, ExtendedKeyUsagePurpose, KeyUsagePurpose, SigningKey};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::{Authority, Key, PkiError, Profile};
use crate::domain::Timestamp;
use crate::signature::der::{BIT_STRING, INTEGER, NULL, OCTET_STRING, OID, SEQUENCE, write};

/// 1.2.840.10045.4.3.2, ecdsa-with-SHA256: the keys of the test PKI are P-256.
const ECDSA_SHA256: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02];
/// id-sha256.
const SHA256: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
/// id-pkix-ocsp-basic, id-pkix-ocsp-nonce.
const BASIC: &[u8] = &[0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x01];
const NONCE: &[u8] = &[0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x02];
/// id-pkix-ocsp-nocheck, 1.3.6.1.5.5.7.48.1.5.
const NO_CHECK: [u64; 10] = [1, 3, 6, 1, 5, 5, 7, 48, 1, 5];
const ENUMERATED: u8 = 0x0A;
const GENERALIZED_TIME: u8 = 0x18;

/// What an answer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OcspPlan {
    /// The serial number of the certificate that was asked about, as the contents of its INTEGER stand.
    pub serial: Vec<u8>,
    /// What is said of it.
    pub status: OcspStatus,
    /// thisUpdate.
    pub this_update: Timestamp,
    /// nextUpdate, where there is one.
    pub next_update: Option<Timestamp>,
    /// The nonce that is brought back.
    pub nonce: Option<Vec<u8>>,
}

/// certStatus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OcspStatus {
    /// Not revoked.
    Good,
    /// Revoked since then, with the code of the reason (RFC 5280, 5.3.1).
    Revoked(Timestamp, u8),
    /// Not known to the responder.
    Unknown,
}

impl Profile {
    /// An OCSP responder.
    #[must_use]
    pub fn ocsp_responder() -> Self {
        Self::system()
            .with_key_usages(&[KeyUsagePurpose::DigitalSignature])
            .with_purposes(&[ExtendedKeyUsagePurpose::OcspSigning])
    }

    /// The same profile with id-pkix-ocsp-nocheck (RFC 6960, 4.2.2.2.1): nobody need ask whether the responder itself is
    /// revoked.
    #[must_use]
    pub fn without_check(mut self) -> Self {
        self.others.push(CustomExtension::from_oid_content(&NO_CHECK, vec![NULL, 0]));
        self
    }
}

impl Authority {
    /// An answer signed by the authority itself, in DER.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn ocsp(&self, plan: &OcspPlan) -> Result<Vec<u8>, PkiError> {
        answer(self.certificate(), self.certificate(), self.signing_key(), plan)
    }

    /// An answer about a certificate of this authority, signed by this responder, whose certificate comes with it.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn ocsp_by(&self, responder: &[u8], key: &Key, plan: &OcspPlan) -> Result<Vec<u8>, PkiError> {
        answer(self.certificate(), responder, &key.0, plan)
    }
}

fn answer(authority: &[u8], responder: &[u8], key: &impl SigningKey, plan: &OcspPlan) -> Result<Vec<u8>, PkiError> {
    let data = data(authority, responder, plan).ok_or(rcgen::Error::CouldNotParseCertificate)?;
    let signature = key.sign(&data)?;
    let algorithm = write(SEQUENCE, &[&write(OID, &[ECDSA_SHA256])]);
    let certificates = write(0xA0, &[&write(SEQUENCE, &[responder])]);
    let basic = write(SEQUENCE, &[&data, &algorithm, &write(BIT_STRING, &[&[0], &signature]), &certificates]);
    let bytes = write(SEQUENCE, &[&write(OID, &[BASIC]), &write(OCTET_STRING, &[&basic])]);
    Ok(write(SEQUENCE, &[&write(ENUMERATED, &[&[0]]), &write(0xA0, &[&bytes])]))
}

fn data(authority: &[u8], responder: &[u8], plan: &OcspPlan) -> Option<Vec<u8>> {
    let (_, authority) = X509Certificate::from_der(authority).ok()?;
    let (_, responder) = X509Certificate::from_der(responder).ok()?;
    let hash = |octets: &[u8]| write(OCTET_STRING, &[ring::digest::digest(&ring::digest::SHA256, octets).as_ref()]);
    let name = hash(authority.subject().as_raw());
    let key = hash(&authority.public_key().subject_public_key.data);
    let algorithm = write(SEQUENCE, &[&write(OID, &[SHA256]), &write(NULL, &[])]);
    let id = write(SEQUENCE, &[&algorithm, &name, &key, &write(INTEGER, &[&plan.serial])]);
    let next = plan.next_update.map(|at| write(0xA0, &[&time(at)])).unwrap_or_default();
    let single = write(SEQUENCE, &[&id, &plan.status.der(), &time(plan.this_update), &next]);
    let by = write(0xA1, &[responder.subject().as_raw()]);
    let extensions = plan.nonce.as_ref().map(|nonce| extensions(nonce)).unwrap_or_default();
    Some(write(SEQUENCE, &[&by, &time(plan.this_update), &write(SEQUENCE, &[&single]), &extensions]))
}

impl OcspStatus {
    fn der(self) -> Vec<u8> {
        match self {
            Self::Good => write(0x80, &[]),
            Self::Revoked(at, reason) => write(0xA1, &[&time(at), &write(0xA0, &[&write(ENUMERATED, &[&[reason]])])]),
            Self::Unknown => write(0x82, &[]),
        }
    }
}

fn extensions(nonce: &[u8]) -> Vec<u8> {
    let value = write(OCTET_STRING, &[&write(OCTET_STRING, &[nonce])]);
    write(0xA1, &[&write(SEQUENCE, &[&write(SEQUENCE, &[&write(OID, &[NONCE]), &value])])])
}

/// `YYYYMMDDHHMMSSZ`.
fn time(at: Timestamp) -> Vec<u8> {
    let text: String = at.to_string().chars().take(19).filter(char::is_ascii_digit).collect();
    write(GENERALIZED_TIME, &[text.as_bytes(), b"Z"])
}
