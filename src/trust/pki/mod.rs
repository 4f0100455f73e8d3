//! A public key infrastructure of one's own, for `truc init`, the tests and the benchmarks: root, issuing authority,
//! system certificates shaped like the real ones (REFERENCE 4.4), TLS certificates, CRLs. Its keys are P-256; RSA keys
//! are made by `openssl genpkey` and handed in, since ring makes none. Dates are passed in; keys come from the system's
//! random numbers.

mod authority;
mod files;
mod folder;
mod ocsp;
mod profile;
mod reissue;

pub use authority::{Authority, CrlPlan, Revoked};
pub use folder::{Holder, Layout, Plan, Standing};
pub use ocsp::{OcspPlan, OcspStatus};
pub use profile::Profile;
pub use rcgen::{ExtendedKeyUsagePurpose, KeyUsagePurpose, RevocationReason};
pub use reissue::reissue_crl;

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use rcgen::{DistinguishedName, DnType, KeyPair};

use crate::domain::Timestamp;

/// Why a certificate, a CRL or a folder of them could not be made.
#[derive(Debug, thiserror::Error)]
pub enum PkiError {
    /// A file could not be read or written. Keys and certificates are never written over.
    #[error("{path}: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A key, a name or a date that no certificate can carry.
    #[error("{0}")]
    Make(#[from] rcgen::Error),
    /// A certificate or CRL that was to be continued cannot be read.
    #[error("{path}: {what}")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        what: &'static str,
    },
}

/// The name of a certificate's holder, as the real ones have it: C=VN and four more fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// CN: the agency's name, `VĂN PHÒNG CHÍNH PHỦ`.
    pub common_name: String,
    /// O: the agency above it, or its own name again.
    pub organization: Option<String>,
    /// OU, where there is one.
    pub unit: Option<String>,
    /// L: `Hà Nội`.
    pub locality: Option<String>,
}

impl Subject {
    /// A subject with a CN alone.
    #[must_use]
    pub fn named(common_name: &str) -> Self {
        Self { common_name: common_name.to_owned(), organization: None, unit: None, locality: None }
    }

    /// The same subject in an organization.
    #[must_use]
    pub fn of(mut self, organization: &str) -> Self {
        self.organization = Some(organization.to_owned());
        self
    }

    /// The same subject in a place.
    #[must_use]
    pub fn at(mut self, locality: &str) -> Self {
        self.locality = Some(locality.to_owned());
        self
    }

    fn distinguished_name(&self) -> DistinguishedName {
        let mut name = DistinguishedName::new();
        name.push(DnType::CountryName, "VN");
        let fields = [
            (DnType::LocalityName, &self.locality),
            (DnType::OrganizationName, &self.organization),
            (DnType::OrganizationalUnitName, &self.unit),
        ];
        for (kind, text) in fields {
            if let Some(text) = text {
                name.push(kind, text.as_str());
            }
        }
        name.push(DnType::CommonName, self.common_name.as_str());
        name
    }
}

/// From when until when a certificate holds, both inclusive, cut to whole seconds (RFC 5280, 4.1.2.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// notBefore.
    pub from: Timestamp,
    /// notAfter.
    pub until: Timestamp,
}

/// A private key that can be certified and can sign.
#[derive(Debug)]
pub struct Key(KeyPair);

impl Key {
    /// A new P-256 key.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn generate() -> Result<Self, PkiError> {
        Ok(Self(KeyPair::generate()?))
    }

    /// A new P-384 key.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn generate_p384() -> Result<Self, PkiError> {
        Ok(Self(KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384)?))
    }

    /// A key in PKCS#8 PEM: RSA (as `openssl genpkey -algorithm RSA` writes it), P-256 or P-384.
    ///
    /// # Errors
    /// When it is no such key.
    pub fn from_pkcs8_pem(pem: &str) -> Result<Self, PkiError> {
        Ok(Self(KeyPair::from_pem(pem)?))
    }

    /// The key in PKCS#8 PEM. Keep it secret.
    #[must_use]
    pub fn to_pkcs8_pem(&self) -> String {
        self.0.serialize_pem()
    }
}

/// How long after 1970-01-01T00:00:00Z, in whole seconds. Dates before 1970 become 1970.
fn since_1970(at: Timestamp) -> Duration {
    Duration::from_secs(u64::try_from(at.as_secs()).unwrap_or(0))
}
