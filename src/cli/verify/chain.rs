//! The certificates of a verdict, from the signer's to the root, and which published root that is.

use serde::Serialize;

use crate::domain::{Digest, Lang};
use crate::signature::{Material, MaterialKind, SignerInfo, Verdict};
use crate::trust::roots::{self, Authority, KnownRoot};

/// One certificate of the path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Link {
    #[serde(flatten)]
    pub(super) certificate: SignerInfo,
    /// Whose published certificate it is: by its fingerprint, never by its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) published: Option<Published>,
}

/// A certificate of the table of published ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Published {
    pub(super) authority: &'static str,
    pub(super) common_name: &'static str,
    pub(super) organization: &'static str,
}

/// The path that was checked, the signer's certificate first; empty where none was found.
pub(super) fn of(verdict: &Verdict) -> Vec<Link> {
    let certificates = verdict.evidence.iter().filter(|material| material.kind == MaterialKind::Certificate);
    certificates.filter_map(link).collect()
}

fn link(material: &Material) -> Option<Link> {
    let certificate = SignerInfo::from_certificate(&material.der).ok()?;
    Some(Link { certificate, published: roots::identify(&material.der).map(Published::of) })
}

impl Published {
    fn of(root: &KnownRoot) -> Self {
        let authority = match root.authority {
            Authority::GovernmentCipherCommittee => "government_cipher_committee",
            Authority::NationalRoot => "national_root",
        };
        Self { authority, common_name: root.common_name, organization: root.organization }
    }
}

impl Link {
    /// The certificate for people: whom it names, and whether its fingerprint is a published one.
    pub(super) fn text(&self, lang: Lang) -> String {
        let subject = &self.certificate.subject;
        match (&self.published, lang) {
            (Some(known), Lang::Vi) => {
                format!("{subject} [đúng dấu vân tay đã công bố: {}, {}]", known.common_name, known.organization)
            }
            (Some(known), Lang::En) => {
                format!("{subject} [has the published fingerprint: {}, {}]", known.common_name, known.organization)
            }
            (None, _) => format!("{subject} [SHA-256 {}]", short(&self.certificate.sha256)),
        }
    }
}

/// Enough of a fingerprint to tell two certificates of one name apart.
fn short(digest: &Digest) -> String {
    digest.to_string().chars().take(16).collect()
}
