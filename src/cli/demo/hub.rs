//! The hub of the demo: `truc serve` as a process of its own, started, waited for, and stopped as an operator would.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::demo::stage::Stage;
use crate::cli::exit::{Exit, Failure};

/// How long a hub may take to stop.
const PATIENCE: Duration = Duration::from_secs(30);
/// Pause between two looks.
const LOOK: Duration = Duration::from_millis(5);

/// A hub that runs. Dropped, it is stopped.
#[derive(Debug)]
pub(super) struct RunningHub {
    child: Child,
    address: String,
    ready_after: Duration,
    log: PathBuf,
}

impl RunningHub {
    /// Starts `truc serve` and waits until it says where it can be reached, or ends.
    pub(super) fn start(stage: &Stage<'_>) -> Result<Self, Failure> {
        let log = stage.folder().run().join("hub.log");
        let errors = File::create(&log).map_err(|error| Failure::write(&log, &error))?;
        let data = stage.folder().path().display().to_string();
        let started = Instant::now();
        let mut child = stage
            .command(&["--data".into(), data, "--json".into(), "serve".into(), "--stop-on-eof".into()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::from(errors))
            .spawn()
            .map_err(|error| Failure::read(stage.program(), &error))?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.as_mut() {
            BufReader::new(stdout).read_line(&mut line).map_err(|error| Failure::read("truc serve", &error))?;
        }
        let address = ready_at(&line);
        let hub = Self { child, address: address.unwrap_or_default(), ready_after: started.elapsed(), log };
        if hub.address.is_empty() { Err(hub.did_not("khởi động", "start")) } else { Ok(hub) }
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    pub(super) const fn ready_after(&self) -> Duration {
        self.ready_after
    }

    /// Asks it to stop and waits until it has.
    pub(super) fn stop(mut self) -> Result<(), Failure> {
        self.ask_to_stop();
        let asked = Instant::now();
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) if status.success() => return Ok(()),
                Ok(None) if asked.elapsed() < PATIENCE => std::thread::sleep(LOOK),
                _ => return Err(self.did_not("dừng gọn", "stop cleanly")),
            }
        }
    }

    /// Waits for Ctrl-C (or a polite kill), then stops it.
    pub(super) fn until_told(self, stage: &Stage<'_>) -> Result<(), Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let waited = runtime.and_then(|runtime| runtime.block_on(told_to_stop()));
        waited.map_err(|error| Failure::read("signal", &error))?;
        self.stop()?;
        stage.tell("\nTrục đã dừng.", "\nThe hub has stopped.")
    }

    fn ask_to_stop(&self) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid {
            let _ = kill_process(pid, Signal::TERM); // it may have ended by itself
        }
    }

    fn has_ended(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(Some(_)))
    }

    fn did_not(&self, vi: &str, en: &str) -> Failure {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let path = self.log.display();
        Failure::new(
            Exit::No,
            format!("Trục không {vi} được; {path}:\n{log}"),
            format!("The hub did not {en}; {path}:\n{log}"),
        )
    }
}

/// A demo that ends before its time leaves no hub behind.
impl Drop for RunningHub {
    fn drop(&mut self) {
        if !self.has_ended() {
            self.ask_to_stop();
            let _ = self.child.wait(); // ended, one way or the other
        }
    }
}

/// The first address in `{"ready":["https://…"]}`.
fn ready_at(line: &str) -> Option<String> {
    let said: serde_json::Value = serde_json::from_str(line).ok()?;
    said.get("ready")?.get(0)?.as_str().map(str::to_owned)
}

async fn told_to_stop() -> std::io::Result<()> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}
