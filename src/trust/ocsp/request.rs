//! The question (RFC 6960, 4.1.1): one certificate, by SHA-1 as RFC 5019 wants it, and a nonce if one is sent.

use crate::signature::der::{INTEGER, NULL, OCTET_STRING, OID, SEQUENCE, write};
use crate::trust::ocsp::cert_id::{Hashed, SHA1, sha1};
use crate::trust::ocsp::reader::explicit;
use crate::trust::ocsp::response::NONCE;

/// The OCSPRequest in DER. `serial` is the contents of the INTEGER.
pub(super) fn request(authority: Hashed<'_>, serial: &[u8], nonce: Option<&[u8]>) -> Vec<u8> {
    let algorithm = write(SEQUENCE, &[&write(OID, &[SHA1]), &write(NULL, &[])]);
    let name = write(OCTET_STRING, &[&sha1(authority.name)]);
    let key = write(OCTET_STRING, &[&sha1(authority.key)]);
    let id = write(SEQUENCE, &[&algorithm, &name, &key, &write(INTEGER, &[serial])]);
    let list = write(SEQUENCE, &[&write(SEQUENCE, &[&id])]);
    let extensions = nonce.map(extensions).unwrap_or_default();
    write(SEQUENCE, &[&write(SEQUENCE, &[&list, &extensions])])
}

fn extensions(nonce: &[u8]) -> Vec<u8> {
    let value = write(OCTET_STRING, &[&write(OCTET_STRING, &[nonce])]);
    let extension = write(SEQUENCE, &[&write(OID, &[NONCE]), &value]);
    write(explicit(2), &[&write(SEQUENCE, &[&extension])])
}
