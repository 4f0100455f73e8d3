//! A message signed by `#Id`, held against its profile: each part that it holds is covered, once, and beside the parts
//! there is nothing but the bare tags around them. What stands elsewhere nobody vouches for.

use crate::domain::Code;
use crate::signature::ExpandedName;
use crate::signature::profile::Parts;
use crate::xml::{Event, Fault, Kind, Start};

/// What is said of a Reference that points at something else than a part.
const STRAY: &str = "a Reference covers an element that is no part of the message by its profile";

/// How the reader of the message may see an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    /// As it is.
    Whole,
    /// A start tag without its attributes.
    Bare,
    /// Not at all.
    Nothing,
}

/// What an element at the edge of the skeleton is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// One of the skeleton itself.
    Bone,
    /// A part, by its place in the profile's list.
    Part(usize),
    Foreign,
}

/// The watch over one reading.
pub(super) struct Skeleton<'a> {
    parts: &'a Parts,
    /// The path of the Signature's parent.
    signature: &'a [ExpandedName],
    /// The open elements of the skeleton; those inside a part or a foreign element are not among them.
    open: &'a [ExpandedName],
    /// How the inside of a part or a foreign element is seen, and how many elements are open there, itself included.
    inside: Option<(View, usize)>,
    /// The parts that were met, by their place in the profile's list.
    met: Vec<usize>,
    /// The elements of the skeleton that were met, by their paths.
    bones: Vec<&'a [ExpandedName]>,
    /// The first thing that is not as the profile says, until it is asked for.
    fault: Option<Fault>,
}

impl<'a> Skeleton<'a> {
    pub(super) fn new(parts: &'a Parts, signature: &'a [ExpandedName]) -> Self {
        Self { parts, signature, open: &[], inside: None, met: Vec::new(), bones: Vec::new(), fault: None }
    }

    /// Takes the next event outside the Signature; `is_target` says of a start tag that a Reference points at it.
    pub(super) fn event(&mut self, event: &Event<'_>, is_target: bool) -> View {
        if let Some((view, depth)) = &mut self.inside {
            let view = *view;
            match event.kind {
                Kind::Start(_) => *depth += 1,
                Kind::End(_) => *depth -= 1,
                _ => {}
            }
            if *depth == 0 {
                self.inside = None;
            }
            if is_target {
                self.blame(event.span.start, STRAY);
            }
            return view;
        }
        match &event.kind {
            Kind::Start(start) => self.start(start, event.span.start, is_target),
            Kind::End(_) => {
                self.open = self.open.split_last().map_or(&[], |(_, outer)| outer);
                View::Bare
            }
            Kind::Text(text) if text.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')) => View::Nothing,
            Kind::Text(_) => {
                self.blame(event.span.start, "text beside what the signature covers");
                View::Nothing
            }
            Kind::ProcessingInstruction { .. } => {
                self.blame(event.span.start, "a processing instruction beside what the signature covers");
                View::Nothing
            }
            Kind::Comment(_) => View::Nothing,
        }
    }

    /// A Reference points at something inside the Signature.
    pub(super) fn stray(&mut self, offset: u64) {
        self.blame(offset, STRAY);
    }

    /// How many different parts were met as targets.
    pub(super) fn met(&self) -> usize {
        self.met.len()
    }

    /// What is wrong, once.
    pub(super) fn take_fault(&mut self) -> Option<Fault> {
        self.fault.take()
    }

    /// Whether something is wrong of which the path is not known yet.
    pub(super) fn wants_path(&self) -> bool {
        self.fault.as_ref().is_some_and(|fault| fault.path.is_empty())
    }

    pub(super) fn set_path(&mut self, path: &str) {
        if let Some(fault) = self.fault.as_mut().filter(|fault| fault.path.is_empty()) {
            path.clone_into(&mut fault.path);
        }
    }

    fn start(&mut self, start: &Start<'_>, offset: u64, is_target: bool) -> View {
        let (role, path) = self.role(start);
        let unread = |at: usize| self.parts.list.get(at).is_some_and(|part| part.unread);
        let view = match role {
            Role::Part(at) if is_target && self.met.contains(&at) => {
                self.blame(offset, "a part of the message that stands twice");
                View::Whole
            }
            Role::Part(at) if is_target && self.met.last().is_some_and(|last| *last > at) => {
                // the order of parts is not signed, so it must say nothing
                self.blame(offset, "a part of the message behind one that stands behind it by the profile");
                View::Whole
            }
            Role::Part(at) if is_target => {
                self.met.push(at);
                View::Whole
            }
            Role::Part(at) if unread(at) => View::Nothing,
            Role::Part(_) => {
                self.blame(offset, "a part of the message that the signature does not cover");
                View::Whole
            }
            Role::Foreign => {
                self.blame(offset, "an element beside what the signature covers");
                View::Whole
            }
            Role::Bone => {
                if is_target {
                    self.blame(offset, STRAY);
                }
                if self.bones.contains(&path) {
                    self.blame(offset, "an element around the parts that stands twice");
                } else {
                    self.bones.push(path);
                }
                if start.attributes().len() > 0 && !self.parts.attributes {
                    self.blame(offset, "an attribute beside what the signature covers");
                }
                self.open = path;
                return View::Bare;
            }
        };
        self.inside = Some((view, 1));
        view
    }

    /// What a child of the open element is, and its path if it is of the skeleton.
    fn role(&self, start: &Start<'_>) -> (Role, &'a [ExpandedName]) {
        let (name, at) = (start.name(), self.open.len());
        let is_here = |path: &[ExpandedName]| {
            path.get(..at) == Some(self.open) && path.get(at).is_some_and(|step| step.matches(&name))
        };
        let parts: &'a Parts = self.parts;
        let part = parts.list.iter().position(|part| part.path.len() == at + 1 && is_here(&part.path));
        if let Some(part) = part {
            return (Role::Part(part), &[]);
        }
        let paths = parts.list.iter().map(|part| part.path.as_slice()).chain([self.signature]);
        let bone = paths.into_iter().find(|path| is_here(path)).and_then(|path| path.get(..=at));
        bone.map_or((Role::Foreign, &[]), |path| (Role::Bone, path))
    }

    fn blame(&mut self, offset: u64, detail: &'static str) {
        if self.fault.is_none() {
            self.fault = Some(Fault::new(Code::ReferenceNotCovering, offset, detail));
        }
    }
}
