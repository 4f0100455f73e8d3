//! Held messages: whenever more is known of revocation, each is verified again from its stored bytes, for the time at
//! which it was received, in the order in which they came and in bounded steps. The verifier's own pass over the bytes,
//! and not the certificate alone, since only that makes a `Verified` value (law 4). Good ones are released, those
//! revoked at or before that time turned away; every other outcome leaves them waiting.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::delivery::standing::Standing;
use crate::domain::{Code, Digest, MessageId, Refusal, Seq};
use crate::engine::hub::{Hub, Inner, closing};
use crate::engine::reads::Content;
use crate::engine::writer::Told;
use crate::hub::decide::Command;
use crate::hub::held::TurnAway;
use crate::hub::keys;
use crate::hub::rows::{MessageRow, Rows, WaitingRow, decode};
use crate::intake::settle;
use crate::journal::BodyLocation;

/// Messages of one step: what is asked of the writer at once.
const STEP_MESSAGES: usize = 64;
/// How often it is looked whether more is known.
const PERIOD: Duration = Duration::from_secs(1);
/// After so many periods everything is looked at again, whatever is known: time alone can settle a message, too.
const PERIODS_MAX: u32 = 60;

/// What a pass over the held messages came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Settled {
    /// Delivered.
    pub released: u64,
    /// Removed.
    pub turned_away: u64,
    /// Still waiting.
    pub waiting: u64,
}

/// One pass under way.
#[derive(Default)]
struct Pass {
    after: Option<Seq>,
    /// Signers of whom one message waits still: what came later by them waits as well, and is not verified for nothing.
    undecided: HashSet<Digest>,
    settled: Settled,
}

impl Hub {
    /// Looks at everything that waits, oldest first.
    ///
    /// # Errors
    /// `try_later`, `storage_failed`: what was not settled waits for the next pass.
    pub async fn settle_held(&self) -> Result<Settled, Refusal> {
        let mut pass = Pass::default();
        while self.settle_step(&mut pass).await? {}
        self.sweep(&pass.settled).await?;
        Ok(pass.settled)
    }

    /// What was turned away leaves the disk: one segment of the journal at a time.
    async fn sweep(&self, settled: &Settled) -> Result<(), Refusal> {
        while settled.turned_away > 0 && self.erase(1).await?.segments > 0 {}
        Ok(())
    }

    /// How many messages wait.
    ///
    /// # Errors
    /// `storage_failed`.
    pub fn waiting(&self) -> Result<u64, Refusal> {
        let of_senders = self.read(|rows| {
            Ok(rows.under(&keys::waiting_prefix(), |_, value| decode::<WaitingRow>(value).map(|row| row.messages))?)
        })?;
        Ok(of_senders.into_iter().fold(0, u64::saturating_add))
    }

    /// One step of a pass; whether there may be more.
    async fn settle_step(&self, pass: &mut Pass) -> Result<bool, Refusal> {
        let waiting = self.read(|rows| held_after(rows, pass.after))?;
        let mut told: Vec<Told> = Vec::new();
        for (seq, id) in &waiting {
            if let Some(command) = self.look_again(*id, pass)? {
                told.push(self.offer(command, None)?);
            }
            pass.after = Some(*seq);
        }
        for told in told {
            told.await.unwrap_or_else(|_| Err(closing()))?;
        }
        Ok(waiting.len() == STEP_MESSAGES)
    }

    /// What is to be done with one held message, if it is decided.
    fn look_again(&self, id: MessageId, pass: &mut Pass) -> Result<Option<Command>, Refusal> {
        let (row, content) = match self.held_content(id)? {
            Waiting::Not => return Ok(None),
            Waiting::Destroyed => return Ok(Some(turn_away(id, Code::ContentDestroyed, pass))),
            Waiting::Unreadable => {
                pass.settled.waiting += 1;
                return Ok(None);
            }
            Waiting::With(row, content) => (*row, content),
        };
        if row.verdict.signer.is_some_and(|signer| pass.undecided.contains(&signer)) {
            pass.settled.waiting += 1;
            return Ok(None);
        }
        match settle(&content, &self.0.trust, row.time) {
            Ok(admission) => {
                pass.settled.released += 1;
                let materials = self.read(|rows| admission.materials(rows, &self.0.payloads))?;
                admission.into_release(id, row.sha256, materials).map(Some)
            }
            Err(refusal) if refusal.code == Code::CertificateRevoked => Ok(Some(turn_away(id, refusal.code, pass))),
            Err(refusal) => {
                pass.settled.waiting += 1;
                if matches!(refusal.code, Code::RevocationUnknown | Code::CertificateOnHold) {
                    pass.undecided.extend(row.verdict.signer);
                } else {
                    tracing::warn!(%id, %refusal, "a held message can neither be released nor turned away");
                }
                Ok(None)
            }
        }
    }

    fn held_content(&self, id: MessageId) -> Result<Waiting, Refusal> {
        let found = self.read(|rows| {
            let row = rows.message(id)?.filter(MessageRow::is_held);
            Ok(row.zip(rows.row::<BodyLocation>(&keys::body(id))?))
        })?;
        let Some((row, location)) = found else { return Ok(Waiting::Not) };
        if location == BodyLocation::Destroyed {
            return Ok(Waiting::Destroyed);
        }
        let standing = Standing { message: row.clone(), is_sender: true, deliveries: Vec::new() };
        match self.open_body(&standing, &location) {
            Ok(content) => Ok(Waiting::With(Box::new(row), content)),
            Err(refusal) => {
                tracing::error!(%id, %refusal, "a held message cannot be read; the others go on");
                Ok(Waiting::Unreadable)
            }
        }
    }
}

/// A message on the list of what waits.
enum Waiting {
    /// No longer.
    Not,
    /// An operator had its content destroyed.
    Destroyed,
    /// Its bytes cannot be read: one damaged message must not keep the others waiting.
    Unreadable,
    /// Its row and its bytes.
    With(Box<MessageRow>, Content),
}

fn turn_away(message: MessageId, code: Code, pass: &mut Pass) -> Command {
    pass.settled.turned_away += 1;
    Command::TurnAway(TurnAway { message, code })
}

/// The next step of what waits after an entry.
fn held_after(rows: &Rows<'_>, after: Option<Seq>) -> Result<Vec<(Seq, MessageId)>, Refusal> {
    let from = after.map_or_else(keys::held_prefix, |seq| keys::held(seq.saturating_add(1)));
    let mut found = Vec::new();
    rows.0.scan(from.as_slice(), &keys::held_prefix().after_prefix(), false, &mut |key, value| {
        found.push((Seq::from_be_bytes(key.last_chunk::<8>().copied().unwrap_or_default()), value.to_vec()));
        if found.len() < STEP_MESSAGES { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    Ok(found
        .into_iter()
        .map(|(seq, value)| Ok((seq, decode(&value)?)))
        .collect::<Result<_, crate::index::IndexError>>()?)
}

/// The thread that looks.
pub(super) struct Thread {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Thread {
    /// Ends it: a step that is under way is finished first.
    pub(super) fn stop(self) {
        self.stop.store(true, Ordering::SeqCst);
        self.thread.thread().unpark();
        if self.thread.join().is_err() {
            tracing::error!("the thread that looks at held messages ended badly");
        }
    }
}

/// Looks until the hub is closed or gone.
pub(super) fn watch(hub: &Hub) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let (inner, stop) = (Arc::downgrade(&hub.0), Arc::new(AtomicBool::new(false)));
    let stopped = Arc::clone(&stop);
    let thread = std::thread::Builder::new().name("truc-held".to_owned()).spawn(move || {
        let mut look = Look::default();
        while !stopped.load(Ordering::SeqCst) && look.once(&inner, &runtime) {
            std::thread::park_timeout(PERIOD);
        }
    })?;
    *hub.0.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(Thread { stop, thread });
    Ok(())
}

/// What was known when everything was last looked at.
#[derive(Default)]
struct Look {
    revision: Option<u64>,
    periods: u32,
    pass: Option<Pass>,
}

impl Look {
    /// One look; false when the hub is gone. A pass is made of steps, so that closing waits for one of them at most.
    fn once(&mut self, inner: &Weak<Inner>, runtime: &tokio::runtime::Runtime) -> bool {
        let Some(inner) = inner.upgrade() else { return false };
        let hub = Hub(inner);
        let revision = hub.0.trust.revision();
        self.periods = self.periods.saturating_add(1);
        if self.revision != Some(revision) || self.periods >= PERIODS_MAX {
            (self.revision, self.periods, self.pass) = (Some(revision), 0, Some(Pass::default()));
        }
        while let Some(mut pass) = self.pass.take() {
            match runtime.block_on(hub.settle_step(&mut pass)) {
                Ok(true) => self.pass = Some(pass),
                Ok(false) => {
                    report(&pass.settled);
                    if let Err(refusal) = runtime.block_on(hub.sweep(&pass.settled)) {
                        tracing::error!(%refusal, "what was turned away is erased at the next start");
                    }
                }
                Err(refusal) => {
                    tracing::warn!(%refusal, "held messages are looked at again later");
                    self.revision = None;
                }
            }
            if hub.0.jobs.lock().unwrap_or_else(PoisonError::into_inner).is_none() {
                break;
            }
        }
        true
    }
}

fn report(settled: &Settled) {
    if *settled != Settled::default() {
        let Settled { released, turned_away, waiting } = settled;
        tracing::info!(released, turned_away, waiting, "held messages were looked at");
    }
}
