//! The namespace declarations that stand in the output on the elements that are open there.

use std::ops::Range;

use crate::xml::chars;
use crate::xml::scope::Binding;

#[derive(Debug)]
struct Declaration {
    /// The depth of the element that has it.
    depth: usize,
    /// The name's binding for which it was made, which stays on its stack as long as this one.
    binding: Option<Binding>,
    prefix: Range<usize>,
    uri: Range<usize>,
}

/// A stack of declarations over one arena. Most elements have none and cost nothing but a count.
#[derive(Debug, Default)]
pub(super) struct Rendered {
    arena: Vec<u8>,
    declarations: Vec<Declaration>,
    depth: usize,
}

impl Rendered {
    pub(super) fn depth(&self) -> usize {
        self.depth
    }

    #[inline]
    pub(super) fn open(&mut self) {
        self.depth += 1;
    }

    #[inline]
    pub(super) fn close(&mut self) {
        while let Some(own) = self.declarations.pop_if(|last| last.depth == self.depth) {
            self.arena.truncate(own.prefix.start);
        }
        self.depth = self.depth.saturating_sub(1);
    }

    /// Whether the newest declaration was made for this binding; then its prefix has its meaning in the output.
    #[inline]
    pub(super) fn is_newest(&self, binding: Binding) -> bool {
        self.declarations.last().is_some_and(|last| last.binding == Some(binding))
    }

    /// Whether a prefix has this very meaning in the output.
    pub(super) fn knows(&self, prefix: &str, uri: &str) -> bool {
        let (prefix, uri) = (prefix.as_bytes(), uri.as_bytes());
        let is_known = |known: &&Declaration| {
            known.prefix.len() == prefix.len()
                && (prefix.is_empty() || chars::is_same(self.octets(&known.prefix), prefix))
        };
        let known = self.declarations.iter().rfind(is_known);
        // `xmlns=""` is superfluous where no default namespace stands around it (C14N 1.0, 2.3)
        known.map_or(prefix.is_empty() && uri.is_empty(), |known| chars::is_same(self.octets(&known.uri), uri))
    }

    /// Declares a prefix on the innermost element, unless it has this very meaning in the output already.
    pub(super) fn declare(&mut self, prefix: &str, uri: &str, binding: Option<Binding>) {
        if self.knows(prefix, uri) {
            return;
        }
        let (prefix, uri) = (prefix.as_bytes(), uri.as_bytes());
        let start = self.arena.len();
        self.arena.extend_from_slice(prefix);
        let middle = self.arena.len();
        self.arena.extend_from_slice(uri);
        let (prefix, uri) = (start..middle, middle..self.arena.len());
        self.declarations.push(Declaration { depth: self.depth, binding, prefix, uri });
    }

    /// Whether the innermost element has declarations.
    #[inline]
    pub(super) fn has_own(&self) -> bool {
        self.declarations.last().is_some_and(|last| last.depth == self.depth)
    }

    /// The declarations of the innermost element as (prefix, URI), sorted by prefix.
    pub(super) fn own(&mut self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let first = self.declarations.iter().rposition(|outer| outer.depth < self.depth).map_or(0, |at| at + 1);
        let octets = |range: &Range<usize>| self.arena.get(range.clone()).unwrap_or_default();
        let own = self.declarations.get_mut(first..).unwrap_or_default();
        if own.len() > 1 {
            own.sort_unstable_by(|a, b| octets(&a.prefix).cmp(octets(&b.prefix)));
        }
        own.iter().map(move |own| (octets(&own.prefix), octets(&own.uri)))
    }

    #[inline]
    fn octets(&self, range: &Range<usize>) -> &[u8] {
        self.arena.get(range.clone()).unwrap_or_default()
    }
}
