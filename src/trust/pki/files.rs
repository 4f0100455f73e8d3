//! Reading and writing single files of an infrastructure: keys for their owner alone, nothing written over but CRLs.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use super::{Authority, Key, PkiError};

const KEY_MODE: u32 = 0o600;
const PUBLIC_MODE: u32 = 0o644;

/// Writes a key for the eyes of its owner.
pub(super) fn write_key(path: &Path, pem: &str) -> Result<(), PkiError> {
    write_new(path, pem.as_bytes(), KEY_MODE)
}

/// Writes a certificate.
pub(super) fn write_public(path: &Path, pem: &str) -> Result<(), PkiError> {
    write_new(path, pem.as_bytes(), PUBLIC_MODE)
}

/// The authority whose certificate stands at `path`, with its key beside it.
pub(super) fn read_authority(path: &Path) -> Result<Authority, PkiError> {
    let key = path.with_extension("key");
    let pem = String::from_utf8(read(&key)?).map_err(|_| PkiError::Unreadable { path: key, what: "no PEM" })?;
    Authority::continued(read_certificate(path)?, Key::from_pkcs8_pem(&pem)?)
}

pub(super) fn read_certificate(path: &Path) -> Result<CertificateDer<'static>, PkiError> {
    CertificateDer::from_pem_slice(&read(path)?)
        .map_err(|_| PkiError::Unreadable { path: path.to_owned(), what: "no certificate in PEM" })
}

pub(super) fn read(path: &Path) -> Result<Vec<u8>, PkiError> {
    fs::read(path).map_err(|source| PkiError::File { path: path.to_owned(), source })
}

fn write_new(path: &Path, bytes: &[u8], mode: u32) -> Result<(), PkiError> {
    let mut options = OpenOptions::new();
    write_synced(options.write(true).create_new(true).mode(mode), path, bytes)
        .map_err(|source| PkiError::File { path: path.to_owned(), source })
}

pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<(), PkiError> {
    let next = path.with_extension("crl.next");
    let mut options = OpenOptions::new();
    write_synced(options.write(true).create(true).truncate(true).mode(PUBLIC_MODE), &next, bytes)
        .and_then(|()| fs::rename(&next, path))
        .map_err(|source| PkiError::File { path: path.to_owned(), source })
}

fn write_synced(options: &OpenOptions, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// RFC 7468: 64 characters a line.
pub(super) fn pem(label: &str, der: &[u8]) -> String {
    use base64::Engine;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let mut pem = format!("-----BEGIN {label}-----\n");
    for line in text.as_bytes().chunks(64) {
        pem.push_str(&String::from_utf8_lossy(line));
        pem.push('\n');
    }
    pem + &format!("-----END {label}-----\n")
}
