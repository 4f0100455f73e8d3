//! What an operator lives through with a trust store, over a PKI made here.

use std::fs;
use std::path::Path;

use truc::domain::{Code, Digest, Refusal, Timestamp};
use truc::signature::{Chain, ChainCheck, MaterialKind};
use truc::trust::pki::{
    Authority, CrlPlan, ExtendedKeyUsagePurpose, Holder, Key, KeyUsagePurpose, Layout, Plan, Profile, RevocationReason,
    Standing, Subject, Validity, reissue_crl,
};
use truc::trust::{Block, BlockRule, CrlFloors, Sources, TrustStore, Usage, check_with_evidence};

use crate::vectors::at;

const NOW: &str = "2026-11-22T08:00:00Z";
const LATER: &str = "2026-11-22T09:00:00Z";

struct Office {
    _dir: tempfile::TempDir,
    layout: Layout,
}

impl Office {
    fn open() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::new(dir.path());
        let holders = [
            ("g22", "VĂN PHÒNG CHÍNH PHỦ", Standing::Good),
            ("g23", "THANH TRA CHÍNH PHỦ", Standing::Expired),
            ("h01", "UBND TỈNH AN GIANG", Standing::Revoked),
            ("x", "NGƯỜI LẠ", Standing::Outside),
        ];
        let holder = |(file, name, standing): (&str, &str, Standing)| Holder {
            file: file.to_owned(),
            subject: Subject::named(name).of("CHÍNH PHỦ").at("Hà Nội"),
            standing,
            key: None,
        };
        let plan = Plan {
            at: at(NOW),
            crl_until: at("2026-11-29T08:00:00Z"),
            holders: holders.into_iter().map(holder).collect(),
            server_names: ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec(),
            clients: Vec::new(),
        };
        layout.create(&plan).unwrap();
        Self { _dir: dir, layout }
    }

    fn store(&self) -> TrustStore {
        TrustStore::open(self.layout.sources(), at(NOW)).unwrap()
    }

    fn leaf(&self, file: &str) -> Vec<u8> {
        certificate(&self.layout.certificate(file))
    }

    fn revoke(&self, file: &str, time: &str, until: &str, reason: RevocationReason) {
        let revoke = [(self.layout.certificate(file), reason)];
        reissue_crl(&self.layout, "sub", at(time), at(until), &revoke).unwrap();
    }
}

fn certificate(path: &Path) -> Vec<u8> {
    truc::trust::files::certificates(fs::read(path).unwrap()).unwrap().remove(0)
}

fn code(verdict: Result<Chain, Refusal>) -> Result<(), Code> {
    verdict.map(|_| ()).map_err(|refusal| refusal.code)
}

#[test]
fn each_system_certificate_gets_its_own_answer() {
    let office = Office::open();
    let store = office.store();
    let check = |file: &str| store.check(&office.leaf(file), &[], at(NOW));
    let good = check("g22").unwrap();
    assert_eq!(good.leaf.subject, "CN=VĂN PHÒNG CHÍNH PHỦ,O=CHÍNH PHỦ,L=Hà Nội,C=VN");
    let kinds: Vec<_> = good.evidence.iter().map(|material| material.kind).collect();
    assert_eq!(kinds, [[MaterialKind::Certificate; 3].as_slice(), &[MaterialKind::Crl; 2]].concat());
    assert_eq!(good.evidence[2].der.as_ref(), certificate(&office.layout.ca("root")));

    let refused = |file: &str| check(file).map(|_| ()).unwrap_err();
    assert_eq!(refused("g23").code, Code::CertificateExpired);
    assert_eq!(refused("g23").detail, "the signer's certificate expired at 2025-11-22T08:00:00.000Z");
    assert_eq!(refused("h01").code, Code::CertificateRevoked);
    let detail = "the signer's certificate is revoked since 2026-11-21T08:00:00.000Z (keyCompromise)";
    assert_eq!(refused("h01").detail, detail);
    assert_eq!(refused("x").code, Code::ChainNotFound);
    assert_eq!(code(store.check(b"", &[], at(NOW))), Err(Code::CertificateInvalid));
    assert_eq!(code(store.check(b"not a certificate", &[], at(NOW))), Err(Code::CertificateInvalid));
}

#[test]
fn a_new_crl_takes_effect_at_once_though_the_chain_was_cached() {
    let office = Office::open();
    let store = office.store();
    let leaf = office.leaf("g22");
    let first = store.check(&leaf, &[], at(LATER)).unwrap();
    let second = store.check(&leaf, &[], at(LATER)).unwrap();
    assert!(std::ptr::eq(first.evidence.as_ptr(), second.evidence.as_ptr()), "the second answer comes from the cache");

    office.revoke("g22", LATER, "2026-11-29T08:00:00Z", RevocationReason::KeyCompromise);
    assert_eq!(code(store.check(&leaf, &[], at(LATER))), Ok(()), "nothing is read before the reload");
    store.reload(at(LATER)).unwrap();
    assert_eq!(code(store.check(&leaf, &[], at(LATER))), Err(Code::CertificateRevoked));
    assert_eq!(code(store.check(&leaf, &[], at("2026-11-22T08:59:59.999Z"))), Ok(()), "before the revocation");
}

#[test]
fn an_older_crl_never_comes_back() {
    let office = Office::open();
    let store = office.store();
    let (leaf, crl) = (office.leaf("g22"), office.layout.crl("sub"));
    let old = fs::read(&crl).unwrap();
    office.revoke("g22", LATER, "2026-11-29T08:00:00Z", RevocationReason::KeyCompromise);
    store.reload(at(LATER)).unwrap();
    let revoked = || code(store.check(&leaf, &[], at(LATER)));
    assert_eq!(revoked(), Err(Code::CertificateRevoked));

    fs::write(&crl, &old).unwrap();
    store.reload(at(LATER)).unwrap();
    assert_eq!(revoked(), Err(Code::CertificateRevoked));
    let fault = &store.report().faults[0];
    assert!(fault.contains("sub.crl: the CRL (number 1, 2026-11-22T08:00:00.000Z) is not later than"), "{fault}");

    fs::write(&crl, "no CRL").unwrap();
    store.reload(at(LATER)).unwrap();
    assert_eq!(revoked(), Err(Code::CertificateRevoked), "a damaged file does not undo a revocation");
    fs::remove_file(&crl).unwrap();
    store.reload(at(LATER)).unwrap();
    assert_eq!(revoked(), Err(Code::CertificateRevoked), "nor does a file that is gone");

    let floors: CrlFloors = serde_json::from_str(&serde_json::to_string(&store.crl_floors()).unwrap()).unwrap();
    fs::write(&crl, &old).unwrap();
    let restarted = TrustStore::open_for(Usage::SIGNER, office.layout.sources(), &floors, at(LATER)).unwrap();
    assert_eq!(code(restarted.check(&leaf, &[], at(LATER))), Err(Code::RevocationUnknown));
    assert!(restarted.report().faults[0].contains("is below 2, which was held before"));
}

#[test]
fn a_crl_that_ran_out_is_no_answer_and_a_renewed_one_is() {
    let office = Office::open();
    let store = office.store();
    let leaf = office.leaf("g22");
    assert_eq!(code(store.check(&leaf, &[], at("2026-11-29T07:59:59.999Z"))), Ok(()));
    let refusal = store.check(&leaf, &[], at("2026-11-29T08:00:00Z")).unwrap_err();
    assert_eq!(refusal.code, Code::RevocationUnknown);
    assert!(refusal.detail.contains("ran out at 2026-11-29T08:00:00.000Z"), "{}", refusal.detail);
    for name in ["root", "sub"] {
        reissue_crl(&office.layout, name, at("2026-11-29T08:00:00Z"), at("2026-12-06T08:00:00Z"), &[]).unwrap();
    }
    store.reload(at("2026-11-29T08:00:00Z")).unwrap();
    assert_eq!(code(store.check(&leaf, &[], at("2026-11-29T08:00:00Z"))), Ok(()));
    let revoked = office.leaf("h01");
    assert_eq!(code(store.check(&revoked, &[], at("2027-11-29T08:00:00Z"))), Err(Code::CertificateRevoked));
}

#[test]
fn a_hold_is_undecided_until_it_is_lifted_or_becomes_a_revocation() {
    let office = Office::open();
    let before = fs::read(office.layout.crl("sub")).unwrap();
    office.revoke("g22", LATER, "2026-11-22T10:00:00Z", RevocationReason::CertificateHold);
    let store = TrustStore::open(office.layout.sources(), at(LATER)).unwrap();
    let refusal = store.check(&office.leaf("g22"), &[], at(LATER)).unwrap_err();
    assert_eq!(refusal.code, Code::CertificateOnHold);
    assert_eq!(store.revocation(&office.leaf("g22")).map(|named| named.on_hold), Some(true));
    assert!(refusal.detail.contains("is on hold since 2026-11-22T09:00:00.000Z"), "{}", refusal.detail);
    let after_the_crl = store.check(&office.leaf("g22"), &[], at("2026-11-22T10:00:00Z"));
    assert_eq!(code(after_the_crl), Err(Code::RevocationUnknown), "it may have been lifted since");

    // The next full CRL without it lifts the hold, for what was received meanwhile as well.
    fs::write(office.layout.crl("sub"), before).unwrap();
    for _ in 0..2 {
        reissue_crl(&office.layout, "sub", at("2026-11-22T10:00:00Z"), at("2026-11-23T10:00:00Z"), &[]).unwrap();
    }
    store.reload(at("2026-11-22T10:00:00Z")).unwrap();
    assert_eq!(code(store.check(&office.leaf("g22"), &[], at(LATER))), Ok(()));
    assert_eq!(store.revocation(&office.leaf("g22")), None);

    office.revoke("g22", "2026-11-22T11:00:00Z", "2026-11-23T10:00:00Z", RevocationReason::KeyCompromise);
    store.reload(at("2026-11-22T11:00:00Z")).unwrap();
    let now = at("2026-11-22T11:00:00Z");
    assert_eq!(code(store.check(&office.leaf("g22"), &[], now)), Err(Code::CertificateRevoked));
    let named = store.revocation(&office.leaf("g22")).unwrap();
    assert_eq!((named.revoked_at, named.reason, named.on_hold), (now, Some("keyCompromise"), false));
}

/// The operator's block works before any CRL, for the certificate itself, for its key, and for an authority above it.
#[test]
fn a_block_counts_from_the_next_check_on_wherever_it_stands_in_the_path() {
    let office = Office::open();
    let store = office.store();
    let (leaf, sub) = (office.leaf("g22"), certificate(&office.layout.ca("sub")));
    let key = |der: &[u8]| Digest::of(x509_parser::parse_x509_certificate(der).unwrap().1.public_key().raw);
    let block = |rule| Block { rule, since: at(NOW), until: None, reason: "lộ khóa".to_owned() };
    assert_eq!(code(store.check(&leaf, &[], at(NOW))), Ok(()));
    for rule in [
        BlockRule::Certificate(Digest::of(&leaf)),
        BlockRule::Key(key(&leaf)),
        BlockRule::Certificate(Digest::of(&sub)),
        BlockRule::Key(key(&certificate(&office.layout.ca("root")))),
    ] {
        store.set_blocks(vec![block(rule)]);
        assert_eq!(code(store.check(&leaf, &[], at(NOW))), Err(Code::CertificateBlocked), "{rule:?}");
        store.reload(at(NOW)).unwrap();
        assert_eq!(code(store.check(&leaf, &[], at(NOW))), Err(Code::CertificateBlocked), "a reload lifts no block");
        assert_eq!(code(store.check(&leaf, &[], at("2026-11-22T07:59:59Z"))), Ok(()), "received before it");
    }
    store.set_blocks(vec![block(BlockRule::Certificate(Digest::of(b"another")))]);
    assert_eq!(code(store.check(&leaf, &[], at(NOW))), Ok(()));
}

#[test]
fn the_verdict_can_be_computed_again_from_its_evidence_alone() {
    let office = Office::open();
    let store = office.store();
    let chain = store.check(&office.leaf("g22"), &[], at(LATER)).unwrap();
    let root = certificate(&office.layout.ca("root"));
    let again = check_with_evidence(&chain.evidence, std::slice::from_ref(&root), at(LATER)).unwrap();
    assert_eq!(again.leaf, chain.leaf);
    assert_eq!(again.evidence, chain.evidence);

    let other_root = certificate(&office.layout.ca("outside"));
    assert_eq!(code(check_with_evidence(&chain.evidence, &[other_root], at(LATER))), Err(Code::ChainNotFound));
    let without_crls: Vec<_> = chain.evidence[..3].to_vec();
    let roots = std::slice::from_ref(&root);
    assert_eq!(code(check_with_evidence(&without_crls, roots, at(LATER))), Err(Code::RevocationUnknown));
    assert_eq!(code(check_with_evidence(&[], roots, at(LATER))), Err(Code::CertificateInvalid));
    let years_later = at("2031-01-01T00:00:00Z");
    assert_eq!(code(check_with_evidence(&chain.evidence, roots, years_later)), Err(Code::CertificateExpired));
}

#[test]
fn a_bad_certificate_file_stops_the_load_and_leaves_the_old_store_in_force() {
    let office = Office::open();
    let store = office.store();
    fs::write(office.layout.ca("sub"), "no certificate").unwrap();
    let error = store.reload(at(NOW)).unwrap_err().to_string();
    assert!(error.contains("sub.crt: there is no certificate in it"), "{error}");
    assert_eq!(code(store.check(&office.leaf("g22"), &[], at(NOW))), Ok(()));

    let sources = Sources { anchors: vec![office.layout.certificate("g22")], ..Sources::default() };
    let error = TrustStore::open(sources, at(NOW)).unwrap_err().to_string();
    assert!(error.contains("g22.crt: the root's certificate is not that of a CA"), "{error}");
}

#[test]
fn an_intermediate_may_come_with_the_message_but_its_crl_needs_it_in_the_store() {
    let office = Office::open();
    let mut sources = office.layout.sources();
    sources.intermediates.clear();
    let store = TrustStore::open(sources, at(NOW)).unwrap();
    let leaf = office.leaf("g22");
    assert_eq!(code(store.check(&leaf, &[], at(NOW))), Err(Code::ChainNotFound));
    let sub = certificate(&office.layout.ca("sub"));
    assert_eq!(code(store.check(&leaf, &[sub], at(NOW))), Err(Code::RevocationUnknown));
    assert!(store.report().faults[0].contains("no certificate of the CRL's issuer"));
}

#[test]
fn a_root_that_has_expired_ends_no_path_but_its_renewal_does() {
    let office = Office::open();
    let (crls, sub) = (office.layout.sources().crls, office.layout.ca("sub"));
    let root_key = || {
        let pem = fs::read_to_string(office.layout.ca("root").with_extension("key")).unwrap();
        Key::from_pkcs8_pem(&pem).unwrap()
    };
    let subject = Subject::named("Trục thử nghiệm: CA gốc").of("Trục (thử nghiệm, không có giá trị pháp lý)");
    let until = |until: &str| Validity { from: at("2020-01-01T00:00:00Z"), until: at(until) };
    let expired = Authority::root(&subject, until("2026-01-01T00:00:00Z"), root_key()).unwrap();
    let file = office.layout.ca("expired");
    fs::write(&file, expired.certificate()).unwrap();
    let open = |anchors: &[&Path]| {
        let anchors = anchors.iter().map(|path| path.to_path_buf()).collect();
        let sources = Sources { anchors, intermediates: vec![sub.clone()], crls: crls.clone(), ..Sources::default() };
        TrustStore::open(sources, at(NOW)).unwrap()
    };
    let refusal = open(&[&file]).check(&office.leaf("g22"), &[], at(NOW)).unwrap_err();
    assert_eq!(refusal.code, Code::CertificateExpired);
    assert_eq!(refusal.detail, "the root's certificate expired at 2026-01-01T00:00:00.000Z");
    let renewed = office.layout.ca("root");
    for anchors in [[file.as_path(), &renewed], [&renewed, file.as_path()]] {
        let chain = open(&anchors).check(&office.leaf("g22"), &[], at(NOW)).unwrap();
        assert_eq!(chain.evidence[2].der.as_ref(), certificate(&renewed));
    }
}

#[test]
fn a_certificate_with_one_octet_changed_is_never_accepted() {
    let office = Office::open();
    let store = office.store();
    let (original, sub) = (office.leaf("g22"), certificate(&office.layout.ca("sub")));
    for n in 0..original.len() {
        for flip in [0x01, 0x80] {
            let mut changed = original.clone();
            changed[n] ^= flip;
            assert!(store.check(&changed, &[], at(NOW)).is_err(), "octet {n}");
        }
        assert!(store.check(&original[..n], &[], at(NOW)).is_err(), "cut at {n}");
    }
    for n in 0..sub.len() {
        let mut changed = sub.clone();
        changed[n] ^= 0x01;
        assert_eq!(code(store.check(&original, &[changed], at(NOW))), Ok(()), "what comes beside it does no harm");
    }
    let too_many = vec![sub; 11];
    assert_eq!(code(store.check(&original, &too_many, at(NOW))), Err(Code::CertificateInvalid));
    assert_eq!(code(store.check(&original, &[vec![0x30; 16 * 1024 + 1]], at(NOW))), Err(Code::CertificateInvalid));
}

#[test]
fn checks_go_on_while_the_store_is_reloaded() {
    let office = Office::open();
    let store = office.store();
    let leaf = office.leaf("g22");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..500).for_each(|_| assert_eq!(code(store.check(&leaf, &[], at(NOW))), Ok(()))));
        }
        (0..20).for_each(|_| store.reload(at(NOW)).unwrap());
    });
}

#[test]
fn the_published_authorities_can_be_loaded() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/certs");
    if !folder.is_dir() {
        eprintln!("SKIPPED the_published_authorities_can_be_loaded: ../shared/certs is not there");
        return;
    }
    let files = |names: &[&str]| names.iter().map(|name| folder.join(name)).collect();
    let (anchors, intermediates) = (files(&["rootcag2.crt", "vnrca256.crt"]), files(&["cpcag2.crt"]));
    let store = TrustStore::open(Sources { anchors, intermediates, ..Sources::default() }, at(NOW)).unwrap();
    let report = store.report();
    assert_eq!((report.anchors, report.intermediates, report.crls), (2, 1, 0));
    let sub = certificate(&folder.join("cpcag2.crt"));
    assert_eq!(code(store.check(&sub, &[], at(NOW))), Err(Code::CertificateUsage), "an authority signs no messages");
}

#[test]
fn the_tls_server_certificate_is_for_its_names() {
    let office = Office::open();
    let ca = certificate(&office.layout.tls_certificate("ca")).into();
    let server = certificate(&office.layout.tls_certificate("server")).into();
    let server = webpki::EndEntityCert::try_from(&server).unwrap();
    let seconds = u64::try_from(at(NOW).as_secs()).unwrap();
    let now = rustls_pki_types::UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
    let anchors = [webpki::anchor_from_trusted_cert(&ca).unwrap()];
    let usage = webpki::KeyUsage::server_auth();
    server.verify_for_usage(webpki::ALL_VERIFICATION_ALGS, &anchors, &[], now, usage, None, None).unwrap();
    for name in ["localhost", "127.0.0.1", "::1"] {
        server.verify_is_valid_for_subject_name(&name.try_into().unwrap()).unwrap();
    }
}

#[test]
fn an_infrastructure_grows_by_holders_and_clients() {
    let office = Office::open();
    let holder = Holder { file: "g24".to_owned(), subject: Subject::named("B"), standing: Standing::Good, key: None };
    office.layout.add_holder(&holder, at(NOW)).unwrap();
    assert_eq!(code(office.store().check(&office.leaf("g24"), &[], at(NOW))), Ok(()));
    assert!(office.layout.add_holder(&holder, at(NOW)).is_err(), "nothing is written over");
    office.layout.add_client("g24", at(NOW)).unwrap();
    assert!(office.layout.tls_key("g24").is_file());
}

/// What the profile of signers says to certificates that are good in everything else.
#[test]
fn usage_decides_who_may_sign() {
    use ExtendedKeyUsagePurpose::{Any, ClientAuth, EmailProtection, OcspSigning, ServerAuth};
    use KeyUsagePurpose::{ContentCommitment, DigitalSignature, KeyCertSign, KeyEncipherment};
    let office = Office::open();
    let store = office.store();
    let sub = authority(&office, "sub");
    let verdict = |usages: &[KeyUsagePurpose], purposes: &[ExtendedKeyUsagePurpose]| {
        let profile = Profile::system().with_key_usages(usages).with_purposes(purposes);
        let validity = Validity { from: at("2026-01-01T00:00:00Z"), until: at("2027-01-01T00:00:00Z") };
        let leaf = sub.issue(&profile, &Subject::named("A"), validity, &Key::generate().unwrap()).unwrap();
        code(store.check(&leaf, &[], at(NOW)))
    };
    assert_eq!(verdict(&[DigitalSignature], &[]), Ok(()));
    assert_eq!(verdict(&[ContentCommitment], &[ClientAuth]), Ok(()));
    assert_eq!(verdict(&[DigitalSignature], &[ServerAuth, EmailProtection]), Ok(()));
    assert_eq!(verdict(&[DigitalSignature], &[Any]), Ok(()));
    assert_eq!(verdict(&[DigitalSignature], &[ServerAuth]), Err(Code::CertificateUsage));
    assert_eq!(verdict(&[DigitalSignature], &[OcspSigning]), Err(Code::CertificateUsage));
    assert_eq!(verdict(&[KeyEncipherment], &[]), Err(Code::CertificateUsage));
    assert_eq!(verdict(&[DigitalSignature, KeyCertSign], &[]), Err(Code::CertificateUsage));
    assert_eq!(verdict(&[], &[]), Err(Code::CertificateUsage));
}

#[test]
fn rsa_keys_made_by_openssl_are_certified_and_accepted() {
    let office = Office::open();
    let sub = authority(&office, "sub");
    for (bits, expected) in [(2048, Ok(())), (1024, Err(Code::AlgorithmNotAllowed))] {
        let Some(pem) = openssl_rsa(bits) else { return };
        let Ok(key) = Key::from_pkcs8_pem(&pem) else {
            assert_eq!(bits, 1024, "ring takes RSA keys from 2048 bits on");
            continue;
        };
        let validity = Validity { from: at("2026-01-01T00:00:00Z"), until: at("2027-01-01T00:00:00Z") };
        let leaf = sub.issue(&Profile::system(), &Subject::named("A"), validity, &key).unwrap();
        assert_eq!(code(office.store().check(&leaf, &[], at(NOW))), expected);
    }
}

#[test]
fn a_revoked_authority_takes_everybody_below_with_it() {
    let office = Office::open();
    let root = authority(&office, "root");
    let sub = certificate(&office.layout.ca("sub"));
    let serial = x509_parser::parse_x509_certificate(&sub).unwrap().1.serial.to_bytes_be();
    let revoked = truc::trust::pki::Revoked {
        serial,
        at: at(LATER),
        reason: Some(RevocationReason::CaCompromise),
        invalid_since: Some(at(NOW)),
    };
    let crl =
        CrlPlan { number: 2, this_update: at(LATER), next_update: at("2027-01-01T00:00:00Z"), revoked: vec![revoked] };
    fs::write(office.layout.crl("root"), root.crl(&crl).unwrap()).unwrap();
    let store = TrustStore::open(office.layout.sources(), at(LATER)).unwrap();
    let refusal = store.check(&office.leaf("g22"), &[], at(LATER)).unwrap_err();
    assert_eq!(refusal.code, Code::CertificateRevoked);
    assert!(refusal.detail.starts_with("the issuing CA's certificate is revoked since"), "{}", refusal.detail);
}

#[test]
fn an_anchor_below_which_no_authority_may_stand_has_none() {
    let office = Office::open();
    let sub = authority(&office, "sub");
    let validity = Validity { from: at("2026-01-01T00:00:00Z"), until: at("2027-01-01T00:00:00Z") };
    let below = sub.subordinate(&Subject::named("CA"), validity, Key::generate().unwrap()).unwrap();
    let key = Key::generate().unwrap();
    let leaf = below.issue(&Profile::system(), &Subject::named("A"), validity, &key).unwrap();
    let sources = Sources { anchors: vec![office.layout.ca("sub")], ..Sources::default() };
    let store = TrustStore::open(sources, at(NOW)).unwrap();
    let refusal = store.check(&leaf, &[below.certificate().to_vec()], at(NOW)).unwrap_err();
    assert_eq!(refusal.code, Code::ChainNotFound);
    assert!(refusal.detail.starts_with("the root's certificate does not allow"), "{}", refusal.detail);
}

/// An authority that comes with the message is held to the same keys as one of the store: RSA with exponent 3 is not
/// among them, though its signatures verify.
#[test]
fn the_key_of_every_authority_in_the_path_counts() {
    let office = Office::open();
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    fs::write(file("ext"), "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n").unwrap();
    fs::write(file("leaf.ext"), "keyUsage=critical,digitalSignature\n").unwrap();
    let (ca, ca_key) = (office.layout.ca("root"), office.layout.ca("root").with_extension("key"));
    let (ca, ca_key) = (ca.to_str().unwrap(), ca_key.to_str().unwrap());
    let made = openssl(&format!("genpkey -algorithm RSA -pkeyopt rsa_keygen_pubexp:3 -out {}", file("ca.key")))
        && openssl(&format!("req -new -key {} -subj /CN=E3 -out {}", file("ca.key"), file("ca.csr")))
        && openssl(&format!(
            "x509 -req -days 3650 -in {} -CA {ca} -CAkey {ca_key} -extfile {} -out {}",
            file("ca.csr"),
            file("ext"),
            file("ca.crt")
        ))
        && openssl(&format!("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out {}", file("leaf.key")))
        && openssl(&format!("req -new -key {} -subj /CN=A -out {}", file("leaf.key"), file("leaf.csr")))
        && openssl(&format!(
            "x509 -req -days 3650 -in {} -CA {} -CAkey {} -extfile {} -out {}",
            file("leaf.csr"),
            file("ca.crt"),
            file("ca.key"),
            file("leaf.ext"),
            file("leaf.crt")
        ));
    if !made {
        eprintln!("SKIPPED the_key_of_every_authority_in_the_path_counts: openssl cannot make the certificates");
        return;
    }
    let (leaf, ca) = (certificate(Path::new(&file("leaf.crt"))), certificate(Path::new(&file("ca.crt"))));
    let from = x509_parser::parse_x509_certificate(&leaf).unwrap().1.validity().not_before.timestamp();
    let refusal = office.store().check(&leaf, &[ca], Timestamp::from_millis((from + 60) * 1000)).unwrap_err();
    assert_eq!(refusal.code, Code::AlgorithmNotAllowed);
    assert!(refusal.detail.starts_with("the key in the issuing CA's certificate: the exponent"), "{}", refusal.detail);
}

fn openssl(arguments: &str) -> bool {
    let made = std::process::Command::new("openssl").args(arguments.split(' ')).output();
    made.is_ok_and(|output| output.status.success())
}

fn authority(office: &Office, name: &str) -> Authority {
    let path = office.layout.ca(name);
    let key = Key::from_pkcs8_pem(&fs::read_to_string(path.with_extension("key")).unwrap()).unwrap();
    Authority::continued(certificate(&path).into(), key).unwrap()
}

fn openssl_rsa(bits: u32) -> Option<String> {
    let size = format!("rsa_keygen_bits:{bits}");
    let made = std::process::Command::new("openssl").args(["genpkey", "-algorithm", "RSA", "-pkeyopt", &size]).output();
    match made {
        Ok(output) if output.status.success() => Some(String::from_utf8(output.stdout).unwrap()),
        other => {
            eprintln!("SKIPPED rsa_keys_made_by_openssl_are_certified_and_accepted: openssl: {other:?}");
            None
        }
    }
}

#[test]
fn a_check_is_made_for_the_time_that_is_asked() {
    let office = Office::open();
    let store = office.store();
    let day_before: Timestamp = at("2026-11-21T07:59:59Z");
    let before = store.check(&office.leaf("h01"), &[], day_before);
    assert_eq!(code(before), Ok(()), "a later CRL says that it was not revoked yet");
    assert_eq!(code(store.check(&office.leaf("h01"), &[], at(NOW))), Err(Code::CertificateRevoked));
}
