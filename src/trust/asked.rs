//! What is asked about a certificate: for which use, at which time, and what may say whether it was revoked.

use crate::domain::Timestamp;
use crate::trust::Usage;

/// A question to a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// What the certificate was used for.
    pub usage: Usage,
    /// When: every date is compared with this.
    pub at: Timestamp,
    /// What may say that it was not revoked.
    pub crls: AskedCrls,
}

/// Which CRLs may say that a certificate was not revoked at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskedCrls {
    /// Those of that time, and what was made later where it still speaks of it: for a message that comes in now, or was
    /// received and is held.
    Then,
    /// Those made later as well, by what is known today. An entry has its own date, and a certificate that had not run
    /// out when the CRL was made and is not in it was never revoked: so old signatures are looked at (EN 319 102-1,
    /// 5.2.11).
    Since,
    /// None: revocation is not asked about, only where the path leads. Never enough for a verdict.
    Unasked,
}

impl Asked {
    /// About a signature that is made or received at `at`.
    #[must_use]
    pub const fn now(usage: Usage, at: Timestamp) -> Self {
        Self { usage, at, crls: AskedCrls::Then }
    }

    /// About a signature that is known to have stood at `at`, by what is known today.
    #[must_use]
    pub const fn past(usage: Usage, at: Timestamp) -> Self {
        Self { usage, at, crls: AskedCrls::Since }
    }

    /// About nothing but where the path leads.
    #[must_use]
    pub const fn whither(usage: Usage, at: Timestamp) -> Self {
        Self { usage, at, crls: AskedCrls::Unasked }
    }
}
