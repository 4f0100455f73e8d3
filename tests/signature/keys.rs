//! Keys and signature values by themselves: what is no acceptable key, and Project Wycheproof's cases.

use serde_json::Value;
use truc::domain::Code;
use truc::signature::{KeyKind, PublicKey, SignatureMethod};

use crate::support::{openssl, shared};

/// The SubjectPublicKeyInfo of a fresh key.
fn public(algorithm: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    openssl(folder.path(), &[&["genpkey", "-out", "key.pem", "-algorithm"], algorithm].concat());
    openssl(folder.path(), &["pkey", "-in", "key.pem", "-pubout", "-outform", "DER", "-out", "key.der"]);
    std::fs::read(folder.path().join("key.der")).unwrap()
}

#[test]
fn keys_outside_the_list_are_refused() {
    let refused: [&[&str]; 8] = [
        &["RSA", "-pkeyopt", "rsa_keygen_bits:1024"],
        &["RSA", "-pkeyopt", "rsa_keygen_bits:2047"],
        &["RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-pkeyopt", "rsa_keygen_pubexp:3"],
        &["RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048"],
        &["EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"],
        &["EC", "-pkeyopt", "ec_paramgen_curve:P-521"],
        &["EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-pkeyopt", "ec_param_enc:explicit"],
        &["ED25519"],
    ];
    for algorithm in refused {
        assert_eq!(
            PublicKey::from_spki(&public(algorithm)).unwrap_err().code,
            Code::AlgorithmNotAllowed,
            "{algorithm:?}"
        );
    }
}

#[test]
fn keys_on_the_list_are_taken() {
    let taken: [(&[&str], KeyKind); 4] = [
        (&["RSA", "-pkeyopt", "rsa_keygen_bits:2048"], KeyKind::Rsa { bits: 2048 }),
        (&["RSA", "-pkeyopt", "rsa_keygen_bits:3000"], KeyKind::Rsa { bits: 3000 }),
        (&["EC", "-pkeyopt", "ec_paramgen_curve:P-256"], KeyKind::P256),
        (&["EC", "-pkeyopt", "ec_paramgen_curve:P-384"], KeyKind::P384),
    ];
    for (algorithm, kind) in taken {
        assert_eq!(PublicKey::from_spki(&public(algorithm)).unwrap().kind(), kind);
    }
}

#[test]
fn a_damaged_key_is_no_key() {
    let spki = public(&["EC", "-pkeyopt", "ec_paramgen_curve:P-256"]);
    for damaged in [&spki[1..], &spki[..spki.len() - 1], &[spki.as_slice(), &[0]].concat(), &[]] {
        assert_eq!(PublicKey::from_spki(damaged).unwrap_err().code, Code::CertificateInvalid);
    }
}

/// (file, method). The ECDSA files are of the form r||s.
const WYCHEPROOF: [(&str, SignatureMethod); 7] = [
    ("rsa_signature_2048_sha256_test", SignatureMethod::RsaSha256),
    ("rsa_signature_2048_sha512_test", SignatureMethod::RsaSha512),
    ("rsa_signature_3072_sha256_test", SignatureMethod::RsaSha256),
    ("rsa_signature_4096_sha384_test", SignatureMethod::RsaSha384),
    ("rsa_signature_4096_sha512_test", SignatureMethod::RsaSha512),
    ("ecdsa_secp256r1_sha256_p1363_test", SignatureMethod::EcdsaSha256),
    ("ecdsa_secp384r1_sha384_p1363_test", SignatureMethod::EcdsaSha384),
];

/// Calls `check` with the verdict and the expected result of every case whose key is on the list. Gives the numbers of
/// cases with and without such a key.
fn each_case(file: &str, method: SignatureMethod, check: impl Fn(bool, &str, &Value)) -> (usize, usize) {
    let Some(path) = shared(&format!("vectors/wycheproof/{file}.json")) else { return (0, 0) };
    let suite: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let octets = |value: &Value| hex::decode(value.as_str().unwrap()).unwrap();
    let (mut with_key, mut without) = (0, 0);
    for group in suite["testGroups"].as_array().unwrap() {
        let cases = group["tests"].as_array().unwrap();
        let Ok(key) = PublicKey::from_spki(&octets(&group["publicKeyDer"])) else {
            assert_eq!(group["publicKey"]["publicExponent"], "03", "{file}: the key is refused for its exponent only");
            without += cases.len();
            continue;
        };
        for case in cases {
            let verified = key.verify(method, &octets(&case["msg"]), &octets(&case["sig"])).is_ok();
            check(verified, case["result"].as_str().unwrap(), case);
        }
        with_key += cases.len();
    }
    (with_key, without)
}

#[test]
fn wycheproof_finds_nothing() {
    for (file, method) in WYCHEPROOF {
        let (cases, skipped) = each_case(file, method, |verified, expected, case| {
            assert_eq!(verified, expected == "valid", "{file}: {case}");
        });
        println!("vectors: signature-primitive {cases:4} cases of {file}, {skipped} more with a refused key");
    }
}

#[test]
fn an_ecdsa_value_in_der_is_refused() {
    let file = "ecdsa_secp256r1_sha256_test";
    each_case(file, SignatureMethod::EcdsaSha256, |verified, _, case| assert!(!verified, "{case}"));
}
