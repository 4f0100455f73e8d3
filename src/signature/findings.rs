//! What one reading finds out about the signature, and the verdict that it makes.

use std::ops::Range;
use std::sync::Arc;

use crate::domain::{Code, Lang, Refusal};
use crate::signature::contents::{Contents, Reference};
use crate::signature::targets::Slot;
use crate::signature::verdict::classify;
use crate::signature::{
    Algorithms, Covered, DigestMethod, Indication, Material, Profile, SignerInfo, SubIndication, Verdict, Weakness,
};
use crate::xml::c14n;
use crate::xml::{Fault, Source};

/// The path of the Reference below the Signature.
pub(super) const REFERENCE: &str = "SignedInfo/Reference";

/// What was found out.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// The Signature's path and bytes.
    path: String,
    signature: Option<Range<u64>>,
    /// Where a Signature would have stood, and why what stands there is none.
    place: u64,
    stand_in: Option<&'static str>,
    /// The worst that was found, and what else.
    fault: Option<Fault>,
    also: Vec<Code>,
    /// What is not known yet, where the message may wait for it.
    open: Option<Box<Fault>>,
    signer: Option<Arc<SignerInfo>>,
    evidence: Option<Arc<[Material]>>,
    algorithms: Option<Algorithms>,
    weaknesses: Vec<Weakness>,
    /// Whether everything is right but for the weaknesses.
    is_only_weak: bool,
    /// What each Reference says, until it is compared.
    expected: Vec<Option<Expected>>,
    covered: Vec<Covered>,
}

/// What a Reference says.
#[derive(Debug)]
struct Expected {
    uri: String,
    digest: Vec<u8>,
    method: DigestMethod,
    transform: c14n::Algorithm,
    offset: u64,
}

impl Expected {
    fn of(reference: &Reference) -> Option<Self> {
        Some(Self {
            uri: reference.uri.clone(),
            digest: reference.digest.clone(),
            method: reference.method?,
            transform: reference.canonicalization().algorithm,
            offset: reference.offset,
        })
    }
}

impl Findings {
    /// The element in which a Signature should stand begins.
    pub(super) fn parent(&mut self, offset: u64) {
        self.place = offset;
    }

    /// Something stands where the Signature should stand.
    pub(super) fn stand_in(&mut self, offset: u64, what: &'static str) {
        self.place = offset;
        self.stand_in = Some(what);
    }

    /// The Signature begins.
    pub(super) fn open(&mut self, offset: u64) {
        self.signature = Some(offset..offset);
    }

    /// The Signature ends.
    pub(super) fn close(&mut self, end: u64, contents: &Contents) {
        if let Some(span) = &mut self.signature {
            span.end = end;
        }
        self.algorithms = contents.algorithms();
        self.weaknesses.clone_from(&contents.weaknesses);
    }

    pub(super) fn has_signature(&self) -> bool {
        self.signature.is_some()
    }

    /// What the References point at must have these digests.
    pub(super) fn expect(&mut self, references: &[Reference]) {
        self.expected = references.iter().map(Expected::of).collect();
    }

    /// The chain is good.
    pub(super) fn trust(&mut self, signer: Arc<SignerInfo>, evidence: Arc<[Material]>) {
        self.signer = Some(signer);
        self.evidence = Some(evidence);
    }

    /// Whom a certificate names that is not trusted.
    pub(super) fn name(&mut self, signer: SignerInfo) {
        self.signer = Some(Arc::new(signer));
    }

    /// Keeps what is not known yet. It is no fault: the rest is checked as if it were known and good.
    pub(super) fn wait(&mut self, refusal: Refusal, offset: u64, part: &str) {
        let path = format!("{}/{part}", self.path);
        self.open = Some(Box::new(Fault { code: refusal.code, offset, path, detail: refusal.detail }));
    }

    /// Keeps a fault: the first one found, unless a later one leaves no doubt where the first one did.
    pub(super) fn blame(&mut self, fault: Fault) {
        let is_final = |fault: &Fault| classify(fault.code).0 == Indication::TotalFailed;
        match &mut self.fault {
            None => self.fault = Some(fault),
            Some(first) if is_final(&fault) && !is_final(first) => {
                self.also.push(first.code);
                *first = fault;
            }
            Some(_) => self.also.push(fault.code),
        }
    }

    /// Keeps a refusal of a part of the Signature.
    pub(super) fn blame_part(&mut self, refusal: Refusal, offset: u64, part: &str) {
        let path = format!("{}/{part}", self.path);
        self.blame(Fault { code: refusal.code, offset, path, detail: refusal.detail });
    }

    pub(super) fn fault(&self) -> Option<&Fault> {
        self.fault.as_ref()
    }

    /// Whether the path of the event last taken is wanted.
    pub(super) fn wants_path(&self) -> bool {
        self.signature.is_some() && self.path.is_empty()
            || self.fault.as_ref().is_some_and(|fault| fault.path.is_empty())
    }

    pub(super) fn set_path(&mut self, path: &str) {
        if self.signature.is_some() && self.path.is_empty() {
            path.clone_into(&mut self.path);
        }
        if let Some(fault) = self.fault.as_mut().filter(|fault| fault.path.is_empty()) {
            path.clone_into(&mut fault.path);
        }
    }

    /// Compares a target with what its Reference says of it.
    pub(super) fn compare(&mut self, slot: Slot) {
        let Some(expected) = self.expected.get_mut(slot.at).and_then(Option::take) else { return };
        if let Err((code, detail)) = slot.check(&expected.digest) {
            return self.blame_reference(slot.at, expected.offset, code, detail);
        }
        let path = if expected.uri.is_empty() { self.root() } else { slot.path };
        self.covered.push(Covered {
            uri: expected.uri,
            path,
            span: slot.span,
            except: self.signature.clone().filter(|_| slot.holds_signature),
            octets: slot.octets,
            digest: expected.method,
            transform: expected.transform,
        });
    }

    /// The document has ended: whatever was not compared by now is not there.
    pub(super) fn unresolved(&mut self) {
        for (at, expected) in std::mem::take(&mut self.expected).into_iter().enumerate() {
            if let Some(expected) = expected {
                let detail = "no element has the Id that this Reference points at";
                self.blame_reference(at, expected.offset, Code::ReferenceUnresolved, detail);
            }
        }
        self.covered.sort_by_key(|covered| covered.span.start);
    }

    fn blame_reference(&mut self, at: usize, offset: u64, code: Code, detail: &'static str) {
        let number = if at == 0 { String::new() } else { format!("[{}]", at + 1) };
        self.blame_part(Refusal::new(code, detail), offset, &format!("{REFERENCE}{number}"));
    }

    /// Path of the root element.
    fn root(&self) -> String {
        let root = self.path.get(1..).and_then(|path| path.find('/')).map_or(self.path.len(), |at| at + 1);
        self.path.get(..root).unwrap_or_default().to_owned()
    }

    /// Says what is missing, and what was tolerated.
    pub(super) fn complete(&mut self, profile: &Profile) {
        if self.signature.is_none() && self.fault.is_none() {
            let detail = self.stand_in.unwrap_or("there is no Signature in its place");
            let path = profile.parent_path();
            self.fault = Some(Fault { path, ..Fault::new(Code::SignatureMissing, self.place, detail) });
        }
        if self.fault.is_none() && !self.weaknesses.is_empty() {
            self.is_only_weak = true;
            self.weaknesses.sort_by_key(|weakness| weakness.code() != Code::AlgorithmNotAllowed);
            let mut weaknesses = self.weaknesses.iter();
            let offset = self.signature.as_ref().map_or(0, |span| span.start);
            self.fault = weaknesses.next().map(|worst| Fault {
                path: self.path.clone(),
                ..Fault::new(worst.code(), offset, worst.title(Lang::En))
            });
            self.also.extend(weaknesses.map(|weakness| weakness.code()));
        }
        let main = self.fault.as_ref().map(|fault| fault.code);
        self.also.retain(|code| Some(*code) != main);
        self.also.dedup();
    }

    /// The verdict. TOTAL-PASSED needs a trusted chain, the right digest and no fault.
    pub(super) fn verdict(self, source: &impl Source) -> Verdict {
        let is_proven = self.evidence.is_some() && !self.covered.is_empty();
        let refusal = self.fault.or(self.open.map(|open| *open)).map(|fault| fault.locate(source));
        let code = refusal.as_ref().map(|refusal| refusal.code);
        let (indication, sub_indication) = match code {
            None if is_proven => (Indication::TotalPassed, None),
            None => (Indication::Indeterminate, None),
            Some(Code::AlgorithmNotAllowed) if self.is_only_weak => {
                (Indication::Indeterminate, Some(SubIndication::CryptoConstraintsFailure))
            }
            Some(_) if self.is_only_weak => (Indication::Indeterminate, Some(SubIndication::SigConstraintsFailure)),
            Some(code) => classify(code),
        };
        Verdict {
            indication,
            sub_indication,
            code,
            refusal,
            also: self.also,
            signer: self.signer,
            algorithms: self.algorithms,
            covered: self.covered,
            weaknesses: self.weaknesses,
            evidence: self.evidence.unwrap_or_else(|| Arc::new([])),
        }
    }
}
