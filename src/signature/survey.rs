//! What a message holds before it is signed: the place for the Signature, and what stands there already.

use std::ops::Range;

use crate::domain::{Code, Refusal};
use crate::signature::Profile;
use crate::signature::watch::{Seen, Watch};
use crate::xml::{Event, Fault, Kind, Reader};

/// Where a Signature goes.
pub(super) enum Place {
    /// In front of the end tag that begins here.
    Before(usize),
    /// Into the empty-element tag that stands here and has this name.
    Into(Range<usize>, String),
}

impl Place {
    /// The message with a Signature in its place.
    pub(super) fn fill(&self, message: &[u8], signature: &str) -> Vec<u8> {
        let part = |range: Range<usize>| message.get(range).unwrap_or_default();
        match self {
            Self::Before(at) => [part(0..*at), signature.as_bytes(), part(*at..message.len())].concat(),
            Self::Into(tag, name) => {
                let open = part(0..tag.end.saturating_sub(2));
                [open, b">", signature.as_bytes(), b"</", name.as_bytes(), b">", part(tag.end..message.len())].concat()
            }
        }
    }
}

/// The message without the Signature or placeholder that stood in it, and the place for the new one.
pub(super) fn clear(message: &[u8], profile: &Profile) -> Result<(Vec<u8>, Place), Refusal> {
    let mut survey = Survey::default();
    walk(message, profile, |watch, event| survey.event(watch, event)).map_err(|fault| fault.locate(&message))?;
    let (name, span) = survey.end.ok_or_else(|| {
        let detail = format!("there is no {} for the Signature", profile.parent_path());
        Refusal::new(Code::ElementMissing, detail)
    })?;
    let index = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX);
    let mut kept = Vec::with_capacity(message.len());
    let mut from = 0;
    let mut place = index(span.start);
    // What is cut stands in document order, and in front of the parent's end tag.
    for range in survey.cut {
        kept.extend_from_slice(message.get(from..index(range.start)).unwrap_or_default());
        from = index(range.end);
        place -= index(range.end - range.start);
    }
    kept.extend_from_slice(message.get(from..).unwrap_or_default());
    let tag = place..place + index(span.end - span.start);
    let is_empty_tag = survey.start == Some(span);
    Ok((kept, if is_empty_tag { Place::Into(tag, name) } else { Place::Before(place) }))
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

/// Reads a message and says what each event is to its Signature, in whatever namespace that is.
pub(super) fn walk(
    message: &[u8],
    profile: &Profile,
    mut visit: impl FnMut(Seen, &Event<'_>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let mut reader = Reader::new(message, profile.xml.clone());
    let mut watch = Watch::new(profile, true);
    while let Some(event) = reader.next()? {
        let seen = watch.event(&event);
        let visited = visit(seen, &event);
        visited.map_err(|fault| fault.within(|| reader.path()))?;
    }
    Ok(())
}
