//! XML signatures as their users meet them: what is signed verifies, what is altered does not, xmlsec1 agrees, and the
//! known attacks are refused by name.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::format_collect,
    clippy::format_push_string
)]

mod alterations;
mod attacks;
mod by_id;
mod certificates;
mod examples;
mod forge;
mod keys;
mod refusals;
mod round_trips;
mod samples;
mod support;
mod xmlsec;
