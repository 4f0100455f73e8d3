//! The elements that are open: their names as one flat arena, and how many siblings of a name came before.

use crate::xml::scope::{Binding, Mark};
use crate::xml::short::Key;

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
    local: Key,
    /// Where its local name begins in `sibling_names`, if that is longer than its key.
    name: usize,
    count: u32,
}

/// The stack of open elements.
#[derive(Debug)]
pub(super) struct Open {
    names: String,
    elements: Vec<Element>,
    siblings: Vec<Sibling>,
    sibling_names: String,
}

impl Open {
    /// No element is open; there is room for what most documents have.
    pub(super) fn new() -> Self {
        Self {
            names: String::with_capacity(256),
            elements: Vec::with_capacity(16),
            siblings: Vec::with_capacity(32),
            sibling_names: String::new(),
        }
    }

    pub(super) fn depth(&self) -> usize {
        self.elements.len()
    }

    /// Opens an element by its qualified name, of which the first `prefix` bytes are the prefix and its colon, with its
    /// number by [`Open::count`]; its namespace follows by [`Open::bind`].
    #[inline]
    pub(super) fn push(&mut self, qualified: &str, prefix: usize, number: u32, outer: Mark) {
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
            step(&mut path, self.names.get(element.name + element.prefix..end).unwrap_or_default(), element.number);
        }
        path
    }

    /// The path of a child of the innermost element.
    pub(super) fn path_of_child(&self, local: &str, number: u32) -> String {
        let mut path = self.path();
        step(&mut path, local, number);
        path
    }

    /// Counts one more child of this local name in the innermost element: which one it is, from 1; 0 when not counted.
    #[inline]
    pub(super) fn count(&mut self, local: Key, name: &str) -> u32 {
        let first = self.elements.last().map_or(0, |parent| parent.children);
        let is_short = name.len() <= Key::WHOLE;
        for known in self.siblings.get_mut(first..).unwrap_or_default() {
            if known.local == local && (is_short || written(&self.sibling_names, known.name, name)) {
                known.count = known.count.saturating_add(1);
                return known.count;
            }
        }
        self.count_first(local, name, first)
    }

    fn count_first(&mut self, local: Key, name: &str, first: usize) -> u32 {
        if self.siblings.len() - first >= SIBLING_NAMES_MAX {
            return 0;
        }
        let at = self.sibling_names.len();
        if name.len() > Key::WHOLE {
            self.sibling_names.push_str(name);
        }
        self.siblings.push(Sibling { local, name: at, count: 1 });
        1
    }
}

/// Whether a name stands at this place.
fn written(names: &str, at: usize, name: &str) -> bool {
    names.as_bytes().get(at..at + name.len()) == Some(name.as_bytes())
}

/// Appends a step of a path.
fn step(path: &mut String, local: &str, number: u32) {
    path.push('/');
    path.push_str(local);
    if number > 1 {
        path.extend(["[", &number.to_string(), "]"]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(open: &mut Open, qualified: &str, prefix: usize) {
        let local = &qualified[prefix..];
        let number = open.count(Key::of(local.as_bytes()), local);
        open.push(qualified, prefix, number, Mark::default());
    }

    #[test]
    fn a_path_counts_siblings_of_the_same_name() {
        let mut open = Open::new();
        push(&mut open, "edXML", 0);
        push(&mut open, "e:To", 2);
        assert_eq!(open.path(), "/edXML/To");
        open.pop();
        push(&mut open, "e:From", 2);
        open.pop();
        push(&mut open, "f:To", 2);
        push(&mut open, "OrganId", 0);
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
        let mut open = Open::new();
        push(&mut open, "r", 0);
        for n in 0..100 {
            push(&mut open, &format!("n{n}"), 0);
            open.pop();
        }
        assert_eq!(open.siblings.len(), SIBLING_NAMES_MAX + 1);
        push(&mut open, "n99", 0);
        assert_eq!(open.path(), "/r/n99");
    }
}
