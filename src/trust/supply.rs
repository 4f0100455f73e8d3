//! What whoever fetches revocation data asks of a store: which questions to put, and whether an answer is worth
//! keeping. Nothing here opens a connection or writes a file.

use x509_parser::prelude::{FromDer, X509Certificate};

use crate::domain::{Digest, Timestamp};
use crate::trust::TrustStore;
use crate::trust::crl::Crl;
use crate::trust::crls::Gathering;
use crate::trust::files::FileError;
use crate::trust::ocsp::{self, OcspError};

/// A certificate about which an answer is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Its serial number, as the contents of the INTEGER stand.
    pub serial: Vec<u8>,
    /// Up to when the answer that is held is believed.
    pub held_until: Option<Timestamp>,
}

/// What something that was looked at would change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Novelty {
    /// It is held already.
    Same,
    /// It is later than what is held, or the first of its kind.
    New {
        /// Until when a CRL is current.
        next_update: Option<Timestamp>,
    },
}

impl Novelty {
    pub(super) const fn new() -> Self {
        Self::New { next_update: None }
    }
}

impl TrustStore {
    /// Whether an authority with this certificate is among anchors and intermediates.
    #[must_use]
    pub fn has_authority(&self, sha256: &Digest) -> bool {
        self.snapshot().authority(sha256).is_some()
    }

    /// Whether a CRL would be taken as one of this authority (by the SHA-256 of its certificate). Changes nothing.
    ///
    /// # Errors
    /// Why it would not be taken.
    pub fn look_at_crl(&self, authority: &Digest, der: &[u8], now: Timestamp) -> Result<Novelty, FileError> {
        let snapshot = self.snapshot();
        let content = |text: &str| FileError::Content(text.to_owned());
        let issuer = snapshot.certificate(authority).ok_or_else(|| content("the authority is not in the store"))?;
        let crl = Crl::parse(der.to_vec())?;
        let is_its = X509Certificate::from_der(issuer).is_ok_and(|(_, issuer)| {
            issuer.subject().as_raw() == crl.issuer && crl.is_signed_by(issuer.public_key().raw)
        });
        if !is_its {
            return Err(content("the CRL is not one of this authority"));
        }
        self.novelty(crl, now)
    }

    /// Whether a CRL of any authority of the store would be taken.
    pub(super) fn novelty(&self, crl: Crl, now: Timestamp) -> Result<Novelty, FileError> {
        let (snapshot, next_update) = (self.snapshot(), crl.next_update);
        if snapshot.crls().iter().any(|held| held.material.sha256 == crl.material.sha256) {
            return Ok(Novelty::Same);
        }
        let floors = self.crl_floors();
        let mut gathering = Gathering::new(snapshot.certificates(), Some(snapshot.crls()), &floors, now);
        gathering.place(crl)?;
        Ok(Novelty::New { next_update: Some(next_update) })
    }

    /// Signers of this authority about which an answer is wanted: those seen lately, then those of which one is held;
    /// not more than `max`.
    #[must_use]
    pub fn wanted(&self, authority: &Digest, max: usize) -> Vec<Wanted> {
        let snapshot = self.snapshot();
        let Some(known) = snapshot.authority(authority) else { return Vec::new() };
        let (issuer, ages) = (known.issuer_key(), snapshot.ages());
        let seen = self.seen().all().into_iter().filter(|signer| known.has_name(&signer.issuer));
        let held = snapshot.answers().iter().filter(|(of, ..)| **of == issuer).map(|(_, serial, _)| serial.clone());
        let mut serials: Vec<Vec<u8>> = Vec::new();
        for serial in seen.map(|signer| signer.serial).chain(held).map(<[u8]>::into_vec) {
            if serials.len() < max && !serials.contains(&serial) {
                serials.push(serial);
            }
        }
        let until = |serial: &[u8]| snapshot.answers().of(&issuer, serial).map(|answer| answer.until(ages));
        serials.into_iter().map(|serial| Wanted { held_until: until(&serial), serial }).collect()
    }

    /// The question about a certificate of this authority, in DER.
    #[must_use]
    pub fn ocsp_request(&self, authority: &Digest, serial: &[u8], nonce: Option<&[u8]>) -> Option<Vec<u8>> {
        self.snapshot().authority(authority).map(|known| known.request(serial, nonce))
    }

    /// Whether an answer speaks of the certificate that was asked about, brings the nonce back, and is later than the
    /// one held. Changes nothing.
    ///
    /// # Errors
    /// Why it would not be taken.
    pub fn look_at_answer(
        &self,
        authority: &Digest,
        serial: &[u8],
        nonce: Option<&[u8]>,
        der: &[u8],
        now: Timestamp,
    ) -> Result<(), OcspError> {
        let snapshot = self.snapshot();
        let known = snapshot.authority(authority).ok_or(OcspError::Issuer)?;
        if let Some(nonce) = nonce {
            ocsp::has_nonce(der, nonce)?;
        }
        let verified = ocsp::verify(der.to_vec(), std::iter::once(known), now)?;
        let own = verified.iter().find(|verified| verified.serial.as_ref() == serial);
        let answer = &own.ok_or(OcspError::OtherCertificate)?.answer;
        let held = snapshot.answers().of(&known.issuer_key(), serial);
        match held {
            Some(held) if held.this_update >= answer.this_update => Err(OcspError::NotLater),
            _ => Ok(()),
        }
    }
}
