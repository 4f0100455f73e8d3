//! An authority: its certificate and its key, and what it signs.

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, IsCa, Issuer, KeyIdMethod, KeyPair,
    KeyUsagePurpose, PublicKeyData, RevocationReason, RevokedCertParams, SerialNumber, date_time_ymd,
};
use rustls_pki_types::CertificateDer;

use super::{Key, PkiError, Profile, Subject, Validity, since_1970};
use crate::domain::{Digest, Timestamp};

/// A certificate authority that can issue.
#[derive(Debug)]
pub struct Authority {
    certificate: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate that a CRL lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoked {
    /// The serial number: big-endian, without sign octet.
    pub serial: Vec<u8>,
    /// From when on it is revoked.
    pub at: Timestamp,
    /// Why, if it is said.
    pub reason: Option<RevocationReason>,
    /// invalidityDate, if it is said.
    pub invalid_since: Option<Timestamp>,
}

/// What a CRL says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrlPlan {
    /// cRLNumber; grows with every CRL of the authority.
    pub number: u64,
    /// thisUpdate.
    pub this_update: Timestamp,
    /// nextUpdate; after it the CRL proves nothing.
    pub next_update: Timestamp,
    /// Every certificate that is revoked or on hold.
    pub revoked: Vec<Revoked>,
}

impl Authority {
    /// A self-signed root.
    ///
    /// # Errors
    /// When the name or the dates cannot be written into a certificate.
    pub fn root(subject: &Subject, validity: Validity, key: Key) -> Result<Self, PkiError> {
        let params = ca_params(subject, validity, &key, BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key.0)?.into();
        Ok(Self { certificate, issuer: Issuer::new(params, key.0) })
    }

    /// An issuing authority under this one, which may have none below it (pathLenConstraint 0).
    ///
    /// # Errors
    /// When the name or the dates cannot be written into a certificate.
    pub fn subordinate(&self, subject: &Subject, validity: Validity, key: Key) -> Result<Self, PkiError> {
        let params = ca_params(subject, validity, &key, BasicConstraints::Constrained(0));
        let certificate = params.signed_by(&key.0, &self.issuer)?.into();
        Ok(Self { certificate, issuer: Issuer::new(params, key.0) })
    }

    /// An authority that was made before, from its certificate and key.
    ///
    /// # Errors
    /// When the certificate cannot be read.
    pub fn continued(certificate: CertificateDer<'static>, key: Key) -> Result<Self, PkiError> {
        let issuer = Issuer::from_ca_cert_der(&certificate, key.0)?;
        Ok(Self { certificate, issuer })
    }

    /// The authority's own certificate.
    #[must_use]
    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// The authority's key in PKCS#8 PEM. Keep it secret.
    #[must_use]
    pub fn key_pem(&self) -> String {
        self.issuer.key().serialize_pem()
    }

    pub(super) fn signing_key(&self) -> &KeyPair {
        self.issuer.key()
    }

    /// Certifies a key: the end-entity certificate in DER.
    ///
    /// # Errors
    /// When the names or dates cannot be written into a certificate.
    pub fn issue(
        &self,
        profile: &Profile,
        subject: &Subject,
        validity: Validity,
        key: &Key,
    ) -> Result<CertificateDer<'static>, PkiError> {
        let mut params = CertificateParams::new(profile.names.clone())?;
        params.key_usages.clone_from(&profile.key_usages);
        params.extended_key_usages.clone_from(&profile.purposes);
        params.is_ca.clone_from(&profile.is_ca);
        params.custom_extensions.clone_from(&profile.others);
        fill(&mut params, subject, validity, key);
        Ok(params.signed_by(&key.0, &self.issuer)?.into())
    }

    /// A CRL of this authority, in DER.
    ///
    /// # Errors
    /// When nextUpdate is not after thisUpdate.
    pub fn crl(&self, plan: &CrlPlan) -> Result<Vec<u8>, PkiError> {
        let params = CertificateRevocationListParams {
            this_update: date_time_ymd(1970, 1, 1) + since_1970(plan.this_update),
            next_update: date_time_ymd(1970, 1, 1) + since_1970(plan.next_update),
            crl_number: SerialNumber::from(plan.number),
            issuing_distribution_point: None,
            revoked_certs: plan.revoked.iter().map(entry).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        Ok(params.signed_by(&self.issuer)?.der().to_vec())
    }
}

fn entry(revoked: &Revoked) -> RevokedCertParams {
    RevokedCertParams {
        serial_number: SerialNumber::from_slice(&revoked.serial),
        revocation_time: date_time_ymd(1970, 1, 1) + since_1970(revoked.at),
        reason_code: revoked.reason,
        invalidity_date: revoked.invalid_since.map(|at| date_time_ymd(1970, 1, 1) + since_1970(at)),
    }
}

fn ca_params(subject: &Subject, validity: Validity, key: &Key, constraints: BasicConstraints) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(constraints);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    fill(&mut params, subject, validity, key);
    params
}

fn fill(params: &mut CertificateParams, subject: &Subject, validity: Validity, key: &Key) {
    params.distinguished_name = subject.distinguished_name();
    params.not_before = date_time_ymd(1970, 1, 1) + since_1970(validity.from);
    params.not_after = date_time_ymd(1970, 1, 1) + since_1970(validity.until);
    params.use_authority_key_identifier_extension = true;
    params.serial_number = Some(serial(subject, validity, key));
}

/// 15 octets of a digest over key, name and date: unique without a counter, the same for the same certificate, and
/// below the 20 octets of RFC 5280, 4.1.2.2.
fn serial(subject: &Subject, validity: Validity, key: &Key) -> SerialNumber {
    let from = validity.from.as_millis().to_be_bytes();
    let digest = Digest::of_parts(&[&key.0.subject_public_key_info(), subject.common_name.as_bytes(), &from]);
    let mut octets = vec![0x01];
    octets.extend(digest.as_bytes().iter().take(15));
    SerialNumber::from(octets)
}
