//! Memory of processes, as the kernel counts it.

use std::io::Read as _;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

/// The most that a process had in memory so far, KiB.
pub(crate) fn high_water(pid: u32) -> u64 {
    look(pid).expect("the process is gone")
}

fn look(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().split(' ').next()?.parse().ok()
}

/// A command that has run, and the most that it had in memory.
pub(crate) struct Bounded {
    pub(crate) status: ExitStatus,
    pub(crate) said: String,
    pub(crate) peak_kib: u64,
}

impl Bounded {
    /// Runs it and looks at its memory every few milliseconds; the kernel keeps the peak between two looks.
    pub(crate) fn run(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut peak_kib = 0;
        let status = loop {
            peak_kib = look(child.id()).unwrap_or_default().max(peak_kib);
            match child.try_wait().unwrap() {
                Some(status) => break status,
                None => std::thread::sleep(Duration::from_millis(2)),
            }
        };
        let mut said = String::new();
        child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        Self { status, said, peak_kib }
    }
}
