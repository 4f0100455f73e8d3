//! Octets on their way to the sink: small ones are gathered, large ones pass; and the escapes of Canonical XML, 2.3.

use crate::xml::c14n::Sink;

/// Small pieces are handed on in portions of this size.
const BUFFER: usize = 8 << 10;

/// A piece at least so long is handed on without a copy.
const DIRECT: usize = 2 << 10;

/// A sink with a buffer in front.
#[derive(Debug)]
pub(super) struct Output<S> {
    buffer: Vec<u8>,
    sink: S,
}

impl<S: Sink> Output<S> {
    pub(super) fn new(sink: S) -> Self {
        Self { buffer: Vec::with_capacity(BUFFER), sink }
    }

    #[inline]
    pub(super) fn put(&mut self, octets: &[u8]) {
        if self.buffer.len() + octets.len() > BUFFER {
            self.flush();
        }
        if octets.len() < DIRECT {
            self.buffer.extend_from_slice(octets);
        } else {
            self.flush();
            self.sink.write(octets);
        }
    }

    fn flush(&mut self) {
        if !self.buffer.is_empty() {
            self.sink.write(&self.buffer);
            self.buffer.clear();
        }
    }

    pub(super) fn into_sink(mut self) -> S {
        self.flush();
        self.sink
    }

    /// `<name>` or `</name>`: the tag of an element without attributes.
    #[inline]
    pub(super) fn tag(&mut self, open: &[u8], name: &str) {
        if self.buffer.len() + name.len() + 3 > BUFFER {
            self.flush();
        }
        self.buffer.extend_from_slice(open);
        self.buffer.extend_from_slice(name.as_bytes());
        self.buffer.push(b'>');
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
