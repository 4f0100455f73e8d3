//! One CRL: read by webpki, which refuses what it cannot apply (delta and indirect CRLs, partition by reason, unknown
//! critical extensions, no nextUpdate), and kept as a table of serial numbers.

mod number;
mod parts;
mod scope;

pub(super) use number::Number;
pub(super) use scope::Scope;

use rustls_pki_types::UnixTime;
use webpki::{BorrowedCertRevocationList, BorrowedRevokedCert, Error, RevocationReason};
use x509_parser::extensions::{ParsedExtension, X509Extension};
use x509_parser::oid_registry::OID_X509_EXT_CRL_NUMBER;

use crate::domain::Timestamp;
use crate::signature::{Material, MaterialKind};
use crate::trust::algorithms::is_signed_by;
use crate::trust::files::FileError;
use parts::Parts;

/// A CRL that can be applied. Whose it is says [`Crl::is_signed_by`].
#[derive(Debug)]
pub(super) struct Crl {
    /// The issuer's name: the whole DER of it.
    pub(super) issuer: Vec<u8>,
    pub(super) number: Number,
    pub(super) this_update: Timestamp,
    pub(super) next_update: Timestamp,
    pub(super) scope: Scope,
    pub(super) material: Material,
    entries: Entries,
}

/// Sorted by serial number, as the contents of its INTEGER stand.
type Entries = Vec<(Box<[u8]>, Entry)>;

/// That a certificate is on a CRL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    /// revocationDate, or invalidityDate where that is earlier.
    pub(super) at: Timestamp,
    pub(super) reason: Option<RevocationReason>,
}

impl Entry {
    /// Whether the certificate may come back (RFC 5280, 5.3.1).
    pub(super) fn is_hold(self) -> bool {
        self.reason == Some(RevocationReason::CertificateHold)
    }
}

impl Crl {
    pub(super) fn parse(der: Vec<u8>) -> Result<Self, FileError> {
        let list = BorrowedCertRevocationList::from_der(&der).map_err(|error| unusable(&error))?;
        let entries = entries(&list).map_err(|error| unusable(&error))?;
        let parts = Parts::of(&der).ok_or_else(|| FileError::Content("the CRL is malformed".to_owned()))?;
        let number =
            number(&parts).ok_or_else(|| FileError::Content("the CRL has no cRLNumber as it must be".to_owned()))?;
        let (issuer, this_update, next_update) = (parts.issuer.to_vec(), parts.this_update, parts.next_update);
        let scope = scope(&parts)?;
        Ok(Self {
            issuer,
            number,
            this_update,
            next_update,
            scope,
            entries,
            material: Material::new(MaterialKind::Crl, der),
        })
    }

    /// Whether the key of this SubjectPublicKeyInfo made the CRL's signature.
    pub(super) fn is_signed_by(&self, spki: &[u8]) -> bool {
        Parts::of(&self.material.der)
            .is_some_and(|parts| is_signed_by(spki, parts.algorithm, parts.signed, parts.signature))
    }

    /// The entry of a certificate, by the contents of its serial number.
    pub(super) fn entry(&self, serial: &[u8]) -> Option<Entry> {
        let at = self.entries.binary_search_by(|(known, _)| known.as_ref().cmp(serial)).ok()?;
        self.entries.get(at).map(|(_, entry)| *entry)
    }

    /// Which of two CRLs of the same issuer and scope is the later one.
    pub(super) fn is_later_than(&self, other: &Self) -> bool {
        (&self.number, self.this_update) > (&other.number, other.this_update)
    }

    /// What tells one series of CRLs of an issuer from another.
    pub(super) fn series(&self) -> String {
        self.scope.key()
    }
}

fn entries(list: &BorrowedCertRevocationList<'_>) -> Result<Entries, Error> {
    let mut entries = list.into_iter().map(|entry| Ok(kept(&entry?))).collect::<Result<Vec<_>, Error>>()?;
    entries.sort_by(|(a, first), (b, second)| a.cmp(b).then(first.at.cmp(&second.at)));
    entries.dedup_by(|(later, _), (kept, _)| later == kept);
    Ok(entries)
}

fn kept(entry: &BorrowedRevokedCert<'_>) -> (Box<[u8]>, Entry) {
    let since = entry.invalidity_date.map_or(entry.revocation_date, |date| date.min(entry.revocation_date));
    (entry.serial_number.into(), Entry { at: timestamp(since), reason: entry.reason_code })
}

fn timestamp(time: UnixTime) -> Timestamp {
    Timestamp::from_millis(i64::try_from(time.as_secs()).unwrap_or(i64::MAX).saturating_mul(1000))
}

/// cRLNumber, which every CRL has and none marks critical (RFC 5280, 5.2.3): without it a rollback cannot be told.
fn number(parts: &Parts<'_>) -> Option<Number> {
    let extension = parts.extensions().find(|extension| extension.oid == OID_X509_EXT_CRL_NUMBER)?;
    match extension.parsed_extension() {
        ParsedExtension::CRLNumber(number) if !extension.critical => Some(Number::new(&number.to_bytes_be())),
        _ => None,
    }
}

fn scope(parts: &Parts<'_>) -> Result<Scope, FileError> {
    use x509_parser::oid_registry::OID_X509_EXT_ISSUER_DISTRIBUTION_POINT as ISSUING_DISTRIBUTION_POINT;
    let extension = parts.extensions().find(|extension| extension.oid == ISSUING_DISTRIBUTION_POINT);
    match extension.as_ref().map(X509Extension::parsed_extension) {
        None => Ok(Scope::default()),
        Some(ParsedExtension::IssuingDistributionPoint(point)) => Ok(Scope::of(point)),
        Some(_) => Err(FileError::Content("issuingDistributionPoint of the CRL is malformed".to_owned())),
    }
}

fn unusable(error: &Error) -> FileError {
    FileError::Content(match error {
        Error::UnsupportedDeltaCrl => "delta CRLs are not applied".to_owned(),
        Error::UnsupportedIndirectCrl => "indirect CRLs are not applied".to_owned(),
        Error::UnsupportedRevocationReasonsPartitioning => "CRLs for some reasons only are not applied".to_owned(),
        Error::UnsupportedCrlIssuingDistributionPoint => {
            "CRLs with an issuingDistributionPoint without a full name are not applied".to_owned()
        }
        Error::UnsupportedCriticalExtension => "the CRL has a critical extension that is not known".to_owned(),
        Error::UnsupportedCrlVersion => "the CRL is not of version 2".to_owned(),
        other => format!("not a CRL that can be applied ({other:?})"),
    })
}
