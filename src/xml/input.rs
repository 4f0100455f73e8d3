//! A document's text, a stretch of it at a time. Everything that comes in is looked at here once: it is UTF-8, and every
//! character is one that XML allows. Behind this door there are only `&str`, cut where the reader likes.
//!
//! [`Slice`](super::Slice) has the document in memory, [`Stream`](super::Stream) reads it; both give the same text and
//! the same faults.

use crate::domain::Code;
use crate::xml::chars;
use crate::xml::survey::{Survey, survey};

/// So much is looked at in one go: it is passed over several times, so it should stay in the first-level cache.
pub(super) const STRETCH: usize = 16 << 10;

/// What is said when the source itself fails.
pub(super) const UNREADABLE: Wrong = (Code::TryLater, "the document could not be read");

/// What is wrong with the byte behind the window.
pub(super) type Wrong = (Code, &'static str);

/// The text of a document through a window that moves forward.
pub trait Input {
    /// What comes next and was looked at.
    fn window(&self) -> &str;

    /// Moves the window forward by so many bytes, up to its end and to the beginning of a character.
    fn skip(&mut self, amount: usize);

    /// Makes the window longer, by half of its length or more while there is enough. False at the end of the document.
    ///
    /// # Errors
    /// What is wrong with the byte behind the window.
    fn more(&mut self) -> Result<bool, (Code, &'static str)>;

    /// Whether there is no markup, no reference, no CR and no `>` in the window. False where nobody has looked.
    fn is_calm(&self) -> bool;
}

/// Bytes that were looked at.
pub(super) struct Vetted<'a> {
    /// The text before the first thing that is wrong.
    pub(super) text: &'a str,
    pub(super) wrong: Option<Wrong>,
    pub(super) is_calm: bool,
}

/// Looks at bytes that end with a whole character, if they are UTF-8.
pub(super) fn vet(bytes: &[u8]) -> Vetted<'_> {
    let Survey { is_calm, forbidden } = survey(bytes);
    let (text, wrong) = match simdutf8::basic::from_utf8(bytes) {
        Ok(text) => (text, None),
        Err(_) => (beginning(bytes), Some((Code::XmlEncoding, "not UTF-8"))),
    };
    match forbidden {
        Some(at) if at < text.len() => {
            Vetted { text: text.get(..at).unwrap_or_default(), wrong: Some(chars::FORBIDDEN), is_calm }
        }
        _ => Vetted { text, wrong, is_calm },
    }
}

/// What the first bytes of a document say against it.
pub(super) fn opening(bytes: &[u8]) -> Option<Wrong> {
    let is_wide = matches!(bytes, [0xFE, 0xFF, ..] | [0xFF, 0xFE, ..] | [b'<', 0, ..] | [0, b'<', ..]);
    is_wide.then_some((Code::XmlEncoding, "UTF-16 or UTF-32; only UTF-8 is read"))
}

/// How far the bytes are UTF-8.
#[cold]
fn beginning(bytes: &[u8]) -> &str {
    bytes.utf8_chunks().next().map_or("", |chunk| chunk.valid())
}
