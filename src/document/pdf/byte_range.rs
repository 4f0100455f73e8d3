//! One signature's place in a PDF: its ByteRange, its dictionary, its Contents. Each must be where the others say that
//! it is, or somebody has been at it (the attacks of pdf-insecurity.org: signature wrapping, universal forgery).

use std::io;
use std::ops::Range;

use crate::document::pdf::date::date;
use crate::document::pdf::token::{dictionary, number, skip};
use crate::document::report::SignatureKind;
use crate::document::source::{ReadAt, bytes};
use crate::domain::Timestamp;

/// Largest CMS in a PDF, in octets. Source: one with chain, CRLs and time stamp has 100 KB; tools reserve up to 64 KB.
pub(super) const CMS_OCTETS_MAX: u64 = 1 << 20;
/// How far before and behind Contents a signature's dictionary may reach.
const DICTIONARY_OCTETS_MAX: u64 = 32 << 10;
/// Longest ByteRange array: four numbers, filled up with blanks.
const ARRAY_OCTETS_MAX: u64 = 256;

/// A signature in a PDF, before its CMS is looked at.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// Offset and length of the two ranges.
    pub(super) byte_range: [u64; 4],
    pub(super) kind: SignatureKind,
    /// M: when it was made, by the signer's own clock.
    pub(super) claimed: Option<Timestamp>,
    /// Contents: between the angle brackets.
    hexadecimal: Range<u64>,
}

/// Why a ByteRange is not to be believed, in English.
pub(super) type Fault = &'static str;

impl Place {
    /// Reads what stands around the name `/ByteRange` at `at`.
    pub(super) fn read(source: &dyn ReadAt, at: u64) -> io::Result<Result<Self, Fault>> {
        let name_end = at.saturating_add(NAME_LENGTH);
        let array = bytes(source, name_end..name_end.saturating_add(ARRAY_OCTETS_MAX))?;
        let Some(byte_range) = four(&array) else {
            return Ok(Err("ByteRange is not an array of four numbers that stand there"));
        };
        let gap = match gap(byte_range, source.octets()) {
            Ok(gap) => gap,
            Err(fault) => return Ok(Err(fault)),
        };
        if !is_bracketed(source, &gap)? {
            return Ok(Err("ByteRange leaves out something else than a hexadecimal string"));
        }
        let around = Around::read(source, at, &gap)?;
        Ok(around.read_dictionary(at).map(|(kind, claimed)| Self {
            byte_range,
            kind,
            claimed,
            hexadecimal: gap.start.saturating_add(1)..gap.end.saturating_sub(1),
        }))
    }

    /// The ranges that are signed.
    pub(super) fn ranges(&self) -> [Range<u64>; 2] {
        let [from, length, then, rest] = self.byte_range;
        [from..from.saturating_add(length), then..then.saturating_add(rest)]
    }

    /// Where what is signed ends.
    pub(super) fn end(&self) -> u64 {
        let [_, _, then, rest] = self.byte_range;
        then.saturating_add(rest)
    }

    /// The octets of Contents; nothing if it is too large or not hexadecimal throughout.
    pub(super) fn contents(&self, source: &dyn ReadAt) -> io::Result<Result<Vec<u8>, Fault>> {
        if self.is_too_large() {
            return Ok(Err("Contents is larger than is looked at"));
        }
        let text = bytes(source, self.hexadecimal.clone())?;
        Ok(hex::decode(text).map_err(|_| "ByteRange leaves out more than one hexadecimal string"))
    }

    pub(super) fn is_too_large(&self) -> bool {
        self.hexadecimal.end.saturating_sub(self.hexadecimal.start) > CMS_OCTETS_MAX.saturating_mul(2)
    }
}

/// The name that is looked for.
pub(super) const NAME: &[u8] = b"/ByteRange";
const NAME_LENGTH: u64 = 10;

fn four(text: &[u8]) -> Option<[u64; 4]> {
    let open = skip(text, 0);
    (text.get(open)? == &b'[').then_some(())?;
    let mut numbers = [0; 4];
    let mut at = open.saturating_add(1);
    for slot in &mut numbers {
        (*slot, at) = number(text, skip(text, at))?;
    }
    (text.get(skip(text, at))? == &b']').then_some(numbers)
}

/// What ByteRange leaves out: the place of Contents with its brackets.
fn gap([from, length, then, rest]: [u64; 4], octets: u64) -> Result<Range<u64>, Fault> {
    let first_end = from.checked_add(length).ok_or("ByteRange is out of bounds")?;
    let end = then.checked_add(rest).ok_or("ByteRange is out of bounds")?;
    if from != 0 || length == 0 {
        return Err("ByteRange does not begin at the first octet");
    }
    if end > octets {
        return Err("ByteRange reaches beyond the end of the file");
    }
    if then < first_end.saturating_add(2) {
        return Err("ByteRange leaves no place for the signature");
    }
    Ok(first_end..then)
}

fn is_bracketed(source: &dyn ReadAt, gap: &Range<u64>) -> io::Result<bool> {
    let first = bytes(source, gap.start..gap.start.saturating_add(1))?;
    let last = bytes(source, gap.end.saturating_sub(1)..gap.end)?;
    Ok(first == b"<" && last == b">")
}

/// The text around the gap, with `<>` in its place.
struct Around {
    text: Vec<u8>,
    /// Where `text` begins in the file.
    start: u64,
    /// Where the gap is in `text`.
    gap: usize,
    gap_octets: u64,
}

impl Around {
    fn read(source: &dyn ReadAt, name: u64, gap: &Range<u64>) -> io::Result<Self> {
        let start = gap.start.min(name).saturating_sub(DICTIONARY_OCTETS_MAX);
        // ByteRange may stand far from Contents only in a file that somebody made for us.
        let start = start.max(gap.start.saturating_sub(DICTIONARY_OCTETS_MAX.saturating_mul(2)));
        let mut text = bytes(source, start..gap.start)?;
        let before = text.len();
        text.extend_from_slice(b"<>");
        text.extend(bytes(source, gap.end..gap.end.saturating_add(DICTIONARY_OCTETS_MAX))?);
        Ok(Self { text, start, gap: before, gap_octets: gap.end.saturating_sub(gap.start) })
    }

    /// Where an octet of the file is in `text`.
    fn place(&self, offset: u64) -> Option<usize> {
        let at = usize::try_from(offset.checked_sub(self.start)?).ok()?;
        if at < self.gap {
            return Some(at);
        }
        at.checked_sub(usize::try_from(self.gap_octets).ok()?)?.checked_add(2)
    }

    /// The kind of signature and its time, if a signature's dictionary has Contents in the gap and ByteRange at `name`.
    fn read_dictionary(&self, name: u64) -> Result<(SignatureKind, Option<Timestamp>), Fault> {
        let name = self.place(name).ok_or("ByteRange does not stand beside the signature that it speaks of")?;
        let first = name.min(self.gap);
        let object = self.text.get(..first).and_then(|before| memchr::memmem::rfind(before, b"obj"));
        let object = object.ok_or("ByteRange stands in no object")?;
        let start = skip(&self.text, object.saturating_add(3));
        let (entries, _) = dictionary(&self.text, start).ok_or("ByteRange stands in no dictionary that can be read")?;
        let one = |key: &[u8]| {
            let mut found = entries.iter().filter(|(known, _)| *known == key);
            match (found.next(), found.next()) {
                (_, Some(_)) => Err("the signature's dictionary names something twice"),
                (found, None) => Ok(found.map(|(_, value)| value.clone())),
            }
        };
        let is_contents = one(b"Contents")?.is_some_and(|value| value.start == self.gap);
        if !is_contents {
            return Err("ByteRange leaves out something else than the Contents of its dictionary");
        }
        let own = one(b"ByteRange")?.map(|value| value.start);
        if own != Some(skip(&self.text, name.saturating_add(NAME.len()))) {
            return Err("ByteRange is not that of the dictionary around it");
        }
        let text = |range: Option<Range<usize>>| range.and_then(|range| self.text.get(range));
        let (kind, filter) = (text(one(b"Type")?), text(one(b"SubFilter")?));
        let claimed = text(one(b"M")?).and_then(date);
        match kind {
            None | Some(b"/Sig" | b"/DocTimeStamp") => Ok((kind_of(filter), claimed)),
            Some(_) => Err("ByteRange stands in a dictionary that is no signature's"),
        }
    }
}

fn kind_of(filter: Option<&[u8]>) -> SignatureKind {
    match filter {
        Some(b"/adbe.pkcs7.detached") => SignatureKind::AdbeDetached,
        Some(b"/adbe.pkcs7.sha1") => SignatureKind::AdbeSha1,
        Some(b"/ETSI.CAdES.detached") => SignatureKind::Pades,
        Some(b"/ETSI.RFC3161") => SignatureKind::DocumentTimeStamp,
        _ => SignatureKind::Unknown,
    }
}
