//! The engine: the one writer, and the facade that every door uses. Before: `intake` admits. Here: batch, load facts,
//! decide, append, apply, answer; poisoning. After: `delivery` reads what was applied.

mod admin;
mod batch;
mod clockwork;
mod epoch;
mod erase;
mod evidence;
mod examined;
mod held;
mod hub;
mod ids;
mod leftovers;
mod open;
mod reads;
mod receipt;
mod refusals;
mod replay;
mod retention;
mod room;
mod scrub;
mod sending;
mod shared;
#[cfg(test)]
mod simulation;
mod spill;
mod trust;
mod turns;
mod watch;
mod writer;

pub use held::Settled;
pub use hub::{Credential, Health, Hub, Load};
pub use ids::RandomIds;
pub use open::{Ground, OpenError};
pub use reads::Content;
pub(crate) use replay::apply_records;
pub use replay::{Replayed, Watch};
pub use shared::IndexStart;
pub use turns::{Busy, Turn};
