//! Character data: in pieces straight out of the source's buffer where it stands there as it is meant; gathered in the
//! reader's own text where references are resolved or line ends normalised.

use std::io::BufRead;

use crate::domain::Code;
use crate::xml::chars::{self, Classes, Flaw};
use crate::xml::input::UNREADABLE;
use crate::xml::reader::{Placed, Token, fault};
use crate::xml::window::LOOKAHEAD_MAX;
use crate::xml::{Reader, reference};

/// A piece of the source at least so long is given as it stands although text that must be gathered follows it.
const SOURCE_MIN: usize = 4 << 10;

/// Gathered text is given once it is so long.
const MADE_MAX: usize = 8 << 10;

/// A piece of text.
#[derive(Debug, Clone, Copy)]
pub(super) enum Piece {
    /// So many bytes of the source as they stand, with their classes; not yet checked, not yet consumed.
    Source(usize, Classes),
    /// The reader's text.
    Made,
}

impl<R: BufRead> Reader<R> {
    /// The next piece of text; there is at least one character.
    pub(super) fn characters(&mut self) -> Result<Piece, Placed> {
        let start = self.input.position();
        let piece = self.input.piece().map_err(|_| fault(start, UNREADABLE))?;
        let (run, stopped, classes) = chars::run(piece);
        let length = if stopped { run } else { chars::whole(piece) };
        let as_it_stands = !stopped || run >= SOURCE_MIN || piece.get(run) == Some(&b'<');
        if as_it_stands && length > 0 {
            if classes.has_bracket() || self.brackets > 0 {
                without_end_of_cdata(piece.get(..length).unwrap_or(piece), &mut self.brackets)
                    .map_err(|flaw| fault(start, flaw))?;
            }
            return Ok(Piece::Source(length, classes));
        }
        self.gather()?;
        Ok(Piece::Made)
    }

    /// Gathers text up to markup or until there is enough.
    fn gather(&mut self) -> Result<(), Placed> {
        self.text.clear();
        while self.text.len() < MADE_MAX {
            match self.literal(|piece| memchr::memchr2(b'<', b'&', piece))? {
                Some(b'&') => self.reference()?,
                Some(_) => break,
                None if self.look(1)?.is_empty() => break,
                None => {}
            }
        }
        Ok(())
    }

    /// Gathers what stands before the next stop, its line ends normalised; gives the stop that comes next, if it is
    /// near.
    fn literal(&mut self, stop: impl Fn(&[u8]) -> Option<usize>) -> Result<Option<u8>, Placed> {
        let start = self.input.position();
        let piece = self.input.piece().map_err(|_| fault(start, UNREADABLE))?;
        let at = stop(piece);
        let stopped = at.and_then(|at| piece.get(at)).copied();
        let length = at.unwrap_or_else(|| unstopped(piece));
        let literal = piece.get(..length).unwrap_or(piece);
        if !self.in_cdata {
            without_end_of_cdata(literal, &mut self.brackets).map_err(|flaw| fault(start, flaw))?;
        }
        chars::push_lines(&mut self.text, chars::text(literal).map_err(|flaw| fault(start, flaw))?);
        self.input.skip(length);
        Ok(stopped)
    }

    fn reference(&mut self) -> Result<(), Placed> {
        let start = self.input.position();
        let after = self.look(LOOKAHEAD_MAX)?.get(1..).unwrap_or_default();
        let (c, length) = reference::resolve(after).map_err(|(code, what)| fault(start, (code, 0, what)))?;
        self.text.push(c);
        self.input.skip(1 + length);
        self.brackets = 0;
        Ok(())
    }

    /// The next piece of a CDATA section and where it begins; nothing where the section ends at once.
    pub(super) fn cdata(&mut self) -> Result<Option<(Token, u64)>, Placed> {
        let start = self.input.position();
        let piece = self.input.piece().map_err(|_| fault(start, UNREADABLE))?;
        let stop = memchr::memchr2(b']', b'\r', piece);
        let length = stop.unwrap_or_else(|| chars::whole(piece));
        if length > 0 && (stop.is_none() || length >= SOURCE_MIN) {
            let classes = chars::classes(piece.get(..length).unwrap_or(piece));
            return Ok(Some((Token::Text(Piece::Source(length, classes)), start)));
        }
        self.gather_cdata()?;
        Ok((!self.text.is_empty()).then_some((Token::Text(Piece::Made), start)))
    }

    fn gather_cdata(&mut self) -> Result<(), Placed> {
        self.text.clear();
        while self.in_cdata && self.text.len() < MADE_MAX {
            if self.literal(|piece| memchr::memchr(b']', piece))?.is_some() {
                self.bracket()?;
            } else if self.look(1)?.is_empty() {
                return Err((Code::XmlMalformed, self.input.position(), "a CDATA section is not closed"));
            }
        }
        Ok(())
    }

    /// A `]` in a CDATA section: the end of it, or text.
    fn bracket(&mut self) -> Result<(), Placed> {
        if self.look(3)?.starts_with(b"]]>") {
            self.input.skip(3);
            self.in_cdata = false;
        } else {
            self.text.push(']');
            self.input.skip(1);
        }
        Ok(())
    }
}

/// How much of a piece without a stop can be taken: no half character, and no CR whose LF may follow. At the end of the
/// document everything: a half character must be looked at, to be refused.
fn unstopped(piece: &[u8]) -> usize {
    match chars::whole(piece) {
        0 => piece.len(),
        length if length > 1 && piece.get(length - 1) == Some(&b'\r') => length - 1,
        length => length,
    }
}

/// Refuses `]]>` in character data (XML 1.0, 2.4), also where it began in the piece before: `brackets` says how many
/// `]` stood last. Where characters before it are wrong, those are the fault.
fn without_end_of_cdata(piece: &[u8], brackets: &mut u8) -> Result<(), Flaw> {
    let first = if *brackets > 0 { Some(0) } else { memchr::memchr(b']', piece) };
    for (at, byte) in piece.iter().enumerate().skip(first.unwrap_or(piece.len())) {
        match byte {
            b']' => *brackets = (*brackets + 1).min(2),
            b'>' if *brackets == 2 => {
                chars::text(piece.get(..at).unwrap_or_default())?;
                return Err((Code::XmlMalformed, at, "]]> in text"));
            }
            _ => *brackets = 0,
        }
    }
    Ok(())
}
