//! Backups made beside the running hub. One that has ended with the power on counts as acknowledged: whatever was
//! acknowledged before it began is in it, and stays in it whatever happens to the one that follows in the same folder.

use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus};
use std::time::Duration;

use bytes::Bytes;
use truc::domain::{Digest, HoldState, MessageId, Seq};

use crate::contents::Fate;
use crate::ledger::{Key, Kind, Ledger};
use crate::load::{Load, lock};
use crate::people::Who;
use crate::random::Random;
use crate::trouble::Done;

/// Longest time until it begins, milliseconds; short ones are as likely as long ones.
const BEGIN_MS_MAX: u64 = 64;
/// How often it is looked whether it has ended.
const LOOK: Duration = Duration::from_millis(5);

/// The backups of one data folder, all in one other folder.
#[derive(Default)]
pub(crate) struct Backups {
    /// What the newest that was acknowledged must hold.
    pub(crate) newest: Option<Acknowledged>,
    /// One has begun since the folder was last restored from: it has ended, or was cut.
    pub(crate) is_touched: bool,
    /// How many have ended with the power on, and how many the end of the load has cut short.
    pub(crate) made: u64,
    pub(crate) cut: u64,
}

/// What was acknowledged at some moment.
#[derive(Clone)]
pub(crate) struct Acknowledged {
    pub(crate) entries: Vec<(Seq, Bytes)>,
    pub(crate) messages: Vec<Message>,
    pub(crate) confirmed: Vec<(Key, Who)>,
}

/// A message, and who sent it.
#[derive(Clone)]
pub(crate) struct Message {
    pub(crate) id: MessageId,
    pub(crate) from: Who,
    pub(crate) sha256: Digest,
    /// The document that it is, or speaks of.
    pub(crate) document: MessageId,
    pub(crate) is_destroyed: bool,
}

impl Acknowledged {
    pub(crate) fn by_now(ledger: &Ledger) -> Self {
        let sender = |key: &Key| ledger.held.iter().find(|held| held.id == key.0).map(|held| (*key, held.letter.from));
        let confirmed = ledger.deliveries.iter().filter(|(_, delivery)| delivery.confirmed);
        Self {
            entries: ledger.entries(),
            messages: documents(ledger).chain(statuses(ledger)).chain(waiting(ledger)).collect(),
            confirmed: confirmed.filter_map(|(key, _)| sender(key)).collect(),
        }
    }
}

fn documents(ledger: &Ledger) -> impl Iterator<Item = Message> {
    ledger.held.iter().map(|held| Message {
        id: held.id,
        from: held.letter.from,
        sha256: held.letter.sha256,
        document: held.id,
        is_destroyed: ledger.contents.fate(held.id) == Fate::Destroyed,
    })
}

fn statuses(ledger: &Ledger) -> impl Iterator<Item = Message> {
    ledger.told.iter().map(|told| Message {
        id: told.id,
        from: told.note.from,
        sha256: told.note.sha256,
        document: told.note.about.0,
        is_destroyed: false,
    })
}

fn waiting(ledger: &Ledger) -> impl Iterator<Item = Message> {
    ledger.limbo.waiting.iter().filter(|waiting| waiting.entry.is_some()).map(|waiting| Message {
        id: waiting.id,
        from: waiting.letter.from,
        sha256: waiting.letter.sha256,
        document: waiting.id,
        is_destroyed: waiting.outcome == Some(HoldState::TurnedAway),
    })
}

impl Load {
    /// A backup in the middle of everything.
    pub(crate) async fn back_up(&self, mut random: Random) -> Done<()> {
        tokio::time::sleep(Duration::from_millis(random.doubling(BEGIN_MS_MAX))).await;
        let done = if *self.power.borrow() { self.back_up_now().await } else { Ok(()) };
        self.backed_up.notify_one();
        done
    }

    async fn back_up_now(&self) -> Done<()> {
        let acknowledged = {
            let mut ledger = lock(&self.ledger);
            ledger.backups.is_touched = true;
            Acknowledged::by_now(&ledger)
        };
        let mut child = self.program.backup()?;
        let ended = self.ended(&mut child).await?;
        let mut ledger = lock(&self.ledger);
        match ended.filter(|_| *self.power.borrow()) {
            None => ledger.backups.cut += 1,
            Some(ended) if ended.success() => {
                ledger.acknowledged += 1;
                ledger.backups.made += 1;
                ledger.backups.newest = Some(acknowledged);
            }
            Some(ended) => {
                let words = std::fs::read_to_string(self.program.backup_log()).unwrap_or_default();
                ledger.find(Kind::Wrong, format!("a backup beside the running hub ends with {ended}: {words}"));
            }
        }
        Ok(())
    }

    /// How it has ended; nothing if the power went first. It is gone in either case: it has files of the volume open.
    async fn ended(&self, child: &mut Child) -> Done<Option<ExitStatus>> {
        loop {
            if let Some(ended) = child.try_wait()? {
                return Ok(Some(ended));
            }
            if !*self.power.borrow() {
                let _ = child.kill(); // it may have ended by itself
                child.wait()?;
                return Ok(None);
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

/// Where the backups of a data folder stand, beside everything that the test keeps.
pub(crate) fn folder(scratch: &Path) -> PathBuf {
    scratch.join("backup")
}
