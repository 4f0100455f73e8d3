//! Digests, keys and signature schemes of CMS, and the verification of a signature value by ring. More is computed
//! here than at the door, since a verdict on a document decides nothing: what is weak is computed and named so.

use ring::signature::{self as ring_signature, UnparsedPublicKey, VerificationAlgorithm};
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::document::cursor::Cursor;
use crate::document::oid;
use crate::signature::{DigestMethod, der};

/// The digest of an AlgorithmIdentifier (its contents).
pub(super) fn digest(identifier: &[u8]) -> Option<DigestMethod> {
    let mut cursor = Cursor::new(identifier);
    let algorithm = cursor.expect(der::OID)?;
    cursor.optional(der::NULL);
    cursor.end()?;
    digest_of(algorithm)
}

fn digest_of(algorithm: &[u8]) -> Option<DigestMethod> {
    let known = [
        (oid::SHA1, DigestMethod::Sha1),
        (oid::SHA256, DigestMethod::Sha256),
        (oid::SHA384, DigestMethod::Sha384),
        (oid::SHA512, DigestMethod::Sha512),
    ];
    known.iter().find(|(known, _)| *known == algorithm).map(|(_, method)| *method)
}

/// How a value is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    RsaPkcs1(DigestMethod),
    RsaPss(DigestMethod),
    Ecdsa(DigestMethod),
}

impl Scheme {
    /// The scheme of a SignerInfo's signatureAlgorithm (contents). Where it names only the kind of key, as many do, the
    /// digest is that of the SignerInfo.
    pub(super) fn parse(identifier: &[u8], digest: DigestMethod) -> Option<Self> {
        let mut cursor = Cursor::new(identifier);
        let algorithm = cursor.expect(der::OID)?;
        if let Some(rest) = algorithm.strip_prefix(oid::PKCS1) {
            return match rest {
                [1] => Some(Self::RsaPkcs1(digest)),
                [5] => Some(Self::RsaPkcs1(DigestMethod::Sha1)),
                [10] => pss(cursor.expect(der::SEQUENCE)?),
                [11] => Some(Self::RsaPkcs1(DigestMethod::Sha256)),
                [12] => Some(Self::RsaPkcs1(DigestMethod::Sha384)),
                [13] => Some(Self::RsaPkcs1(DigestMethod::Sha512)),
                _ => None,
            };
        }
        match algorithm {
            der::OID_EC => Some(Self::Ecdsa(digest)),
            oid::ECDSA_SHA1 => Some(Self::Ecdsa(DigestMethod::Sha1)),
            _ => match algorithm.strip_prefix(oid::ECDSA_SHA2)? {
                [2] => Some(Self::Ecdsa(DigestMethod::Sha256)),
                [3] => Some(Self::Ecdsa(DigestMethod::Sha384)),
                [4] => Some(Self::Ecdsa(DigestMethod::Sha512)),
                _ => None,
            },
        }
    }

    pub(super) const fn digest(self) -> DigestMethod {
        match self {
            Self::RsaPkcs1(digest) | Self::RsaPss(digest) | Self::Ecdsa(digest) => digest,
        }
    }
}

/// RSASSA-PSS-params (RFC 4055, 3.1): MGF1 with the same digest and a salt as long as it, which is all that ring has.
fn pss(parameters: &[u8]) -> Option<Scheme> {
    const SALT_LENGTH: u8 = 0xA2;
    let mut cursor = Cursor::new(parameters);
    let digest = digest(der::whole(der::SEQUENCE, cursor.expect(0xA0)?)?)?;
    let mut mask = Cursor::inside(der::SEQUENCE, cursor.expect(0xA1)?)?;
    let is_mgf1 = mask.expect(der::OID)? == oid::MGF1;
    let is_same = self::digest(mask.expect(der::SEQUENCE)?)? == digest;
    let salt = der::whole(der::INTEGER, cursor.expect(SALT_LENGTH)?)?;
    let fits = matches!(salt, [length] if usize::from(*length) == digest.output_len());
    (is_mgf1 && is_same && fits && !digest.is_weak()).then_some(Scheme::RsaPss(digest))
}

/// A certificate's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    Rsa { bits: usize },
    P256,
    P384,
}

impl Key {
    /// Below what the hub takes at the door.
    pub(super) const fn is_weak(self) -> bool {
        matches!(self, Self::Rsa { bits } if bits < 2048)
    }
}

/// A key that may verify.
pub(super) struct Verifier {
    pub(super) key: Key,
    octets: Vec<u8>,
}

/// What came of a verification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Right,
    Wrong,
    /// Never computed: the hub has no such algorithm.
    Unsupported,
}

impl Verifier {
    /// The key of a certificate; nothing if it is of another kind, or the certificate is malformed.
    pub(super) fn of_certificate(certificate: &[u8]) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
        let spki = certificate.public_key();
        let octets = spki.subject_public_key.data.to_vec();
        let key = match spki.algorithm.algorithm.as_bytes() {
            der::OID_RSA => Key::Rsa { bits: modulus_bits(&octets)? },
            der::OID_EC => match spki.algorithm.parameters.as_ref()?.data {
                der::OID_P256 => Key::P256,
                der::OID_P384 => Key::P384,
                _ => return None,
            },
            _ => return None,
        };
        Some(Self { key, octets })
    }

    pub(super) fn verify(&self, scheme: Scheme, message: &[u8], value: &[u8]) -> Outcome {
        let Some(algorithm) = algorithm(self.key, scheme) else { return Outcome::Unsupported };
        match UnparsedPublicKey::new(algorithm, &self.octets).verify(message, value) {
            Ok(()) => Outcome::Right,
            Err(_) => Outcome::Wrong,
        }
    }
}

fn algorithm(key: Key, scheme: Scheme) -> Option<&'static dyn VerificationAlgorithm> {
    use DigestMethod::{Sha1, Sha256, Sha384, Sha512};
    Some(match (key, scheme) {
        (Key::Rsa { bits }, _) if !(1024..=8192).contains(&bits) => return None,
        (Key::Rsa { .. }, Scheme::RsaPkcs1(Sha1)) => &ring_signature::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
        (Key::Rsa { .. }, Scheme::RsaPkcs1(Sha256)) => &ring_signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
        (Key::Rsa { .. }, Scheme::RsaPkcs1(Sha512)) => &ring_signature::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
        (Key::Rsa { bits }, _) if bits < 2048 => return None,
        (Key::Rsa { .. }, Scheme::RsaPkcs1(Sha384)) => &ring_signature::RSA_PKCS1_2048_8192_SHA384,
        (Key::Rsa { .. }, Scheme::RsaPss(Sha256)) => &ring_signature::RSA_PSS_2048_8192_SHA256,
        (Key::Rsa { .. }, Scheme::RsaPss(Sha384)) => &ring_signature::RSA_PSS_2048_8192_SHA384,
        (Key::Rsa { .. }, Scheme::RsaPss(Sha512)) => &ring_signature::RSA_PSS_2048_8192_SHA512,
        (Key::P256, Scheme::Ecdsa(Sha256)) => &ring_signature::ECDSA_P256_SHA256_ASN1,
        (Key::P256, Scheme::Ecdsa(Sha384)) => &ring_signature::ECDSA_P256_SHA384_ASN1,
        (Key::P384, Scheme::Ecdsa(Sha256)) => &ring_signature::ECDSA_P384_SHA256_ASN1,
        (Key::P384, Scheme::Ecdsa(Sha384)) => &ring_signature::ECDSA_P384_SHA384_ASN1,
        _ => return None,
    })
}

fn modulus_bits(key: &[u8]) -> Option<usize> {
    let modulus = Cursor::inside(der::SEQUENCE, key)?.expect(der::INTEGER)?;
    let first = modulus.iter().position(|&octet| octet != 0)?;
    let leading = usize::try_from(modulus.get(first)?.leading_zeros()).ok()?;
    modulus.len().checked_sub(first)?.checked_mul(8)?.checked_sub(leading)
}

/// The scheme and key for people: `RSA-2048 SHA-256`, `ECDSA P-384 SHA-384`.
pub(super) fn name(key: Key, scheme: Scheme) -> String {
    let key = match (key, scheme) {
        (Key::Rsa { bits }, Scheme::RsaPss(_)) => format!("RSA-PSS-{bits}"),
        (Key::Rsa { bits }, _) => format!("RSA-{bits}"),
        (Key::P256, _) => "ECDSA P-256".to_owned(),
        (Key::P384, _) => "ECDSA P-384".to_owned(),
    };
    format!("{key} {}", digest_name(scheme.digest()))
}

/// `SHA-256`.
pub(super) const fn digest_name(method: DigestMethod) -> &'static str {
    match method {
        DigestMethod::Sha1 => "SHA-1",
        DigestMethod::Sha256 => "SHA-256",
        DigestMethod::Sha384 => "SHA-384",
        DigestMethod::Sha512 => "SHA-512",
    }
}
