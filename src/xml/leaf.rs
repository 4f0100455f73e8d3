//! Elements that hold a few words and nothing else, `<name>words</name>`, as most of a message and of exported data are:
//! read in one step, and where all three events of one mean the same to somebody, taken in one step as well.

use std::ops::Range;

use crate::xml::event::Written;
use crate::xml::names::PlainName;
use crate::xml::open::Open;
use crate::xml::scope::{Binding, Scope};
use crate::xml::tag::BARE;
use crate::xml::{End, Event, Kind, Start};

/// What the reader gives in one step.
#[derive(Debug)]
pub enum Unit<'r> {
    /// One event.
    Event(Event<'r>),
    /// Three events.
    Leaf(Leaf<'r>),
}

/// The element of a leaf, which is never among the open ones.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct LeafElement {
    pub(super) name: PlainName,
    pub(super) binding: Binding,
    /// Which one it is among the siblings of its name, from 1; 0 when not counted.
    pub(super) number: u32,
}

/// An element without attributes, with a short text in which nothing has to be replaced; all of it in canonical form,
/// but for namespace declarations that are due at its start tag.
#[derive(Debug)]
pub struct Leaf<'r> {
    pub(super) source: &'r str,
    pub(super) element: LeafElement,
    pub(super) open: &'r Open,
    pub(super) scope: &'r Scope,
    pub(super) position: u64,
}

impl<'r> Leaf<'r> {
    /// The start tag.
    #[inline]
    #[must_use]
    pub fn start(&self) -> Start<'r> {
        let written = self.written();
        Start { written, text: written.qualified, tag: &BARE, scope: self.scope, is_leaf: true }
    }

    /// As [`Start::is_local`].
    #[inline]
    #[must_use]
    pub fn is_local(&self, local: &str) -> bool {
        let LeafElement { name, .. } = self.element;
        name.length - name.prefix == local.len() && self.written().qualified.ends_with(local)
    }

    /// As [`Start::binding`].
    #[inline]
    pub(super) fn binding(&self) -> Binding {
        self.element.binding
    }

    #[inline]
    fn written(&self) -> Written<'r> {
        let LeafElement { name, binding, .. } = self.element;
        let qualified = self.source.get(1..=name.length).unwrap_or_default();
        Written { qualified, prefix: name.prefix, binding }
    }

    /// Its path, as [`Reader::path`](crate::xml::Reader::path) says it.
    #[must_use]
    pub fn path(&self) -> String {
        let Written { qualified, prefix, .. } = self.written();
        self.open.path_of_child(qualified.get(prefix..).unwrap_or_default(), self.element.number)
    }

    /// Its events: the start tag, the text, the end tag.
    #[inline]
    #[must_use]
    pub fn events(&self) -> [Event<'r>; 3] {
        let name = self.element.name.length;
        let (behind_start, behind_text) = (name + 2, self.source.len().saturating_sub(name + 3));
        let text = self.source.get(behind_start..behind_text).unwrap_or_default();
        [
            self.event(Kind::Start(self.start()), 0..behind_start),
            self.event(Kind::Text(text), behind_start..behind_text),
            self.event(Kind::End(End { written: self.written(), scope: self.scope }), behind_text..self.source.len()),
        ]
    }

    #[inline]
    fn event(&self, kind: Kind<'r>, part: Range<usize>) -> Event<'r> {
        let at = |offset: usize| self.position.saturating_add(u64::try_from(offset).unwrap_or(u64::MAX));
        let span = at(part.start)..at(part.end);
        Event { kind, span, source: self.source.get(part).unwrap_or_default(), plain: true }
    }
}
