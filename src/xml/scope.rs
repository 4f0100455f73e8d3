//! What descends from element to element: namespace bindings and xml:* attributes, as flat stacks over one arena.

use std::ops::Range;

use crate::xml::{Attribute, chars};

/// The namespace of the prefix `xml`.
pub const XML_NAMESPACE: &str = "http://www.w3.org/XML/1998/namespace";

/// Index of a binding: the resolved namespace of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Binding(usize);

impl Binding {
    /// No namespace.
    pub(super) const NONE: Self = Self(0);
    /// The namespace of `xml`.
    pub(super) const XML: Self = Self(1);
}

#[derive(Debug, Clone)]
struct Pair {
    name: Range<usize>,
    value: Range<usize>,
}

/// How much of the stacks belongs to the elements outside an element.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Mark {
    bindings: usize,
    xml: usize,
    arena: usize,
    /// Bytes of the xml:* attributes.
    kept: usize,
    /// The default namespace.
    default: Binding,
}

/// The bindings in scope and the xml:* attributes of open elements.
#[derive(Debug)]
pub(super) struct Scope {
    arena: String,
    /// The first two are fixed: no namespace for no prefix, and `xml`.
    bindings: Vec<Pair>,
    /// xml:* attributes, outermost element first.
    xml: Vec<Pair>,
    /// Bytes of all xml:* attributes kept.
    kept: usize,
    /// Where the innermost element's own part begins.
    own: Mark,
}

impl Scope {
    pub(super) fn new() -> Self {
        let mut arena = String::with_capacity(512);
        arena.push_str("xml");
        arena.push_str(XML_NAMESPACE);
        let none = Pair { name: 0..0, value: 0..0 };
        let xml = Pair { name: 0..3, value: 3..arena.len() };
        let own = Mark { bindings: 2, xml: 0, arena: arena.len(), kept: 0, default: Binding::NONE };
        let mut bindings = Vec::with_capacity(8);
        bindings.extend([none, xml]);
        Self { arena, bindings, xml: Vec::new(), kept: 0, own }
    }

    /// Begins an element; give the mark back to [`Scope::close`].
    #[inline]
    pub(super) fn open(&mut self) -> Mark {
        let outer = self.own;
        self.own = Mark {
            bindings: self.bindings.len(),
            xml: self.xml.len(),
            arena: self.arena.len(),
            kept: self.kept,
            default: outer.default,
        };
        outer
    }

    /// Ends the innermost element.
    #[inline]
    pub(super) fn close(&mut self, outer: Mark) {
        self.bindings.truncate(self.own.bindings);
        self.xml.truncate(self.own.xml);
        self.arena.truncate(self.own.arena);
        self.kept = self.own.kept;
        self.own = outer;
    }

    /// Binds a prefix for the innermost element.
    pub(super) fn declare(&mut self, prefix: &str, uri: &str) {
        let pair = self.store(prefix, uri);
        if prefix.is_empty() {
            self.own.default = Binding(self.bindings.len());
        }
        self.bindings.push(pair);
    }

    /// Keeps an xml:* attribute of the innermost element, by its qualified name.
    pub(super) fn keep(&mut self, qualified: &str, value: &str) {
        let pair = self.store(qualified, value);
        self.xml.push(pair);
        self.kept += qualified.len() + value.len();
    }

    fn store(&mut self, name: &str, value: &str) -> Pair {
        let start = self.arena.len();
        self.arena.push_str(name);
        let middle = self.arena.len();
        self.arena.push_str(value);
        Pair { name: start..middle, value: middle..self.arena.len() }
    }

    /// How many bindings stand, shadowed ones included; without the two fixed ones.
    pub(super) fn bindings(&self) -> usize {
        self.bindings.len() - 2
    }

    /// Bytes of all xml:* attributes kept.
    pub(super) fn kept(&self) -> usize {
        self.kept
    }

    /// The binding of no prefix.
    #[inline]
    pub(super) fn default(&self) -> Binding {
        self.own.default
    }

    /// The binding of a prefix, innermost first. The empty prefix is always bound, if only to no namespace.
    #[inline]
    pub(super) fn resolve(&self, prefix: &str) -> Option<Binding> {
        if prefix.is_empty() {
            return Some(self.own.default);
        }
        let (arena, prefix) = (self.arena.as_bytes(), prefix.as_bytes());
        let same = |pair: &Pair| {
            pair.name.len() == prefix.len()
                && arena.get(pair.name.clone()).is_some_and(|name| chars::is_same(name, prefix))
        };
        self.bindings.iter().rposition(same).map(Binding)
    }

    /// The URI of a binding.
    #[inline]
    pub(super) fn uri(&self, binding: Binding) -> &str {
        self.bindings.get(binding.0).map_or("", |pair| self.text(&pair.value))
    }

    /// Whether the innermost element has declared this prefix already.
    pub(super) fn declares(&self, prefix: &str) -> bool {
        self.declared().any(|(known, _)| known == prefix)
    }

    pub(super) fn declared(&self) -> impl Iterator<Item = (&str, &str)> {
        self.bindings.iter().skip(self.own.bindings).map(|pair| self.pair(pair))
    }

    pub(super) fn in_scope(&self) -> impl Iterator<Item = (&str, &str)> {
        let own = self.bindings.iter().enumerate().skip(2).rev();
        own.filter(|(at, pair)| self.resolve(self.text(&pair.name)) == Some(Binding(*at)))
            .map(|(_, pair)| self.pair(pair))
            .filter(|(_, uri)| !uri.is_empty())
    }

    /// The xml:* attributes around the innermost element, or also those on it.
    pub(super) fn inherited(&self, own: bool) -> impl Iterator<Item = Attribute<'_>> {
        let count = if own { self.xml.len() } else { self.own.xml };
        self.xml.iter().take(count).map(|pair| {
            let (qualified, value) = self.pair(pair);
            let local = qualified.strip_prefix("xml:").unwrap_or(qualified);
            Attribute { ns: XML_NAMESPACE, local, prefix: "xml", value, qualified }
        })
    }

    fn pair(&self, pair: &Pair) -> (&str, &str) {
        (self.text(&pair.name), self.text(&pair.value))
    }

    #[inline]
    fn text(&self, range: &Range<usize>) -> &str {
        self.arena.get(range.clone()).unwrap_or_default()
    }
}
