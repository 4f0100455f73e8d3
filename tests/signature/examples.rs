//! The examples of `docs/signature-profile.md`, as they stand there: what they sign passes here in both modes, and what is
//! signed here passes there.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;
use truc::edxml::signature_profile;
use truc::signature::{Coverage, SigningOptions, sign, verify};

use crate::support::{Only, Recorder, now, openssl, rsa, say_skipped};

const PROFILE: &str = include_str!("../../docs/signature-profile.md");
/// A real message; the dead signature in it goes first.
const NEW: &str = include_str!("../../fixtures/accept/new.edxml");

/// The block of the document behind this mark.
fn block(mark: &str) -> String {
    let (_, behind) = PROFILE.split_once(&format!("<!-- {mark} -->\n```")).unwrap_or_else(|| panic!("no {mark}"));
    let (_, block) = behind.split_once('\n').unwrap();
    let (block, _) = block.split_once("\n```").unwrap();
    format!("{block}\n")
}

/// A folder with a message, a key and everything that the document has integrators write.
fn workplace() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let start = NEW.find("      <Signature>").unwrap();
    let end = NEW.find("</Signature>\n").unwrap() + "</Signature>\n".len();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("message.edxml", &format!("{}{}", &NEW[..start], &NEW[end..]));
    for name in ["whole.xml", "by-id.xml", "Sign.java", "Verify.java"] {
        write(name, &block(&format!("file: {name}")));
    }
    for name in ["key.pem", "cert.pem"] {
        std::fs::copy(rsa().folder.join(name), folder.path().join(name)).unwrap();
    }
    let arguments = "pkcs12 -export -inkey key.pem -in cert.pem -passout pass:secret -out keys.p12";
    openssl(folder.path(), &arguments.split(' ').collect::<Vec<_>>());
    folder
}

/// The same where an intermediate authority issued the signer's certificate; gives that authority's, in base64.
fn workplace_below_an_authority() -> (TempDir, String) {
    let folder = workplace();
    let run = |arguments: &str| openssl(folder.path(), &arguments.split(' ').collect::<Vec<_>>());
    run("req -x509 -newkey rsa:2048 -nodes -keyout authority.key -out intermediate.pem -subj /CN=Authority -days 30");
    run("req -new -key key.pem -subj /CN=Signer -out request.pem");
    run("x509 -req -in request.pem -CA intermediate.pem -CAkey authority.key -set_serial 7 -days 30 -out cert.pem");
    run("pkcs12 -export -inkey key.pem -in cert.pem -certfile intermediate.pem -passout pass:secret -out keys.p12");
    let authority = std::fs::read_to_string(folder.path().join("intermediate.pem")).unwrap();
    let base64 = authority.lines().filter(|line| !line.starts_with('-')).collect();
    (folder, base64)
}

/// Whether a program is here; says loudly, past the capture of output, if it is not.
fn is_here(program: &str, package: &str) -> bool {
    let is_here = Command::new(program).arg("--version").output().is_ok();
    if !is_here {
        say_skipped(&format!("{program} is not installed (apt-get install {package}): its example was NOT run"));
    }
    is_here
}

fn run(folder: &Path, program: &str, arguments: &[&str]) -> Result<(), String> {
    let output = Command::new(program).args(arguments).current_dir(folder).output().unwrap();
    let said = || format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if output.status.success() { Ok(()) } else { Err(said()) }
}

/// The message that was signed passes, covers as much as it should, and fails once it is altered.
fn check(folder: &Path, parts: usize) {
    let signed = std::fs::read_to_string(folder.join("signed.edxml")).unwrap();
    let read = |message: &str| {
        verify(&message.as_bytes(), &signature_profile(), &Only(&rsa().certificate), now(), Recorder::default)
    };
    let verified = read(&signed).unwrap_or_else(|refusal| panic!("{refusal}\n{signed}"));
    assert_eq!(verified.verdict().covered.len(), parts);
    assert!(verified.value().contains("Nguyễn Văn Mẫu"));
    read(&signed.replacen("Nguyễn Văn Mẫu", "Nguyễn Văn Mau", 1)).unwrap_err();
}

/// What is signed here, in a file; gives its altered copy as well.
fn sign_here(folder: &Path, coverage: Coverage) {
    let message = std::fs::read(folder.join("message.edxml")).unwrap();
    let options = SigningOptions { coverage, ..SigningOptions::default() };
    let chain = [rsa().certificate.clone()];
    let signed = sign(&message, &signature_profile(), &rsa().key(), &chain, options).unwrap();
    let altered = String::from_utf8(signed.clone()).unwrap().replacen("Nguyễn Văn Mẫu", "Nguyễn Văn Mau", 1);
    std::fs::write(folder.join("ours.edxml"), signed).unwrap();
    std::fs::write(folder.join("altered.edxml"), altered).unwrap();
}

#[test]
fn the_examples_for_xmlsec1_sign_by_the_profile() {
    if !is_here("xmlsec1", "xmlsec1") {
        return;
    }
    for (mark, parts) in [("run: xmlsec1-whole", 1), ("run: xmlsec1-by-id", 4)] {
        let folder = workplace();
        run(folder.path(), "sh", &["-euc", &block(mark)]).unwrap_or_else(|error| panic!("{mark}: {error}"));
        check(folder.path(), parts);
    }
}

#[test]
fn the_example_for_java_signs_by_the_profile() {
    if !is_here("javac", "default-jdk-headless") {
        return;
    }
    for (mode, parts) in [("whole", 1), ("by-id", 4)] {
        let folder = workplace();
        let arguments = ["Sign.java", mode, "message.edxml", "keys.p12", "secret", "signed.edxml"];
        run(folder.path(), "java", &arguments).unwrap_or_else(|error| panic!("{mode}: {error}"));
        check(folder.path(), parts);
    }
}

/// A hub that does not have the intermediate authority's certificate finds it in the message.
#[test]
fn the_examples_bring_the_intermediate_authority_along() {
    let signed = |folder: &TempDir| {
        let signed = std::fs::read_to_string(folder.path().join("signed.edxml")).unwrap();
        signed.replace("&#13;", "").split_whitespace().collect::<String>()
    };
    if is_here("javac", "default-jdk-headless") {
        let (folder, authority) = workplace_below_an_authority();
        run(folder.path(), "java", &["Sign.java", "whole", "message.edxml", "keys.p12", "secret", "signed.edxml"])
            .unwrap();
        assert!(signed(&folder).contains(&authority), "java");
    }
    if is_here("xmlsec1", "xmlsec1") {
        let (folder, authority) = workplace_below_an_authority();
        let script = block("run: xmlsec1-whole").replace("key.pem,cert.pem", "key.pem,cert.pem,intermediate.pem");
        run(folder.path(), "sh", &["-euc", &script]).unwrap();
        assert!(signed(&folder).contains(&authority), "xmlsec1");
    }
}

#[test]
fn java_and_xmlsec1_verify_what_is_signed_here() {
    let (java, xmlsec) = (is_here("javac", "default-jdk-headless"), is_here("xmlsec1", "xmlsec1"));
    let classes = workplace();
    if java {
        run(classes.path(), "javac", &["Verify.java"]).unwrap();
    }
    for coverage in [Coverage::Document, Coverage::Parts] {
        let folder = workplace();
        sign_here(folder.path(), coverage);
        for (file, is_valid) in [("ours.edxml", true), ("altered.edxml", false)] {
            if java {
                let arguments = ["-cp", classes.path().to_str().unwrap(), "Verify", file, "cert.pem"];
                let said = run(folder.path(), "java", &arguments);
                assert_eq!(said.is_ok(), is_valid, "{coverage:?} {file}: {said:?}");
            }
            if xmlsec {
                let said = run(folder.path(), "xmlsec1", &xmlsec_arguments(file));
                assert_eq!(said.is_ok(), is_valid, "{coverage:?} {file}: {said:?}");
            }
        }
    }
}

fn xmlsec_arguments(file: &str) -> Vec<&str> {
    let ids = [
        "http://www.mic.gov.vn/TBT/QCVN_102_2016:MessageHeader",
        "http://www.mic.gov.vn/TBT/QCVN_102_2016:TraceHeaderList",
        "http://www.mic.gov.vn/TBT/QCVN_102_2016:edXMLBody",
        "http://www.mic.gov.vn/TBT/QCVN_102_2016:AttachmentEncoded",
    ];
    let ids = ids.into_iter().flat_map(|id| ["--id-attr:Id", id]);
    ["--verify", "--trusted-pem", "cert.pem"].into_iter().chain(ids).chain([file]).collect()
}
