//! What somebody adds to a signed PDF without a signature of his own: each update is well formed, and each is called what
//! it is.

use std::fmt::Write as _;

use serde_json::json;
use truc::document::{Later, Reason};
use truc::signature::Indication;

use crate::support::{Office, page_pdf, pyhanko};

/// A PDF signed by a person; nothing where pyHanko is not installed. The second has a reference to an object 99 that
/// is not there.
fn signed(name: &'static str) -> Option<Vec<u8>> {
    let office = Office::shared();
    let out = format!("updates-{name}.pdf");
    let source = format!("updates-{name}-base.pdf");
    let base = page_pdf(if name == "dangling" { "[4 0 R 99 0 R]" } else { "4 0 R" });
    std::fs::write(office.folder.join(&source), base).unwrap();
    pyhanko(office, &json!([{"in": source, "out": out, "signer": "person", "field": "A"}]))?;
    Some(office.read(&out))
}

/// The text of an object's value in its latest form.
fn value(bytes: &[u8], object: u64) -> String {
    let head = format!("\n{object} 0 obj");
    let at = memchr::memmem::rfind(bytes, head.as_bytes()).unwrap() + head.len();
    let end = memchr::memmem::find(&bytes[at..], b"endobj").unwrap();
    String::from_utf8_lossy(&bytes[at..at + end]).trim().to_owned()
}

/// Appends objects with a table and a trailer that are as they must be. `also` adds entries to the table.
fn updated(bytes: &[u8], objects: &[(u64, &str)], also: &[(u64, usize)]) -> Vec<u8> {
    let after = |word: &[u8]| {
        let at = memchr::memmem::rfind(bytes, word).unwrap() + word.len();
        let text = String::from_utf8_lossy(&bytes[at..]).trim_start().to_owned();
        text[..text.find(|letter: char| !letter.is_ascii_digit()).unwrap()].parse::<u64>().unwrap()
    };
    let previous = after(b"startxref");
    let size = objects.iter().map(|(number, _)| number + 1).max().unwrap_or(0).max(after(b"/Size"));
    let (mut text, mut table) = (String::new(), String::from("xref\n"));
    for (number, value) in objects {
        writeln!(table, "{number} 1\n{:010} 00000 n ", bytes.len() + text.len()).unwrap();
        writeln!(text, "{number} 0 obj\n{value}\nendobj").unwrap();
    }
    for (number, offset) in also {
        writeln!(table, "{number} 1\n{offset:010} 00000 n ").unwrap();
    }
    let start = bytes.len() + text.len();
    write!(text, "{table}trailer\n<</Size {size} /Root 1 0 R /Prev {previous}>>\nstartxref\n{start}\n%%EOF\n").unwrap();
    [bytes, text.as_bytes()].concat()
}

fn later(bytes: &[u8]) -> Later {
    let report = Office::shared().examine(bytes, None);
    assert_eq!(report.signatures.len(), 1, "{report:?}");
    let signature = &report.signatures[0];
    let later = signature.coverage.unwrap().later;
    match later {
        Later::Other => {
            assert_eq!(
                (signature.indication, signature.reason),
                (Indication::Indeterminate, Some(Reason::ChangedAfter))
            );
        }
        Later::Nothing | Later::SignaturesOnly => assert!(signature.passed(), "{signature:?}"),
    }
    later
}

#[test]
fn what_nobody_sees_may_be_added() {
    let Some(signed) = signed("plain") else { return };
    assert_eq!(later(&signed), Later::Nothing);
    assert_eq!(later(&[signed.as_slice(), b"\r\n"].concat()), Later::Nothing);
    assert_eq!(later(&updated(&signed, &[(150, "<</Nobody /Refers>>")], &[])), Later::SignaturesOnly);
    let twice = updated(&updated(&signed, &[(150, "<</A 1>>")], &[]), &[(151, "<</B 1>>")], &[]);
    assert_eq!(later(&twice), Later::SignaturesOnly);
}

#[test]
fn whatever_people_may_see_is_a_change() {
    let Some(signed) = signed("seen") else { return };
    let (page, catalog, form) = (value(&signed, 3), value(&signed, 1), value(&signed, 7));
    let with = |dictionary: &str, more: &str| format!("{} {more}>>", dictionary.trim_end().strip_suffix(">>").unwrap());
    let annotated = |more: &str| {
        let at = page.find("/Annots").unwrap();
        let end = at + page[at..].find(']').unwrap();
        format!("{}{more} {}", &page[..end], &page[end..])
    };
    let note = "<</Type /Annot /Subtype /FreeText /Rect [0 0 595 842] /Contents (changed)>>";
    let seal = "<</Type /Annot /Subtype /Widget /FT /Sig /T (B) /Rect [0 0 595 842] /AP <</N 151 0 R>>>>";
    let drawing = "<</Type /XObject /Subtype /Form /BBox [0 0 595 842] /Length 2>>\nstream\n  \nendstream";
    let content = "<</Length 38>>\nstream\nBT /F 12 Tf 72 720 Td (Other!!!) Tj ET\nendstream";
    let cases: [(&str, Vec<(u64, String)>); 8] = [
        ("the content itself", vec![(4, content.to_owned())]),
        ("a note over the page", vec![(3, annotated(" 150 0 R")), (150, note.to_owned())]),
        (
            "a seal that nobody vouches for",
            vec![(3, annotated(" 150 0 R")), (150, seal.to_owned()), (151, drawing.to_owned())],
        ),
        ("another page size", vec![(3, page.replace("595 842", "100 100"))]),
        (
            "other pages",
            vec![
                (1, catalog.replace("/Pages 2 0 R", "/Pages 160 0 R")),
                (160, "<</Type /Pages /Kids [] /Count 0>>".to_owned()),
            ],
        ),
        ("a script", vec![(1, with(&catalog, "/OpenAction <</S /JavaScript /JS (app.alert)>>"))]),
        ("a form that draws", vec![(7, with(&form, "/XFA 160 0 R")), (160, drawing.to_owned())]),
        ("a font", vec![(5, "<</Type /Font /Subtype /Type1 /BaseFont /Symbol>>".to_owned())]),
    ];
    for (name, objects) in cases {
        let objects: Vec<_> = objects.iter().map(|(number, text)| (*number, text.as_str())).collect();
        assert_eq!(later(&updated(&signed, &objects, &[])), Later::Other, "{name}");
    }
}

#[test]
fn tables_that_point_elsewhere_are_a_change() {
    let Some(signed) = signed("tables") else { return };
    let font = memchr::memmem::find(&signed, b"5 0 obj").unwrap();
    assert_eq!(later(&updated(&signed, &[], &[(4, font)])), Later::Other, "an old object elsewhere");
    let good = updated(&signed, &[(150, "<</A 1>>")], &[]);
    for (before, after) in
        [("/Root 1 0 R /Prev", "/Root 2 0 R /Prev"), ("/Prev ", "/Prev 1"), ("startxref\n", "startxref\n1")]
    {
        let text = &good[signed.len()..];
        let at = memchr::memmem::find(text, before.as_bytes()).unwrap();
        let changed = [&good[..signed.len()], &text[..at], after.as_bytes(), &text[at + before.len()..]].concat();
        assert_eq!(later(&changed), Later::Other, "{before}");
    }
    let garbage = [signed.as_slice(), b"150 0 obj <</A 1>> endobj"].concat();
    assert_eq!(later(&garbage), Later::Other);
}

#[test]
fn a_place_that_was_prepared_before_the_signature_may_not_be_filled() {
    let Some(signed) = signed("dangling") else { return };
    assert_eq!(later(&signed), Later::Nothing);
    let content = "<</Length 38>>\nstream\nBT /F 12 Tf 72 700 Td (And more) Tj ET\nendstream";
    assert_eq!(later(&updated(&signed, &[(99, content)], &[])), Later::Other);
    assert_eq!(later(&updated(&signed, &[(98, content)], &[])), Later::SignaturesOnly);
}
