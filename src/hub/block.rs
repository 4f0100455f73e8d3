//! Emergency blocks: the operator believes a certificate or key no more, before its authority says so. A block refuses
//! what comes from then on and destroys nothing: it is lifted, or the CRL takes its place.

use crate::api::Policy;
use crate::domain::{Code, Digest, Refusal, Timestamp};
use crate::hub::content;
use crate::hub::decide::{Answer, Decision, Draft, Ids, unserialisable};
use crate::hub::entry::{Event, Verdict};
use crate::hub::keys;
use crate::hub::rows::{BlockRow, Rows, decode};
use crate::hub::submit::{KeptMaterial, missing};
use crate::index::IndexError;
use crate::trust::{Block, BlockRule};

/// Longest reason, octets.
const REASON_MAX: usize = 2_000;
/// Most blocks that stand at one time: each check looks at all of them.
const BLOCKS_MAX: usize = 1_000;

/// Blocks a certificate or key, or changes its block.
#[derive(Debug)]
pub struct PutBlock {
    /// Who does it.
    pub by: String,
    /// What is blocked.
    pub rule: BlockRule,
    /// From which time of receipt on; from now on if it is not said.
    pub since: Option<Timestamp>,
    /// Up to which.
    pub until: Option<Timestamp>,
    /// Why.
    pub reason: String,
    /// The certificate by which it was named, to be kept.
    pub certificate: Option<KeptMaterial>,
}

/// Lifts a block.
#[derive(Debug)]
pub struct LiftBlock {
    /// Who does it.
    pub by: String,
    /// What is no longer blocked.
    pub rule: BlockRule,
    /// Why.
    pub reason: String,
}

impl PutBlock {
    /// Always an entry: a second block of the same takes the place of the first.
    pub fn decide(&self, rows: &Rows<'_>, now: Timestamp, ids: &mut dyn Ids) -> Result<Decision, Refusal> {
        let since = self.since.unwrap_or(now);
        if self.until.is_some_and(|until| until <= since || until <= now) {
            return Err(Refusal::new(Code::BadRequest, "until: must be later than now and than since"));
        }
        let standing = blocks(rows)?;
        let others = standing.iter().filter(|row| row.lifted.is_none() && row.block.rule != self.rule);
        if others.count() >= BLOCKS_MAX {
            return Err(Refusal::new(Code::BadRequest, format!("at most {BLOCKS_MAX} blocks at one time")));
        }
        let (rule, until, by) = (self.rule, self.until, self.by.clone());
        let certificate = match (&self.certificate, rule) {
            (Some(kept), _) => Some(kept.sha256),
            (None, BlockRule::Certificate(sha256)) => Some(sha256),
            (None, BlockRule::Key(_)) => None,
        };
        let kept = missing(rows, self.certificate.as_slice())?.first().and(self.certificate.as_ref());
        let drafts = kept.map(KeptMaterial::draft).into_iter().collect();
        act(drafts, &self.reason, ids, |reason| Event::Block {
            rule,
            since,
            until,
            lifted: false,
            reason,
            by,
            certificate,
        })
    }
}

impl LiftBlock {
    /// Only what is blocked.
    pub fn decide(&self, rows: &Rows<'_>, ids: &mut dyn Ids) -> Result<Decision, Refusal> {
        let standing: Option<BlockRow> = rows.row(&keys::block(&self.rule))?;
        let Some(row) = standing.filter(|row| row.lifted.is_none()) else {
            return Err(Refusal::new(Code::NotFound, "there is no such block"));
        };
        let (rule, by) = (self.rule, self.by.clone());
        let (since, until) = (row.block.since, row.block.until);
        let certificate = row.certificate;
        act(Vec::new(), &self.reason, ids, |reason| Event::Block {
            rule,
            since,
            until,
            lifted: true,
            reason,
            by,
            certificate,
        })
    }
}

/// The reason stands beside the entry, since it may speak of people.
fn act(
    mut drafts: Vec<Draft>,
    text: &str,
    ids: &mut dyn Ids,
    event: impl FnOnce(Digest) -> Event,
) -> Result<Decision, Refusal> {
    if text.trim().is_empty() || text.len() > REASON_MAX {
        return Err(Refusal::new(Code::BadRequest, "reason: 1 to 2000 octets"));
    }
    let reason = content::reason(ids.salt(), text).map_err(|error| unserialisable(&error))?;
    let answer_at = drafts.len();
    drafts.push(Draft { parties: Vec::new(), event: event(reason.key), contents: vec![reason] });
    let answer = Answer { message: None, effect: None, seq: None };
    Ok(Decision::New { drafts, answer_at, answer })
}

/// Every block, also those that were lifted.
///
/// # Errors
/// [`IndexError`].
pub fn blocks(rows: &Rows<'_>) -> Result<Vec<BlockRow>, IndexError> {
    rows.under(&keys::block_prefix(), |_, value| decode(value))
}

/// The blocks in force, as the trust store takes them.
///
/// # Errors
/// [`IndexError`].
pub fn in_force(rows: &Rows<'_>) -> Result<Vec<Block>, IndexError> {
    Ok(blocks(rows)?.into_iter().filter(|row| row.lifted.is_none()).map(|row| row.block).collect())
}

/// Whether a block came to stand after the message was verified: nothing by a blocked certificate follows it in the
/// trail.
pub(super) fn is_blocked(rows: &Rows<'_>, verdict: &Verdict, now: Timestamp) -> Result<bool, IndexError> {
    if verdict.policy != Policy::Envelope {
        return Ok(false);
    }
    let is_meant = |digest: &Digest| verdict.signer.as_ref() == Some(digest) || verdict.evidence.contains(digest);
    Ok(in_force(rows)?.iter().any(|block| {
        let is_now = block.since <= now && block.until.is_none_or(|until| now < until);
        is_now && matches!(&block.rule, BlockRule::Certificate(sha256) if is_meant(sha256))
    }))
}

pub(super) fn check(blocked: bool) -> Result<(), Refusal> {
    let refusal = || Refusal::new(Code::CertificateBlocked, "the certificate is blocked by the operator");
    if blocked { Err(refusal()) } else { Ok(()) }
}
