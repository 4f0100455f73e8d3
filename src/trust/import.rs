//! What an operator brings into the trust folders: roots, authorities below them, CRLs. Each is looked at before it is
//! copied; a root is believed only by its fingerprint, which the operator must have from elsewhere.

use x509_parser::prelude::{FromDer, X509Certificate};

use crate::domain::{Digest, Timestamp};
use crate::signature::SignerInfo;
use crate::signature::der::SEQUENCE;
use crate::trust::TrustStore;
use crate::trust::account::is_certificate_signed;
use crate::trust::crl::Crl;
use crate::trust::files::{FileError, certificates, crls};
use crate::trust::path::Place;
use crate::trust::roots::{self, KnownRoot};
use crate::trust::snapshot::authority;
use crate::trust::supply::Novelty;

/// Something that may be brought in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// What it is.
    pub kind: Kind,
    /// Its bytes.
    pub der: Vec<u8>,
    /// Their SHA-256.
    pub sha256: Digest,
    /// What a certificate says; nothing for a CRL.
    pub certificate: Option<SignerInfo>,
    /// Which published certificate it is, by its fingerprint.
    pub published: Option<&'static KnownRoot>,
}

/// The kinds, in the order in which they are brought in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Self-signed.
    Root,
    /// An authority below a root.
    Intermediate,
    /// A revocation list.
    Crl,
}

/// What is in a file, each checked by itself.
///
/// # Errors
/// What is wrong with it, or that it is neither certificate nor CRL.
pub fn candidates(bytes: Vec<u8>) -> Result<Vec<Candidate>, FileError> {
    if bytes.first() == Some(&SEQUENCE) {
        let is_certificate = X509Certificate::from_der(&bytes).is_ok();
        return if is_certificate { certificate(bytes) } else { crl(bytes) }.map(|one| vec![one]);
    }
    match (certificates(bytes.clone()), crls(bytes)) {
        (Ok(ders), _) => ders.into_iter().map(certificate).collect(),
        (Err(FileError::Empty(_)), Ok(ders)) => ders.into_iter().map(crl).collect(),
        (Err(FileError::Empty(_)), Err(FileError::Empty(_))) => {
            Err(FileError::Content("there is neither a certificate nor a CRL in it".to_owned()))
        }
        (Err(FileError::Empty(_)), Err(error)) | (Err(error), _) => Err(error),
    }
}

fn crl(der: Vec<u8>) -> Result<Candidate, FileError> {
    Crl::parse(der.clone())?;
    let sha256 = Digest::of(&der);
    Ok(Candidate { kind: Kind::Crl, der, sha256, certificate: None, published: None })
}

fn certificate(der: Vec<u8>) -> Result<Candidate, FileError> {
    let content = |text: &str| FileError::Content(text.to_owned());
    let material = authority(der.clone(), Place::Issuer(0))?;
    let info = SignerInfo::from_certificate(&der).map_err(|refusal| content(&refusal.detail))?;
    let (_, parsed) = X509Certificate::from_der(&der).map_err(|_| content("a certificate is malformed"))?;
    let is_root = parsed.subject().as_raw() == parsed.issuer().as_raw();
    if is_root && !is_certificate_signed(&der, parsed.public_key().raw) {
        return Err(content("the root is not signed with its own key, or with an algorithm that is not accepted"));
    }
    let published = roots::identify(&der);
    let kind = if is_root { Kind::Root } else { Kind::Intermediate };
    Ok(Candidate { kind, sha256: material.sha256, certificate: Some(info), published, der })
}

impl TrustStore {
    /// Whether what may be brought in fits what stands there: a certificate below an authority of the store, a CRL by
    /// one of them and not older than the one held. Changes nothing. Whether a root is to be believed decides the
    /// operator alone.
    ///
    /// # Errors
    /// Why it does not fit.
    pub fn fits(&self, candidate: &Candidate, now: Timestamp) -> Result<Novelty, FileError> {
        let snapshot = self.snapshot();
        match candidate.kind {
            Kind::Crl => self.novelty(Crl::parse(candidate.der.clone())?, now),
            _ if snapshot.authority(&candidate.sha256).is_some() => Ok(Novelty::Same),
            Kind::Root => Ok(Novelty::new()),
            Kind::Intermediate => {
                let is_below =
                    snapshot.certificates().any(|above| crate::trust::account::issued(above, &candidate.der));
                let why = "its issuer is not among roots and intermediates: import that first";
                is_below.then(Novelty::new).ok_or_else(|| FileError::Content(why.to_owned()))
            }
        }
    }
}
