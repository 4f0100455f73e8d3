//! Tags, comments and processing instructions: brought into the window as a whole, at most so long, with quick-xml's
//! parsers to say where they end; then checked against the productions of XML 1.0.

use quick_xml::parser::{ElementParser, Parser as _, PiParser};

use crate::domain::Code;
use crate::xml::chars::{self, Flaw};
use crate::xml::leaf::LeafElement;
use crate::xml::reader::{Due, Placed, Stage, Token};
use crate::xml::short::Key;
use crate::xml::{Input, Reader};

impl<I: Input> Reader<I> {
    /// `<!`: a comment, or the beginning of a CDATA section, for which there is no token of its own.
    pub(super) fn declared(&mut self) -> Result<Option<Token>, Placed> {
        let head = self.look(9)?.as_bytes();
        if head.starts_with(b"<!--") {
            return self.comment().map(Some);
        }
        if head.get(2..9).is_some_and(|word| word.eq_ignore_ascii_case(b"DOCTYPE")) {
            return Err(self.placed((Code::XmlDoctype, 0, "a DOCTYPE")));
        }
        if !head.starts_with(b"<![CDATA[") {
            return Err(self.fault(0, "markup of no known kind"));
        }
        if self.stage != Stage::Root {
            return Err(self.fault(0, "a CDATA section outside the root element"));
        }
        self.pass(9);
        self.brackets = 0;
        self.in_cdata = true;
        Ok(None)
    }

    #[inline]
    pub(super) fn start_tag(&mut self, leaves: bool) -> Result<Token, Placed> {
        if self.stage == Stage::Epilog {
            return Err(self.fault(0, "a second root element"));
        }
        if self.open.depth() >= self.limits.depth {
            return Err(self.placed((Code::XmlLimit, 0, "elements are nested too deep")));
        }
        self.brackets = 0;
        match self.plain_tag() {
            Some((element, end)) if leaves && self.is_leaf(&element, end) => {
                (self.leaf, self.due) = (element, Due::CloseLeaf);
                return Ok(Token::Leaf);
            }
            Some((element, end)) => self.begin_plain(element, end),
            None => self.full_tag()?,
        }
        self.stage = Stage::Root;
        Ok(Token::Start)
    }

    /// The start tag that most elements have: names in ASCII, attributes without prefixes and in canonical order; and
    /// where its `>` stands behind the `<`. None where it is another, or not whole in the window; then nothing was done.
    #[inline]
    fn plain_tag(&mut self) -> Option<(LeafElement, usize)> {
        let Self { input, open, scope, limits, names, tag, .. } = self;
        let text = input.window().get(1..)?;
        let name = names.read(text.as_bytes(), limits.name)?;
        let end = tag.read_plain(text, name.length, limits)?;
        let (prefix, local) = text.get(..name.length)?.split_at_checked(name.prefix)?;
        let binding = match name.prefix.checked_sub(1) {
            None => scope.default(),
            Some(length) => scope.resolve(prefix.get(..length)?)?,
        };
        Some((LeafElement { name, binding, number: open.count(name.local, local) }, end))
    }

    /// Opens the element of a plain start tag.
    #[inline]
    fn begin_plain(&mut self, element: LeafElement, end: usize) {
        let LeafElement { name, binding, number } = element;
        let outer = self.scope.open();
        self.open.push(self.input.window().get(1..=name.length).unwrap_or_default(), name.prefix, number, outer);
        self.open.bind(binding);
        self.length = end + 2;
        self.plain = true;
    }

    /// Whether a few plain words and the end tag follow behind a plain start tag; then all of it is passed.
    #[inline]
    fn is_leaf(&mut self, element: &LeafElement, end: usize) -> bool {
        let name = element.name.length;
        if name != end || self.stage != Stage::Root {
            return false;
        }
        let window = self.input.window().as_bytes();
        let inside = window.get(name + 2..).unwrap_or_default();
        let Some(words) = chars::words(inside).filter(|words| *words > 0) else { return false };
        let end = inside.get(words..words + name + 3).unwrap_or_default();
        let is_end = matches!(end, [b'<', b'/', written @ .., b'>']
            if window.get(1..=name).is_some_and(|name| chars::is_same(written, name)));
        if is_end {
            self.length = words + 2 * name + 5;
        }
        is_end
    }

    /// Any other start tag, or an empty-element tag.
    fn full_tag(&mut self) -> Result<(), Placed> {
        let length = self.cut(1, self.limits.tag, |bytes| ElementParser::Outside.feed(bytes))?;
        self.element(length).map_err(|(code, at, what)| self.placed((code, at + 1, what)))?;
        self.length = length;
        Ok(())
    }

    /// The tag of this length in the window. Flaws count from behind its `<`.
    fn element(&mut self, length: usize) -> Result<(), Flaw> {
        let Self { input, open, scope, tag, limits, .. } = self;
        let markup = input.window().get(1..length).unwrap_or_default();
        let text = without_end(markup);
        let name = chars::qname(text, 0, limits.name)?;
        let local = text.get(name.local.clone()).unwrap_or_default();
        let number = open.count(Key::of(local.as_bytes()), local);
        open.push(name.qualified(text), name.local.start, number, scope.open());
        let binding = tag.read(text, &name, limits, scope)?;
        open.bind(binding);
        let is_empty = markup.ends_with("/>");
        self.plain = tag.is_canonical() && !is_empty;
        if is_empty {
            self.due = Due::End;
        }
        Ok(())
    }

    /// An end tag. The name is compared as it was written in the start tag.
    #[inline]
    pub(super) fn end_tag(&mut self) -> Result<Token, Placed> {
        let tag = self.input.window().as_bytes();
        let name = self.open.innermost().0.as_bytes();
        let behind = 2 + name.len();
        let is_same = tag.get(2..behind).is_some_and(|written| chars::is_same(written, name));
        self.plain = is_same && tag.get(behind) == Some(&b'>') && self.stage == Stage::Root;
        self.length = behind + 1;
        if !self.plain {
            self.unusual_end_tag()?;
        }
        self.due = Due::Close;
        self.brackets = 0;
        Ok(Token::End)
    }

    /// An end tag with white space, at the end of the window, or wrong.
    #[cold]
    fn unusual_end_tag(&mut self) -> Result<(), Placed> {
        self.length = self.cut(2, self.limits.tag, |bytes| ElementParser::Outside.feed(bytes))?;
        let markup = self.input.window().get(2..self.length).unwrap_or_default();
        let written = markup.trim_end_matches(['>', ' ', '\t', '\n', '\r']);
        if self.stage != Stage::Root || written != self.open.innermost().0 {
            return Err(self.fault(0, "an end tag that does not match the open element"));
        }
        Ok(())
    }

    /// Brings markup into the window: its length. `end` finds its last byte in what stands behind the first `head` bytes,
    /// which is at most `limit` bytes long.
    pub(super) fn cut(
        &mut self,
        head: usize,
        limit: usize,
        end: impl Fn(&[u8]) -> Option<usize>,
    ) -> Result<usize, Placed> {
        loop {
            let inside = self.input.window().as_bytes().get(head..).unwrap_or_default();
            let inside = inside.get(..limit).unwrap_or(inside);
            if let Some(at) = end(inside) {
                return Ok(head + at + 1);
            }
            if inside.len() == limit {
                return Err(self.placed((Code::XmlLimit, 0, "markup is too long")));
            }
            if !self.more()? {
                return Err(self.fault(0, "markup that is not closed"));
            }
        }
    }

    fn comment(&mut self) -> Result<Token, Placed> {
        let end = |bytes: &[u8]| memchr::memmem::find(bytes, b"-->").map(|at| at + 2);
        self.length = self.cut(4, self.limits.comment, end)?;
        let content = self.input.window().get(4..self.length - 3).unwrap_or_default();
        if let Some(at) = memchr::memmem::find(content.as_bytes(), b"--") {
            return Err(self.fault(4 + at, "-- inside a comment"));
        }
        if content.ends_with('-') {
            return Err(self.fault(4 + content.len(), "a comment ends with --->"));
        }
        self.text.clear();
        chars::push_lines(&mut self.text, content);
        self.brackets = 0;
        Ok(Token::Comment)
    }

    pub(super) fn instruction(&mut self) -> Result<Token, Placed> {
        self.length = self.cut(2, self.limits.comment, |bytes| PiParser(false).feed(bytes))?;
        let content = self.input.window().get(2..self.length - 2).unwrap_or_default();
        let flawed = |(code, at, what): Flaw| self.placed((code, at + 2, what));
        let target = chars::ncname(content, 0, self.limits.name).map_err(flawed)?;
        let (name, rest) = content.split_at_checked(target).unwrap_or((content, ""));
        let data = rest.trim_start_matches([' ', '\t', '\n', '\r']);
        if name.eq_ignore_ascii_case("xml") {
            return Err(self.fault(2, "an XML declaration that is not at the first byte"));
        }
        if !rest.is_empty() && data.len() == rest.len() {
            return Err(self.fault(2 + target, "a malformed processing instruction"));
        }
        self.text.clear();
        self.text.push_str(name);
        chars::push_lines(&mut self.text, data);
        self.brackets = 0;
        Ok(Token::Instruction(target))
    }
}

/// A start tag's text without `>` or `/>`.
#[inline]
pub(super) fn without_end(markup: &str) -> &str {
    let inside = markup.strip_suffix('>').unwrap_or(markup);
    inside.strip_suffix('/').unwrap_or(inside)
}
