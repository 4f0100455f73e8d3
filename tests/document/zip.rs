//! Documents in a zip, as the hub of today packs them: written here by hand, so that it can lie.

use std::io::Write as _;

use truc::document::{Examiner, FileKind, FileReport};

use crate::support::{Office, days, openssl};

/// A file to be packed. The last two: the size that the directory declares, and its flags.
struct File<'a>(&'a str, &'a [u8], Option<u32>, u16);

/// A zip of deflated files whose sizes stand behind them (bit 3), as streaming packers write them.
fn zip(files: &[File<'_>]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for File(name, content, declared, flags) in files {
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(content).unwrap();
        let packed = encoder.finish().unwrap();
        let mut crc = flate2::Crc::new();
        crc.update(content);
        let sizes: Vec<u8> = [
            crc.sum(),
            u32::try_from(packed.len()).unwrap(),
            declared.unwrap_or(u32::try_from(content.len()).unwrap()),
        ]
        .iter()
        .flat_map(|number| number.to_le_bytes())
        .collect();
        let flags = (8 | flags).to_le_bytes();
        let start = u32::try_from(out.len()).unwrap().to_le_bytes();
        let length = u16::try_from(name.len()).unwrap().to_le_bytes();
        let fixed = [&[20, 0][..], &flags, &[8, 0], &[0; 4]].concat();
        out.extend([b"PK\x03\x04", &fixed[..], &[0; 12], &length, &[0, 0], name.as_bytes(), &packed].concat());
        out.extend([b"PK\x07\x08", &sizes[..]].concat());
        let central = [b"PK\x01\x02\x14\x00", &fixed[..], &sizes, &length, &[0; 12], &start, name.as_bytes()];
        directory.extend(central.concat());
    }
    let count = u16::try_from(files.len()).unwrap().to_le_bytes();
    let place =
        [u32::try_from(directory.len()).unwrap().to_le_bytes(), u32::try_from(out.len()).unwrap().to_le_bytes()];
    out.extend(directory);
    out.extend([b"PK\x05\x06\0\0\0\0", &count[..], &count, &place[0], &place[1], &[0, 0]].concat());
    out
}

fn examine(bytes: &[u8]) -> Vec<FileReport> {
    let office = Office::shared();
    let trust = office.trust();
    Examiner::alone(&trust, days(0)).examine(&bytes, None, &office.folder).unwrap()
}

fn signature_of(content: &[u8]) -> Vec<u8> {
    let office = Office::shared();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("in"), content).unwrap();
    let file = |name: &str| office.folder.join(name).display().to_string();
    let (certificate, key) = (file("agency.pem"), file("agency.key"));
    let sign = ["cms", "-sign", "-binary", "-in", "in", "-signer", &certificate, "-inkey", &key];
    openssl(folder.path(), &[&sign[..], &["-outform", "DER", "-cades", "-out", "out"]].concat());
    std::fs::read(folder.path().join("out")).unwrap()
}

#[test]
fn a_signature_and_what_it_signs_find_each_other_in_a_zip() {
    let content = b"so many words ".repeat(1000);
    let signature = signature_of(&content);
    let packed = zip(&[
        File("Công văn.docx", &content, None, 0x800),
        File("Công văn.docx.p7s", &signature, None, 0x800),
        File("other.docx.p7s", &signature, None, 0),
    ]);
    let reports = examine(&packed);
    let kinds: Vec<_> = reports.iter().map(|report| (report.entry.as_deref().unwrap(), report.kind)).collect();
    let expected =
        [("Công văn.docx", FileKind::Other), ("Công văn.docx.p7s", FileKind::Cms), ("other.docx.p7s", FileKind::Cms)];
    assert_eq!(kinds, expected);
    assert!(reports[1].signatures[0].passed(), "{reports:#?}");
    assert!(!reports[2].signatures[0].passed());
}

#[test]
fn a_pdf_in_a_zip_is_examined_like_one_outside() {
    let Some(office) = crate::pdf::office() else { return };
    let pdf = office.read("both.pdf");
    let inside = examine(&zip(&[File("vb.pdf", &pdf, None, 0)])).remove(0);
    assert_eq!(inside.kind, FileKind::Pdf);
    assert_eq!(inside.signatures.len(), 2);
    assert_eq!(inside.signatures, office.examine(&pdf, None).signatures);
}

#[test]
fn bombs_and_lies_are_not_unpacked() {
    let zeros = vec![0; 40 << 20];
    for file in [File("bomb.pdf", &zeros, None, 0), File("bomb.pdf", &zeros, Some(1000), 0)] {
        let report = examine(&zip(&[file])).remove(0);
        assert_eq!(report.unread.as_deref(), Some("the file in the zip unpacks to more than is looked at"));
    }
    let content = b"%PDF-1.7 ".repeat(100);
    let unread = |file| examine(&zip(&[file])).remove(0).unread;
    assert_eq!(unread(File("a.pdf", &content, None, 1)).as_deref(), Some("the file in the zip is encrypted"));
    assert_eq!(unread(File("a.pdf", &content, Some(7), 0)).as_deref(), Some("the file in the zip is damaged"));
    assert_eq!(unread(File("a.pdf", &content, Some(u32::MAX), 0)).as_deref(), Some("the zip is a zip64"));
    assert_eq!(unread(File("a.pdf", &content, None, 0)), None);
}

#[test]
fn zips_that_are_none_are_said_to_be_unread() {
    let good = zip(&[File("a.pdf", b"%PDF-1.7 ", None, 0)]);
    for cut in [4, 30, good.len() / 2, good.len() - 1] {
        let reports = examine(&good[..cut]);
        assert!(reports.iter().all(|report| report.unread.is_some() || report.signatures.is_empty()), "{reports:?}");
    }
    for at in 4..good.len() {
        let mut changed = good.clone();
        changed[at] ^= 0xFF;
        examine(&changed);
    }
    let names: Vec<_> = (0..100).map(|n| format!("{n}.pdf")).collect();
    let many: Vec<_> = names.iter().map(|name| File(name, b"%PDF-1.7 ", None, 0)).collect();
    let reports = examine(&zip(&many));
    assert_eq!(reports.len(), 65);
    assert!(reports[64].cut_off);
}
