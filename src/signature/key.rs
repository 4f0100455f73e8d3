//! Public keys: which are accepted (SIGNATURES 5.2), and the verification of a signature value by ring.

use ring::signature::{self as ring_signature, UnparsedPublicKey, VerificationAlgorithm};

use crate::domain::{Code, Refusal};
use crate::signature::SignatureMethod;
use crate::signature::der;

const RSA_BITS_MIN: usize = 2048;
const RSA_BITS_MAX: usize = 4096;
/// Below it, forgeries against lax padding checks become practical; above 32 bits ring stops.
const RSA_EXPONENT_MIN: u64 = 65_537;

/// What a key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// RSA with a modulus of so many bits.
    Rsa {
        /// 2048 to 4096.
        bits: usize,
    },
    /// ECDSA over P-256.
    P256,
    /// ECDSA over P-384.
    P384,
}

/// A public key that is on the allow-list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    kind: KeyKind,
    /// RSAPublicKey in DER, or the uncompressed point.
    octets: Box<[u8]>,
}

impl PublicKey {
    /// From a SubjectPublicKeyInfo in DER: RSA of 2048 to 4096 bits with an exponent of at least 65537, or a named
    /// curve P-256 or P-384.
    ///
    /// # Errors
    /// [`Code::CertificateInvalid`] if it is not DER, [`Code::AlgorithmNotAllowed`] for any other key.
    pub fn from_spki(spki: &[u8]) -> Result<Self, Refusal> {
        let malformed = || Refusal::new(Code::CertificateInvalid, "the SubjectPublicKeyInfo is malformed");
        let (algorithm, parameters, key) = split(spki).ok_or_else(malformed)?;
        match algorithm {
            der::OID_RSA if parameters == [der::NULL, 0] => rsa(key),
            der::OID_EC => curve(parameters, key),
            _ => Err(not_allowed("the certificate's key is neither RSA nor ECDSA over a named curve")),
        }
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// RSAPublicKey in DER, or the uncompressed point.
    pub(super) fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// Verifies a signature value: PKCS#1 v1.5 for RSA, r||s for ECDSA (XML-DSig 1.1, 6.4).
    ///
    /// # Errors
    /// [`Code::AlgorithmNotAllowed`] if the method is not one for this kind of key, else [`Code::SignatureInvalid`].
    pub fn verify(&self, method: SignatureMethod, message: &[u8], value: &[u8]) -> Result<(), Refusal> {
        let verified = match self.algorithm(method) {
            Some(Form::AsIs(algorithm)) => UnparsedPublicKey::new(algorithm, &self.octets).verify(message, value),
            Some(Form::ToDer(algorithm)) => {
                UnparsedPublicKey::new(algorithm, &self.octets).verify(message, &self.to_der(value)?)
            }
            None => return Err(not_allowed("SignatureMethod is not one for the certificate's key")),
        };
        verified.map_err(|_| invalid())
    }

    fn algorithm(&self, method: SignatureMethod) -> Option<Form> {
        use SignatureMethod as Method;
        Some(match (self.kind, method) {
            (KeyKind::Rsa { .. }, Method::RsaSha1) => {
                Form::AsIs(&ring_signature::RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY)
            }
            (KeyKind::Rsa { .. }, Method::RsaSha256) => Form::AsIs(&ring_signature::RSA_PKCS1_2048_8192_SHA256),
            (KeyKind::Rsa { .. }, Method::RsaSha384) => Form::AsIs(&ring_signature::RSA_PKCS1_2048_8192_SHA384),
            (KeyKind::Rsa { .. }, Method::RsaSha512) => Form::AsIs(&ring_signature::RSA_PKCS1_2048_8192_SHA512),
            (KeyKind::P256, Method::EcdsaSha256) => Form::AsIs(&ring_signature::ECDSA_P256_SHA256_FIXED),
            (KeyKind::P256, Method::EcdsaSha384) => Form::ToDer(&ring_signature::ECDSA_P256_SHA384_ASN1),
            (KeyKind::P384, Method::EcdsaSha256) => Form::ToDer(&ring_signature::ECDSA_P384_SHA256_ASN1),
            (KeyKind::P384, Method::EcdsaSha384) => Form::AsIs(&ring_signature::ECDSA_P384_SHA384_FIXED),
            _ => return None,
        })
    }

    /// r||s of exactly twice the curve's width as `SEQUENCE { INTEGER r, INTEGER s }`, which ring takes where the
    /// hash is not the curve's own.
    fn to_der(&self, value: &[u8]) -> Result<Vec<u8>, Refusal> {
        let width = if self.kind == KeyKind::P256 { 32 } else { 48 };
        let (r, s) = value.split_at_checked(width).filter(|(_, s)| s.len() == width).ok_or_else(invalid)?;
        Ok(der::write(der::SEQUENCE, &[&integer(r), &integer(s)]))
    }
}

/// How ring wants the value.
enum Form {
    AsIs(&'static dyn VerificationAlgorithm),
    ToDer(&'static dyn VerificationAlgorithm),
}

/// (algorithm OID, parameters as they stand, key octets).
fn split(spki: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (identifier, rest) = der::expect(der::SEQUENCE, der::whole(der::SEQUENCE, spki)?)?;
    let (algorithm, parameters) = der::expect(der::OID, identifier)?;
    let (unused_bits, key) = der::whole(der::BIT_STRING, rest)?.split_first()?;
    (*unused_bits == 0).then_some((algorithm, parameters, key))
}

fn rsa(key: &[u8]) -> Result<PublicKey, Refusal> {
    let (modulus, exponent) = modulus_and_exponent(key)
        .ok_or_else(|| Refusal::new(Code::CertificateInvalid, "the RSA key in the certificate is malformed"))?;
    let bits = bit_length(modulus);
    if !(RSA_BITS_MIN..=RSA_BITS_MAX).contains(&bits) {
        return Err(not_allowed("the certificate's RSA key is not of 2048 to 4096 bits"));
    }
    let exponent = exponent.iter().try_fold(0_u64, |sum, &octet| sum.checked_mul(256)?.checked_add(u64::from(octet)));
    if exponent.is_some_and(|exponent| exponent < RSA_EXPONENT_MIN) {
        return Err(not_allowed("the exponent of the certificate's RSA key is below 65537"));
    }
    Ok(PublicKey { kind: KeyKind::Rsa { bits }, octets: key.into() })
}

fn modulus_and_exponent(key: &[u8]) -> Option<(&[u8], &[u8])> {
    let (modulus, rest) = der::expect(der::INTEGER, der::whole(der::SEQUENCE, key)?)?;
    let exponent = der::whole(der::INTEGER, rest)?;
    let is_positive = |octets: &[u8]| octets.first().is_some_and(|&high| high < 0x80);
    (is_positive(modulus) && is_positive(exponent)).then_some((modulus, exponent))
}

fn bit_length(integer: &[u8]) -> usize {
    let significant = integer.iter().position(|&octet| octet != 0).and_then(|at| integer.get(at..)).unwrap_or_default();
    let leading = significant.first().map_or(0, |octet| octet.leading_zeros());
    significant.len() * 8 - usize::try_from(leading).unwrap_or_default()
}

fn curve(parameters: &[u8], point: &[u8]) -> Result<PublicKey, Refusal> {
    let kind = match der::whole(der::OID, parameters) {
        Some(der::OID_P256) => KeyKind::P256,
        Some(der::OID_P384) => KeyKind::P384,
        _ => return Err(not_allowed("the certificate's key is not on P-256 or P-384 by name")),
    };
    Ok(PublicKey { kind, octets: point.into() })
}

fn integer(octets: &[u8]) -> Vec<u8> {
    let start = octets.iter().position(|&octet| octet != 0).unwrap_or(octets.len().saturating_sub(1));
    let octets = octets.get(start..).unwrap_or_default();
    let sign: &[u8] = if octets.first().is_some_and(|&high| high >= 0x80) { &[0] } else { &[] };
    der::write(der::INTEGER, &[sign, octets])
}

fn not_allowed(detail: &'static str) -> Refusal {
    Refusal::new(Code::AlgorithmNotAllowed, detail)
}

fn invalid() -> Refusal {
    Refusal::new(Code::SignatureInvalid, "SignatureValue does not verify with the certificate's key")
}
