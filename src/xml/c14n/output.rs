//! Octets on their way to the sink: small ones are gathered, large ones pass; and the escapes of Canonical XML, 2.3.

use crate::xml::c14n::Sink;

/// Small pieces are handed on in portions of this size.
const BUFFER: usize = 4 << 10;

/// A piece at least so long is handed on without a copy.
const DIRECT: usize = 2 << 10;

/// A sink with a buffer in front.
#[derive(Debug)]
pub(super) struct Output<S> {
    buffer: Box<[u8]>,
    /// How much of it is taken.
    length: usize,
    sink: S,
}

impl<S: Sink> Output<S> {
    pub(super) fn new(sink: S) -> Self {
        Self { buffer: vec![0; BUFFER].into(), length: 0, sink }
    }

    #[inline]
    pub(super) fn put(&mut self, octets: &[u8]) {
        let end = self.length + octets.len();
        match self.buffer.get_mut(self.length..end) {
            Some(room) if octets.len() < DIRECT => {
                copy(octets, room);
                self.length = end;
            }
            _ => self.put_anew(octets),
        }
    }

    /// Octets for which the buffer has no room, or too many for it.
    #[inline(never)]
    fn put_anew(&mut self, octets: &[u8]) {
        self.flush();
        match self.buffer.get_mut(..octets.len()) {
            Some(room) if octets.len() < DIRECT => {
                copy(octets, room);
                self.length = octets.len();
            }
            _ => self.sink.write(octets),
        }
    }

    fn flush(&mut self) {
        if self.length > 0 {
            self.sink.write(self.buffer.get(..self.length).unwrap_or_default());
            self.length = 0;
        }
    }

    pub(super) fn into_sink(mut self) -> S {
        self.flush();
        self.sink
    }

    /// `</name>`
    pub(super) fn end_tag(&mut self, name: &str) {
        self.put(b"</");
        self.put(name.as_bytes());
        self.put(b">");
    }

    /// ` name="value"`
    pub(super) fn attribute(&mut self, name: &str, value: &str) {
        self.put(b" ");
        self.put(name.as_bytes());
        self.put(b"=\"");
        self.escaped(value.as_bytes(), attribute_escape);
        self.put(b"\"");
    }

    /// ` xmlns:prefix="uri"`, or ` xmlns="uri"` for the empty prefix.
    pub(super) fn declaration(&mut self, prefix: &[u8], uri: &[u8]) {
        self.put(b" xmlns");
        self.put(if prefix.is_empty() { b"" } else { b":" });
        self.put(prefix);
        self.put(b"=\"");
        self.escaped(uri, attribute_escape);
        self.put(b"\"");
    }

    pub(super) fn text(&mut self, text: &str) {
        let text = text.as_bytes();
        if is_plain(text) {
            self.put(text);
        } else {
            self.escaped(text, text_escape);
        }
    }

    #[inline]
    fn escaped(&mut self, octets: &[u8], escape: impl Fn(u8) -> Option<&'static [u8]>) {
        let mut from = 0;
        for (at, octet) in octets.iter().enumerate() {
            if let Some(escaped) = escape(*octet) {
                self.put(octets.get(from..at).unwrap_or_default());
                self.put(escaped);
                from = at + 1;
            }
        }
        self.put(octets.get(from..).unwrap_or_default());
    }
}

/// Copies into room of the same length. Most pieces are tags and words: those take two moves that overlap, without a call
/// into the C library.
#[inline]
fn copy(from: &[u8], to: &mut [u8]) {
    match from.len() {
        16..=32 => copy_ends::<16>(from, to),
        8..16 => copy_ends::<8>(from, to),
        4..8 => copy_ends::<4>(from, to),
        _ => to.copy_from_slice(from),
    }
}

/// Copies between `N` and twice `N` octets.
#[inline]
fn copy_ends<const N: usize>(from: &[u8], to: &mut [u8]) {
    if let (Some(first), Some(room)) = (from.first_chunk::<N>(), to.first_chunk_mut::<N>()) {
        *room = *first;
    }
    if let (Some(last), Some(room)) = (from.last_chunk::<N>(), to.last_chunk_mut::<N>()) {
        *room = *last;
    }
}

/// Whether text needs no escape. Vector searches pay only for more than a few words.
fn is_plain(text: &[u8]) -> bool {
    if text.len() < 32 {
        return !text.iter().any(|octet| text_escape(*octet).is_some());
    }
    memchr::memchr3(b'&', b'<', b'>', text).is_none() && memchr::memchr(b'\r', text).is_none()
}

const fn text_escape(octet: u8) -> Option<&'static [u8]> {
    match octet {
        b'&' => Some(b"&amp;"),
        b'<' => Some(b"&lt;"),
        b'>' => Some(b"&gt;"),
        b'\r' => Some(b"&#xD;"),
        _ => None,
    }
}

const fn attribute_escape(octet: u8) -> Option<&'static [u8]> {
    match octet {
        b'&' => Some(b"&amp;"),
        b'<' => Some(b"&lt;"),
        b'"' => Some(b"&quot;"),
        b'\t' => Some(b"&#x9;"),
        b'\n' => Some(b"&#xA;"),
        b'\r' => Some(b"&#xD;"),
        _ => None,
    }
}
