//! CMS SignedData (RFC 5652, 5): read strictly, bounded, believed for nothing.

use std::borrow::Cow;

use x509_parser::prelude::{FromDer, X509Certificate};

use crate::document::ber;
use crate::document::cursor::{Cursor, items};
use crate::document::oid;
use crate::signature::der;

/// Most certificates in one structure.
const CERTIFICATES_MAX: usize = 32;
/// Most SignerInfos in one structure.
const SIGNERS_MAX: usize = 16;
/// Most attributes of one SignerInfo.
const ATTRIBUTES_MAX: usize = 64;
const SET: u8 = 0x31;
/// IMPLICIT or EXPLICIT [0].
const CONTEXT_0: u8 = 0xA0;
/// IMPLICIT or EXPLICIT [1].
const CONTEXT_1: u8 = 0xA1;
/// IMPLICIT [0] of a primitive: SubjectKeyIdentifier.
const CONTEXT_0_PRIMITIVE: u8 = 0x80;

/// A SignedData.
#[derive(Debug)]
pub(super) struct SignedData<'a> {
    /// eContentType, as the contents of an object identifier.
    pub(super) content_type: &'a [u8],
    /// eContent, where the content is inside.
    pub(super) content: Option<&'a [u8]>,
    /// X.509 certificates that came with it, in DER.
    pub(super) certificates: Vec<&'a [u8]>,
    pub(super) signers: Vec<Signer<'a>>,
}

/// A SignerInfo.
#[derive(Debug, Clone, Copy)]
pub(super) struct Signer<'a> {
    pub(super) id: SignerId<'a>,
    /// digestAlgorithm: the contents of the AlgorithmIdentifier.
    pub(super) digest: &'a [u8],
    /// signedAttrs: the contents of the [0].
    pub(super) signed: Option<&'a [u8]>,
    /// signatureAlgorithm, as `digest`.
    pub(super) algorithm: &'a [u8],
    /// The signature value.
    pub(super) value: &'a [u8],
    /// unsignedAttrs: the contents of the [1].
    pub(super) unsigned: Option<&'a [u8]>,
}

/// Which certificate is the signer's.
#[derive(Debug, Clone, Copy)]
pub(super) enum SignerId<'a> {
    /// Issuer's name with tag and length; serial number.
    IssuerAndSerial(&'a [u8], &'a [u8]),
    KeyId(&'a [u8]),
}

/// The bytes as DER, without the zeros that fill up the place of a PDF's signature. Nothing if it is not BER, or
/// something else stands behind it.
pub(super) fn to_der(bytes: &[u8]) -> Option<Cow<'_, [u8]>> {
    let (value, rest) = match der::take(bytes) {
        Some((_, _, rest)) => (Cow::Borrowed(bytes.get(..bytes.len().checked_sub(rest.len())?)?), rest),
        None => ber::to_der(bytes)?,
    };
    let value =
        if SignedData::parse(&value).is_some() { value } else { Cow::Owned(ber::to_der(bytes)?.0.into_owned()) };
    rest.iter().all(|&octet| octet == 0).then_some(value)
}

impl<'a> SignedData<'a> {
    /// Reads a ContentInfo that holds a SignedData, in DER.
    pub(super) fn parse(input: &'a [u8]) -> Option<Self> {
        let mut info = Cursor::inside(der::SEQUENCE, input)?;
        (info.expect(der::OID)? == oid::SIGNED_DATA).then_some(())?;
        let mut data = Cursor::inside(der::SEQUENCE, info.expect(CONTEXT_0)?)?;
        info.end()?;
        data.expect(der::INTEGER)?;
        data.expect(SET)?;
        let (content_type, content) = content(data.expect(der::SEQUENCE)?)?;
        let certificates = data.optional(CONTEXT_0).map_or(Some(Vec::new()), certificates)?;
        data.optional(CONTEXT_1);
        let signers = items(data.expect(SET)?, SIGNERS_MAX)?;
        data.end()?;
        let signers = signers.into_iter().map(Signer::parse).collect::<Option<_>>()?;
        Some(Self { content_type, content, certificates, signers })
    }

    /// The signer's certificate: the one that its SignerInfo names, among those that came with it and `known` ones.
    pub(super) fn certificate(&self, signer: &Signer<'a>, known: &'a [Vec<u8>]) -> Option<&'a [u8]> {
        let known = known.iter().map(Vec::as_slice);
        self.certificates.iter().copied().chain(known).find(|der| signer.id.means(der))
    }
}

/// EncapsulatedContentInfo.
fn content(contents: &[u8]) -> Option<(&[u8], Option<&[u8]>)> {
    let mut cursor = Cursor::new(contents);
    let kind = cursor.expect(der::OID)?;
    let content = match cursor.optional(CONTEXT_0) {
        Some(content) => Some(der::whole(der::OCTET_STRING, content)?),
        None => None,
    };
    cursor.end()?;
    Some((kind, content))
}

/// X.509 certificates alone: attribute certificates and the like are passed over.
fn certificates(contents: &[u8]) -> Option<Vec<&[u8]>> {
    let mut certificates = items(contents, CERTIFICATES_MAX)?;
    certificates.retain(|item| item.first() == Some(&der::SEQUENCE));
    Some(certificates)
}

impl<'a> Signer<'a> {
    fn parse(input: &'a [u8]) -> Option<Self> {
        let mut cursor = Cursor::inside(der::SEQUENCE, input)?;
        cursor.expect(der::INTEGER)?;
        let id = SignerId::parse(&mut cursor)?;
        let digest = cursor.expect(der::SEQUENCE)?;
        let signed = cursor.optional(CONTEXT_0);
        let algorithm = cursor.expect(der::SEQUENCE)?;
        let value = cursor.expect(der::OCTET_STRING)?;
        let unsigned = cursor.optional(CONTEXT_1);
        cursor.end()?;
        Some(Self { id, digest, signed, algorithm, value, unsigned })
    }
}

impl<'a> SignerId<'a> {
    fn parse(cursor: &mut Cursor<'a>) -> Option<Self> {
        if let Some(key_id) = cursor.optional(CONTEXT_0_PRIMITIVE) {
            return Some(Self::KeyId(key_id));
        }
        let mut both = Cursor::new(cursor.expect(der::SEQUENCE)?);
        let (tag, issuer) = both.raw()?;
        let serial = both.expect(der::INTEGER)?;
        both.end()?;
        (tag == der::SEQUENCE).then_some(Self::IssuerAndSerial(issuer, serial))
    }

    fn means(&self, certificate: &[u8]) -> bool {
        let Ok(([], certificate)) = X509Certificate::from_der(certificate) else { return false };
        match self {
            Self::IssuerAndSerial(issuer, serial) => {
                certificate.issuer().as_raw() == *issuer && certificate.raw_serial() == *serial
            }
            Self::KeyId(key_id) => crate::document::attributes::key_id(&certificate) == Some(*key_id),
        }
    }
}

/// Attributes: the contents of a SET OF Attribute, each with its type and its values.
#[derive(Debug)]
pub(super) struct Attributes<'a> {
    /// Each attribute as it stands.
    raw: Vec<&'a [u8]>,
    parsed: Vec<(&'a [u8], &'a [u8])>,
}

impl<'a> Attributes<'a> {
    pub(super) fn parse(contents: &'a [u8]) -> Option<Self> {
        let raw = items(contents, ATTRIBUTES_MAX)?;
        let parsed = raw.iter().map(|item| {
            let mut cursor = Cursor::inside(der::SEQUENCE, item)?;
            let (kind, values) = (cursor.expect(der::OID)?, cursor.expect(SET)?);
            cursor.end()?;
            Some((kind, values))
        });
        let parsed = parsed.collect::<Option<_>>()?;
        Some(Self { raw, parsed })
    }

    /// Every value of the attributes of this type, with tags and lengths.
    pub(super) fn values(&self, kind: &[u8]) -> Option<Vec<&'a [u8]>> {
        let mut values = Vec::new();
        for (_, of_kind) in self.parsed.iter().filter(|(known, _)| *known == kind) {
            values.extend(items(of_kind, ATTRIBUTES_MAX)?);
        }
        Some(values)
    }

    /// The one value of the attribute of this type. An attribute that stands twice, or with another number of values,
    /// is no attribute (RFC 5652, 11).
    pub(super) fn one(&self, kind: &[u8]) -> Result<Option<&'a [u8]>, NotOne> {
        let mut of_kind = self.parsed.iter().filter(|(known, _)| *known == kind);
        match (of_kind.next(), of_kind.next()) {
            (None, _) => Ok(None),
            (Some((_, values)), None) => match items(values, 1).as_deref() {
                Some([value]) => Ok(Some(value)),
                _ => Err(NotOne),
            },
            _ => Err(NotOne),
        }
    }

    /// What is signed (RFC 5652, 5.4): the DER of the attributes as a SET OF, sorted.
    pub(super) fn to_be_signed(&self) -> Vec<u8> {
        let mut sorted = self.raw.clone();
        sorted.sort_unstable();
        der::write(SET, &sorted)
    }
}

/// An attribute that must stand once stands more often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotOne;
