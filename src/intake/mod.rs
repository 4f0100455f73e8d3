//! Intake: raw bytes become an admitted message, or a refusal that leaves nothing behind. Before: a door has let the
//! caller in. After: `hub` decides. An [`Admission`] can be made only here. What is attached is looked at later, aside.

mod admit;
pub mod attached;
mod command;
mod incoming;
mod likeness;

pub use admit::{Admission, Expected, admit, settle};
pub use incoming::{BodyReader, Incoming, Received};
pub use likeness::likeness;
