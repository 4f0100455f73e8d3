//! An OCSP response as it stands (RFC 6960, 4.2.1), read and not yet believed. Everything is bounded before it is
//! looked at, and nothing is copied.

use webpki::RevocationReason;

use crate::domain::Timestamp;
use crate::signature::der::{INTEGER, NULL, OCTET_STRING, OID, SEQUENCE};
use crate::trust::crl::Entry;
use crate::trust::ocsp::OcspError;
use crate::trust::ocsp::reader::{BOOLEAN, ENUMERATED, Reader, explicit, implicit, only};

/// Largest answer. Real ones have 0.5 to 3 KB; one with a chain of large certificates about 10 KB.
pub const OCTETS_MAX: usize = 64 * 1024;
/// Most certificates of which one answer speaks.
pub(super) const SINGLES_MAX: usize = 64;
/// Most certificates that come with an answer.
pub(super) const CERTIFICATES_MAX: usize = 5;

/// 1.3.6.1.5.5.7.48.1.1, id-pkix-ocsp-basic.
const BASIC: &[u8] = &[0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x01];
/// 1.3.6.1.5.5.7.48.1.2, id-pkix-ocsp-nonce.
pub(super) const NONCE: &[u8] = &[0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x02];

/// A successful response.
#[derive(Debug)]
pub(in crate::trust) struct Response<'a> {
    /// tbsResponseData, the whole of it: what is signed.
    pub(super) signed: &'a [u8],
    /// signatureAlgorithm, contents.
    pub(super) algorithm: &'a [u8],
    /// The signature's octets.
    pub(super) signature: &'a [u8],
    pub(super) responder: Responder<'a>,
    pub(in crate::trust) singles: Vec<Single<'a>>,
    pub(in crate::trust) nonce: Option<&'a [u8]>,
    /// Each whole, in DER.
    pub(super) certificates: Vec<&'a [u8]>,
}

/// responderID.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Responder<'a> {
    /// The whole DER of its name.
    Name(&'a [u8]),
    /// SHA-1 of its key.
    Key(&'a [u8]),
}

/// What is said of one certificate.
#[derive(Debug, Clone, Copy)]
pub(in crate::trust) struct Single<'a> {
    pub(super) id: CertId<'a>,
    pub(in crate::trust) status: Status,
    pub(super) this_update: Timestamp,
    pub(super) next_update: Option<Timestamp>,
}

/// Of which certificate something is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CertId<'a> {
    /// The OBJECT IDENTIFIER of the hash, contents.
    pub(super) hash: &'a [u8],
    pub(super) issuer_name: &'a [u8],
    pub(super) issuer_key: &'a [u8],
    /// The INTEGER's contents.
    pub(super) serial: &'a [u8],
}

/// certStatus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::trust) enum Status {
    Good,
    Revoked(Entry),
    /// The responder does not know the certificate: never good.
    Unknown,
}

impl<'a> Response<'a> {
    pub(in crate::trust) fn parse(der: &'a [u8]) -> Result<Self, OcspError> {
        if der.len() > OCTETS_MAX {
            return Err(OcspError::TooLarge);
        }
        let mut response = Reader::new(only(SEQUENCE, der).ok_or(OcspError::Malformed)?);
        successful(response.next(ENUMERATED).ok_or(OcspError::Malformed)?)?;
        let bytes = response.next(explicit(0)).zip(response.end()).ok_or(OcspError::Malformed)?.0;
        let mut bytes = Reader::new(only(SEQUENCE, bytes).ok_or(OcspError::Malformed)?);
        if bytes.next(OID).ok_or(OcspError::Malformed)? != BASIC {
            return Err(OcspError::Type);
        }
        let basic = bytes.next(OCTET_STRING).zip(bytes.end()).ok_or(OcspError::Malformed)?.0;
        Self::basic(basic)
    }

    /// BasicOCSPResponse.
    fn basic(der: &'a [u8]) -> Result<Self, OcspError> {
        let parts = || {
            let mut basic = Reader::new(only(SEQUENCE, der)?);
            let (signed, data) = basic.both(SEQUENCE)?;
            let (algorithm, signature) = (basic.next(SEQUENCE)?, basic.bits()?);
            let certificates = basic.optional(explicit(0))?;
            basic.end()?;
            Some((signed, data, algorithm, signature, certificates))
        };
        let (signed, data, algorithm, signature, certificates) = parts().ok_or(OcspError::Malformed)?;
        let certificates = certificates.map_or(Ok(Vec::new()), list_of_certificates)?;
        let Data { responder, singles, nonce } = Data::parse(data)?;
        Ok(Self { signed, algorithm, signature, responder, singles, nonce, certificates })
    }
}

/// OCSPResponseStatus.
fn successful(status: &[u8]) -> Result<(), OcspError> {
    match status {
        [0] => Ok(()),
        [1] => Err(OcspError::Unsuccessful("malformedRequest")),
        [2] => Err(OcspError::Unsuccessful("internalError")),
        [3] => Err(OcspError::Unsuccessful("tryLater")),
        [5] => Err(OcspError::Unsuccessful("sigRequired")),
        [6] => Err(OcspError::Unsuccessful("unauthorized")),
        _ => Err(OcspError::Malformed),
    }
}

fn list_of_certificates(der: &[u8]) -> Result<Vec<&[u8]>, OcspError> {
    let mut list = Reader::new(only(SEQUENCE, der).ok_or(OcspError::Malformed)?);
    let mut certificates = Vec::new();
    while !list.is_empty() {
        certificates.push(list.whole(SEQUENCE).ok_or(OcspError::Malformed)?);
        if certificates.len() > CERTIFICATES_MAX {
            return Err(OcspError::TooMany);
        }
    }
    Ok(certificates)
}

/// ResponseData, as far as anybody asks for it. producedAt is no part of any rule of RFC 6960.
struct Data<'a> {
    responder: Responder<'a>,
    singles: Vec<Single<'a>>,
    nonce: Option<&'a [u8]>,
}

impl<'a> Data<'a> {
    fn parse(contents: &'a [u8]) -> Result<Self, OcspError> {
        let mut data = Reader::new(contents);
        // In DER the default, version 1, does not stand there.
        if data.tag() == Some(explicit(0)) {
            return Err(OcspError::Version);
        }
        let mut parts = || {
            let responder = responder(&mut data)?;
            data.time()?;
            let (responses, extensions) = (data.next(SEQUENCE)?, data.optional(explicit(1))?);
            data.end()?;
            Some((responder, responses, extensions))
        };
        let (responder, responses, extensions) = parts().ok_or(OcspError::Malformed)?;
        let nonce = extensions.map_or(Ok(None), nonce)?;
        Ok(Self { responder, singles: list_of_singles(responses)?, nonce })
    }
}

fn responder<'a>(data: &mut Reader<'a>) -> Option<Responder<'a>> {
    if let Some(name) = data.optional(explicit(1))? {
        only(SEQUENCE, name)?;
        return Some(Responder::Name(name));
    }
    only(OCTET_STRING, data.next(explicit(2))?).map(Responder::Key)
}

fn list_of_singles(contents: &[u8]) -> Result<Vec<Single<'_>>, OcspError> {
    let mut list = Reader::new(contents);
    let mut singles = Vec::new();
    while !list.is_empty() {
        singles.push(single(list.next(SEQUENCE).ok_or(OcspError::Malformed)?)?);
        if singles.len() > SINGLES_MAX {
            return Err(OcspError::TooMany);
        }
    }
    if singles.is_empty() { Err(OcspError::Malformed) } else { Ok(singles) }
}

fn single(contents: &[u8]) -> Result<Single<'_>, OcspError> {
    let parts = || {
        let mut single = Reader::new(contents);
        let (id, status) = (cert_id(single.next(SEQUENCE)?)?, status(&mut single)?);
        let this_update = single.time()?;
        let next_update = match single.optional(explicit(0))? {
            Some(time) => {
                let mut time = Reader::new(time);
                Some(time.time().zip(time.end())?.0)
            }
            None => None,
        };
        let extensions = single.optional(explicit(1))?;
        single.end()?;
        Some((Single { id, status, this_update, next_update }, extensions))
    };
    let (single, extensions) = parts().ok_or(OcspError::Malformed)?;
    for extension in extensions.map_or(Ok(Vec::new()), list_of_extensions)? {
        extension.refuse_if_critical()?;
    }
    Ok(single)
}

fn cert_id(contents: &[u8]) -> Option<CertId<'_>> {
    let mut id = Reader::new(contents);
    let mut algorithm = Reader::new(id.next(SEQUENCE)?);
    let hash = algorithm.next(OID)?;
    if !algorithm.is_empty() {
        algorithm.next(NULL).filter(|null| null.is_empty())?;
        algorithm.end()?;
    }
    let (issuer_name, issuer_key) = (id.next(OCTET_STRING)?, id.next(OCTET_STRING)?);
    let serial = id.next(INTEGER).filter(|serial| !serial.is_empty())?;
    id.end()?;
    Some(CertId { hash, issuer_name, issuer_key, serial })
}

fn status(single: &mut Reader<'_>) -> Option<Status> {
    let tag = single.tag()?;
    if tag == explicit(1) {
        return revoked(single.next(tag)?).map(Status::Revoked);
    }
    single.next(tag).filter(|null| null.is_empty())?;
    match tag {
        _ if tag == implicit(0) => Some(Status::Good),
        _ if tag == implicit(2) => Some(Status::Unknown),
        _ => None,
    }
}

/// RevokedInfo.
fn revoked(contents: &[u8]) -> Option<Entry> {
    let mut info = Reader::new(contents);
    let revoked = info.time()?;
    let reason = match info.optional(explicit(0))? {
        Some(reason) => match only(ENUMERATED, reason)? {
            [code] => Some(RevocationReason::try_from(*code).ok()?),
            _ => return None,
        },
        None => None,
    };
    info.end()?;
    Some(Entry { revoked, invalid: None, reason })
}

/// One extension.
struct Extension<'a> {
    oid: &'a [u8],
    is_critical: bool,
    value: &'a [u8],
}

impl Extension<'_> {
    fn refuse_if_critical(&self) -> Result<(), OcspError> {
        if self.is_critical { Err(OcspError::CriticalExtension) } else { Ok(()) }
    }
}

fn list_of_extensions(der: &[u8]) -> Result<Vec<Extension<'_>>, OcspError> {
    let mut list = Reader::new(only(SEQUENCE, der).ok_or(OcspError::Malformed)?);
    let mut extensions = Vec::new();
    while !list.is_empty() {
        extensions.push(list.next(SEQUENCE).and_then(extension).ok_or(OcspError::Malformed)?);
        if extensions.len() > SINGLES_MAX {
            return Err(OcspError::TooMany);
        }
    }
    Ok(extensions)
}

fn extension(contents: &[u8]) -> Option<Extension<'_>> {
    let mut extension = Reader::new(contents);
    let oid = extension.next(OID)?;
    let is_critical = match extension.optional(BOOLEAN)? {
        None => false,
        Some([0xFF]) => true,
        Some(_) => return None,
    };
    let value = extension.next(OCTET_STRING)?;
    extension.end()?;
    Some(Extension { oid, is_critical, value })
}

/// The nonce among responseExtensions: once at most (RFC 9654: an OCTET STRING; older software puts the bare octets).
fn nonce(der: &[u8]) -> Result<Option<&[u8]>, OcspError> {
    let mut nonce = None;
    for extension in list_of_extensions(der)? {
        if extension.oid != NONCE {
            extension.refuse_if_critical()?;
        } else if nonce.replace(only(OCTET_STRING, extension.value).unwrap_or(extension.value)).is_some() {
            return Err(OcspError::Malformed);
        }
    }
    Ok(nonce)
}
