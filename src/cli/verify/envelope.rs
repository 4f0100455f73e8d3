//! The signature over the file itself: read once, by a profile, whatever is wrong with what it holds.

use std::sync::Arc;

use crate::cli::exit::{Exit, Failure};
use crate::cli::verify::chain::{self, Link};
use crate::cli::verify::lines::{self, Lines};
use crate::cli::verify::profile::Name;
use crate::domain::{Code, Refusal, Timestamp};
use crate::edxml::{Builder, Mode};
use crate::signature::{self, Indication, Profile, SubIndication, Verdict};
use crate::trust::TrustStore;
use crate::xml::{Consumer, Event, Fault, Source};

/// What was found out.
#[derive(Debug)]
pub(super) struct Envelope {
    pub(super) profile: Name,
    pub(super) verdict: Verdict,
    /// The lines of each part of `verdict.covered`, and of the Signature that is left out of it.
    pub(super) covered: Vec<(Lines, Option<Lines>)>,
    pub(super) chain: Vec<Link>,
    /// What a hub would refuse in what is signed. It says nothing about the signature.
    pub(super) content: Option<Refusal>,
    /// Whether anything was trusted at all.
    pub(super) has_anchors: bool,
}

/// Examines a file by a profile; without one, by its root.
pub(super) fn examine<S: Source>(
    file: &S,
    name: Option<Name>,
    trust: &TrustStore,
    at: Timestamp,
) -> Result<Envelope, Failure> {
    let name = name.unwrap_or_else(|| Name::of_file(file));
    let profile = name.profile();
    let (verdict, content) = match name {
        Name::Edxml => with_content(file, &profile, trust, at)?,
        Name::None => (alone(file, &profile, trust, at)?, None),
    };
    let covered = covered(file, &verdict).map_err(|_| unreadable())?;
    let chain = chain::of(&verdict);
    Ok(Envelope { profile: name, verdict, covered, chain, content, has_anchors: trust.report().anchors > 0 })
}

/// Reads the content as well. Where it is refused, the signature is examined without it.
fn with_content<S: Source>(
    file: &S,
    profile: &Profile,
    trust: &TrustStore,
    at: Timestamp,
) -> Result<(Verdict, Option<Refusal>), Failure> {
    match signature::examine(file, profile, trust, at, || Builder::new(Mode::Strict)) {
        Ok(examined) => Ok((examined.verdict, None)),
        Err(refusal) => {
            let verdict = alone(file, profile, trust, at)?;
            let is_told = verdict.refusal.as_ref() == Some(&refusal);
            Ok((verdict, (!is_told).then_some(refusal)))
        }
    }
}

fn alone<S: Source>(file: &S, profile: &Profile, trust: &TrustStore, at: Timestamp) -> Result<Verdict, Failure> {
    match signature::examine(file, profile, trust, at, || Nobody) {
        Ok(examined) => Ok(examined.verdict),
        Err(refusal) if refusal.code == Code::TryLater => Err(unreadable()),
        Err(refusal) => Ok(not_xml(refusal)),
    }
}

fn covered<S: Source>(file: &S, verdict: &Verdict) -> std::io::Result<Vec<(Lines, Option<Lines>)>> {
    let parts = &verdict.covered;
    let ranges: Vec<_> =
        parts.iter().flat_map(|part| std::iter::once(&part.span).chain(&part.except)).cloned().collect();
    let mut lines = lines::of(file, &ranges)?.into_iter();
    Ok(parts.iter().filter_map(|part| Some((lines.next()?, part.except.as_ref().and_then(|_| lines.next())))).collect())
}

/// EN 319 102-1, 5.2.2: what is not XML has no signature that could be looked at.
fn not_xml(refusal: Refusal) -> Verdict {
    Verdict {
        indication: Indication::TotalFailed,
        sub_indication: Some(SubIndication::FormatFailure),
        code: Some(refusal.code),
        refusal: Some(refusal),
        also: Vec::new(),
        signer: None,
        algorithms: None,
        covered: Vec::new(),
        weaknesses: Vec::new(),
        evidence: Arc::new([]),
    }
}

fn unreadable() -> Failure {
    Failure::new(Exit::NoInput, "Không đọc được tệp đến hết", "The file cannot be read to its end")
}

/// Reads nothing.
struct Nobody;

impl Consumer for Nobody {
    type Output = ();

    fn event(&mut self, _: &Event<'_>) -> Result<(), Fault> {
        Ok(())
    }

    fn finish(self) -> Result<(), Fault> {
        Ok(())
    }
}
