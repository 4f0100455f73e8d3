//! When something is asked for again: at the interval, sooner where it runs out sooner; after a failure soon, then
//! more and more seldom.

use std::collections::HashMap;
use std::time::Duration;

use crate::domain::Timestamp;
use crate::refresh::job::{Job, Outcome, Question};

/// After the first failure; doubled with every further one, up to the interval.
const BACKOFF_MS: i64 = 30_000;
/// Nothing is asked for more often.
const SHORTEST_MS: i64 = 60_000;
/// Most lines; beyond it those that are due go. They are then only asked for at once.
const LINES_MAX: usize = 20_000;

#[derive(Debug, Default)]
pub(super) struct Schedule(HashMap<String, Line>);

#[derive(Debug, Clone, Copy)]
struct Line {
    due: Timestamp,
    failures: u32,
}

impl Schedule {
    pub(super) fn is_due(&self, job: &Job, now: Timestamp) -> bool {
        match (self.0.get(&job.key()), &job.question) {
            (Some(line), _) => line.due <= now,
            (None, Question::Crl) => true,
            (None, Question::Ocsp { wanted, .. }) => {
                wanted.held_until.is_none_or(|until| left(until, now) < SHORTEST_MS.saturating_mul(60))
            }
        }
    }

    pub(super) fn note(&mut self, job: &Job, outcome: &Outcome, interval: Duration, now: Timestamp) {
        if self.0.len() >= LINES_MAX {
            self.0.retain(|_, line| line.due > now);
        }
        let interval = i64::try_from(interval.as_millis()).unwrap_or(i64::MAX);
        let line = self.0.entry(job.key()).or_insert(Line { due: now, failures: 0 });
        let wait = if let Ok(fresh) = outcome {
            line.failures = 0;
            let half = fresh.until.map_or(interval, |until| left(until, now) / 2);
            half.min(interval).max(SHORTEST_MS)
        } else {
            line.failures = line.failures.saturating_add(1);
            let doubled = BACKOFF_MS.saturating_mul(1 << line.failures.saturating_sub(1).min(20));
            doubled.min(interval.max(BACKOFF_MS))
        };
        line.due = Timestamp::from_millis(now.as_millis().saturating_add(wait));
    }
}

fn left(until: Timestamp, now: Timestamp) -> i64 {
    until.as_millis().saturating_sub(now.as_millis())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Digest;
    use crate::refresh::job::Fresh;

    fn ms(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn failures_are_tried_again_soon_and_then_more_and_more_seldom() {
        let job = Job { address: "http://ca/".into(), issuer: Digest::of(b""), question: Question::Crl };
        let (mut schedule, interval) = (Schedule::default(), Duration::from_mins(10));
        assert!(schedule.is_due(&job, ms(0)));
        let mut now = 0;
        for wait in [30_000, 60_000, 120_000, 240_000, 480_000, 600_000, 600_000] {
            schedule.note(&job, &Err("down".into()), interval, ms(now));
            assert!(!schedule.is_due(&job, ms(now + wait - 1)), "{wait}");
            now += wait;
            assert!(schedule.is_due(&job, ms(now)), "{wait}");
        }
        schedule.note(&job, &Ok(Fresh { is_new: true, until: Some(ms(now + 400_000)) }), interval, ms(now));
        assert!(!schedule.is_due(&job, ms(now + 199_999)) && schedule.is_due(&job, ms(now + 200_000)));
        schedule.note(&job, &Ok(Fresh { is_new: false, until: None }), interval, ms(now));
        assert!(!schedule.is_due(&job, ms(now + 599_999)) && schedule.is_due(&job, ms(now + 600_000)));
    }
}
