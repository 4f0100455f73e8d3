//! A message signed rightly by the wrong certificate: the whole way, from `sign` through `verify` to the trust store.

use truc::domain::Code;
use truc::signature::{KeyInfo, Profile, SigningKey, SigningOptions, examine, sign, verify};
use truc::trust::{Sources, TrustStore};

use crate::support::{MESSAGE, Recorder, now, profile, rsa, shared, trust};

/// Names in the PKI of the vectors and why each is refused; None for those that are good.
const CERTIFICATES: [(&str, Option<Code>); 14] = [
    ("a_rsa2048", None),
    ("b_rsa4096", None),
    ("c_rsa3072", None),
    ("d_p256", None),
    ("e_p384", None),
    ("g_noeku", None),
    ("x_expired", Some(Code::CertificateExpired)),
    ("x_notyet", Some(Code::CertificateNotYetValid)),
    ("x_revoked", Some(Code::CertificateRevoked)),
    ("x_wrongeku", Some(Code::CertificateUsage)),
    ("x_nodigsig", Some(Code::CertificateUsage)),
    ("imp_a", Some(Code::ChainNotFound)),
    ("imp_selfsigned", Some(Code::ChainNotFound)),
    ("imp_selfsigned_ca", Some(Code::CertificateUsage)),
];

#[test]
fn a_right_signature_by_a_wrong_certificate_is_refused_for_the_certificate() {
    let Some(folder) = shared("vectors") else { return };
    let trust = trust(&folder);
    for (name, reason) in CERTIFICATES {
        let file = |end: &str| std::fs::read(folder.join(format!("generated/pki/{name}.{end}"))).unwrap();
        let key = SigningKey::from_pem(&file("key.pem")).unwrap();
        let signed =
            sign(MESSAGE.as_bytes(), &profile(), &key, &[file("cert.der")], SigningOptions::default()).unwrap();
        let verified = verify(&signed.as_slice(), &profile(), &trust, now(), Recorder::default);
        let verdict = examine(&signed.as_slice(), &profile(), &trust, now(), Recorder::default).unwrap().verdict;
        assert_eq!(verified.err().map(|refusal| refusal.code), reason, "{name}");
        assert_eq!(verdict.code, reason, "{name}");
        assert_eq!(verdict.covered.len(), 1, "{name}: the content is as it was signed, whoever signed it");
    }
}

#[test]
fn a_store_of_trust_knows_no_key_without_a_certificate() {
    let signed = rsa().sign(MESSAGE, SigningOptions::default());
    let keyless = Profile { key_info: KeyInfo::Unread, ..profile() };
    let store = TrustStore::open(Sources::default(), now()).unwrap();
    let refusal = verify(&signed.as_bytes(), &keyless, &store, now(), Recorder::default).unwrap_err();
    assert_eq!(refusal.code, Code::CertificateInvalid);
}
