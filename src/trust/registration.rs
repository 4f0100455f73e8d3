//! The register of signing certificates: which certificate may speak for which agency, and when. No field of a
//! certificate holds the agency's code (REFERENCE 4.4), so the hub keeps the link itself.

use serde::{Deserialize, Serialize};

use crate::domain::{Digest, OrganId, Timestamp};
use crate::signature::SignerInfo;

/// A line of the register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    /// The agency for which the certificate may speak.
    pub agency: OrganId,
    /// Whether it may speak for the agencies below it as well, by their codes: see [`covers`].
    pub subtree: bool,
    /// Which certificate.
    pub certificate: CertificateRule,
    /// From when on, inclusive.
    pub from: Timestamp,
    /// Until when, exclusive; without an end where there is none.
    pub until: Option<Timestamp>,
}

/// How a certificate is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum CertificateRule {
    /// This very certificate, by the SHA-256 of its DER.
    BySha256(Digest),
    /// Any certificate of this holder by this issuer, so that a renewal needs no new line. It is as safe as the
    /// anchors: whoever may issue under them in the issuer's name can make such a certificate.
    BySubjectIssuer {
        /// Subject, as [`SignerInfo::subject`] has it, character for character.
        subject: String,
        /// Issuer, as [`SignerInfo::issuer`] has it.
        issuer: String,
    },
}

impl CertificateRule {
    /// Whether the rule means this certificate.
    #[must_use]
    pub fn matches(&self, signer: &SignerInfo) -> bool {
        match self {
            Self::BySha256(sha256) => *sha256 == signer.sha256,
            Self::BySubjectIssuer { subject, issuer } => *subject == signer.subject && *issuer == signer.issuer,
        }
    }
}

impl Registration {
    /// Whether this line lets the signer speak for the agency at that time. The signer's path is checked elsewhere.
    #[must_use]
    pub fn speaks_for(&self, signer: &SignerInfo, agency: &OrganId, at: Timestamp) -> bool {
        let in_time = self.from <= at && self.until.is_none_or(|until| at < until);
        in_time && self.certificate.matches(signer) && self.reaches(agency)
    }

    fn reaches(&self, agency: &OrganId) -> bool {
        self.agency == *agency || (self.subtree && covers(&self.agency, agency))
    }
}

/// Whether `below` is `above` or stands under it, by the grammar of the codes alone:
///
/// - new codes (QĐ 20/2020, REFERENCE 3.2), level 1 first: `G22` covers `G22.01` and `G22.01.02`;
/// - old codes (QCVN 102:2016, REFERENCE 3.1), level 1 last, unused levels zero in front: `000.00.00.G22` covers
///   `000.00.15.G22` and `002.07.15.G22`; zero groups in front say nothing, so `00.15.G22` is the same place;
/// - an old code and a new one never cover each other, not even `000.00.00.G22` and `G22`: which new code an old one
///   became is a table of the directory, not a rule;
/// - codes of neither grammar (`00.22.W00`, `vxp.saas.01`) cover themselves alone.
#[must_use]
pub fn covers(above: &OrganId, below: &OrganId) -> bool {
    if above == below {
        return true;
    }
    match (Code::of(above.as_str()), Code::of(below.as_str())) {
        (Some(Code::New(above)), Some(Code::New(below))) => below.starts_with(&above),
        (Some(Code::Old(above)), Some(Code::Old(below))) => below.ends_with(&above),
        _ => false,
    }
}

/// A code cut into its groups, by grammar.
enum Code<'a> {
    /// Level 1 first.
    New(Vec<&'a str>),
    /// Level 1 last, without the zero groups in front.
    Old(Vec<&'a str>),
}

impl<'a> Code<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let groups: Vec<_> = text.split('.').collect();
        let alphanumeric = |group: &&str| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let numeric = |group: &&str| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit());
        match groups.as_slice() {
            [first, rest @ ..] if is_level_1(first) && rest.iter().all(alphanumeric) => Some(Self::New(groups)),
            [rest @ .., last] if is_level_1(last) && rest.iter().all(numeric) => {
                Some(Self::Old(groups.into_iter().skip_while(|group| group.bytes().all(|byte| byte == b'0')).collect()))
            }
            _ => None,
        }
    }
}

/// A ministry or a province: a letter from A to K and two digits.
fn is_level_1(group: &str) -> bool {
    matches!(group.as_bytes(), [b'A'..=b'K', b'0'..=b'9', b'0'..=b'9'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> OrganId {
        text.parse().unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn signer() -> SignerInfo {
        SignerInfo {
            sha256: Digest::of(b"certificate"),
            subject: "CN=VĂN PHÒNG CHÍNH PHỦ,C=VN".to_owned(),
            issuer: "CN=CA,C=VN".to_owned(),
            serial: "01".to_owned(),
            not_before: at("2026-01-01T00:00:00Z"),
            not_after: at("2029-01-01T00:00:00Z"),
        }
    }

    fn registration(agency: &str, subtree: bool, certificate: CertificateRule) -> Registration {
        Registration { agency: id(agency), subtree, certificate, from: at("2026-06-01T00:00:00Z"), until: None }
    }

    #[test]
    fn a_subtree_follows_the_groups_of_the_code() {
        let cases = [
            ("G22", "G22", true),
            ("G22", "G22.01", true),
            ("G22", "G22.01.02", true),
            ("G22.01", "G22.01.02", true),
            ("H37.DN", "H37.DN.001", true),
            ("G22.01", "G22", false),
            ("G22.01", "G22.011", false),
            ("G22", "G221", false),
            ("G2", "G22", false),
            ("G22", "H22.01", false),
            ("000.00.00.G22", "000.00.00.G22", true),
            ("000.00.00.G22", "000.00.15.G22", true),
            ("000.00.00.G22", "002.07.15.G22", true),
            ("000.00.15.G22", "000.07.15.G22", true),
            ("000.00.15.G22", "15.G22", true),
            ("01.02.G22", "000.01.02.G22", true),
            ("000.00.15.G22", "000.00.00.G22", false),
            ("000.00.15.G22", "000.15.00.G22", false),
            ("000.00.05.G22", "000.00.15.G22", false),
            ("000.00.00.G22", "000.00.00.G23", false),
            ("000.00.00.G22", "G22", false),
            ("G22", "000.00.15.G22", false),
            ("00.00.W00", "00.22.W00", false),
            ("vxp", "vxp.saas.01", false),
            ("vxp.saas.01", "vxp.saas.01", true),
            ("G22", "G22.", false),
            ("G22", "G22..01", false),
        ];
        for (above, below, expected) in cases {
            assert_eq!(covers(&id(above), &id(below)), expected, "{above} over {below}");
        }
    }

    #[test]
    fn a_certificate_speaks_for_its_agency_alone_unless_the_line_says_more() {
        let now = at("2026-11-22T00:00:00Z");
        let by_hash = CertificateRule::BySha256(signer().sha256);
        let one = registration("G22", false, by_hash.clone());
        assert!(one.speaks_for(&signer(), &id("G22"), now));
        assert!(!one.speaks_for(&signer(), &id("G22.01"), now));
        assert!(registration("G22", true, by_hash).speaks_for(&signer(), &id("G22.01"), now));
        let other = registration("G22", true, CertificateRule::BySha256(Digest::of(b"other")));
        assert!(!other.speaks_for(&signer(), &id("G22"), now));
    }

    #[test]
    fn a_holder_is_known_by_subject_and_issuer_together() {
        let now = at("2026-11-22T00:00:00Z");
        let rule = |subject: &str, issuer: &str| {
            let rule = CertificateRule::BySubjectIssuer { subject: subject.to_owned(), issuer: issuer.to_owned() };
            registration("G22", false, rule).speaks_for(&signer(), &id("G22"), now)
        };
        assert!(rule(&signer().subject, &signer().issuer));
        assert!(!rule(&signer().subject, "CN=CA khác,C=VN"));
        assert!(!rule("CN=BỘ KHÁC,C=VN", &signer().issuer));
    }

    #[test]
    fn a_line_holds_from_its_first_instant_to_before_its_last() {
        let mut line = registration("G22", false, CertificateRule::BySha256(signer().sha256));
        line.until = Some(at("2026-12-01T00:00:00Z"));
        let speaks = |time: &str| line.speaks_for(&signer(), &id("G22"), at(time));
        assert!(!speaks("2026-05-31T23:59:59.999Z"));
        assert!(speaks("2026-06-01T00:00:00Z"));
        assert!(speaks("2026-11-30T23:59:59.999Z"));
        assert!(!speaks("2026-12-01T00:00:00Z"));
    }

    #[test]
    fn a_line_is_kept_as_json() {
        let line = registration("G22", true, CertificateRule::BySha256(signer().sha256));
        let json = serde_json::to_string(&line).unwrap();
        assert!(json.contains("\"by_sha256\":\""), "{json}");
        assert_eq!(serde_json::from_str::<Registration>(&json).unwrap(), line);
    }
}
