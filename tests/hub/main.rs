//! The rules of the hub, through its facade: the laws, the identity table, the state table, restarts.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::format_collect,
    missing_docs,
    unreachable_pub
)]

mod backup;
mod fixtures;
mod held;
mod kept;
mod laws;
mod life;
mod overload;
mod papers;
mod samples;
mod support;
mod trust;
