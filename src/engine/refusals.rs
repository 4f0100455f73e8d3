//! Refusals of authenticated callers become entries, at a bounded rate for each access (law 8).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::domain::Timestamp;

/// Refusals of one access that are written within one window.
const WRITTEN_MAX: u32 = 30;
/// The window, milliseconds.
const WINDOW_MS: i64 = 60_000;
/// Accesses that are watched at once; beyond it the oldest window is forgotten.
const ACCESSES_MAX: usize = 10_000;

#[derive(Debug, Clone, Copy)]
struct Window {
    since: Timestamp,
    written: u32,
    unwritten: u64,
}

/// Counts refusals by access.
#[derive(Debug, Default)]
pub(super) struct RefusalRate(Mutex<HashMap<String, Window>>);

impl RefusalRate {
    /// `Some(unwritten before)` if this refusal is to be written, `None` if it is only counted.
    pub(super) fn admit(&self, system: &str, now: Timestamp) -> Option<u64> {
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() >= ACCESSES_MAX && !windows.contains_key(system) {
            windows.retain(|_, window| now.as_millis() - window.since.as_millis() < WINDOW_MS);
        }
        let fresh = Window { since: now, written: 0, unwritten: 0 };
        let window = windows.entry(system.to_owned()).or_insert(fresh);
        if (now.as_millis() - window.since.as_millis()).abs() >= WINDOW_MS {
            (window.since, window.written) = (now, 0);
        }
        if window.written >= WRITTEN_MAX {
            window.unwritten = window.unwritten.saturating_add(1);
            return None;
        }
        window.written += 1;
        Some(std::mem::take(&mut window.unwritten))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_storm_is_counted_and_told_with_the_next_window() {
        let rate = RefusalRate::default();
        let at = Timestamp::from_millis;
        let written = (0..1_000).filter(|_| rate.admit("a", at(1_000)).is_some()).count();
        assert_eq!(written, 30);
        assert_eq!(rate.admit("b", at(1_000)), Some(0));
        assert_eq!(rate.admit("a", at(61_000)), Some(970));
        assert_eq!(rate.admit("a", at(61_001)), Some(0));
    }
}
