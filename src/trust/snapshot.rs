//! Everything that a verdict depends on, as it stood at one moment. Never changed: a reload makes a new one.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use rustls_pki_types::{CertificateDer, TrustAnchor};
use webpki::{EndEntityCert, anchor_from_trusted_cert};
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::domain::{Digest, Refusal, Timestamp};
use crate::signature::{Chain, Material, MaterialKind, PublicKey, SignerInfo};
use crate::trust::Asked;
use crate::trust::block::Blocks;
use crate::trust::crls::{Crls, Gathering};
use crate::trust::explain::explain;
use crate::trust::files::{FileError, Loaded};
use crate::trust::floors::CrlFloors;
use crate::trust::ocsp::{Answers, Authority};
use crate::trust::path::{self, Place};
use crate::trust::revocation::{self, Known, Revocation};
use crate::trust::rules::Ages;
use crate::trust::usage;
use crate::trust::window::Window;

/// What is wrong with one file.
#[derive(Debug)]
pub struct Fault {
    /// Which file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub error: FileError,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.error)
    }
}

/// What was read from files, before it is looked at.
pub(super) struct Files {
    pub(super) anchors: Vec<Loaded>,
    pub(super) intermediates: Vec<Loaded>,
    pub(super) crls: Vec<Loaded>,
    pub(super) ocsp: Vec<Loaded>,
}

/// Anchors, intermediates, CRLs and OCSP answers.
#[derive(Debug)]
pub(super) struct Snapshot {
    /// How old revocation data may be.
    ages: Ages,
    /// In the order of `roots`.
    anchors: Vec<TrustAnchor<'static>>,
    roots: Vec<Material>,
    intermediates: Vec<Material>,
    crls: Crls,
    answers: Answers,
    /// With the SHA-256 of the certificate of each.
    authorities: Vec<(Digest, Authority)>,
    faults: Vec<Fault>,
}

impl Snapshot {
    /// Builds a snapshot. A bad certificate is an error, since it is configuration; a bad CRL is only a fault to report,
    /// since one of them must not take the others down.
    pub(super) fn build(
        files: Files,
        ages: Ages,
        before: Option<&Self>,
        floors: &CrlFloors,
        now: Timestamp,
    ) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let roots = authorities(files.anchors, Place::Anchor, &mut faults);
        let intermediates = authorities(files.intermediates, Place::Issuer(0), &mut faults);
        if !faults.is_empty() {
            return Err(faults);
        }
        let (anchors, roots): (_, Vec<_>) =
            roots.into_iter().filter_map(|root| anchor(&root.der).map(|anchor| (anchor, root))).unzip();
        let certificates = roots.iter().chain(&intermediates).map(|material| material.der.as_ref());
        let mut gathering = Gathering::new(certificates, before.map(|before| &before.crls), floors, now);
        for Loaded { path, items } in files.crls {
            match items {
                Ok(items) => items.into_iter().for_each(|der| gathering.take(path.clone(), der)),
                Err(error) => gathering.fault(path, error),
            }
        }
        let (crls, mut faults) = gathering.finish();
        let known = |kept: &Material| Authority::of(&kept.der).map(|authority| (kept.sha256, authority));
        let authorities: Vec<_> = roots.iter().chain(&intermediates).filter_map(known).collect();
        let held = before.map(|before| &before.answers);
        let answers = Answers::gather(files.ocsp, &authorities, held, now, &mut faults);
        Ok(Self { ages, anchors, roots, intermediates, crls, answers, authorities, faults })
    }

    /// Checks a certificate: the path, its evidence, and how long the result holds.
    pub(super) fn check(
        &self,
        leaf: &[u8],
        others: &[Vec<u8>],
        asked: Asked,
        blocks: &Blocks,
    ) -> Result<(Chain, Window), Refusal> {
        let path = path::find(self, leaf, others, asked, blocks)?;
        let certificates = std::iter::once(Material::new(MaterialKind::Certificate, leaf))
            .chain(path.intermediates.iter().map(|der| self.material(der)))
            .chain(self.roots.get(path.anchor).cloned());
        let evidence = certificates.chain(path.evidence).collect();
        let signer = SignerInfo::from_certificate(leaf)?;
        let key = PublicKey::from_certificate(leaf)?;
        Ok((Chain { leaf: Arc::new(signer), key: Arc::new(key), evidence }, path.window))
    }

    pub(super) fn anchors(&self) -> &[TrustAnchor<'static>] {
        &self.anchors
    }

    pub(super) fn intermediates(&self) -> impl Iterator<Item = CertificateDer<'_>> {
        self.intermediates.iter().map(|material| CertificateDer::from(material.der.as_ref()))
    }

    /// The certificates behind the anchors.
    pub(super) fn roots(&self) -> &[Material] {
        &self.roots
    }

    pub(super) fn intermediate_materials(&self) -> &[Material] {
        &self.intermediates
    }

    /// The name of an authority for people, by its DER.
    pub(super) fn named(&self, name: &[u8]) -> Option<String> {
        let authorities = self.roots.iter().chain(&self.intermediates);
        let has_name = |der: &[u8]| {
            X509Certificate::from_der(der).is_ok_and(|(_, certificate)| certificate.subject().as_raw() == name)
        };
        let found = authorities.map(|material| material.der.as_ref()).find(|der| has_name(der))?;
        SignerInfo::from_certificate(found).ok().map(|info| info.subject)
    }

    /// What may be asked about revocation.
    pub(super) fn known<'a>(&'a self, blocks: &'a Blocks) -> Known<'a> {
        Known { crls: &self.crls, answers: &self.answers, ages: &self.ages, blocks }
    }

    /// What CRLs and OCSP answers say of a certificate that they name.
    pub(super) fn revocation(&self, der: &[u8]) -> Option<Revocation> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let issuers = self.authorities.iter().map(|(_, authority)| authority);
        let issuers = issuers.filter(|authority| authority.has_name(certificate.issuer().as_raw()));
        revocation::named(&self.crls, &self.answers, &certificate, issuers.map(Authority::issuer_key))
    }

    pub(super) fn ages(&self) -> &Ages {
        &self.ages
    }

    /// An authority, by the SHA-256 of its certificate.
    pub(super) fn authority(&self, sha256: &Digest) -> Option<&Authority> {
        self.authorities.iter().find(|(known, _)| known == sha256).map(|(_, authority)| authority)
    }

    /// The certificate of an authority, by its SHA-256.
    pub(super) fn certificate(&self, sha256: &Digest) -> Option<&[u8]> {
        let mut authorities = self.roots.iter().chain(&self.intermediates);
        authorities.find(|material| material.sha256 == *sha256).map(|material| material.der.as_ref())
    }

    /// Whether this very certificate is an anchor.
    pub(super) fn is_anchor(&self, der: &[u8]) -> bool {
        self.roots.iter().any(|root| root.der.as_ref() == der)
    }

    /// The certificates of all authorities.
    pub(super) fn certificates(&self) -> impl Iterator<Item = &[u8]> {
        self.roots.iter().chain(&self.intermediates).map(|material| material.der.as_ref())
    }

    pub(super) fn answers(&self) -> &Answers {
        &self.answers
    }

    pub(super) fn crls(&self) -> &Crls {
        &self.crls
    }

    /// Position and DER of the certificate behind an anchor that webpki took from [`Snapshot::anchors`]: this very
    /// one, since there may be two certificates of one root with different dates.
    pub(super) fn anchor_certificate(&self, anchor: &TrustAnchor<'_>) -> Option<(usize, &[u8])> {
        let key = anchor.subject_public_key_info.as_ref().as_ptr();
        let at = self.anchors.iter().position(|known| known.subject_public_key_info.as_ref().as_ptr() == key)?;
        self.roots.get(at).map(|root| (at, root.der.as_ref()))
    }

    pub(super) fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// Numbers of anchors, intermediates, CRLs and OCSP answers.
    pub(super) fn counts(&self) -> (usize, usize, usize, usize) {
        (self.roots.len(), self.intermediates.len(), self.crls.len(), self.answers.len())
    }

    fn material(&self, der: &[u8]) -> Material {
        let known = self.intermediates.iter().find(|material| material.der.as_ref() == der);
        known.cloned().unwrap_or_else(|| Material::new(MaterialKind::Certificate, der))
    }
}

fn authorities(files: Vec<Loaded>, place: Place, faults: &mut Vec<Fault>) -> Vec<Material> {
    let mut materials: Vec<Material> = Vec::new();
    for Loaded { path, items } in files {
        match items.and_then(|items| items.into_iter().map(|der| authority(der, place)).collect::<Result<Vec<_>, _>>())
        {
            Ok(items) => materials.extend(items),
            Err(error) => faults.push(Fault { path, error }),
        }
    }
    let mut seen = std::collections::HashSet::new();
    materials.retain(|material| seen.insert(material.sha256));
    materials
}

/// Whether this is the certificate of an authority that can stand in a path.
pub(super) fn is_authority(der: &[u8]) -> bool {
    authority(der.to_vec(), Place::Issuer(0)).is_ok()
}

/// An authority's certificate that can stand in a path; its dates are looked at when it does.
pub(super) fn authority(der: Vec<u8>, place: Place) -> Result<Material, FileError> {
    let refused = |refusal: Refusal| FileError::Content(refusal.detail.into_owned());
    let certificate = CertificateDer::from(der.as_slice());
    EndEntityCert::try_from(&certificate).map_err(|error| refused(explain(&error, &der)))?;
    let parsed = X509Certificate::from_der(&der).ok().filter(|(rest, _)| rest.is_empty());
    let Some((_, parsed)) = parsed else {
        return Err(FileError::Content("a certificate is malformed".to_owned()));
    };
    usage::check_issuer(&parsed, place, 0).map_err(refused)?;
    PublicKey::from_spki(parsed.public_key().raw).map_err(refused)?;
    Ok(Material::new(MaterialKind::Certificate, der))
}

fn anchor(der: &[u8]) -> Option<TrustAnchor<'static>> {
    anchor_from_trusted_cert(&CertificateDer::from(der)).ok().map(|anchor| anchor.to_owned())
}
