//! HTTP v1 through a real server, a real hub and the real client: what each call answers, in status, headers and body.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::format_collect,
    clippy::indexing_slicing,
    clippy::as_conversions,
    missing_docs,
    unreachable_pub
)]

mod answers;
mod content;
mod figures;
mod fixture;
mod held;
mod life;
mod signatures;
mod starting;
mod story;
mod waiting;

#[path = "../hub/support.rs"]
#[allow(dead_code)]
mod support;
