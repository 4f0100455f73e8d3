//! The hub as it is shipped: `truc serve` as a process, started, waited for, killed.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::{oneshot, watch};

use crate::trouble::Done;

/// A start that takes longer has failed.
const PATIENCE: Duration = Duration::from_mins(2);

/// A program on a data folder.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    pub(crate) path: PathBuf,
    pub(crate) data: PathBuf,
    /// What it says on standard error.
    pub(crate) log: PathBuf,
    /// Where its backups go.
    pub(crate) backups: PathBuf,
}

/// What came of a start.
pub(crate) enum Started {
    Ready(Hub),
    /// The power went before it was ready.
    Cut,
    /// It does not open: its last words.
    Refused(String),
}

/// A hub that runs. Dropped, it is killed.
pub(crate) struct Hub {
    child: Child,
    pub(crate) address: String,
    pub(crate) ready_after: Duration,
}

impl Program {
    fn command(&self, arguments: &[&str]) -> Done<Command> {
        let log = File::options().create(true).append(true).open(&self.log)?;
        let mut command = Command::new(&self.path);
        command.env_clear().arg("--data").arg(&self.data).args(arguments).stderr(log);
        Ok(command)
    }

    /// Makes the data folder, with a test PKI and four agencies.
    pub(crate) fn init(&self) -> Done<()> {
        let made = self.command(&["init", "--demo", "--listen", "127.0.0.1:0"])?.stdout(Stdio::null()).status()?;
        if made.success() { Ok(()) } else { Err(format!("truc init: {made}; see {}", self.log.display()).into()) }
    }

    /// Begins a backup beside the running hub, into the folder in which the last one stands.
    pub(crate) fn backup(&self) -> Done<Child> {
        let to = self.backups.display().to_string();
        let mut command = Command::new(&self.path);
        command.env_clear().arg("--data").arg(&self.data).args(["--lang", "en", "backup", &to]);
        Ok(command.stdout(Stdio::null()).stderr(File::create(self.backup_log())?).spawn()?)
    }

    pub(crate) fn backup_log(&self) -> PathBuf {
        self.log.with_extension("backup.log")
    }

    /// Runs a command to its end: how, and what it said.
    pub(crate) fn run(&self, arguments: &[&str]) -> Done<(bool, String)> {
        let mut command = Command::new(&self.path);
        command.env_clear().arg("--data").arg(&self.data).args(arguments).stdin(Stdio::null());
        let said = command.output()?;
        let text = if said.status.success() { said.stdout } else { [said.stdout, said.stderr].concat() };
        Ok((said.status.success(), String::from_utf8_lossy(&text).into_owned()))
    }

    /// Starts the hub and waits until it says where it can be reached, or ends, or the power goes.
    pub(crate) async fn start(&self, power: &mut watch::Receiver<bool>) -> Done<Started> {
        File::create(&self.log)?;
        let began = Instant::now();
        let mut command = self.command(&["--json", "--lang", "en", "serve", "--stop-on-eof", "--log", "warn"])?;
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let line = first_line(&mut child);
        let line = tokio::select! {
            line = line => Some(line.unwrap_or_default()),
            _ = power.wait_for(|on| !on) => None,
            () = tokio::time::sleep(PATIENCE) => Some(String::new()),
        };
        let address = line.as_deref().and_then(ready_at);
        let hub = Hub { child, address: address.clone().unwrap_or_default(), ready_after: began.elapsed() };
        Ok(match (line, address) {
            (Some(_), Some(_)) => Started::Ready(hub),
            (None, _) => hub.into_cut(),
            (Some(_), None) => hub.into_refused(power, &self.log),
        })
    }
}

/// The one line that it says, from a thread that ends with the process.
fn first_line(child: &mut Child) -> oneshot::Receiver<String> {
    let (told, line) = oneshot::channel();
    if let Some(stdout) = child.stdout.take() {
        std::thread::spawn(move || {
            let mut line = String::new();
            let mut stdout = BufReader::new(stdout);
            let _ = stdout.read_line(&mut line); // an error is a hub that says nothing
            let _ = told.send(line); // nobody waits any more
            let _ = std::io::copy(&mut stdout, &mut std::io::sink());
        });
    }
    line
}

/// The first address in `{"ready":["https://…"]}`.
fn ready_at(line: &str) -> Option<String> {
    let said: serde_json::Value = serde_json::from_str(line).ok()?;
    said.get("ready")?.get(0)?.as_str().map(str::to_owned)
}

impl Hub {
    /// kill -9, and gone on return.
    pub(crate) fn kill(mut self) {
        self.end();
    }

    fn end(&mut self) {
        let _ = self.child.kill(); // it may have ended by itself
        let _ = self.child.wait();
    }

    /// Asks it to stop, as an operator does, and waits.
    pub(crate) fn stop(mut self) -> Done<()> {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        pid.map_or(Ok(()), |pid| kill_process(pid, Signal::TERM))?;
        let ended = self.child.wait()?;
        if ended.success() { Ok(()) } else { Err(format!("the hub did not stop cleanly: {ended}").into()) }
    }

    fn into_cut(self) -> Started {
        self.kill();
        Started::Cut
    }

    /// A hub that ends because its disk is dead has not refused.
    fn into_refused(self, power: &watch::Receiver<bool>, log: &Path) -> Started {
        self.kill();
        let words = std::fs::read_to_string(log).unwrap_or_default();
        if *power.borrow() { Started::Refused(words) } else { Started::Cut }
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        self.end();
    }
}
