//! The namespace declarations that stand in the output on the elements that are open there.

use std::ops::Range;

#[derive(Debug)]
struct Declaration {
    prefix: Range<usize>,
    uri: Range<usize>,
}

/// A stack of declarations over one arena, a part of it for each open element.
#[derive(Debug, Default)]
pub(super) struct Rendered {
    arena: String,
    declarations: Vec<Declaration>,
    /// For each open element: how many declarations and how much of the arena stood before it.
    elements: Vec<(usize, usize)>,
}

impl Rendered {
    pub(super) fn depth(&self) -> usize {
        self.elements.len()
    }

    pub(super) fn open(&mut self) {
        self.elements.push((self.declarations.len(), self.arena.len()));
    }

    pub(super) fn close(&mut self) {
        if let Some((declarations, arena)) = self.elements.pop() {
            self.declarations.truncate(declarations);
            self.arena.truncate(arena);
        }
    }

    /// Declares a prefix on the innermost element, unless it has this very meaning in the output already.
    pub(super) fn declare(&mut self, prefix: &str, uri: &str) {
        let known = self
            .declarations
            .iter()
            .rfind(|known| known.prefix.len() == prefix.len() && self.text(&known.prefix) == prefix);
        // `xmlns=""` is superfluous where no default namespace stands around it (C14N 1.0, 2.3)
        if known.map_or(prefix.is_empty() && uri.is_empty(), |known| self.text(&known.uri) == uri) {
            return;
        }
        let start = self.arena.len();
        self.arena.push_str(prefix);
        let middle = self.arena.len();
        self.arena.push_str(uri);
        self.declarations.push(Declaration { prefix: start..middle, uri: middle..self.arena.len() });
    }

    /// The declarations of the innermost element as (prefix, URI), sorted by prefix.
    pub(super) fn own(&mut self) -> impl Iterator<Item = (&str, &str)> {
        let first = self.elements.last().map_or(0, |element| element.0);
        let text = |range: &Range<usize>| self.arena.get(range.clone()).unwrap_or_default();
        let own = self.declarations.get_mut(first..).unwrap_or_default();
        own.sort_unstable_by(|a, b| text(&a.prefix).cmp(text(&b.prefix)));
        own.iter().map(move |own| (text(&own.prefix), text(&own.uri)))
    }

    fn text(&self, range: &Range<usize>) -> &str {
        self.arena.get(range.clone()).unwrap_or_default()
    }
}
