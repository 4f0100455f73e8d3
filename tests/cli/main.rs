//! The real binary, as people and scripts use it: what it prints, what it does with a hub, how it ends.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod demo;
mod documents;
mod engine;
mod evidence;
mod faults;
mod life;
mod operator;
mod rebuild;
mod support;
mod token;
mod transcripts;
mod trust;
mod verify;
mod work;
