//! The parts of a message get Ids, so that a signature can point at them: those that they have, else new ones.

use std::collections::HashSet;

use crate::domain::{Code, Refusal};
use crate::signature::skeleton::Skeleton;
use crate::signature::survey::walk;
use crate::signature::watch::Seen;
use crate::signature::{Profile, References};
use crate::xml::{Event, Kind};

/// The message in which every part has an Id, and these Ids in document order.
pub(super) fn identify(message: &[u8], profile: &Profile) -> Result<(Vec<u8>, Vec<String>), Refusal> {
    let References::Parts(parts) = &profile.references else {
        return Err(Refusal::new(Code::ReferenceNotAllowed, "the profile names no parts to sign by their Id"));
    };
    let mut found =
        Found { skeleton: Skeleton::new(parts, profile.signature_path()), used: HashSet::new(), parts: Vec::new() };
    let walked = walk(message, profile, |seen, event| {
        if !matches!(seen, Seen::Opens | Seen::Inside | Seen::Closes) {
            found.event(event);
        }
        Ok(())
    });
    walked.map_err(|fault| fault.locate(&message))?;
    if found.parts.is_empty() {
        return Err(Refusal::new(Code::ElementMissing, "there is no part of a message to sign"));
    }
    Ok(found.write(message))
}

struct Found<'a> {
    skeleton: Skeleton<'a>,
    /// The Ids that stand in the message, in whatever spelling.
    used: HashSet<String>,
    parts: Vec<FoundPart>,
}

struct FoundPart {
    /// Where an attribute can be put: behind the name in the start tag.
    place: u64,
    name: String,
    id: Option<String>,
}

impl Found<'_> {
    fn event(&mut self, event: &Event<'_>) {
        let met = self.skeleton.met();
        self.skeleton.event(event, true);
        let Kind::Start(start) = &event.kind else { return };
        let ids = start.attributes().filter(|found| found.local.eq_ignore_ascii_case("id"));
        self.used.extend(ids.map(|found| found.value.to_owned()));
        if self.skeleton.met() == met {
            return;
        }
        let name = start.name();
        let colon = usize::from(!name.prefix.is_empty());
        let length = 1 + name.prefix.len() + colon + name.local.len();
        self.parts.push(FoundPart {
            place: event.span.start + u64::try_from(length).unwrap_or(u64::MAX),
            name: name.local.to_owned(),
            id: start.attribute("", "Id").map(str::to_owned),
        });
    }

    fn write(mut self, message: &[u8]) -> (Vec<u8>, Vec<String>) {
        let mut written = Vec::with_capacity(message.len() + 64 * self.parts.len());
        let mut ids = Vec::with_capacity(self.parts.len());
        let mut from = 0;
        for part in std::mem::take(&mut self.parts) {
            let id = part.id.unwrap_or_else(|| {
                let id = self.free(&part.name);
                let place = usize::try_from(part.place).unwrap_or(usize::MAX);
                written.extend_from_slice(message.get(from..place).unwrap_or_default());
                written.extend_from_slice(format!(" Id=\"{id}\"").as_bytes());
                from = place;
                id
            });
            ids.push(id);
        }
        written.extend_from_slice(message.get(from..).unwrap_or_default());
        (written, ids)
    }

    /// An Id after this name that nothing in the message has; it is used from now on.
    fn free(&mut self, name: &str) -> String {
        let numbered = (2_u32..).map(|number| format!("{name}-{number}"));
        let mut names = std::iter::once(name.to_owned()).chain(numbered);
        let id = names.find(|id| !self.used.contains(id)).unwrap_or_default();
        self.used.insert(id.clone());
        id
    }
}
