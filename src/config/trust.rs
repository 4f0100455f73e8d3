//! `[trust]`: how old revocation data may be, and where it is fetched from. Nothing else is ever fetched: a URL inside a
//! certificate is no address.

use std::fmt::Write as _;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::config::ConfigError;
use crate::domain::Digest;
use crate::trust::files::CRL_FILE_OCTETS_MAX;
use crate::trust::{Ages, Rules, Usage};

const HOUR_MS: i64 = 60 * 60 * 1000;
/// Most sources, and most addresses of one.
const SOURCES_MAX: usize = 100;

/// `[trust]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrustConfig {
    /// How often a CRL is asked for, minutes. Default 30.
    pub refresh_minutes: u32,
    /// Longest wait for one answer, from the first octet sent to the last received, seconds. Default 20.
    pub timeout_seconds: u32,
    /// Largest CRL that is fetched, octets. Default 33,554,432.
    pub crl_bytes_max: u64,
    /// Greatest age of a CRL that speaks of signers, days. Default 30.
    pub crl_age_days_max: u32,
    /// Greatest age of a CRL that speaks of authorities, days: roots make them seldom. Default 400.
    pub authority_crl_age_days_max: u32,
    /// Greatest age of an OCSP answer, hours. Default 168.
    pub ocsp_age_hours_max: u32,
    /// Most signers of one authority about whom answers are fetched. Default 500.
    pub ocsp_signers_max: u32,
    /// How many days before its end a certificate is told of. Default 30.
    pub warn_days: u32,
    /// Where revocation data comes from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub source: Vec<TrustSource>,
}

/// `[[trust.source]]`: the addresses of one authority.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustSource {
    /// SHA-256 of the authority's certificate, as `truc trust list` shows it.
    pub issuer: Digest,
    /// Its CRLs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub crl: Vec<String>,
    /// Its OCSP responder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ocsp: Option<String>,
    /// Whether a nonce is sent, which then must come back. Some responders answer from a shelf and bring none back.
    /// Default true.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub ocsp_nonce: bool,
}

const fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
const fn is_yes(value: &bool) -> bool {
    *value
}

impl Default for TrustConfig {
    fn default() -> Self {
        Self {
            refresh_minutes: 30,
            timeout_seconds: 20,
            crl_bytes_max: CRL_FILE_OCTETS_MAX,
            crl_age_days_max: 30,
            authority_crl_age_days_max: 400,
            ocsp_age_hours_max: 168,
            ocsp_signers_max: 500,
            warn_days: 30,
            source: Vec::new(),
        }
    }
}

impl TrustConfig {
    /// By what signers of messages are judged.
    #[must_use]
    pub fn rules(&self) -> Rules {
        let hours = |hours: u32| i64::from(hours).saturating_mul(HOUR_MS);
        let days = |days: u32| hours(days.saturating_mul(24));
        let ages = Ages {
            signer_crl_ms: days(self.crl_age_days_max),
            authority_crl_ms: days(self.authority_crl_age_days_max),
            ocsp_ms: hours(self.ocsp_age_hours_max),
        };
        Rules { usage: Usage::SIGNER, ages, warn_days: i64::from(self.warn_days) }
    }

    /// How often a CRL is asked for.
    #[must_use]
    pub fn refresh(&self) -> Duration {
        Duration::from_secs(u64::from(self.refresh_minutes).saturating_mul(60))
    }

    /// Longest wait for one answer.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        Duration::from_secs(u64::from(self.timeout_seconds))
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let fault = |key, reason| Err(ConfigError::Value { key, reason });
        if !(1..=1_440).contains(&self.refresh_minutes) {
            return fault("trust.refresh_minutes", "must be from 1 to 1440 (a day)");
        }
        if !(1..=300).contains(&self.timeout_seconds) {
            return fault("trust.timeout_seconds", "must be from 1 to 300");
        }
        if !(1..=CRL_FILE_OCTETS_MAX).contains(&self.crl_bytes_max) {
            return fault("trust.crl_bytes_max", "must be from 1 to 33554432 (32 MiB)");
        }
        let ages = [self.crl_age_days_max, self.authority_crl_age_days_max, self.ocsp_age_hours_max];
        if ages.iter().any(|age| !(1..=10_000).contains(age)) {
            return fault("trust.*_age_*_max", "must be from 1 to 10000");
        }
        if !(1..=1_000).contains(&self.ocsp_signers_max) {
            return fault("trust.ocsp_signers_max", "must be from 1 to 1000");
        }
        self.check_sources()
    }

    fn check_sources(&self) -> Result<(), ConfigError> {
        let fault = |key, reason| Err(ConfigError::Value { key, reason });
        if self.source.len() > SOURCES_MAX || self.source.iter().any(|source| source.crl.len() > SOURCES_MAX) {
            return fault("trust.source", "at most 100, each with at most 100 CRLs");
        }
        let mut addresses = self.source.iter().flat_map(|source| source.crl.iter().chain(&source.ocsp));
        if !addresses.all(|address| is_address(address)) {
            return fault(
                "trust.source",
                "every address must be http://host/…: what comes from it carries its own signature",
            );
        }
        Ok(())
    }
}

/// `http://host[:port]/…`, without user and fragment.
fn is_address(address: &str) -> bool {
    let Ok(uri) = address.parse::<http::Uri>() else { return false };
    let is_plain = uri.authority().is_some_and(|authority| !authority.as_str().contains('@'));
    uri.scheme_str() == Some("http") && is_plain && uri.host().is_some_and(|host| !host.is_empty())
}

/// The section of a new `truc.toml`, explained in Vietnamese and English.
pub(super) fn template(trust: &TrustConfig) -> String {
    let mut text = format!(
        "
[trust]
# CRL và trả lời OCSP chỉ lấy từ các nguồn khai ở đây, không bao giờ theo địa chỉ trong chứng thư số.
# CRLs and OCSP answers come from the sources named here, never from an address in a certificate.
refresh_minutes = {}
timeout_seconds = {}
crl_bytes_max = {}
# Tuổi lớn nhất của CRL, của trả lời OCSP. / Greatest age of CRLs and OCSP answers.
crl_age_days_max = {}
authority_crl_age_days_max = {}
ocsp_age_hours_max = {}
ocsp_signers_max = {}
# Báo trước khi chứng thư số hết hạn. / Told of before a certificate ends.
warn_days = {}
# issuer: SHA-256 của chứng thư số CA, xem bằng truc trust list. / SHA-256 of the CA's certificate, see truc trust list.
# [[trust.source]]
# issuer = \"…\"
# crl = [\"http://ca.example.vn/ca.crl\"]
# ocsp = \"http://ocsp.example.vn/\"
",
        trust.refresh_minutes,
        trust.timeout_seconds,
        trust.crl_bytes_max,
        trust.crl_age_days_max,
        trust.authority_crl_age_days_max,
        trust.ocsp_age_hours_max,
        trust.ocsp_signers_max,
        trust.warn_days,
    );
    for TrustSource { issuer, crl, ocsp, ocsp_nonce } in &trust.source {
        let ocsp = ocsp.as_ref().map(|address| format!("ocsp = {address:?}\n")).unwrap_or_default();
        let _ = write!(
            // into a String, which takes everything
            text,
            "[[trust.source]]\nissuer = \"{issuer}\"\ncrl = {crl:?}\n{ocsp}ocsp_nonce = {ocsp_nonce}\n"
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_plain_http_and_name_a_host() {
        for good in ["http://ca.gov.vn/pki/pub/crl/rootcag2.crl", "http://127.0.0.1:8080", "http://ocsp.ca.gov.vn/"] {
            assert!(is_address(good), "{good}");
        }
        for bad in
            ["https://ca.gov.vn/", "ca.gov.vn/x.crl", "file:///etc/passwd", "http://", "http://u:p@ca/", "", "/x"]
        {
            assert!(!is_address(bad), "{bad}");
        }
    }
}
