//! What a person sees while the index is built again at a start: a bar on a terminal, else a line in the log now and
//! then; and at the end how fast it went.

use std::cell::Cell;
use std::fmt::Write;
use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use crate::cli::out::Out;
use crate::cli::words::pick;
use crate::domain::Lang;
use crate::engine::Replayed;

/// A replay that is over sooner needs no telling on its way.
const QUIET: Duration = Duration::from_secs(1);
/// Time between two lines in the log.
const LINES: Duration = Duration::from_secs(5);

/// Watches one replay.
pub(super) struct Rebuild {
    out: Out,
    /// Only on a terminal.
    bar: Option<ProgressBar>,
    /// When the last line was written.
    said: Cell<Duration>,
}

impl Rebuild {
    pub(super) fn new(out: Out, lang: Lang) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| bar(lang));
        Self { out, bar, said: Cell::default() }
    }

    /// So far it has come.
    pub(super) fn at(&self, so_far: Replayed) {
        if so_far.applied == so_far.of {
            return self.done(so_far);
        }
        match &self.bar {
            Some(bar) if so_far.elapsed >= QUIET => {
                bar.set_length(so_far.of);
                bar.set_position(so_far.applied);
            }
            None if so_far.elapsed.saturating_sub(self.said.get()) >= LINES => self.line(so_far),
            _ => {}
        }
    }

    fn line(&self, so_far: Replayed) {
        self.said.set(so_far.elapsed);
        let Replayed { applied, of, .. } = so_far;
        let (per_second, remaining_seconds) = (so_far.per_second(), so_far.remaining().as_secs());
        tracing::info!(
            applied,
            of,
            per_second,
            remaining_seconds,
            "the index gets what it does not have of the journal"
        );
    }

    fn done(&self, so_far: Replayed) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        if so_far.is_rebuild() {
            let (entries, seconds, rate) = (so_far.applied, so_far.elapsed.as_secs_f32(), so_far.per_second());
            self.out.note(
                format!("Đã dựng lại chỉ mục từ nhật ký: {entries} mục trong {seconds:.1} giây, {rate} mục/giây."),
                format!(
                    "The index was built again from the journal: {entries} entries in {seconds:.1} s, {rate} entries/s."
                ),
            );
        }
    }
}

fn bar(lang: Lang) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{msg} {bar:30} {percent:>3}% {human_pos}/{human_len} {rate}, {eta}");
    let rate = |state: &ProgressState, to: &mut dyn Write| {
        let _ = write!(to, "{:.0}/s", state.per_sec()); // a bar without it is a bar
    };
    let bar = style.map_or(bar.clone(), |style| bar.with_style(style.with_key("rate", rate)));
    bar.with_message(pick(lang, "Dựng lại chỉ mục từ nhật ký", "Building the index from the journal"))
}
