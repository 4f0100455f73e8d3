//! One reading of a signed message from the signature's side: hashes the document by the plan, leaves out the one
//! Signature, and when that closes decides on it before anything behind it is believed.

use std::sync::Arc;

use crate::domain::{Code, Digest, Refusal, Timestamp};
use crate::signature::contents::{Canonicalization, Contents};
use crate::signature::findings::{Findings, REFERENCE};
use crate::signature::hasher::Hasher;
use crate::signature::parse::Parser;
use crate::signature::plan::Plan;
use crate::signature::watch::{Seen, Watch};
use crate::signature::{Chain, ChainCheck, Profile, PublicKey, SignerInfo, certificate};
use crate::xml::c14n::{Algorithm, Canonicalizer, Sink};
use crate::xml::{Event, Fault, Kind};

/// What one verification goes by.
pub(super) struct Rules<'a> {
    pub(super) profile: &'a Profile,
    pub(super) chains: &'a dyn ChainCheck,
    pub(super) at: Timestamp,
    /// Whether only TOTAL-PASSED will do: nothing is tolerated, and nothing is computed after the first fault.
    pub(super) strict: bool,
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
    /// It is not covered by the signature, and nobody sees it.
    Hide,
    /// The pass must begin again with this plan.
    Again(Plan),
}

/// The Signature while it is open.
struct Open<'a> {
    parser: Parser<'a>,
    signed_info: Canonicalizer<Vec<u8>>,
    is_at_fault: bool,
}

/// One pass.
pub(super) struct Pass<'a> {
    rules: &'a Rules<'a>,
    plan: &'a Plan,
    watch: Watch<'a>,
    document: Canonicalizer<Hasher>,
    open: Option<Box<Open<'a>>>,
    findings: Findings,
}

impl<'a> Pass<'a> {
    pub(super) fn new(rules: &'a Rules<'a>, plan: &'a Plan) -> Self {
        Self {
            rules,
            plan,
            watch: Watch::new(rules.profile, rules.is_tolerant()),
            document: without_comments(&plan.document, Hasher::new(plan.digest)),
            open: None,
            findings: Findings::default(),
        }
    }

    /// Takes the next event.
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
        self.document.event(event);
        if matches!(event.kind, Kind::Comment(_)) { Turn::Hide } else { Turn::Show }
    }

    /// Whether the path of the last event is wanted.
    pub(super) fn wants_path(&self) -> bool {
        self.findings.wants_path()
    }

    /// Gives the path of the last event.
    pub(super) fn set_path(&mut self, path: &str) {
        self.findings.set_path(path);
    }

    /// What is wrong so far.
    pub(super) fn fault(&self) -> Option<&Fault> {
        self.findings.fault()
    }

    /// Whether a Signature was read to its end.
    pub(super) fn has_signature(&self) -> bool {
        self.findings.has_signature() && self.open.is_none()
    }

    /// Ends the pass after the whole document was read, of this length: compares the digest.
    pub(super) fn finish(self, length: u64) -> Findings {
        let Self { document, mut findings, rules, .. } = self;
        let (digest, octets) = document.into_sink().finish();
        findings.compare(digest.as_ref(), octets, length);
        findings.complete(rules.profile);
        findings
    }

    fn begin(&mut self, event: &Event<'_>) {
        let Kind::Start(start) = &event.kind else { return };
        self.findings.open(event.span.start);
        let parser = Parser::new(&self.rules.profile.limits, self.rules.is_tolerant(), start.name());
        let signed_info = without_comments(&self.plan.signed_info, Vec::new());
        self.open = Some(Box::new(Open { parser, signed_info, is_at_fault: false }));
        self.inside(event);
    }

    fn inside(&mut self, event: &Event<'_>) {
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
        let Some(open) = self.open.take() else { return Turn::Hide };
        let Open { parser, signed_info, is_at_fault } = *open;
        let contents = parser.into_contents();
        self.findings.close(end, &contents);
        match Plan::of(&contents) {
            Ok((plan, _)) if plan != *self.plan => return Turn::Again(plan),
            Ok((_, reference)) => self.findings.expect(reference),
            Err(_) if is_at_fault => {}
            Err((offset, refusal)) => self.findings.blame_part(refusal, offset, REFERENCE),
        }
        let goes_on = !is_at_fault && (self.findings.fault().is_none() || !self.rules.strict);
        if goes_on {
            self.check(contents, &signed_info.into_sink());
        }
        Turn::Hide
    }

    /// The certificate chain first, then the signature value.
    fn check(&mut self, contents: Contents, signed_info: &[u8]) {
        let Contents { method: Some(method), value, mut certificates, value_offset, key_info_offset, .. } = contents
        else {
            return;
        };
        let leaf = match certificate::signer(&certificates) {
            Ok(at) => certificates.swap_remove(at),
            Err(refusal) => return self.findings.blame_part(refusal, key_info_offset, "KeyInfo"),
        };
        let key = match self.rules.chains.check(&leaf, &certificates, self.rules.at) {
            Ok(Chain { leaf: signer, key, evidence }) => {
                debug_assert_eq!(signer.sha256, Digest::of(&leaf), "the chain is another certificate's");
                self.findings.trust(signer, evidence);
                Ok(key)
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

/// A canonicaliser that leaves out comments: `URI=""` selects none (XML-DSig 1.1, 4.4.3.3), and in SignedInfo there
/// are none.
fn without_comments<S: Sink>(named: &Canonicalization, sink: S) -> Canonicalizer<S> {
    let algorithm = Algorithm::new(named.algorithm.method, false);
    Canonicalizer::new(algorithm, named.prefixes.clone(), sink)
}
