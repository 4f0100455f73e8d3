//! What the ways of reading a signed message give: a value that only a passed signature can make, one that only a
//! signature can make of which nothing but revocation is open, and a value with a verdict beside it.

use crate::signature::{Indication, SubIndication, Verdict};

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

/// A value read from a message whose signature was checked in the same pass and is right in everything but that
/// revocation is not known yet: INDETERMINATE/TRY_LATER. Only `signature::verify_or_hold` makes one. It vouches for
/// nothing: the message waits until `signature::verify` makes a [`Verified`] of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Unsettled<T> {
    value: T,
    verdict: Verdict,
}

impl<T> Unsettled<T> {
    /// The one way to make it: None unless the verdict is TRY_LATER and the whole content was digested.
    pub(super) fn new(value: T, verdict: Verdict) -> Option<Self> {
        let waits = verdict.indication == Indication::Indeterminate
            && verdict.sub_indication == Some(SubIndication::TryLater)
            && !verdict.covered.is_empty();
        waits.then_some(Self { value, verdict })
    }

    /// Both.
    #[must_use]
    pub fn into_parts(self) -> (T, Verdict) {
        (self.value, self.verdict)
    }
}

/// What `signature::verify_or_hold` makes of a message.
#[derive(Debug, Clone, PartialEq)]
pub enum Judged<T> {
    /// TOTAL-PASSED.
    Passed(Verified<T>),
    /// Everything but revocation.
    Unsettled(Unsettled<T>),
}

/// A value read from a message whatever its signature, and what is to be said about that signature.
#[derive(Debug, Clone, PartialEq)]
pub struct Examined<T> {
    /// What was read. Nothing vouches for it.
    pub value: T,
    /// What is said about the signature; a message without one has a verdict, too.
    pub verdict: Verdict,
}
