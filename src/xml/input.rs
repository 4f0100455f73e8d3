//! Markup and text, cut out of the document's bytes. quick-xml's parsers say where markup ends; its length is bounded
//! before it is collected. Text passes in pieces and is not collected at all.

use std::io::{self, BufRead};

use quick_xml::parser::Parser;

use crate::domain::Code;
use crate::xml::chars::Flaw;
use crate::xml::window::Window;

/// The longest piece of text that is handed on at once: it is looked at several times, so it should stay in the
/// first-level cache.
const PIECE_MAX: usize = 16 << 10;

/// UTF-8's byte order mark.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// What is said when the source itself fails.
pub(super) const UNREADABLE: Flaw = (Code::TryLater, 0, "the document could not be read");

/// The document's bytes, and the markup cut out last.
#[derive(Debug)]
pub(super) struct Input<R> {
    window: Window<R>,
    markup: String,
    /// The beginning of markup that the source does not have in one piece.
    partial: Vec<u8>,
}

impl<R: BufRead> Input<R> {
    pub(super) fn new(read: R) -> Self {
        Self { window: Window::new(read), markup: String::new(), partial: Vec::new() }
    }

    /// Byte offset of what comes next.
    #[inline]
    pub(super) fn position(&self) -> u64 {
        self.window.position()
    }

    /// What comes next: at least `wanted` bytes unless the document ends before.
    #[inline]
    pub(super) fn peek(&mut self, wanted: usize) -> io::Result<&[u8]> {
        self.window.peek(wanted)
    }

    /// The next piece of text: at least a whole character unless the document ends, and not too long.
    #[inline]
    pub(super) fn piece(&mut self) -> io::Result<&[u8]> {
        let piece = self.peek(4)?;
        Ok(piece.get(..PIECE_MAX).unwrap_or(piece))
    }

    /// Passes over bytes that were looked at.
    #[inline]
    pub(super) fn skip(&mut self, amount: usize) {
        self.window.skip(amount);
    }

    /// Passes over a tag that was looked at and holds nothing but its name: there is no markup of it.
    #[inline]
    pub(super) fn skip_tag(&mut self, amount: usize) {
        self.markup.clear();
        self.window.skip(amount);
    }

    /// Passes over a byte order mark.
    pub(super) fn skip_byte_order_mark(&mut self) -> io::Result<()> {
        if self.peek(BYTE_ORDER_MARK.len())?.starts_with(BYTE_ORDER_MARK) {
            self.skip(BYTE_ORDER_MARK.len());
        }
        Ok(())
    }

    /// The markup cut out last.
    #[inline]
    pub(super) fn markup(&self) -> &str {
        &self.markup
    }

    /// Cuts out what comes next up to the `>` that the parser finds, of at most `limit` bytes.
    pub(super) fn cut(&mut self, parser: &mut impl Parser, limit: usize) -> Result<(), Flaw> {
        self.markup.clear();
        self.partial.clear();
        loop {
            let room = limit.saturating_sub(self.partial.len());
            let piece = self.window.peek(1).map_err(|_| UNREADABLE)?;
            let piece = piece.get(..room).unwrap_or(piece);
            let end = parser.feed(piece).and_then(|at| piece.get(..=at));
            let taken = end.unwrap_or(piece);
            if end.is_some() && self.partial.is_empty() {
                self.markup.push_str(utf8(taken)?);
            } else {
                self.partial.extend_from_slice(taken);
            }
            let (taken, ended) = (taken.len(), end.is_some());
            self.window.skip(taken);
            if ended {
                break;
            } else if taken == room {
                return Err((Code::XmlLimit, 0, "markup is too long"));
            } else if taken == 0 {
                return Err((Code::XmlMalformed, 0, "markup that is not closed"));
            }
        }
        if !self.partial.is_empty() {
            self.markup.push_str(utf8(&self.partial)?);
        }
        Ok(())
    }
}

fn utf8(bytes: &[u8]) -> Result<&str, Flaw> {
    std::str::from_utf8(bytes).map_err(|error| (Code::XmlEncoding, error.valid_up_to(), "not UTF-8"))
}
