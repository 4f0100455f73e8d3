//! Trust in an emergency: blocks that work before the CRL does, and what rests on a certificate. For operators.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use crate::api::{BlockRequest, BlockView, Blocked, ImpactPage, RevocationView, Role};
use crate::delivery::impact::{self, ImpactQuery};
use crate::delivery::standing::Caller;
use crate::domain::{Code, Digest, Refusal, Timestamp};
use crate::engine::hub::Hub;
use crate::hub::block::{self, LiftBlock, PutBlock};
use crate::hub::decide::Command;
use crate::hub::rows::{AccessRow, BlockRow, decode};
use crate::hub::submit::KeptMaterial;
use crate::hub::{Rows, keys};
use crate::index::IndexError;
use crate::journal::Body;
use crate::signature::SignerInfo;
use crate::trust::registration::CertificateRule;
use crate::trust::{BlockRule, Revocation};

/// Most registered certificates of which the end is told: more than there are agencies with systems of their own.
const SIGNERS_MAX: usize = 20_000;

impl Hub {
    /// Blocks a certificate or key from now on, or lifts its block. In force before this returns, and after a restart.
    ///
    /// # Errors
    /// `not_allowed` for others than operators; `bad_request`; `not_found` for a block that is not there.
    pub async fn put_block(&self, caller: &Caller, request: BlockRequest) -> Result<BlockView, Refusal> {
        caller.needs(&[Role::Operator])?;
        let by = caller.system.as_ref().to_owned();
        let der = request.certificate.as_deref().map(certificate).transpose()?;
        let rule = rule(&request, der.as_deref())?;
        let BlockRequest { since, until, reason, lift, .. } = request;
        let command = if lift {
            Command::LiftBlock(LiftBlock { by, rule, reason })
        } else {
            let certificate = der.map(kept);
            Command::PutBlock(Box::new(PutBlock { by, rule, since, until, reason, certificate }))
        };
        self.commit(command).await?;
        self.hand_over_blocks()?;
        let rows = self.read(|rows| Ok(block::blocks(rows)?))?;
        let row = rows.into_iter().find(|row| row.block.rule == rule);
        self.block_view(row.ok_or_else(|| Refusal::new(Code::StorageFailed, "the block cannot be read back"))?)
    }

    /// Every block, also those that were lifted.
    ///
    /// # Errors
    /// `not_allowed` for others than operators.
    pub fn blocks(&self, caller: &Caller) -> Result<Vec<BlockView>, Refusal> {
        caller.needs(&[Role::Operator])?;
        let rows = self.read(|rows| Ok(block::blocks(rows)?))?;
        rows.into_iter().map(|row| self.block_view(row)).collect()
    }

    /// Gives the trust store the blocks that stand in the index.
    pub(super) fn hand_over_blocks(&self) -> Result<(), Refusal> {
        let blocks = self.read(|rows| Ok(block::in_force(rows)?))?;
        self.0.trust.set_blocks(blocks);
        Ok(())
    }

    /// Gives the trust store the certificates that are registered now, as far as they are kept: of those that were
    /// registered by an older version, the ones that have signed.
    pub(super) fn hand_over_signers(&self) -> Result<(), Refusal> {
        let digests = self.read(|rows| Ok(registered(rows)?))?;
        let (mut known, mut signers) = (self.0.trust.registered(), HashMap::new());
        for sha256 in digests.into_iter().take(SIGNERS_MAX) {
            let signer = known.remove(&sha256).map_or_else(|| self.signer(&sha256), |signer| Ok(Some(signer)))?;
            signers.extend(signer.map(|signer| (sha256, signer)));
        }
        self.0.trust.set_registered(signers);
        Ok(())
    }

    fn signer(&self, sha256: &Digest) -> Result<Option<Arc<SignerInfo>>, Refusal> {
        let der = self.material(sha256)?.filter(|(kind, _)| kind == "certificate");
        Ok(der.and_then(|(_, der)| SignerInfo::from_certificate(&der).ok()).map(Arc::new))
    }

    /// What was accepted on a certificate, or under it, since a time: by default since its authority says that the key
    /// may be in other hands.
    ///
    /// # Errors
    /// `not_allowed` for others than operators; `bad_request` for a foreign cursor.
    pub fn impact(&self, caller: &Caller, query: &ImpactQuery) -> Result<ImpactPage, Refusal> {
        caller.needs(&[Role::Operator])?;
        let revocation = self.revocation_of(&query.certificate)?;
        let known = revocation.as_ref().map(|it| it.invalid_since.map_or(it.revoked_at, |at| at.min(it.revoked_at)));
        let since = query.since.or(known);
        let (items, next) = self.read(|rows| impact::page(rows, query, since))?;
        let (certificate, issuer) = (query.certificate, query.issuer);
        Ok(ImpactPage { certificate, issuer, revocation, since, items, next })
    }

    fn revocation_of(&self, sha256: &Digest) -> Result<Option<RevocationView>, Refusal> {
        let der = self.material(sha256)?.filter(|(kind, _)| kind == "certificate");
        Ok(der.and_then(|(_, der)| self.0.trust.revocation(&der)).as_ref().map(view))
    }

    fn block_view(&self, row: BlockRow) -> Result<BlockView, Refusal> {
        let BlockRow { block, by, lifted, certificate, .. } = row;
        let (what, sha256) = match block.rule {
            BlockRule::Certificate(sha256) => (Blocked::Certificate, sha256),
            BlockRule::Key(sha256) => (Blocked::Key, sha256),
        };
        let named = certificate.map(|sha256| self.material(&sha256)).transpose()?.flatten().map(|(_, der)| der);
        let signer = named.as_ref().and_then(|der| SignerInfo::from_certificate(der).ok());
        let now = self.now();
        Ok(BlockView {
            what,
            sha256,
            subject: signer.map(|signer| signer.subject).unwrap_or_default(),
            since: block.since,
            until: block.until,
            in_force: lifted.is_none() && is_now(block.since, block.until, now),
            reason: block.reason,
            by,
            lifted_at: lifted.as_ref().map(|(at, ..)| *at),
            lifted_by: lifted.map(|(_, by, _)| by),
            revocation: named.and_then(|der| self.0.trust.revocation(&der)).as_ref().map(view),
        })
    }
}

/// The certificates that are registered by their digest, each once.
fn registered(rows: &Rows<'_>) -> Result<BTreeSet<Digest>, IndexError> {
    let accesses: Vec<AccessRow> = rows.under(&keys::access_prefix(), |_, value| decode(value))?;
    let lines = accesses.into_iter().filter(|access| !access.closed).flat_map(|access| access.signers);
    Ok(lines
        .filter_map(|line| match line.certificate {
            CertificateRule::BySha256(sha256) if line.until.is_none() => Some(sha256),
            _ => None,
        })
        .collect())
}

fn is_now(since: Timestamp, until: Option<Timestamp>, now: Timestamp) -> bool {
    since <= now && until.is_none_or(|until| now < until)
}

fn certificate(pem: &str) -> Result<Vec<u8>, Refusal> {
    let der = CertificateDer::from_pem_slice(pem.as_bytes());
    let der = der.map_err(|_| Refusal::new(Code::BadRequest, "certificate: not a certificate in PEM"))?;
    SignerInfo::from_certificate(&der)?;
    Ok(der.to_vec())
}

fn rule(request: &BlockRequest, der: Option<&[u8]>) -> Result<BlockRule, Refusal> {
    match (der, request.sha256, request.key) {
        (Some(der), None, true) => BlockRule::of_key(der),
        (Some(der), None, false) => Ok(BlockRule::Certificate(Digest::of(der))),
        (None, Some(sha256), false) => Ok(BlockRule::Certificate(sha256)),
        (None, Some(sha256), true) if request.lift => Ok(BlockRule::Key(sha256)),
        (None, Some(_), true) => Err(Refusal::new(Code::BadRequest, "key: the certificate itself is needed")),
        _ => Err(Refusal::new(Code::BadRequest, "either certificate or sha256")),
    }
}

/// Kept, so that what its authority says later can be told.
pub(super) fn kept(der: Vec<u8>) -> KeptMaterial {
    KeptMaterial { what: "certificate", sha256: Digest::of(&der), body: Body::Inline(der.into()) }
}

fn view(revocation: &Revocation) -> RevocationView {
    let Revocation { revoked_at, invalid_since, reason, on_hold } = *revocation;
    RevocationView { revoked_at, invalid_since, reason: reason.map(str::to_owned), on_hold }
}
