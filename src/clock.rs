//! The clock, passed in wherever a decision needs the time. Nothing below `engine` and `cli` reads it.

use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::domain::Timestamp;

/// Tells the time. Steps back are possible: who needs order takes the maximum with what it has seen.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The time now, in milliseconds of UTC.
    fn now(&self) -> Timestamp;

    /// Milliseconds since some moment, which only go on: what a step of the clock is told by.
    fn steady_millis(&self) -> i64 {
        self.now().as_millis()
    }
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let millis = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |millis| -millis),
        };
        Timestamp::from_millis(millis)
    }

    fn steady_millis(&self) -> i64 {
        static START: OnceLock<Instant> = OnceLock::new();
        i64::try_from(START.get_or_init(Instant::now).elapsed().as_millis()).unwrap_or(i64::MAX)
    }
}

/// A clock that stands still until it is set: for tests and replays.
#[derive(Debug)]
pub struct SetClock {
    now: AtomicI64,
    /// By how much it was put wrong: what [`Clock::steady_millis`] does not see.
    wrong_by: AtomicI64,
}

impl SetClock {
    /// Stands at `at`.
    #[must_use]
    pub fn at(at: Timestamp) -> Self {
        Self { now: AtomicI64::new(at.as_millis()), wrong_by: AtomicI64::new(0) }
    }

    /// Sets it, forward or back.
    pub fn set(&self, at: Timestamp) {
        self.now.store(at.as_millis(), Ordering::SeqCst);
    }

    /// Moves it by `millis`, which may be negative.
    pub fn advance(&self, millis: i64) {
        self.now.fetch_add(millis, Ordering::SeqCst);
    }

    /// Puts it wrong by `millis`, as a fault of the machine does: no time has passed.
    pub fn jump(&self, millis: i64) {
        self.advance(millis);
        self.wrong_by.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now.load(Ordering::SeqCst))
    }

    fn steady_millis(&self) -> i64 {
        self.now.load(Ordering::SeqCst).saturating_sub(self.wrong_by.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_clock_moves_only_when_told() {
        let clock = SetClock::at(Timestamp::from_millis(1_000));
        assert_eq!(clock.now(), clock.now());
        clock.advance(-400);
        assert_eq!(clock.now().as_millis(), 600);
        clock.set(Timestamp::from_millis(5));
        assert_eq!(clock.now().as_millis(), 5);
    }

    #[test]
    fn the_system_clock_is_after_this_was_written() {
        assert!(SystemClock.now().as_millis() > 1_767_225_600_000);
    }
}
