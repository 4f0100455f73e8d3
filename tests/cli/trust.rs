//! `truc trust`, with the real binary: what it takes, what it shows, and what it says of a certificate.

use std::fs;
use std::path::Path;

use crate::support::{TestHub, said, truc};

#[test]
fn the_published_roots_are_known_by_their_fingerprint() {
    let certs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/certs");
    if !certs.is_dir() {
        eprintln!("SKIPPED the_published_roots_are_known_by_their_fingerprint: ../shared/certs is not there");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let run = |args: &[&str], files: &[&str]| {
        let mut command = truc();
        command.args(["--lang", "en", "--data"]).arg(folder.path()).args(args);
        said(command.args(files.iter().map(|file| certs.join(file))))
    };
    // Out of order: the issuing authority needs its root, which stands behind it.
    let imported = run(&["trust", "import"], &["cpcag2.crt", "rootcag2.crt", "vnrca256.crt"]).yes();
    for text in [
        "the published root of the Government Cipher Committee (RootCA chuyên dùng Chính phủ G2)",
        "the published issuing CA of the Government Cipher Committee",
        "the published national root (public CAs)",
        "The list was not compared with the authority itself",
        "f04ba4b459a7c9a1b971ad9b1cb833e695a80c79aea63b174b66a70edfe2fdb8",
    ] {
        assert!(imported.stdout.contains(text), "{text}: {}", imported.stdout);
    }
    let again = run(&["trust", "import"], &["rootcag2.crt"]).yes();
    assert!(again.stdout.contains("is there already"), "{}", again.stdout);
    let list = run(&["--json", "trust", "list"], &[]).yes().json();
    assert_eq!((list["anchors"].as_array().unwrap().len(), list["intermediates"].as_array().unwrap().len()), (2, 1));
    assert_eq!(list["intermediates"][0]["published"]["authority"], "government_cipher_committee");
    assert!(list["anchors"][0]["days_left"].as_i64().unwrap() > 1_000);
    let explained = run(&["trust", "explain"], &["cpcag2.crt"]).code_is(1);
    assert!(explained.stdout.contains("[certificate_usage]"), "{}", explained.stdout);
}

#[test]
fn an_unknown_root_is_taken_only_by_its_fingerprint() {
    let hub = TestHub::made();
    let (root, sub) = (hub.path("test-pki/ca/root.crt"), hub.path("test-pki/ca/sub.crt"));
    let empty = tempfile::tempdir().unwrap();
    let trust = empty.path().join("trust");
    let import = |args: &[&str]| {
        let mut command = truc();
        said(command.args(["--lang", "en", "trust", "import", "--trust"]).arg(&trust).args(args))
    };
    let refused = import(&[sub.to_str().unwrap()]).code_is(1);
    assert!(refused.stdout.contains("its issuer is not among roots"), "{}", refused.stdout);
    let refused = import(&[root.to_str().unwrap()]).code_is(1);
    assert!(refused.stdout.contains("import it with --sha256"), "{}", refused.stdout);
    assert_eq!(fs::read_dir(trust.join("roots")).unwrap().count(), 0, "nothing was copied");
    let fingerprint = refused.stdout.lines().find_map(|line| line.trim().strip_prefix("SHA-256: ")).unwrap();
    import(&[root.to_str().unwrap(), sub.to_str().unwrap(), "--sha256", fingerprint]).yes();

    let crl = hub.path("trust/crl");
    let crls: Vec<_> = fs::read_dir(crl).unwrap().map(|entry| entry.unwrap().path()).collect();
    for file in &crls {
        import(&[file.to_str().unwrap()]).yes();
    }
    let leaf = hub.path("test-pki/agencies/nghean.crt");
    let nothing = import(&[leaf.to_str().unwrap()]).code_is(1);
    assert!(nothing.stderr.contains("is not that of a CA"), "{nothing:?}");
    fs::write(empty.path().join("note.txt"), "hello").unwrap();
    import(&[empty.path().join("note.txt").to_str().unwrap()]).code_is(1);
}

#[test]
fn a_certificate_is_explained_step_by_step_in_both_languages() {
    let hub = TestHub::made();
    let certificates = hub.path("test-pki/agencies");
    let file = |name: &str| certificates.join(name).to_str().unwrap().to_owned();
    let good = fs::read_dir(&certificates).unwrap().map(|entry| entry.unwrap().path());
    let good = good.filter(|path| path.extension().is_some_and(|ending| ending == "crt"));
    let (mut trusted, mut codes) = (0, Vec::new());
    for path in good {
        let answer = hub.run(&["--json", "trust", "explain", path.to_str().unwrap()]).json();
        let steps = answer["path"][0]["findings"].as_array().map(Vec::len);
        match answer["code"].as_str() {
            None => {
                trusted += 1;
                assert_eq!((steps, answer["path"].as_array().unwrap().len()), (Some(6), 3), "{answer:#}");
            }
            Some(code) => codes.push(code.to_owned()),
        }
    }
    codes.sort();
    assert!(trusted >= 4, "{trusted}");
    assert!(codes.contains(&"certificate_revoked".to_owned()), "{codes:?}");
    let vi = hub.run(&["trust", "explain", &file("nghean.crt")]).yes();
    assert!(vi.stdout.starts_with("Được tin cậy để ký gói tin"), "{}", vi.stdout);
    assert!(vi.stdout.contains("✓ Không bị thu hồi: CRL"), "{}", vi.stdout);
    let late = hub.run(&["--lang", "en", "trust", "explain", &file("nghean.crt"), "--at", "2045-01-01"]).code_is(1);
    assert!(late.stdout.contains("✗ Dates: the signer's certificate expired"), "{}", late.stdout);
}
