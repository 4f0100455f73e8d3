//! The inside of a start tag: names and values as ranges over its text, so that a tag costs no allocation.

use std::ops::Range;

use crate::xml::Attribute;
use crate::xml::scope::{Binding, Scope};

/// A value: as it stands in the tag, or in the arena of values that had to be normalised.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Literal(Range<usize>),
    Normalised(Range<usize>),
}

/// One attribute that is no namespace declaration.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) prefix: Range<usize>,
    pub(super) local: Range<usize>,
    pub(super) value: Value,
    pub(super) binding: Binding,
}

/// The start tag read last.
#[derive(Debug, Default)]
pub(super) struct Tag {
    /// Everything between `<` and `>` (or `/>`).
    pub(super) text: String,
    /// Values that are not as they stand in the text.
    pub(super) normalised: String,
    pub(super) items: Vec<Item>,
}

impl Tag {
    pub(super) fn attributes<'r>(&'r self, scope: &'r Scope) -> impl ExactSizeIterator<Item = Attribute<'r>> + use<'r> {
        self.items.iter().map(|item| self.attribute(item, scope))
    }

    fn attribute<'r>(&'r self, item: &'r Item, scope: &'r Scope) -> Attribute<'r> {
        let ns = scope.uri(item.binding);
        Attribute { ns, local: self.part(&item.local), prefix: self.part(&item.prefix), value: self.value(&item.value) }
    }

    pub(super) fn part(&self, range: &Range<usize>) -> &str {
        self.text.get(range.clone()).unwrap_or_default()
    }

    pub(super) fn value(&self, value: &Value) -> &str {
        match value {
            Value::Literal(range) => self.part(range),
            Value::Normalised(range) => self.normalised.get(range.clone()).unwrap_or_default(),
        }
    }
}
