//! The path from a signer's certificate to an anchor: found and verified by webpki, then judged by the rules that
//! webpki leaves to others (SIGNATURES 5.2). A path that does not pass them is no path: the search goes on, and if
//! there is no better one the refusal says what was wrong with the best.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt;
use std::time::Duration;

use rustls_pki_types::{CertificateDer, UnixTime};
use webpki::{EndEntityCert, Error, VerifiedPath};
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::domain::{Code, Refusal, Timestamp};
use crate::signature::{Material, PublicKey};
use crate::trust::algorithms::CHAIN_ALGORITHMS;
use crate::trust::block::Blocks;
use crate::trust::explain::explain;
use crate::trust::files::CERTIFICATE_OCTETS_MAX;
use crate::trust::revocation::{self, Known};
use crate::trust::snapshot::Snapshot;
use crate::trust::usage;
use crate::trust::window::{Window, validity};
use crate::trust::{Asked, AskedCrls};

/// Certificates that may come with a message (SIGNATURES 4.4).
const OTHERS_MAX: usize = 10;

/// Where a certificate stands in the path; in words that a refusal can use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Leaf,
    /// An authority, counted from the one that issued the leaf, which is 0.
    Issuer(usize),
    Anchor,
    /// In no path: an OCSP responder's, under the authority that it answers for.
    Responder,
}

impl Place {
    pub(super) fn is_authority(self) -> bool {
        matches!(self, Self::Issuer(_) | Self::Anchor)
    }

    fn of(n: usize, length: usize) -> Self {
        match n {
            0 => Self::Leaf,
            _ if n.saturating_add(1) == length => Self::Anchor,
            _ => Self::Issuer(n.saturating_sub(1)),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Leaf => f.write_str("the signer's certificate"),
            Self::Issuer(0) => f.write_str("the issuing CA's certificate"),
            Self::Issuer(n) => write!(f, "the certificate of the CA {n} above the issuing CA"),
            Self::Anchor => f.write_str("the root's certificate"),
            Self::Responder => f.write_str("the OCSP responder's certificate"),
        }
    }
}

/// A path that passed every check.
#[derive(Debug)]
pub(super) struct Path {
    /// The authorities between leaf and anchor, from the leaf upwards.
    pub(super) intermediates: Vec<Vec<u8>>,
    /// Position of the anchor among the store's.
    pub(super) anchor: usize,
    /// The CRLs and OCSP answers that said "not revoked", from the leaf upwards.
    pub(super) evidence: Vec<Material>,
    /// When all of this holds.
    pub(super) window: Window,
}

/// Finds a path from `leaf` to an anchor of the snapshot that passes every check at the time that is asked about.
pub(super) fn find(
    snapshot: &Snapshot,
    leaf: &[u8],
    others: &[Vec<u8>],
    asked: Asked,
    blocks: &Blocks,
) -> Result<Path, Refusal> {
    bounded(leaf, others)?;
    if let Ok(leaf_parsed) = parse(leaf) {
        blocks.check(leaf, leaf_parsed.public_key().raw, Place::Leaf, asked.at)?;
    }
    let der = CertificateDer::from(leaf);
    let end_entity = EndEntityCert::try_from(&der).map_err(|error| explain(&error, leaf))?;
    let sent = others.iter().map(|other| CertificateDer::from(other.as_slice()));
    let intermediates: Vec<_> = snapshot.intermediates().chain(sent).collect();
    let (found, refused) = (RefCell::new(None), RefCell::new(None));
    let judge = |path: &VerifiedPath<'_>| match inspect(snapshot, leaf, path, asked, blocks) {
        Ok(path) => {
            found.replace(Some(path));
            Ok(())
        }
        Err(refusal) => {
            let worse = refused.take();
            refused.replace(Some(nearer(worse, refusal)));
            Err(Error::CertDistrusted)
        }
    };
    let (time, usage) = (unix_time(asked.at), asked.usage);
    let verdict = end_entity
        .verify_for_usage(CHAIN_ALGORITHMS, snapshot.anchors(), &intermediates, time, usage, None, Some(&judge))
        .map(|_| ());
    match (verdict, found.into_inner(), refused.into_inner()) {
        (Ok(()), Some(path), _) => Ok(path),
        (_, _, Some(refusal)) => Err(refusal),
        (Err(error), _, None) => Err(explain(&error, leaf)),
        (Ok(()), None, None) => Err(Refusal::new(Code::ChainNotFound, "no path was judged")),
    }
}

fn bounded(leaf: &[u8], others: &[Vec<u8>]) -> Result<(), Refusal> {
    if others.len() > OTHERS_MAX {
        return Err(Refusal::new(Code::CertificateInvalid, format!("more than {OTHERS_MAX} further certificates")));
    }
    if leaf.len() > CERTIFICATE_OCTETS_MAX || others.iter().any(|other| other.len() > CERTIFICATE_OCTETS_MAX) {
        let detail = format!("a certificate is larger than {CERTIFICATE_OCTETS_MAX} octets");
        return Err(Refusal::new(Code::CertificateInvalid, detail));
    }
    Ok(())
}

fn unix_time(at: Timestamp) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(at.as_secs()).unwrap_or(0)))
}

/// Of two refused paths, the refusal of the one that came nearer to passing: first the one that lacks only
/// revocation data, then the one on hold, then the one that was revoked or blocked, then the first one found.
fn nearer(one: Option<Refusal>, other: Refusal) -> Refusal {
    let rank = |refusal: &Refusal| match refusal.code {
        Code::RevocationUnknown => 3,
        Code::CertificateOnHold => 2,
        Code::CertificateRevoked | Code::CertificateBlocked => 1,
        _ => 0,
    };
    match one {
        Some(one) if rank(&one) >= rank(&other) => one,
        _ => other,
    }
}

fn inspect(
    snapshot: &Snapshot,
    leaf: &[u8],
    path: &VerifiedPath<'_>,
    asked: Asked,
    blocks: &Blocks,
) -> Result<Path, Refusal> {
    let Some((anchor, root)) = snapshot.anchor_certificate(path.anchor()) else {
        return Err(Refusal::new(Code::ChainNotFound, "the path ends at no anchor of the store"));
    };
    let intermediates: Vec<_> =
        path.intermediate_certificates().map(|certificate| certificate.der().to_vec()).collect();
    let ders = std::iter::once(leaf).chain(intermediates.iter().map(Vec::as_slice)).chain([root]);
    let certificates = ders.map(parse).collect::<Result<Vec<_>, _>>()?;
    let free = check_blocks(blocks, &certificates, asked.at)?;
    let window = check_certificates(&certificates, asked.at)?.and(free);
    let good = check_revocation(snapshot.known(blocks), &certificates, asked)?;
    let window = good.iter().fold(window, |window, good| window.and(good.window));
    let mut evidence: Vec<_> = good.into_iter().flat_map(|good| good.evidence).collect();
    let mut seen = HashSet::new();
    evidence.retain(|material| seen.insert(material.sha256));
    Ok(Path { intermediates, anchor, evidence, window })
}

fn parse(der: &[u8]) -> Result<X509Certificate<'_>, Refusal> {
    match X509Certificate::from_der(der) {
        Ok(([], certificate)) => Ok(certificate),
        _ => Err(Refusal::new(Code::CertificateInvalid, "a certificate of the path is malformed")),
    }
}

/// The operator's blocks, against every certificate of the path.
fn check_blocks(blocks: &Blocks, certificates: &[X509Certificate<'_>], at: Timestamp) -> Result<Window, Refusal> {
    certificates.iter().enumerate().try_fold(Window::always(), |window, (n, certificate)| {
        let (der, spki) = (certificate.as_raw(), certificate.public_key().raw);
        Ok(window.and(blocks.check(der, spki, Place::of(n, certificates.len()), at)?))
    })
}

/// Usage, keys and dates of every certificate of the path, leaf first.
fn check_certificates(certificates: &[X509Certificate<'_>], at: Timestamp) -> Result<Window, Refusal> {
    let mut window = Window::always();
    let mut below = 0_usize;
    for (n, certificate) in certificates.iter().enumerate() {
        let place = Place::of(n, certificates.len());
        if place == Place::Leaf {
            usage::check_leaf(certificate)?;
        } else {
            usage::check_issuer(certificate, place, below)?;
            below = below.saturating_add(usize::from(!is_self_issued(certificate)));
        }
        check_key(certificate, place)?;
        window = window.and(validity(certificate, place, at)?);
    }
    Ok(window)
}

/// RFC 5280, 3.2: such certificates do not count for pathLenConstraint.
fn is_self_issued(certificate: &X509Certificate<'_>) -> bool {
    certificate.subject().as_raw() == certificate.issuer().as_raw()
}

fn check_key(certificate: &X509Certificate<'_>, place: Place) -> Result<(), Refusal> {
    PublicKey::from_spki(certificate.public_key().raw).map(|_| ()).map_err(|refusal| {
        let detail = format!("the key in {place}: {}", refusal.detail);
        Refusal::new(refusal.code, detail)
    })
}

/// Every certificate but the anchor against its issuer's CRLs and OCSP answers. A revocation anywhere in the path weighs more than a
/// hold, a hold more than what is not known, and an authority's more than what stands below it.
fn check_revocation(
    known: Known<'_>,
    certificates: &[X509Certificate<'_>],
    asked: Asked,
) -> Result<Vec<revocation::Good>, Refusal> {
    if asked.crls == AskedCrls::Unasked {
        return Ok(Vec::new());
    }
    let mut refused = None;
    let mut good = Vec::new();
    for (n, (certificate, issuer)) in certificates.iter().zip(certificates.iter().skip(1)).enumerate().rev() {
        let place = Place::of(n, certificates.len());
        match revocation::status(known, certificate, issuer, place, asked.at) {
            Ok(status) => good.push(status),
            Err(refusal) if refusal.code == Code::CertificateRevoked => return Err(refusal),
            Err(refusal) => refused = Some(heavier(refused, refusal)),
        }
    }
    good.reverse();
    refused.map_or(Ok(good), Err)
}

/// Of what is wrong with two certificates of one path, what is to be told: the authority's comes first, but a hold is
/// told before what is not known.
fn heavier(above: Option<Refusal>, below: Refusal) -> Refusal {
    match above {
        Some(above) if above.code == Code::CertificateOnHold || below.code != Code::CertificateOnHold => above,
        _ => below,
    }
}
