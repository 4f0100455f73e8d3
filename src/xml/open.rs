//! The elements that are open: their names as one flat arena, and how many siblings of a name came before.

use crate::xml::chars;
use crate::xml::scope::{Binding, Mark};

/// Of how many different child names of one element the numbers are kept. Beyond it a path stands without an index.
const SIBLING_NAMES_MAX: usize = 32;

#[derive(Debug)]
struct Element {
    /// Where its qualified name begins in `names`.
    name: usize,
    /// Length of the prefix with its colon; 0 without a prefix.
    prefix: usize,
    /// Which one it is among the siblings of its name, from 1; 0 when not counted.
    number: u32,
    /// Where the numbers of its children begin in `siblings`.
    children: usize,
    binding: Binding,
    outer: Mark,
}

#[derive(Debug)]
struct Sibling {
    /// Where its local name begins in `sibling_names`.
    name: usize,
    length: usize,
    count: u32,
}

/// The stack of open elements.
#[derive(Debug, Default)]
pub(super) struct Open {
    names: String,
    elements: Vec<Element>,
    siblings: Vec<Sibling>,
    sibling_names: String,
}

impl Open {
    pub(super) fn depth(&self) -> usize {
        self.elements.len()
    }

    /// Opens an element by its qualified name, of which the first `prefix` bytes are the prefix and its colon; its
    /// namespace follows by [`Open::bind`].
    #[inline]
    pub(super) fn push(&mut self, qualified: &str, prefix: usize, outer: Mark) {
        let number = self.count(qualified.get(prefix..).unwrap_or_default());
        let name = self.names.len();
        self.names.push_str(qualified);
        let children = self.siblings.len();
        self.elements.push(Element { name, prefix, number, children, binding: Binding::NONE, outer });
    }

    /// Sets the namespace of the innermost element.
    #[inline]
    pub(super) fn bind(&mut self, binding: Binding) {
        if let Some(element) = self.elements.last_mut() {
            element.binding = binding;
        }
    }

    /// Closes the innermost element and gives back its mark.
    #[inline]
    pub(super) fn pop(&mut self) -> Option<Mark> {
        let element = self.elements.pop()?;
        self.names.truncate(element.name);
        if let Some(first) = self.siblings.get(element.children) {
            self.sibling_names.truncate(first.name);
            self.siblings.truncate(element.children);
        }
        Some(element.outer)
    }

    /// Qualified name of the innermost element, length of its prefix with the colon, and namespace.
    #[inline]
    pub(super) fn innermost(&self) -> (&str, usize, Binding) {
        self.elements.last().map_or(("", 0, Binding::NONE), |element| {
            (self.names.get(element.name..).unwrap_or_default(), element.prefix, element.binding)
        })
    }

    /// The path of the innermost element by local names, an index where it is above 1; empty outside the root.
    pub(super) fn path(&self) -> String {
        let mut path = String::new();
        for (at, element) in self.elements.iter().enumerate() {
            let end = self.elements.get(at + 1).map_or(self.names.len(), |next| next.name);
            path.push('/');
            path.push_str(self.names.get(element.name + element.prefix..end).unwrap_or_default());
            if element.number > 1 {
                path.extend(["[", &element.number.to_string(), "]"]);
            }
        }
        path
    }

    /// Counts one more child of this name in the innermost element.
    #[inline]
    fn count(&mut self, local: &str) -> u32 {
        let first = self.elements.last().map_or(0, |parent| parent.children);
        let names = self.sibling_names.as_bytes();
        for known in self.siblings.get_mut(first..).unwrap_or_default() {
            let name = names.get(known.name..known.name + known.length).unwrap_or_default();
            if chars::is_same(name, local.as_bytes()) {
                known.count = known.count.saturating_add(1);
                return known.count;
            }
        }
        if self.siblings.len() - first >= SIBLING_NAMES_MAX {
            return 0;
        }
        let name = self.sibling_names.len();
        self.sibling_names.push_str(local);
        self.siblings.push(Sibling { name, length: local.len(), count: 1 });
        1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_counts_siblings_of_the_same_name() {
        let mut open = Open::default();
        open.push("edXML", 0, Mark::default());
        open.push("e:To", 2, Mark::default());
        assert_eq!(open.path(), "/edXML/To");
        open.pop();
        open.push("e:From", 2, Mark::default());
        open.pop();
        open.push("f:To", 2, Mark::default());
        open.push("OrganId", 0, Mark::default());
        assert_eq!(open.path(), "/edXML/To[2]/OrganId");
        assert_eq!(open.innermost().0, "OrganId");
        open.pop();
        assert_eq!(open.innermost(), ("f:To", 2, Binding::NONE));
        open.pop();
        open.pop();
        assert_eq!(open.path(), "");
    }

    #[test]
    fn only_so_many_names_are_counted() {
        let mut open = Open::default();
        open.push("r", 0, Mark::default());
        for n in 0..100 {
            open.push(&format!("n{n}"), 0, Mark::default());
            open.pop();
        }
        assert_eq!(open.siblings.len(), SIBLING_NAMES_MAX + 1);
        open.push("n99", 0, Mark::default());
        assert_eq!(open.path(), "/r/n99");
    }
}
