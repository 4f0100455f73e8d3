//! A progress bar for large transfers: on stderr, only on a terminal, only where there is something to wait for.

use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Smaller transfers are over before anybody could read a bar.
const OCTETS_MIN: u64 = 4 << 20;

/// How far a transfer is.
#[derive(Debug, Clone)]
pub(super) struct Progress(ProgressBar);

impl Progress {
    pub(super) fn of(octets: u64) -> Self {
        if octets < OCTETS_MIN || !std::io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let bar = ProgressBar::with_draw_target(Some(octets), ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template(
            "{bar:30} {percent:>3}% {decimal_bytes}/{decimal_total_bytes} {decimal_bytes_per_sec}",
        );
        Self(style.map_or(bar.clone(), |style| bar.with_style(style)))
    }

    pub(super) fn at(&self, octets: u64) {
        self.0.set_position(octets);
    }

    pub(super) fn done(&self) {
        self.0.finish_and_clear();
    }
}
