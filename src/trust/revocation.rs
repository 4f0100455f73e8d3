//! Whether a certificate was revoked at a time, by the CRLs of its issuer. That a CRL is signed with the issuer's key,
//! and that the key may sign CRLs, was checked when it was loaded.

use std::sync::Arc;

use webpki::RevocationReason;
use x509_parser::prelude::X509Certificate;

use crate::domain::{Code, Refusal, Timestamp};
use crate::trust::crl::{Crl, Entry};
use crate::trust::crls::Crls;
use crate::trust::path::Place;
use crate::trust::window::Window;

/// How far a CRL's thisUpdate may lie in the future: clocks of hub and authority differ by so much at most.
pub(super) const CLOCK_SKEW_MS: i64 = 5 * 60 * 1000;

/// Not revoked, as this CRL says, for the time of the window.
#[derive(Debug)]
pub(super) struct Good {
    pub(super) crl: Arc<Crl>,
    pub(super) window: Window,
}

/// The status at `at`. An entry counts from its own date on, whatever the CRL's; an entry of a CRL that has run out
/// still counts, unless it is a hold, which may have been lifted since. "Good" needs a CRL that is current at `at`.
pub(super) fn status(
    crls: &Crls,
    certificate: &X509Certificate<'_>,
    issuer: &X509Certificate<'_>,
    place: Place,
    at: Timestamp,
) -> Result<Good, Refusal> {
    let is_authority = place != Place::Leaf;
    let of_issuer = crls.of(issuer.subject().as_raw(), issuer.public_key().raw);
    let speaking: Vec<_> = of_issuer.filter(|crl| crl.scope.includes(certificate, is_authority)).collect();
    if let Some(entry) = speaking.iter().find_map(|crl| revoked(crl, certificate, at)) {
        return Err(Refusal::new(Code::CertificateRevoked, revoked_detail(place, entry)));
    }
    let current = speaking.iter().find(|crl| window(crl, certificate).contains(at));
    match (current, speaking.first()) {
        (Some(crl), _) => Ok(Good { crl: Arc::clone(crl), window: window(crl, certificate) }),
        (None, Some(crl)) => Err(unknown(not_current(place, crl, at))),
        (None, None) => Err(unknown(format!("there is no CRL of the CA that issued {place}"))),
    }
}

fn revoked(crl: &Crl, certificate: &X509Certificate<'_>, at: Timestamp) -> Option<Entry> {
    let entry = crl.entry(certificate.raw_serial()).filter(|entry| entry.at <= at)?;
    let has_run_out = crl.next_update <= at;
    (!(entry.is_hold() && has_run_out)).then_some(entry)
}

/// When the CRL says that the certificate is good: while it is current, up to an entry that has yet to take effect.
fn window(crl: &Crl, certificate: &X509Certificate<'_>) -> Window {
    let from = Timestamp::from_millis(crl.this_update.as_millis().saturating_sub(CLOCK_SKEW_MS));
    let entry = crl.entry(certificate.raw_serial());
    let until = entry.map_or(crl.next_update, |entry| entry.at.min(crl.next_update));
    Window { from, until }
}

fn unknown(detail: String) -> Refusal {
    Refusal::new(Code::RevocationUnknown, detail)
}

fn not_current(place: Place, crl: &Crl, at: Timestamp) -> String {
    if crl.next_update <= at {
        format!("the CRL of the CA that issued {place} ran out at {}", crl.next_update)
    } else {
        format!("the CRL of the CA that issued {place} was made only at {}", crl.this_update)
    }
}

fn revoked_detail(place: Place, entry: Entry) -> String {
    let Entry { at, reason } = entry;
    match reason {
        Some(RevocationReason::CertificateHold) => format!("{place} is on hold since {at} (certificateHold)"),
        Some(reason) => format!("{place} is revoked since {at} ({})", name(reason)),
        None => format!("{place} is revoked since {at}"),
    }
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
