//! The cross-reference tables of a PDF, the latest first (ISO 32000-2, 7.5.4 to 7.5.6): where an object stood before an
//! update: in tables, in cross-reference streams, and in both (hybrid files).

use std::collections::BTreeSet;
use std::io;

use crate::document::pdf::packed::{self, Entry, References};
use crate::document::pdf::token::{self, dictionary, number, skip};
use crate::document::source::{ReadAt, bytes};

/// Most updates of one file that are followed.
const TABLES_MAX: usize = 64;
/// Most sections of one table.
const SECTIONS_MAX: usize = 2_000;
/// Octets of an entry.
const ENTRY: u64 = 20;
/// Longest trailer, and longest object that is compared.
const OBJECT_OCTETS_MAX: u64 = 64 << 10;
/// All object streams of a file, unpacked.
const PACKED_OCTETS_MAX: usize = 16 << 20;
/// Longest cross-reference stream or object stream, packed.
const STREAM_OCTETS_MAX: u64 = 4 << 20;

/// A dictionary with its own text.
#[derive(Debug, Clone)]
pub(super) struct Dictionary {
    entries: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Dictionary {
    /// The dictionary that begins at `at`, and its end. One with a key twice is none.
    pub(super) fn read(text: &[u8], at: usize) -> Option<(Self, usize)> {
        let (parsed, end) = dictionary(text, at)?;
        let mut entries: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
        for (key, value) in parsed {
            if entries.iter().any(|(known, _)| known == key) {
                return None;
            }
            entries.push((key.to_vec(), text.get(value)?.to_vec()));
        }
        Some((Self { entries }, end))
    }

    pub(super) fn value(&self, key: &str) -> Option<&[u8]> {
        self.entries.iter().find(|(known, _)| known == key.as_bytes()).map(|(_, value)| value.as_slice())
    }

    pub(super) fn is(&self, key: &str, value: &str) -> bool {
        self.value(key) == Some(value.as_bytes())
    }

    pub(super) fn number(&self, key: &str) -> Option<u64> {
        let value = self.value(key)?;
        number(value, 0).filter(|(_, end)| *end == value.len()).map(|(number, _)| number)
    }

    /// The number of the object that a value refers to.
    pub(super) fn reference(&self, key: &str) -> Option<u64> {
        reference(self.value(key)?)
    }

    pub(super) fn has_only(&self, keys: &[&str]) -> bool {
        self.entries.iter().all(|(key, _)| keys.iter().any(|known| known.as_bytes() == key))
    }

    /// Whether nothing but these keys differs.
    pub(super) fn differs_only_in(&self, other: &Self, keys: &[&str]) -> bool {
        let is_free = |key: &[u8]| keys.iter().any(|free| free.as_bytes() == key);
        let same = |one: &Self, other: &Self| {
            one.entries.iter().all(|(key, value)| {
                let of_other = other.entries.iter().find(|(known, _)| known == key).map(|(_, value)| value);
                is_free(key) || of_other.is_some_and(|other| tokens(other) == tokens(value))
            })
        };
        same(self, other) && same(other, self)
    }
}

/// A value without the white space between its tokens, so that one written anew is the same.
fn tokens(value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len());
    let mut in_string = 0_u32;
    for (at, &octet) in value.iter().enumerate() {
        let is_escaped = at > 0 && value.get(at.saturating_sub(1)) == Some(&b'\\');
        match octet {
            b'(' if !is_escaped => in_string = in_string.saturating_add(1),
            b')' if !is_escaped => in_string = in_string.saturating_sub(1),
            _ => {}
        }
        if in_string > 0 || !token::is_space(octet) {
            out.push(octet);
            continue;
        }
        let next = value.get(at.saturating_add(1)).copied().unwrap_or(b' ');
        let is_between = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'.' | b'-' | b'+');
        if out.last().is_some_and(|&last| is_between(last)) && is_between(next) {
            out.push(b' ');
        }
    }
    out
}

/// `12` of `12 0 R`.
pub(super) fn reference(value: &[u8]) -> Option<u64> {
    let (object, end) = number(value, 0)?;
    let (_, end) = number(value, skip(value, end))?;
    (value.get(skip(value, end)..)? == b"R").then_some(object)
}

/// The numbers of an array of references.
pub(super) fn references(value: &[u8]) -> Option<Vec<u64>> {
    let inner = value.strip_prefix(b"[")?.strip_suffix(b"]")?;
    let mut numbers = Vec::new();
    let mut at = skip(inner, 0);
    while at < inner.len() {
        let end = token::value_end(inner, at)?;
        numbers.push(reference(inner.get(at..end)?)?);
        at = skip(inner, end);
    }
    Some(numbers)
}

/// One table and its trailer.
#[derive(Debug)]
struct Table {
    entries: Entries,
    trailer: Dictionary,
}

#[derive(Debug)]
enum Entries {
    /// First number, count, where the entries stand; whether what is free here may stand in a stream (hybrid file).
    Plain(Vec<(u64, u64, u64)>, bool),
    Packed(References),
}

/// The tables of a file up to an update.
#[derive(Debug)]
pub(super) struct Revision {
    tables: Vec<Table>,
    /// Where the latest table stands.
    pub(super) start: u64,
}

impl Revision {
    /// What stands before `end`. Nothing where it cannot be read.
    pub(super) fn before(source: &dyn ReadAt, end: u64) -> io::Result<Option<Self>> {
        let tail = bytes(source, end.saturating_sub(1024)..end)?;
        let word = b"startxref";
        let at = memchr::memmem::rfind(&tail, word).map(|at| at.saturating_add(word.len()));
        let Some((start, _)) = at.and_then(|at| number(&tail, skip(&tail, at))) else { return Ok(None) };
        let (mut tables, mut next) = (Vec::new(), Some(start));
        while let Some(at) = next {
            let table = if tables.len() < TABLES_MAX && at < end { Table::read(source, at)? } else { None };
            let Some(table) = table else { return Ok(None) };
            let beside = table.trailer.number("XRefStm");
            next = table.trailer.number("Prev");
            tables.push(table);
            if let Some(beside) = beside {
                let Some(beside) = Table::packed(source, beside)? else { return Ok(None) };
                tables.push(beside);
            }
        }
        Ok(Some(Self { tables, start }))
    }

    pub(super) fn trailer(&self) -> Option<&Dictionary> {
        self.tables.first().map(|table| &table.trailer)
    }

    /// The text of an object, from its value on; nothing where there is none.
    pub(super) fn object(&self, source: &dyn ReadAt, object: u64) -> io::Result<Option<Vec<u8>>> {
        match self.entry(source, object)? {
            Some(Entry::At(offset)) => object_at(source, offset, object),
            Some(Entry::In(container)) => self.contained(source, container, object),
            Some(Entry::Free) | None => Ok(None),
        }
    }

    fn entry(&self, source: &dyn ReadAt, object: u64) -> io::Result<Option<Entry>> {
        for table in &self.tables {
            let found = match &table.entries {
                Entries::Packed(references) => references.entry(object),
                Entries::Plain(sections, is_hybrid) => {
                    plain_entry(source, sections, object)?.filter(|entry| *entry != Entry::Free || !is_hybrid)
                }
            };
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// The objects in all object streams, each with the place of its stream in the file; nothing if one of them cannot
    /// be read, or there are too many.
    pub(super) fn packed_objects(&self, source: &dyn ReadAt) -> io::Result<Option<packed::Objects>> {
        let (mut containers, mut left) = (BTreeSet::new(), PACKED_OCTETS_MAX);
        for table in &self.tables {
            let Entries::Packed(references) = &table.entries else { continue };
            let Some(all) = references.all() else { return Ok(None) };
            containers.extend(all.into_iter().filter_map(|(_, entry)| match entry {
                Entry::In(container) => Some(container),
                _ => None,
            }));
        }
        let mut objects = Vec::new();
        for container in containers {
            let Some((offset, of_one)) = self.container(source, container)? else { return Ok(None) };
            for (_, text) in of_one {
                let Some(rest) = left.checked_sub(text.len()) else { return Ok(None) };
                left = rest;
                objects.push((offset, text));
            }
        }
        Ok(Some(objects))
    }

    fn contained(&self, source: &dyn ReadAt, container: u64, object: u64) -> io::Result<Option<Vec<u8>>> {
        let objects = self.container(source, container)?.map(|(_, objects)| objects);
        Ok(objects.into_iter().flatten().find(|(number, _)| *number == object).map(|(_, text)| text))
    }

    /// An object stream: where it stands, and its objects.
    fn container(&self, source: &dyn ReadAt, container: u64) -> io::Result<Option<(u64, packed::Objects)>> {
        let Some(Entry::At(offset)) = self.entry(source, container)? else { return Ok(None) };
        let text = packed_text(source, offset)?;
        let head = head(&text, 0).filter(|(found, _)| *found == container);
        let objects =
            head.and_then(|(_, at)| packed::stream(&text, at)).and_then(|(of, data)| packed::objects(&of, data));
        Ok(objects.map(|objects| (offset, objects)))
    }
}

/// The text of an object with a stream: no more of it than its length says.
fn packed_text(source: &dyn ReadAt, offset: u64) -> io::Result<Vec<u8>> {
    const HEAD: u64 = 4096;
    let text = bytes(source, offset..offset.saturating_add(HEAD))?;
    let of = head(&text, 0).and_then(|(_, at)| Dictionary::read(&text, at));
    let length = of.and_then(|(of, _)| of.number("Length")).unwrap_or(0).min(STREAM_OCTETS_MAX);
    bytes(source, offset..offset.saturating_add(HEAD).saturating_add(length))
}

fn plain_entry(source: &dyn ReadAt, sections: &[(u64, u64, u64)], object: u64) -> io::Result<Option<Entry>> {
    let of = |(first, count, at): &(u64, u64, u64)| {
        let place = object.checked_sub(*first).filter(|place| place < count)?;
        at.checked_add(place.checked_mul(ENTRY)?)
    };
    let Some(entry) = sections.iter().find_map(of) else { return Ok(None) };
    let entry = bytes(source, entry..entry.saturating_add(ENTRY))?;
    let offset = number(&entry, 0).map(|(offset, _)| offset);
    Ok(Some(match (offset, entry.get(17)) {
        (Some(offset), Some(b'n')) => Entry::At(offset),
        _ => Entry::Free,
    }))
}

fn object_at(source: &dyn ReadAt, offset: u64, object: u64) -> io::Result<Option<Vec<u8>>> {
    let text = bytes(source, offset..offset.saturating_add(OBJECT_OCTETS_MAX))?;
    Ok(head(&text, 0).filter(|(found, _)| *found == object).and_then(|(_, at)| text.get(at..).map(<[u8]>::to_vec)))
}

/// `12 0 obj`: the number, and where the value begins.
pub(super) fn head(text: &[u8], at: usize) -> Option<(u64, usize)> {
    let (object, end) = number(text, at)?;
    let (_, end) = number(text, skip(text, end))?;
    let word = skip(text, end);
    text.get(word..)?.starts_with(b"obj").then(|| (object, skip(text, word.saturating_add(3))))
}

impl Table {
    /// A cross-reference stream.
    fn packed(source: &dyn ReadAt, start: u64) -> io::Result<Option<Self>> {
        let text = packed_text(source, start)?;
        let read = || {
            let (_, at) = head(&text, 0)?;
            let (trailer, data) = packed::stream(&text, at)?;
            Some(Self { entries: Entries::Packed(References::read(&trailer, data)?), trailer })
        };
        Ok(read())
    }

    fn read(source: &dyn ReadAt, start: u64) -> io::Result<Option<Self>> {
        let line = |at: u64| bytes(source, at..at.saturating_add(64));
        if !line(start)?.starts_with(b"xref") {
            return Self::packed(source, start);
        }
        let (mut at, mut sections) = (start.saturating_add(4), Vec::new());
        loop {
            let text = line(at)?;
            let from = skip(&text, 0);
            if text.get(from..).unwrap_or_default().starts_with(b"trailer") {
                let from = at.saturating_add(u64::try_from(from).unwrap_or(0)).saturating_add(7);
                let text = bytes(source, from..from.saturating_add(OBJECT_OCTETS_MAX))?;
                let trailer = Dictionary::read(&text, skip(&text, 0)).map(|(trailer, _)| trailer);
                return Ok(trailer.map(|trailer| {
                    let is_hybrid = trailer.value("XRefStm").is_some();
                    Self { entries: Entries::Plain(sections, is_hybrid), trailer }
                }));
            }
            let Some((first, count, entries)) = section(&text, from) else { return Ok(None) };
            if sections.len() == SECTIONS_MAX {
                return Ok(None);
            }
            let entries = at.saturating_add(u64::try_from(entries).unwrap_or(0));
            sections.push((first, count, entries));
            at = entries.saturating_add(count.saturating_mul(ENTRY));
        }
    }
}

/// `0 6` and the end of its line: first number, count, where the entries begin.
fn section(text: &[u8], at: usize) -> Option<(u64, u64, usize)> {
    let (first, end) = number(text, at)?;
    let (count, end) = number(text, skip(text, end))?;
    Some((first, count, skip(text, end)))
}
