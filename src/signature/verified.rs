//! What the two ways of reading a signed message give: a value that only a passed signature can make, and a value
//! with a verdict beside it.

use crate::signature::Verdict;

/// A value read from a message whose signature TOTAL-PASSED, in the very pass that verified it. Only
/// `signature::verify` makes one.
#[derive(Debug, Clone, PartialEq)]
pub struct Verified<T> {
    value: T,
    verdict: Verdict,
}

impl<T> Verified<T> {
    /// The one way to make it: None unless the verdict is TOTAL-PASSED.
    pub(super) fn new(value: T, verdict: Verdict) -> Option<Self> {
        verdict.passed().then_some(Self { value, verdict })
    }

    /// What was read.
    #[must_use]
    pub fn value(&self) -> &T {
        &self.value
    }

    /// The verdict, which is TOTAL-PASSED.
    #[must_use]
    pub fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    /// Both.
    #[must_use]
    pub fn into_parts(self) -> (T, Verdict) {
        (self.value, self.verdict)
    }
}

/// A value read from a message whatever its signature, and what is to be said about that signature.
#[derive(Debug, Clone, PartialEq)]
pub struct Examined<T> {
    /// What was read. Nothing vouches for it.
    pub value: T,
    /// What is said about the signature; a message without one has a verdict, too.
    pub verdict: Verdict,
}
