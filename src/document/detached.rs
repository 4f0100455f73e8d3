//! CMS in a file of its own (`.p7s`): DER, BER or PEM, with what it signs inside or beside it.

use std::io;

use crate::document::Examiner;
use crate::document::reason::Reason;
use crate::document::report::{FileKind, FileReport, SignatureKind};
use crate::document::signed_data::{SignedData, to_der};
use crate::document::signer;
use crate::document::source::{Content, Ranges, ReadAt, bytes};

/// Largest CMS in a file of its own: with what it signs inside, that must be small.
const OCTETS_MAX: u64 = 4 << 20;

/// The bytes as DER, if they are CMS.
pub(super) fn read(source: &dyn ReadAt) -> io::Result<Option<Vec<u8>>> {
    if source.octets() > OCTETS_MAX {
        return Ok(None);
    }
    let bytes = bytes(source, 0..OCTETS_MAX)?;
    let bytes = if bytes.starts_with(b"-----BEGIN ") { from_pem(&bytes) } else { Some(bytes) };
    let der = bytes.as_deref().and_then(to_der).map(std::borrow::Cow::into_owned);
    Ok(der.filter(|der| SignedData::parse(der).is_some()))
}

/// The first block of PEM: openssl writes `CMS`, others `PKCS7`.
fn from_pem(text: &[u8]) -> Option<Vec<u8>> {
    use base64::Engine as _;
    let text = std::str::from_utf8(text).ok()?;
    let (head, rest) = text.split_once('\n')?;
    matches!(head.trim_end(), "-----BEGIN CMS-----" | "-----BEGIN PKCS7-----").then_some(())?;
    let (body, _) = rest.split_once("-----END ")?;
    let body: String = body.split_whitespace().collect();
    base64::engine::general_purpose::STANDARD.decode(body).ok()
}

/// Reports every signer of a CMS. `content` is what it signs, where that is known.
pub(super) fn examine(der: &[u8], content: Option<&dyn ReadAt>, examiner: &Examiner<'_>) -> io::Result<FileReport> {
    let mut signatures = Vec::new();
    let data = SignedData::parse(der);
    for (data, signer) in data.iter().flat_map(|data| data.signers.iter().map(move |signer| (data, signer))) {
        let beside = content.map(Ranges::whole);
        let signed: Option<&dyn Content> = match (&data.content, &beside) {
            (Some(inside), _) => Some(inside),
            (None, Some(beside)) => Some(beside),
            (None, None) => None,
        };
        signatures.push(match signed {
            Some(signed) => signer::report(SignatureKind::Cms, None, data, signer, signed, examiner)?,
            None => signer::blank(SignatureKind::Cms, examiner.received_at).because(Reason::ContentMissing, None),
        });
    }
    Ok(FileReport { kind: FileKind::Cms, entry: None, signatures, cut_off: false, unread: None })
}
