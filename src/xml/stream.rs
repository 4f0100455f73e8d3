//! A document that is read: its text passes through a buffer.

use std::io::{self, BufRead};

use crate::domain::Code;
use crate::xml::Input;
use crate::xml::chars;
use crate::xml::input::{STRETCH, UNREADABLE, Wrong, opening, vet};

/// A document from a reader. Memory: twice the longest piece that must stand in the window.
#[derive(Debug)]
pub struct Stream<R> {
    inner: R,
    text: String,
    /// Where the window begins in `text`.
    from: usize,
    /// The beginning of a character whose end has not come yet, or of the document.
    pending: Vec<u8>,
    has_begun: bool,
    wrong: Option<Wrong>,
    is_calm: bool,
}

impl<R: BufRead> Stream<R> {
    /// A window at byte 0 of a document.
    pub fn new(inner: R) -> Self {
        Self { inner, text: String::new(), from: 0, pending: Vec::new(), has_begun: false, wrong: None, is_calm: true }
    }

    /// Takes over what the reader has, up to a limit; false at the end of the document.
    fn take(&mut self) -> Result<bool, Wrong> {
        let pending = self.pending.len();
        let piece = filled(&mut self.inner).map_err(|_| UNREADABLE)?;
        let is_last = piece.is_empty();
        if pending == 0 && (self.has_begun || piece.len() > 1) {
            let piece = piece.get(..STRETCH).unwrap_or(piece);
            let (whole, rest) = piece.split_at_checked(chars::whole(piece)).unwrap_or((piece, &[]));
            self.pending.extend_from_slice(rest);
            let taken = piece.len();
            accept(whole, &mut self.text, &mut self.wrong, &mut self.is_calm, &mut self.has_begun);
            self.inner.consume(taken);
            return Ok(!is_last);
        }
        self.pending.extend(piece.first());
        self.inner.consume(usize::from(!is_last));
        let is_whole = chars::whole(&self.pending) == self.pending.len() && (self.has_begun || self.pending.len() > 1);
        if is_last || is_whole {
            let whole = std::mem::take(&mut self.pending);
            accept(&whole, &mut self.text, &mut self.wrong, &mut self.is_calm, &mut self.has_begun);
        }
        Ok(!is_last)
    }
}

/// Looks at bytes and appends what is good of them.
fn accept(bytes: &[u8], text: &mut String, wrong: &mut Option<Wrong>, is_calm: &mut bool, has_begun: &mut bool) {
    if !std::mem::replace(has_begun, true) {
        *wrong = opening(bytes);
        if wrong.is_some() {
            return;
        }
    }
    let vetted = vet(bytes);
    text.push_str(vetted.text);
    *wrong = vetted.wrong;
    *is_calm = *is_calm && vetted.is_calm;
}

/// Fills the reader's buffer if it is empty.
fn filled<R: BufRead>(inner: &mut R) -> io::Result<&[u8]> {
    loop {
        match inner.fill_buf() {
            Ok(_) => return inner.fill_buf(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

impl<R: BufRead> Input for Stream<R> {
    #[inline]
    fn window(&self) -> &str {
        self.text.get(self.from..).unwrap_or_default()
    }

    #[inline]
    fn skip(&mut self, amount: usize) {
        self.from += amount;
    }

    fn more(&mut self) -> Result<bool, (Code, &'static str)> {
        self.text.drain(..self.from);
        self.is_calm = self.is_calm || self.text.is_empty();
        self.from = 0;
        let length = self.text.len();
        let wanted = length + (length / 2).max(1);
        while self.text.len() < wanted {
            if let Some(wrong) = self.wrong {
                return if self.text.len() > length { Ok(true) } else { Err(wrong) };
            }
            if !self.take()? && self.wrong.is_none() {
                return Ok(self.text.len() > length);
            }
        }
        Ok(true)
    }

    #[inline]
    fn is_calm(&self) -> bool {
        self.is_calm
    }
}
