//! After a cut: is everything acknowledged still there, as it was, and nothing else by halves? Through the hub's public
//! doors; only the tree is computed again from a copy of the journal, as an auditor would who trusts no hub.

mod contents;
mod documents;
mod feeds;
pub(crate) mod gone;
mod in_flight;
mod lists;
pub(crate) mod picture;
pub(crate) mod restored;
pub(crate) mod trail;
mod waiting;

use std::ops::AddAssign;
use std::sync::Arc;

use crate::contents::Fate;
use crate::ledger::{Kind, Ledger};
use crate::load::{Load, lock};
use crate::trouble::Done;
use feeds::Feeds;

/// Calls that the check has under way at one time.
const CALLS: usize = 8;

/// How much was looked at.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Checked {
    pub(crate) messages: u64,
    pub(crate) statuses: u64,
    pub(crate) confirmations: u64,
    /// Messages that wait, or waited.
    pub(crate) waiting: u64,
    /// Contents withheld, destroyed; and looked for on the disk in vain.
    pub(crate) withheld: u64,
    pub(crate) destroyed: u64,
    pub(crate) gone: u64,
    pub(crate) deliveries: u64,
    pub(crate) entries: u64,
    pub(crate) checkpoints: u64,
    pub(crate) octets: u64,
    /// On its way at the cut, and there; and not there.
    pub(crate) whole: u64,
    pub(crate) absent: u64,
}

impl AddAssign for Checked {
    fn add_assign(&mut self, other: Self) {
        self.messages += other.messages;
        self.statuses += other.statuses;
        self.confirmations += other.confirmations;
        self.waiting += other.waiting;
        self.withheld += other.withheld;
        self.destroyed += other.destroyed;
        self.gone += other.gone;
        self.deliveries += other.deliveries;
        self.entries += other.entries;
        self.checkpoints += other.checkpoints;
        self.octets += other.octets;
        self.whole += other.whole;
        self.absent += other.absent;
    }
}

impl Checked {
    pub(crate) const fn acknowledged(&self) -> u64 {
        self.messages + self.statuses + self.confirmations + self.waiting
    }
}

/// Looks at everything in the ledger, then does again what was on its way, as software does that had no answer.
pub(crate) async fn everything(load: &Load) -> Done<Checked> {
    checkpoint(load).await;
    waiting::settle(load).await;
    let feeds = Feeds::read(load).await;
    feeds.check(load);
    let feeds = Arc::new(feeds);
    contents::check(load, &feeds).await;
    waiting::check(load, &feeds).await;
    let present = in_flight::resolve(load, &feeds).await;
    lists::check(load, &present).await;
    documents::check(load, &feeds).await?;
    let checked = figures(load, &feeds, &present);
    in_flight::again(load, &present).await;
    lock(&load.ledger).settle();
    Ok(checked)
}

/// The checkpoint that the hub shows now is of the tree that it showed before, or of one that has grown.
async fn checkpoint(load: &Load) {
    let note = load.clients[0].checkpoint().await;
    let mut ledger = lock(&load.ledger);
    let last = ledger.checkpoints.keys().next_back().copied().unwrap_or_default();
    match note {
        Ok(note) => {
            if let Some(now) = ledger.checkpoint(&note).filter(|now| now.size < last) {
                ledger.find(Kind::Lost, format!("the tree has {} entries, a signed one had {last}", now.size));
            }
        }
        Err(error) => ledger.find(Kind::Wrong, format!("no checkpoint: {error}")),
    }
}

fn figures(load: &Load, feeds: &Feeds, present: &in_flight::Present) -> Checked {
    let ledger = lock(&load.ledger);
    Checked {
        messages: ledger.held.len() as u64,
        statuses: ledger.told.len() as u64,
        confirmations: ledger.deliveries.values().filter(|delivery| delivery.confirmed).count() as u64,
        waiting: ledger.limbo.waiting.len() as u64,
        withheld: count(&ledger, Fate::Withheld),
        destroyed: count(&ledger, Fate::Destroyed),
        gone: ledger.contents.gone.len() as u64,
        deliveries: ledger.deliveries.len() as u64,
        entries: feeds.count(),
        checkpoints: ledger.checkpoints.len() as u64,
        octets: ledger.octets,
        whole: present.whole(),
        absent: present.absent(&ledger),
    }
}

fn count(ledger: &Ledger, fate: Fate) -> u64 {
    ledger.held.iter().filter(|held| ledger.contents.fate(held.id) == fate).count() as u64
}
