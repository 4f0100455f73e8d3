//! The pull parser: text in, events out, or a fault at its exact place. Each step looks at the next two bytes and
//! leaves what they begin to `markup` or to `text`. What an event shows stands in the window until the next step.

use std::io::BufRead;
use std::ops::Range;

use quick_xml::parser::{Parser as _, PiParser};

use crate::domain::Code;
use crate::xml::chars::{self, Flaw};
use crate::xml::event::Written;
use crate::xml::leaf::LeafElement;
use crate::xml::markup::without_end;
use crate::xml::names::Names;
use crate::xml::open::Open;
use crate::xml::scope::Scope;
use crate::xml::tag::Tag;
use crate::xml::{End, Event, Fault, Input, Kind, Leaf, Limits, Slice, Start, Stream, Unit, declaration};

/// Reads a document strictly and within limits. Memory: some tens of KiB and the open elements; never a whole text.
#[derive(Debug)]
pub struct Reader<I> {
    pub(super) input: I,
    pub(super) limits: Limits,
    pub(super) scope: Scope,
    pub(super) open: Open,
    pub(super) tag: Tag,
    pub(super) names: Names,
    /// The leaf that was given last.
    pub(super) leaf: LeafElement,
    /// Text, comments and instructions that are not as they stand in the source.
    pub(super) text: String,
    /// Byte offset of the window.
    pub(super) position: u64,
    /// Where the event given last begins.
    pub(super) start: u64,
    /// How much of the window it takes.
    pub(super) length: usize,
    /// Whether what stands there is its canonical form.
    pub(super) plain: bool,
    pub(super) stage: Stage,
    pub(super) due: Due,
    /// How many `]` ended the text so far, up to two: a `>` behind two of them is refused.
    pub(super) brackets: u8,
    pub(super) in_cdata: bool,
    fault: Option<Box<Fault>>,
}

/// How far the document has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Start,
    Prolog,
    Root,
    Epilog,
    Failed,
}

/// What is left to do for the event given last, once nobody looks at it any more.
#[derive(Debug, Clone, Copy)]
pub(super) enum Due {
    Nothing,
    /// The end of the innermost element was given.
    Close,
    /// A leaf was given. It is not among the open elements.
    CloseLeaf,
    /// An empty-element tag: its start was given, its end comes next, with the same span.
    End,
}

/// An event without its borrows.
#[derive(Debug, Clone, Copy)]
pub(super) enum Token {
    Start,
    End,
    /// An element with nothing but text.
    Leaf,
    /// Text as it stands in the window.
    Source,
    /// The reader's text.
    Made,
    Comment,
    /// Target and data stand one behind the other in the reader's text; here is the length of the target.
    Instruction(usize),
    /// The document has come to its proper end.
    Nothing,
}

/// What is wrong, at a byte offset of the document: a fault that does not know its path yet. On the heap: a step gives
/// its token back in registers, as long as all is well.
pub(super) type Placed = Box<(Code, u64, &'static str)>;

impl<R: BufRead> Reader<Stream<R>> {
    /// A reader at byte 0 of a document.
    pub fn new(read: R, limits: Limits) -> Self {
        Self::from_input(Stream::new(read), limits)
    }
}

impl<'a> Reader<Slice<'a>> {
    /// A reader at byte 0 of a document that is in memory as a whole.
    #[must_use]
    pub fn over(bytes: &'a [u8], limits: Limits) -> Self {
        Self::from_input(Slice::new(bytes), limits)
    }
}

impl<I: Input> Reader<I> {
    /// A reader of a document whose window stands at byte 0.
    pub fn from_input(input: I, limits: Limits) -> Self {
        Self {
            input,
            limits,
            scope: Scope::new(),
            open: Open::new(),
            tag: Tag::default(),
            names: Names::new(),
            leaf: LeafElement::default(),
            text: String::new(),
            position: 0,
            start: 0,
            length: 0,
            plain: false,
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
    #[allow(clippy::should_implement_trait, clippy::inline_always)] // an event is made where it is used
    #[inline(always)]
    pub fn next(&mut self) -> Result<Option<Event<'_>>, Fault> {
        match self.advance(false) {
            Ok(Token::Nothing) => Ok(None),
            Ok(token) => Ok(Some(self.view(token))),
            Err(placed) => Err(self.fail(&placed)),
        }
    }

    /// The next event, or three at once, or `None` at the proper end of the document.
    ///
    /// # Errors
    /// As [`Reader::next`].
    #[allow(clippy::inline_always)]
    #[inline(always)]
    pub fn unit(&mut self) -> Result<Option<Unit<'_>>, Fault> {
        match self.advance(true) {
            Ok(Token::Leaf) => Ok(Some(Unit::Leaf(self.leaf()))),
            Ok(Token::Nothing) => Ok(None),
            Ok(token) => Ok(Some(Unit::Event(self.view(token)))),
            Err(placed) => Err(self.fail(&placed)),
        }
    }

    /// Path of the innermost open element by local names, with an index where it is above 1; empty outside the root.
    /// While an end tag is looked at, its element is still open.
    #[must_use]
    pub fn path(&self) -> String {
        match self.due {
            Due::CloseLeaf => self.leaf().path(),
            Due::Nothing | Due::Close | Due::End => self.open.path(),
        }
    }

    /// How many elements are open. While an end tag is looked at, its element is still open.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.open.depth() + usize::from(matches!(self.due, Due::CloseLeaf))
    }

    /// Finds the next token; leaves only where they are asked for.
    #[inline(never)]
    fn advance(&mut self, leaves: bool) -> Result<Token, Placed> {
        match self.due {
            Due::Nothing => {}
            Due::Close => self.close(),
            Due::CloseLeaf => self.due = Due::Nothing,
            Due::End => {
                self.due = Due::Close;
                self.plain = false;
                return Ok(Token::End);
            }
        }
        let given = std::mem::take(&mut self.length);
        self.pass(given);
        if self.stage != Stage::Root {
            self.prepare()?;
        }
        loop {
            self.start = self.position;
            if self.in_cdata {
                match self.cdata()? {
                    Some(token) => return Ok(token),
                    None => continue,
                }
            }
            match self.input.window().as_bytes() {
                [b'<', b'/', ..] => return self.end_tag(),
                [b'<', b'!', ..] => {
                    if let Some(token) = self.declared()? {
                        return Ok(token);
                    }
                }
                [b'<', b'?', ..] => return self.instruction(),
                [b'<', _, ..] => return self.start_tag(leaves),
                [b'<'] | [] => {
                    if let Some(end) = self.refill()? {
                        return Ok(end);
                    }
                }
                _ if self.stage == Stage::Root => return self.characters(),
                _ => self.space()?,
            }
        }
    }

    /// Ends the innermost element.
    #[inline]
    fn close(&mut self) {
        self.due = Due::Nothing;
        if let Some(outer) = self.open.pop() {
            self.scope.close(outer);
        }
        if self.open.depth() == 0 {
            self.stage = Stage::Epilog;
        }
    }

    /// Passes over a part of the window.
    #[inline]
    pub(super) fn pass(&mut self, amount: usize) {
        self.input.skip(amount);
        self.position += u64::try_from(amount).unwrap_or(u64::MAX);
    }

    /// Makes the window longer; false at the end of the document.
    pub(super) fn more(&mut self) -> Result<bool, Placed> {
        self.input.more().map_err(|(code, what)| self.placed((code, self.input.window().len(), what)))
    }

    /// The same, but what is wrong behind the window may wait until it is reached.
    pub(super) fn lengthen(&mut self) -> Result<bool, Placed> {
        match self.input.more() {
            Err((code, what)) if code == Code::TryLater => Err(self.placed((code, self.input.window().len(), what))),
            Err(_) => Ok(false),
            Ok(is_longer) => Ok(is_longer),
        }
    }

    /// The window, with at least so many bytes unless there are no more.
    pub(super) fn look(&mut self, wanted: usize) -> Result<&str, Placed> {
        while self.input.window().len() < wanted && self.lengthen()? {}
        Ok(self.input.window())
    }

    /// A flaw at an offset in the window.
    #[allow(clippy::unnecessary_box_returns)]
    #[cold]
    pub(super) fn placed(&self, (code, at, what): Flaw) -> Placed {
        Box::new((code, self.position.saturating_add(u64::try_from(at).unwrap_or(u64::MAX)), what))
    }

    /// What is not well-formed, at an offset in the window.
    #[allow(clippy::unnecessary_box_returns)]
    #[cold]
    pub(super) fn fault(&self, at: usize, what: &'static str) -> Placed {
        self.placed((Code::XmlMalformed, at, what))
    }

    /// What is to be done outside the root.
    #[cold]
    fn prepare(&mut self) -> Result<(), Placed> {
        match self.stage {
            Stage::Start => self.begin(),
            Stage::Failed => Err(self.fault(0, "the document has failed")),
            Stage::Prolog | Stage::Root | Stage::Epilog => Ok(()),
        }
    }

    /// The byte order mark and the XML declaration.
    fn begin(&mut self) -> Result<(), Placed> {
        self.stage = Stage::Prolog;
        if self.look(3)?.starts_with('\u{FEFF}') {
            self.pass(3);
        }
        if !matches!(self.look(6)?.as_bytes(), [b'<', b'?', b'x', b'm', b'l', after, ..] if chars::is_space(*after)) {
            return Ok(());
        }
        let length = self.cut(2, self.limits.comment, |bytes| PiParser(false).feed(bytes))?;
        let content = self.input.window().get(2..length.saturating_sub(2)).unwrap_or_default();
        declaration::check(content).map_err(|(code, at, what)| self.placed((code, at + 2, what)))?;
        self.pass(length);
        Ok(())
    }

    /// White space outside the root; anything else there is refused.
    fn space(&mut self) -> Result<(), Placed> {
        let window = self.input.window().as_bytes();
        let length = window.iter().position(|byte| !chars::is_space(*byte)).unwrap_or(window.len());
        if length == 0 {
            return Err(self.fault(0, "text outside the root element"));
        }
        self.pass(length);
        Ok(())
    }

    /// Makes the window longer; the end of the document, if it has come properly.
    #[cold]
    fn refill(&mut self) -> Result<Option<Token>, Placed> {
        if self.more()? {
            return Ok(None);
        }
        let what = match self.stage {
            _ if !self.input.window().is_empty() => "markup that is not closed",
            Stage::Epilog => return Ok(Some(Token::Nothing)),
            Stage::Root => "the document ends inside an element",
            Stage::Start | Stage::Prolog | Stage::Failed => "there is no root element",
        };
        Err(self.fault(0, what))
    }

    /// The leaf that stands in the window.
    #[inline]
    fn leaf(&self) -> Leaf<'_> {
        let source = self.input.window().get(..self.length).unwrap_or_default();
        Leaf { source, element: self.leaf, open: &self.open, scope: &self.scope, position: self.start }
    }

    /// The name of the innermost open element.
    #[inline]
    fn written(&self) -> Written<'_> {
        let (qualified, prefix, binding) = self.open.innermost();
        Written { qualified, prefix, binding }
    }

    /// The event of a token.
    #[allow(clippy::inline_always)]
    #[inline(always)]
    fn view(&self, token: Token) -> Event<'_> {
        let source = self.input.window().get(..self.length).unwrap_or_default();
        let end = self.position + u64::try_from(self.length).unwrap_or(u64::MAX);
        let kind = match token {
            Token::Start => {
                let text = without_end(source.get(1..).unwrap_or_default());
                Kind::Start(Start { written: self.written(), text, tag: &self.tag, scope: &self.scope, is_leaf: false })
            }
            Token::End => Kind::End(End { written: self.written(), scope: &self.scope }),
            Token::Source => Kind::Text(source),
            Token::Made => Kind::Text(&self.text),
            Token::Comment | Token::Leaf | Token::Nothing => Kind::Comment(&self.text),
            Token::Instruction(target) => {
                let (target, data) = self.text.split_at_checked(target).unwrap_or_default();
                Kind::ProcessingInstruction { target, data }
            }
        };
        Event { kind, span: Range { start: self.start, end }, source, plain: self.plain }
    }

    /// Makes the fault that the reader gives from now on.
    #[cold]
    fn fail(&mut self, placed: &Placed) -> Fault {
        let (code, offset, what) = **placed;
        let path = || self.open.path();
        let fault =
            self.fault.get_or_insert_with(|| Box::new(Fault { code, offset, path: path(), detail: what.into() }));
        (self.stage, self.due, self.length, self.in_cdata) = (Stage::Failed, Due::Nothing, 0, false);
        Fault::clone(fault)
    }
}

#[cfg(test)]
#[path = "reader_tests.rs"]
mod tests;
