//! The span of time in which a checked path holds without being checked again.

use x509_parser::prelude::X509Certificate;
use x509_parser::time::ASN1Time;

use crate::domain::{Code, Refusal, Timestamp};
use crate::trust::path::Place;

/// From `from`, inclusive, to `until`, exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
}

impl Window {
    /// Before anything is known.
    pub(super) fn always() -> Self {
        Self { from: Timestamp::from_millis(i64::MIN), until: Timestamp::from_millis(i64::MAX) }
    }

    /// The time in which both hold.
    pub(super) fn and(self, other: Self) -> Self {
        Self { from: self.from.max(other.from), until: self.until.min(other.until) }
    }

    pub(super) fn contains(self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }
}

/// The window of a certificate, if it is valid at `at`. notAfter counts to the end of its second (RFC 5280, 4.1.2.5).
pub(super) fn validity(certificate: &X509Certificate<'_>, place: Place, at: Timestamp) -> Result<Window, Refusal> {
    let validity = certificate.validity();
    let (from, last) = (timestamp(validity.not_before), timestamp(validity.not_after));
    let until = Timestamp::from_millis(last.as_millis().saturating_add(1000));
    if at < from {
        return Err(Refusal::new(Code::CertificateNotYetValid, format!("{place} is valid from {from} on")));
    }
    if at >= until {
        return Err(Refusal::new(Code::CertificateExpired, format!("{place} expired at {last}")));
    }
    Ok(Window { from, until })
}

/// A date of a certificate or CRL.
pub(super) fn timestamp(time: ASN1Time) -> Timestamp {
    Timestamp::from_millis(time.timestamp().saturating_mul(1000))
}
