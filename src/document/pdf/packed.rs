//! What PDFs keep in streams: cross-reference streams and object streams (ISO 32000-2, 7.5.7 and 7.5.8). Inflated within
//! bounds; a filter or predictor that is not known ends the reading.

use std::io::Read as _;

use flate2::read::ZlibDecoder;

use crate::document::pdf::revision::Dictionary;
use crate::document::pdf::token::{dictionary, number, skip};

/// Most entries of one section of a cross-reference stream.
const ENTRIES_MAX: u64 = 200_000;
/// Most octets that a stream may inflate to. Source: a table of 500,000 objects has 5 MB.
const INFLATED_OCTETS_MAX: u64 = 8 << 20;
/// Most objects of one object stream. Source: writers put 100 to 200 into one.
const OBJECTS_MAX: u64 = 20_000;

/// Where the data of a stream begins: behind the line that the word `stream`, at `at`, stands in.
pub(super) fn data_start(text: &[u8], at: usize) -> Option<usize> {
    let after = at.checked_add(6)?;
    match text.get(after..)? {
        [b'\r', b'\n', ..] => after.checked_add(2),
        [b'\n', ..] => after.checked_add(1),
        _ => None,
    }
}

/// The data of a stream as it is meant.
pub(super) fn inflated(of: &Dictionary, data: &[u8]) -> Option<Vec<u8>> {
    let plain = match of.value("Filter") {
        None => data.to_vec(),
        Some(b"/FlateDecode" | b"[/FlateDecode]" | b"[ /FlateDecode ]") => inflate(data)?,
        Some(_) => return None,
    };
    let parameters = of.value("DecodeParms").map(|text| text.strip_prefix(b"[").unwrap_or(text));
    let Some(parameters) = parameters else { return Some(plain) };
    let (parameters, _) = Dictionary::read(parameters, skip(parameters, 0))?;
    match parameters.number("Predictor") {
        None | Some(1) => Some(plain),
        Some(10..=15) => unpredicted(&plain, usize::try_from(parameters.number("Columns")?).ok()?),
        Some(_) => None,
    }
}

fn inflate(data: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::new();
    let limit = INFLATED_OCTETS_MAX.saturating_add(1);
    ZlibDecoder::new(data).take(limit).read_to_end(&mut plain).ok()?;
    u64::try_from(plain.len()).is_ok_and(|octets| octets < limit).then_some(plain)
}

/// PNG's filters None, Sub and Up over rows of `columns` octets.
fn unpredicted(data: &[u8], columns: usize) -> Option<Vec<u8>> {
    (1..=64).contains(&columns).then_some(())?;
    let mut out: Vec<u8> = Vec::with_capacity(data.len());
    for row in data.chunks(columns.checked_add(1)?) {
        let (filter, row) = row.split_first()?;
        let above = out.len().checked_sub(columns);
        for (column, octet) in row.iter().enumerate() {
            let up = above.and_then(|above| out.get(above.checked_add(column)?).copied()).unwrap_or(0);
            let left = if column == 0 { 0 } else { out.last().copied().unwrap_or(0) };
            out.push(match filter {
                0 => *octet,
                1 => octet.wrapping_add(left),
                2 => octet.wrapping_add(up),
                _ => return None,
            });
        }
    }
    Some(out)
}

/// What a cross-reference stream says of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Entry {
    Free,
    /// It stands at this offset.
    At(u64),
    /// It is in this object stream.
    In(u64),
}

/// A cross-reference stream, unpacked.
#[derive(Debug)]
pub(super) struct References {
    widths: [usize; 3],
    /// First number, count, row of the first.
    sections: Vec<(u64, u64, u64)>,
    rows: Vec<u8>,
}

impl References {
    pub(super) fn read(of: &Dictionary, data: &[u8]) -> Option<Self> {
        of.is("Type", "/XRef").then_some(())?;
        let widths: [usize; 3] = numbers(of.value("W")?)?
            .into_iter()
            .map(|width| usize::try_from(width).ok().filter(|width| *width <= 8))
            .collect::<Option<Vec<_>>>()?
            .try_into()
            .ok()?;
        let index = match of.value("Index") {
            Some(index) => numbers(index)?,
            None => vec![0, of.number("Size")?],
        };
        let (mut sections, mut row) = (Vec::new(), 0_u64);
        for pair in index.chunks(2) {
            let [first, count] = pair else { return None };
            sections.push((*first, *count, row));
            row = row.checked_add(*count)?;
        }
        Some(Self { widths, sections, rows: inflated(of, data)? })
    }

    pub(super) fn entry(&self, object: u64) -> Option<Entry> {
        let row = self.sections.iter().find_map(|(first, count, row)| {
            let place = object.checked_sub(*first).filter(|place| place < count)?;
            row.checked_add(place)
        })?;
        self.row(row)
    }

    /// Every entry, by number; nothing if a row is missing.
    pub(super) fn all(&self) -> Option<Vec<(u64, Entry)>> {
        let mut all = Vec::new();
        for (first, count, row) in &self.sections {
            (*count <= ENTRIES_MAX).then_some(())?;
            for place in 0..*count {
                all.push((first.checked_add(place)?, self.row(row.checked_add(place)?)?));
            }
        }
        Some(all)
    }

    fn row(&self, row: u64) -> Option<Entry> {
        let [kind, second, third] = self.widths;
        let length = kind.checked_add(second)?.checked_add(third)?;
        let start = usize::try_from(row).ok()?.checked_mul(length)?;
        let row = self.rows.get(start..start.checked_add(length)?)?;
        let (kind_octets, rest) = row.split_at_checked(kind)?;
        let value = big_endian(rest.get(..second)?);
        match if kind == 0 { 1 } else { big_endian(kind_octets) } {
            0 => Some(Entry::Free),
            1 => Some(Entry::At(value)),
            2 => Some(Entry::In(value)),
            _ => None,
        }
    }
}

fn big_endian(octets: &[u8]) -> u64 {
    octets.iter().fold(0, |sum, octet| (sum << 8) | u64::from(*octet))
}

/// The numbers of an array.
fn numbers(array: &[u8]) -> Option<Vec<u64>> {
    let inner = array.strip_prefix(b"[")?.strip_suffix(b"]")?;
    let (mut numbers, mut at) = (Vec::new(), skip(inner, 0));
    while at < inner.len() {
        let (one, end) = number(inner, at)?;
        numbers.push(one);
        at = skip(inner, end);
    }
    Some(numbers)
}

/// Objects by number: the text from the value on.
pub(super) type Objects = Vec<(u64, Vec<u8>)>;

/// The objects in an object stream: number, and text from its value on.
pub(super) fn objects(of: &Dictionary, data: &[u8]) -> Option<Objects> {
    of.is("Type", "/ObjStm").then_some(())?;
    let count = of.number("N").filter(|count| *count <= OBJECTS_MAX)?;
    let first = usize::try_from(of.number("First")?).ok()?;
    let plain = inflated(of, data)?;
    let (mut places, mut at) = (Vec::new(), 0);
    for _ in 0..count {
        let (object, end) = number(&plain, skip(&plain, at))?;
        let (offset, end) = number(&plain, skip(&plain, end))?;
        places.push((object, first.checked_add(usize::try_from(offset).ok()?)?));
        at = end;
    }
    let ends = places.iter().skip(1).map(|(_, start)| *start).chain([plain.len()]);
    let texts = places.iter().zip(ends).map(|((object, start), end)| Some((*object, plain.get(*start..end)?.to_vec())));
    texts.collect()
}

/// A stream in a text: its dictionary and its data, whose length must stand there as a number.
pub(super) fn stream(text: &[u8], at: usize) -> Option<(Dictionary, &[u8])> {
    let (_, end) = dictionary(text, at)?;
    let (of, _) = Dictionary::read(text, at)?;
    let word = skip(text, end);
    text.get(word..)?.starts_with(b"stream").then_some(())?;
    let start = data_start(text, word)?;
    let length = usize::try_from(of.number("Length")?).ok()?;
    Some((of, text.get(start..start.checked_add(length)?)?))
}
