//! A digest as the sink of canonical octets.

use ring::digest;

use crate::signature::DigestMethod;
use crate::xml::c14n::Sink;

/// Digests what is written to it and counts it.
pub(super) struct Hasher {
    context: digest::Context,
    octets: u64,
}

impl Hasher {
    pub(super) fn new(method: DigestMethod) -> Self {
        Self { context: digest::Context::new(method.ring()), octets: 0 }
    }

    /// The digest, and of how many octets it is.
    pub(super) fn finish(self) -> (digest::Digest, u64) {
        (self.context.finish(), self.octets)
    }
}

impl Sink for Hasher {
    fn write(&mut self, octets: &[u8]) {
        self.octets += u64::try_from(octets.len()).unwrap_or(u64::MAX);
        self.context.update(octets);
    }
}
