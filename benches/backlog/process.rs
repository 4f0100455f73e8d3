//! The `truc` binary as a process, timed from its start to the line that says that it is ready.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::figures::time_of_process;

pub(crate) struct Process {
    child: Child,
    /// From the start to the line that says that it is ready.
    pub(crate) ready: Duration,
    /// Processor time that it has used by then.
    pub(crate) processor: Duration,
    pub(crate) plain: SocketAddr,
}

impl Process {
    /// Its log goes to `log`.
    pub(crate) fn start(data: &Path, log: &Path) -> Self {
        let start = Instant::now();
        let mut command = Command::new(env!("CARGO_BIN_EXE_truc"));
        command.arg("--data").arg(data).args(["serve", "--log", "info"]);
        let log = std::fs::File::create(log).unwrap();
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready = start.elapsed();
        let processor = time_of_process(&child.id().to_string());
        let plain = line.split("http://").nth(1).unwrap_or_else(|| panic!("not ready: {line}"));
        let end = plain.find(|c: char| !matches!(c, '0'..='9' | '.' | ':')).unwrap_or(plain.len());
        Self { child, ready, processor, plain: plain[..end].trim_end_matches('.').parse().unwrap() }
    }

    pub(crate) fn id(&self) -> String {
        self.child.id().to_string()
    }

    /// As the power goes, but for the disk.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
