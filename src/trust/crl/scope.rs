//! Of which certificates a CRL speaks (issuingDistributionPoint, RFC 5280, 5.2.5 and 6.3.3 (b)). webpki has refused the
//! kinds that it cannot apply (indirect, by reason, without a full name) before this is asked.

use x509_parser::extensions::{DistributionPointName, GeneralName, IssuingDistributionPoint, ParsedExtension};
use x509_parser::oid_registry::OID_X509_EXT_CRL_DISTRIBUTION_POINTS;
use x509_parser::prelude::X509Certificate;

/// The scope of a CRL.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::trust) struct Scope {
    /// The names of its distribution point, if it has the extension.
    names: Option<Vec<Name>>,
    only_signers: bool,
    only_authorities: bool,
}

/// A name of a distribution point. Names of other kinds match nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Name {
    Uri(String),
    /// The whole DER of a distinguished name.
    Directory(Vec<u8>),
}

impl Scope {
    pub(super) fn of(point: &IssuingDistributionPoint<'_>) -> Self {
        Self {
            names: Some(point.distribution_point.iter().flat_map(names).collect()),
            only_signers: point.only_contains_user_certs,
            only_authorities: point.only_contains_ca_certs,
        }
    }

    /// Whether the CRL speaks of this certificate: of every one if the CRL has no issuingDistributionPoint; else of
    /// those of its kind that share a distribution point with it. A certificate that names none has its issuer's name
    /// for one (RFC 5280, 6.3.3, last paragraph); webpki would take any CRL for it.
    pub(in crate::trust) fn includes(&self, certificate: &X509Certificate<'_>, is_authority: bool) -> bool {
        let Some(own) = &self.names else { return true };
        let is_of_kind = if is_authority { !self.only_signers } else { !self.only_authorities };
        is_of_kind && points(certificate).iter().any(|name| own.contains(name))
    }

    /// A text that tells scopes apart.
    pub(super) fn key(&self) -> String {
        format!("{self:?}")
    }
}

/// The distribution points where a CRL for all reasons by the certificate's own issuer is to be found.
fn points(certificate: &X509Certificate<'_>) -> Vec<Name> {
    let extension = match certificate.get_extension_unique(&OID_X509_EXT_CRL_DISTRIBUTION_POINTS) {
        Ok(None) => return vec![Name::Directory(certificate.issuer().as_raw().to_vec())],
        Ok(Some(extension)) => extension,
        Err(_) => return Vec::new(),
    };
    let ParsedExtension::CRLDistributionPoints(points) = extension.parsed_extension() else { return Vec::new() };
    let whole = points.points.iter().filter(|point| point.reasons.is_none() && point.crl_issuer.is_none());
    whole.flat_map(|point| point.distribution_point.iter()).flat_map(names).collect()
}

fn names(point: &DistributionPointName<'_>) -> Vec<Name> {
    let names = match point {
        DistributionPointName::FullName(names) => names.as_slice(),
        DistributionPointName::NameRelativeToCRLIssuer(_) => &[],
    };
    let name = |name: &GeneralName<'_>| match name {
        GeneralName::URI(uri) => Some(Name::Uri((*uri).to_owned())),
        GeneralName::DirectoryName(name) => Some(Name::Directory(name.as_raw().to_vec())),
        _ => None,
    };
    names.iter().filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    use rcgen::{
        CertificateParams, CertificateRevocationListParams, CrlDistributionPoint, CrlIssuingDistributionPoint,
        CrlScope, Issuer, KeyIdMethod, KeyPair, SerialNumber, date_time_ymd,
    };

    use crate::trust::crl::Crl;

    /// Whether a CRL with this scope speaks of a certificate with these distribution points.
    fn includes(uri: &str, scope: Option<CrlScope>, points: &[&str], is_authority: bool) -> bool {
        let mut params = CertificateParams::default();
        let point = |uri: &str| CrlDistributionPoint { uris: vec![uri.to_owned()] };
        params.crl_distribution_points = points.iter().map(|uri| point(uri)).collect();
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let crl = CertificateRevocationListParams {
            this_update: date_time_ymd(2026, 11, 22),
            next_update: date_time_ymd(2026, 11, 29),
            crl_number: SerialNumber::from(1_u64),
            issuing_distribution_point: Some(CrlIssuingDistributionPoint { distribution_point: point(uri), scope }),
            revoked_certs: Vec::new(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let crl = crl.signed_by(&Issuer::new(params, key)).unwrap();
        let (_, certificate) = x509_parser::parse_x509_certificate(certificate.der()).unwrap();
        Crl::parse(crl.der().to_vec()).unwrap().scope.includes(&certificate, is_authority)
    }

    #[test]
    fn a_partial_crl_speaks_only_of_its_part() {
        let (own, other) = ("http://ca/1.crl", "http://ca/2.crl");
        assert!(includes(own, None, &[own], false));
        assert!(includes(own, None, &[other, own], true));
        assert!(!includes(own, None, &[other], false));
        assert!(!includes(own, None, &[], false), "its distribution point is then the issuer's name");
    }

    #[test]
    fn a_crl_of_one_kind_says_nothing_of_the_other() {
        let own = "http://ca/1.crl";
        for (scope, is_authority, expected) in [
            (CrlScope::UserCertsOnly, false, true),
            (CrlScope::UserCertsOnly, true, false),
            (CrlScope::CaCertsOnly, false, false),
            (CrlScope::CaCertsOnly, true, true),
        ] {
            assert_eq!(includes(own, Some(scope), &[own], is_authority), expected, "{scope:?}, {is_authority}");
        }
    }
}
