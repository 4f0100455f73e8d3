//! `truc verify` alone: any XML-DSig file, made by xmlsec1 on this machine, without a hub and without a data folder.

use std::path::Path;

use crate::evidence::xmlsec1;
use crate::support::{Said, TestHub, said, truc};

/// Files of one signer, and a folder that has nothing to do with any hub.
struct Desk {
    hub: TestHub,
    key: String,
    root: String,
    crls: [String; 2],
}

impl Desk {
    fn new() -> Self {
        let hub = TestHub::made();
        let in_pki = |name: &str| hub.path(&format!("test-pki/{name}")).display().to_string();
        let key = ["agencies/vpcp.key", "agencies/vpcp.crt", "ca/sub.crt"].map(in_pki).join(",");
        let (root, crls) = (in_pki("ca/root.crt"), ["crl/root.crl", "crl/sub.crl"].map(in_pki));
        Self { hub, key, root, crls }
    }

    /// Has xmlsec1 sign what stands in `text`; None where it is not installed.
    fn signed(&self, name: &str, text: &str) -> Option<String> {
        let (template, file) = (self.hub.file(&format!("{name}.template")), self.hub.file(name));
        std::fs::write(&template, text).unwrap();
        xmlsec1(&["--sign", "--privkey-pem", &self.key, "--id-attr:Id", "part", "--output", &file, &template])?;
        Some(file)
    }

    /// `truc verify` in an empty folder.
    fn verify(args: &[&str]) -> Said {
        let folder = tempfile::tempdir().unwrap();
        said(truc().current_dir(folder.path()).args(["--lang", "en", "verify"]).args(args))
    }

    /// Trusting the root, with its CRLs.
    fn trusting(&self, args: &[&str]) -> Said {
        let [one, two] = &self.crls;
        Self::verify(&[args, &["--trust", &self.root, "--crl", one, "--crl", two]].concat())
    }
}

fn template(uri: &str, transforms: &str) -> String {
    format!(
        "<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\">\n<SignedInfo>\
         <CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>\
         <SignatureMethod Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256\"/><Reference URI=\"{uri}\">\
         <Transforms>{transforms}<Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/></Transforms>\
         <DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"/><DigestValue/></Reference></SignedInfo>\n\
         <SignatureValue/><KeyInfo><X509Data/></KeyInfo></Signature>"
    )
}

const ENVELOPED: &str = "<Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"/>";

#[test]
fn an_enveloped_signature_is_found_wherever_it_stands() {
    let desk = Desk::new();
    let text = format!("<note xmlns='urn:n'>\n<to>An</to>\n<end><x/>\n{}</end>\n</note>\n", template("", ENVELOPED));
    let Some(file) = desk.signed("note.xml", &text) else { return };

    let passed = desk.trusting(&["--json", &file]).yes().json();
    assert_eq!((passed["indication"].as_str(), passed["profile"].as_str()), (Some("TOTAL-PASSED"), Some("none")));
    assert_eq!(passed["profile_vouches"], false);
    let covered = &passed["covered"][0];
    let last = std::fs::read_to_string(&file).unwrap().lines().fold(0, |line, _| line + 1);
    assert_eq!((covered["path"].as_str(), covered["lines"]["last"].as_u64()), (Some("/note"), Some(last)));
    assert_eq!(covered["without_lines"]["first"], signature_line(&file));
    let subjects: Vec<_> =
        passed["chain"].as_array().unwrap().iter().map(|link| link["subject"].as_str().unwrap()).collect();
    assert_eq!(subjects.len(), 3, "{subjects:?}");
    assert_eq!(passed["signer"]["subject"], subjects[0]);

    let people = desk.trusting(&[&file]).yes().stdout;
    for what in ["[TOTAL-PASSED]", "no profile vouches", "Trusted root: CN=", "lines ", "(Signature)"] {
        assert!(people.contains(what), "{what}: {people}");
    }
    let as_edxml = desk.trusting(&["--json", "--profile", "edxml", &file]).code_is(1).json();
    assert_ne!(as_edxml["indication"], "TOTAL-PASSED");
    desk.trusting(&["--profile", "pades", &file]).code_is(64);
}

fn signature_line(file: &str) -> u64 {
    let text = std::fs::read_to_string(file).unwrap();
    let before = text.lines().take_while(|line| !line.contains("<Signature "));
    before.fold(1, |line, _| line + 1)
}

#[test]
fn what_is_not_known_is_said_in_the_standards_words() {
    let desk = Desk::new();
    let Some(file) = desk.signed("note.xml", &format!("<a>b{}</a>", template("", ENVELOPED))) else { return };
    let words = |said: Said| {
        let json = said.code_is(1).json();
        format!("{} {}", json["indication"], json["sub_indication"]).replace('"', "")
    };
    assert_eq!(words(Desk::verify(&["--json", &file])), "INDETERMINATE NO_CERTIFICATE_CHAIN_FOUND");
    assert!(Desk::verify(&[&file]).stdout.contains("--trust"));
    assert_eq!(words(Desk::verify(&["--json", &file, "--trust", &desk.root])), "INDETERMINATE TRY_LATER");
    assert_eq!(words(desk.trusting(&["--json", &file, "--at", "2001-01-01"])), "TOTAL-FAILED NOT_YET_VALID");

    let text = std::fs::read_to_string(&file).unwrap();
    let altered = |name: &str, text: String| {
        let path = desk.hub.file(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let changed = altered("changed.xml", text.replace("<a>b", "<a>c"));
    assert_eq!(words(desk.trusting(&["--json", &changed])), "TOTAL-FAILED HASH_FAILURE");
    let cut = altered("cut.xml", text.replace("</a>", ""));
    assert_eq!(words(desk.trusting(&["--json", &cut])), "TOTAL-FAILED FORMAT_FAILURE");
    let twice =
        altered("twice.xml", text.replace("</a>", "<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\"/></a>"));
    assert_eq!(words(desk.trusting(&["--json", &twice])), "TOTAL-FAILED FORMAT_FAILURE");
    let unsigned = altered("unsigned.xml", "<a>b</a>".to_owned());
    assert_eq!(words(desk.trusting(&["--json", &unsigned])), "INDETERMINATE null");
    desk.trusting(&[Path::new(&file).with_extension("missing").to_str().unwrap()]).code_is(66);
}

#[test]
fn a_crl_of_later_speaks_of_earlier_times_and_one_that_is_not_used_is_told() {
    let desk = Desk::new();
    let Some(file) = desk.signed("note.xml", &format!("<a>b{}</a>", template("", ENVELOPED))) else { return };
    let [one, two] = &desk.crls;
    let before = jiff::Timestamp::now() - jiff::SignedDuration::from_mins(2);
    let made = std::fs::metadata(two).unwrap().modified().unwrap();
    assert!(std::time::SystemTime::from(before) < made, "the CRL was made after that time");
    desk.trusting(&[&file, "--at", &before.to_string()]).yes();

    let broken = desk.hub.file("broken.crl");
    std::fs::write(&broken, "no CRL").unwrap();
    let said = Desk::verify(&[&file, "--trust", &desk.root, "--crl", one, "--crl", &broken]).code_is(1);
    assert!(said.stderr.contains("Not used: ") && said.stderr.contains("broken.crl"), "{said:?}");
}

#[test]
fn a_comment_inside_a_signature_is_what_the_hub_says_of_it() {
    let hub = TestHub::running();
    let sent = hub.send("H41", "1/VPCP-TH", &[]);
    let text = std::fs::read_to_string(&sent).unwrap();
    let at = text.find("SignatureMethod").map(|at| text[..at].rfind('<').unwrap()).unwrap();
    let commented = hub.file("commented.edxml");
    std::fs::write(&commented, format!("{}<!-- x -->{}", &text[..at], &text[at..])).unwrap();
    let judged = hub.run(&["--json", "verify", &commented]).code_is(1).json();
    assert_eq!(judged["code"], "signature_structure", "{judged}");
    assert!(judged["detail"].as_str().unwrap().contains("comment"), "{judged}");
    hub.run(&["verify", "--profile", "none", &commented]).yes();
}

#[test]
fn sha1_is_named_and_never_passes() {
    let desk = Desk::new();
    let sha1 = template("", ENVELOPED).replace("2001/04/xmlenc#sha256", "2000/09/xmldsig#sha1");
    let Some(file) = desk.signed("old.xml", &format!("<a>b{sha1}</a>")) else { return };
    let old = desk.trusting(&["--json", &file]).code_is(1).json();
    assert_eq!(
        (old["indication"].as_str(), old["sub_indication"].as_str()),
        (Some("INDETERMINATE"), Some("CRYPTO_CONSTRAINTS_FAILURE"))
    );
    assert_eq!(old["weaknesses"][0], "sha1_digest");
    assert!(desk.trusting(&[&file]).stdout.contains("Weakness: digested with SHA-1"));
}

#[test]
fn an_edxml_message_is_judged_by_its_profile_and_its_content_told_apart() {
    let hub = TestHub::running();
    let sent = hub.send("H41", "1/VPCP-TH", &[]);
    let passed = hub.run(&["--json", "verify", &sent]).yes().json();
    assert_eq!((passed["profile"].as_str(), passed["profile_vouches"].as_bool()), (Some("edxml"), Some(true)));
    assert!(passed.get("content").is_none());
    let text = std::fs::read_to_string(&sent).unwrap();
    let bare = hub.file("bare.edxml");
    let (from, to) = (text.find("<edXML:DocumentId>").unwrap(), text.find("</edXML:DocumentId>").unwrap());
    std::fs::write(&bare, format!("{}{}", &text[..from], &text[to + "</edXML:DocumentId>".len()..])).unwrap();
    let signed = hub.file("signed.edxml");
    hub.by("vpcp", &["sign", &bare, "--output", &signed]).yes();
    let judged = hub.run(&["--json", "verify", &signed]).json();
    assert_eq!(judged["indication"], "TOTAL-PASSED", "{judged}");
    assert!(judged["content"]["code"].is_string(), "{judged}");
}

#[test]
fn a_crl_older_than_one_that_was_seen_is_not_believed_here_either() {
    let mut hub = TestHub::running();
    let sent = hub.send("H41", "1/VPCP-TH", &[]);
    hub.run(&["--json", "verify", &sent]).yes();
    hub.stop();
    let path = hub.path("trust/crl-floors.json");
    let mut floors: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    floors.as_object_mut().unwrap().values_mut().for_each(|number| *number = "7fff".into());
    std::fs::write(&path, floors.to_string()).unwrap();
    let trust = hub.path("trust").display().to_string();
    for more in [&[][..], &["--trust", &trust]] {
        let judged = hub.run(&[&["--json", "verify", &sent], more].concat()).code_is(1).json();
        assert_eq!(judged["sub_indication"], "TRY_LATER", "{judged}");
    }
    std::fs::write(&path, "damaged").unwrap();
    hub.run(&["verify", &sent]).code_is(66);
}

#[test]
fn parts_signed_by_their_id_are_told_by_path_and_lines() {
    let desk = Desk::new();
    let text = format!("<note>\n<part Id='p'>An</part>\n<other/>\n{}</note>\n", template("#p", ""));
    let Some(file) = desk.signed("part.xml", &text) else { return };
    let passed = desk.trusting(&["--json", &file]).yes().json();
    let covered = &passed["covered"][0];
    assert_eq!((covered["uri"].as_str(), covered["path"].as_str()), (Some("#p"), Some("/note/part")));
    let text = std::fs::read_to_string(&file).unwrap();
    let line = text.lines().take_while(|line| !line.contains("<part")).fold(1, |line, _| line + 1);
    assert_eq!((covered["lines"]["first"].as_u64(), covered["lines"]["last"].as_u64()), (Some(line), Some(line)));
}

#[test]
fn truc_sign_by_id_covers_every_part_and_is_verified_by_the_hub() {
    let hub = TestHub::running();
    let sent = hub.send("H41", "1/VPCP-TH", &[]);
    let signed = hub.file("parts.edxml");
    hub.by("vpcp", &["sign", &sent, "--by-id", "--output", &signed]).yes();
    let passed = hub.run(&["--json", "verify", &signed]).yes().json();
    let uris: Vec<_> = passed["covered"].as_array().unwrap().iter().map(|part| part["uri"].as_str().unwrap()).collect();
    assert!(uris.contains(&"#MessageHeader") && uris.iter().all(|uri| uri.starts_with('#')), "{uris:?}");
    let trial = hub.by("vpcp", &["--json", "send", "--dry-run", &signed]).yes().json();
    let verdict = &trial["verdict"];
    assert_eq!((verdict["policy"].as_str(), verdict["indication"].as_str()), (Some("envelope"), Some("TOTAL-PASSED")));
}
