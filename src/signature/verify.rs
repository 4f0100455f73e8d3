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
use crate::xml::{Consumer, Event, Fault, Input, Reader, Source};

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
    let mut pass = Pass::new(rules, plan);
    let mut feed = Feed { consumer, held: None };
    while let Some(event) = reader.next()? {
        let fed = match pass.event(&event) {
            Turn::Show => feed.event(&event),
            Turn::ShowBare => feed.event(&event.bare()),
            Turn::Hide => Ok(()),
            Turn::Again(plan) => return Ok(Outcome::Again(plan)),
        };
        if pass.wants_path() {
            pass.set_path(&reader.path());
        }
        if rules.strict {
            refuse(pass.fault())?;
        }
        if let Err(fault) = fed {
            let may_wait = rules.strict && pass.has_signature();
            feed.fail(fault.within(|| reader.path()), may_wait)?;
        }
    }
    let findings = Box::new(pass.finish(length));
    if rules.strict {
        refuse(findings.fault())?;
    }
    feed.finish().map(|value| Outcome::Read(value, findings))
}

#[inline]
fn refuse(fault: Option<&Fault>) -> Result<(), Fault> {
    fault.map_or(Ok(()), |fault| Err(fault.clone()))
}

/// The consumer, and its first fault if that is held back.
struct Feed<C> {
    consumer: C,
    held: Option<Fault>,
}

impl<C: Consumer> Feed<C> {
    fn event(&mut self, event: &Event<'_>) -> Result<(), Fault> {
        if self.held.is_some() { Ok(()) } else { self.consumer.event(event) }
    }

    fn fail(&mut self, fault: Fault, may_wait: bool) -> Result<(), Fault> {
        if !may_wait || fault.code == Code::StateSecret {
            return Err(fault);
        }
        self.held = Some(fault);
        Ok(())
    }

    fn finish(self) -> Result<C::Output, Fault> {
        self.held.map_or_else(|| self.consumer.finish(), Err)
    }
}
