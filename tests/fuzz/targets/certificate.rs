//! Certificates: as a name, as a key, as the signer at the end of a path. Only the genuine one has a path.
#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use truc::signature::{PublicKey, SignerInfo};
use truc::trust::{check_with_evidence, files};
use truc_fuzz::{Pki, now};

fuzz_target!(|data: &[u8]| {
    static PKI: OnceLock<Pki> = OnceLock::new();
    let pki = PKI.get_or_init(Pki::load);
    let _ = SignerInfo::from_certificate(data);
    let _ = PublicKey::from_certificate(data);
    let _ = PublicKey::from_spki(data);
    let _ = files::certificates(data.to_vec());
    let evidence = pki.evidence(data, &pki.sub_crl);
    if check_with_evidence(&evidence, std::slice::from_ref(&pki.root), now()).is_ok() {
        assert_eq!(data, pki.leaf, "a path to a certificate that nobody issued");
    }
    // As an anchor, and as the authority in between.
    let _ = check_with_evidence(&pki.evidence(&pki.leaf, &pki.sub_crl), &[data.to_vec()], now());
    let mut evidence = pki.evidence(&pki.leaf, &pki.sub_crl);
    evidence[1] = truc::signature::Material::new(truc::signature::MaterialKind::Certificate, data);
    let _ = check_with_evidence(&evidence, std::slice::from_ref(&pki.root), now());
});
