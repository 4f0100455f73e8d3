//! The ways to read a signed message. [`verify`] gives a value only if the signature TOTAL-PASSED; [`verify_or_hold`]
//! also one that waits, where nothing but revocation is open; [`examine`] gives the value in any case, with the verdict
//! beside it.
//!
//! Each is one pass: the same events go to the canonicaliser and to the consumer. What canonicalisation and digest the
//! Signature asks for is guessed from the first bytes; where the guess was wrong the pass begins again, once, with a new
//! consumer, as soon as the Signature was read.
//!
//! The consumer sees what the signature covers and nothing else: not the Signature's own inside, its tags included, and
//! no comments, which neither `URI=""` nor `#Id` selects. Where parts are signed by their Id it sees of what stands
//! around them the tags without their attributes, in an order that the profile fixes.

use std::io::BufRead;

use crate::domain::{Code, Refusal, Timestamp};
use crate::signature::findings::Findings;
use crate::signature::pass::{Pass, Rules, Turn};
use crate::signature::plan::Plan;
use crate::signature::{ChainCheck, Examined, Judged, Profile, Unsettled, Verdict, Verified};
use crate::xml::{Consumer, Event, Fault, Input, Leaf, Reader, Source, Unit};

/// Reads a message and verifies its signature at the time `at`, strictly, whatever the profile tolerates.
///
/// Before anything behind the Signature is believed: its structure, its algorithms, the certificate chain, the
/// signature value. A fault of the consumer before that wins; one after it is held back until the digest was compared,
/// so that an altered byte is called by its name, except for [`Code::StateSecret`], which ends everything at once.
///
/// # Errors
/// Whatever is wrong with the document, the signature, the certificate or, by the consumer, the message; with its place.
pub fn verify<S: Source, C: Consumer>(
    source: &S,
    profile: &Profile,
    chains: &dyn ChainCheck,
    at: Timestamp,
    consumer: impl Fn() -> C,
) -> Result<Verified<C::Output>, Refusal> {
    let rules = Rules { profile, chains, at, strict: true, holds: false };
    let (value, verdict) = judge(source, &rules, consumer)?;
    Verified::new(value, verdict).ok_or_else(not_proven)
}

/// As [`verify`], but where nothing is open but revocation (no CRL or OCSP answer that speaks of `at`, or a certificate
/// on hold), the message is read and checked to its end as well, and is [`Judged::Unsettled`].
///
/// # Errors
/// As [`verify`], but for what only waits.
pub fn verify_or_hold<S: Source, C: Consumer>(
    source: &S,
    profile: &Profile,
    chains: &dyn ChainCheck,
    at: Timestamp,
    consumer: impl Fn() -> C,
) -> Result<Judged<C::Output>, Refusal> {
    let rules = Rules { profile, chains, at, strict: true, holds: true };
    let (value, verdict) = judge(source, &rules, consumer)?;
    if verdict.passed() {
        return Verified::new(value, verdict).map(Judged::Passed).ok_or_else(not_proven);
    }
    Unsettled::new(value, verdict).map(Judged::Unsettled).ok_or_else(not_proven)
}

fn judge<S: Source, C: Consumer>(
    source: &S,
    rules: &Rules<'_>,
    consumer: impl Fn() -> C,
) -> Result<(C::Output, Verdict), Refusal> {
    let (value, findings) = run(source, rules, consumer).map_err(|fault| fault.locate(source))?;
    Ok((value, findings.verdict(source)))
}

fn not_proven() -> Refusal {
    Refusal::new(Code::SignatureStructure, "the signature is not proven")
}

/// Reads a message and says what is to be said about its signature at the time `at`.
///
/// # Errors
/// What is wrong with the document or, by the consumer, the message; never the signature.
pub fn examine<S: Source, C: Consumer>(
    source: &S,
    profile: &Profile,
    chains: &dyn ChainCheck,
    at: Timestamp,
    consumer: impl Fn() -> C,
) -> Result<Examined<C::Output>, Refusal> {
    let rules = Rules { profile, chains, at, strict: false, holds: false };
    judge(source, &rules, consumer).map(|(value, verdict)| Examined { value, verdict })
}

/// How many of a message's first bytes are searched for its SignedInfo.
const GUESS_FROM: usize = 128 << 10;

enum Outcome<T> {
    Read(T, Box<Findings>),
    Again(Box<Plan>),
}

fn run<S: Source, C: Consumer>(
    source: &S,
    rules: &Rules<'_>,
    consumer: impl Fn() -> C,
) -> Result<(C::Output, Box<Findings>), Fault> {
    let mut wanted = None;
    for _ in 0..2 {
        match read(source, rules, wanted, consumer())? {
            Outcome::Read(value, findings) => return Ok((value, findings)),
            Outcome::Again(plan) => wanted = Some(*plan),
        }
    }
    Err(Fault::new(Code::TryLater, 0, "the message changed while it was read"))
}

/// One pass, by a plan or by a guess.
fn read<S: Source, C: Consumer>(
    source: &S,
    rules: &Rules<'_>,
    wanted: Option<Plan>,
    consumer: C,
) -> Result<Outcome<C::Output>, Fault> {
    let guess = |bytes: &[u8]| Plan::guess(bytes.get(..GUESS_FROM).unwrap_or(bytes));
    if let Some(bytes) = source.whole() {
        let plan = wanted.unwrap_or_else(|| guess(bytes));
        return pass(Reader::over(bytes, rules.profile.xml.clone()), source.len(), rules, &plan, consumer);
    }
    let unreadable = |_| Fault::new(Code::TryLater, 0, "the message could not be read");
    let mut opened = source.open().map_err(unreadable)?;
    let plan = match wanted {
        Some(plan) => plan,
        None => opened.fill_buf().map(guess).map_err(unreadable)?,
    };
    pass(Reader::new(opened, rules.profile.xml.clone()), source.len(), rules, &plan, consumer)
}

fn pass<I: Input, C: Consumer>(
    mut reader: Reader<I>,
    length: u64,
    rules: &Rules<'_>,
    plan: &Plan,
    consumer: C,
) -> Result<Outcome<C::Output>, Fault> {
    let mut reading = Reading { pass: Pass::new(rules, plan), feed: Feed::new(consumer), strict: rules.strict };
    while let Some(unit) = reader.unit()? {
        match &unit {
            Unit::Event(event) => {
                if let Some(plan) = reading.event(event) {
                    return Ok(Outcome::Again(plan));
                }
            }
            Unit::Leaf(leaf) if reading.pass.leaf(leaf) => reading.feed.leaf(leaf),
            Unit::Leaf(leaf) => {
                if let Some(plan) = reading.events_of(leaf)? {
                    return Ok(Outcome::Again(plan));
                }
            }
        }
        reading.settle(|| reader.path())?;
    }
    let Reading { pass, feed, .. } = reading;
    let findings = Box::new(pass.finish(length));
    if let Some(fault) = findings.fault().filter(|_| rules.strict) {
        return Err(fault.clone());
    }
    feed.finish().map(|value| Outcome::Read(value, findings))
}

/// One reading: the signature's side, and the consumer's.
struct Reading<'a, C> {
    pass: Pass<'a>,
    feed: Feed<C>,
    strict: bool,
}

impl<C: Consumer> Reading<'_, C> {
    /// Gives an event to both sides; a plan, if all must begin again by it.
    #[inline]
    fn event(&mut self, event: &Event<'_>) -> Option<Box<Plan>> {
        match self.pass.event(event) {
            Turn::Show => self.feed.event(event),
            Turn::ShowBare => self.feed.event(&event.bare()),
            Turn::Hide => {}
            Turn::Again(plan) => return Some(plan),
        }
        None
    }

    /// The same with the events of a leaf, one by one, each settled.
    fn events_of(&mut self, leaf: &Leaf<'_>) -> Result<Option<Box<Plan>>, Fault> {
        for event in leaf.events() {
            if let Some(plan) = self.event(&event) {
                return Ok(Some(plan));
            }
            self.settle(|| leaf.path())?;
        }
        Ok(None)
    }

    /// After an event: ends the reading where something is wrong.
    #[inline]
    fn settle(&mut self, path: impl Fn() -> String) -> Result<(), Fault> {
        if self.pass.wants_path() {
            self.pass.set_path(&path());
        }
        match self.pass.fault() {
            Some(fault) if self.strict => return Err(fault.clone()),
            _ => {}
        }
        match self.feed.fault.take() {
            Some(fault) => self.feed.fail(fault.within(path), self.strict && self.pass.has_signature()),
            None => Ok(()),
        }
    }
}

/// The consumer, and its first fault.
struct Feed<C> {
    consumer: C,
    /// The fault of the last event. On the heap: nearly always there is none.
    fault: Option<Box<Fault>>,
    /// A fault that is held back; nothing is given to the consumer any more.
    held: Option<Box<Fault>>,
}

impl<C: Consumer> Feed<C> {
    const fn new(consumer: C) -> Self {
        Self { consumer, fault: None, held: None }
    }

    #[inline]
    fn event(&mut self, event: &Event<'_>) {
        if self.held.is_none()
            && let Err(fault) = self.consumer.event(event)
        {
            self.fault = Some(Box::new(fault));
        }
    }

    #[inline]
    fn leaf(&mut self, leaf: &Leaf<'_>) {
        if self.held.is_none()
            && let Err(fault) = self.consumer.leaf(leaf)
        {
            self.fault = Some(Box::new(fault));
        }
    }

    #[cold]
    fn fail(&mut self, fault: Fault, may_wait: bool) -> Result<(), Fault> {
        if !may_wait || fault.code == Code::StateSecret {
            return Err(fault);
        }
        self.held = Some(Box::new(fault));
        Ok(())
    }

    fn finish(self) -> Result<C::Output, Fault> {
        match self.held {
            Some(fault) => Err(*fault),
            None => self.consumer.finish(),
        }
    }
}
