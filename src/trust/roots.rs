//! The published authorities that the hub can name by fingerprint. Naming is not trusting: anchors come from the
//! operator's folder alone, and the fingerprints here were not compared with the authorities themselves
//! (`certs/README.md`).

use std::sync::LazyLock;

use serde::Serialize;

use crate::domain::{Digest, Lang};

/// The table as data, one authority a line; columns as in `certs/README.md`.
const TABLE: &str = include_str!("../../certs/known-roots.csv");

static KNOWN: LazyLock<Vec<KnownRoot>> = LazyLock::new(|| TABLE.lines().skip(1).filter_map(KnownRoot::parse).collect());

/// Whose certificate it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Authority {
    /// Ban Cơ yếu Chính phủ: certificates of agencies and officials (REFERENCE 4.4).
    GovernmentCipherCommittee,
    /// The root of the public authorities (VNPT-CA, Viettel-CA and others stand under it).
    NationalRoot,
}

/// What the certificate does in its hierarchy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Self-signed: may be taken as an anchor.
    Root,
    /// Stands under a root and issues the certificates of signers.
    Issuing,
}

/// A published certificate, known by its fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KnownRoot {
    /// SHA-256 of the certificate's DER bytes.
    pub sha256: Digest,
    /// Whose it is.
    pub authority: Authority,
    /// 1 or 2 for the Government Cipher Committee, else nothing.
    pub generation: Option<u8>,
    /// Root or issuing authority.
    pub role: Role,
    /// CN of the subject.
    pub common_name: &'static str,
    /// O of the subject.
    pub organization: &'static str,
    /// Last day (`2048-08-14`) or year (`2030`) of validity, or empty where it is not known.
    pub not_after: &'static str,
}

impl KnownRoot {
    /// What it is published as.
    #[must_use]
    pub const fn name(&self, lang: Lang) -> &'static str {
        match (self.authority, self.role, lang) {
            (Authority::GovernmentCipherCommittee, Role::Root, Lang::Vi) => "CA gốc của Ban Cơ yếu Chính phủ",
            (Authority::GovernmentCipherCommittee, Role::Root, Lang::En) => "root of the Government Cipher Committee",
            (Authority::GovernmentCipherCommittee, Role::Issuing, Lang::Vi) => "CA của Ban Cơ yếu Chính phủ",
            (Authority::GovernmentCipherCommittee, Role::Issuing, Lang::En) => {
                "issuing CA of the Government Cipher Committee"
            }
            (Authority::NationalRoot, _, Lang::Vi) => "CA gốc quốc gia (các CA công cộng)",
            (Authority::NationalRoot, _, Lang::En) => "national root (public CAs)",
        }
    }

    fn parse(line: &'static str) -> Option<Self> {
        let mut fields = line.split(',');
        let mut next = || fields.next();
        let sha256 = next()?.parse().ok()?;
        let authority = match next()? {
            "government_cipher_committee" => Authority::GovernmentCipherCommittee,
            "national_root" => Authority::NationalRoot,
            _ => return None,
        };
        let generation = next()?.parse().ok();
        let role = match next()? {
            "root" => Role::Root,
            "issuing" => Role::Issuing,
            _ => return None,
        };
        let (common_name, organization, not_after) = (next()?, next()?, next()?);
        Some(Self { sha256, authority, generation, role, common_name, organization, not_after })
    }
}

/// Every certificate of the table.
#[must_use]
pub fn known() -> &'static [KnownRoot] {
    &KNOWN
}

/// Which published certificate these DER bytes are, if any: by SHA-256, never by name.
#[must_use]
pub fn identify(der: &[u8]) -> Option<&'static KnownRoot> {
    let sha256 = Digest::of(der);
    known().iter().find(|root| root.sha256 == sha256)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn every_line_of_the_table_is_read_and_none_stands_twice() {
        assert_eq!(known().len(), TABLE.lines().count() - 1);
        for (n, root) in known().iter().enumerate() {
            assert!(!root.common_name.is_empty() && !root.organization.is_empty());
            assert!(known()[..n].iter().all(|other| other.sha256 != root.sha256));
            assert_eq!(root.generation.is_some(), root.authority == Authority::GovernmentCipherCommittee);
        }
    }

    #[test]
    fn a_certificate_of_ones_own_is_nobodys() {
        assert_eq!(identify(b"not a certificate"), None);
        assert_eq!(identify(b""), None);
    }

    #[test]
    fn the_published_files_are_named() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/certs");
        if !folder.is_dir() {
            eprintln!("SKIPPED the_published_files_are_named: ../shared/certs is not there");
            return;
        }
        let named = |file: &str| {
            let bytes = std::fs::read(folder.join(file)).unwrap();
            identify(&crate::trust::files::certificates(bytes).unwrap()[0]).unwrap()
        };
        let root = named("rootcag2.crt");
        assert_eq!((root.authority, root.role), (Authority::GovernmentCipherCommittee, Role::Root));
        assert_eq!((root.generation, root.common_name), (Some(2), "RootCA chuyên dùng Chính phủ G2"));
        assert_eq!(named("cpcag2.crt").role, Role::Issuing);
        assert_eq!(named("vnrca256.crt").authority, Authority::NationalRoot);
    }
}
