//! Tags, comments and processing instructions: cut out by `input` where quick-xml's parsers say that they end, then
//! checked against the productions of XML 1.0.

use std::io::BufRead;

use quick_xml::errors::SyntaxError;
use quick_xml::parser::{ElementParser, Parser, PiParser};

use crate::domain::Code;
use crate::xml::input::UNREADABLE;
use crate::xml::reader::{Due, Placed, Stage, Token, fault};
use crate::xml::{Reader, chars};

impl<R: BufRead> Reader<R> {
    /// `<!`: a comment, or the beginning of a CDATA section, for which there is no token of its own.
    pub(super) fn declared(&mut self, start: u64) -> Result<Option<Token>, Placed> {
        let head = self.look(9)?;
        if head.starts_with(b"<!--") {
            return self.comment(start).map(Some);
        }
        if head.get(2..9).is_some_and(|word| word.eq_ignore_ascii_case(b"DOCTYPE")) {
            return Err((Code::XmlDoctype, start, "a DOCTYPE"));
        }
        if !head.starts_with(b"<![CDATA[") {
            return Err((Code::XmlMalformed, start, "markup of no known kind"));
        }
        if self.stage != Stage::Root {
            return Err((Code::XmlMalformed, start, "a CDATA section outside the root element"));
        }
        self.input.skip(9);
        self.brackets = 0;
        self.in_cdata = true;
        Ok(None)
    }

    pub(super) fn start_tag(&mut self, start: u64) -> Result<Token, Placed> {
        if self.stage == Stage::Epilog {
            return Err((Code::XmlMalformed, start, "a second root element"));
        }
        if self.open.depth() >= self.limits.depth {
            return Err((Code::XmlLimit, start, "elements are nested too deep"));
        }
        if !self.plain_tag()? {
            self.cut(start, 1, &mut ElementParser::Outside, self.limits.tag)?;
            self.element(start)?;
        }
        self.stage = Stage::Root;
        self.brackets = 0;
        Ok(Token::Start)
    }

    /// The start tag that most elements have: a name in ASCII and nothing else. False where it is another, of which
    /// nothing was read yet.
    #[inline]
    fn plain_tag(&mut self) -> Result<bool, Placed> {
        let Self { input, open, scope, tag, limits, .. } = self;
        let at = input.position();
        let piece = input.peek(2).map_err(|_| fault(at, UNREADABLE))?;
        let most = limits.name.min(limits.tag.saturating_sub(1));
        let Some((prefix, length)) = chars::plain_name(piece.get(1..).unwrap_or_default(), most) else {
            return Ok(false);
        };
        let Some(Ok(name)) = piece.get(1..=length).map(std::str::from_utf8) else { return Ok(false) };
        let Some(binding) = scope.resolve(name.get(..prefix.saturating_sub(1)).unwrap_or_default()) else {
            return Ok(false);
        };
        open.push(name, prefix, scope.open());
        open.bind(binding);
        tag.clear();
        input.skip_tag(length + 2);
        Ok(true)
    }

    /// The start tag that was cut out.
    fn element(&mut self, start: u64) -> Result<(), Placed> {
        let flawed = |flaw| fault(start + 1, flaw);
        let text = without_end(self.input.markup());
        let name = chars::qname(text, 0, self.limits.name).map_err(flawed)?;
        self.open.push(name.qualified(text), name.local.start, self.scope.open());
        let binding = self.tag.read(text, &name, &self.limits, &mut self.scope).map_err(flawed)?;
        self.open.bind(binding);
        if self.input.markup().ends_with("/>") {
            self.due = Due::End(start..self.input.position());
        }
        Ok(())
    }

    /// An end tag. The name is compared as it was written in the start tag.
    pub(super) fn end_tag(&mut self, start: u64) -> Result<Token, Placed> {
        let Self { input, open, .. } = self;
        let (name, ..) = open.innermost();
        let tag = input.peek(2).map_err(|_| fault(start, UNREADABLE))?;
        let (written, after) = (tag.get(2..2 + name.len()), tag.get(2 + name.len()));
        if written == Some(name.as_bytes()) && after == Some(&b'>') && self.stage == Stage::Root {
            let length = name.len() + 3;
            self.input.skip(length);
        } else {
            self.unusual_end_tag(start)?;
        }
        self.due = Due::Close;
        self.brackets = 0;
        Ok(Token::End)
    }

    /// An end tag with white space, at the border of a buffer, or wrong.
    #[cold]
    fn unusual_end_tag(&mut self, start: u64) -> Result<(), Placed> {
        self.cut(start, 2, &mut ElementParser::Outside, self.limits.tag)?;
        let written = self.input.markup().trim_end_matches(['>', ' ', '\t', '\n', '\r']);
        if self.stage != Stage::Root || written != self.open.innermost().0 {
            return Err((Code::XmlMalformed, start, "an end tag that does not match the open element"));
        }
        Ok(())
    }

    /// Passes over the first bytes of the markup at `start` and cuts out the rest.
    pub(super) fn cut(
        &mut self,
        start: u64,
        head: usize,
        parser: &mut impl Parser,
        limit: usize,
    ) -> Result<(), Placed> {
        self.input.skip(head);
        self.input.cut(parser, limit).map_err(|(code, at, what)| match code {
            Code::XmlEncoding => fault(start, (code, head + at, what)),
            _ => fault(start, (code, 0, what)),
        })
    }

    fn comment(&mut self, start: u64) -> Result<Token, Placed> {
        let flawed = |flaw| fault(start + 4, flaw);
        self.cut(start, 4, &mut CommentEnd::default(), self.limits.comment)?;
        let content = self.input.markup().strip_suffix("-->").unwrap_or_default();
        chars::text(content.as_bytes()).map_err(flawed)?;
        if let Some(at) = memchr::memmem::find(content.as_bytes(), b"--") {
            return Err(flawed((Code::XmlMalformed, at, "-- inside a comment")));
        }
        if content.ends_with('-') {
            return Err(flawed((Code::XmlMalformed, content.len(), "a comment ends with --->")));
        }
        self.text.clear();
        chars::push_lines(&mut self.text, content);
        self.brackets = 0;
        Ok(Token::Comment)
    }

    pub(super) fn instruction(&mut self, start: u64) -> Result<Token, Placed> {
        let flawed = |flaw| fault(start + 2, flaw);
        self.cut(start, 2, &mut PiParser(false), self.limits.comment)?;
        let content = self.input.markup().strip_suffix("?>").unwrap_or_default();
        chars::text(content.as_bytes()).map_err(flawed)?;
        let target = chars::ncname(content, 0, self.limits.name).map_err(flawed)?;
        let (name, rest) = content.split_at_checked(target).unwrap_or((content, ""));
        let data = rest.trim_start_matches([' ', '\t', '\n', '\r']);
        if name.eq_ignore_ascii_case("xml") {
            return Err(flawed((Code::XmlMalformed, 0, "an XML declaration that is not at the first byte")));
        }
        if !rest.is_empty() && data.len() == rest.len() {
            return Err(flawed((Code::XmlMalformed, target, "a malformed processing instruction")));
        }
        self.text.clear();
        self.text.push_str(name);
        chars::push_lines(&mut self.text, data);
        self.brackets = 0;
        Ok(Token::Instruction(target))
    }
}

/// Finds the `>` of `-->`, in however many pieces the comment comes. quick-xml's own parser of comments counts the dashes
/// at the ends of two pieces together whatever stands between them, and so lets a comment end at `->`.
#[derive(Default)]
struct CommentEnd {
    /// Dashes at the end of what was given so far; more than two count as two.
    dashes: usize,
}

impl CommentEnd {
    /// Dashes at the end of everything so far, if this piece is its end.
    fn dashes_after(&self, piece: &[u8]) -> usize {
        let own = piece.iter().rev().take(2).take_while(|byte| **byte == b'-').count();
        if own == piece.len() { own.saturating_add(self.dashes).min(2) } else { own }
    }
}

impl Parser for CommentEnd {
    fn feed(&mut self, bytes: &[u8]) -> Option<usize> {
        let ends = |at: &usize| self.dashes_after(bytes.get(..*at).unwrap_or_default()) == 2;
        let end = memchr::memchr_iter(b'>', bytes).find(ends);
        self.dashes = self.dashes_after(bytes);
        end
    }

    fn eof_error(self, _: &[u8]) -> SyntaxError {
        SyntaxError::UnclosedComment
    }
}

/// A start tag's text without `>` or `/>`.
#[inline]
pub(super) fn without_end(markup: &str) -> &str {
    let end = if markup.ends_with("/>") { 2 } else { 1 };
    markup.get(..markup.len().saturating_sub(end)).unwrap_or_default()
}
