//! What the References point at, while the message passes: the whole document and elements by their Id, each
//! canonicalised and digested on the fly. Several that lie apart cost one pass.

use std::ops::Range;

use crate::domain::Code;
use crate::signature::contents::Canonicalization;
use crate::signature::hasher::Hasher;
use crate::signature::plan::{Plan, Target};
use crate::xml::c14n::{Algorithm, Canonicalizer, Sink};
use crate::xml::{Attribute, Event, Kind, Leaf, Start};

/// All targets of a plan.
pub(super) struct Targets {
    /// The whole document, without the Signature.
    whole: Option<Slot>,
    elements: Vec<Slot>,
    /// How many elements are open.
    depth: usize,
    /// How many of `elements` are open.
    open: usize,
    /// The place in `elements` of the one that the last event opened.
    opened: Option<usize>,
    /// Whether every spelling of Id counts, or the unprefixed `Id` alone.
    any_spelling: bool,
}

/// One target.
pub(super) struct Slot {
    /// Its place among the References.
    pub(super) at: usize,
    /// The element's Id; None for the whole document.
    id: Option<String>,
    canonicalizer: Option<Canonicalizer<Hasher>>,
    state: State,
    /// Elements that were open around it.
    outside: usize,
    pub(super) path: String,
    pub(super) span: Range<u64>,
    /// Whether the Signature stands inside.
    pub(super) holds_signature: bool,
    /// Whether the enveloped-signature transform was asked for.
    pub(super) enveloped: bool,
    pub(super) digest: Option<ring::digest::Digest>,
    pub(super) octets: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Awaited,
    Open,
    Closed,
}

impl Targets {
    pub(super) fn new(plan: &Plan, any_spelling: bool) -> Self {
        let mut slots = plan.targets.iter().enumerate().map(|(at, target)| Slot::new(at, target));
        let (whole, elements): (Vec<_>, Vec<_>) = slots.by_ref().partition(|slot| slot.id.is_none());
        Self { whole: whole.into_iter().next(), elements, depth: 0, open: 0, opened: None, any_spelling }
    }

    /// Takes an event of the content.
    #[inline]
    pub(super) fn content(&mut self, event: &Event<'_>) {
        if let Some(canonicalizer) = self.whole.as_mut().and_then(|whole| whole.canonicalizer.as_mut()) {
            canonicalizer.event(event);
        }
        if !self.elements.is_empty() {
            self.elements(event);
        }
    }

    /// Takes a leaf of the content; false where its events are wanted one by one.
    #[inline]
    pub(super) fn leaf(&mut self, leaf: &Leaf<'_>) -> bool {
        if !self.elements.is_empty() {
            return false;
        }
        if let Some(canonicalizer) = self.whole.as_mut().and_then(|whole| whole.canonicalizer.as_mut()) {
            canonicalizer.leaf(leaf);
        }
        true
    }

    /// Takes an event of the Signature, which the whole document and the targets around the Signature leave out.
    pub(super) fn signature(&mut self, event: &Event<'_>) {
        if !self.elements.is_empty() {
            self.elements(event);
        }
    }

    /// The Signature opens with the next event: what is open now stands around it.
    pub(super) fn signature_opens(&mut self) {
        for slot in self.elements.iter_mut().filter(|slot| slot.state == State::Open) {
            slot.holds_signature = true;
            slot.suspend(true);
        }
    }

    /// The Signature ended with the last event.
    pub(super) fn signature_closes(&mut self) {
        self.elements.iter_mut().for_each(|slot| slot.suspend(false));
    }

    fn elements(&mut self, event: &Event<'_>) {
        self.opened = None;
        if let Kind::Start(start) = &event.kind {
            self.open(start, event.span.start);
            self.depth += 1;
        }
        if self.open > 0 {
            let open = self.elements.iter_mut().filter(|slot| slot.state == State::Open);
            open.filter_map(|slot| slot.canonicalizer.as_mut()).for_each(|canonicalizer| canonicalizer.event(event));
        }
        if let Kind::End(_) = event.kind {
            self.depth = self.depth.saturating_sub(1);
            self.close(event.span.end);
        }
    }

    fn open(&mut self, start: &Start<'_>, offset: u64) {
        let any = self.any_spelling;
        let is_id = |found: &Attribute<'_>| {
            (any && found.local.eq_ignore_ascii_case("id")) || (found.local == "Id" && found.ns.is_empty())
        };
        let meant = |slot: &Slot| {
            let is_meant = |found: Attribute<'_>| slot.id.as_deref() == Some(found.value);
            slot.state == State::Awaited && start.attributes().filter(is_id).any(is_meant)
        };
        let Some(at) = self.elements.iter().position(meant) else { return };
        if let Some(slot) = self.elements.get_mut(at) {
            slot.state = State::Open;
            slot.outside = self.depth;
            slot.span = offset..offset;
            self.open += 1;
            self.opened = Some(at);
        }
    }

    fn close(&mut self, end: u64) {
        let depth = self.depth;
        for slot in self.elements.iter_mut().filter(|slot| slot.state == State::Open && slot.outside == depth) {
            slot.close(end);
            self.open -= 1;
        }
    }

    /// Whether the last event opened an element that a Reference points at.
    pub(super) fn has_opened(&self) -> bool {
        self.opened.is_some()
    }

    /// Whether what stands here is covered.
    pub(super) fn is_covering(&self) -> bool {
        self.whole.is_some() || self.open > 0
    }

    /// Gives the path of the element that was opened last.
    pub(super) fn set_path(&mut self, path: &str) {
        if let Some(slot) = self.opened.take().and_then(|at| self.elements.get_mut(at)) {
            path.clone_into(&mut slot.path);
        }
    }

    /// Those that are whole, each once.
    pub(super) fn take_closed(&mut self) -> Vec<Slot> {
        if self.elements.iter().all(|slot| slot.state != State::Closed) {
            return Vec::new();
        }
        let (closed, left) =
            std::mem::take(&mut self.elements).into_iter().partition(|slot| slot.state == State::Closed);
        self.elements = left;
        closed
    }

    /// All that are whole now that the document, of this length, has ended.
    pub(super) fn finish(mut self, length: u64) -> Vec<Slot> {
        let mut closed = self.take_closed();
        if let Some(mut whole) = self.whole {
            whole.holds_signature = true;
            whole.close(length);
            closed.push(whole);
        }
        closed
    }
}

impl Slot {
    fn new(at: usize, target: &Target) -> Self {
        Self {
            at,
            id: target.id.clone(),
            canonicalizer: Some(without_comments(&target.canonicalization, Hasher::new(target.digest))),
            state: State::Awaited,
            outside: 0,
            path: String::new(),
            span: 0..0,
            holds_signature: false,
            enveloped: target.enveloped,
            digest: None,
            octets: 0,
        }
    }

    /// Whether it is what a Reference with this DigestValue means.
    pub(super) fn check(&self, expected: &[u8]) -> Result<(), (Code, &'static str)> {
        if self.enveloped && !self.holds_signature {
            let detail = "enveloped-signature where the Signature does not stand inside";
            return Err((Code::TransformNotAllowed, detail));
        }
        if self.holds_signature && !self.enveloped {
            return Err((Code::TransformNotAllowed, "the Signature stands inside, without enveloped-signature"));
        }
        // no canonical form is empty: a digest of nothing is a trick (SIGNATURES 3.2)
        if self.octets > 0 && self.digest.is_some_and(|digest| digest.as_ref() == expected) {
            return Ok(());
        }
        let detail = match self.id {
            None => "the digest of the document is not DigestValue",
            Some(_) => "the digest of the element is not DigestValue",
        };
        Err((Code::DigestMismatch, detail))
    }

    fn suspend(&mut self, is_suspended: bool) {
        match self.canonicalizer.as_mut() {
            Some(canonicalizer) if is_suspended => canonicalizer.suspend(),
            Some(canonicalizer) => canonicalizer.resume(),
            None => {}
        }
    }

    fn close(&mut self, end: u64) {
        self.state = State::Closed;
        self.span.end = end;
        if let Some(canonicalizer) = self.canonicalizer.take() {
            let (digest, octets) = canonicalizer.into_sink().finish();
            self.digest = Some(digest);
            self.octets = octets;
        }
    }
}

/// A canonicaliser that leaves out comments: `URI=""` and `#Id` select none (XML-DSig 1.1, 4.4.3.3), and in SignedInfo
/// there are none.
pub(super) fn without_comments<S: Sink>(named: &Canonicalization, sink: S) -> Canonicalizer<S> {
    let algorithm = Algorithm::new(named.algorithm.method, false);
    Canonicalizer::new(algorithm, named.prefixes.clone(), sink)
}
