//! The schemas in `edxml-schemas/` and our reader agree, as judged by xmllint: on everything that is accepted, and on
//! every refusal that XSD 1.0 can express. Says so loudly where xmllint is missing.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use truc::domain::{Code, StatusCode};
use truc::edxml::{Draft, DraftFile};
use truc::edxml::{Message, Mode, Organization, StatusDraft, StatusTarget, read, write_document, write_status};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Codes that a schema can express.
const EXPRESSIBLE: &[Code] = &[
    Code::XmlEncoding,
    Code::XmlMalformed,
    Code::XmlEntity,
    Code::XmlNamespace,
    Code::EdxmlSoap,
    Code::EdxmlFlat,
    Code::EdxmlNotDocument,
    Code::EdxmlUnknownRoot,
    Code::ElementMissing,
    Code::ElementRepeated,
    Code::ValueInvalid,
    Code::ValueTooLong,
    Code::RecipientRepeated,
    Code::Base64Invalid,
];

/// Refused by us, and why not by the schema.
const BEYOND_XSD: &[(&str, &str)] = &[
    ("sender-organ-id-null", "the text null means absent"),
    ("two-trace-lists", "an element without required children cannot be counted by a key"),
    ("impossible-promulgation-date.strict", "a pattern does not know the calendar"),
    ("undeclared-xlink.strict", "libxml2 validates what is not namespace-well-formed"),
];

/// Accepted by us with a remark, refused by the schema.
const STRICTER_XSD: &[(&str, &str)] = &[
    ("unknown-elements", "XSD 1.0 cannot allow unknown elements of its own namespace"),
    ("not-secret", "XSD 1.0 cannot allow unknown elements of its own namespace"),
];

fn xmllint_is_there() -> bool {
    let there = Command::new("xmllint").arg("--version").stderr(Stdio::null()).status().is_ok();
    if !there {
        eprintln!("SKIPPED: xmllint is not installed (apt-get install libxml2-utils); the schemas were not tested");
    }
    there
}

/// Whether the bytes are valid by the schema for their kind.
fn is_valid(bytes: &[u8]) -> bool {
    let is_status = memchr::memmem::find(bytes, b"StatusCode>").is_some();
    let schema = if is_status { "edxml-v1-status.xsd" } else { "edxml-v1.xsd" };
    let mut child = Command::new("xmllint")
        .args(["--noout", "--nonet", "--huge", "--schema"])
        .arg(Path::new(ROOT).join("edxml-schemas").join(schema))
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // xmllint may stop reading at the first fault
    let _ = stdin.write_all(bytes);
    drop(stdin);
    child.wait().unwrap().success()
}

fn files(folder: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = std::fs::read_dir(Path::new(ROOT).join(folder)).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|kind| kind == "edxml")).collect();
    files.sort();
    assert!(!files.is_empty(), "{folder} is empty");
    files.into_iter().map(|path| (path.clone(), std::fs::read(path).unwrap())).collect()
}

fn listed(list: &[(&str, &str)], path: &Path) -> bool {
    list.iter().any(|(name, _)| path.file_stem().is_some_and(|stem| stem == *name))
}

#[test]
fn what_is_accepted_is_valid() {
    if !xmllint_is_there() {
        return;
    }
    for (path, bytes) in files("fixtures/accept") {
        assert_eq!(is_valid(&bytes), !listed(STRICTER_XSD, &path), "{}", path.display());
    }
}

#[test]
fn what_is_refused_is_invalid_as_far_as_a_schema_can_say() {
    if !xmllint_is_there() {
        return;
    }
    for code in EXPRESSIBLE {
        for (path, bytes) in files(&format!("fixtures/reject/{code}")) {
            assert_eq!(is_valid(&bytes), listed(BEYOND_XSD, &path), "{}", path.display());
        }
    }
}

#[test]
fn real_messages_are_valid() {
    if !xmllint_is_there() {
        return;
    }
    if !Path::new(ROOT).join("../shared/edxml/samples").is_dir() {
        eprintln!("SKIPPED: ../shared/edxml/samples is not there; the schemas were not tried on real messages");
        return;
    }
    for (path, bytes) in files("../shared/edxml/samples") {
        assert!(is_valid(&bytes), "{}", path.display());
    }
}

#[test]
fn what_is_written_is_valid() {
    if !xmllint_is_there() {
        return;
    }
    for (path, bytes) in files("fixtures/accept") {
        match read(&bytes.as_slice(), Mode::Strict).unwrap() {
            Message::Document(envelope) => {
                let files = envelope.manifest.references.iter().map(|reference| DraftFile {
                    content_id: reference.key().to_owned(),
                    attachment_name: reference.attachment_name.as_ref().map_or("", |name| name.as_str()).to_owned(),
                    description: None,
                    content_type: "application/octet-stream".to_owned(),
                    content: vec![1, 2, 3],
                });
                let draft = Draft { header: envelope.header, trace: envelope.trace, files: files.collect() };
                assert!(is_valid(&write_document(&draft)), "{}", path.display());
            }
            Message::Status(status) => {
                let timestamp = "2026-03-05T01:02:03Z".parse().unwrap();
                let draft = StatusDraft {
                    from: Organization::of("H41".parse().unwrap()),
                    response_for: StatusTarget { ..status.response_for },
                    staff_info: status.staff_info,
                    status_code: StatusCode::Accepted,
                    description: status.description,
                    timestamp,
                };
                assert!(is_valid(&write_status(&draft)), "{}", path.display());
            }
        }
    }
}
