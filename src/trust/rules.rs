//! What a store asks of signers and of revocation data beyond what these say of themselves.

use crate::trust::usage::Usage;

/// For what signers are judged, and how old revocation data may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// What the signer's certificate must be good for.
    pub usage: Usage,
    /// How old revocation data may be.
    pub ages: Ages,
    /// How many days before its end a certificate is told of.
    pub warn_days: i64,
}

/// Greatest ages of revocation data, milliseconds since their thisUpdate. They count beside nextUpdate, not in its
/// place. By default nextUpdate alone counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ages {
    /// CRLs that are asked about signers.
    pub signer_crl_ms: i64,
    /// CRLs that are asked about authorities: roots make them seldom.
    pub authority_crl_ms: i64,
    /// OCSP answers.
    pub ocsp_ms: i64,
}

impl Default for Ages {
    fn default() -> Self {
        Self { signer_crl_ms: i64::MAX, authority_crl_ms: i64::MAX, ocsp_ms: i64::MAX }
    }
}

impl Rules {
    /// Rules for a use, by nextUpdate alone.
    #[must_use]
    pub fn of(usage: Usage) -> Self {
        Self { usage, ages: Ages::default(), warn_days: 30 }
    }
}
