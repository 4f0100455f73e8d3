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
    /// revocationDate.
    pub(super) revoked: Timestamp,
    /// invalidityDate: since when the key may be in other hands.
    pub(super) invalid: Option<Timestamp>,
    pub(super) reason: Option<RevocationReason>,
}

impl Entry {
    /// From when on the entry counts: revocationDate, or invalidityDate where that is earlier.
    pub(super) fn at(self) -> Timestamp {
        self.invalid.map_or(self.revoked, |invalid| invalid.min(self.revoked))
    }

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

    /// Certificates that it names.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
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
    entries.sort_by(|(a, first), (b, second)| a.cmp(b).then(first.at().cmp(&second.at())));
    entries.dedup_by(|(later, _), (kept, _)| later == kept);
    Ok(entries)
}

fn kept(entry: &BorrowedRevokedCert<'_>) -> (Box<[u8]>, Entry) {
    let (revoked, invalid) = (timestamp(entry.revocation_date), entry.invalidity_date.map(timestamp));
    (entry.serial_number.into(), Entry { revoked, invalid, reason: entry.reason_code })
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::trust::pki::{Authority, CrlPlan, Key, Revoked, Subject, Validity};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn authority() -> Authority {
        let validity = Validity { from: at("2026-01-01T00:00:00Z"), until: at("2036-01-01T00:00:00Z") };
        Authority::root(&Subject::named("CA"), validity, Key::generate().unwrap()).unwrap()
    }

    fn crl(authority: &Authority, entries: u32) -> Vec<u8> {
        let entry = |n: u32| Revoked {
            serial: [[0x81; 4], n.to_be_bytes()].concat(),
            at: at("2026-06-01T00:00:00Z"),
            reason: Some(rcgen::RevocationReason::CertificateHold),
            invalid_since: None,
        };
        let plan = CrlPlan {
            number: 7,
            this_update: at("2026-11-22T00:00:00Z"),
            next_update: at("2026-11-29T00:00:00Z"),
            revoked: (0..entries).rev().map(entry).collect(),
        };
        authority.crl(&plan).unwrap()
    }

    fn spki(authority: &Authority) -> Vec<u8> {
        let certificate = x509_parser::parse_x509_certificate(authority.certificate()).unwrap().1;
        certificate.public_key().raw.to_vec()
    }

    #[test]
    fn a_crl_is_read_and_asked_by_serial_number() {
        let authority = authority();
        let crl = Crl::parse(crl(&authority, 300)).unwrap();
        assert_eq!(crl.number.to_string(), "7");
        assert_eq!((crl.this_update, crl.next_update), (at("2026-11-22T00:00:00Z"), at("2026-11-29T00:00:00Z")));
        let entry = crl.entry(&[0x00, 0x81, 0x81, 0x81, 0x81, 0, 0, 1, 43]).unwrap();
        assert_eq!(entry.at(), at("2026-06-01T00:00:00Z"));
        assert!(entry.is_hold());
        assert_eq!(
            crl.entry(&[0x81, 0x81, 0x81, 0x81, 0, 0, 1, 43]),
            None,
            "another number: the sign octet is missing"
        );
        assert_eq!(crl.entry(&[1]), None);
        assert!(crl.is_signed_by(&spki(&authority)));
        assert!(!crl.is_signed_by(&spki(&self::authority())));
        assert!(!crl.is_signed_by(b"no key"));
    }

    #[test]
    fn a_crl_with_one_octet_changed_is_refused_or_not_signed() {
        let authority = authority();
        let (original, spki) = (crl(&authority, 2), spki(&authority));
        for at in 0..original.len() {
            for flip in [0x01, 0x80, 0xFF] {
                let mut changed = original.clone();
                changed[at] ^= flip;
                let is_believed = Crl::parse(changed).is_ok_and(|crl| crl.is_signed_by(&spki));
                assert!(!is_believed, "octet {at}");
            }
            assert!(Crl::parse(original[..at].to_vec()).is_err(), "cut at {at}");
        }
    }

    proptest! {
        #[test]
        fn whatever_the_octets_nothing_panics(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Crl::parse(octets);
        }
    }
}
