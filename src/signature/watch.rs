//! Where in the document we are, as far as the profile cares: finds the one Signature by its place, by position and
//! never by name alone, and every ds:Signature that may not be there.

use crate::signature::grammar::DSIG;
use crate::signature::profile::SignaturePlace;
use crate::signature::{ExpandedName, Profile};
use crate::xml::{Event, Kind, Leaf, Name, Start};

/// What an event is to the signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// Content.
    Outside,
    /// The start of the element in which the profile wants the Signature; content.
    Parent,
    /// The start of the Signature.
    Opens,
    /// Something inside the Signature.
    Inside,
    /// The end of the Signature.
    Closes,
    /// The start of a ds:Signature in another place than the profile's.
    Misplaced,
    /// The start of a ds:Signature after the first.
    Repeated,
    /// The start of a placeholder in the Signature's place, which says that the message is not signed; content.
    Placeholder,
    /// The start of an element named Signature in its place, but not in the namespace of XML-DSig; content.
    WrongNamespace,
}

/// The watch over one reading.
#[derive(Debug)]
pub(super) struct Watch<'a> {
    profile: &'a Profile,
    /// The elements from the root to the Signature's parent; None where it may stand anywhere.
    path: Option<&'a [ExpandedName]>,
    tolerant: bool,
    depth: usize,
    /// How many of the open elements, from the root, are those of the profile's path.
    matched: usize,
    is_inside: bool,
    has_opened: bool,
    /// How many elements were open in front of the Signature.
    outside: usize,
}

impl<'a> Watch<'a> {
    /// A watch before the first event. Tolerant: a Signature in its parent's namespace is one, too.
    pub(super) fn new(profile: &'a Profile, tolerant: bool) -> Self {
        let path = match &profile.place {
            SignaturePlace::In(path) => Some(path.as_slice()),
            SignaturePlace::Anywhere => None,
        };
        Self { profile, path, tolerant, depth: 0, matched: 0, is_inside: false, has_opened: false, outside: 0 }
    }

    /// What the next event is.
    #[inline]
    pub(super) fn event(&mut self, event: &Event<'_>) -> Seen {
        match &event.kind {
            Kind::Start(start) => self.open(start),
            Kind::End(_) => self.close(),
            _ if self.is_inside => Seen::Inside,
            _ => Seen::Outside,
        }
    }

    /// Whether a leaf is content.
    #[inline]
    pub(super) fn passes(&self, leaf: &Leaf<'_>) -> bool {
        let is_near = self.matched == self.depth || self.path.is_none();
        !self.is_inside && !is_near && !leaf.is_local("Signature")
    }

    #[inline]
    fn open(&mut self, start: &Start<'_>) -> Seen {
        let at = self.depth;
        self.depth += 1;
        if self.is_inside {
            return Seen::Inside;
        }
        // most elements are deeper than the Signature's place, or beside it
        let is_near = self.matched == at || self.path.is_none();
        if !is_near && !start.is_local("Signature") {
            return Seen::Outside;
        }
        self.near(at, start.name())
    }

    fn near(&mut self, at: usize, name: Name<'_>) -> Seen {
        let is_in_place = self.path.is_none_or(|path| self.matched == at && at == path.len());
        let seen = match name.local {
            "Signature" if name.ns == DSIG || (is_in_place && self.tolerant && self.is_of_parent(name)) => {
                self.signature(is_in_place, at)
            }
            "Signature" if is_in_place && self.path.is_some() => Seen::WrongNamespace,
            _ if is_in_place && self.profile.placeholders.iter().any(|known| known.matches(&name)) => Seen::Placeholder,
            _ => Seen::Outside,
        };
        let path = self.path.unwrap_or_default();
        if self.matched == at && path.get(at).is_some_and(|step| step.matches(&name)) {
            self.matched += 1;
            if self.matched == path.len() {
                return Seen::Parent;
            }
        }
        seen
    }

    fn signature(&mut self, is_in_place: bool, at: usize) -> Seen {
        match (self.has_opened, is_in_place) {
            (true, _) => Seen::Repeated,
            (false, false) => Seen::Misplaced,
            (false, true) => {
                self.has_opened = true;
                self.is_inside = true;
                self.outside = at;
                Seen::Opens
            }
        }
    }

    fn is_of_parent(&self, name: Name<'_>) -> bool {
        self.path.and_then(<[_]>::last).is_some_and(|parent| parent.ns == name.ns)
    }

    #[inline]
    fn close(&mut self) -> Seen {
        self.depth = self.depth.saturating_sub(1);
        self.matched = self.matched.min(self.depth);
        match self.is_inside {
            true if self.depth == self.outside => {
                self.is_inside = false;
                Seen::Closes
            }
            true => Seen::Inside,
            false => Seen::Outside,
        }
    }
}
