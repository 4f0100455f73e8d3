//! Overload through the real binary and real sockets: everybody pushes at once, and the hub stays within its memory,
//! sheds whom it must by the book, serves those who behave, says how it is, and is afterwards what it was.
//!
//! `make overload` runs the full size with a release build and prints the figures; without `TRUC_OVERLOAD=full` it is
//! smaller. `TRUC_OVERLOAD_LOG` is the hub's log filter; `error,truc::engine::turns=trace` tells of every turn.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::float_cmp,
    clippy::format_collect,
    missing_docs,
    unreachable_pub
)]

mod bound;
mod crowd;
mod disk;
mod hub;
#[path = "../streaming/memory.rs"]
#[allow(dead_code)]
mod memory;
mod storm;
#[path = "../hub/support.rs"]
#[allow(dead_code)]
mod support;
mod wire;
