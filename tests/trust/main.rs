//! Paths, revocation and registers, from the outside: stories over a PKI made here, and the vectors of
//! `../shared/vectors` of the kind `x509-path`, where they are at hand.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

#[path = "../vectors/exceptions.rs"]
mod exceptions;
mod generated;
mod limbo;
mod ocsp;
mod pkits;
mod stories;
mod vectors;
