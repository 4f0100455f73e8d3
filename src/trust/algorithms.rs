//! The signature algorithms of certificates and CRLs, and the check of a CRL's signature. What is not in the list is
//! never computed; which keys may stand in a certificate is decided by [`crate::signature::PublicKey`].

use rustls_pki_types::{SignatureVerificationAlgorithm, SubjectPublicKeyInfoDer};
use webpki::{Error, RawPublicKeyEntity, ring};

/// RSA (PKCS#1 v1.5 and PSS) and ECDSA over P-256 and P-384, with SHA-256, SHA-384 or SHA-512 as far as ring has them.
/// Not in it: SHA-1, Ed25519, P-521. ring takes RSA moduli up to 8192 bits; the check of every key in the path brings
/// them down to 4096.
pub(super) static CHAIN_ALGORITHMS: &[&dyn SignatureVerificationAlgorithm] = &[
    ring::RSA_PKCS1_2048_8192_SHA256,
    ring::RSA_PKCS1_2048_8192_SHA384,
    ring::RSA_PKCS1_2048_8192_SHA512,
    ring::ECDSA_P256_SHA256,
    ring::ECDSA_P256_SHA384,
    ring::ECDSA_P384_SHA256,
    ring::ECDSA_P384_SHA384,
    ring::RSA_PKCS1_2048_8192_SHA256_ABSENT_PARAMS,
    ring::RSA_PKCS1_2048_8192_SHA384_ABSENT_PARAMS,
    ring::RSA_PKCS1_2048_8192_SHA512_ABSENT_PARAMS,
    ring::RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
    ring::RSA_PSS_2048_8192_SHA384_LEGACY_KEY,
    ring::RSA_PSS_2048_8192_SHA512_LEGACY_KEY,
];

/// Whether `signature` over `message` is by the key. `spki` is the whole SubjectPublicKeyInfo, `algorithm` the contents
/// of the AlgorithmIdentifier.
pub(super) fn is_signed_by(spki: &[u8], algorithm: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let spki = SubjectPublicKeyInfoDer::from(spki);
    let Ok(key) = RawPublicKeyEntity::try_from(&spki) else { return false };
    CHAIN_ALGORITHMS
        .iter()
        .filter(|known| known.signature_alg_id().as_ref() == algorithm)
        .map(|known| key.verify_signature(*known, message, signature))
        .find(|verdict| !matches!(verdict, Err(Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_))))
        .is_some_and(|verdict| verdict.is_ok())
}
