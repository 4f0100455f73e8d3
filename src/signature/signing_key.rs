//! Private keys. Their material goes nowhere but into ring: not into Debug, errors or logs. Some are held elsewhere, in
//! a token, and only asked.

use std::fmt;

use ring::rand::SystemRandom;
use ring::signature::{self as ring_signature, EcdsaKeyPair, EcdsaSigningAlgorithm, KeyPair, RsaEncoding, RsaKeyPair};
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject;

use crate::signature::{DigestMethod, KeyKind, PublicKey, SignatureMethod, der};

/// Why a private key cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// There is no private key in the text, or only an encrypted one.
    #[error("no unencrypted private key in PEM (PKCS#8, PKCS#1 or SEC 1)")]
    NotFound,
    /// The key is not RSA of 2048 to 4096 bits, P-256 or P-384, or it is damaged, or it lacks its public half.
    #[error("the private key is not RSA of 2048 to 4096 bits, P-256 or P-384 with its public key, or it is damaged")]
    NotUsable,
    /// The token that holds the key did not sign.
    #[error("the token did not sign: {0}")]
    Token(String),
}

/// A key that stays where it is. Implemented by `token`.
pub trait HeldKey: Send + Sync {
    /// Its public half, from its certificate: whether they belong together shows when what was signed is verified.
    fn public(&self) -> &PublicKey;

    /// Signs a message: PKCS#1 v1.5 for RSA, r||s for ECDSA.
    ///
    /// # Errors
    /// [`KeyError::Token`].
    fn sign(&self, method: SignatureMethod, message: &[u8]) -> Result<Vec<u8>, KeyError>;
}

/// A key that signs.
pub struct SigningKey(Pair);

enum Pair {
    Rsa(Box<RsaKeyPair>),
    P256(EcdsaKeyPair),
    P384(EcdsaKeyPair),
    Held(Box<dyn HeldKey>),
}

impl SigningKey {
    /// A key that is held elsewhere.
    #[must_use]
    pub fn held(key: Box<dyn HeldKey>) -> Self {
        Self(Pair::Held(key))
    }

    /// The first private key in a PEM text: PKCS#8 (RSA, P-256, P-384), PKCS#1 (RSA) or SEC 1 (P-256, P-384).
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn from_pem(pem: &[u8]) -> Result<Self, KeyError> {
        let pair = match PrivateKeyDer::from_pem_slice(pem).map_err(|_| KeyError::NotFound)? {
            PrivateKeyDer::Pkcs8(pkcs8) => Pair::from_pkcs8(pkcs8.secret_pkcs8_der()),
            PrivateKeyDer::Pkcs1(pkcs1) => {
                RsaKeyPair::from_der(pkcs1.secret_pkcs1_der()).ok().map(|pair| Pair::Rsa(Box::new(pair)))
            }
            PrivateKeyDer::Sec1(sec1) => [der::OID_P256, der::OID_P384]
                .into_iter()
                .find_map(|curve| Pair::from_pkcs8(&pkcs8_of(sec1.secret_sec1_der(), curve))),
            _ => None,
        };
        pair.map(Self).ok_or(KeyError::NotUsable)
    }

    /// What kind of key it is.
    #[must_use]
    pub fn kind(&self) -> KeyKind {
        match &self.0 {
            Pair::Rsa(pair) => KeyKind::Rsa { bits: pair.public().modulus_len() * 8 },
            Pair::P256(_) => KeyKind::P256,
            Pair::P384(_) => KeyKind::P384,
            Pair::Held(key) => key.public().kind(),
        }
    }

    /// Whether this is the private half of `key`.
    #[must_use]
    pub fn is_of(&self, key: &PublicKey) -> bool {
        let own = match &self.0 {
            Pair::Rsa(pair) => pair.public().as_ref(),
            Pair::P256(pair) | Pair::P384(pair) => pair.public_key().as_ref(),
            Pair::Held(key) => key.public().octets(),
        };
        own == key.octets()
    }

    /// The method for a digest: RSA uses the same hash, ECDSA the one of its curve. None for SHA-1.
    pub(super) fn method(&self, digest: DigestMethod) -> Option<SignatureMethod> {
        match (self.kind(), digest) {
            (_, DigestMethod::Sha1) => None,
            (KeyKind::Rsa { .. }, DigestMethod::Sha256) => Some(SignatureMethod::RsaSha256),
            (KeyKind::Rsa { .. }, DigestMethod::Sha384) => Some(SignatureMethod::RsaSha384),
            (KeyKind::Rsa { .. }, DigestMethod::Sha512) => Some(SignatureMethod::RsaSha512),
            (KeyKind::P256, _) => Some(SignatureMethod::EcdsaSha256),
            (KeyKind::P384, _) => Some(SignatureMethod::EcdsaSha384),
        }
    }

    /// Signs by a method of [`SigningKey::method`]: the value as XML-DSig wants it.
    pub(super) fn sign(&self, method: SignatureMethod, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let random = SystemRandom::new();
        match &self.0 {
            Pair::Rsa(pair) => {
                let mut value = vec![0; pair.public().modulus_len()];
                let padding = rsa_padding(method).ok_or(KeyError::NotUsable)?;
                pair.sign(padding, &random, message, &mut value).map_err(|_| KeyError::NotUsable)?;
                Ok(value)
            }
            Pair::P256(pair) | Pair::P384(pair) => {
                pair.sign(&random, message).map(|value| value.as_ref().to_vec()).map_err(|_| KeyError::NotUsable)
            }
            Pair::Held(key) => key.sign(method, message),
        }
    }
}

impl Pair {
    fn from_pkcs8(pkcs8: &[u8]) -> Option<Self> {
        let curve = |algorithm: &'static EcdsaSigningAlgorithm| {
            EcdsaKeyPair::from_pkcs8(algorithm, pkcs8, &SystemRandom::new()).ok()
        };
        let rsa = || RsaKeyPair::from_pkcs8(pkcs8).ok().map(|pair| Self::Rsa(Box::new(pair)));
        rsa()
            .or_else(|| curve(&ring_signature::ECDSA_P256_SHA256_FIXED_SIGNING).map(Self::P256))
            .or_else(|| curve(&ring_signature::ECDSA_P384_SHA384_FIXED_SIGNING).map(Self::P384))
    }
}

fn rsa_padding(method: SignatureMethod) -> Option<&'static dyn RsaEncoding> {
    match method {
        SignatureMethod::RsaSha256 => Some(&ring_signature::RSA_PKCS1_SHA256),
        SignatureMethod::RsaSha384 => Some(&ring_signature::RSA_PKCS1_SHA384),
        SignatureMethod::RsaSha512 => Some(&ring_signature::RSA_PKCS1_SHA512),
        _ => None,
    }
}

/// A SEC 1 key in PKCS#8, which is what ring reads: version 0, algorithm, the key as it stands.
fn pkcs8_of(sec1: &[u8], curve: &[u8]) -> Vec<u8> {
    let algorithm =
        der::write(der::SEQUENCE, &[&der::write(der::OID, &[der::OID_EC]), &der::write(der::OID, &[curve])]);
    let version = der::write(der::INTEGER, &[&[0]]);
    der::write(der::SEQUENCE, &[&version, &algorithm, &der::write(der::OCTET_STRING, &[sec1])])
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({:?})", self.kind())
    }
}
