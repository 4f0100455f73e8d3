//! Who takes the events of one reading of a document.

use crate::xml::{Event, Fault, Leaf};

/// Takes every event of a document in order, then gives what it has made of them.
///
/// A fault may have an empty path: the driver that owns the [`Reader`](crate::xml::Reader) fills it in.
pub trait Consumer {
    /// What comes out at the end of the document.
    type Output;

    /// Takes one event.
    fn event(&mut self, event: &Event<'_>) -> Result<(), Fault>;

    /// Takes the three events of a leaf.
    #[inline]
    fn leaf(&mut self, leaf: &Leaf<'_>) -> Result<(), Fault> {
        leaf.events().iter().try_for_each(|event| self.event(event))
    }

    /// Called once, after the last event of a document that is whole.
    fn finish(self) -> Result<Self::Output, Fault>;
}
