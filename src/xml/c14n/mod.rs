//! Canonical XML: from the events of a reader to exact octets. Inclusive 1.0 and 1.1, and Exclusive.

mod algorithm;
mod base;
mod canonicalizer;
mod output;
mod rendered;
mod sink;

pub use algorithm::{Algorithm, Method};
pub use canonicalizer::Canonicalizer;
pub use sink::Sink;

#[cfg(test)]
mod tests;
