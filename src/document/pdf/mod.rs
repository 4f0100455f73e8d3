//! The signatures of a PDF: found by looking for ByteRange through the whole file, each placed, checked and judged, and
//! what was added after it. In one pass over the file and one hash of what each signature covers.

mod byte_range;
mod date;
mod later;
mod packed;
mod revision;
mod token;
mod update;

use std::io;

use crate::document::Examiner;
use crate::document::pdf::byte_range::{Fault, NAME, Place};
use crate::document::pdf::later::{Added, Dangling, added};
use crate::document::pdf::revision::Revision;
use crate::document::reason::{Note, Reason};
use crate::document::report::{Coverage, FileKind, FileReport, Later, SignatureKind, SignatureReport};
use crate::document::signed_data::{SignedData, to_der};
use crate::document::signer;
use crate::document::source::{Content, Ranges, ReadAt, bytes};
use crate::document::time_stamp;
use crate::domain::Code;
use crate::signature::DigestMethod;

/// Most signatures of one PDF that are looked at. Source: five is much in a real one.
const SIGNATURES_MAX: usize = 64;
/// How often a file is hashed for its signatures together, and what is hashed in any case.
const TIMES_HASHED_MAX: u64 = 8;
const HASHED_ANYWAY: u64 = 1 << 30;
/// Octets searched at once.
const WINDOW: u64 = 256 << 10;
/// A PDF's header stands within so many octets (ISO 32000-1, annex H).
const HEADER_WITHIN: u64 = 1024;

/// Whether these bytes are a PDF's.
pub(super) fn is_pdf(source: &dyn ReadAt) -> io::Result<bool> {
    let head = bytes(source, 0..HEADER_WITHIN)?;
    Ok(memchr::memmem::find(&head, b"%PDF-").is_some())
}

/// Reports every signature of a PDF.
pub(super) fn examine(source: &dyn ReadAt, examiner: &Examiner<'_>) -> io::Result<FileReport> {
    let (places, cut_off) = places(source)?;
    let mut signatures = Vec::new();
    let mut left = source.octets().saturating_mul(TIMES_HASHED_MAX).saturating_add(HASHED_ANYWAY);
    for place in &places {
        left = left.saturating_sub(place.as_ref().map_or(0, Place::end));
        signatures.push(match place {
            Ok(place) if left == 0 => too_much(place, examiner),
            Ok(place) => signature(source, place, examiner)?,
            Err(fault) => not_placed(fault, examiner),
        });
    }
    Revisions::read(source, &places)?.apply(&places, &mut signatures);
    Ok(FileReport { kind: FileKind::Pdf, entry: None, signatures, cut_off, unread: None })
}

/// Every place, by where what is signed ends; those that are none come last.
fn places(source: &dyn ReadAt) -> io::Result<(Vec<Result<Place, Fault>>, bool)> {
    let (names, cut_off) = names(source)?;
    let mut places = Vec::new();
    for name in names {
        places.push(Place::read(source, name)?);
    }
    places.sort_by_key(|place| place.as_ref().map_or(u64::MAX, Place::end));
    Ok((places, cut_off))
}

/// Where `/ByteRange` stands, and whether there are more of them than are looked at.
fn names(source: &dyn ReadAt) -> io::Result<(Vec<u64>, bool)> {
    let finder = memchr::memmem::Finder::new(NAME);
    let overlap = u64::try_from(NAME.len().saturating_sub(1)).unwrap_or(0);
    let (mut names, mut at) = (Vec::new(), 0_u64);
    while at < source.octets() {
        let window = bytes(source, at..at.saturating_add(WINDOW).saturating_add(overlap))?;
        for found in finder.find_iter(&window) {
            if names.len() == SIGNATURES_MAX {
                return Ok((names, true));
            }
            names.push(at.saturating_add(u64::try_from(found).unwrap_or(u64::MAX)));
        }
        at = at.saturating_add(WINDOW);
    }
    Ok((names, false))
}

fn not_placed(fault: &str, examiner: &Examiner<'_>) -> SignatureReport {
    signer::blank(SignatureKind::Unknown, examiner.received_at).because(Reason::ByteRange, Some(fault.to_owned()))
}

fn too_much(place: &Place, examiner: &Examiner<'_>) -> SignatureReport {
    let detail = "the signatures of this file cover more than is looked at".to_owned();
    signer::blank(place.kind, examiner.received_at).because(Reason::TooLarge, Some(detail))
}

fn signature(source: &dyn ReadAt, place: &Place, examiner: &Examiner<'_>) -> io::Result<SignatureReport> {
    match place.contents(source)? {
        Ok(contents) => of_contents(source, place, &contents, examiner),
        Err(fault) => {
            let reason = if place.is_too_large() { Reason::TooLarge } else { Reason::ByteRange };
            Ok(signer::blank(place.kind, examiner.received_at).because(reason, Some(fault.to_owned())))
        }
    }
}

fn of_contents(
    source: &dyn ReadAt,
    place: &Place,
    contents: &[u8],
    examiner: &Examiner<'_>,
) -> io::Result<SignatureReport> {
    let signed = Ranges { source, ranges: place.ranges().to_vec() };
    let blank = signer::blank(place.kind, examiner.received_at);
    if place.kind == SignatureKind::Unknown {
        let detail = "SubFilter is none of adbe.pkcs7.detached, adbe.pkcs7.sha1, ETSI.CAdES.detached, ETSI.RFC3161";
        return Ok(blank.because(Reason::FormatUnknown, Some(detail.to_owned())));
    }
    let malformed = |detail: &str| Ok(blank.clone().because(Reason::Malformed, Some(detail.to_owned())));
    let Some(der) = to_der(contents) else { return malformed("Contents is not one CMS SignedData") };
    if place.kind == SignatureKind::DocumentTimeStamp {
        return document_time_stamp(blank, &der, &signed, examiner);
    }
    let Some(data) = SignedData::parse(&der) else { return malformed("Contents is not one CMS SignedData") };
    let [signer] = data.signers.as_slice() else { return malformed("the CMS has not exactly one signer") };
    match (place.kind, data.content) {
        (SignatureKind::AdbeSha1, Some(inner)) => {
            if signed.digest(DigestMethod::Sha1)? != inner {
                return Ok(blank.because(Reason::DigestMismatch, Some("the CMS holds another digest".to_owned())));
            }
            let mut report = signer::report(place.kind, place.claimed, &data, signer, &inner, examiner)?;
            report.note(Note::Sha1);
            Ok(if report.passed() { report.because(Reason::AlgorithmWeak, None) } else { report })
        }
        (SignatureKind::AdbeSha1, None) => malformed("the CMS holds no digest"),
        (_, Some(_)) => malformed("a detached signature holds content of its own"),
        (_, None) => signer::report(place.kind, place.claimed, &data, signer, &signed, examiner),
    }
}

/// A time stamp of the whole document, as a signature of its authority.
fn document_time_stamp(
    mut report: SignatureReport,
    token: &[u8],
    signed: &Ranges<'_>,
    examiner: &Examiner<'_>,
) -> io::Result<SignatureReport> {
    let stamp = time_stamp::examine(token, signed, examiner.trust, &[])?;
    report.signer.clone_from(&stamp.authority);
    report.algorithm.clone_from(&stamp.algorithm);
    report.root.clone_from(&stamp.root);
    (report.indication, report.sub_indication, report.reason) = (stamp.indication, stamp.sub_indication, stamp.reason);
    report.detail.clone_from(&stamp.detail);
    report.time_stamp = Some(stamp);
    Ok(report)
}

/// The revisions that signatures cover, and what was added between them and after the last one.
struct Revisions {
    octets: u64,
    /// Ends of what is signed, ascending.
    ends: Vec<u64>,
    /// What was added after each.
    added: Vec<Option<Added>>,
}

impl Revisions {
    fn read(source: &dyn ReadAt, places: &[Result<Place, Fault>]) -> io::Result<Self> {
        let mut ends: Vec<_> = places.iter().flatten().map(Place::end).collect();
        ends.dedup();
        let octets = source.octets();
        let dangling = match ends.as_slice() {
            [first, ..] if *first < octets => dangling(source, *first)?,
            _ => Dangling::nowhere(),
        };
        let mut added_after = Vec::new();
        for (at, end) in ends.iter().enumerate() {
            let next = ends.get(at.saturating_add(1)).copied();
            let to = next.unwrap_or(octets);
            let is_nothing = next.is_none() && is_filling(source, *end)?;
            added_after.push(if is_nothing { None } else { Some(added(source, *end, to, &dangling)?) });
        }
        Ok(Self { octets, ends, added: added_after })
    }

    /// Says of each signature what came after it: the last one first, since each vouches for what it covers.
    fn apply(&self, places: &[Result<Place, Fault>], reports: &mut [SignatureReport]) {
        let mut later = Later::Nothing;
        for (at, end) in self.ends.iter().enumerate().rev() {
            let is_vouched = self.ends.get(at.saturating_add(1)).is_some_and(|next| vouches(places, reports, *next));
            later = match self.added.get(at).copied().flatten() {
                _ if later == Later::Other => Later::Other,
                None => later,
                Some(Added::Unseen) => Later::SignaturesOnly,
                Some(Added::Seen) if is_vouched => Later::SignaturesOnly,
                Some(_) => Later::Other,
            };
            let of_end = places
                .iter()
                .zip(reports.iter_mut())
                .filter_map(|(place, report)| Some((place.as_ref().ok()?, report)));
            for (place, report) in of_end.filter(|(place, _)| place.end() == *end) {
                cover(report, place, later, self.octets);
            }
        }
    }
}

/// Whether a signature that ends there is good, or lacks nothing but revocation data.
fn vouches(places: &[Result<Place, Fault>], reports: &[SignatureReport], end: u64) -> bool {
    let is_good = |report: &SignatureReport| {
        report.passed() || report.reason == Some(Reason::Certificate(Code::RevocationUnknown))
    };
    places
        .iter()
        .zip(reports)
        .any(|(place, report)| place.as_ref().is_ok_and(|place| place.end() == end) && is_good(report))
}

fn cover(report: &mut SignatureReport, place: &Place, later: Later, octets: u64) {
    let later_octets = octets.saturating_sub(place.end());
    let whole = later_octets == 0;
    report.coverage = Some(Coverage { byte_range: place.byte_range, whole, later_octets, later });
    match later {
        Later::Nothing if !whole => report.note(Note::ZerosBehind),
        Later::SignaturesOnly => report.note(Note::EarlierRevision),
        Later::Other if report.passed() => {
            let detail = format!("{later_octets} octets were added after it");
            *report = report.clone().because(Reason::ChangedAfter, Some(detail));
        }
        _ => {}
    }
}

fn dangling(source: &dyn ReadAt, first: u64) -> io::Result<Dangling> {
    let size = Revision::before(source, first)?.and_then(|revision| revision.trailer()?.number("Size"));
    size.map_or_else(|| Ok(Dangling::everywhere()), |size| Dangling::of(source, size))
}

/// Whether nothing but white space stands from `at` on.
fn is_filling(source: &dyn ReadAt, mut at: u64) -> io::Result<bool> {
    while at < source.octets() {
        let window = bytes(source, at..at.saturating_add(WINDOW))?;
        if !window.iter().all(|&octet| token::is_space(octet)) {
            return Ok(false);
        }
        at = at.saturating_add(WINDOW);
    }
    Ok(true)
}
