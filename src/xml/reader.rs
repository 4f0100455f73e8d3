//! The pull parser: bytes in, events out, or a fault at its exact place. Each step looks at the next two bytes and
//! leaves what they begin to `markup` or to `text`.

use std::io::BufRead;

use quick_xml::parser::PiParser;

use crate::domain::Code;
use crate::xml::chars::{self, Flaw};
use crate::xml::input::{Input, UNREADABLE};
use crate::xml::markup::without_end;
use crate::xml::open::Open;
use crate::xml::scope::Scope;
use crate::xml::tag::Tag;
use crate::xml::text::Piece;
use crate::xml::{Event, Fault, Kind, Limits, Name, Start, declaration};

/// Reads a document strictly and within limits. Memory: some tens of KiB and the open elements; never a whole text.
#[derive(Debug)]
pub struct Reader<R> {
    pub(super) input: Input<R>,
    pub(super) limits: Limits,
    pub(super) scope: Scope,
    pub(super) open: Open,
    pub(super) tag: Tag,
    /// Text, comments and instructions that are not as they stand in the source.
    pub(super) text: String,
    pub(super) stage: Stage,
    pub(super) due: Due,
    /// How many `]` ended the text so far, up to two: a `>` behind two of them is refused.
    pub(super) brackets: u8,
    pub(super) in_cdata: bool,
    fault: Option<Fault>,
}

/// How far the document has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Start,
    Prolog,
    Root,
    Epilog,
}

/// What is left to do for the event given last, once nobody looks at it any more.
#[derive(Debug, Clone)]
pub(super) enum Due {
    Nothing,
    /// Text was given out of the source's own buffer.
    Skip(usize),
    /// The end of the innermost element was given.
    Close,
    /// An empty-element tag: its start was given, its end comes next, with the same span.
    End(std::ops::Range<u64>),
}

/// An event without its borrows.
#[derive(Debug)]
pub(super) enum Token {
    Start,
    End,
    Text(Piece),
    Comment,
    /// Target and data stand one behind the other in the reader's text; here is the length of the target.
    Instruction(usize),
}

/// A token and where it begins; it ends where the reader stands, or behind a borrowed piece.
type Found = (Token, u64);

/// What is wrong, at a byte offset of the document: a fault that does not know its path yet.
pub(super) type Placed = (Code, u64, &'static str);

impl<R: BufRead> Reader<R> {
    /// A reader at byte 0 of a document.
    pub fn new(read: R, limits: Limits) -> Self {
        Self {
            input: Input::new(read),
            limits,
            scope: Scope::new(),
            open: Open::default(),
            tag: Tag::default(),
            text: String::new(),
            stage: Stage::Start,
            due: Due::Nothing,
            brackets: 0,
            in_cdata: false,
            fault: None,
        }
    }

    /// The next event, or `None` at the proper end of the document. After a fault it gives that fault for ever.
    ///
    /// # Errors
    /// Everything that the module refuses, with the path of the innermost element that was open.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Result<Option<Event<'_>>, Fault> {
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        if let Some(span) = self.settle() {
            return Ok(Some(self.end_of_empty(span)));
        }
        match self.token() {
            Ok(None) => Ok(None),
            Ok(Some((token, start))) => self.view(&token, start).map(Some),
            Err(placed) => Err(fail(&mut self.fault, placed, &self.open)),
        }
    }

    /// Path of the innermost open element by local names, with an index where it is above 1; empty outside the root.
    /// While an end tag is looked at, its element is still open.
    #[must_use]
    pub fn path(&self) -> String {
        self.open.path()
    }

    /// How many elements are open. While an end tag is looked at, its element is still open.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.open.depth()
    }

    /// Does what is left from the event before; gives the span of an empty-element tag whose end comes now.
    fn settle(&mut self) -> Option<std::ops::Range<u64>> {
        match std::mem::replace(&mut self.due, Due::Nothing) {
            Due::Nothing => {}
            Due::Skip(amount) => self.input.skip(amount),
            Due::Close => {
                if let Some(outer) = self.open.pop() {
                    self.scope.close(outer);
                }
                if self.open.depth() == 0 {
                    self.stage = Stage::Epilog;
                }
            }
            Due::End(span) => return Some(span),
        }
        None
    }

    fn end_of_empty(&mut self, span: std::ops::Range<u64>) -> Event<'_> {
        self.due = Due::Close;
        Event { kind: Kind::End(self.name()), span, plain: false }
    }

    fn name(&self) -> Name<'_> {
        let (qualified, prefix, binding) = self.open.innermost();
        Name::new(self.scope.uri(binding), qualified, prefix)
    }

    /// Finds the next token.
    fn token(&mut self) -> Result<Option<Found>, Placed> {
        if self.stage == Stage::Start {
            self.begin()?;
        }
        loop {
            if self.in_cdata
                && let Some(found) = self.cdata()?
            {
                return Ok(Some(found));
            }
            let start = self.input.position();
            let in_root = self.stage == Stage::Root;
            let found = match *self.look(2)? {
                [] => return self.finish(start),
                [b'<', b'!', ..] => match self.declared(start)? {
                    Some(token) => token,
                    None => continue,
                },
                [b'<', b'/', ..] => self.end_tag(start)?,
                [b'<', b'?', ..] => self.instruction(start)?,
                [b'<', ..] => self.start_tag(start)?,
                _ if in_root => Token::Text(self.characters()?),
                _ => {
                    self.space()?;
                    continue;
                }
            };
            return Ok(Some((found, start)));
        }
    }

    /// The next bytes.
    pub(super) fn look(&mut self, wanted: usize) -> Result<&[u8], Placed> {
        let at = self.input.position();
        self.input.peek(wanted).map_err(|_| fault(at, UNREADABLE))
    }

    /// The byte order mark and the XML declaration.
    fn begin(&mut self) -> Result<(), Placed> {
        self.stage = Stage::Prolog;
        self.input.skip_byte_order_mark().map_err(|_| fault(0, UNREADABLE))?;
        let start = self.input.position();
        match self.look(6)? {
            [0xFE, 0xFF, ..] | [0xFF, 0xFE, ..] | [b'<', 0, ..] | [0, b'<', ..] => {
                return Err((Code::XmlEncoding, start, "UTF-16 or UTF-32; only UTF-8 is read"));
            }
            [b'<', b'?', b'x', b'm', b'l', after, ..] if chars::is_space(*after) => {}
            _ => return Ok(()),
        }
        self.cut(start, 2, &mut PiParser(false), self.limits.comment)?;
        let content = self.input.markup().strip_suffix("?>").unwrap_or_default();
        declaration::check(content).map_err(|flaw| fault(start + 2, flaw))
    }

    /// White space outside the root; anything else there is refused.
    fn space(&mut self) -> Result<(), Placed> {
        let start = self.input.position();
        let piece = self.input.piece().map_err(|_| fault(start, UNREADABLE))?;
        let length = piece.iter().position(|byte| !chars::is_space(*byte)).unwrap_or(piece.len());
        if length == 0 {
            return Err((Code::XmlMalformed, start, "text outside the root element"));
        }
        self.input.skip(length);
        Ok(())
    }

    fn finish(&self, at: u64) -> Result<Option<Found>, Placed> {
        let what = match self.stage {
            Stage::Epilog => return Ok(None),
            Stage::Root => "the document ends inside an element",
            Stage::Start | Stage::Prolog => "there is no root element",
        };
        Err((Code::XmlMalformed, at, what))
    }

    /// The event of a token.
    fn view(&mut self, token: &Token, start: u64) -> Result<Event<'_>, Fault> {
        let mut end = self.input.position();
        let mut plain = false;
        let kind = match *token {
            Token::Text(Piece::Source(length, classes)) => {
                self.due = Due::Skip(length);
                // a piece of text ends before `&`, `<` and CR; one of a CDATA section does not
                plain = !self.in_cdata && !classes.has_greater();
                end += u64::try_from(length).unwrap_or(u64::MAX);
                let checked = self.input.piece().map_err(|_| UNREADABLE);
                let checked = checked.and_then(|piece| chars::checked(piece.get(..length).unwrap_or(piece), classes));
                Kind::Text(checked.map_err(|flaw| fail(&mut self.fault, fault(start, flaw), &self.open))?)
            }
            Token::Text(Piece::Made) => Kind::Text(&self.text),
            Token::Start => {
                let text = without_end(self.input.markup());
                Kind::Start(Start { name: self.name(), text, tag: &self.tag, scope: &self.scope })
            }
            Token::End => Kind::End(self.name()),
            Token::Comment => Kind::Comment(&self.text),
            Token::Instruction(target) => {
                let (target, data) = self.text.split_at_checked(target).unwrap_or_default();
                Kind::ProcessingInstruction { target, data }
            }
        };
        Ok(Event { kind, span: start..end, plain })
    }
}

/// A flaw at an offset behind `start`.
pub(super) fn fault(start: u64, (code, at, what): Flaw) -> Placed {
    (code, start.saturating_add(u64::try_from(at).unwrap_or(u64::MAX)), what)
}

/// Makes the fault that the reader gives from now on.
#[cold]
fn fail(place: &mut Option<Fault>, (code, offset, what): Placed, open: &Open) -> Fault {
    place.insert(Fault { code, offset, path: open.path(), detail: what.into() }).clone()
}

#[cfg(test)]
#[path = "reader_tests.rs"]
mod tests;
