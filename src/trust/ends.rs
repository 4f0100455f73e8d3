//! What will end, and when: told to the operator before it does.

use std::path::Path;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

use crate::domain::{Digest, Timestamp};
use crate::signature::SignerInfo;
use crate::trust::TrustStore;
use crate::trust::inventory::{Authority, days_left};

/// Something of the store that will end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// What it is.
    pub kind: EndKind,
    /// Whose it is.
    pub name: String,
    /// SHA-256 of its bytes.
    pub sha256: Digest,
    /// When it ends.
    pub until: Timestamp,
    /// Whole days up to then; negative after it.
    pub days_left: i64,
}

/// The kinds of what ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EndKind {
    /// A root.
    Root,
    /// An authority below it.
    Intermediate,
    /// The certificate of a signer that is registered or was seen lately.
    Signer,
    /// The certificate that the hub itself shows its callers.
    Server,
    /// A CRL.
    Crl,
}

impl EndKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Root, Self::Intermediate, Self::Signer, Self::Server, Self::Crl];

    /// As a label of metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Intermediate => "intermediate",
            Self::Signer => "signer",
            Self::Server => "server",
            Self::Crl => "crl",
        }
    }
}

impl End {
    /// Whether it is time to tell of it. A CRL ends every few days and is told of when none has followed.
    #[must_use]
    pub const fn is_near(&self, warn_days: i64) -> bool {
        match self.kind {
            EndKind::Crl => self.days_left < 0,
            EndKind::Root | EndKind::Intermediate | EndKind::Signer | EndKind::Server => self.days_left <= warn_days,
        }
    }
}

/// The certificate that the hub shows its callers, as it stands in its file; nothing where that is none.
#[must_use]
pub fn own_certificate(file: &Path) -> Option<SignerInfo> {
    let der = CertificateDer::from_pem_file(file).ok()?;
    SignerInfo::from_certificate(&der).ok()
}

impl TrustStore {
    /// Everything that ends, the first to end first: anchors, intermediates, CRLs, the hub's own certificate, and the
    /// signers that are registered or were seen lately.
    #[must_use]
    pub fn ends(&self, now: Timestamp) -> Vec<End> {
        let inventory = self.inventory(now);
        let end = |kind, name, sha256, until| End { kind, name, sha256, until, days_left: days_left(until, now) };
        let of = |kind, authority: Authority| {
            let certificate = authority.certificate;
            end(kind, certificate.subject, certificate.sha256, certificate.not_after)
        };
        let roots = inventory.anchors.into_iter().map(|authority| of(EndKind::Root, authority));
        let intermediates = inventory.intermediates.into_iter().map(|authority| of(EndKind::Intermediate, authority));
        let crls = inventory.crls.into_iter().map(|crl| end(EndKind::Crl, crl.issuer, crl.sha256, crl.next_update));
        let signers = self
            .signers()
            .into_iter()
            .map(|info| end(EndKind::Signer, info.subject.clone(), info.sha256, info.not_after));
        let own = self.own().map(|info| end(EndKind::Server, info.subject.clone(), info.sha256, info.not_after));
        let mut ends: Vec<_> = roots.chain(intermediates).chain(crls).chain(signers).chain(own).collect();
        ends.sort_by(|one, other| (one.until, &one.name).cmp(&(other.until, &other.name)));
        ends
    }
}
