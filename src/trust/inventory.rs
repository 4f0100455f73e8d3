//! What stands in a store, item by item: for `truc trust list`, and for the warning before something ends.

use serde::Serialize;

use crate::domain::{Digest, Timestamp};
use crate::signature::{Material, SignerInfo};
use crate::trust::crl::Crl;
use crate::trust::roots::{self, KnownRoot};
use crate::trust::snapshot::Snapshot;

/// Milliseconds of a day.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Everything that a store believes, and what it did not take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Inventory {
    /// Trusted as they stand.
    pub anchors: Vec<Authority>,
    /// Below them.
    pub intermediates: Vec<Authority>,
    /// The CRLs in force.
    pub crls: Vec<CrlInForce>,
    /// Certificates about which an OCSP answer is held.
    pub answers: usize,
    /// CRLs and OCSP answers that were not taken: file and reason.
    pub faults: Vec<String>,
}

/// The certificate of an authority.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Authority {
    /// What it says.
    #[serde(flatten)]
    pub certificate: SignerInfo,
    /// Whole days up to its end; negative after it.
    pub days_left: i64,
    /// Which published certificate it is, by its fingerprint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published: Option<&'static KnownRoot>,
}

/// A CRL in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CrlInForce {
    /// SHA-256 of its bytes.
    pub sha256: Digest,
    /// Whose it is.
    pub issuer: String,
    /// cRLNumber, decimal where it has at most 64 bits.
    pub number: String,
    /// When it was made.
    pub this_update: Timestamp,
    /// When the next one comes at the latest.
    pub next_update: Timestamp,
    /// Whole days up to then; negative after it.
    pub days_left: i64,
    /// Certificates that it names.
    pub entries: usize,
}

impl Inventory {
    pub(super) fn of(snapshot: &Snapshot, now: Timestamp) -> Self {
        let list = |materials: &[Material]| materials.iter().filter_map(|kept| authority(kept, now)).collect();
        let mut crls: Vec<_> = snapshot.crls().iter().map(|crl| in_force(snapshot, crl, now)).collect();
        crls.sort_by(|one, other| (&one.issuer, one.this_update).cmp(&(&other.issuer, other.this_update)));
        Self {
            anchors: list(snapshot.roots()),
            intermediates: list(snapshot.intermediate_materials()),
            crls,
            answers: snapshot.answers().len(),
            faults: snapshot.faults().iter().map(ToString::to_string).collect(),
        }
    }
}

/// Whole days from `now` to `end`, downwards: 0 on the last day, -1 after it.
#[must_use]
pub fn days_left(end: Timestamp, now: Timestamp) -> i64 {
    end.as_millis().saturating_sub(now.as_millis()).div_euclid(DAY_MS)
}

fn authority(material: &Material, now: Timestamp) -> Option<Authority> {
    let certificate = SignerInfo::from_certificate(&material.der).ok()?;
    let days_left = days_left(certificate.not_after, now);
    Some(Authority { certificate, days_left, published: roots::identify(&material.der) })
}

/// The issuer of a CRL in force is among the store's authorities: its name is taken from there.
fn in_force(snapshot: &Snapshot, crl: &Crl, now: Timestamp) -> CrlInForce {
    CrlInForce {
        sha256: crl.material.sha256,
        issuer: snapshot.named(&crl.issuer).unwrap_or_default(),
        number: crl.number.to_string(),
        this_update: crl.this_update,
        next_update: crl.next_update,
        days_left: days_left(crl.next_update, now),
        entries: crl.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_day_counts_as_none_left() {
        let at = |text: &str| text.parse().unwrap();
        let end = at("2026-11-22T08:00:00Z");
        assert_eq!(days_left(end, at("2026-11-20T08:00:00Z")), 2);
        assert_eq!(days_left(end, at("2026-11-21T09:00:00Z")), 0);
        assert_eq!(days_left(end, at("2026-11-22T08:00:01Z")), -1);
    }
}
