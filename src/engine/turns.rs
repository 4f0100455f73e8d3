//! Turns at what costs the processor and the disk: verifying, listing and committing, long readings. So many at a time; who has to
//! wait is picked one system after the other, so that a system that pushes as hard as it can waits for itself and not
//! the others for it. Within a system, what is new goes before what was accepted already: a retry storm costs its own
//! system nothing but patience.

use std::collections::{HashMap, VecDeque};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::domain::{Code, Refusal};

/// Short work at a time.
const SHORT_BY_CORE: usize = 2;
/// Large messages at a time: most of it is waiting for the disk.
const LARGE_BY_CORE: usize = 4;
const LARGE_MAX: usize = 8;
/// Commands with the writer at a time.
const COMMITS_MAX: usize = 64;
/// Long readings at a time.
const READINGS_MAX: usize = 2;
/// Longest wait for a turn: whoever asks has given up by then, or soon will.
const WAIT_MAX: Duration = Duration::from_secs(20);

/// The turns at one kind of work. Clones share the same.
#[derive(Clone)]
pub(super) struct Turns(Arc<Mutex<Lines>>);

/// The turns at all kinds of work that cost something.
pub(super) struct AllTurns {
    /// Verifying messages in memory, reading lists: little more than there are processors, so that who comes new is soon
    /// next.
    pub(super) short: Turns,
    /// Verifying and storing messages in files: each takes a thread and perhaps some mebibytes.
    pub(super) large: Turns,
    /// Waiting for the writer: as many as make a good batch.
    pub(super) commits: Turns,
    /// Readings of many rows, or of large contents.
    pub(super) readings: Turns,
}

impl AllTurns {
    /// As many as the machine can do with.
    pub(super) fn of_machine() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let large = LARGE_BY_CORE.saturating_mul(cores).min(LARGE_MAX);
        Self {
            short: Turns::new(SHORT_BY_CORE.saturating_mul(cores)),
            large: Turns::new(large),
            commits: Turns::new(COMMITS_MAX),
            readings: Turns::new(READINGS_MAX),
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
pub struct Turn(Option<Turns>);

struct Lines {
    free: usize,
    running: usize,
    waiting: HashMap<Arc<str>, Line>,
    /// The systems that wait, the next one in front.
    order: VecDeque<Arc<str>>,
}

/// Those of one system who wait.
#[derive(Default)]
struct Line {
    new: VecDeque<oneshot::Sender<Turn>>,
    repeats: VecDeque<oneshot::Sender<Turn>>,
}

impl Turns {
    /// So many at a time.
    pub(super) fn new(at_a_time: usize) -> Self {
        let lines = Lines { free: at_a_time, running: 0, waiting: HashMap::new(), order: VecDeque::new() };
        Self(Arc::new(Mutex::new(lines)))
    }

    /// A turn for `system`, as soon as it is its turn.
    ///
    /// # Errors
    /// `rate_limited`: too much of its own waits before it.
    pub(super) async fn take(&self, system: &Arc<str>, kind: Kind) -> Result<Turn, Refusal> {
        self.take_within(WAIT_MAX, system, kind).await
    }

    async fn take_within(&self, longest: Duration, system: &Arc<str>, kind: Kind) -> Result<Turn, Refusal> {
        let coming = match self.enter(system, kind) {
            Ok(turn) => {
                // Who is ready as well lines up meanwhile: work that never pauses would else be done in the order in
                // which it came, and nobody would ever be seen waiting.
                tokio::task::yield_now().await;
                return Ok(turn);
            }
            Err(coming) => coming,
        };
        match tokio::time::timeout(longest, coming).await {
            Ok(Ok(turn)) => Ok(turn),
            _ => Err(Refusal::new(Code::RateLimited, "too many calls of this system wait for their turn")),
        }
    }

    /// How busy it is.
    pub(super) fn busy(&self) -> Busy {
        let lines = self.lines();
        let waiting = lines.waiting.values().flat_map(|line| line.new.iter().chain(&line.repeats));
        let waiting = waiting.filter(|sender| !sender.is_closed()).count();
        Busy { running: lines.running, waiting }
    }

    /// A turn at once, or a place in the line.
    fn enter(&self, system: &Arc<str>, kind: Kind) -> Result<Turn, oneshot::Receiver<Turn>> {
        let mut lines = self.lines();
        if lines.free > 0 {
            lines.free -= 1;
            lines.running = lines.running.saturating_add(1);
            return Ok(Turn(Some(self.clone())));
        }
        let (sender, coming) = oneshot::channel();
        lines.line_up(system, kind, sender);
        Err(coming)
    }

    /// A turn is over: it goes to the next who still waits.
    fn pass_on(&self) {
        loop {
            let next = {
                let mut lines = self.lines();
                let next = lines.next();
                if next.is_none() {
                    lines.free = lines.free.saturating_add(1);
                    lines.running = lines.running.saturating_sub(1);
                }
                next
            };
            let Some(next) = next else { return };
            match next.send(Turn(Some(self.clone()))) {
                Ok(()) => return,
                // Nobody waits there any more: this turn is not over, it goes on to the next.
                Err(mut turn) => turn.0 = None,
            }
        }
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lines {
    fn line_up(&mut self, system: &Arc<str>, kind: Kind, sender: oneshot::Sender<Turn>) {
        if !self.waiting.contains_key(system) {
            self.order.push_back(Arc::clone(system));
        }
        let line = self.waiting.entry(Arc::clone(system)).or_default();
        match kind {
            Kind::New => line.new.push_back(sender),
            Kind::Repeat => line.repeats.push_back(sender),
        }
    }

    /// The first of the system in front, which goes to the end.
    fn next(&mut self) -> Option<oneshot::Sender<Turn>> {
        let system = self.order.pop_front()?;
        let line = self.waiting.get_mut(&system)?;
        let next = line.new.pop_front().or_else(|| line.repeats.pop_front());
        if line.new.is_empty() && line.repeats.is_empty() {
            self.waiting.remove(&system);
        } else {
            self.order.push_back(system);
        }
        next
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(turns) = self.0.take() {
            turns.pass_on();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use super::*;

    /// Lines up without waiting.
    fn waits(turns: &Turns, system: &str, kind: Kind) -> oneshot::Receiver<Turn> {
        turns.enter(&Arc::from(system), kind).err().unwrap()
    }

    /// In which order those who wait get their turn, each being over before the next.
    fn order(
        turns: &Turns,
        mut waiting: Vec<(&'static str, oneshot::Receiver<Turn>)>,
        running: Turn,
    ) -> Vec<&'static str> {
        let (mut order, mut running) = (Vec::new(), Some(running));
        while !waiting.is_empty() {
            drop(running.take());
            let mut got = waiting.iter_mut().map(|(_, coming)| coming.try_recv().ok());
            let (at, turn) = got.by_ref().enumerate().find_map(|(at, turn)| turn.map(|turn| (at, turn))).unwrap();
            running = Some(turn);
            order.push(waiting.remove(at).0);
        }
        drop(running);
        assert_eq!(turns.busy(), Busy { running: 0, waiting: 0 });
        order
    }

    #[tokio::test]
    async fn a_quiet_system_waits_for_one_turn_however_many_others_wait() {
        let turns = Turns::new(1);
        let running = turns.take(&Arc::from("noisy"), Kind::New).await.unwrap();
        let mut waiting: Vec<_> = (0..100).map(|_| ("noisy", waits(&turns, "noisy", Kind::New))).collect();
        waiting.push(("quiet", waits(&turns, "quiet", Kind::New)));
        waiting.push(("quiet", waits(&turns, "quiet", Kind::New)));
        assert_eq!(turns.busy(), Busy { running: 1, waiting: 102 });
        let order = order(&turns, waiting, running);
        assert_eq!(order.get(..4).unwrap(), ["noisy", "quiet", "noisy", "quiet"]);
        assert_eq!(order.len(), 102);
    }

    #[tokio::test]
    async fn what_is_new_goes_before_repeats_of_the_same_system() {
        let turns = Turns::new(1);
        let running = turns.take(&Arc::from("a"), Kind::New).await.unwrap();
        let waiting = vec![
            ("repeat", waits(&turns, "a", Kind::Repeat)),
            ("repeat", waits(&turns, "a", Kind::Repeat)),
            ("new", waits(&turns, "a", Kind::New)),
        ];
        assert_eq!(order(&turns, waiting, running), ["new", "repeat", "repeat"]);
    }

    #[tokio::test]
    async fn who_has_gone_is_passed_over() {
        let turns = Turns::new(1);
        let running = turns.take(&Arc::from("a"), Kind::New).await.unwrap();
        drop(waits(&turns, "a", Kind::New));
        drop(waits(&turns, "b", Kind::New));
        assert_eq!(turns.busy().waiting, 0);
        let mut coming = pin!(waits(&turns, "b", Kind::New));
        drop(running);
        drop(coming.as_mut().await.unwrap());
        assert_eq!(turns.busy(), Busy { running: 0, waiting: 0 });
        assert!(turns.take(&Arc::from("a"), Kind::New).await.is_ok());
    }

    #[tokio::test]
    async fn nobody_waits_for_ever() {
        let (turns, system) = (Turns::new(1), Arc::from("a"));
        let _running = turns.take(&system, Kind::New).await.unwrap();
        let late = turns.take_within(Duration::from_millis(1), &system, Kind::New).await.err().unwrap();
        assert_eq!(late.code, Code::RateLimited);
    }
}
