//! The clock as the trail sees it: never back. A step back over 5 s is told, over 5 min stops acceptance (DESIGN 2).

use crate::domain::{Code, Refusal, Timestamp};

/// A step back that becomes an entry, milliseconds.
const TOLD_MS: i64 = 5_000;
/// A step back that stops acceptance, milliseconds.
const STOPS_MS: i64 = 300_000;

/// Watches the clock against the trail.
#[derive(Debug, Default)]
pub(super) struct Clockwork {
    told: bool,
}

/// What the clock says of this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// Go on.
    Good,
    /// Go on, and write that the clock has stepped back: once per step.
    SteppedBack,
    /// Accept nothing from outside.
    Stopped,
}

impl Clockwork {
    /// Compares the clock with the time of the last entry. A step back is to be told until [`Self::written`] says that
    /// it was.
    pub(super) fn read(&mut self, clock: Timestamp, last: Timestamp) -> Reading {
        let back = last.as_millis().saturating_sub(clock.as_millis());
        if back > STOPS_MS {
            return Reading::Stopped;
        }
        if back <= TOLD_MS {
            self.told = false;
            return Reading::Good;
        }
        if self.told { Reading::Good } else { Reading::SteppedBack }
    }

    /// A batch that was decided under `reading` is durable.
    pub(super) fn written(&mut self, reading: Reading) {
        self.told |= reading == Reading::SteppedBack;
    }
}

/// The refusal while the clock is stopped.
pub(super) fn stopped() -> Refusal {
    Refusal::new(Code::ClockStopped, "the clock is more than 5 minutes behind the trail")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_back_is_told_once_and_a_long_one_stops() {
        let at = Timestamp::from_millis;
        let mut clockwork = Clockwork::default();
        assert_eq!(clockwork.read(at(100_000), at(99_000)), Reading::Good);
        assert_eq!(clockwork.read(at(95_000), at(100_000)), Reading::Good);
        assert_eq!(clockwork.read(at(94_000), at(100_000)), Reading::SteppedBack);
        assert_eq!(clockwork.read(at(94_000), at(100_000)), Reading::SteppedBack, "until it was told");
        clockwork.written(Reading::SteppedBack);
        assert_eq!(clockwork.read(at(94_500), at(100_000)), Reading::Good);
        assert_eq!(clockwork.read(at(100_000), at(100_000)), Reading::Good);
        assert_eq!(clockwork.read(at(90_000), at(100_000)), Reading::SteppedBack);
        assert_eq!(clockwork.read(at(0), at(300_001)), Reading::Stopped);
    }
}
