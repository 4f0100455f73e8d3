//! Admit: verify by the sender's policy, then make the three identities agree (DESIGN 4).
//!
//! `Admitted<Signed>` can be made only from `signature::Verified`; `Admitted<Held>` only from `signature::Unsettled`, and
//! no recipient sees it; under policy `record` the value is an `Admitted<Unsigned>` and is shown as unverified everywhere
//! (law 4).

use std::sync::LazyLock;

use crate::api::{Policy, VerdictView};
use crate::delivery::standing::Caller;
use crate::domain::{Code, OrganId, Refusal, Timestamp};
use crate::edxml::{self, Message, Mode, TolerantView};
use crate::hub::Rows;
use crate::hub::scope::registered;
use crate::intake::Received;
use crate::intake::incoming::spool_failed;
use crate::signature::{self, ChainCheck, Examined, Judged, Profile, Verdict};
use crate::trust::TrustStore;
use crate::xml::{Fault, Source};

/// What an envelope signature must cover; and the same for what is kept whatever its verdict.
static PROFILE: LazyLock<Profile> = LazyLock::new(edxml::signature_profile);
static TOLERANT: LazyLock<Profile> = LazyLock::new(|| edxml::signature_profile().tolerant());

/// What the call is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// `POST /v1/documents`.
    Document,
    /// `POST /v1/statuses`.
    Status,
}

/// Proof that an envelope signature TOTAL-PASSED over what was read.
#[derive(Debug)]
pub struct Signed(());

/// Everything was right but that revocation is not known: nothing vouches for it yet, so it waits.
#[derive(Debug)]
pub struct Held(());

/// Nothing vouches for what was read.
#[derive(Debug)]
pub struct Unsigned(());

/// A message that passed everything that its sender's policy asks.
#[derive(Debug)]
pub struct Admitted<P> {
    message: Message,
    verdict: Verdict,
    _proof: P,
}

/// An admitted message of either policy.
#[derive(Debug)]
pub enum Admission {
    /// Policy `envelope`.
    Signed(Admitted<Signed>),
    /// Policy `envelope`, to wait until revocation is known.
    Held(Admitted<Held>),
    /// Policy `record`.
    Unsigned(Admitted<Unsigned>),
}

impl<P> Admitted<P> {
    /// What was read.
    pub const fn message(&self) -> &Message {
        &self.message
    }
}

impl Admission {
    /// Policy under which it was admitted.
    #[must_use]
    pub const fn policy(&self) -> Policy {
        match self {
            Self::Signed(_) | Self::Held(_) => Policy::Envelope,
            Self::Unsigned(_) => Policy::Record,
        }
    }

    /// What was read.
    #[must_use]
    pub const fn message(&self) -> &Message {
        match self {
            Self::Signed(admitted) => admitted.message(),
            Self::Held(admitted) => admitted.message(),
            Self::Unsigned(admitted) => admitted.message(),
        }
    }

    /// The verdict on its signature.
    #[must_use]
    pub const fn verdict(&self) -> &Verdict {
        match self {
            Self::Signed(admitted) => &admitted.verdict,
            Self::Held(admitted) => &admitted.verdict,
            Self::Unsigned(admitted) => &admitted.verdict,
        }
    }

    /// The verdict as shown.
    #[must_use]
    pub fn verdict_view(&self) -> VerdictView {
        let verdict = self.verdict();
        VerdictView {
            policy: self.policy(),
            indication: verdict.indication.as_str().to_owned(),
            sub_indication: verdict.sub_indication.map(|sub| sub.as_str().to_owned()),
            signer: verdict.signer.as_ref().map(|signer| signer.sha256),
        }
    }

    /// The message and the verdict.
    #[must_use]
    pub fn into_parts(self) -> (Message, Verdict) {
        match self {
            Self::Signed(Admitted { message, verdict, .. })
            | Self::Held(Admitted { message, verdict, .. })
            | Self::Unsigned(Admitted { message, verdict, .. }) => (message, verdict),
        }
    }
}

/// Admits what was received from `caller` at `at`, the time of receipt.
///
/// # Errors
/// Every refusal of a message: reader, edXML, signature, certificate, parties; with its place.
pub fn admit(
    received: &Received,
    caller: &Caller,
    expected: Expected,
    trust: &TrustStore,
    rows: &Rows<'_>,
    at: Timestamp,
) -> Result<Admission, Refusal> {
    let admission = match caller.access.policy {
        Policy::Envelope => envelope(received, trust, at)?,
        Policy::Record => record(received, trust, at)?,
    };
    check_kind(admission.message(), expected)?;
    let from = admission.message().from();
    if !caller.speaks_for(from) {
        let detail = "From/OrganId is not one of the caller's agencies";
        return Err(at_sender(admission.message(), Code::SenderNotCaller, detail).locate(received));
    }
    if admission.policy() == Policy::Envelope && !is_signer_registered(rows, admission.verdict(), from, at)? {
        let detail = "the signer's certificate is not registered for From/OrganId at this time";
        return Err(at_sender(admission.message(), Code::CertificateNotRegistered, detail).locate(received));
    }
    only_documents_wait(admission)
}

/// A status moves a delivery in the order of the trail and is told to both sides at once: one that waited would come
/// after what was told later. It is small and is sent again, so its sender is told to try later.
fn only_documents_wait(admission: Admission) -> Result<Admission, Refusal> {
    match &admission {
        Admission::Held(Admitted { message: Message::Status(_), verdict, .. }) => {
            let refusal = verdict.refusal.clone();
            Err(refusal
                .unwrap_or_else(|| Refusal::new(Code::RevocationUnknown, "a status does not wait: send it again")))
        }
        _ => Ok(admission),
    }
}

/// The verifier's own pass over the stored bytes of a held message, for the time at which it was received.
///
/// # Errors
/// As `signature::verify`: while it still waits, `revocation_unknown`.
pub fn settle<S: Source>(stored: &S, chains: &dyn ChainCheck, received_at: Timestamp) -> Result<Admission, Refusal> {
    let verified = signature::verify(stored, &PROFILE, chains, received_at, || edxml::Builder::new(Mode::Strict))?;
    let (message, verdict) = verified.into_parts();
    Ok(Admission::Signed(Admitted { message, verdict, _proof: Signed(()) }))
}

fn envelope(received: &Received, trust: &TrustStore, at: Timestamp) -> Result<Admission, Refusal> {
    let judged = signature::verify_or_hold(received, &PROFILE, trust, at, || edxml::Builder::new(Mode::Strict))?;
    Ok(match judged {
        Judged::Passed(verified) => {
            let (message, verdict) = verified.into_parts();
            Admission::Signed(Admitted { message, verdict, _proof: Signed(()) })
        }
        Judged::Unsettled(unsettled) => {
            let (message, verdict) = unsettled.into_parts();
            Admission::Held(Admitted { message, verdict, _proof: Held(()) })
        }
    })
}

/// Reads as it stands; only after that failed, with what REFERENCE 1.9 lets old software do.
fn record(received: &Received, trust: &TrustStore, at: Timestamp) -> Result<Admission, Refusal> {
    let mut view = TolerantView::new(received);
    loop {
        match signature::examine(&view, &TOLERANT, trust, at, || edxml::Builder::new(Mode::Tolerant)) {
            Ok(Examined { mut value, verdict }) => {
                view.restore(&mut value);
                return Ok(Admission::Unsigned(Admitted { message: value, verdict, _proof: Unsigned(()) }));
            }
            Err(refusal) => {
                if !view.widen(refusal.code).map_err(spool_failed)? {
                    return Err(refusal);
                }
            }
        }
    }
}

fn check_kind(message: &Message, expected: Expected) -> Result<(), Refusal> {
    match (message, expected) {
        (Message::Document(_), Expected::Document) | (Message::Status(_), Expected::Status) => Ok(()),
        (Message::Document(_), Expected::Status) => {
            Err(Refusal::new(Code::StatusExpected, "the message has a To and no StatusCode: it is a document"))
        }
        (Message::Status(_), Expected::Document) => {
            Err(Refusal::new(Code::DocumentExpected, "the message has a StatusCode: it is a status"))
        }
    }
}

fn is_signer_registered(rows: &Rows<'_>, verdict: &Verdict, from: &OrganId, at: Timestamp) -> Result<bool, Refusal> {
    match &verdict.signer {
        Some(signer) => Ok(registered(rows, signer, from, at)?),
        None => Ok(false),
    }
}

fn at_sender(message: &Message, code: Code, detail: &'static str) -> Fault {
    match message {
        Message::Document(envelope) => envelope.sender_fault(code, detail),
        Message::Status(status) => status.sender_fault(code, detail),
    }
}
