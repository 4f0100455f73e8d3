//! What a message holds before it is signed: the place for the Signature, and what stands there already.

use std::ops::{ControlFlow, Range};

use crate::domain::{Code, Refusal};
use crate::signature::Profile;
use crate::signature::edited::Edit;
use crate::signature::watch::{Seen, Watch};
use crate::xml::{Event, Fault, Kind, Reader, Source};

/// Where a Signature goes.
pub(super) enum Place {
    /// In front of the end tag that begins here.
    Before(u64),
    /// Into the empty-element tag that stands here and has this name.
    Into(Range<u64>, String),
}

impl Place {
    /// The change that puts a Signature into its place.
    pub(super) fn fill(&self, signature: &str) -> Edit {
        match self {
            Self::Before(at) => Edit::insert(*at, signature),
            Self::Into(tag, name) => {
                Edit::replace(tag.end.saturating_sub(2)..tag.end, format!(">{signature}</{name}>"))
            }
        }
    }
}

/// The changes that take away the Signature or placeholder that stands in a message, and the place for the new one.
pub(super) fn clear<S: Source>(message: &S, profile: &Profile) -> Result<(Vec<Edit>, Place), Refusal> {
    let mut survey = Survey::default();
    let walked = walk(message, profile, |seen, event| survey.event(seen, event).map(ControlFlow::Continue));
    walked.map_err(|fault| fault.locate(message))?;
    let (name, span) = survey.end.ok_or_else(|| {
        let detail = format!("there is no {} for the Signature", profile.parent_path());
        Refusal::new(Code::ElementMissing, detail)
    })?;
    let is_empty_tag = survey.start.as_ref() == Some(&span);
    let place = if is_empty_tag { Place::Into(span, name) } else { Place::Before(span.start) };
    Ok((survey.cut.into_iter().map(Edit::cut).collect(), place))
}

/// What a message holds already.
#[derive(Default)]
struct Survey {
    /// The tags of the Signature's parent: the start, the name and the end.
    start: Option<Range<u64>>,
    end: Option<(String, Range<u64>)>,
    /// What goes.
    cut: Vec<Range<u64>>,
    /// Depth inside the parent.
    depth: usize,
    /// The placeholder whose start was the last event.
    placeholder: Option<u64>,
}

impl Survey {
    fn event(&mut self, seen: Seen, event: &Event<'_>) -> Result<(), Fault> {
        let span = event.span.clone();
        let fault = |code, detail| Err(Fault::new(code, span.start, detail));
        if let Some(start) = self.placeholder.take() {
            let Kind::End(_) = event.kind else {
                return fault(Code::SignatureStructure, "the placeholder for the Signature is not empty");
            };
            self.cut.push(start..span.end);
        }
        match seen {
            Seen::Parent if self.start.is_some() => {
                return fault(Code::ElementRepeated, "a second place for the Signature");
            }
            Seen::Parent => self.start = Some(span.clone()),
            Seen::Opens => self.cut.push(span.clone()),
            Seen::Closes => {
                if let Some(open) = self.cut.last_mut() {
                    open.end = span.end;
                }
            }
            Seen::Placeholder => self.placeholder = Some(span.start),
            Seen::Repeated => return fault(Code::SignatureRepeated, "a second Signature"),
            Seen::Misplaced => {
                return fault(Code::SignatureStructure, "a Signature in another place than the profile's");
            }
            Seen::Outside | Seen::Inside | Seen::WrongNamespace => {}
        }
        if self.start.is_some() && self.end.is_none() {
            self.inside_parent(event);
        }
        Ok(())
    }

    fn inside_parent(&mut self, event: &Event<'_>) {
        match event.kind {
            Kind::Start(_) => self.depth += 1,
            Kind::End(end) => {
                let name = end.name();
                self.depth -= 1;
                if self.depth == 0 {
                    let prefix = if name.prefix.is_empty() { String::new() } else { format!("{}:", name.prefix) };
                    self.end = Some((format!("{prefix}{}", name.local), event.span.clone()));
                }
            }
            _ => {}
        }
    }
}

/// Reads a message and says what each event is to its Signature, in whatever namespace that is; to its end, or until
/// nothing more is wanted.
pub(super) fn walk<S: Source>(
    message: &S,
    profile: &Profile,
    mut visit: impl FnMut(Seen, &Event<'_>) -> Result<ControlFlow<()>, Fault>,
) -> Result<(), Fault> {
    let opened = message.open().map_err(|_| Fault::new(Code::TryLater, 0, "the message could not be read"))?;
    let mut reader = Reader::new(opened, profile.xml.clone());
    let mut watch = Watch::new(profile, true);
    while let Some(event) = reader.next()? {
        let seen = watch.event(&event);
        let visited = visit(seen, &event);
        if visited.map_err(|fault| fault.within(|| reader.path()))?.is_break() {
            break;
        }
    }
    Ok(())
}
