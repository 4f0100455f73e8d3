//! How an OCSP message names a certificate: by hashes of its issuer's name and key, and its serial number. The hashes
//! only find the issuer among those that are known, so SHA-1, which every responder uses here, may stand.

use ring::digest::{self, SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA384, SHA512};

use crate::trust::ocsp::response::CertId;

/// 1.3.14.3.2.26, id-sha1.
pub(super) const SHA1: &[u8] = &[0x2B, 0x0E, 0x03, 0x02, 0x1A];
/// id-sha256, id-sha384, id-sha512 are 2.16.840.1.101.3.4.2.{1, 2, 3}.
const SHA2: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02];

/// An authority: the whole DER of its name and its key's octets (the BIT STRING without its first octet).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hashed<'a> {
    pub(super) name: &'a [u8],
    pub(super) key: &'a [u8],
}

impl CertId<'_> {
    /// Whether the certificate meant is one of this authority's.
    pub(super) fn is_of(&self, authority: Hashed<'_>) -> bool {
        let Some(algorithm) = algorithm(self.hash) else { return false };
        digest::digest(algorithm, authority.name).as_ref() == self.issuer_name
            && digest::digest(algorithm, authority.key).as_ref() == self.issuer_key
    }
}

/// SHA-1 of something, for what RFC 6960 defines by it.
pub(super) fn sha1(octets: &[u8]) -> Vec<u8> {
    digest::digest(&SHA1_FOR_LEGACY_USE_ONLY, octets).as_ref().to_vec()
}

fn algorithm(oid: &[u8]) -> Option<&'static digest::Algorithm> {
    match oid.strip_prefix(SHA2) {
        Some([1]) => Some(&SHA256),
        Some([2]) => Some(&SHA384),
        Some([3]) => Some(&SHA512),
        _ if oid == SHA1 => Some(&SHA1_FOR_LEGACY_USE_ONLY),
        _ => None,
    }
}
