//! CRLs: only the one that the authority signed says that its certificate is good.
#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use truc::trust::{check_with_evidence, files};
use truc_fuzz::{Pki, now};

fuzz_target!(|data: &[u8]| {
    static PKI: OnceLock<Pki> = OnceLock::new();
    let pki = PKI.get_or_init(Pki::load);
    let _ = files::crls(data.to_vec());
    let evidence = pki.evidence(&pki.leaf, data);
    if check_with_evidence(&evidence, std::slice::from_ref(&pki.root), now()).is_ok() {
        assert_eq!(data, pki.sub_crl, "a CRL that nobody signed says good");
    }
});
