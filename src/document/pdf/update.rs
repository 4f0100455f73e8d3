//! One incremental update (ISO 32000-2, 7.5.6), read strictly: objects, table, trailer, and nothing else.

use crate::document::pdf::packed::{self, Entry, References};
use crate::document::pdf::revision::{Dictionary, head};
use crate::document::pdf::token::{self, number, skip};

/// Most objects of one update.
const OBJECTS_MAX: usize = 10_000;

/// Where an object stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Where {
    /// In the text.
    At(usize),
    /// In this object stream.
    In(u64),
}

/// An object of an update.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) number: u64,
    pub(super) place: Where,
    /// Its value, without a stream's data.
    pub(super) value: Vec<u8>,
    pub(super) dictionary: Option<Dictionary>,
    pub(super) has_stream: bool,
}

/// An update.
#[derive(Debug)]
pub(super) struct Update {
    pub(super) objects: Vec<Object>,
    /// Where the table stands in the text.
    pub(super) table: usize,
    /// The entries in use.
    pub(super) entries: Vec<(u64, Entry)>,
    pub(super) trailer: Dictionary,
    /// What startxref says.
    pub(super) start: u64,
    /// Where the update ends.
    pub(super) end: usize,
}

impl Update {
    /// The update that begins at `at`.
    pub(super) fn read(text: &[u8], at: usize) -> Option<Self> {
        let mut objects = Vec::new();
        let (mut last, mut at) = (at, skip(text, at));
        while !ends_objects(text.get(at..)?) {
            (objects.len() < OBJECTS_MAX).then_some(())?;
            let (object, end) = object(text, at)?;
            objects.extend(contained(text, at, object.number)?);
            objects.push(object);
            (last, at) = (at, skip(text, end));
        }
        let is_plain = text.get(at..)?.starts_with(b"xref");
        let (table, entries, trailer, end) = if is_plain {
            let (entries, end) = entries(text, at.saturating_add(4))?;
            let (trailer, end) = Dictionary::read(text, skip(text, end))?;
            (at, entries, trailer, end)
        } else {
            let (_, from) = head(text, last)?;
            let (trailer, data) = packed::stream(text, from)?;
            (last, in_use(&References::read(&trailer, data)?)?, trailer, at)
        };
        let word = skip(text, end);
        text.get(word..)?.starts_with(b"startxref").then_some(())?;
        let (start, end) = number(text, skip(text, word.saturating_add(9)))?;
        Some(Self { objects, table, entries, trailer, start, end: skip(text, end) })
    }

    pub(super) fn object(&self, number: u64) -> Option<&Object> {
        self.objects.iter().find(|object| object.number == number)
    }
}

fn ends_objects(text: &[u8]) -> bool {
    text.starts_with(b"xref") || text.starts_with(b"startxref")
}

/// The objects in the object stream at `at`; none if it is no object stream.
fn contained(text: &[u8], at: usize, container: u64) -> Option<Vec<Object>> {
    let (_, from) = head(text, at)?;
    let Some((of, data)) = packed::stream(text, from).filter(|(of, _)| of.is("Type", "/ObjStm")) else {
        return Some(Vec::new());
    };
    let objects = packed::objects(&of, data)?.into_iter().map(|(number, text)| {
        let end = token::value_end(&text, skip(&text, 0))?;
        let value = text.get(skip(&text, 0)..end)?.to_vec();
        let dictionary = Dictionary::read(&value, 0).map(|(dictionary, _)| dictionary);
        Some(Object { number, place: Where::In(container), value, dictionary, has_stream: false })
    });
    objects.collect()
}

/// The entries of a cross-reference stream; only object 0 may be free.
fn in_use(references: &References) -> Option<Vec<(u64, Entry)>> {
    let mut entries = references.all()?;
    entries.retain(|entry| *entry != (0, Entry::Free));
    entries.iter().all(|(_, entry)| *entry != Entry::Free).then_some(entries)
}

fn object(text: &[u8], at: usize) -> Option<(Object, usize)> {
    let (number, from) = head(text, at)?;
    let end = token::value_end(text, from)?;
    let value = text.get(from..end)?.to_vec();
    let dictionary = Dictionary::read(&value, 0).map(|(dictionary, _)| dictionary);
    let mut next = skip(text, end);
    let has_stream = text.get(next..)?.starts_with(b"stream");
    if has_stream {
        next = stream_end(text, next, dictionary.as_ref()?)?;
    }
    text.get(next..)?.starts_with(b"endobj").then_some(())?;
    Some((Object { number, place: Where::At(at), value, dictionary, has_stream }, next.saturating_add(6)))
}

/// The end of `stream … endstream`. The length must stand there as a number.
fn stream_end(text: &[u8], at: usize, dictionary: &Dictionary) -> Option<usize> {
    let data = packed::data_start(text, at)?;
    let length = usize::try_from(dictionary.number("Length")?).ok()?;
    let word = skip(text, data.checked_add(length)?);
    text.get(word..)?.starts_with(b"endstream").then(|| skip(text, word.saturating_add(9)))
}

/// The entries in use, and the end of the word `trailer`. Only object 0 may be free: what is freed is gone from sight.
fn entries(text: &[u8], at: usize) -> Option<(Vec<(u64, Entry)>, usize)> {
    let (mut entries, mut at) = (Vec::new(), skip(text, at));
    while !text.get(at..)?.starts_with(b"trailer") {
        let (first, end) = number(text, at)?;
        let (count, end) = number(text, skip(text, end))?;
        at = skip(text, end);
        for place in 0..count {
            let (offset, end) = number(text, at)?;
            let (_, end) = number(text, skip(text, end))?;
            let word = skip(text, end);
            let object = first.checked_add(place)?;
            match text.get(word)? {
                b'n' if entries.len() < OBJECTS_MAX => entries.push((object, Entry::At(offset))),
                b'f' if object == 0 => {}
                _ => return None,
            }
            at = skip(text, word.saturating_add(1));
        }
    }
    Some((entries, at.saturating_add(7)))
}
