//! What the reader says about a document: events with their byte spans. Everything borrows from the reader.

use std::cmp::Ordering;
use std::ops::Range;

use crate::xml::scope::{Binding, Scope};
use crate::xml::tag::{BARE, Tag};

/// One event and the bytes of the source it was read from. Both events of an empty-element tag have the whole tag as
/// their span. A span of text covers references as they are written, and may cover the end of a CDATA section.
#[derive(Debug, Clone)]
pub struct Event<'r> {
    /// What it is.
    pub kind: Kind<'r>,
    /// Where it stands in the source.
    pub span: Range<u64>,
    /// The bytes of the source, where they stand in one piece.
    pub(super) source: &'r str,
    /// Whether they are its canonical form, but for namespace declarations that are due at a start tag. False where
    /// nobody has looked.
    pub(super) plain: bool,
}

impl<'r> Event<'r> {
    /// The same event, a start tag without its attributes.
    #[must_use]
    pub fn bare(&self) -> Event<'r> {
        let kind = match self.kind {
            Kind::Start(start) => Kind::Start(Start { tag: &BARE, ..start }),
            other => other,
        };
        Event { kind, span: self.span.clone(), source: self.source, plain: false }
    }
}

/// The kinds of event.
#[derive(Debug, Clone, Copy)]
pub enum Kind<'r> {
    /// A start tag, or the first half of an empty-element tag.
    Start(Start<'r>),
    /// An end tag, or the second half of an empty-element tag.
    End(End<'r>),
    /// Text inside the root: references resolved, line ends normalised, CDATA merged in; a carriage return here came
    /// from a character reference. A long text comes in several events, cut between characters. Never empty.
    Text(&'r str),
    /// A comment, anywhere in the document, without its marks; line ends normalised.
    Comment(&'r str),
    /// A processing instruction, anywhere in the document; line ends normalised.
    ProcessingInstruction {
        /// Its target.
        target: &'r str,
        /// What stands after the white space behind the target; may be empty.
        data: &'r str,
    },
}

/// An expanded name and the prefix it was written with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Name<'r> {
    /// Namespace URI; empty for none.
    pub ns: &'r str,
    /// Local name.
    pub local: &'r str,
    /// Prefix; empty for none.
    pub prefix: &'r str,
    /// The name as it is written, with its prefix.
    pub(super) qualified: &'r str,
}

impl<'r> Name<'r> {
    /// A name as it is written, of which the first `prefix` bytes are the prefix and its colon.
    #[inline]
    fn new(ns: &'r str, qualified: &'r str, prefix: usize) -> Self {
        let (before, local) = qualified.split_at_checked(prefix).unwrap_or_default();
        Self { ns, local, prefix: before.strip_suffix(':').unwrap_or(before), qualified }
    }

    /// Whether this is `{ns}local`, whatever the prefix.
    #[must_use]
    pub fn is(&self, ns: &str, local: &str) -> bool {
        is_same(self.local, local) && is_same(self.ns, ns)
    }
}

/// An attribute that is not a namespace declaration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attribute<'r> {
    /// Namespace URI; empty for an attribute without a prefix.
    pub ns: &'r str,
    /// Local name.
    pub local: &'r str,
    /// Prefix; empty for none.
    pub prefix: &'r str,
    /// Value after reference resolution and attribute-value normalisation (XML 1.0, 3.3.3, as CDATA).
    pub value: &'r str,
    /// The name as it is written, with its prefix.
    pub(super) qualified: &'r str,
}

/// The name of an element, as it is written and what it is bound to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Written<'r> {
    pub(super) qualified: &'r str,
    /// Length of the prefix with its colon; 0 without a prefix.
    pub(super) prefix: usize,
    pub(super) binding: Binding,
}

impl<'r> Written<'r> {
    #[inline]
    fn name(&self, scope: &'r Scope) -> Name<'r> {
        Name::new(scope.uri(self.binding), self.qualified, self.prefix)
    }
}

/// A start tag: its name, attributes, and the namespaces around it.
#[derive(Debug, Clone, Copy)]
pub struct Start<'r> {
    pub(super) written: Written<'r>,
    /// What stands between `<` and `>` or `/>`.
    pub(super) text: &'r str,
    pub(super) tag: &'r Tag,
    pub(super) scope: &'r Scope,
    /// Whether it has no part of its own in the scope.
    pub(super) is_leaf: bool,
}

/// An end tag: whose it is.
#[derive(Debug, Clone, Copy)]
pub struct End<'r> {
    pub(super) written: Written<'r>,
    pub(super) scope: &'r Scope,
}

impl<'r> End<'r> {
    /// The element's name.
    #[inline]
    #[must_use]
    pub fn name(&self) -> Name<'r> {
        self.written.name(self.scope)
    }
}

impl<'r> Start<'r> {
    /// The element's name.
    #[inline]
    #[must_use]
    pub fn name(&self) -> Name<'r> {
        self.written.name(self.scope)
    }

    /// What its prefix is bound to: the same pair of prefix and namespace as long as the element stays open that binds it.
    #[inline]
    pub(super) fn binding(&self) -> Binding {
        self.written.binding
    }

    /// Whether this is its local name, in whatever namespace.
    #[inline]
    #[must_use]
    pub fn is_local(&self, local: &str) -> bool {
        let Written { qualified, prefix, .. } = self.written;
        qualified.len() - prefix == local.len() && qualified.ends_with(local)
    }

    /// Whether any attribute has a prefix.
    #[inline]
    pub(super) fn has_prefixed(&self) -> bool {
        self.tag.has_prefixed()
    }

    /// The attributes in the order in which they stand, without namespace declarations.
    #[must_use]
    pub fn attributes(&self) -> impl ExactSizeIterator<Item = Attribute<'r>> + use<'r> {
        self.tag.attributes(self.text, self.scope)
    }

    /// The value of the attribute `{ns}local`.
    #[must_use]
    pub fn attribute(&self, ns: &str, local: &str) -> Option<&'r str> {
        self.attributes().find(|found| is_same(found.local, local) && is_same(found.ns, ns)).map(|found| found.value)
    }

    /// The namespace declarations on this very tag, as (prefix, URI): an empty prefix is the default namespace, an
    /// empty URI takes it back. A declaration of `xml` is left out.
    pub fn declarations(&self) -> impl Iterator<Item = (&'r str, &'r str)> + use<'r> {
        let is_leaf = self.is_leaf;
        self.scope.declared().filter(move |_| !is_leaf)
    }

    /// Every binding in scope at this element, as (prefix, URI), innermost first, each prefix once; without `xml` and
    /// without a default namespace that was taken back.
    pub fn in_scope(&self) -> impl Iterator<Item = (&'r str, &'r str)> + use<'r> {
        self.scope.in_scope()
    }

    /// The xml:* attributes of all elements around this one, outermost element first: what inclusive canonicalisation
    /// of this element as an apex inherits.
    pub fn inherited(&self) -> impl Iterator<Item = Attribute<'r>> + use<'r> {
        self.scope.inherited(self.is_leaf)
    }

    /// The order of two attributes in canonical XML, by their places: by namespace URI, then local name.
    pub(super) fn compare(&self, a: usize, b: usize) -> Ordering {
        self.tag.compare(self.text, self.scope, a, b)
    }
}

/// Equality that does not call `memcmp` for empty strings, which often lie nowhere: glibc's masked loads there cost a
/// hundred nanoseconds.
#[inline]
fn is_same(a: &str, b: &str) -> bool {
    a.len() == b.len() && (a.is_empty() || a == b)
}
