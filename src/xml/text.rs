//! Character data: in pieces straight out of the window where it stands there as it is meant; gathered in the reader's
//! own text where references are resolved or line ends normalised.

use crate::domain::Code;
use crate::xml::chars::{self, Run};
use crate::xml::reader::{Placed, Token};
use crate::xml::{Input, Reader, reference};

/// A piece of the source at least so long is given as it stands although text that must be gathered follows it.
const SOURCE_MIN: usize = 4 << 10;

/// Gathered text is given once it is so long.
const MADE_MAX: usize = 8 << 10;

impl<I: Input> Reader<I> {
    /// The next piece of text; there is at least one character.
    #[inline]
    pub(super) fn characters(&mut self) -> Result<Token, Placed> {
        let window = self.input.window().as_bytes();
        if self.input.is_calm() && !window.is_empty() {
            self.brackets = chars::brackets(window, self.brackets);
            (self.length, self.plain) = (window.len(), true);
            return Ok(Token::Source);
        }
        let Run { length, is_stopped, is_odd } = chars::run(window);
        let as_it_stands = !is_stopped || length >= SOURCE_MIN || window.get(length) == Some(&b'<');
        if !as_it_stands || length == 0 {
            return self.gather();
        }
        if is_odd || self.brackets > 0 {
            self.without_end_of_cdata(length)?;
        }
        self.length = length;
        // CDATA aside, a piece of text ends before `&`, `<` and CR
        self.plain = !is_odd;
        Ok(Token::Source)
    }

    /// Gathers text up to markup or until there is enough.
    fn gather(&mut self) -> Result<Token, Placed> {
        self.text.clear();
        while self.text.len() < MADE_MAX {
            match self.literal(|piece| memchr::memchr2(b'<', b'&', piece))? {
                Some(b'&') => self.reference()?,
                Some(_) => break,
                None if !self.more()? => break,
                None => {}
            }
        }
        self.plain = false;
        Ok(Token::Made)
    }

    /// Gathers what stands before the next stop, its line ends normalised; gives the stop that comes next, if it is in
    /// the window.
    fn literal(&mut self, stop: impl Fn(&[u8]) -> Option<usize>) -> Result<Option<u8>, Placed> {
        let at = loop {
            let at = stop(self.input.window().as_bytes());
            // the LF behind a CR may not have come yet
            if at.is_some() || !self.input.window().ends_with('\r') || !self.lengthen()? {
                break at;
            }
        };
        let length = at.unwrap_or(self.input.window().len());
        if !self.in_cdata {
            self.without_end_of_cdata(length)?;
        }
        let window = self.input.window();
        let stopped = at.and_then(|at| window.as_bytes().get(at)).copied();
        chars::push_lines(&mut self.text, window.get(..length).unwrap_or_default());
        self.pass(length);
        Ok(stopped)
    }

    fn reference(&mut self) -> Result<(), Placed> {
        let after = self.look(reference::LENGTH_MAX)?.as_bytes().get(1..).unwrap_or_default();
        let resolved = reference::resolve(after);
        let (c, length) = resolved.map_err(|(code, what)| self.placed((code, 0, what)))?;
        self.text.push(c);
        self.pass(1 + length);
        self.brackets = 0;
        Ok(())
    }

    /// The next piece of a CDATA section; nothing where the section ends at once.
    pub(super) fn cdata(&mut self) -> Result<Option<Token>, Placed> {
        let window = self.input.window().as_bytes();
        let stop = memchr::memchr2(b']', b'\r', window);
        let length = stop.unwrap_or(window.len());
        self.plain = false;
        if length > 0 && (stop.is_none() || length >= SOURCE_MIN) {
            self.length = length;
            return Ok(Some(Token::Source));
        }
        self.gather_cdata()?;
        Ok((!self.text.is_empty()).then_some(Token::Made))
    }

    fn gather_cdata(&mut self) -> Result<(), Placed> {
        self.text.clear();
        while self.in_cdata && self.text.len() < MADE_MAX {
            if self.literal(|piece| memchr::memchr(b']', piece))?.is_some() {
                self.bracket()?;
            } else if !self.more()? {
                return Err(self.fault(0, "a CDATA section is not closed"));
            }
        }
        Ok(())
    }

    /// A `]` in a CDATA section: the end of it, or text.
    fn bracket(&mut self) -> Result<(), Placed> {
        if self.look(3)?.starts_with("]]>") {
            self.pass(3);
            self.in_cdata = false;
        } else {
            self.text.push(']');
            self.pass(1);
        }
        Ok(())
    }

    /// Refuses `]]>` in the next bytes of character data (XML 1.0, 2.4), also where it began in the piece before.
    fn without_end_of_cdata(&mut self, length: usize) -> Result<(), Placed> {
        let piece = self.input.window().as_bytes().get(..length).unwrap_or_default();
        let first = if self.brackets > 0 { Some(0) } else { memchr::memchr(b']', piece) };
        for (at, byte) in piece.iter().enumerate().skip(first.unwrap_or(piece.len())) {
            match byte {
                b']' => self.brackets = (self.brackets + 1).min(2),
                b'>' if self.brackets == 2 => return Err(self.placed((Code::XmlMalformed, at, "]]> in text"))),
                _ => self.brackets = 0,
            }
        }
        Ok(())
    }
}
