//! The parts of a message get Ids, so that a signature can point at them: those that they have, else new ones.

use std::collections::HashSet;
use std::ops::ControlFlow;

use crate::domain::{Code, Refusal};
use crate::signature::edited::Edit;
use crate::signature::skeleton::Skeleton;
use crate::signature::survey::walk;
use crate::signature::watch::Seen;
use crate::signature::{Profile, References};
use crate::xml::{Event, Kind, Source};

/// The changes by which every part has an Id, and these Ids in document order.
pub(super) fn identify<S: Source>(message: &S, profile: &Profile) -> Result<(Vec<Edit>, Vec<String>), Refusal> {
    let References::Parts(parts) = &profile.references else {
        return Err(Refusal::new(Code::ReferenceNotAllowed, "the profile names no parts to sign by their Id"));
    };
    let mut found =
        Found { skeleton: Skeleton::new(parts, profile.signature_path()), used: HashSet::new(), parts: Vec::new() };
    let walked = walk(message, profile, |seen, event| {
        if !matches!(seen, Seen::Opens | Seen::Inside | Seen::Closes) {
            found.event(event);
        }
        Ok(ControlFlow::Continue(()))
    });
    walked.map_err(|fault| fault.locate(message))?;
    if found.parts.is_empty() {
        return Err(Refusal::new(Code::ElementMissing, "there is no part of a message to sign"));
    }
    Ok(found.name())
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

    fn name(mut self) -> (Vec<Edit>, Vec<String>) {
        let (mut edits, mut ids) = (Vec::new(), Vec::new());
        for part in std::mem::take(&mut self.parts) {
            let id = part.id.unwrap_or_else(|| {
                let id = self.free(&part.name);
                edits.push(Edit::insert(part.place, format!(" Id=\"{id}\"")));
                id
            });
            ids.push(id);
        }
        (edits, ids)
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
