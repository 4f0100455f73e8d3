//! Signatures in PDFs, made by pyHanko; attacks on them, made here by moving bytes.

use std::sync::OnceLock;

use serde_json::json;
use truc::document::{FileReport, HolderKind, Later, Note, Reason, SignatureKind, TimeBasis};
use truc::domain::Code;
use truc::signature::Indication;

use crate::support::{Office, days, pyhanko};

/// Every PDF of these tests, made in one run of pyHanko; nothing where it is not installed.
pub(crate) fn office() -> Option<&'static Office> {
    static MADE: OnceLock<Option<()>> = OnceLock::new();
    let office = Office::shared();
    let stamp = |days_ago: i64| days(-days_ago).to_string().replace('Z', "+00:00");
    let jobs = json!([
        {"in": "base.pdf", "out": "person.pdf", "signer": "person", "field": "Nguoi ky"},
        {"in": "person.pdf", "out": "both.pdf", "signer": "agency", "field": "Co quan", "box": [400, 100, 550, 200]},
        {"in": "packed.pdf", "out": "packed-1.pdf", "signer": "person", "field": "Nguoi ky"},
        {"in": "packed-1.pdf", "out": "packed-2.pdf", "signer": "agency", "field": "Co quan", "box": [400, 100, 550, 200]},
        {"in": "both.pdf", "out": "stamped.pdf", "kind": "time_stamp", "tsa": "tsa", "tsa_time": stamp(0)},
        {"in": "person.pdf", "out": "dss.pdf", "kind": "dss", "signer": "person"},
        {"in": "base.pdf", "out": "adbe.pdf", "signer": "agency", "field": "A", "subfilter": "adbe.pkcs7.detached"},
        {"in": "base.pdf", "out": "sha1.pdf", "signer": "person", "field": "A", "digest": "sha1",
         "subfilter": "adbe.pkcs7.detached"},
        {"in": "base.pdf", "out": "pss.pdf", "signer": "person", "field": "A", "pss": true, "digest": "sha384"},
        {"in": "base.pdf", "out": "curve.pdf", "signer": "curve", "field": "A", "digest": "sha384"},
        {"in": "base.pdf", "out": "expired.pdf", "signer": "expired", "field": "A", "subfilter": "adbe.pkcs7.detached", "clock": stamp(60)},
        {"in": "base.pdf", "out": "expired-stamped.pdf", "signer": "expired", "field": "A", "subfilter": "adbe.pkcs7.detached", "clock": stamp(60),
         "tsa": "tsa", "tsa_time": stamp(60)},
        {"in": "base.pdf", "out": "revoked-before.pdf", "signer": "revoked", "field": "A", "subfilter": "adbe.pkcs7.detached", "clock": stamp(40),
         "tsa": "tsa", "tsa_time": stamp(10)},
        {"in": "base.pdf", "out": "revoked-after.pdf", "signer": "revoked", "field": "A", "subfilter": "adbe.pkcs7.detached", "clock": stamp(40),
         "tsa": "tsa", "tsa_time": stamp(40)},
        {"in": "base.pdf", "out": "false-stamp.pdf", "signer": "expired", "field": "A", "subfilter": "adbe.pkcs7.detached", "clock": stamp(60),
         "tsa": "stranger", "tsa_time": stamp(60)},
        {"in": "base.pdf", "out": "local-time.pdf", "signer": "person", "field": "A",
         "subfilter": "adbe.pkcs7.detached",
         "clock": (truc::domain::Timestamp::from_millis(days(0).as_millis() + 7 * 3_600_000)).to_string().replace('Z', "+00:00")},
    ]);
    MADE.get_or_init(|| pyhanko(office, &jobs)).map(|()| office)
}

fn examine(file: &str) -> Option<FileReport> {
    let office = office()?;
    Some(office.examine(&office.read(file), None))
}

fn passed(report: &FileReport) -> Vec<bool> {
    report.signatures.iter().map(truc::document::SignatureReport::passed).collect()
}

#[test]
fn person_and_agency_in_one_pdf_are_told_apart_and_valid() {
    let Some(report) = examine("both.pdf") else { return };
    assert_eq!(passed(&report), [true, true], "{report:#?}");
    let [person, agency] = report.signatures.as_slice() else { panic!("{report:?}") };
    assert_eq!(person.signer.as_ref().unwrap().subject, "CN=Nguyễn Văn An,O=BỘ THỬ,C=VN");
    assert_eq!((person.holder.kind, agency.holder.kind), (HolderKind::Person, HolderKind::Agency));
    assert_eq!(person.kind, SignatureKind::Pades);
    let now = days(0).as_millis();
    let claimed = person.claimed_time.expect("M says when").as_millis();
    assert!((now - 600_000..now + 1000).contains(&claimed), "{claimed} is not about {now}");
    let (first, second) = (person.coverage.unwrap(), agency.coverage.unwrap());
    assert!(!first.whole && second.whole);
    assert_eq!((first.later, second.later), (Later::SignaturesOnly, Later::Nothing));
    assert!(person.notes.contains(&Note::EarlierRevision));
}

#[test]
fn a_pdf_with_packed_objects_is_followed_through_its_revisions() {
    let Some(report) = examine("packed-2.pdf") else { return };
    assert_eq!(passed(&report), [true, true], "{report:#?}");
    assert_eq!(report.signatures[0].coverage.unwrap().later, Later::SignaturesOnly);
}

#[test]
fn later_time_stamps_and_evidence_leave_the_signatures_valid() {
    let Some(report) = examine("stamped.pdf") else { return };
    assert_eq!(passed(&report), [true, true, true], "{report:#?}");
    assert_eq!(report.signatures[2].kind, SignatureKind::DocumentTimeStamp);
    assert!(report.signatures[2].time_stamp.as_ref().unwrap().proven().is_some());
    let Some(report) = examine("dss.pdf") else { return };
    assert_eq!(report.signatures[0].coverage.unwrap().later, Later::SignaturesOnly, "{report:#?}");
    assert_eq!(passed(&report), [true]);
}

#[test]
fn the_kinds_and_algorithms_of_the_field_are_read() {
    for (file, kind, algorithm) in [
        ("adbe.pdf", SignatureKind::AdbeDetached, "RSA-2048 SHA-256"),
        ("pss.pdf", SignatureKind::Pades, "RSA-PSS-2048 SHA-384"),
        ("curve.pdf", SignatureKind::Pades, "ECDSA P-384 SHA-384"),
    ] {
        let Some(report) = examine(file) else { return };
        assert_eq!(passed(&report), [true], "{file}: {report:#?}");
        assert_eq!((report.signatures[0].kind, report.signatures[0].algorithm.as_deref()), (kind, Some(algorithm)));
    }
    let Some(sha1) = examine("sha1.pdf") else { return };
    assert_eq!(sha1.signatures[0].reason, Some(Reason::AlgorithmWeak));
    assert!(sha1.signatures[0].notes.contains(&Note::Sha1));
}

#[test]
fn a_time_stamp_proves_what_the_signer_only_claims() {
    let reason = |file| examine(file).map(|report| report.signatures[0].reason);
    let Some(unproven) = reason("expired.pdf") else { return };
    assert_eq!(unproven, Some(Reason::ExpiredNoProof));
    // A CRL made after the certificate has run out says nothing of it; one made before does.
    let lost = reason("expired-stamped.pdf").unwrap();
    assert_eq!(lost, Some(Reason::Certificate(Code::RevocationUnknown)));
    let office = Office::shared();
    let kept = office.trust_with("sub-old.crl");
    let proven = office.examine_with(&kept, &office.read("expired-stamped.pdf"), None);
    assert_eq!(passed(&proven), [true], "{proven:#?}");
    assert_eq!(proven.signatures[0].judged_by, TimeBasis::TimeStamp);
    assert_eq!(reason("revoked-before.pdf").unwrap(), Some(Reason::Certificate(Code::CertificateRevoked)));
    assert_eq!(reason("revoked-after.pdf").unwrap(), None);
    let false_stamp = examine("false-stamp.pdf").unwrap();
    let signature = &false_stamp.signatures[0];
    assert_eq!(signature.reason, Some(Reason::ExpiredNoProof));
    assert!(signature.notes.contains(&Note::TimeStampNotProven));
    assert_eq!(signature.time_stamp.as_ref().unwrap().reason, Some(Reason::TimeStampUsage));
}

#[test]
fn local_time_written_as_utc_is_said_and_forgiven() {
    let Some(report) = examine("local-time.pdf") else { return };
    assert_eq!(passed(&report), [true]);
    assert_eq!(report.signatures[0].notes, [Note::SigningTimeLocal]);
}

#[test]
fn a_changed_octet_in_the_content_is_seen() {
    let Some(office) = office() else { return };
    let mut bytes = office.read("both.pdf");
    let at = memchr::memmem::find(&bytes, b"Kinh gui").unwrap();
    bytes[at] = b'X';
    let report = office.examine(&bytes, None);
    let verdicts: Vec<_> = report.signatures.iter().map(|one| (one.indication, one.reason)).collect();
    assert_eq!(verdicts, [(Indication::TotalFailed, Some(Reason::DigestMismatch)); 2]);
}

#[test]
fn a_later_change_of_the_page_is_said() {
    let Some(office) = office() else { return };
    let signed = office.read("person.pdf");
    let start = signed.len();
    let previous = text_after(&signed, b"startxref");
    let update = "4 0 obj\n<</Length 38>>\nstream\nBT /F 12 Tf 72 720 Td (Changed) Tj ET  \nendstream\nendobj\n";
    let table = start + update.len();
    let tail = format!(
        "{update}xref\n4 1\n{start:010} 00000 n \ntrailer\n<</Size 20 /Root 1 0 R /Prev {previous}>>\nstartxref\n{table}\n%%EOF\n"
    );
    let report = office.examine(&[signed.as_slice(), tail.as_bytes()].concat(), None);
    let signature = &report.signatures[0];
    assert_eq!((signature.indication, signature.reason), (Indication::Indeterminate, Some(Reason::ChangedAfter)));
    assert_eq!(signature.coverage.unwrap().later, Later::Other);
}

fn text_after(bytes: &[u8], word: &[u8]) -> String {
    let at = memchr::memmem::rfind(bytes, word).unwrap() + word.len();
    String::from_utf8_lossy(&bytes[at..]).split_whitespace().next().unwrap().to_owned()
}

/// Replaces the first `from` by `to`, which must be as long.
fn put(bytes: &mut [u8], from: &[u8], to: &[u8]) {
    let at = memchr::memmem::find(bytes, from).expect("it is there");
    bytes[at..at + to.len()].copy_from_slice(to);
}

/// The ByteRange of the first signature: where its text stands, and its numbers.
fn byte_range(bytes: &[u8]) -> (usize, Vec<u64>) {
    let at = memchr::memmem::find(bytes, b"/ByteRange").unwrap() + 10;
    let text = String::from_utf8_lossy(&bytes[at..at + 100]).into_owned();
    let inner = &text[text.find('[').unwrap() + 1..text.find(']').unwrap()];
    (at + text.find('[').unwrap(), inner.split_whitespace().map(|number| number.parse().unwrap()).collect())
}

#[test]
fn byte_ranges_that_lie_are_refused() {
    let Some(office) = office() else { return };
    let signed = office.read("person.pdf");
    let (place, range) = byte_range(&signed);
    let [a, b, c, d] = range[..] else { panic!() };
    let width = signed[place..].iter().position(|&octet| octet == b']').unwrap() + 1;
    let written = |numbers: &str| {
        let mut bytes = signed.clone();
        let text = format!("{numbers:<width$}");
        bytes[place..place + width].copy_from_slice(&text.as_bytes()[..width]);
        office.examine(&bytes, None)
    };
    for numbers in [
        format!("[{a} {b} {} {}]", c + 2, d - 2),
        format!("[{a} {} {c} {d}]", b - 4),
        format!("[4 {} {c} {d}]", b - 4),
        format!("[{a} {b} {c} {}]", d + 1),
        format!("[{a} {b} {} 0]", u64::MAX),
        format!("[{a} {c} {b} {d}]"),
        format!("[{a} {b} {c}]"),
        format!("[-1 {b} {c} {d}]"),
        "7 0 R".to_owned(),
        "null".to_owned(),
        format!("[{a} 0 {c} {d}]"),
    ] {
        let report = written(&numbers);
        assert_eq!(report.signatures.len(), 1, "{numbers}");
        assert_eq!(report.signatures[0].reason, Some(Reason::ByteRange), "{numbers}: {report:?}");
    }
    let shorter = written(&format!("[{a} {b} {c} {}]", d - 1));
    assert_eq!(shorter.signatures[0].reason, Some(Reason::DigestMismatch));
}

#[test]
fn a_gap_with_more_in_it_than_contents_is_refused() {
    let Some(office) = office() else { return };
    let signed = office.read("person.pdf");
    let (_, range) = byte_range(&signed);
    let end = usize::try_from(range[2]).unwrap();
    let mut bytes = signed.clone();
    let more = b"> /Reason (in nobody's signature) /X <00";
    bytes[end - 1 - more.len()..end - 1].copy_from_slice(more);
    let report = office.examine(&bytes, None);
    assert_eq!(report.signatures[0].reason, Some(Reason::ByteRange), "{report:?}");
}

#[test]
fn a_second_byte_range_or_contents_is_refused() {
    let Some(office) = office() else { return };
    for (from, to) in [
        (&b"/Reason"[..], &b"/ByteRa"[..]),
        (b"/SubFilter", b"/Contents "),
        (b"/Type/Sig", b"/Type/Cat"),
        (b"/Type /Sig", b"/Type /Cat"),
    ] {
        let mut bytes = office.read("person.pdf");
        if memchr::memmem::find(&bytes, from).is_none() {
            continue;
        }
        put(&mut bytes, from, to);
        let report = office.examine(&bytes, None);
        assert!(report.signatures.iter().all(|one| !one.passed()), "{report:?}");
    }
}

#[test]
fn garbage_and_hostile_pdfs_end_quickly_and_quietly() {
    let office = Office::shared();
    let many = [b"%PDF-1.7\n".as_slice(), &b"/ByteRange [0 1 3 4]".repeat(50_000)].concat();
    let report = office.examine(&many, None);
    assert!(report.cut_off);
    assert_eq!(report.signatures.len(), 64);
    for tail in
        [&b"/ByteRange"[..], b"/ByteRange [", b"1 0 obj <</ByteRange [0 10 12 1]", b"<</ByteRange [[[[[[[[", b""]
    {
        let bytes = [b"%PDF-1.7\n", tail].concat();
        assert!(office.examine(&bytes, None).signatures.iter().all(|one| !one.passed()));
    }
}
