//! The corpus: every message in `fixtures/reject/<code>/` is refused with exactly that code and with a place, every
//! message in `fixtures/accept/` passes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::sample::{Index, select};
use truc::domain::{Code, Refusal};
use truc::edxml::{
    ATTACHMENTS_MAX, Marks, Message, Mode, RECIPIENTS_MAX, RemarkCode, StatusMarks, attachment_digest, read,
};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures");

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{} is empty", folder.display());
    files
}

fn read_file(path: &Path, mode: Mode) -> Result<Message, Refusal> {
    read(&std::fs::read(path).unwrap().as_slice(), mode)
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap().to_string_lossy().into_owned()
}

#[test]
fn every_accepted_message_passes_in_both_modes() {
    for path in files(&Path::new(FIXTURES).join("accept")) {
        for mode in [Mode::Strict, Mode::Tolerant] {
            if let Err(refusal) = read_file(&path, mode) {
                panic!("{} under {mode:?}: {refusal}", path.display());
            }
        }
    }
}

#[test]
fn accepted_messages_without_quirks_have_no_remarks() {
    let quirks = [
        ("unknown-elements", RemarkCode::UnknownElement),
        ("not-secret", RemarkCode::UnknownElement),
        ("three-attachments", RemarkCode::LongValue),
    ];
    for path in files(&Path::new(FIXTURES).join("accept")) {
        let message = read_file(&path, Mode::Strict).unwrap();
        let expected = quirks.iter().find(|(name, _)| *name == stem(&path)).map(|&(_, code)| code);
        let found: BTreeSet<&str> = message.remarks().iter().map(|remark| remark.code.as_str()).collect();
        assert_eq!(found, expected.map(RemarkCode::as_str).into_iter().collect(), "{}", path.display());
    }
}

#[test]
fn every_rejected_message_is_refused_with_its_code_and_a_place() {
    for folder in files(&Path::new(FIXTURES).join("reject")) {
        let code = Code::from_wire(&stem(&folder)).unwrap_or_else(|| panic!("{} is no code", folder.display()));
        for path in files(&folder) {
            let refusal = read_file(&path, Mode::Strict).expect_err(&path.display().to_string());
            assert_eq!(refusal.code, code, "{}: {refusal}", path.display());
            let place = refusal.at.unwrap_or_else(|| panic!("{} has no place", path.display()));
            let outside_root = code.as_str().starts_with("xml_");
            assert!(outside_root || place.path.starts_with('/'), "{}: {place}", path.display());
        }
    }
}

#[test]
fn under_record_the_same_are_refused_but_for_those_that_are_remarks_there() {
    for folder in files(&Path::new(FIXTURES).join("reject")) {
        for path in files(&folder) {
            let name = stem(&path);
            match read_file(&path, Mode::Tolerant) {
                Ok(message) => {
                    assert!(name.ends_with(".strict"), "{} passes", path.display());
                    assert!(!message.remarks().is_empty(), "{} passes without a remark", path.display());
                }
                Err(refusal) => {
                    assert!(!name.ends_with(".strict"), "{}: {refusal}", path.display());
                    assert_eq!(refusal.code.as_str(), stem(&folder), "{}: {refusal}", path.display());
                }
            }
        }
    }
}

/// A refusal names places and rules; no text of the message gets into it (law 8).
#[test]
fn law_8_a_refused_secret_leaves_no_content() {
    for path in files(&Path::new(FIXTURES).join("reject/state_secret")) {
        let refusal = read_file(&path, Mode::Tolerant).unwrap_err();
        let said = format!("{refusal} {refusal:?}").to_lowercase();
        for word in ["mật", "mat ", "kế hoạch", "diễn tập", "tuyệt", "tài liệu"] {
            assert!(!said.contains(word), "{}: {said}", path.display());
        }
    }
}

#[test]
fn places_are_those_of_the_elements_concerned() {
    for (file, line, end_of_path) in [
        (
            "reject/recipient_repeated/same-code-twice",
            "<edXML:OrganId>H26</edXML:OrganId>",
            "/MessageHeader/To[3]/OrganId",
        ),
        ("reject/value_invalid/priority.strict", "<edXML:Priority>9</edXML:Priority>", "/OtherInfo/Priority"),
        ("reject/element_missing/second-recipient-without-organ-id", "<edXML:To>", "/MessageHeader/To[2]"),
        ("reject/attachment_missing/second-file-missing", "<edXML:Reference>", "/edXMLManifest/Reference[2]"),
        ("reject/attachment_unlisted/second-file-unlisted", "<Attachment>", "/AttachmentEncoded/Attachment[2]"),
        ("reject/state_secret/attachment-description", "<Description>", "/AttachmentEncoded/Attachment/Description"),
        ("reject/edxml_soap/declared-inside", "<soap:Envelope", "/Envelope"),
    ] {
        let path = Path::new(FIXTURES)
            .join(file)
            .with_extension(format!("{}edxml", if file.contains("strict") { "strict." } else { "" }));
        let text = std::fs::read_to_string(&path).unwrap();
        let place = read_file(&path, Mode::Strict).unwrap_err().at.unwrap();
        assert!(place.path.ends_with(end_of_path), "{}: {place}", path.display());
        let found = text.lines().nth(usize::try_from(place.line).unwrap() - 1).unwrap();
        let column = usize::try_from(place.column).unwrap() - 1;
        let at: String = found.chars().skip(column).collect();
        assert!(at.starts_with(line), "{}: {at}", path.display());
    }
}

/// The codes of edXML, each with a folder in the corpus or a test in this file.
#[test]
fn every_code_of_edxml_is_covered() {
    let made_here = ["too_many_recipients"];
    let folders: BTreeSet<String> = files(&Path::new(FIXTURES).join("reject")).iter().map(|path| stem(path)).collect();
    let ours = Code::ALL.iter().map(|code| code.as_str());
    let ours = ours.skip_while(|code| *code != "xml_encoding").take_while(|code| *code != "signature_missing");
    for code in ours {
        assert!(folders.contains(code) || made_here.contains(&code), "{code} has no fixture");
    }
}

fn with_recipients(count: usize) -> String {
    let message = std::fs::read_to_string(Path::new(FIXTURES).join("accept/urgent.edxml")).unwrap();
    let (before, rest) = message.split_once("<edXML:To>").unwrap();
    let (_, after) = rest.split_once("</edXML:To>").unwrap();
    let to = (0..count).fold(String::new(), |mut text, n| {
        let _ = write!(text, "<edXML:To><edXML:OrganId>H26.{n}</edXML:OrganId></edXML:To>");
        text
    });
    format!("{before}{to}{after}")
}

#[test]
fn a_message_has_at_most_5000_recipients() {
    let Ok(Message::Document(envelope)) = read(&with_recipients(RECIPIENTS_MAX).as_bytes(), Mode::Strict) else {
        panic!("{RECIPIENTS_MAX} recipients are refused");
    };
    assert_eq!(envelope.header.to.len(), RECIPIENTS_MAX);
    let refusal = read(&with_recipients(RECIPIENTS_MAX + 1).as_bytes(), Mode::Tolerant).unwrap_err();
    assert_eq!(refusal.code, Code::TooManyRecipients);
    assert!(refusal.at.unwrap().path.ends_with("/MessageHeader/To[5001]"));
}

#[test]
fn the_header_has_at_most_1_mib() {
    let message = std::fs::read_to_string(Path::new(FIXTURES).join("accept/urgent.edxml")).unwrap();
    for (filler, path) in [
        (
            format!("<edXML:LoaiMoi>{}</edXML:LoaiMoi>", "x".repeat(60_000)).repeat(18),
            "/edXML/edXMLEnvelope/edXMLHeader",
        ),
        ("<x/>".repeat(300_000), "/edXML/edXMLEnvelope/edXMLHeader"),
    ] {
        for place in ["</edXML:MessageHeader>", "</edXML:edXMLHeader>"] {
            let long = message.replace(place, &format!("{filler}{place}"));
            let refusal = read(&long.as_bytes(), Mode::Tolerant).unwrap_err();
            assert_eq!(refusal.code, Code::XmlLimit, "{refusal}");
            assert!(refusal.at.unwrap().path.starts_with(path));
        }
    }
}

#[test]
fn what_stands_outside_of_the_header_is_bounded_too() {
    let message = std::fs::read_to_string(Path::new(FIXTURES).join("accept/dotnet-order.edxml")).unwrap();
    let long_names = format!("<AttachmentName>{}</AttachmentName>", "x".repeat(60_000));
    let reference = format!("<edXML:Reference>{long_names}</edXML:Reference>").repeat(40);
    let attachment = format!("<Attachment>{long_names}</Attachment>").repeat(40);
    let many =
        "<Attachment><ContentId>a</ContentId><ContentTransferEncoded>aGVsbG8=</ContentTransferEncoded></Attachment>";
    for (place, filler) in [
        ("</edXML:edXMLManifest>", reference.replace("AttachmentName", "edXML:AttachmentName")),
        (
            "</AttachmentEncoded>",
            attachment.replace(
                "<Attachment>",
                "<Attachment><ContentId>a</ContentId><ContentTransferEncoded>aGVsbG8=</ContentTransferEncoded>",
            ),
        ),
        ("</AttachmentEncoded>", many.repeat(ATTACHMENTS_MAX)),
    ] {
        let long = message.replace(place, &format!("{filler}{place}"));
        let refusal = read(&long.as_bytes(), Mode::Tolerant).unwrap_err();
        assert_eq!(refusal.code, Code::XmlLimit, "{refusal}");
    }
}

#[test]
fn contents_are_read_out_of_the_message() {
    for (name, content) in [
        ("dotnet-order", b"hello".as_slice()),
        ("wrapped-base64", b"%PDF-1.4\n%\xE2\xE3\xCF\xD3"),
        ("cdata-base64", b"%PDF-1.4\n%\xE2\xE3\xCF\xD3"),
    ] {
        let bytes = std::fs::read(Path::new(FIXTURES).join("accept").join(name).with_extension("edxml")).unwrap();
        let Ok(Message::Document(envelope)) = read(&bytes.as_slice(), Mode::Strict) else {
            panic!("{name} is refused")
        };
        let attachment = &envelope.attachments[0];
        let mut read_out = Vec::new();
        let source = bytes.as_slice();
        std::io::Read::read_to_end(&mut truc::edxml::open_attachment(&source, attachment).unwrap(), &mut read_out)
            .unwrap();
        assert!(read_out.starts_with(content), "{name}");
        assert_eq!(attachment.size, u64::try_from(read_out.len()).unwrap(), "{name}");
        assert_eq!(attachment_digest(&source, attachment).unwrap(), truc::domain::Digest::of(&read_out), "{name}");
    }
}

/// Without the byte offsets, which do not travel.
fn without_marks(mut message: Message) -> Message {
    match &mut message {
        Message::Document(envelope) => envelope.marks = Marks::default(),
        Message::Status(status) => status.marks = StatusMarks::default(),
    }
    message
}

#[test]
fn what_was_read_can_be_kept_and_told() {
    for path in files(&Path::new(FIXTURES).join("accept")) {
        let message = without_marks(read_file(&path, Mode::Strict).unwrap());
        let json = serde_json::to_string(&message).unwrap();
        assert_eq!(serde_json::from_str::<Message>(&json).unwrap(), message, "{}", path.display());
        let bytes = postcard::to_stdvec(&message).unwrap();
        assert_eq!(postcard::from_bytes::<Message>(&bytes).unwrap(), message, "{}", path.display());
    }
}

fn accepted() -> Vec<Vec<u8>> {
    files(&Path::new(FIXTURES).join("accept")).iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// Pieces that stand in messages, put where they do not belong.
const PIECES: &[&str] = &[
    "<edXML:To>",
    "</edXML:To>",
    "<edXML:OrganId>H26</edXML:OrganId>",
    "<edXML:From/>",
    "<Attachment>",
    "</Attachment>",
    "<edXML:Subject>x</edXML:Subject>",
    "<edXML:StatusCode>03</edXML:StatusCode>",
    "<AttachmentEncoded/>",
    "<edXML:Secret>",
    "&#x0;",
    "&amp;",
    "<![CDATA[",
    "]]>",
    "<!--",
    "-->",
    "aGVsbG8=",
    "=",
    "\u{FFFD}",
    " ",
    "\"",
    "MẬT - ",
    "",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Damaged messages are read or refused, in both modes, and never more than that.
    #[test]
    fn damaged_messages_never_panic(
        message in select(accepted()),
        damages in proptest::collection::vec((any::<Index>(), 0usize..60, select(PIECES)), 1..5),
    ) {
        let mut bytes = message;
        for (at, length, piece) in damages {
            let from = at.index(bytes.len() + 1);
            let to = (from + length).min(bytes.len());
            bytes.splice(from..to, piece.bytes());
        }
        for mode in [Mode::Strict, Mode::Tolerant] {
            match read(&bytes.as_slice(), mode) {
                Ok(Message::Document(envelope)) => {
                    prop_assert!(!envelope.header.to.is_empty());
                    for attachment in &envelope.attachments {
                        prop_assert!(attachment_digest(&bytes.as_slice(), attachment).is_ok());
                    }
                }
                Ok(Message::Status(_)) => {}
                Err(refusal) => prop_assert!(refusal.at.is_some()),
            }
        }
    }
}
