//! Where anchors, intermediates, CRLs and OCSP answers come from.

use std::path::PathBuf;

/// Files and folders to load. Of a folder, every file with a known ending is taken: `.crt .cer .pem .der` for
/// certificates, `.crl .pem .der` for CRLs, `.ocsp .der` for OCSP answers; what else stands there (keys, notes) is left alone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sources {
    /// Certificates that are trusted as they stand.
    pub anchors: Vec<PathBuf>,
    /// Certificates of the authorities below them.
    pub intermediates: Vec<PathBuf>,
    /// Their CRLs.
    pub crls: Vec<PathBuf>,
    /// OCSP answers about certificates that they issued.
    pub ocsp: Vec<PathBuf>,
}
