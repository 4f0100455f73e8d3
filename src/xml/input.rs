//! The tokenizer and the bytes in front of it: small things are looked at here, markup is cut out by quick-xml,
//! text passes in pieces without being collected.

use std::io::{self, BufRead};

use quick_xml::encoding::EncodingError;
use quick_xml::errors::Error;
use quick_xml::events::Event;

use crate::domain::Code;
use crate::xml::window::Window;

/// The longest piece of text that is handed on at once: it is looked at several times, so it should stay in the
/// first-level cache.
const PIECE_MAX: usize = 16 << 10;

/// UTF-8's byte order mark.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// What is said when the source itself fails.
pub(super) const UNREADABLE: Broken = (Code::TryLater, 0, "the document could not be read");

/// Why markup could not be cut out: the code, how far behind its `<`, and what.
pub(super) type Broken = (Code, usize, &'static str);

/// The document's bytes with the tokenizer over them.
#[derive(Debug)]
pub(super) struct Input<R> {
    tokens: quick_xml::Reader<Window<R>>,
    /// Bytes of the byte order mark; the tokenizer does not count them.
    base: u64,
    markup: Vec<u8>,
}

impl<R: BufRead> Input<R> {
    pub(super) fn new(read: R) -> Self {
        let mut tokens = quick_xml::Reader::from_reader(Window::new(read));
        tokens.config_mut().check_end_names = true;
        Self { tokens, base: 0, markup: Vec::new() }
    }

    /// Byte offset of what comes next.
    pub(super) fn position(&self) -> u64 {
        self.base + self.tokens.buffer_position()
    }

    /// What comes next: at least `wanted` bytes unless the document ends before.
    pub(super) fn peek(&mut self, wanted: usize) -> io::Result<&[u8]> {
        self.tokens.get_mut().peek(wanted)
    }

    /// The next piece: at least a whole character unless the document ends, and not too long.
    pub(super) fn piece(&mut self) -> io::Result<&[u8]> {
        let piece = self.peek(4)?;
        Ok(piece.get(..PIECE_MAX).unwrap_or(piece))
    }

    /// Passes over bytes that were looked at.
    pub(super) fn skip(&mut self, amount: usize) {
        self.tokens.stream().consume(amount);
    }

    /// Passes over a byte order mark.
    pub(super) fn skip_byte_order_mark(&mut self) -> io::Result<()> {
        if self.peek(BYTE_ORDER_MARK.len())?.starts_with(BYTE_ORDER_MARK) {
            self.tokens.get_mut().consume(BYTE_ORDER_MARK.len());
            self.base = 3;
        }
        Ok(())
    }

    /// Cuts out the markup whose `<` comes next, of at most `limit` bytes.
    pub(super) fn markup(&mut self, limit: usize) -> Result<Event<'_>, Broken> {
        self.markup.clear();
        self.tokens.get_mut().allow(Some(limit));
        let event = self.tokens.read_event_into(&mut self.markup);
        let window = self.tokens.get_mut();
        window.allow(None);
        event.map_err(|error| if window.overrun { (Code::XmlLimit, 0, "markup is too long") } else { broken(&error) })
    }
}

/// What the tokenizer means.
fn broken(error: &Error) -> Broken {
    match error {
        Error::Io(_) => UNREADABLE,
        Error::Encoding(EncodingError::Utf8(flaw)) => (Code::XmlEncoding, flaw.valid_up_to(), "not UTF-8"),
        Error::IllFormed(_) => (Code::XmlMalformed, 0, "an end tag that does not match the element that is open"),
        _ => (Code::XmlMalformed, 0, "markup that is not closed"),
    }
}
