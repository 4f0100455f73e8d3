//! Logs: `tracing` to stderr, as lines for people or as JSON for collectors. Never bodies, keys or tokens.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

/// How logs are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// Lines for people; colours only on a terminal.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Starts logging to stderr for this process. `filter` is in the syntax of `EnvFilter` (`info`, `truc=debug`); where it
/// is not valid, `info` holds. A second call does nothing.
pub fn start(format: LogFormat, filter: &str) {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    // A log that cannot be written (a full disk, a pipe that nobody reads) would be told to stderr in its turn, which ends
    // the thread that wanted to log.
    let builder = tracing_subscriber::fmt().log_internal_errors(false);
    let builder = builder.with_env_filter(filter).with_writer(std::io::stderr);
    let started = match format {
        LogFormat::Text => builder.with_ansi(std::io::stderr().is_terminal()).with_target(false).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).with_current_span(true).try_init(),
    };
    if started.is_err() {
        tracing::debug!("logging had already been started");
    }
}
