//! The engines of the index beside each other in one run: how fast rows go in, look-ups, inbox pages, disk, memory, and how
//! long the hub takes to open: after a stop in order, after a kill, and with the index to be built from the journal.
//!
//! `make bench`, `cargo bench --bench index`. A journal of small documents is written once a size; each engine then takes its
//! records as the hub's writer gives them (64 documents an apply, through the buffer), in a process of its own. Sizes:
//! 10,000 and 100,000 documents, or those in `TRUC_INDEX_DOCUMENTS` (`10000 100000 1000000`). Only the ratios mean anything.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    missing_docs,
    unreachable_pub
)]

mod grow;
mod journal;
mod process;

use std::path::Path;

use process::{Figures, child};
use truc::index::Engine;

const ENGINES: [Engine; 2] = [Engine::Redb, Engine::Sled];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [task, engine, folder] = arguments.as_slice() {
        return process::work(task, engine, Path::new(folder));
    }
    println!("documents of 2 KB to two of {} agencies, one of the two has confirmed", journal::AGENCIES);
    for documents in sizes() {
        let folder = tempfile::tempdir().unwrap();
        journal::write(folder.path(), documents);
        report(documents, &ENGINES.map(|engine| measured(engine, folder.path(), documents)));
    }
}

fn sizes() -> Vec<u64> {
    let text = std::env::var("TRUC_INDEX_DOCUMENTS").unwrap_or_default();
    let sizes: Vec<u64> = text.split_whitespace().map(|number| number.parse().unwrap()).collect();
    if sizes.is_empty() { vec![10_000, 100_000] } else { sizes }
}

/// What one engine needs for these data.
fn measured(engine: Engine, folder: &Path, documents: u64) -> Vec<(&'static str, f64)> {
    let grown: Figures = child("grow", engine, folder);
    let disk = process::used_mb(&folder.join("index"));
    let opened = child("open", engine, folder);
    let after_kill = after_kill(engine, folder);
    std::fs::remove_dir_all(folder.join("index")).unwrap();
    let built = if engine == Engine::Redb { child("open", engine, folder) } else { after_kill.clone() };
    let _ = std::fs::remove_dir_all(folder.join("index"));
    vec![
        ("documents applied, /s", documents as f64 / grown["seconds"]),
        ("  the last tenth of them, /s", documents as f64 / 10.0 / grown["last_tenth"]),
        ("longest apply of 64, ms", grown["longest"] * 1e3),
        ("look-ups (message and deliveries), /s", grown["lookups"]),
        ("inbox pages of 50, /s", grown["pages"]),
        ("disk, MB", disk),
        ("peak memory while filled, MB", grown["peak_mb"]),
        ("close, s", grown["close"]),
        ("hub opens after a stop in order, s", opened["seconds"]),
        ("hub opens after kill -9, s", after_kill["seconds"]),
        ("  entries applied then", after_kill["applied"]),
        ("hub opens without an index, s", built["seconds"]),
        ("  documents applied then, /s", documents as f64 / built["seconds"]),
        ("  peak memory then, MB", built["peak_mb"]),
    ]
}

/// Opened after a kill. redb is killed right after it has taken everything, and lacks what was in the buffer; sled is built
/// again, whenever it is killed.
fn after_kill(engine: Engine, folder: &Path) -> Figures {
    if engine == Engine::Redb {
        std::fs::remove_dir_all(folder.join("index")).unwrap();
    }
    let killed = child(if engine == Engine::Redb { "grow-kill" } else { "open-kill" }, engine, folder);
    assert!(killed.is_empty(), "it was killed");
    child("open", engine, folder)
}

fn report(documents: u64, engines: &[Vec<(&'static str, f64)>; 2]) {
    println!("\n{:<40} {:>12} {:>12} {:>9}", format!("{documents} documents"), "redb", "sled", "sled/redb");
    for ((what, redb), (_, sled)) in engines[0].iter().zip(&engines[1]) {
        println!("{what:<40} {:>12} {:>12} {:>9}", shown(*redb), shown(*sled), shown(sled / redb));
    }
}

fn shown(figure: f64) -> String {
    match figure {
        0.0 => "0".to_owned(),
        100.0.. => format!("{figure:.0}"),
        1.0.. => format!("{figure:.1}"),
        _ => format!("{figure:.3}"),
    }
}
