//! OCSP (RFC 6960): answers as a second source beside CRLs. Read by our own few lines of DER: what is needed is one
//! bounded structure, `x509-ocsp` would bring a second X.509 library for it, and strict reading is shorter than
//! checking afterwards what a tolerant one has let through (`docs/decisions`). An answer counts for one certificate of
//! one authority, known by name and key; who may sign it says `responder`.

mod cert_id;
mod error;
pub(super) mod reader;
mod request;
mod responder;
mod response;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use x509_parser::prelude::{FromDer, X509Certificate};

pub use error::OcspError;
pub use response::OCTETS_MAX;

use crate::domain::{Digest, Timestamp};
use crate::signature::{Material, MaterialKind};
use crate::trust::crls::issuer_key;
use crate::trust::files::{FileError, Loaded};
use crate::trust::revocation::CLOCK_SKEW_MS;
use crate::trust::rules::Ages;
use crate::trust::snapshot::Fault;
use cert_id::Hashed;
pub(super) use reader::Reader;
pub(super) use responder::Delegate;
use responder::Issuer;
pub(super) use response::{Response, Status};

/// How long an answer without nextUpdate is believed: its responder has newer news at any time (RFC 6960, 2.4).
const WITHOUT_NEXT_MS: i64 = 60 * 60 * 1000;

/// An answer that its issuer vouches for, about one certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) material: Material,
    pub(super) status: Status,
    pub(super) this_update: Timestamp,
    pub(super) next_update: Option<Timestamp>,
    pub(super) delegate: Option<Delegate>,
}

impl Answer {
    /// Up to when it is believed.
    pub(super) fn until(&self, ages: &Ages) -> Timestamp {
        let after = |millis: i64| Timestamp::from_millis(self.this_update.as_millis().saturating_add(millis));
        let next = self.next_update.unwrap_or_else(|| after(WITHOUT_NEXT_MS));
        let until = next.min(after(ages.ocsp_ms));
        self.delegate.as_ref().map_or(until, |delegate| until.min(delegate.not_after))
    }
}

/// An authority that may have answers: name, SubjectPublicKeyInfo and key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Authority {
    name: Vec<u8>,
    spki: Vec<u8>,
    key: Vec<u8>,
}

impl Authority {
    pub(super) fn of(der: &[u8]) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let public_key = certificate.public_key();
        let (spki, key) = (public_key.raw.to_vec(), public_key.subject_public_key.data.to_vec());
        Some(Self { name: certificate.subject().as_raw().to_vec(), spki, key })
    }

    pub(super) fn has_name(&self, name: &[u8]) -> bool {
        self.name == name
    }

    pub(super) fn issuer_key(&self) -> Digest {
        issuer_key(&self.name, &self.spki)
    }

    fn hashed(&self) -> Hashed<'_> {
        Hashed { name: &self.name, key: &self.key }
    }

    /// The question about a certificate of this authority, in DER. `serial` is the contents of its INTEGER.
    pub(super) fn request(&self, serial: &[u8], nonce: Option<&[u8]>) -> Vec<u8> {
        request::request(self.hashed(), serial, nonce)
    }
}

/// Serial number, as the contents of its INTEGER stand.
type Serial = Box<[u8]>;

/// Every answer that may be asked: of each certificate the latest.
#[derive(Debug, Default)]
pub(super) struct Answers {
    /// By issuer's name and key.
    of_issuer: HashMap<Digest, HashMap<Serial, Arc<Answer>>>,
}

impl Answers {
    /// The answer about a certificate. `issuer` as [`issuer_key`] makes it.
    pub(super) fn of(&self, issuer: &Digest, serial: &[u8]) -> Option<&Arc<Answer>> {
        self.of_issuer.get(issuer)?.get(serial)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&Digest, &Serial, &Arc<Answer>)> {
        let flat = |(issuer, answers)| std::iter::repeat(issuer).zip::<&HashMap<Serial, Arc<Answer>>>(answers);
        self.of_issuer.iter().flat_map(flat).map(|(issuer, (serial, answer))| (issuer, serial, answer))
    }

    pub(super) fn len(&self) -> usize {
        self.of_issuer.values().map(HashMap::len).sum()
    }

    /// Takes up the answers of files. Those of `before` stay unless a later one comes.
    pub(super) fn gather(
        files: Vec<Loaded>,
        authorities: &[(Digest, Authority)],
        before: Option<&Self>,
        now: Timestamp,
        faults: &mut Vec<Fault>,
    ) -> Self {
        let is_known = |issuer: &Digest| authorities.iter().any(|(_, authority)| authority.issuer_key() == *issuer);
        let kept = before.iter().flat_map(|before| &before.of_issuer).filter(|(issuer, _)| is_known(issuer));
        let mut answers = Self { of_issuer: kept.map(|(issuer, own)| (*issuer, own.clone())).collect() };
        for Loaded { path, items } in files {
            match items {
                Ok(items) => items.into_iter().for_each(|der| answers.take(&path, der, authorities, now, faults)),
                Err(error) => faults.push(Fault { path, error }),
            }
        }
        answers
    }

    fn take(
        &mut self,
        path: &Path,
        der: Vec<u8>,
        authorities: &[(Digest, Authority)],
        now: Timestamp,
        faults: &mut Vec<Fault>,
    ) {
        match verify(der, authorities.iter().map(|(_, authority)| authority), now) {
            Ok(verified) => verified.into_iter().for_each(|verified| self.place(verified)),
            Err(error) => {
                let error = FileError::Content(error.to_string());
                faults.push(Fault { path: path.to_owned(), error });
            }
        }
    }

    /// A later answer takes the place of an earlier one, never the other way round.
    fn place(&mut self, Verified { issuer, serial, answer }: Verified) {
        let held = self.of_issuer.entry(issuer).or_default();
        if held.get(&serial).is_none_or(|held| held.this_update < answer.this_update) {
            held.insert(serial, Arc::new(answer));
        }
    }
}

/// What an answer says of one certificate, believed.
#[derive(Debug)]
pub(super) struct Verified {
    pub(super) issuer: Digest,
    pub(super) serial: Serial,
    pub(super) answer: Answer,
}

/// Everything that an answer says of certificates of these authorities, if one of them vouches for it.
pub(super) fn verify<'a>(
    der: Vec<u8>,
    authorities: impl Iterator<Item = &'a Authority>,
    now: Timestamp,
) -> Result<Vec<Verified>, OcspError> {
    let material = Material::new(MaterialKind::Ocsp, der);
    let response = Response::parse(&material.der)?;
    let mut verified = Vec::new();
    let mut refused = OcspError::Issuer;
    for authority in authorities {
        match of_authority(&response, authority, &material, now) {
            Ok(own) => verified.extend(own),
            Err(error) => refused = error,
        }
    }
    if verified.is_empty() { Err(refused) } else { Ok(verified) }
}

fn of_authority(
    response: &Response<'_>,
    authority: &Authority,
    material: &Material,
    now: Timestamp,
) -> Result<Vec<Verified>, OcspError> {
    let own: Vec<_> = response.singles.iter().filter(|single| single.id.is_of(authority.hashed())).collect();
    if own.is_empty() {
        return Ok(Vec::new());
    }
    let delegate = responder::signer(response, Issuer { hashed: authority.hashed(), spki: &authority.spki })?;
    let mut verified = Vec::new();
    for single in own {
        if single.this_update.as_millis() > now.as_millis().saturating_add(CLOCK_SKEW_MS) {
            return Err(OcspError::Future);
        }
        if delegate.as_ref().is_some_and(|delegate| !delegate.is_valid_at(single.this_update)) {
            return Err(OcspError::Responder);
        }
        let answer = Answer {
            material: material.clone(),
            status: single.status,
            this_update: single.this_update,
            next_update: single.next_update,
            delegate: delegate.clone(),
        };
        verified.push(Verified { issuer: authority.issuer_key(), serial: single.id.serial.into(), answer });
    }
    Ok(verified)
}

/// Whether the answer brings back this nonce.
pub(super) fn has_nonce(der: &[u8], nonce: &[u8]) -> Result<(), OcspError> {
    let response = Response::parse(der)?;
    if response.nonce == Some(nonce) { Ok(()) } else { Err(OcspError::Nonce) }
}
