//! Turns at what costs the processor and the disk: verifying, listing and committing, long readings. So many at a time;
//! who has to wait is picked by what its system has had ([`order`]), so that a system that pushes as
//! hard as it can waits for itself and not the others for it. Within a system, what is new goes before what was accepted
//! already: a retry storm costs its own system nothing but patience.

mod order;

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::domain::{Code, Refusal};
use crate::engine::turns::order::Order;

/// Short work at a time.
const SHORT_BY_CORE: usize = 2;
/// Large messages at a time: most of it is waiting for the disk.
const LARGE_BY_CORE: usize = 4;
const LARGE_MAX: usize = 8;
/// Commands with the writer at a time.
const COMMITS_MAX: usize = 64;
/// Long readings at a time.
const READINGS_MAX: usize = 2;
/// Lists that are being made at a time: each is in memory before it is known how long it is.
const LISTS_MAX: usize = 8;
/// Longest wait for a turn: whoever asks has given up by then, or soon will.
const WAIT_MAX: Duration = Duration::from_secs(20);

/// The turns at one kind of work. Clones share the same.
#[derive(Clone)]
pub(super) struct Turns(Arc<Shared>);

struct Shared {
    work: &'static str,
    order: Mutex<Order<oneshot::Sender<Turn>>>,
}

/// The turns at all kinds of work that cost something.
pub(super) struct AllTurns {
    /// Verifying messages in memory, reading some lines of a list: little more than there are processors, so that who
    /// comes new is soon next.
    pub(super) short: Turns,
    /// Verifying and storing messages in files: each takes a thread and perhaps some mebibytes.
    pub(super) large: Turns,
    /// Waiting for the writer: as many as make a good batch.
    pub(super) commits: Turns,
    /// Readings of many rows, or of large contents.
    pub(super) readings: Turns,
    /// Lists being made; their lines are read in short turns.
    pub(super) lists: Turns,
}

impl AllTurns {
    /// As many as the machine can do with.
    pub(super) fn of_machine() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let large = LARGE_BY_CORE.saturating_mul(cores).min(LARGE_MAX);
        Self {
            short: Turns::new("short", SHORT_BY_CORE.saturating_mul(cores)),
            large: Turns::new("large", large),
            commits: Turns::new("commit", COMMITS_MAX),
            readings: Turns::new("reading", READINGS_MAX),
            lists: Turns::new("list", LISTS_MAX),
        }
    }
}

/// What a turn is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Something new.
    New,
    /// What was accepted before.
    Repeat,
}

/// How busy it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Busy {
    /// Turns taken.
    pub running: usize,
    /// Turns waited for.
    pub waiting: usize,
}

/// A turn, over when it is dropped.
pub struct Turn {
    system: Arc<str>,
    /// None once it is known that nobody took it.
    turns: Option<Turns>,
    /// When it was asked for, and when whoever waited for it went on.
    begun: Option<(Instant, Instant)>,
}

impl Turns {
    /// So many at a time.
    pub(super) fn new(work: &'static str, at_a_time: usize) -> Self {
        Self(Arc::new(Shared { work, order: Mutex::new(Order::new(at_a_time)) }))
    }

    /// A turn for `system`, as soon as it is its turn.
    ///
    /// # Errors
    /// `rate_limited`: too much of its own waits before it.
    pub(super) async fn take(&self, system: &Arc<str>, kind: Kind) -> Result<Turn, Refusal> {
        let (sender, coming) = oneshot::channel();
        self.order().line_up(system, kind, sender);
        self.wait(WAIT_MAX, coming).await
    }

    /// The same for work on the async threads, which does not pause. Whose system has nothing under way and has not had
    /// more than others goes ahead: such work cannot hold anything but the thread that it is on. For the others, who else
    /// is ready lines up first: each would be done as it comes, nobody would ever be seen waiting, and the order would be
    /// that of the connections.
    ///
    /// # Errors
    /// As [`Turns::take`].
    pub(super) async fn take_here(&self, system: &Arc<str>, kind: Kind) -> Result<Turn, Refusal> {
        if self.order().go_ahead(system) {
            return Ok(self.turn(system).begun(Instant::now()));
        }
        let (sender, coming) = oneshot::channel();
        self.order().line_up(system, kind, sender);
        tokio::task::yield_now().await;
        self.wait(WAIT_MAX, coming).await
    }

    async fn wait(&self, longest: Duration, coming: oneshot::Receiver<Turn>) -> Result<Turn, Refusal> {
        let asked = Instant::now();
        self.give();
        match tokio::time::timeout(longest, coming).await {
            Ok(Ok(turn)) => Ok(turn.begun(asked)),
            _ => Err(Refusal::new(Code::RateLimited, "too many calls of this system wait for their turn")),
        }
    }

    /// How busy it is.
    pub(super) fn busy(&self) -> Busy {
        let order = self.order();
        let waiting = order.waiting().filter(|sender| !sender.is_closed()).count();
        Busy { running: order.running(), waiting }
    }

    /// Gives what is free to who is next and still waits.
    fn give(&self) {
        loop {
            let Some((system, next)) = self.order().next() else { return };
            if let Err(mut turn) = next.send(self.turn(&system)) {
                turn.turns = None;
                self.order().end(&system, None);
            }
        }
    }

    /// Given, not begun.
    fn turn(&self, system: &Arc<str>) -> Turn {
        Turn { system: Arc::clone(system), turns: Some(self.clone()), begun: None }
    }

    fn order(&self) -> MutexGuard<'_, Order<oneshot::Sender<Turn>>> {
        self.0.order.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn {
    /// Whoever asked for it at that time goes on.
    fn begun(mut self, asked: Instant) -> Self {
        self.begun = Some((asked, Instant::now()));
        self
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let Some(turns) = self.turns.take() else { return };
        let cost = self.begun.map(|(asked, begun)| {
            let (waited, took) = (begun.saturating_duration_since(asked), begun.elapsed());
            tracing::trace!(work = turns.0.work, system = %self.system, ?waited, ?took, "a turn");
            took
        });
        turns.order().end(&self.system, cost);
        turns.give();
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use super::*;

    /// Lines up without waiting.
    fn waits(turns: &Turns, system: &str) -> oneshot::Receiver<Turn> {
        let (sender, coming) = oneshot::channel();
        turns.order().line_up(&Arc::from(system), Kind::New, sender);
        turns.give();
        coming
    }

    #[tokio::test]
    async fn a_turn_goes_on_to_who_waits_when_it_is_over() {
        let turns = Turns::new("test", 1);
        let running = turns.take(&Arc::from("a"), Kind::New).await.unwrap();
        let (mut first, mut second) = (waits(&turns, "b"), waits(&turns, "c"));
        assert_eq!(turns.busy(), Busy { running: 1, waiting: 2 });
        assert!(first.try_recv().is_err());
        drop(running);
        let turn = first.try_recv().unwrap();
        assert!(second.try_recv().is_err());
        assert_eq!(turns.busy(), Busy { running: 1, waiting: 1 });
        drop(turn);
        drop(second.try_recv().unwrap());
        assert_eq!(turns.busy(), Busy { running: 0, waiting: 0 });
    }

    #[tokio::test]
    async fn who_has_gone_is_passed_over() {
        let turns = Turns::new("test", 1);
        let running = turns.take(&Arc::from("a"), Kind::New).await.unwrap();
        drop(waits(&turns, "a"));
        drop(waits(&turns, "b"));
        assert_eq!(turns.busy().waiting, 0);
        let mut coming = pin!(waits(&turns, "b"));
        drop(running);
        drop(coming.as_mut().await.unwrap());
        assert_eq!(turns.busy(), Busy { running: 0, waiting: 0 });
        assert!(turns.take(&Arc::from("a"), Kind::New).await.is_ok());
    }

    #[tokio::test]
    async fn a_turn_that_was_given_to_who_then_goes_goes_on() {
        let turns = Turns::new("test", 1);
        let given = waits(&turns, "a");
        let mut coming = waits(&turns, "b");
        assert!(coming.try_recv().is_err());
        drop(given);
        drop(coming.try_recv().unwrap());
        assert_eq!(turns.busy(), Busy { running: 0, waiting: 0 });
    }

    #[tokio::test]
    async fn work_on_this_thread_lets_others_line_up_first() {
        let (turns, pushes, comes) = (Turns::new("test", 1), Arc::from("pushes"), Arc::from("comes"));
        // It has had a turn that took time.
        let turn = turns.take_here(&pushes, Kind::New).await.unwrap();
        std::thread::sleep(Duration::from_millis(1));
        drop(turn);
        let order = Mutex::new(Vec::new());
        let work = async |system: &Arc<str>| {
            let _turn = turns.take_here(system, Kind::New).await.unwrap();
            order.lock().unwrap().push(Arc::clone(system));
        };
        tokio::join!(work(&pushes), work(&pushes), work(&comes));
        assert_eq!(order.into_inner().unwrap(), [comes, Arc::clone(&pushes), pushes]);
    }

    #[tokio::test]
    async fn nobody_waits_for_ever() {
        let (turns, system) = (Turns::new("test", 1), Arc::from("a"));
        let _running = turns.take(&system, Kind::New).await.unwrap();
        let late = turns.wait(Duration::from_millis(1), waits(&turns, "a")).await.err().unwrap();
        assert_eq!(late.code, Code::RateLimited);
    }
}
