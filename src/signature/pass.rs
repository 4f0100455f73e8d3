//! One reading of a signed message from the signature's side: hashes what the plan names, leaves out the one
//! Signature, and when that closes decides on it before anything behind it is believed.

use std::sync::Arc;

use crate::domain::{Code, Digest, Refusal, Timestamp};
use crate::signature::contents::Contents;
use crate::signature::findings::{Findings, REFERENCE};
use crate::signature::ids::Ids;
use crate::signature::parse::Parser;
use crate::signature::plan::Plan;
use crate::signature::skeleton::{Skeleton, View};
use crate::signature::targets::{Targets, without_comments};
use crate::signature::watch::{Seen, Watch};
use crate::signature::{Chain, ChainCheck, KeyInfo, Profile, PublicKey, References, SignerInfo, certificate};
use crate::xml::c14n::Canonicalizer;
use crate::xml::{Event, Fault, Kind, Leaf};

/// What one verification goes by.
pub(super) struct Rules<'a> {
    pub(super) profile: &'a Profile,
    pub(super) chains: &'a dyn ChainCheck,
    pub(super) at: Timestamp,
    /// Whether only TOTAL-PASSED will do: nothing is tolerated, and nothing is computed after the first fault.
    pub(super) strict: bool,
    /// Whether what is only not known yet (revocation) lets the rest be checked, so that the message can be held.
    pub(super) holds: bool,
}

impl Rules<'_> {
    fn is_tolerant(&self) -> bool {
        self.profile.tolerant && !self.strict
    }
}

/// What comes of an event.
#[derive(Debug)]
pub(super) enum Turn {
    /// The reader of the message sees it.
    Show,
    /// The reader of the message sees the tag without its attributes, which are not covered.
    ShowBare,
    /// It is not covered by the signature, and nobody sees it.
    Hide,
    /// The pass must begin again with this plan.
    Again(Box<Plan>),
}

/// The Signature while it is open.
struct Open<'a> {
    parser: Parser<'a>,
    signed_info: Canonicalizer<Vec<u8>>,
    is_at_fault: bool,
}

/// What is watched beside the targets where one of them is an element by its Id.
struct ById<'a> {
    ids: Ids,
    /// None where the profile lets the signature cover whatever it likes.
    skeleton: Option<Skeleton<'a>>,
    fault: Option<Fault>,
}

/// One pass.
pub(super) struct Pass<'a> {
    rules: &'a Rules<'a>,
    plan: &'a Plan,
    watch: Watch<'a>,
    targets: Targets,
    by_id: Option<Box<ById<'a>>>,
    open: Option<Box<Open<'a>>>,
    /// Whether the Signature was read and asks for what the plan says.
    is_confirmed: bool,
    findings: Findings,
}

impl<'a> Pass<'a> {
    pub(super) fn new(rules: &'a Rules<'a>, plan: &'a Plan) -> Self {
        let profile = rules.profile;
        Self {
            rules,
            plan,
            watch: Watch::new(profile, rules.is_tolerant()),
            targets: Targets::new(plan, profile.references == References::Any),
            by_id: plan.is_by_id().then(|| Box::new(ById::new(profile))),
            open: None,
            is_confirmed: false,
            findings: Findings::default(),
        }
    }

    /// Takes the next event.
    #[inline]
    pub(super) fn event(&mut self, event: &Event<'_>) -> Turn {
        let start = event.span.start;
        match self.watch.event(event) {
            Seen::Outside => {}
            Seen::Parent => self.findings.parent(start),
            Seen::Misplaced => {
                let detail = "a Signature in another place than the profile's";
                self.findings.blame(Fault::new(Code::SignatureStructure, start, detail));
            }
            Seen::Repeated => self.findings.blame(Fault::new(Code::SignatureRepeated, start, "a second Signature")),
            Seen::Placeholder => self.findings.stand_in(start, "what stands in its place says that it is not signed"),
            Seen::WrongNamespace => {
                self.findings.stand_in(start, "the Signature here is not in the namespace of XML-DSig");
            }
            Seen::Opens => {
                self.begin(event);
                return Turn::Hide;
            }
            Seen::Inside => {
                self.inside(event);
                return Turn::Hide;
            }
            Seen::Closes => {
                self.inside(event);
                return self.close(event.span.end);
            }
        }
        if self.by_id.is_some() {
            return self.content_by_id(event);
        }
        self.targets.content(event);
        if matches!(event.kind, Kind::Comment(_)) { Turn::Hide } else { Turn::Show }
    }

    /// Takes a leaf of the content, all of which is shown; false where its events are wanted one by one.
    #[inline]
    pub(super) fn leaf(&mut self, leaf: &Leaf<'_>) -> bool {
        self.by_id.is_none() && self.watch.passes(leaf) && self.targets.leaf(leaf)
    }

    /// Takes an event of the content of a message in which elements are signed by their Id.
    fn content_by_id(&mut self, event: &Event<'_>) -> Turn {
        let was_covering = self.targets.is_covering();
        self.targets.content(event);
        let is_covered = was_covering || self.targets.is_covering();
        let view = self.by_id.as_mut().map_or(View::Nothing, |by_id| {
            by_id.keep(event);
            match &mut by_id.skeleton {
                Some(skeleton) => skeleton.event(event, self.targets.has_opened()),
                None if is_covered => View::Whole,
                None => View::Nothing,
            }
        });
        if self.is_confirmed {
            self.settle();
        }
        match view {
            _ if matches!(event.kind, Kind::Comment(_)) => Turn::Hide,
            // where nothing is vouched for anyway, the whole message is read
            _ if !self.rules.strict => Turn::Show,
            View::Whole => Turn::Show,
            View::Bare => Turn::ShowBare,
            View::Nothing => Turn::Hide,
        }
    }

    /// Whether the path of the last event is wanted.
    #[inline]
    pub(super) fn wants_path(&self) -> bool {
        self.findings.wants_path()
            || self.by_id.as_ref().is_some_and(|by_id| by_id.wants_path() || self.targets.has_opened())
    }

    /// Gives the path of the last event.
    pub(super) fn set_path(&mut self, path: &str) {
        self.findings.set_path(path);
        self.targets.set_path(path);
        if let Some(by_id) = &mut self.by_id {
            by_id.set_path(path);
        }
    }

    /// What is wrong so far.
    #[inline]
    pub(super) fn fault(&self) -> Option<&Fault> {
        self.findings.fault()
    }

    /// Whether a Signature was read to its end.
    pub(super) fn has_signature(&self) -> bool {
        self.findings.has_signature() && self.open.is_none()
    }

    /// Ends the pass after the whole document was read, of this length: compares what was not compared yet.
    pub(super) fn finish(mut self, length: u64) -> Findings {
        if self.is_confirmed {
            self.settle();
        }
        let Self { targets, mut findings, rules, is_confirmed, .. } = self;
        if is_confirmed {
            targets.finish(length).into_iter().for_each(|slot| findings.compare(slot));
            findings.unresolved();
        }
        findings.complete(rules.profile);
        findings
    }

    fn begin(&mut self, event: &Event<'_>) {
        let Kind::Start(start) = &event.kind else { return };
        self.findings.open(event.span.start);
        self.targets.signature_opens();
        let parser = Parser::new(self.rules.profile, self.rules.is_tolerant(), start.name());
        let signed_info = without_comments(&self.plan.signed_info, Vec::new());
        self.open = Some(Box::new(Open { parser, signed_info, is_at_fault: false }));
        self.inside(event);
    }

    fn inside(&mut self, event: &Event<'_>) {
        self.targets.signature(event);
        if let Some(by_id) = &mut self.by_id {
            by_id.keep(event);
            if let Some(skeleton) = by_id.skeleton.as_mut().filter(|_| self.targets.has_opened()) {
                skeleton.stray(event.span.start);
            }
        }
        let Some(open) = self.open.as_mut().filter(|open| !open.is_at_fault) else { return };
        let was_inside = open.parser.in_signed_info();
        if let Err(fault) = open.parser.event(event) {
            open.is_at_fault = true;
            self.findings.blame(fault);
        } else if was_inside || open.parser.in_signed_info() {
            open.signed_info.event(event);
        }
    }

    /// Decides on the Signature that has just ended. Its algorithms were decided on as they were read.
    fn close(&mut self, end: u64) -> Turn {
        self.targets.signature_closes();
        let Some(open) = self.open.take() else { return Turn::Hide };
        let Open { parser, signed_info, is_at_fault } = *open;
        let contents = parser.into_contents();
        self.findings.close(end, &contents);
        match Plan::of(&contents, &self.rules.profile.references) {
            Ok(plan) if plan != *self.plan => return Turn::Again(Box::new(plan)),
            Ok(_) => {
                self.is_confirmed = true;
                self.findings.expect(&contents.references);
            }
            Err(_) if is_at_fault => {}
            Err((offset, refusal)) => self.findings.blame_part(refusal, offset, REFERENCE),
        }
        let goes_on = !is_at_fault && (self.findings.fault().is_none() || !self.rules.strict);
        if goes_on {
            self.check(contents, &signed_info.into_sink());
        }
        if self.is_confirmed && (self.findings.fault().is_none() || !self.rules.strict) {
            self.settle();
        }
        Turn::Hide
    }

    /// Decides on what was found out about the elements signed by their Id.
    fn settle(&mut self) {
        let Some(by_id) = &mut self.by_id else { return };
        if let Some(fault) = by_id.fault.take() {
            self.findings.blame(fault);
        }
        if let Some(fault) = by_id.skeleton.as_mut().and_then(Skeleton::take_fault) {
            self.findings.blame(fault);
        }
        for slot in self.targets.take_closed() {
            self.findings.compare(slot);
        }
    }

    /// The certificate chain first, then the signature value.
    fn check(&mut self, contents: Contents, signed_info: &[u8]) {
        let Contents { method: Some(method), value, mut certificates, value_offset, key_info_offset, .. } = contents
        else {
            return;
        };
        let leaf = match certificate::signer(&certificates) {
            _ if self.rules.profile.key_info == KeyInfo::Unread => Vec::new(),
            Ok(at) => certificates.swap_remove(at),
            Err(refusal) => return self.findings.blame_part(refusal, key_info_offset, "KeyInfo"),
        };
        let key = match self.rules.chains.check(&leaf, &certificates, self.rules.at) {
            Ok(Chain { leaf: signer, key, evidence }) => {
                debug_assert!(
                    leaf.is_empty() || signer.sha256 == Digest::of(&leaf),
                    "the chain is another certificate's"
                );
                self.findings.trust(signer, evidence);
                Ok(key)
            }
            Err(refusal) if self.rules.holds && is_open(refusal.code) => {
                self.findings.wait(refusal, key_info_offset, "KeyInfo");
                self.unproven_key(&leaf)
            }
            Err(refusal) => {
                self.findings.blame_part(refusal, key_info_offset, "KeyInfo");
                if self.rules.strict {
                    return;
                }
                self.unproven_key(&leaf)
            }
        };
        if let Err(refusal) = key.and_then(|key| key.verify(method, signed_info, &value)) {
            self.findings.blame_part(refusal, value_offset, "SignatureValue");
        }
    }

    /// The key of a certificate that is not trusted, so that more can be said about its signature.
    fn unproven_key(&mut self, leaf: &[u8]) -> Result<Arc<PublicKey>, Refusal> {
        self.findings.name(SignerInfo::from_certificate(leaf)?);
        PublicKey::from_certificate(leaf).map(Arc::new)
    }
}

/// Whether a refusal says only that something is not known yet: the path was found and judged, all but revocation.
const fn is_open(code: Code) -> bool {
    matches!(code, Code::RevocationUnknown | Code::CertificateOnHold)
}

impl<'a> ById<'a> {
    fn new(profile: &'a Profile) -> Self {
        let skeleton = match &profile.references {
            References::Parts(parts) => Some(Skeleton::new(parts, profile.signature_path())),
            References::Document | References::Any => None,
        };
        Self { ids: Ids::new(profile.limits.ids), skeleton, fault: None }
    }

    /// Keeps the Ids of an element.
    fn keep(&mut self, event: &Event<'_>) {
        if self.fault.is_none() {
            self.fault = self.ids.event(event).err();
        }
    }

    fn wants_path(&self) -> bool {
        self.fault.as_ref().is_some_and(|fault| fault.path.is_empty())
            || self.skeleton.as_ref().is_some_and(Skeleton::wants_path)
    }

    fn set_path(&mut self, path: &str) {
        if let Some(fault) = self.fault.as_mut().filter(|fault| fault.path.is_empty()) {
            path.clone_into(&mut fault.path);
        }
        if let Some(skeleton) = &mut self.skeleton {
            skeleton.set_path(path);
        }
    }
}
