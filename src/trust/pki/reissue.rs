//! The next CRL of an authority whose files stand in a folder.

use std::path::{Path, PathBuf};

use x509_parser::prelude::{FromDer, ReasonCode, X509Certificate};
use x509_parser::revocation_list::{CertificateRevocationList, RevokedCertificate};

use super::files::{read, read_authority, read_certificate, replace};
use super::{CrlPlan, Layout, PkiError, RevocationReason, Revoked};
use crate::domain::Timestamp;

/// Issues the next CRL of `root` or `sub`: number one higher, every entry of the last one and the new ones.
/// The number of the new CRL is returned; the file is replaced in one step.
///
/// # Errors
/// When certificate, key or last CRL cannot be read, or the new one not written.
pub fn reissue_crl(
    layout: &Layout,
    name: &str,
    this_update: Timestamp,
    next_update: Timestamp,
    revoke: &[(PathBuf, RevocationReason)],
) -> Result<u64, PkiError> {
    let path = layout.crl(name);
    let last = read(&path)?;
    let (mut revoked, number) = entries(&last).ok_or(PkiError::Unreadable { path: path.clone(), what: "no CRL" })?;
    for (file, reason) in revoke {
        let entry = revocation(&read_certificate(file)?, this_update, file)?;
        revoked.retain(|known| known.serial != entry.serial);
        revoked.push(Revoked { reason: Some(*reason), ..entry });
    }
    let number = number.saturating_add(1);
    let authority = read_authority(&layout.ca(name))?;
    replace(&path, &authority.crl(&CrlPlan { number, this_update, next_update, revoked })?)?;
    Ok(number)
}

fn entries(crl: &[u8]) -> Option<(Vec<Revoked>, u64)> {
    let (_, crl) = CertificateRevocationList::from_der(crl).ok()?;
    let number = crl.crl_number().and_then(|number| u64::try_from(number).ok())?;
    Some((crl.iter_revoked_certificates().map(known).collect(), number))
}

fn known(entry: &RevokedCertificate<'_>) -> Revoked {
    Revoked {
        serial: entry.serial().to_bytes_be(),
        at: Timestamp::from_millis(entry.revocation_date.timestamp().saturating_mul(1000)),
        reason: entry.reason_code().and_then(|(_, code)| reason(code)),
        invalid_since: invalidity(entry),
    }
}

fn invalidity(entry: &RevokedCertificate<'_>) -> Option<Timestamp> {
    entry.invalidity_date().map(|(_, date)| Timestamp::from_millis(date.timestamp().saturating_mul(1000)))
}

fn reason(code: ReasonCode) -> Option<RevocationReason> {
    Some(match code {
        ReasonCode::KeyCompromise => RevocationReason::KeyCompromise,
        ReasonCode::CACompromise => RevocationReason::CaCompromise,
        ReasonCode::AffiliationChanged => RevocationReason::AffiliationChanged,
        ReasonCode::Superseded => RevocationReason::Superseded,
        ReasonCode::CessationOfOperation => RevocationReason::CessationOfOperation,
        ReasonCode::CertificateHold => RevocationReason::CertificateHold,
        ReasonCode::PrivilegeWithdrawn => RevocationReason::PrivilegeWithdrawn,
        _ => return None,
    })
}

/// The entry for a certificate: key compromise, unless the caller says otherwise.
pub(super) fn revocation(certificate: &[u8], at: Timestamp, path: &Path) -> Result<Revoked, PkiError> {
    let (_, certificate) = X509Certificate::from_der(certificate)
        .map_err(|_| PkiError::Unreadable { path: path.to_owned(), what: "no certificate" })?;
    let serial = certificate.serial.to_bytes_be();
    Ok(Revoked { serial, at, reason: Some(RevocationReason::KeyCompromise), invalid_since: None })
}
