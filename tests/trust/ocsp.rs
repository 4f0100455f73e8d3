//! OCSP: every row of the vectors of that kind, the answers of the generated PKI, and stories over a PKI made here.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use truc::domain::{Code, Refusal};
use truc::signature::{Chain, ChainCheck, MaterialKind};
use truc::trust::ocsp::OcspError;
use truc::trust::pki::{
    Authority, CrlPlan, ExtendedKeyUsagePurpose, Key, OcspPlan, OcspStatus, Profile, Revoked, Subject, Validity,
};
use truc::trust::{Ages, Block, BlockRule, CrlFloors, Rules, Sources, TrustStore, Usage, check_with_evidence, read};

use crate::vectors::{at, folder};

const NOW: &str = "2026-11-22T08:00:00Z";

fn code(verdict: Result<Chain, Refusal>) -> Result<(), Code> {
    verdict.map(|_| ()).map_err(|refusal| refusal.code)
}

/// What a file of the vectors is, by its own words.
fn kind(file: &str) -> &'static str {
    let name = file.rsplit('/').next().unwrap();
    match name {
        _ if name.starts_with("req-") || name.ends_with("-req.der") => "request",
        _ if name.ends_with("-crl.der") => "crl",
        _ if name.ends_with("-crt.der") || name.ends_with("-ca.der") => "certificate",
        _ => "answer",
    }
}

/// "parses" for what the product reads; "never good" for everything that must not be; requests are no answers, and a
/// hub answers none. What needs issuer and time is read and not believed: its issuers are not at hand.
#[test]
fn every_ocsp_row_of_the_vectors() {
    let Some(folder) = folder("every_ocsp_row_of_the_vectors") else { return };
    let index: Vec<Value> = serde_json::from_slice(&fs::read(folder.join("index.json")).unwrap()).unwrap();
    let mut classes: BTreeMap<String, usize> = BTreeMap::new();
    let mut faults = Vec::new();
    for row in index.iter().filter(|row| row["kind"] == "ocsp") {
        let (file, spec, policy) =
            ["file", "expect_spec", "expect_policy"].map(|key| row[key].as_str().unwrap()).into();
        let bytes = fs::read(folder.join(file)).unwrap();
        let answer = read::ocsp(&bytes);
        let is_good = answer.as_ref().is_ok_and(|facts| facts.good > 0);
        let class = match (kind(file), &answer) {
            ("request", Err(OcspError::Malformed)) => {
                "skipped: a request, which the hub never reads; no answer".to_owned()
            }
            ("certificate", Err(_)) if read::certificate(&bytes).is_ok() => "a certificate, read as one".to_owned(),
            ("crl", Err(_)) => format!("a CRL, not applied: {}", read::crl(bytes.clone()).unwrap_err()),
            ("answer", Ok(_)) if spec == "parses" => not_believed(&bytes),
            ("answer", Ok(_)) if !is_good => "revoked or unknown".to_owned(),
            ("answer", Err(OcspError::Unsuccessful(_))) => "no answer, and it says so".to_owned(),
            ("answer", Err(error)) if spec != "parses" => format!("refused: {error}"),
            (kind, answer) => {
                faults.push(format!("{file}: {spec}, {policy}: as {kind} {answer:?}"));
                continue;
            }
        };
        if policy == "never good" && class.contains("good") {
            faults.push(format!("{file}: never good, but {class}"));
        }
        *classes.entry(class).or_default() += 1;
    }
    for (class, count) in &classes {
        println!("vectors: ocsp {count:4} {class}");
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert_eq!(classes.values().sum::<usize>(), 34);
    // The one authority that stands beside them has no keyUsage, so that no store takes it for one.
    let anchors = vec![folder.join("ocsp/rustcrypto/rsa-2048-sha256-ca.der")];
    let error = TrustStore::open(Sources { anchors, ..Sources::default() }, at("2024-01-01T00:00:00Z")).unwrap_err();
    assert!(error.to_string().contains("keyUsage without keyCertSign"), "{error}");
}

/// An answer whose issuer no store knows makes nobody good.
fn not_believed(answer: &[u8]) -> String {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.ocsp");
    fs::write(&file, answer).unwrap();
    let store = TrustStore::open(Sources { ocsp: vec![file], ..Sources::default() }, at(NOW)).unwrap();
    let report = store.report();
    assert_eq!((report.answers, report.faults.len()), (0, 1));
    assert!(report.faults[0].contains("speaks of no certificate of an authority"), "{}", report.faults[0]);
    "read; not believed, since it speaks of no certificate of an authority of the store".to_owned()
}

#[test]
fn every_answer_of_the_generated_pki_gets_its_verdict() {
    use Code::{CertificateRevoked, RevocationUnknown};
    let Some(folder) = folder("every_answer_of_the_generated_pki_gets_its_verdict") else { return };
    let pki = folder.join("generated/pki");
    let facts: Value = serde_json::from_slice(&fs::read(pki.join("pki.json")).unwrap()).unwrap();
    // Its certificate, the verdict by the answer alone, the verdict beside the authority's CRL, answers not believed.
    // The delegated responder has id-pkix-ocsp-nocheck: nobody need ask about it.
    let expected = BTreeMap::from([
        ("a_good", ("a_rsa2048", Ok(()), Ok(()), 0)),
        ("a_good_bysub", ("a_rsa2048", Ok(()), Ok(()), 0)),
        ("a_unknown", ("a_rsa2048", Err(RevocationUnknown), Ok(()), 0)),
        ("x_revoked_forged", ("x_revoked", Err(RevocationUnknown), Err(CertificateRevoked), 1)),
        ("x_revoked_noeku", ("x_revoked", Err(RevocationUnknown), Err(CertificateRevoked), 1)),
        ("x_revoked_revoked", ("x_revoked", Err(CertificateRevoked), Err(CertificateRevoked), 0)),
        ("x_revoked_stalegood", ("x_revoked", Err(RevocationUnknown), Err(CertificateRevoked), 0)),
        ("x_revoked_wrongcert", ("x_revoked", Err(RevocationUnknown), Err(CertificateRevoked), 0)),
    ]);
    let answers: Vec<_> = facts["_ocsp"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(answers, expected.keys().copied().collect::<Vec<_>>(), "every answer of pki.json has its line here");
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (name, (leaf, alone, beside_crl, faults)) in expected {
        for (crls, verdict) in [(["root"].as_slice(), alone), (&["root", "sub"], beside_crl)] {
            let sources = Sources {
                anchors: vec![pki.join("root.cert.pem")],
                intermediates: vec![pki.join("sub.cert.pem")],
                crls: crls.iter().map(|crl| pki.join(format!("{crl}.crl.pem"))).collect(),
                ocsp: vec![pki.join(format!("{name}.ocsp.der"))],
            };
            let store = TrustStore::open(sources, at("2026-11-22T00:00:00Z")).unwrap();
            assert_eq!(store.report().faults.len(), faults, "{name}: {:?}", store.report().faults);
            let leaf = certificate(&pki.join(format!("{leaf}.cert.pem")));
            assert_eq!(code(store.check(&leaf, &[], at("2026-11-22T00:00:00Z"))), verdict, "{name}, {crls:?}");
            *counts.entry(verdict.err().map_or("accepted", Code::as_str)).or_default() += 1;
        }
    }
    for (class, count) in counts {
        println!("vectors: ocsp {count:4} of the generated PKI: {class}");
    }
}

fn certificate(path: &Path) -> Vec<u8> {
    truc::trust::files::certificates(fs::read(path).unwrap()).unwrap().remove(0)
}

/// Root, issuing authority and one signer, with files for a store.
struct Office {
    dir: tempfile::TempDir,
    root: Authority,
    sub: Authority,
    leaf: Vec<u8>,
}

impl Office {
    fn open() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let validity = Validity { from: at("2026-01-01T00:00:00Z"), until: at("2036-01-01T00:00:00Z") };
        let root = Authority::root(&Subject::named("Gốc"), validity, Key::generate().unwrap()).unwrap();
        let sub = root.subordinate(&Subject::named("CA"), validity, Key::generate().unwrap()).unwrap();
        let leaf = sub.issue(&Profile::system(), &Subject::named("A"), validity, &Key::generate().unwrap()).unwrap();
        let office = Self { dir, leaf: leaf.to_vec(), root, sub };
        office.put("root.crt", office.root.certificate());
        office.put("sub.crt", office.sub.certificate());
        office.put("root.crl", &office.root.crl(&crl(1, Vec::new())).unwrap());
        office
    }

    fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.dir.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    fn sources(&self) -> Sources {
        let file = |name: &str| vec![self.dir.path().join(name)];
        let crls = ["root.crl", "sub.crl"].map(|name| self.dir.path().join(name));
        let crls = crls.into_iter().filter(|path| path.exists()).collect();
        Sources { anchors: file("root.crt"), intermediates: file("sub.crt"), crls, ocsp: file("a.ocsp") }
    }

    fn store(&self) -> TrustStore {
        TrustStore::open(self.sources(), at(NOW)).unwrap()
    }

    fn serial(&self) -> Vec<u8> {
        x509_parser::parse_x509_certificate(&self.leaf).unwrap().1.raw_serial().to_vec()
    }

    fn plan(&self, status: OcspStatus) -> OcspPlan {
        let (this_update, next_update) = (at("2026-11-22T07:00:00Z"), Some(at("2026-11-22T19:00:00Z")));
        OcspPlan { serial: self.serial(), status, this_update, next_update, nonce: None }
    }

    /// The verdict at this time, with this answer as the only word about the signer.
    fn verdict(&self, answer: &[u8], time: &str) -> Result<(), Code> {
        self.put("a.ocsp", answer);
        code(self.store().check(&self.leaf, &[], at(time)))
    }

    fn responder(profile: &Profile, issuer: &Authority) -> (Vec<u8>, Key) {
        let key = Key::generate().unwrap();
        let validity = Validity { from: at("2026-11-01T00:00:00Z"), until: at("2026-11-22T12:00:00Z") };
        (issuer.issue(profile, &Subject::named("OCSP"), validity, &key).unwrap().to_vec(), key)
    }
}

fn crl(number: u64, revoked: Vec<Revoked>) -> CrlPlan {
    let (this_update, next_update) = (at("2026-11-22T06:00:00Z"), at("2026-12-22T06:00:00Z"));
    CrlPlan { number, this_update, next_update, revoked }
}

#[test]
fn an_answer_of_the_issuer_is_as_good_as_a_crl_while_it_is_fresh() {
    let office = Office::open();
    let good = office.sub.ocsp(&office.plan(OcspStatus::Good)).unwrap();
    assert_eq!(office.verdict(&good, NOW), Ok(()));
    assert_eq!(office.verdict(&good, "2026-11-22T18:59:59Z"), Ok(()));
    assert_eq!(office.verdict(&good, "2026-11-22T19:00:00Z"), Err(Code::RevocationUnknown), "it has run out");
    assert_eq!(office.verdict(&good, "2026-11-22T01:00:00Z"), Ok(()), "what was received before waits for it");

    let hour = OcspPlan { next_update: None, ..office.plan(OcspStatus::Good) };
    let without_next = office.sub.ocsp(&hour).unwrap();
    assert_eq!(office.verdict(&without_next, "2026-11-22T07:59:59Z"), Ok(()));
    assert_eq!(office.verdict(&without_next, "2026-11-22T08:00:00Z"), Err(Code::RevocationUnknown));

    let future = OcspPlan { this_update: at("2026-11-22T08:06:00Z"), ..office.plan(OcspStatus::Good) };
    assert_eq!(office.verdict(&office.sub.ocsp(&future).unwrap(), NOW), Err(Code::RevocationUnknown));
    let unknown = office.sub.ocsp(&office.plan(OcspStatus::Unknown)).unwrap();
    assert_eq!(office.verdict(&unknown, NOW), Err(Code::RevocationUnknown));
    let detail = office.store().check(&office.leaf, &[], at(NOW)).unwrap_err().detail;
    assert!(detail.ends_with("the OCSP responder does not know the signer's certificate"), "{detail}");
    let other = OcspPlan { serial: vec![5], ..office.plan(OcspStatus::Good) };
    assert_eq!(office.verdict(&office.sub.ocsp(&other).unwrap(), NOW), Err(Code::RevocationUnknown), "another's");
}

#[test]
fn an_answer_changed_in_one_octet_makes_nobody_good() {
    let office = Office::open();
    let good = office.sub.ocsp(&office.plan(OcspStatus::Good)).unwrap();
    let sources = Sources { ocsp: Vec::new(), ..office.sources() };
    let store = TrustStore::open(sources, at(NOW)).unwrap();
    let issuer = truc::domain::Digest::of(office.sub.certificate());
    let look = |der: &[u8]| store.look_at_answer(&issuer, &office.serial(), None, der, at(NOW));
    assert_eq!(look(&good), Ok(()));
    // Behind the signature stands the responder's certificate, which nobody needs where the issuer itself has signed.
    let signed = good.len() - office.sub.certificate().len() - 8;
    for n in 0..signed {
        let mut changed = good.clone();
        changed[n] ^= 0x01;
        assert!(look(&changed).is_err(), "octet {n}");
    }
}

#[test]
fn revoked_from_either_side_counts_and_good_from_either_is_enough() {
    let office = Office::open();
    let since = at("2026-11-22T07:30:00Z");
    let revoked = office.sub.ocsp(&office.plan(OcspStatus::Revoked(since, 1))).unwrap();
    assert_eq!(office.verdict(&revoked, NOW), Err(Code::CertificateRevoked));
    assert_eq!(office.verdict(&revoked, "2026-11-22T07:29:59Z"), Ok(()), "not yet");
    let named = office.store().revocation(&office.leaf).unwrap();
    assert_eq!((named.revoked_at, named.reason), (since, Some("keyCompromise")));
    let hold = office.sub.ocsp(&office.plan(OcspStatus::Revoked(since, 6))).unwrap();
    assert_eq!(office.verdict(&hold, NOW), Err(Code::CertificateOnHold));

    // By the CRL it is good.
    office.put("sub.crl", &office.sub.crl(&crl(1, Vec::new())).unwrap());
    assert_eq!(office.verdict(&revoked, NOW), Err(Code::CertificateRevoked));
    let good = office.sub.ocsp(&office.plan(OcspStatus::Good)).unwrap();
    assert_eq!(office.verdict(&good, "2026-12-01T00:00:00Z"), Ok(()), "the answer has run out, the CRL has not");

    // By the CRL it is revoked, since a date before the one at which the CRL was made.
    let entry = Revoked {
        serial: office.serial(),
        at: at("2026-11-22T05:00:00Z"),
        reason: None,
        invalid_since: Some(at("2026-11-20T00:00:00Z")),
    };
    office.put("sub.crl", &office.sub.crl(&crl(2, vec![entry])).unwrap());
    assert_eq!(office.verdict(&good, NOW), Err(Code::CertificateRevoked));
    let named = office.store().revocation(&office.leaf).unwrap();
    assert_eq!(named.invalid_since, Some(at("2026-11-20T00:00:00Z")), "what an impact query asks for");
}

#[test]
fn a_responder_answers_only_if_the_very_issuer_certified_it_for_that() {
    let office = Office::open();
    let good = office.plan(OcspStatus::Good);
    let by = |(responder, key): &(Vec<u8>, Key)| office.sub.ocsp_by(responder, key, &good).unwrap();
    office.put("sub.crl", &office.sub.crl(&crl(1, Vec::new())).unwrap());
    let known = |answer: &[u8]| {
        office.put("a.ocsp", answer);
        office.store().report()
    };
    let delegate = Office::responder(&Profile::ocsp_responder(), &office.sub);
    assert_eq!(known(&by(&delegate)).answers, 1);
    for (why, profile, issuer) in [
        ("certified by the authority above", Profile::ocsp_responder(), &office.root),
        ("for anything", Profile::system().with_purposes(&[ExtendedKeyUsagePurpose::Any]), &office.sub),
        ("for other things", Profile::system(), &office.sub),
        ("for everything, silently", Profile::system().with_purposes(&[]), &office.sub),
    ] {
        let report = known(&by(&Office::responder(&profile, issuer)));
        assert_eq!(report.answers, 0, "{why}");
        assert!(report.faults[0].contains("not signed by the issuer or by a responder"), "{why}: {}", report.faults[0]);
    }
    let (certificate, _) = &delegate;
    let stolen = office.sub.ocsp_by(certificate, &Key::generate().unwrap(), &good).unwrap();
    assert_eq!(known(&stolen).answers, 0, "the certificate alone is not enough");
}

#[test]
fn a_responder_must_itself_be_good_by_a_crl_and_in_its_time() {
    let office = Office::open();
    let (responder, key) = Office::responder(&Profile::ocsp_responder(), &office.sub);
    let answer = office.sub.ocsp_by(&responder, &key, &office.plan(OcspStatus::Good)).unwrap();
    assert_eq!(office.verdict(&answer, NOW), Err(Code::RevocationUnknown), "nothing is known of the responder");

    // A CRL that ran out for signers says nothing of the signer, but the responder is asked about at the same time.
    let serial = x509_parser::parse_x509_certificate(&responder).unwrap().1.raw_serial().to_vec();
    let entry = Revoked { serial, at: at("2026-11-22T07:00:00Z"), reason: None, invalid_since: None };
    let only_authorities = CrlPlan { next_update: at("2026-11-22T07:30:00Z"), ..crl(1, vec![entry]) };
    office.put("sub.crl", &office.sub.crl(&only_authorities).unwrap());
    assert_eq!(office.verdict(&answer, NOW), Err(Code::RevocationUnknown), "the responder is revoked");
    let detail = office.store().check(&office.leaf, &[], at(NOW)).unwrap_err().detail;
    assert!(detail.contains("the OCSP responder's certificate is revoked since"), "{detail}");

    let late = OcspPlan { this_update: at("2026-11-22T12:30:00Z"), ..office.plan(OcspStatus::Good) };
    let late = office.sub.ocsp_by(&responder, &key, &late).unwrap();
    office.put("a.ocsp", &late);
    let store = TrustStore::open(office.sources(), at("2026-11-22T13:00:00Z")).unwrap();
    assert_eq!(store.report().answers, 0, "made when the responder's certificate had expired");
}

#[test]
fn a_blocked_responder_answers_nothing_any_more() {
    let office = Office::open();
    office.put("a.ocsp", &office.sub.ocsp(&office.plan(OcspStatus::Good)).unwrap());
    let store = office.store();
    assert_eq!(code(store.check(&office.leaf, &[], at(NOW))), Ok(()));
    let rule = BlockRule::Certificate(truc::domain::Digest::of(office.sub.certificate()));
    store.set_blocks(vec![Block { rule, since: at(NOW), until: None, reason: String::new() }]);
    assert_eq!(code(store.check(&office.leaf, &[], at(NOW))), Err(Code::CertificateBlocked));
}

#[test]
fn an_earlier_answer_never_takes_the_place_of_a_later_one() {
    let office = Office::open();
    let earlier = office.sub.ocsp(&office.plan(OcspStatus::Good)).unwrap();
    let later = OcspPlan {
        this_update: at("2026-11-22T07:50:00Z"),
        ..office.plan(OcspStatus::Revoked(at("2026-11-22T07:40:00Z"), 1))
    };
    office.put("a.ocsp", &office.sub.ocsp(&later).unwrap());
    let store = office.store();
    office.put("a.ocsp", &earlier);
    store.reload(at(NOW)).unwrap();
    assert_eq!(code(store.check(&office.leaf, &[], at(NOW))), Err(Code::CertificateRevoked));
    let issuer = truc::domain::Digest::of(office.sub.certificate());
    let looked = store.look_at_answer(&issuer, &office.serial(), None, &earlier, at(NOW));
    assert_eq!(looked, Err(OcspError::NotLater));
}

#[test]
fn a_nonce_that_was_sent_must_come_back() {
    let office = Office::open();
    let store = TrustStore::open(Sources { ocsp: Vec::new(), ..office.sources() }, at(NOW)).unwrap();
    let issuer = truc::domain::Digest::of(office.sub.certificate());
    let look = |sent: Option<&[u8]>, back: Option<Vec<u8>>| {
        let plan = OcspPlan { nonce: back, ..office.plan(OcspStatus::Good) };
        store.look_at_answer(&issuer, &office.serial(), sent, &office.sub.ocsp(&plan).unwrap(), at(NOW))
    };
    assert_eq!(look(Some(&[7; 32]), Some(vec![7; 32])), Ok(()));
    assert_eq!(look(Some(&[7; 32]), Some(vec![8; 32])), Err(OcspError::Nonce));
    assert_eq!(look(Some(&[7; 32]), None), Err(OcspError::Nonce));
    assert_eq!(look(None, Some(vec![8; 32])), Ok(()));
}

#[test]
fn the_answer_is_kept_as_evidence_and_gives_the_verdict_again() {
    let office = Office::open();
    office.put("a.ocsp", &office.sub.ocsp(&office.plan(OcspStatus::Good)).unwrap());
    let chain = office.store().check(&office.leaf, &[], at(NOW)).unwrap();
    let kinds: Vec<_> = chain.evidence.iter().map(|material| material.kind).collect();
    let expected = [[MaterialKind::Certificate; 3].as_slice(), &[MaterialKind::Ocsp, MaterialKind::Crl]].concat();
    assert_eq!(kinds, expected);
    let root = office.root.certificate().to_vec();
    let again = check_with_evidence(&chain.evidence, &[root], at(NOW)).unwrap();
    assert_eq!(again.evidence, chain.evidence);
}

#[test]
fn revocation_data_has_a_greatest_age_whatever_it_says_of_itself() {
    let office = Office::open();
    let hours = |hours: i64| hours * 3_600_000;
    let ages = Ages { signer_crl_ms: hours(3), authority_crl_ms: hours(100), ocsp_ms: hours(2) };
    let open = || {
        let floors = office.dir.path().join("floors.json");
        TrustStore::open_kept(Rules { ages, ..Rules::of(Usage::SIGNER) }, office.sources(), &floors, at(NOW)).unwrap()
    };
    let verdict = |time: &str| code(open().check(&office.leaf, &[], at(time)));
    office.put("a.ocsp", &office.sub.ocsp(&office.plan(OcspStatus::Good)).unwrap());
    assert_eq!(verdict("2026-11-22T08:59:59Z"), Ok(()));
    assert_eq!(verdict("2026-11-22T09:00:00Z"), Err(Code::RevocationUnknown), "two hours after 07:00");
    fs::remove_file(office.dir.path().join("a.ocsp")).unwrap();
    office.put("sub.crl", &office.sub.crl(&crl(1, Vec::new())).unwrap());
    assert_eq!(verdict("2026-11-22T08:59:59Z"), Ok(()));
    assert_eq!(verdict("2026-11-22T09:00:00Z"), Err(Code::RevocationUnknown), "three hours after 06:00");
}

#[test]
fn the_numbers_of_crls_are_remembered_over_a_restart() {
    let office = Office::open();
    let floors = office.dir.path().join("floors.json");
    let open = || TrustStore::open_kept(Rules::of(Usage::SIGNER), office.sources(), &floors, at(NOW));
    let old = office.sub.crl(&crl(1, Vec::new())).unwrap();
    let entry = Revoked { serial: office.serial(), at: at("2026-11-22T05:00:00Z"), reason: None, invalid_since: None };
    office.put("sub.crl", &old);
    let store = open().unwrap();
    office.put("sub.crl", &office.sub.crl(&crl(2, vec![entry])).unwrap());
    store.reload(at(NOW)).unwrap();
    drop(store);

    office.put("sub.crl", &old);
    let restarted = open().unwrap();
    let fault = &restarted.report().faults[0];
    assert!(fault.contains("number 1 of the CRL is below 2, which was held before"), "{fault}");
    assert_eq!(code(restarted.check(&office.leaf, &[], at(NOW))), Err(Code::RevocationUnknown));
    drop(restarted);

    // Not even by a store that for a while had nothing of this authority.
    fs::remove_file(office.dir.path().join("sub.crl")).unwrap();
    drop(open().unwrap());
    office.put("sub.crl", &old);
    assert_eq!(open().unwrap().report().faults.len(), 1);
    assert_ne!(CrlFloors::load(&floors).unwrap(), CrlFloors::default());

    fs::write(&floors, "{").unwrap();
    let error = open().unwrap_err().to_string();
    assert!(error.contains("floors.json") && error.contains("delete the file only if"), "{error}");
}
