//! The inside of a start tag: names and values as ranges over its text, so that a tag costs no allocation. The strict
//! attribute syntax of XML 1.0 and the rules of Namespaces in XML stand here.

use std::ops::Range;

use crate::domain::Code;
use crate::xml::chars::{self, Flaw, QName};
use crate::xml::scope::{Binding, Scope, XML_NAMESPACE};
use crate::xml::{Attribute, Limits, reference, uri};

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

/// The start tag read last.
#[derive(Debug, Default)]
pub(super) struct Tag {
    /// Everything between `<` and `>` (or `/>`).
    text: String,
    /// Values that are not as they stand in the text.
    normalised: String,
    items: Vec<Item>,
}

impl Tag {
    /// Takes the next tag's text and reads its name.
    pub(super) fn take(&mut self, text: &str, limits: &Limits) -> Result<QName, Flaw> {
        self.text.clear();
        self.text.push_str(text);
        self.normalised.clear();
        self.items.clear();
        chars::qname(&self.text, 0, limits.name)
    }

    /// Reads the attributes behind the name, declares the namespaces in `scope` (which has the element open already),
    /// and gives the binding of the element's own name. Offsets of flaws count in the text of the tag.
    pub(super) fn bind(&mut self, name: &QName, limits: &Limits, scope: &mut Scope) -> Result<Binding, Flaw> {
        let mut at = name.local.end;
        while let Some(start) = self.next_attribute(at)? {
            at = self.attribute_at(start, limits, scope)?;
        }
        if self.part(&name.prefix) == "xmlns" {
            return Err((Code::XmlNamespace, 0, "an element has the prefix xmlns"));
        }
        for at in 0..self.items.len() {
            self.resolve(at, limits, scope)?;
        }
        resolve(&self.text, &name.prefix, scope)
    }

    /// Where the next attribute begins: behind white space, or nowhere at the end of the tag.
    fn next_attribute(&self, at: usize) -> Result<Option<usize>, Flaw> {
        let start = skip_space(self.text.as_bytes(), at);
        match self.text.as_bytes().get(start) {
            None => Ok(None),
            Some(_) if start > at => Ok(Some(start)),
            Some(_) => Err((Code::XmlMalformed, at, "white space or the end of the tag is expected")),
        }
    }

    /// Reads one attribute or namespace declaration; gives the place behind it.
    fn attribute_at(&mut self, start: usize, limits: &Limits, scope: &mut Scope) -> Result<usize, Flaw> {
        let name = chars::qname(&self.text, start, limits.name)?;
        let (quote, opening) = self.opening_quote(name.local.end)?;
        let (value, closing) = self.value_at(opening + 1, quote, limits)?;
        match (self.part(&name.prefix), self.part(&name.local)) {
            ("", "xmlns") => self.declare(start, 0..0, &value, limits, scope)?,
            ("xmlns", _) => self.declare(start, name.local, &value, limits, scope)?,
            _ if self.items.len() >= limits.attributes => {
                return Err((Code::XmlLimit, start, "an element has too many attributes"));
            }
            _ => self.items.push(Item { name, value, binding: Binding::NONE }),
        }
        Ok(closing + 1)
    }

    fn opening_quote(&self, at: usize) -> Result<(u8, usize), Flaw> {
        let bytes = self.text.as_bytes();
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

    /// Reads the value that begins at `start`: the value, and where its closing quote stands.
    fn value_at(&mut self, start: usize, quote: u8, limits: &Limits) -> Result<(Value, usize), Flaw> {
        let rest = self.text.as_bytes().get(start..).unwrap_or_default();
        let unclosed = (Code::XmlMalformed, start, "an attribute value is not closed");
        let length = memchr::memchr(quote, rest).ok_or(unclosed)?;
        if length > limits.value {
            return Err((Code::XmlLimit, start, "an attribute value is too long"));
        }
        let value = start..start + length;
        if !rest.iter().take(length).any(|byte| is_special(*byte)) {
            return Ok((Value::Literal(value.clone()), value.end));
        }
        let text = self.text.get(value.clone()).unwrap_or_default();
        let from = self.normalised.len();
        normalise(text, &mut self.normalised).map_err(|(code, at, what)| (code, start + at, what))?;
        Ok((Value::Normalised(from..self.normalised.len()), value.end))
    }

    /// Declares a namespace by the rules of Namespaces in XML 1.0, 3 to 5.
    fn declare(
        &self,
        at: usize,
        prefix: Range<usize>,
        uri: &Value,
        limits: &Limits,
        scope: &mut Scope,
    ) -> Result<(), Flaw> {
        let (prefix, uri) = (self.part(&prefix), self.value(uri));
        if let Some(what) = unlawful(prefix, uri) {
            return Err((Code::XmlNamespace, at, what));
        }
        if prefix == "xml" {
            return Ok(());
        }
        if scope.declares(prefix) {
            return Err((Code::XmlMalformed, at, "an attribute stands twice"));
        }
        if uri.len() > limits.uri {
            return Err((Code::XmlLimit, at, "a namespace URI is too long"));
        }
        if scope.declared().count() >= limits.declarations || scope.bindings() >= limits.bindings {
            return Err((Code::XmlLimit, at, "too many namespace declarations"));
        }
        scope.declare(prefix, uri);
        Ok(())
    }

    /// Binds the prefix of an attribute, keeps it if it is one of xml:*, and refuses it if it stands twice.
    fn resolve(&mut self, at: usize, limits: &Limits, scope: &mut Scope) -> Result<(), Flaw> {
        let (before, rest) = self.items.split_at_mut(at);
        let Some(item) = rest.first_mut() else { return Ok(()) };
        if !item.name.prefix.is_empty() {
            item.binding = resolve(&self.text, &item.name.prefix, scope)?;
        }
        let item = &*item;
        let local = self.text.get(item.name.local.clone());
        for other in before.iter().filter(|other| self.text.get(other.name.local.clone()) == local) {
            if self.text.get(other.name.prefix.clone()) == self.text.get(item.name.prefix.clone()) {
                return Err((Code::XmlMalformed, item.name.prefix.start, "an attribute stands twice"));
            }
            if scope.uri(other.binding) == scope.uri(item.binding) {
                return Err((Code::XmlNamespace, item.name.prefix.start, "an attribute stands twice by its namespace"));
            }
        }
        self.keep_inherited(at, limits, scope)
    }

    fn keep_inherited(&self, at: usize, limits: &Limits, scope: &mut Scope) -> Result<(), Flaw> {
        let Some(item) = self.items.get(at).filter(|item| item.binding == Binding::XML) else { return Ok(()) };
        let (local, value) = (self.part(&item.name.local), self.value(&item.value));
        if scope.kept() + local.len() + value.len() > limits.inherited {
            return Err((Code::XmlLimit, item.name.prefix.start, "too much in xml:* attributes"));
        }
        scope.keep(local, value);
        Ok(())
    }

    pub(super) fn attributes<'r>(&'r self, scope: &'r Scope) -> impl ExactSizeIterator<Item = Attribute<'r>> + use<'r> {
        self.items.iter().map(|item| Attribute {
            ns: scope.uri(item.binding),
            local: self.part(&item.name.local),
            prefix: self.part(&item.name.prefix),
            value: self.value(&item.value),
        })
    }

    /// A part of the tag's text.
    pub(super) fn part(&self, range: &Range<usize>) -> &str {
        self.text.get(range.clone()).unwrap_or_default()
    }

    fn value(&self, value: &Value) -> &str {
        match value {
            Value::Literal(range) => self.part(range),
            Value::Normalised(range) => self.normalised.get(range.clone()).unwrap_or_default(),
        }
    }
}

fn resolve(text: &str, prefix: &Range<usize>, scope: &Scope) -> Result<Binding, Flaw> {
    let bound = scope.resolve(text.get(prefix.clone()).unwrap_or_default());
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
