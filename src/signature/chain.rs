//! What the signature asks of whoever knows which certificates to trust, and what comes back. Implemented by `trust`.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::domain::{Digest, Refusal, Timestamp};
use crate::signature::PublicKey;

/// Says whether a certificate is trusted for signing at a time. Implementations cache; a hit costs no allocation.
pub trait ChainCheck {
    /// Finds and checks the path from `leaf` to a trust anchor: signatures, validity at `at`, usage, revocation.
    /// `others` are certificates that came with the message, in DER, untrusted; they may help to build the path.
    ///
    /// # Errors
    /// A certificate code: [`Code::ChainNotFound`](crate::domain::Code::ChainNotFound), `CertificateExpired`,
    /// `CertificateRevoked`, `RevocationUnknown` and their sisters; without a place.
    fn check(&self, leaf: &[u8], others: &[Vec<u8>], at: Timestamp) -> Result<Chain, Refusal>;
}

/// A checked path. Cheap to clone, so that it can be cached.
#[derive(Debug, Clone)]
pub struct Chain {
    /// Who the leaf certificate names.
    pub leaf: Arc<SignerInfo>,
    /// The leaf's key: [`PublicKey::from_spki`] of the very certificate whose path was checked.
    pub key: Arc<PublicKey>,
    /// What the verdict rests on: the chain's certificates and CRLs, leaf first.
    pub evidence: Arc<[Material]>,
}

/// What a signing certificate says about its holder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignerInfo {
    /// SHA-256 of the certificate's DER.
    pub sha256: Digest,
    /// Subject, as a string in the manner of RFC 4514.
    pub subject: String,
    /// Issuer, likewise.
    pub issuer: String,
    /// Serial number, lower-case hexadecimal without separators.
    pub serial: String,
    /// Valid from.
    pub not_before: Timestamp,
    /// Valid until.
    pub not_after: Timestamp,
}

/// Something that a verdict rests on, kept so that the verdict can be computed again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Material {
    /// What it is.
    pub kind: MaterialKind,
    /// SHA-256 of `der`.
    pub sha256: Digest,
    /// The bytes.
    pub der: Arc<[u8]>,
}

/// The kinds of evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MaterialKind {
    /// An X.509 certificate.
    Certificate,
    /// A certificate revocation list.
    Crl,
    /// An OCSP response.
    Ocsp,
}

impl Material {
    /// Evidence of this kind, with its digest.
    #[must_use]
    pub fn new(kind: MaterialKind, der: impl Into<Arc<[u8]>>) -> Self {
        let der = der.into();
        Self { kind, sha256: Digest::of(&der), der }
    }
}
