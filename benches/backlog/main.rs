//! The hub with a backlog: what accepting and listing cost while very many small documents wait for one recipient that
//! never fetches, beside what they cost where as many were fetched and confirmed, and beside an empty hub; what a start
//! after a kill costs then, and building the index again.
//!
//! `make bench`, or `BACKLOG_DOCUMENTS=1000000 cargo bench --bench backlog`. `BACKLOG_FOLDER` keeps the hubs and goes on
//! with them; `BACKLOG_PARTS` names what is done: `grow`, `restart`, `rebuild` (all three), or only `fill-waiting` or
//! `fill-confirmed`. Everything goes through the hub's facade, the journal on the disk. Hubs are filled with unsigned
//! documents of 2 KB, what is timed is signed and verified; starts are those of the `truc` binary.
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

mod figures;
mod grow;
mod people;
mod process;
mod restart;
mod site;

use std::path::PathBuf;

use grow::{CONFIRMED, WAITING};
use people::People;

/// Documents, unless `BACKLOG_DOCUMENTS` says otherwise.
const DOCUMENTS: usize = 100_000;

fn main() {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let documents = variable("BACKLOG_DOCUMENTS").map_or(DOCUMENTS, |value| value.parse().unwrap());
    let parts = variable("BACKLOG_PARTS").unwrap_or_else(|| "grow,restart,rebuild".to_owned());
    let temporary = tempfile::tempdir().unwrap();
    let folder = variable("BACKLOG_FOLDER").map_or_else(|| temporary.path().to_owned(), PathBuf::from);
    std::fs::create_dir_all(&folder).unwrap();
    let people = People::in_folder(&folder.join("pki"));
    for part in parts.split(',') {
        match part {
            "grow" => runtime().block_on(grow::measure(&folder, &people, documents)),
            "restart" => runtime().block_on(restart::after_kills(&folder.join(WAITING), &people)),
            "rebuild" => restart::rebuild(&folder.join(WAITING)),
            "fill-waiting" => runtime().block_on(grow::fill(&folder.join(WAITING), &people, documents)),
            "fill-confirmed" => runtime().block_on(grow::fill(&folder.join(CONFIRMED), &people, documents)),
            other => panic!("no such part: {other}"),
        }
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap()
}
