//! What is asked for, from the environment; and how `cargo test` is answered.

use std::path::PathBuf;
use std::time::Duration;

use crate::random::Random;

/// What to run.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub(crate) cuts: u64,
    pub(crate) kills: u64,
    pub(crate) control: u64,
    pub(crate) seed: u64,
    pub(crate) keep: Option<PathBuf>,
    /// Nothing was asked for: as a part of `cargo test`, which goes on where volumes cannot be had.
    pub(crate) is_smoke: bool,
}

impl Options {
    /// Nothing where `cargo test` asks for a list, or for other tests.
    pub(crate) fn read() -> Option<Self> {
        let mut arguments = std::env::args().skip(1);
        if arguments.any(|argument| argument == "--list" || !argument.starts_with('-') && argument != "powercut") {
            return None;
        }
        let (cuts, kills) = (number("POWERCUT_CUTS"), number("POWERCUT_KILLS"));
        let is_smoke = cuts.is_none() && kills.is_none();
        let seed = number("POWERCUT_SEED").unwrap_or_else(Random::seed);
        // What runs inside the namespace must be the same.
        let smoke = |count, small| if is_smoke { small } else { count };
        Some(Self {
            cuts: smoke(cuts.unwrap_or(0), 6),
            kills: smoke(kills.unwrap_or(0), 4),
            control: number("POWERCUT_CONTROL").unwrap_or(8),
            seed,
            keep: std::env::var_os("POWERCUT_KEEP").filter(|path| !path.is_empty()).map(PathBuf::from),
            is_smoke,
        })
    }

    pub(crate) fn headline(&self) -> String {
        let Self { cuts, kills, control, seed, .. } = self;
        let version = env!("CARGO_PKG_VERSION");
        format!(
            "truc {version}: {cuts} power cuts, {kills} times kill -9, {control} cuts of a build without the sync\n\
             the same decisions again: make powercut SEED={seed:#x} CUTS={cuts} KILLS={kills}\n\
             one folder alone: make powercut SEED=(its seed) CUTS=10"
        )
    }

    /// The line that `scripts/check.sh` adds up.
    pub(crate) fn sum_up(&self, passed: bool, took: Duration) {
        let (verdict, ok, bad) = if passed { ("ok", 1, 0) } else { ("FAILED", 0, 1) };
        println!(
            "\ntest result: {verdict}. {ok} passed; {bad} failed; 0 ignored; 0 measured; 0 filtered out; finished in {:.2}s",
            took.as_secs_f64()
        );
    }
}

/// A number, decimal or `0x…`; an empty variable is none.
fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok().filter(|text| !text.is_empty())?;
    let read = text.strip_prefix("0x").map_or_else(|| text.parse(), |digits| u64::from_str_radix(digits, 16));
    Some(read.unwrap_or_else(|error| panic!("{name}={text}: {error}")))
}
