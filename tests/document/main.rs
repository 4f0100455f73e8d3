//! The signatures inside documents, made by independent signers (pyHanko, openssl) and looked at by the hub.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod cms;
mod pdf;
mod support;
mod updates;
mod vectors;
mod zip;
