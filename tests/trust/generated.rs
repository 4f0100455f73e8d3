//! The private PKI of the vectors (`generated/pki`): good and bad agencies under good and bad authorities, and CRLs that
//! must not be believed.

use std::fs;
use std::path::{Path, PathBuf};

use truc::domain::{Code, Timestamp};
use truc::signature::ChainCheck;
use truc::trust::files::certificates;
use truc::trust::{Sources, TrustStore};

use crate::vectors::{at, folder};

const NOW: &str = "2026-11-22T00:00:00Z";

/// What each certificate must give as a signer's. Authorities are left out, they are in the paths of the others.
const VERDICTS: [(&str, Result<(), Code>); 34] = [
    ("a_rsa2048", Ok(())),
    ("b_rsa4096", Ok(())),
    ("c_rsa3072", Ok(())),
    ("d_p256", Ok(())),
    ("e_p384", Ok(())),
    ("f_rsa2048_e3", Err(Code::AlgorithmNotAllowed)),
    ("g_noeku", Ok(())),
    ("imp_a", Err(Code::ChainNotFound)),
    ("imp_selfsigned", Err(Code::ChainNotFound)),
    ("imp_selfsigned_ca", Err(Code::CertificateUsage)),
    ("imp_sub", Err(Code::CertificateUsage)),
    ("ocspresp", Err(Code::CertificateUsage)),
    ("sub", Err(Code::CertificateUsage)),
    ("root", Err(Code::CertificateUsage)),
    ("tls_server", Err(Code::CertificateUsage)),
    ("tsa", Err(Code::CertificateUsage)),
    ("x_byleaf", Err(Code::ChainNotFound)),
    ("x_caleaf", Err(Code::CertificateUsage)),
    ("x_canokeycertsign", Err(Code::ChainNotFound)),
    ("x_critunknown", Err(Code::CertificateInvalid)),
    ("x_ed25519", Err(Code::AlgorithmNotAllowed)),
    ("x_expired", Err(Code::CertificateExpired)),
    ("x_hold", Err(Code::CertificateOnHold)),
    ("x_k256", Err(Code::AlgorithmNotAllowed)),
    // Inside the constraint, but constraints on directory names are not applied: such a path is refused.
    ("x_ncok", Err(Code::ChainNotFound)),
    ("x_ncviolation", Err(Code::ChainNotFound)),
    ("x_nodigsig", Err(Code::CertificateUsage)),
    ("x_notyet", Err(Code::CertificateNotYetValid)),
    ("x_p521", Err(Code::AlgorithmNotAllowed)),
    ("x_pathlen", Err(Code::ChainNotFound)),
    ("x_revoked", Err(Code::CertificateRevoked)),
    ("x_rsa1024", Err(Code::AlgorithmNotAllowed)),
    ("x_underexpiredca", Err(Code::CertificateExpired)),
    ("x_underrevokedca", Err(Code::CertificateRevoked)),
];

fn pki(test: &str) -> Option<PathBuf> {
    folder(test).map(|folder| folder.join("generated/pki"))
}

fn sources(pki: &Path, crls: &[&str]) -> Sources {
    let certificate = |name: &str| pki.join(format!("{name}.cert.pem"));
    Sources {
        anchors: vec![certificate("root")],
        intermediates: ["sub", "subec", "subexpired", "subnc", "subrevoked"].map(certificate).to_vec(),
        crls: crls.iter().map(|name| pki.join(format!("{name}.crl.pem"))).collect(),
        ..Sources::default()
    }
}

fn open(pki: &Path, crls: &[&str]) -> TrustStore {
    TrustStore::open(sources(pki, crls), at(NOW)).unwrap()
}

/// The verdict on a certificate that arrives with the whole chain that was made with it.
fn verdict(store: &TrustStore, pki: &Path, name: &str, time: Timestamp) -> Result<(), Code> {
    let mut chain = certificates(fs::read(pki.join(format!("{name}.chain.pem"))).unwrap()).unwrap_or_default();
    let leaf = certificates(fs::read(pki.join(format!("{name}.cert.pem"))).unwrap()).unwrap().remove(0);
    chain.retain(|der| *der != leaf);
    store.check(&leaf, &chain, time).map(|_| ()).map_err(|refusal| refusal.code)
}

#[test]
fn every_certificate_of_the_generated_pki_gets_its_verdict() {
    let Some(pki) = pki("every_certificate_of_the_generated_pki_gets_its_verdict") else { return };
    let store = open(&pki, &["root", "sub", "subec", "subnc"]);
    assert_eq!(store.report().faults, Vec::<String>::new());
    let wrong: Vec<_> = VERDICTS
        .iter()
        .map(|(name, expected)| (*name, *expected, verdict(&store, &pki, name, at(NOW))))
        .filter(|(_, expected, actual)| expected != actual)
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    println!("generated/pki: {} certificates", VERDICTS.len());
}

#[test]
fn a_crl_that_must_not_be_believed_proves_nothing() {
    let Some(pki) = pki("a_crl_that_must_not_be_believed_proves_nothing") else { return };
    for name in ["sub_forged", "sub_future", "sub_critunknown", "sub_delta", "sub_idp_onlyca"] {
        let store = open(&pki, &["root", name]);
        assert_eq!(store.report().faults.len(), 1, "{name}");
        for leaf in ["a_rsa2048", "x_revoked"] {
            assert_eq!(verdict(&store, &pki, leaf, at(NOW)), Err(Code::RevocationUnknown), "{name}, {leaf}");
        }
    }
    let stale = open(&pki, &["root", "sub_stale"]);
    assert_eq!(verdict(&stale, &pki, "x_revoked", at(NOW)), Err(Code::RevocationUnknown));
}

#[test]
fn a_bad_crl_beside_a_good_one_changes_nothing() {
    let Some(pki) = pki("a_bad_crl_beside_a_good_one_changes_nothing") else { return };
    let bad =
        ["sub_forged", "sub_future", "sub_critunknown", "sub_delta", "sub_idp_onlyca", "sub_rollback", "sub_stale"];
    for name in bad {
        for order in [["root", "sub", name], ["root", name, "sub"]] {
            let store = open(&pki, &order);
            assert_eq!(verdict(&store, &pki, "a_rsa2048", at(NOW)), Ok(()), "{order:?}");
            assert_eq!(verdict(&store, &pki, "x_revoked", at(NOW)), Err(Code::CertificateRevoked), "{order:?}");
        }
    }
}

#[test]
fn without_crls_nothing_is_known() {
    let Some(pki) = pki("without_crls_nothing_is_known") else { return };
    let store = open(&pki, &[]);
    assert_eq!(verdict(&store, &pki, "a_rsa2048", at(NOW)), Err(Code::RevocationUnknown));
    assert_eq!(verdict(&store, &pki, "x_expired", at(NOW)), Err(Code::CertificateExpired));
    let of_the_leaf_alone = open(&pki, &["sub"]);
    assert_eq!(verdict(&of_the_leaf_alone, &pki, "a_rsa2048", at(NOW)), Err(Code::RevocationUnknown));
}

#[test]
fn an_impostor_with_the_same_names_is_known_by_its_key() {
    let Some(pki) = pki("an_impostor_with_the_same_names_is_known_by_its_key") else { return };
    let mut both = sources(&pki, &["root", "sub", "subec"]);
    both.anchors.push(pki.join("imp_root.cert.pem"));
    both.intermediates.push(pki.join("imp_sub.cert.pem"));
    let store = TrustStore::open(both, at(NOW)).unwrap();
    assert_eq!(verdict(&store, &pki, "a_rsa2048", at(NOW)), Ok(()));
    let impostor = verdict(&store, &pki, "imp_a", at(NOW));
    assert_eq!(impostor, Err(Code::RevocationUnknown), "the true CA's CRL must not speak for the impostor");
}
