//! The Ids of a message, in whatever spelling. Without a DTD no attribute is an Id by nature, so every attribute that
//! anybody could take for one counts: a value that stands twice could mean two elements to two readers.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};

use crate::domain::Code;
use crate::xml::{Event, Fault, Kind};

/// All values so far, as keyed hashes: a value may be long, and there may be many.
#[derive(Debug)]
pub(super) struct Ids {
    limit: usize,
    seen: HashSet<u64>,
    keys: RandomState,
}

impl Ids {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, seen: HashSet::new(), keys: RandomState::new() }
    }

    /// Takes the Ids of an element: `Id`, `ID`, `id`, `xml:id`, `wsu:Id` and their like in any namespace.
    pub(super) fn event(&mut self, event: &Event<'_>) -> Result<(), Fault> {
        let Kind::Start(start) = &event.kind else { return Ok(()) };
        for found in start.attributes().filter(|found| found.local.eq_ignore_ascii_case("id")) {
            if self.seen.len() >= self.limit {
                return Err(Fault::new(Code::XmlLimit, event.span.start, "too many Ids"));
            }
            if !self.seen.insert(self.keys.hash_one(found.value)) {
                let detail = "an Id, in whatever spelling, that another element has as well";
                return Err(Fault::new(Code::IdRepeated, event.span.start, detail));
            }
        }
        Ok(())
    }
}
