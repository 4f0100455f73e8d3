//! The CRLs of a store, each bound to the key that signed it, so that two authorities of one name cannot speak for each
//! other. Of every series (issuer, key, scope) there is one CRL, the latest; an earlier one never replaces it.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use x509_parser::prelude::{FromDer, X509Certificate};

use crate::domain::{Digest, Timestamp};
use crate::trust::crl::Crl;
use crate::trust::files::FileError;
use crate::trust::floors::CrlFloors;
use crate::trust::revocation::CLOCK_SKEW_MS;
use crate::trust::snapshot::Fault;
use crate::trust::usage;

/// Every CRL that may be asked.
#[derive(Debug, Default)]
pub(super) struct Crls {
    /// By issuer's name and key, then by series.
    of_issuer: HashMap<Digest, BTreeMap<Digest, Arc<Crl>>>,
}

impl Crls {
    /// The CRLs that an issuer signed with this key. `name` is the DER of its name, `spki` its SubjectPublicKeyInfo.
    pub(super) fn of(&self, name: &[u8], spki: &[u8]) -> impl Iterator<Item = &Arc<Crl>> {
        self.of_issuer.get(&issuer_key(name, spki)).into_iter().flat_map(BTreeMap::values)
    }

    /// The CRLs of every issuer of this name, whatever the key.
    pub(super) fn named(&self, name: &[u8]) -> impl Iterator<Item = &Arc<Crl>> {
        self.iter().filter(move |crl| crl.issuer == name)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<Crl>> {
        self.of_issuer.values().flat_map(BTreeMap::values)
    }

    pub(super) fn len(&self) -> usize {
        self.of_issuer.values().map(BTreeMap::len).sum()
    }

    pub(super) fn floors(&self) -> CrlFloors {
        let series = self.of_issuer.values().flatten();
        CrlFloors::new(series.map(|(series, crl)| (*series, crl.number.to_hex())))
    }
}

/// An authority that may sign CRLs.
struct Signer {
    name: Vec<u8>,
    spki: Vec<u8>,
}

/// Takes up CRLs one after the other.
pub(super) struct Gathering<'a> {
    signers: Vec<Signer>,
    floors: &'a CrlFloors,
    now: Timestamp,
    crls: Crls,
    faults: Vec<Fault>,
}

impl<'a> Gathering<'a> {
    /// `certificates` are those of the authorities. The CRLs that were held before stay unless a later one comes, also
    /// when their file is gone: a signed revocation is not undone by deleting a file.
    pub(super) fn new<'c>(
        certificates: impl Iterator<Item = &'c [u8]>,
        before: Option<&Crls>,
        floors: &'a CrlFloors,
        now: Timestamp,
    ) -> Self {
        let signers: Vec<_> = certificates.filter_map(Signer::of).collect();
        let is_known = |issuer: &Digest| signers.iter().any(|signer| issuer_key(&signer.name, &signer.spki) == *issuer);
        let kept = before.iter().flat_map(|before| &before.of_issuer).filter(|(issuer, _)| is_known(issuer));
        let of_issuer = kept.map(|(issuer, series)| (*issuer, series.clone())).collect();
        Self { signers, floors, now, crls: Crls { of_issuer }, faults: Vec::new() }
    }

    pub(super) fn take(&mut self, path: PathBuf, der: Vec<u8>) {
        if let Err(error) = Crl::parse(der).and_then(|crl| self.place(crl)) {
            self.faults.push(Fault { path, error });
        }
    }

    pub(super) fn fault(&mut self, path: PathBuf, error: FileError) {
        self.faults.push(Fault { path, error });
    }

    pub(super) fn finish(self) -> (Crls, Vec<Fault>) {
        (self.crls, self.faults)
    }

    /// Takes up one CRL, or says why not.
    pub(super) fn place(&mut self, crl: Crl) -> Result<(), FileError> {
        let content = |text: String| Err(FileError::Content(text));
        if crl.this_update.as_millis() > self.now.as_millis().saturating_add(CLOCK_SKEW_MS) {
            return content(format!("thisUpdate of the CRL lies in the future ({})", crl.this_update));
        }
        let issuer = self.signer(&crl)?;
        let series = Digest::of_parts(&[issuer.as_bytes(), crl.series().as_bytes()]);
        let held = self.crls.of_issuer.get(&issuer).and_then(|held| held.get(&series));
        match held {
            Some(held) if held.material.sha256 == crl.material.sha256 => return Ok(()),
            Some(held) if !crl.is_later_than(held) => {
                return content(format!(
                    "the CRL (number {}, {}) is not later than the one held (number {}, {})",
                    crl.number, crl.this_update, held.number, held.this_update
                ));
            }
            _ => {}
        }
        if let Some(floor) = self.floors.of(&series).filter(|floor| crl.number < *floor) {
            return content(format!("number {} of the CRL is below {floor}, which was held before", crl.number));
        }
        self.crls.of_issuer.entry(issuer).or_default().insert(series, Arc::new(crl));
        Ok(())
    }

    /// The authority whose key signed the CRL.
    fn signer(&self, crl: &Crl) -> Result<Digest, FileError> {
        let mut named = self.signers.iter().filter(|signer| signer.name == crl.issuer).peekable();
        if named.peek().is_none() {
            let why = "no certificate of the CRL's issuer that may sign CRLs is among anchors and intermediates";
            return Err(FileError::Content(why.to_owned()));
        }
        named
            .find(|signer| crl.is_signed_by(&signer.spki))
            .map(|signer| issuer_key(&signer.name, &signer.spki))
            .ok_or_else(|| FileError::Content("the CRL is not signed with a key of its issuer".to_owned()))
    }
}

impl Signer {
    fn of(der: &[u8]) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let (name, spki) = (certificate.subject().as_raw().to_vec(), certificate.public_key().raw.to_vec());
        usage::signs_crls(&certificate).then_some(Self { name, spki })
    }
}

/// What tells authorities apart: name and key.
pub(super) fn issuer_key(name: &[u8], spki: &[u8]) -> Digest {
    Digest::of_parts(&[&name.len().to_be_bytes(), name, spki])
}
