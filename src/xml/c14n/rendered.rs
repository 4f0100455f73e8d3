//! The namespace declarations that stand in the output on the elements that are open there.

use std::ops::Range;

use crate::xml::chars;

#[derive(Debug)]
struct Declaration {
    prefix: Range<usize>,
    uri: Range<usize>,
}

/// A stack of declarations over one arena, a part of it for each open element.
#[derive(Debug, Default)]
pub(super) struct Rendered {
    arena: Vec<u8>,
    declarations: Vec<Declaration>,
    /// For each open element: how many declarations and how much of the arena stood before it.
    elements: Vec<(usize, usize)>,
}

impl Rendered {
    pub(super) fn depth(&self) -> usize {
        self.elements.len()
    }

    #[inline]
    pub(super) fn open(&mut self) {
        self.elements.push((self.declarations.len(), self.arena.len()));
    }

    #[inline]
    pub(super) fn close(&mut self) {
        if let Some((declarations, arena)) = self.elements.pop() {
            self.declarations.truncate(declarations);
            self.arena.truncate(arena);
        }
    }

    /// Declares a prefix on the innermost element, unless it has this very meaning in the output already.
    #[inline]
    pub(super) fn declare(&mut self, prefix: &str, uri: &str) {
        let (prefix, uri) = (prefix.as_bytes(), uri.as_bytes());
        let is_known = |known: &&Declaration| {
            known.prefix.len() == prefix.len()
                && (prefix.is_empty() || chars::is_same(self.octets(&known.prefix), prefix))
        };
        let known = self.declarations.iter().rfind(is_known);
        // `xmlns=""` is superfluous where no default namespace stands around it (C14N 1.0, 2.3)
        if known.map_or(prefix.is_empty() && uri.is_empty(), |known| chars::is_same(self.octets(&known.uri), uri)) {
            return;
        }
        let start = self.arena.len();
        self.arena.extend_from_slice(prefix);
        let middle = self.arena.len();
        self.arena.extend_from_slice(uri);
        self.declarations.push(Declaration { prefix: start..middle, uri: middle..self.arena.len() });
    }

    /// Whether the innermost element has declarations.
    #[inline]
    pub(super) fn has_own(&self) -> bool {
        self.elements.last().is_some_and(|element| self.declarations.len() > element.0)
    }

    /// The declarations of the innermost element as (prefix, URI), sorted by prefix.
    pub(super) fn own(&mut self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let first = self.elements.last().map_or(0, |element| element.0);
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
