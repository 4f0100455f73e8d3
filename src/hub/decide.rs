//! Decide: a command against the facts gives drafts of entries, an answer known before, or a refusal.

use crate::domain::{Code, Effect, MessageId, OrganId, Refusal, Timestamp};
use crate::hub::backup::{BackupMade, NewEpoch};
use crate::hub::block::{LiftBlock, PutBlock};
use crate::hub::delivery::{Confirm, Fetch};
use crate::hub::destroy::{Destroy, Erased, Withhold};
use crate::hub::entry::{Event, Salt};
use crate::hub::held::{Hold, Release, TurnAway};
use crate::hub::register::{AcceptedClock, Access, Directory, Opening, RefusedCall};
use crate::hub::retention::SetRule;
use crate::hub::rows::Rows;
use crate::hub::status::SubmitStatus;
use crate::hub::submit::{Submit, known};
use crate::index::{IndexError, Read};
use crate::journal::{Body, Content, PayloadName};

/// Everything that can change the hub.
#[derive(Debug)]
pub enum Command {
    /// The first entry of an epoch.
    Open(Opening),
    /// The first entry of a later epoch.
    Epoch(Box<NewEpoch>),
    /// A message that was accepted before came again, byte for byte.
    Again(MessageId),
    /// A document message was admitted.
    Submit(Box<Submit>),
    /// A document message was admitted to wait: revocation is not known.
    Hold(Box<Hold>),
    /// A held message is good.
    Release(Box<Release>),
    /// A held message is not.
    TurnAway(TurnAway),
    /// A status message was admitted.
    Status(Box<SubmitStatus>),
    /// A recipient fetched a message.
    Fetch(Fetch),
    /// A recipient has stored a message.
    Confirm(Confirm),
    /// The directory changes.
    Directory(Directory),
    /// An access changes.
    Access(Box<Access>),
    /// A certificate or key is blocked.
    PutBlock(Box<PutBlock>),
    /// A block is lifted.
    LiftBlock(LiftBlock),
    /// An authenticated caller was refused.
    Refused(RefusedCall),
    /// A rule of retention is made, changed or closed.
    Retention(Box<SetRule>),
    /// A message's content is withheld, or released again.
    Withhold(Withhold),
    /// Contents are to be destroyed.
    Destroy(Destroy),
    /// What was ordered destroyed in a segment is gone.
    Erased(Box<Erased>),
    /// A backup was made.
    Backup(BackupMade),
    /// Nothing happens but that the journal seals its segment, if that was asked for.
    Seal,
    /// The operator says that the clock is right as it is.
    AcceptClock(AcceptedClock),
}

/// What stands in the journal after a command.
#[derive(Debug)]
pub enum Decision {
    /// New entries. The answer speaks of the entry at `answer_at`.
    New {
        /// In this order.
        drafts: Vec<Draft>,
        /// Index into `drafts`.
        answer_at: usize,
        /// What the caller is told.
        answer: Answer,
    },
    /// Nothing happens: the first answer again.
    Known(Answer),
    /// Nothing happens and nothing is to be told.
    Nothing,
}

/// What the caller is told, beside place and proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The message.
    pub message: Option<MessageId>,
    /// What a status did.
    pub effect: Option<Effect>,
    /// Where the answering entry stands, when it was there before.
    pub seq: Option<u64>,
}

/// An entry before it has its place, time, salt and chain links.
#[derive(Debug)]
pub struct Draft {
    /// The agencies concerned, at most two.
    pub parties: Vec<OrganId>,
    /// What happened.
    pub event: Event,
    /// Bytes beside it; the stamp says to which entry of the batch they belong.
    pub contents: Vec<Content>,
}

impl Command {
    /// The file in which its body stands, where it has one.
    #[must_use]
    pub fn payload(&self) -> Option<PayloadName> {
        let body = match self {
            Self::Submit(submit) => &submit.body,
            Self::Hold(hold) => &hold.submit.body,
            Self::Status(status) => &status.body,
            _ => return None,
        };
        if let Body::Payload(payload) = body { Some(payload.name) } else { None }
    }

    /// Whether it waits while the disk is nearly full. Revokes, recalls and their answers, and everything that an
    /// operator or the hub itself does, find room; so does what adds nothing.
    #[must_use]
    pub fn is_ordinary(&self) -> bool {
        match self {
            Self::Submit(submit) => !submit.business.is_vital(),
            Self::Hold(hold) => !hold.submit.business.is_vital(),
            Self::Status(status) => !status.status.is_vital(),
            // Not a fetch: its bytes have gone out, and a spill must know to whom.
            Self::Confirm(_) | Self::Refused(_) => true,
            _ => false,
        }
    }
}

impl Draft {
    /// A draft without contents.
    #[must_use]
    pub const fn new(parties: Vec<OrganId>, event: Event) -> Self {
        Self { parties, event, contents: Vec::new() }
    }
}

/// Randomness and ids, handed in so that a run can be repeated.
pub trait Ids: Send {
    /// 128 fresh random bits.
    fn salt(&mut self) -> Salt;
    /// A fresh UUID version 7.
    fn message(&mut self, now: Timestamp) -> MessageId;
}

/// Decides `command` against `view`: the index, and what stands earlier in the same batch.
///
/// # Errors
/// A refusal with its code; nothing is then appended for this command. [`Code::StorageFailed`] when the view fails.
pub fn decide(command: &Command, view: &dyn Read, now: Timestamp, ids: &mut dyn Ids) -> Result<Decision, Refusal> {
    let rows = Rows(view);
    match command {
        Command::Open(opening) => opening.decide(&rows),
        Command::Epoch(epoch) => epoch.decide(&rows),
        Command::Again(id) => again(&rows, *id),
        Command::Submit(submit) => submit.decide(&submit.facts(&rows, now)?, now, ids),
        Command::Hold(hold) => hold.decide(&rows, now, ids),
        Command::Release(release) => release.decide(&rows),
        Command::TurnAway(turn_away) => turn_away.decide(&rows),
        Command::Status(status) => status.decide(&status.facts(&rows, now)?, now, ids),
        Command::Fetch(fetch) => fetch.decide(&rows),
        Command::Confirm(confirm) => confirm.decide(&rows),
        Command::Directory(directory) => directory.decide(&rows),
        Command::Access(access) => access.decide(&rows),
        Command::PutBlock(put) => put.decide(&rows, now, ids),
        Command::LiftBlock(lift) => lift.decide(&rows, ids),
        Command::Refused(refused) => Ok(refused.decide()),
        Command::Retention(rule) => rule.decide(&rows),
        Command::Withhold(withhold) => withhold.decide(&rows, ids),
        Command::Destroy(destroy) => destroy.decide(&rows, ids),
        Command::Erased(erased) => Ok(erased.decide()),
        Command::Backup(backup) => backup.decide(&rows),
        Command::Seal => Ok(Decision::Nothing),
        Command::AcceptClock(accepted) => Ok(accepted.decide()),
    }
}

fn again(rows: &Rows<'_>, id: MessageId) -> Result<Decision, Refusal> {
    rows.message(id)?.map_or_else(
        || Err(Refusal::new(Code::StorageFailed, "an accepted message is not in the index")),
        |row| Ok(known(id, &row)),
    )
}

impl From<IndexError> for Refusal {
    fn from(error: IndexError) -> Self {
        tracing::error!(%error, "index");
        Self::new(Code::StorageFailed, "the index cannot be read")
    }
}

/// A content that does not serialise is a defect of ours, answered as a failure of storage.
pub(crate) fn unserialisable(error: &serde_json::Error) -> Refusal {
    tracing::error!(%error, "an entry does not serialise");
    Refusal::new(Code::StorageFailed, "an entry cannot be written")
}
