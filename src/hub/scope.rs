//! Who speaks for whom: scopes of accesses, registrations of signing certificates.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::api::Scope;
use crate::domain::{Digest, OrganId, Timestamp};
use crate::hub::keys;
use crate::hub::rows::Rows;
use crate::index::IndexError;
use crate::signature::SignerInfo;
use crate::trust::registration::{self, CertificateRule, Registration};

/// A registration in a row, with the access that brought it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignerRow {
    /// Name of the access.
    pub system: String,
    /// The line of the register.
    pub registration: Registration,
}

/// Whether `agency` is in `scope`.
#[must_use]
pub fn covers(scope: &Scope, agency: &OrganId) -> bool {
    scope.code == *agency || (scope.subtree && registration::covers(&scope.code, agency))
}

/// Whether the signer is registered for `agency` at `at`.
pub fn registered(rows: &Rows<'_>, signer: &SignerInfo, agency: &OrganId, at: Timestamp) -> Result<bool, IndexError> {
    for key in [signer.sha256, name_key(&signer.subject, &signer.issuer)] {
        let lines: Vec<SignerRow> = rows.row(&keys::signer(&key))?.unwrap_or_default();
        if lines.iter().any(|line| line.registration.speaks_for(signer, agency, at)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The agencies for which the signer is registered at `at`, by name: those below them in a subtree are not listed.
pub fn agencies(rows: &Rows<'_>, signer: &SignerInfo, at: Timestamp) -> Result<Vec<OrganId>, IndexError> {
    let mut agencies = Vec::new();
    for key in [signer.sha256, name_key(&signer.subject, &signer.issuer)] {
        let lines: Vec<SignerRow> = rows.row(&keys::signer(&key))?.unwrap_or_default();
        let speaking = lines.into_iter().map(|line| line.registration);
        let speaking = speaking.filter(|line| line.speaks_for(signer, &line.agency, at));
        agencies.extend(speaking.map(|line| line.agency));
    }
    agencies.sort_unstable();
    agencies.dedup();
    Ok(agencies)
}

/// The rows of the register after an access's lines changed from `before` to `after`.
pub(super) fn changed(
    rows: &Rows<'_>,
    system: &str,
    before: &[Registration],
    after: &[Registration],
) -> Result<Vec<(Digest, Vec<SignerRow>)>, IndexError> {
    let keys: BTreeSet<Digest> = before.iter().chain(after).map(key).collect();
    let mut changed = Vec::new();
    for key in keys {
        let mut lines: Vec<SignerRow> = rows.row(&keys::signer(&key))?.unwrap_or_default();
        lines.retain(|line| line.system != system);
        let added = after.iter().filter(|line| self::key(line) == key);
        lines.extend(added.map(|line| SignerRow { system: system.to_owned(), registration: line.clone() }));
        changed.push((key, lines));
    }
    Ok(changed)
}

fn key(registration: &Registration) -> Digest {
    match &registration.certificate {
        CertificateRule::BySha256(sha256) => *sha256,
        CertificateRule::BySubjectIssuer { subject, issuer } => name_key(subject, issuer),
    }
}

fn name_key(subject: &str, issuer: &str) -> Digest {
    Digest::of_parts(&[subject.as_bytes(), &[0], issuer.as_bytes()])
}
