//! Every measure in a process of its own, so that its peak of memory is its own.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use truc::config::DataFolder;
use truc::engine::Hub;
use truc::index::Engine;

use crate::{grow, journal};

/// By name.
pub type Figures = BTreeMap<String, f64>;

/// Runs a task in a process of its own. One that is killed gives no figures.
pub fn child(task: &str, engine: Engine, folder: &Path) -> Figures {
    let output =
        Command::new(std::env::current_exe().unwrap()).args([task, engine.name()]).arg(folder).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() || task.ends_with("kill"), "{task}: {}", String::from_utf8_lossy(&output.stderr));
    let figures = text.lines().filter_map(|line| line.split_once('='));
    figures.map(|(name, figure)| (name.to_owned(), figure.parse().unwrap())).collect()
}

/// What a child does.
pub fn work(task: &str, engine: &str, folder: &Path) {
    let engine = if engine == "sled" { Engine::Sled } else { Engine::Redb };
    let figures = match task {
        "open" | "open-kill" => open(engine, folder, task == "open"),
        task => grow::grow(engine, folder, task == "grow"),
    };
    for (name, figure) in figures {
        println!("{name}={figure}");
    }
}

/// Opens the whole hub, as `truc serve` does.
fn open(engine: Engine, folder: &Path, close: bool) -> Figures {
    let mut config = journal::config();
    config.index.engine = engine;
    let began = Instant::now();
    let hub = Hub::open(&config, &DataFolder::new(folder), journal::clock()).unwrap();
    let seconds = began.elapsed().as_secs_f64();
    let applied = hub.health().index.applied as f64;
    let peak = peak_mb();
    if !close {
        std::process::abort();
    }
    hub.close();
    let figures = [("seconds", seconds), ("applied", applied), ("peak_mb", peak)];
    figures.map(|(name, figure)| (name.to_owned(), figure)).into()
}

/// Most memory that this process ever had, by the kernel.
pub fn peak_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<f64>().unwrap() / 1024.0
}

/// What the files of a folder take on the disk.
pub fn used_mb(folder: &Path) -> f64 {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let sizes = entries.map(|path| match std::fs::metadata(&path).unwrap() {
        folder if folder.is_dir() => used_mb(&path),
        file => file.blocks() as f64 * 512.0 / 1e6,
    });
    sizes.sum()
}
