//! A refusal: stable code, place, and what is wrong in one English sentence without any value.

use std::borrow::Cow;
use std::fmt;

use crate::domain::{Code, Place};

/// Why the hub says no. Every stage answers with this one type; the texts for people are in [`Code`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The stable code.
    pub code: Code,
    /// Where in the message, if it is a fault in a message.
    pub at: Option<Place>,
    /// More about this case, in English: names of elements, limits, digests; never text of the message.
    pub detail: Cow<'static, str>,
}

impl Refusal {
    /// A refusal without a place.
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { code, at: None, detail: detail.into() }
    }

    /// The same refusal at a place.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.at = Some(place);
        self
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.detail)?;
        self.at.as_ref().map_or(Ok(()), |place| write!(f, " at {place}"))
    }
}

impl std::error::Error for Refusal {}
