//! The rules: facts, decide, apply. Pure: no I/O, no clock, no randomness of its own; the engine brings all three.
//! A command is decided against rows, the resulting drafts become entries, and entries become rows.

pub mod apply;
pub mod backup;
pub mod block;
pub mod content;
pub mod decide;
pub mod delivery;
pub mod destroy;
pub mod entry;
pub mod held;
pub mod keys;
#[cfg(test)]
mod law_3;
#[cfg(test)]
mod law_3_held;
pub mod register;
pub mod retention;
pub mod rows;
pub mod scope;
pub mod stamp;
pub mod status;
pub mod submit;

pub use apply::apply;
pub use decide::{Answer, Command, Decision, Draft, Ids};
pub use entry::{Entry, Event};
pub use rows::Rows;
pub use stamp::Stamper;
