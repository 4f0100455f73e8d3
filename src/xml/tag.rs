//! The inside of a start tag: names and values as ranges over its text, so that a tag costs no allocation. The strict
//! attribute syntax of XML 1.0 and the rules of Namespaces in XML stand here.

use std::cmp::Ordering;
use std::ops::Range;

use crate::domain::Code;
use crate::xml::chars::{self, Flaw, QName};
use crate::xml::scope::{Binding, Scope, XML_NAMESPACE};
use crate::xml::{Attribute, Limits, reference, short, uri};

/// The namespace of the prefix `xmlns`, which nobody may bind.
const XMLNS_NAMESPACE: &str = "http://www.w3.org/2000/xmlns/";

/// A value: as it stands in the tag, or in the arena of values that had to be normalised.
#[derive(Debug, Clone)]
enum Value {
    Literal(Range<usize>),
    Normalised(Range<usize>),
}

/// One attribute that is no namespace declaration.
#[derive(Debug, Clone)]
struct Item {
    name: QName,
    value: Value,
    binding: Binding,
}

/// The attributes of the start tag read last. The text of the tag, everything between `<` and `>` or `/>`, stands
/// elsewhere and is given to every function.
#[derive(Debug, Default)]
pub(super) struct Tag {
    /// Values that are not as they stand in the text.
    normalised: String,
    items: Vec<Item>,
    /// Whether everything behind the name stands as in canonical XML.
    is_canonical: bool,
    /// Whether `xmlns:xml` stands on it, which says nothing new and may still not stand twice.
    declares_xml: bool,
}

/// A tag without attributes.
pub(super) static BARE: Tag =
    Tag { normalised: String::new(), items: Vec::new(), is_canonical: false, declares_xml: false };

impl Tag {
    /// A tag without attributes.
    #[inline]
    pub(super) fn clear(&mut self) {
        self.normalised.clear();
        self.items.clear();
        self.declares_xml = false;
    }

    /// Reads the attributes behind the name, declares the namespaces in `scope` (which has the element open already),
    /// and gives the binding of the element's own name. Offsets of flaws count in the text of the tag.
    pub(super) fn read(
        &mut self,
        text: &str,
        name: &QName,
        limits: &Limits,
        scope: &mut Scope,
    ) -> Result<Binding, Flaw> {
        self.clear();
        let mut at = name.local.end;
        self.is_canonical = true;
        loop {
            if let Some(behind) = self.plain_attribute(text, at, limits) {
                at = behind;
                continue;
            }
            let Some(start) = next_attribute(text, at)? else { break };
            at = self.attribute_at(text, (at, start), limits, scope)?;
        }
        for at in 0..self.items.len() {
            self.resolve(text, at, limits, scope)?;
            self.is_canonical &= at == 0 || self.compare(text, scope, at - 1, at).is_lt();
        }
        self.is_canonical &= at == text.len();
        resolve(text, &name.prefix, scope)
    }

    /// Reads attributes as most are, in canonical order, up to `>`: where that stands. None where there is anything else,
    /// which [`Tag::read`] reads or refuses.
    #[inline]
    pub(super) fn read_plain(&mut self, text: &str, name: usize, limits: &Limits) -> Option<usize> {
        self.clear();
        let mut at = name;
        while *text.as_bytes().get(at)? != b'>' {
            at = self.plain_attribute(text, at, limits)?;
        }
        let local = |item: &Item| part(text, &item.name.local);
        self.is_canonical = self.items.is_sorted_by(|a, b| local(a) < local(b));
        (self.is_canonical && at < limits.tag).then_some(at)
    }

    /// Reads an attribute as most are: a space, a name in ASCII without a prefix, and in double quotes a value that needs
    /// no closer look. Nothing where it is another, of which nothing was read yet.
    #[inline]
    fn plain_attribute(&mut self, text: &str, at: usize, limits: &Limits) -> Option<usize> {
        let bytes = text.as_bytes();
        let end = chars::plain_attribute_name(bytes, at)?;
        let value = end + 2;
        let length = plain_value(bytes.get(value..)?)?;
        let is_plain = end - at <= limits.name && length <= limits.value && self.items.len() < limits.attributes;
        let start = at + 1;
        if !is_plain || text.get(start..end)? == "xmlns" {
            return None;
        }
        let name = QName { prefix: start..start, local: start..end };
        self.items.push(Item { name, value: Value::Literal(value..value + length), binding: Binding::NONE });
        Some(value + length + 1)
    }

    /// Reads one attribute or namespace declaration; gives the place behind it.
    fn attribute_at(
        &mut self,
        text: &str,
        (behind, start): (usize, usize),
        limits: &Limits,
        scope: &mut Scope,
    ) -> Result<usize, Flaw> {
        let name = chars::qname(text, start, limits.name)?;
        let (quote, opening) = opening_quote(text, name.local.end)?;
        let (value, closing) = self.value_at(text, opening + 1, quote, limits)?;
        let is_tight =
            behind + 1 == start && name.local.end + 1 == opening && text.as_bytes().get(behind) == Some(&b' ');
        self.is_canonical &= is_tight && quote == b'"' && matches!(value, Value::Literal(_));
        let uri = self::value(text, &self.normalised, &value);
        match (part(text, &name.prefix), part(text, &name.local)) {
            ("", "xmlns") => {
                declare("", uri, limits, scope).map_err(at(start))?;
                self.is_canonical = false;
            }
            ("xmlns", "xml") if self.declares_xml => {
                return Err((Code::XmlMalformed, start, "an attribute stands twice"));
            }
            ("xmlns", local) => {
                self.declares_xml |= local == "xml";
                declare(local, uri, limits, scope).map_err(at(start))?;
                self.is_canonical = false;
            }
            _ if self.items.len() >= limits.attributes => {
                return Err((Code::XmlLimit, start, "an element has too many attributes"));
            }
            _ => self.items.push(Item { name, value, binding: Binding::NONE }),
        }
        Ok(closing + 1)
    }

    /// Reads the value that begins at `start`: the value, and where its closing quote stands.
    fn value_at(&mut self, text: &str, start: usize, quote: u8, limits: &Limits) -> Result<(Value, usize), Flaw> {
        let rest = text.as_bytes().get(start..).unwrap_or_default();
        let unclosed = (Code::XmlMalformed, start, "an attribute value is not closed");
        let length = memchr::memchr(quote, rest).ok_or(unclosed)?;
        if length > limits.value {
            return Err((Code::XmlLimit, start, "an attribute value is too long"));
        }
        let value = start..start + length;
        if !rest.iter().take(length).any(|byte| is_special(*byte)) {
            return Ok((Value::Literal(value), start + length));
        }
        let from = self.normalised.len();
        normalise(part(text, &value), &mut self.normalised).map_err(|(code, at, what)| (code, start + at, what))?;
        Ok((Value::Normalised(from..self.normalised.len()), start + length))
    }

    /// Binds the prefix of an attribute, keeps it if it is one of xml:*, and refuses it if it stands twice.
    fn resolve(&mut self, text: &str, at: usize, limits: &Limits, scope: &mut Scope) -> Result<(), Flaw> {
        let (before, rest) = self.items.split_at_mut(at);
        let Some(item) = rest.first_mut() else { return Ok(()) };
        if !item.name.prefix.is_empty() {
            item.binding = resolve(text, &item.name.prefix, scope)?;
        }
        let item = &*item;
        for other in before.iter().filter(|other| is_same(text, &other.name.local, &item.name.local)) {
            if is_same(text, &other.name.prefix, &item.name.prefix) {
                return Err((Code::XmlMalformed, item.name.prefix.start, "an attribute stands twice"));
            }
            if scope.uri(other.binding) == scope.uri(item.binding) {
                return Err((Code::XmlNamespace, item.name.prefix.start, "an attribute stands twice by its namespace"));
            }
        }
        if item.binding == Binding::XML {
            let (qualified, value) = (item.name.qualified(text), value(text, &self.normalised, &item.value));
            if scope.kept() + qualified.len() + value.len() > limits.inherited {
                return Err((Code::XmlLimit, item.name.prefix.start, "too much in xml:* attributes"));
            }
            scope.keep(qualified, value);
        }
        Ok(())
    }

    /// Whether the tag is its own canonical form, as far as attributes go, with no namespace declared on it.
    pub(super) fn is_canonical(&self) -> bool {
        self.is_canonical
    }

    /// Whether any attribute has a prefix.
    #[inline]
    pub(super) fn has_prefixed(&self) -> bool {
        self.items.iter().any(|item| !item.name.prefix.is_empty())
    }

    pub(super) fn attributes<'r>(
        &'r self,
        text: &'r str,
        scope: &'r Scope,
    ) -> impl ExactSizeIterator<Item = Attribute<'r>> + use<'r> {
        self.items.iter().map(move |item| Attribute {
            ns: scope.uri(item.binding),
            local: part(text, &item.name.local),
            prefix: part(text, &item.name.prefix),
            value: value(text, &self.normalised, &item.value),
            qualified: item.name.qualified(text),
        })
    }

    /// The canonical order of two attributes.
    pub(super) fn compare(&self, text: &str, scope: &Scope, a: usize, b: usize) -> Ordering {
        let (Some(a), Some(b)) = (self.items.get(a), self.items.get(b)) else { return Ordering::Equal };
        let by_local = || part(text, &a.name.local).cmp(part(text, &b.name.local));
        if a.binding == b.binding {
            return by_local();
        }
        scope.uri(a.binding).cmp(scope.uri(b.binding)).then_with(by_local)
    }
}

#[inline]
fn value<'r>(text: &'r str, normalised: &'r str, value: &Value) -> &'r str {
    match value {
        Value::Literal(range) => part(text, range),
        Value::Normalised(range) => part(normalised, range),
    }
}

/// A part of a text.
#[inline]
fn part<'r>(text: &'r str, range: &Range<usize>) -> &'r str {
    text.get(range.clone()).unwrap_or_default()
}

/// Whether two parts of a text are the same.
#[inline]
fn is_same(text: &str, a: &Range<usize>, b: &Range<usize>) -> bool {
    a.len() == b.len() && text.as_bytes().get(a.clone()) == text.as_bytes().get(b.clone())
}

/// Places a flaw.
fn at(place: usize) -> impl FnOnce((Code, &'static str)) -> Flaw {
    move |(code, what)| (code, place, what)
}

/// Where the next attribute begins: behind white space, or nowhere at the end of the tag.
fn next_attribute(text: &str, at: usize) -> Result<Option<usize>, Flaw> {
    let start = skip_space(text.as_bytes(), at);
    match text.as_bytes().get(start) {
        None => Ok(None),
        Some(_) if start > at => Ok(Some(start)),
        Some(_) => Err((Code::XmlMalformed, at, "white space or the end of the tag is expected")),
    }
}

/// The quote behind the equals sign, and where it stands.
fn opening_quote(text: &str, at: usize) -> Result<(u8, usize), Flaw> {
    let bytes = text.as_bytes();
    let equals = skip_space(bytes, at);
    if bytes.get(equals) != Some(&b'=') {
        return Err((Code::XmlMalformed, equals, "an attribute without a value"));
    }
    let quote = skip_space(bytes, equals + 1);
    match bytes.get(quote) {
        Some(mark @ (b'"' | b'\'')) => Ok((*mark, quote)),
        _ => Err((Code::XmlMalformed, quote, "an attribute value without quotes")),
    }
}

/// Declares a namespace by the rules of Namespaces in XML 1.0, 3 to 5.
fn declare(prefix: &str, uri: &str, limits: &Limits, scope: &mut Scope) -> Result<(), (Code, &'static str)> {
    if let Some(what) = unlawful(prefix, uri) {
        return Err((Code::XmlNamespace, what));
    }
    if prefix == "xml" {
        return Ok(());
    }
    if scope.declares(prefix) {
        return Err((Code::XmlMalformed, "an attribute stands twice"));
    }
    if uri.len() > limits.uri {
        return Err((Code::XmlLimit, "a namespace URI is too long"));
    }
    if scope.declared().count() >= limits.declarations || scope.bindings() >= limits.bindings {
        return Err((Code::XmlLimit, "too many namespace declarations"));
    }
    scope.declare(prefix, uri);
    Ok(())
}

/// The binding of a prefix at its place in the tag.
fn resolve(text: &str, prefix: &Range<usize>, scope: &Scope) -> Result<Binding, Flaw> {
    let bound = scope.resolve(part(text, prefix));
    bound.ok_or((Code::XmlNamespace, prefix.start, "a prefix that is not declared"))
}

fn skip_space(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().position(|byte| !chars::is_space(*byte)).unwrap_or(rest.len())
}

/// Bytes in a value that need a closer look: references, white space, what is forbidden, and the first byte of the
/// two non-characters.
const fn is_special(byte: u8) -> bool {
    matches!(byte, 0..=0x1F | b'&' | b'<' | 0xEF)
}

/// Where the first `"` stands, if nothing in front of it needs a closer look.
#[inline]
fn plain_value(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(eight) = short::eight(bytes, at) {
        let special = short::marks(eight, b'&') | short::marks(eight, b'<') | short::marks(eight, 0xEF);
        let marks = short::marks(eight, b'"') | special | short::marks_of_controls(eight);
        if marks != 0 {
            at += short::first(marks);
            return (bytes.get(at) == Some(&b'"')).then_some(at);
        }
        at += 8;
    }
    let length = bytes.get(at..)?.iter().position(|byte| *byte == b'"' || is_special(*byte))?;
    (bytes.get(at + length) == Some(&b'"')).then_some(at + length)
}

/// Attribute-value normalisation of XML 1.0, 3.3.3, for attributes of type CDATA, after 2.11.
fn normalise(value: &str, out: &mut String) -> Result<(), Flaw> {
    let mut rest = value;
    while let Some(c) = rest.chars().next() {
        let at = value.len() - rest.len();
        let mut length = c.len_utf8();
        match c {
            '&' => {
                let (resolved, after) = reference::resolve(rest.as_bytes().get(1..).unwrap_or_default())
                    .map_err(|(code, what)| (code, at, what))?;
                out.push(resolved);
                length += after;
            }
            '\r' if rest.as_bytes().get(1) == Some(&b'\n') => {}
            '\t' | '\n' | '\r' => out.push(' '),
            '<' => return Err((Code::XmlMalformed, at, "a < in an attribute value; write &lt;")),
            c if chars::is_char(c) => out.push(c),
            _ => return Err((Code::XmlMalformed, at, "a character that XML does not allow")),
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    Ok(())
}

/// What is wrong with binding this prefix (empty: the default namespace) to this URI.
fn unlawful(prefix: &str, uri: &str) -> Option<&'static str> {
    match prefix {
        "xml" if uri == XML_NAMESPACE => None,
        "xml" => Some("the prefix xml is bound to another namespace"),
        "xmlns" => Some("the prefix xmlns is declared"),
        _ if uri == XML_NAMESPACE || uri == XMLNS_NAMESPACE => Some("a reserved namespace is bound"),
        "" if uri.is_empty() => None,
        _ if uri.is_empty() => Some("a prefix is bound to no namespace"),
        _ if !uri::is_absolute(uri) => Some("a namespace URI is not absolute"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attribute_values_are_normalised() {
        for (from, to) in [
            ("a\tb\nc\r\nd\re", "a b c d e"),
            ("&#9;&#10;&#13;&#13;&#10;", "\t\n\r\r\n"),
            ("&lt;&amp;amp;", "<&amp;"),
            ("\u{FFFD}\u{FB01}", "\u{FFFD}\u{FB01}"),
        ] {
            let mut out = String::new();
            normalise(from, &mut out).unwrap();
            assert_eq!(out, to, "{from:?}");
        }
        for (bad, code, at) in [
            ("ab<", Code::XmlMalformed, 2),
            ("a\u{1}", Code::XmlMalformed, 1),
            ("\u{FFFE}", Code::XmlMalformed, 0),
            ("  &x;", Code::XmlEntity, 2),
        ] {
            let flaw = normalise(bad, &mut String::new()).unwrap_err();
            assert_eq!((flaw.0, flaw.1), (code, at), "{bad:?}");
        }
    }

    #[test]
    fn a_plain_value_ends_at_its_quote() {
        for length in [0, 1, 7, 8, 9, 30] {
            let value = "ệ".chars().chain("x".repeat(length).chars()).collect::<String>();
            for behind in ["", ">", " and more than eight bytes"] {
                assert_eq!(plain_value(format!("{value}\"{behind}").as_bytes()), Some(value.len()));
                for special in ["&", "<", "\t", "\n", "\u{FB01}"] {
                    assert_eq!(plain_value(format!("{value}{special}\"{behind}").as_bytes()), None, "{special:?}");
                    assert_eq!(plain_value(format!("{value}\"{special}{behind}").as_bytes()), Some(value.len()));
                }
                assert_eq!(plain_value(format!("{value}{behind}").as_bytes()), None);
            }
        }
    }

    #[test]
    fn reserved_bindings_are_refused() {
        assert_eq!(unlawful("xml", XML_NAMESPACE), None);
        assert_eq!(unlawful("", ""), None);
        for (prefix, uri) in [
            ("xml", "http://a"),
            ("xmlns", XMLNS_NAMESPACE),
            ("a", XML_NAMESPACE),
            ("", XML_NAMESPACE),
            ("a", XMLNS_NAMESPACE),
            ("a", ""),
            ("a", "1"),
            ("", "b/c"),
        ] {
            assert!(unlawful(prefix, uri).is_some(), "{prefix} {uri}");
        }
    }
}
