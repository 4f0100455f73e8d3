//! Is the signature right? One SignerInfo against the content that it signs and the certificate that it names; no trust,
//! no time (RFC 5652, 5.4 and 5.6).

use std::io;

use crate::document::algorithm::{self, Outcome, Scheme, Verifier};
use crate::document::attributes::{Binding, binding};
use crate::document::cursor::Cursor;
use crate::document::oid;
use crate::document::reason::{Note, Reason};
use crate::document::signed_data::{Attributes, NotOne, SignedData, Signer};
use crate::document::source::Content;
use crate::document::time;
use crate::domain::Timestamp;
use crate::signature::{DigestMethod, der};

/// Without signed attributes the content itself is what is signed, and ring wants it in one piece: largest such.
const UNATTRIBUTED_OCTETS_MAX: u64 = 4 << 20;
const SET: u8 = 0x31;

/// Why a signature is not right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) reason: Reason,
    pub(super) detail: &'static str,
}

/// What was found out about one signature.
#[derive(Debug, Default)]
pub(super) struct Checked<'a> {
    /// The certificate that it names.
    pub(super) certificate: Option<&'a [u8]>,
    pub(super) algorithm: Option<String>,
    pub(super) signing_time: Option<Timestamp>,
    pub(super) binding: Option<Binding>,
    pub(super) notes: Vec<Note>,
    /// Why it is not right, if it is not.
    pub(super) wrong: Option<Wrong>,
}

impl Checked<'_> {
    /// Whether it rests on something weak.
    pub(super) fn is_weak(&self) -> bool {
        self.notes.iter().any(|note| matches!(note, Note::Sha1 | Note::ShortKey))
    }

    fn note(&mut self, note: Note) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }
}

/// A step that ends the check.
enum Stop {
    Wrong(Wrong),
    Io(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

fn wrong(reason: Reason, detail: &'static str) -> Stop {
    Stop::Wrong(Wrong { reason, detail })
}

/// Checks one signer of `data`. `known` are certificates that did not come with it.
pub(super) fn check<'a>(
    data: &SignedData<'a>,
    signer: &Signer<'a>,
    known: &'a [Vec<u8>],
    content: &dyn Content,
) -> io::Result<Checked<'a>> {
    let mut checked = Checked::default();
    match steps(&mut checked, data, signer, known, content) {
        Ok(()) => {}
        Err(Stop::Wrong(wrong)) => checked.wrong = Some(wrong),
        Err(Stop::Io(error)) => return Err(error),
    }
    Ok(checked)
}

fn steps<'a>(
    checked: &mut Checked<'a>,
    data: &SignedData<'a>,
    signer: &Signer<'a>,
    known: &'a [Vec<u8>],
    content: &dyn Content,
) -> Result<(), Stop> {
    checked.certificate = data.certificate(signer, known);
    let digest = algorithm::digest(signer.digest)
        .ok_or_else(|| wrong(Reason::AlgorithmUnsupported, "digestAlgorithm is none of SHA-1 and SHA-2"))?;
    let scheme = Scheme::parse(signer.algorithm, digest).ok_or_else(|| {
        wrong(
            Reason::AlgorithmUnsupported,
            "signatureAlgorithm is none of RSA, RSASSA-PSS with a salt as long as its digest, ECDSA",
        )
    })?;
    if digest.is_weak() || scheme.digest().is_weak() {
        checked.note(Note::Sha1);
    }
    let certificate = checked.certificate.ok_or_else(|| {
        wrong(Reason::CertificateMissing, "the certificate that SignerInfo names did not come with the signature")
    })?;
    let verifier = Verifier::of_certificate(certificate).ok_or_else(|| {
        wrong(Reason::AlgorithmUnsupported, "the certificate's key is neither RSA nor P-256 nor P-384")
    })?;
    checked.algorithm = Some(algorithm::name(verifier.key, scheme));
    if verifier.key.is_weak() {
        checked.note(Note::ShortKey);
    }
    let Some(signed) = signer.signed else {
        return without_attributes(checked, data, &verifier, scheme, signer.value, content);
    };
    let attributes = Attributes::parse(signed).ok_or_else(|| wrong(Reason::Malformed, "signedAttrs is malformed"))?;
    content_attributes(checked, data, &attributes, digest, content)?;
    let message = attributes.to_be_signed();
    let outcome = verifier.verify(scheme, &message, signer.value);
    let as_it_stands = der::write(SET, &[signed]);
    if outcome == Outcome::Wrong && as_it_stands != message {
        decide(verifier.verify(scheme, &as_it_stands, signer.value))?;
        checked.note(Note::AttributesUnsorted);
    } else {
        decide(outcome)?;
    }
    bound(checked, &attributes, certificate)
}

fn decide(outcome: Outcome) -> Result<(), Stop> {
    match outcome {
        Outcome::Right => Ok(()),
        Outcome::Wrong => Err(wrong(Reason::SignatureInvalid, "the value does not verify with the certificate's key")),
        Outcome::Unsupported => {
            Err(wrong(Reason::AlgorithmUnsupported, "signatureAlgorithm is not one for the certificate's key"))
        }
    }
}

fn without_attributes(
    checked: &mut Checked<'_>,
    data: &SignedData<'_>,
    verifier: &Verifier,
    scheme: Scheme,
    value: &[u8],
    content: &dyn Content,
) -> Result<(), Stop> {
    if data.content_type != oid::DATA {
        return Err(wrong(Reason::Malformed, "there are no signed attributes, and the content is not id-data"));
    }
    checked.note(Note::NoSignedAttributes);
    checked.note(Note::CertificateUnbound);
    let content = content.whole(UNATTRIBUTED_OCTETS_MAX)?.ok_or_else(|| {
        wrong(Reason::TooLarge, "there are no signed attributes, and the content is larger than is looked at so")
    })?;
    decide(verifier.verify(scheme, &content, value))
}

/// contentType and messageDigest must stand and be right (RFC 5652, 5.3 and 11); signingTime is read.
fn content_attributes(
    checked: &mut Checked<'_>,
    data: &SignedData<'_>,
    attributes: &Attributes<'_>,
    digest: DigestMethod,
    content: &dyn Content,
) -> Result<(), Stop> {
    let one = |kind| attributes.one(kind).map_err(|NotOne| wrong(Reason::Malformed, "a signed attribute stands twice"));
    let time_value = one(oid::SIGNING_TIME)?;
    checked.signing_time =
        time_value.and_then(|value| Cursor::new(value).any()).and_then(|(tag, contents)| time::time(tag, contents));
    let content_type = one(oid::CONTENT_TYPE)?.and_then(|value| der::whole(der::OID, value));
    if content_type != Some(data.content_type) {
        return Err(wrong(Reason::Malformed, "the attribute contentType is missing or names another type"));
    }
    let message_digest = one(oid::MESSAGE_DIGEST)?
        .and_then(|value| der::whole(der::OCTET_STRING, value))
        .ok_or_else(|| wrong(Reason::Malformed, "the attribute messageDigest is missing"))?;
    if content.digest(digest)? != message_digest {
        return Err(wrong(Reason::DigestMismatch, "messageDigest is not the digest of the content"));
    }
    Ok(())
}

fn bound(checked: &mut Checked<'_>, attributes: &Attributes<'_>, certificate: &[u8]) -> Result<(), Stop> {
    let found = binding(attributes, certificate);
    checked.binding = Some(found);
    match found {
        Binding::Same { is_weak: false } => {}
        Binding::Same { is_weak: true } => checked.note(Note::CertificateBoundBySha1),
        Binding::Absent => checked.note(Note::CertificateUnbound),
        Binding::Other => return Err(wrong(Reason::CertificateOther, "signingCertificate means another certificate")),
        Binding::Malformed => return Err(wrong(Reason::Malformed, "signingCertificate cannot be read")),
    }
    Ok(())
}
