//! Whether a certificate was revoked at a time, by the CRLs of its issuer and the OCSP answer about it. That these are
//! signed with the issuer's key, or by a responder that it certified, was checked when they were loaded. "Good" from
//! either is enough if it is fresh; "revoked" from either counts.

use std::sync::Arc;

use serde::Serialize;
use webpki::RevocationReason;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::domain::{Code, Digest, Refusal, Timestamp};
use crate::signature::Material;
use crate::trust::block::Blocks;
use crate::trust::crl::{Crl, Entry};
use crate::trust::crls::{Crls, issuer_key};
use crate::trust::ocsp::{Answer, Answers, Delegate, Status};
use crate::trust::path::Place;
use crate::trust::rules::Ages;
use crate::trust::window::{Window, timestamp};

/// How far thisUpdate may lie in the future: clocks of hub and authority differ by so much at most.
pub(super) const CLOCK_SKEW_MS: i64 = 5 * 60 * 1000;

/// What may be asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) crls: &'a Crls,
    pub(super) answers: &'a Answers,
    pub(super) ages: &'a Ages,
    pub(super) blocks: &'a Blocks,
}

/// Not revoked, as this evidence says, for the time of the window.
#[derive(Debug)]
pub(super) struct Good {
    pub(super) evidence: Vec<Material>,
    pub(super) window: Window,
}

/// What CRL or OCSP answer say of a certificate that they name as revoked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Revocation {
    /// revocationDate.
    pub revoked_at: Timestamp,
    /// invalidityDate, where the authority gives one: since when the key may be in other hands.
    pub invalid_since: Option<Timestamp>,
    /// The reason, by its name in RFC 5280.
    pub reason: Option<&'static str>,
    /// Whether it is a hold, which may be lifted.
    pub on_hold: bool,
}

impl From<Entry> for Revocation {
    fn from(entry: Entry) -> Self {
        let Entry { revoked, invalid, reason } = entry;
        Self { revoked_at: revoked, invalid_since: invalid, reason: reason.map(name), on_hold: entry.is_hold() }
    }
}

/// What the CRLs of the certificate's issuer and the answers about it say. The issuer is known here by its name alone;
/// the key counts where a path is checked.
pub(super) fn named(
    crls: &Crls,
    answers: &Answers,
    certificate: &X509Certificate<'_>,
    issuers: impl Iterator<Item = Digest>,
) -> Option<Revocation> {
    let serial = certificate.raw_serial();
    let of_crls = crls.named(certificate.issuer().as_raw()).filter_map(|crl| crl.entry(serial));
    let of_answers = issuers.filter_map(|issuer| answers.of(&issuer, serial)?.entry());
    of_crls.chain(of_answers).min_by_key(|entry| (entry.is_hold(), entry.at())).map(Revocation::from)
}

/// One certificate, its issuer, and the time at which it is judged.
#[derive(Clone, Copy)]
struct Case<'a> {
    certificate: &'a X509Certificate<'a>,
    issuer: &'a X509Certificate<'a>,
    place: Place,
    at: Timestamp,
}

/// The status at `at`. An entry counts from its own date on, whatever the CRL's; an entry of a CRL that has run out
/// still counts, unless it is a hold, which may have been lifted since. "Good" needs what is current at `at`.
pub(super) fn status(
    known: Known<'_>,
    certificate: &X509Certificate<'_>,
    issuer: &X509Certificate<'_>,
    place: Place,
    at: Timestamp,
) -> Result<Good, Refusal> {
    let case = Case { certificate, issuer, place, at };
    let crls = case.crls(known);
    let answer = case.answer(known);
    let of_crls =
        crls.iter().filter_map(|crl| case.in_force(crl.entry(certificate.raw_serial())?, case.until(crl, known)));
    let of_answer = answer.and_then(|answer| case.in_force(answer.entry()?, answer.until(known.ages)));
    if let Some(entry) = of_crls.chain(of_answer).min_by_key(|entry| entry.is_hold()) {
        return Err(refused(place, entry));
    }
    let by_crl = case.by_crls(&crls, known);
    let Some(answer) = answer.filter(|_| by_crl.is_err()) else { return by_crl };
    case.by_answer(answer, known).map_err(|why| match by_crl {
        Err(refusal) => unknown(format!("{}; {why}", refusal.detail)),
        Ok(_) => unknown(why),
    })
}

impl<'a> Case<'a> {
    /// The issuer's CRLs that speak of such a certificate.
    fn crls(self, known: Known<'a>) -> Vec<&'a Arc<Crl>> {
        let of_issuer = known.crls.of(self.issuer.subject().as_raw(), self.issuer.public_key().raw);
        of_issuer.filter(|crl| crl.scope.includes(self.certificate, self.place.is_authority())).collect()
    }

    fn answer(self, known: Known<'a>) -> Option<&'a Arc<Answer>> {
        let issuer = issuer_key(self.issuer.subject().as_raw(), self.issuer.public_key().raw);
        known.answers.of(&issuer, self.certificate.raw_serial())
    }

    /// The entry, if it counts at this time; `until` is the end of what it stands in.
    fn in_force(self, entry: Entry, until: Timestamp) -> Option<Entry> {
        let has_run_out = until <= self.at;
        (entry.at() <= self.at && !(entry.is_hold() && has_run_out)).then_some(entry)
    }

    /// Up to when a CRL is believed.
    fn until(self, crl: &Crl, known: Known<'_>) -> Timestamp {
        let ages = known.ages;
        let age = if self.place.is_authority() { ages.authority_crl_ms } else { ages.signer_crl_ms };
        crl.next_update.min(Timestamp::from_millis(crl.this_update.as_millis().saturating_add(age)))
    }

    /// When something made at `made` says that the certificate is good: up to its end, or to an entry that has yet to
    /// take effect. It says so of the time before it was made as well (what was received while nothing was to be had
    /// waits for it), unless the certificate had expired by then: expired ones are taken off a list (RFC 5280, 3.3).
    fn window(self, made: Timestamp, until: Timestamp, entry: Option<Entry>) -> Window {
        let had_expired = timestamp(self.certificate.validity().not_after) < made;
        let earliest = Timestamp::from_millis(made.as_millis().saturating_sub(CLOCK_SKEW_MS));
        let from = if had_expired { earliest } else { Window::always().from };
        Window { from, until: entry.map_or(until, |entry| entry.at().min(until)) }
    }

    fn by_crls(self, crls: &[&Arc<Crl>], known: Known<'_>) -> Result<Good, Refusal> {
        let window = |crl: &Crl| {
            let entry = crl.entry(self.certificate.raw_serial());
            self.window(crl.this_update, self.until(crl, known), entry)
        };
        let current = crls.iter().find(|crl| window(crl).contains(self.at));
        match (current, crls.first()) {
            (Some(crl), _) => Ok(Good { evidence: vec![crl.material.clone()], window: window(crl) }),
            (None, Some(crl)) => Err(unknown(self.not_current(crl, known))),
            (None, None) => Err(unknown(format!("there is no CRL of the CA that issued {}", self.place))),
        }
    }

    /// What the answer says, or why it says nothing.
    fn by_answer(self, answer: &Answer, known: Known<'_>) -> Result<Good, String> {
        let Self { place, at, .. } = self;
        if answer.status == Status::Unknown {
            return Err(format!("the OCSP responder does not know {place}"));
        }
        let until = answer.until(known.ages);
        let window = self.window(answer.this_update, until, answer.entry());
        if !window.contains(at) {
            return Err(format!("the OCSP answer about {place} ran out at {until}"));
        }
        let mut good = Good { evidence: vec![answer.material.clone()], window };
        if let Some(delegate) = &answer.delegate {
            let own = self.of_delegate(delegate, known)?;
            good.window = good.window.and(own.window);
            good.evidence.extend(own.evidence);
        }
        Ok(good)
    }

    /// A responder that the issuer certified must not be blocked, nor revoked by a CRL, unless the issuer wants nobody
    /// to ask (RFC 6960, 4.2.2.2.1).
    fn of_delegate(self, delegate: &Delegate, known: Known<'_>) -> Result<Good, String> {
        let Ok((_, certificate)) = X509Certificate::from_der(&delegate.der) else {
            return Err("the OCSP responder's certificate is malformed".to_owned());
        };
        let spki = certificate.public_key().raw;
        let free = known.blocks.check(&delegate.der, spki, Place::Responder, self.at);
        let free = free.map_err(|refusal| refusal.detail.into_owned())?;
        if delegate.no_check {
            return Ok(Good { evidence: Vec::new(), window: free });
        }
        let only_crls = Known { answers: &Answers::default(), ..known };
        let good = status(only_crls, &certificate, self.issuer, Place::Responder, self.at);
        let good = good.map_err(|refusal| refusal.detail.into_owned())?;
        Ok(Good { window: good.window.and(free), ..good })
    }

    fn not_current(self, crl: &Crl, known: Known<'_>) -> String {
        let (place, until) = (self.place, self.until(crl, known));
        if until <= self.at {
            format!("the CRL of the CA that issued {place} ran out at {until}")
        } else {
            format!("the CRL of the CA that issued {place} was made only at {}, when it had expired", crl.this_update)
        }
    }
}

impl Answer {
    fn entry(&self) -> Option<Entry> {
        match self.status {
            Status::Revoked(entry) => Some(entry),
            Status::Good | Status::Unknown => None,
        }
    }
}

fn unknown(detail: String) -> Refusal {
    Refusal::new(Code::RevocationUnknown, detail)
}

/// A hold is not for ever: ETSI EN 319 102-1, 5.2.6.4 gives INDETERMINATE / TRY_LATER for it.
fn refused(place: Place, entry: Entry) -> Refusal {
    let (at, reason) = (entry.at(), entry.reason.map(name));
    if entry.is_hold() {
        return Refusal::new(Code::CertificateOnHold, format!("{place} is on hold since {at} (certificateHold)"));
    }
    let reason = reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
    Refusal::new(Code::CertificateRevoked, format!("{place} is revoked since {at}{reason}"))
}

/// RFC 5280, 5.3.1.
fn name(reason: RevocationReason) -> &'static str {
    match reason {
        RevocationReason::Unspecified => "unspecified",
        RevocationReason::KeyCompromise => "keyCompromise",
        RevocationReason::CaCompromise => "cACompromise",
        RevocationReason::AffiliationChanged => "affiliationChanged",
        RevocationReason::Superseded => "superseded",
        RevocationReason::CessationOfOperation => "cessationOfOperation",
        RevocationReason::CertificateHold => "certificateHold",
        RevocationReason::RemoveFromCrl => "removeFromCRL",
        RevocationReason::PrivilegeWithdrawn => "privilegeWithdrawn",
        RevocationReason::AaCompromise => "aACompromise",
    }
}
