//! Who takes the events of one reading of a document.

use crate::xml::{Event, Fault};

/// Takes every event of a document in order, then gives what it has made of them.
///
/// A fault may have an empty path: the driver that owns the [`Reader`](crate::xml::Reader) fills it in.
pub trait Consumer {
    /// What comes out at the end of the document.
    type Output;

    /// Takes one event.
    fn event(&mut self, event: &Event<'_>) -> Result<(), Fault>;

    /// Called once, after the last event of a document that is whole.
    fn finish(self) -> Result<Self::Output, Fault>;
}
