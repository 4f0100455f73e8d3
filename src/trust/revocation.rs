//! Whether a certificate was revoked at a time, by the CRLs of its issuer. That a CRL is signed with the issuer's key,
//! and that the key may sign CRLs, was checked when it was loaded.

use std::sync::Arc;

use serde::Serialize;
use webpki::RevocationReason;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::domain::{Code, Refusal, Timestamp};
use crate::trust::crl::{Crl, Entry};
use crate::trust::crls::Crls;
use crate::trust::path::Place;
use crate::trust::window::{Window, timestamp};
use crate::trust::{Asked, AskedCrls};

/// How far a CRL's thisUpdate may lie in the future: clocks of hub and authority differ by so much at most.
pub(super) const CLOCK_SKEW_MS: i64 = 5 * 60 * 1000;

/// Not revoked, as this CRL says, for the time of the window.
#[derive(Debug)]
pub(super) struct Good {
    pub(super) crl: Arc<Crl>,
    pub(super) window: Window,
}

/// What a CRL says of a certificate that it names.
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

/// What the CRLs of the certificate's issuer say of it. The issuer is known here by its name alone; the key counts
/// where a path is checked.
pub(super) fn named(crls: &Crls, der: &[u8]) -> Option<Revocation> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let entries = crls.named(certificate.issuer().as_raw()).filter_map(|crl| crl.entry(certificate.raw_serial()));
    entries.min_by_key(|entry| (entry.is_hold(), entry.at())).map(Revocation::from)
}

impl From<Entry> for Revocation {
    fn from(entry: Entry) -> Self {
        let Entry { revoked, invalid, reason } = entry;
        Self { revoked_at: revoked, invalid_since: invalid, reason: reason.map(name), on_hold: entry.is_hold() }
    }
}

/// The status at the time that is asked about. An entry counts from its own date on, whatever the CRL's; an entry of a CRL that has run out
/// still counts, unless it is a hold, which may have been lifted since. "Good" needs a CRL that is current at `at`.
pub(super) fn status(
    crls: &Crls,
    certificate: &X509Certificate<'_>,
    issuer: &X509Certificate<'_>,
    place: Place,
    asked: Asked,
) -> Result<Good, Refusal> {
    let at = asked.at;
    let is_authority = place != Place::Leaf;
    let of_issuer = crls.of(issuer.subject().as_raw(), issuer.public_key().raw);
    let speaking: Vec<_> = of_issuer.filter(|crl| crl.scope.includes(certificate, is_authority)).collect();
    let entries = speaking.iter().filter_map(|crl| revoked(crl, certificate, at));
    if let Some(entry) = entries.min_by_key(|entry| entry.is_hold()) {
        return Err(refused(place, entry));
    }
    let speaks = |crl: &&&Arc<Crl>| {
        window(crl, certificate).contains(at)
            || (asked.crls == AskedCrls::Since && speaks_of_the_past(crl, certificate, at))
    };
    let current = speaking.iter().find(speaks);
    match (current, speaking.first()) {
        (Some(crl), _) => Ok(Good { crl: Arc::clone(crl), window: window(crl, certificate) }),
        (None, Some(crl)) => Err(unknown(not_current(place, crl, at))),
        (None, None) => Err(unknown(format!("there is no CRL of the CA that issued {place}"))),
    }
}

fn revoked(crl: &Crl, certificate: &X509Certificate<'_>, at: Timestamp) -> Option<Entry> {
    let entry = crl.entry(certificate.raw_serial()).filter(|entry| entry.at() <= at)?;
    let has_run_out = crl.next_update <= at;
    (!(entry.is_hold() && has_run_out)).then_some(entry)
}

/// When the CRL says that the certificate is good: up to its end, or to an entry that has yet to take effect. A CRL says
/// so of the time before it was made as well (what was received while none was to be had waits for it), unless the
/// certificate had expired by then: expired ones are taken off the list (RFC 5280, 3.3).
fn window(crl: &Crl, certificate: &X509Certificate<'_>) -> Window {
    let had_expired = timestamp(certificate.validity().not_after) < crl.this_update;
    let made = Timestamp::from_millis(crl.this_update.as_millis().saturating_sub(CLOCK_SKEW_MS));
    let from = if had_expired { made } else { Window::always().from };
    let entry = crl.entry(certificate.raw_serial());
    let until = entry.map_or(crl.next_update, |entry| entry.at().min(crl.next_update));
    Window { from, until }
}

/// Whether a CRL that was made later says how things stood at `at`: the certificate could still be in it, since it
/// had not run out (RFC 5280, 3.3: entries go when the certificate has expired), and has no entry as early as that.
fn speaks_of_the_past(crl: &Crl, certificate: &X509Certificate<'_>, at: Timestamp) -> bool {
    let not_after = timestamp(certificate.validity().not_after);
    at < crl.this_update && crl.this_update <= not_after
}

fn unknown(detail: String) -> Refusal {
    Refusal::new(Code::RevocationUnknown, detail)
}

fn not_current(place: Place, crl: &Crl, at: Timestamp) -> String {
    if crl.next_update <= at {
        format!("the CRL of the CA that issued {place} ran out at {}", crl.next_update)
    } else {
        format!("the CRL of the CA that issued {place} was made only at {}, when it had expired", crl.this_update)
    }
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
