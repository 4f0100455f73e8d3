//! The clock as the trail sees it: never back (DESIGN 2). A step back over 5 s is told, over 5 min stops acceptance; so
//! does a step forward over a day, since the years that it would write into the trail could not be taken back. What
//! resumes it: the clock is set right, or the operator says that it is right (`truc serve --accept-clock`).

use crate::clock::Clock;
use crate::domain::{Code, Refusal, Timestamp};

/// A step back that becomes an entry, milliseconds.
const TOLD_MS: i64 = 5_000;
/// A step back that stops acceptance, milliseconds.
const STOPS_MS: i64 = 300_000;
/// A step forward that stops acceptance while the hub runs, milliseconds. Less may be a machine that was suspended.
const LEAP_MS: i64 = 86_400_000;
/// Time without an entry after which a start asks whether the clock is right, milliseconds: 400 days.
const SILENCE_MS: i64 = 400 * 86_400_000;

/// Watches the clock against the trail and against time as it passes.
#[derive(Debug, Default)]
pub(super) struct Clockwork {
    told: bool,
    /// The trail's time at which the operator has said that the clock is right, and by how much it was ahead then.
    accepted: (i64, i64),
    /// When the clock was last believed.
    anchor: Option<Anchor>,
}

/// A moment at which the clock was believed.
#[derive(Debug, Clone, Copy)]
struct Anchor {
    clock: i64,
    steady: i64,
    /// The largest step forward from here that is believed.
    leap_max: i64,
}

/// What the clock says of this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// Go on.
    Good,
    /// Go on, and write that the clock has stepped back: once per step.
    SteppedBack,
    /// Accept nothing from outside: the clock is behind the trail.
    Behind,
    /// Accept nothing from outside: the clock has leapt. The time by what has passed since it was believed stands in
    /// for it.
    Ahead(Timestamp),
}

impl Clockwork {
    /// With what the trail says was accepted.
    pub(super) fn new(accepted: (i64, i64)) -> Self {
        Self { accepted, ..Self::default() }
    }

    /// Compares the clock with the time of the last entry, 0 for none. A step back is to be told until
    /// [`Self::written`] says that it was.
    pub(super) fn read(&mut self, clock: &dyn Clock, last: Timestamp) -> Reading {
        let (now, steady) = (clock.now().as_millis(), clock.steady_millis());
        let (at, ahead) = self.accepted;
        let accepted = if at == last.as_millis() { ahead } else { 0 };
        let back = last.as_millis().saturating_sub(now).saturating_sub(accepted);
        if back > STOPS_MS {
            return Reading::Behind;
        }
        if let Some(expected) = self.leapt(now, steady, last.as_millis()) {
            return Reading::Ahead(Timestamp::from_millis(expected));
        }
        self.anchor = Some(Anchor { clock: now, steady, leap_max: LEAP_MS });
        if back <= TOLD_MS {
            self.told = false;
            return Reading::Good;
        }
        if self.told { Reading::Good } else { Reading::SteppedBack }
    }

    /// The time that is believed, where the clock has leapt.
    fn leapt(&mut self, now: i64, steady: i64, last: i64) -> Option<i64> {
        if self.anchor.is_none() && last == 0 {
            return None;
        }
        let start = Anchor { clock: last, steady, leap_max: SILENCE_MS };
        let anchor = self.anchor.get_or_insert(start);
        let expected = anchor.clock.saturating_add(steady.saturating_sub(anchor.steady));
        (now.saturating_sub(expected) > anchor.leap_max).then_some(expected)
    }

    /// The operator says that the clock is right.
    pub(super) fn accept(&mut self, clock: &dyn Clock, last: Timestamp) {
        self.accepted = (last.as_millis(), last.as_millis().saturating_sub(clock.now().as_millis()));
        let (now, steady) = (clock.now().as_millis(), clock.steady_millis());
        self.anchor = Some(Anchor { clock: now, steady, leap_max: LEAP_MS });
    }

    /// A batch that was decided under `reading` is durable.
    pub(super) fn written(&mut self, reading: Reading) {
        self.told |= reading == Reading::SteppedBack;
    }
}

impl Reading {
    /// The refusal of whatever comes from outside, while the clock cannot be believed.
    pub(super) fn refusal(self) -> Option<Refusal> {
        let detail = match self {
            Self::Good | Self::SteppedBack => return None,
            Self::Behind => "the clock is more than 5 minutes behind the trail",
            Self::Ahead(_) => "the clock has leapt forward",
        };
        Some(Refusal::new(Code::ClockStopped, detail))
    }

    /// The time to write: the clock's, unless it has leapt.
    pub(super) fn time(self, clock: &dyn Clock) -> Timestamp {
        match self {
            Self::Ahead(expected) => expected,
            _ => clock.now(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SetClock;

    const YEAR_MS: i64 = 365 * 86_400_000;

    fn read(clockwork: &mut Clockwork, clock: i64, last: i64) -> Reading {
        let clock = SetClock::at(Timestamp::from_millis(clock));
        clockwork.read(&clock, Timestamp::from_millis(last))
    }

    #[test]
    fn a_step_back_is_told_once_and_a_long_one_stops() {
        let mut clockwork = Clockwork::default();
        assert_eq!(read(&mut clockwork, 100_000, 99_000), Reading::Good);
        assert_eq!(read(&mut clockwork, 95_000, 100_000), Reading::Good);
        assert_eq!(read(&mut clockwork, 94_000, 100_000), Reading::SteppedBack);
        assert_eq!(read(&mut clockwork, 94_000, 100_000), Reading::SteppedBack, "until it was told");
        clockwork.written(Reading::SteppedBack);
        assert_eq!(read(&mut clockwork, 94_500, 100_000), Reading::Good);
        assert_eq!(read(&mut clockwork, 100_000, 100_000), Reading::Good);
        assert_eq!(read(&mut clockwork, 90_000, 100_000), Reading::SteppedBack);
        assert_eq!(read(&mut clockwork, 0, 300_001), Reading::Behind);
        assert_eq!(read(&mut clockwork, 300_001, 300_001), Reading::Good, "set right, it goes on by itself");
    }

    #[test]
    fn a_leap_of_years_writes_nothing_of_them_and_goes_away_with_its_cause() {
        let (start, mut clockwork) = (Timestamp::from_millis(YEAR_MS), Clockwork::default());
        let clock = SetClock::at(start);
        assert_eq!(clockwork.read(&clock, start), Reading::Good);
        clock.jump(5 * YEAR_MS);
        clock.advance(60_000);
        let expected = Timestamp::from_millis(YEAR_MS + 60_000);
        assert_eq!(clockwork.read(&clock, start), Reading::Ahead(expected));
        assert_eq!(clockwork.read(&clock, start).time(&clock), expected);
        clock.jump(-5 * YEAR_MS);
        assert_eq!(clockwork.read(&clock, start), Reading::Good);
        clock.advance(2 * 86_400_000);
        assert_eq!(clockwork.read(&clock, start), Reading::Good, "time that has passed is no leap");
    }

    #[test]
    fn a_start_after_years_of_silence_asks_and_believes_the_operator() {
        let last = Timestamp::from_millis(YEAR_MS);
        let clock = SetClock::at(Timestamp::from_millis(3 * YEAR_MS));
        let mut clockwork = Clockwork::default();
        assert_eq!(clockwork.read(&clock, last), Reading::Ahead(last));
        assert!(matches!(clockwork.read(&clock, last), Reading::Ahead(_)), "asking twice is not an answer");
        clockwork.accept(&clock, last);
        assert_eq!(clockwork.read(&clock, last), Reading::Good);
        assert_eq!(read(&mut Clockwork::default(), 3 * YEAR_MS, 0), Reading::Good, "a new trail");
    }

    #[test]
    fn a_trail_from_the_future_stops_until_the_operator_says_that_the_clock_is_right() {
        let last = Timestamp::from_millis(5 * YEAR_MS);
        let clock = SetClock::at(Timestamp::from_millis(YEAR_MS));
        let mut clockwork = Clockwork::default();
        assert_eq!(clockwork.read(&clock, last), Reading::Behind);
        clockwork.accept(&clock, last);
        assert_eq!(clockwork.read(&clock, last), Reading::Good);
        clock.advance(1_000);
        assert_eq!(clockwork.read(&clock, last), Reading::Good);
        clock.advance(-400_000);
        assert_eq!(clockwork.read(&clock, last), Reading::Behind, "a further step back is one");
        assert_eq!(Clockwork::new((5 * YEAR_MS, 4 * YEAR_MS)).read(&clock, last), Reading::Behind);
    }
}
