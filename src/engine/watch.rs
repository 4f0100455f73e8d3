//! Watches the trust folders: a new CRL or certificate takes effect within a second, without a restart. Paths are
//! configured; nothing is fetched here.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime};

use crate::engine::hub::Inner;
use crate::trust::Sources;

/// How often the folders are looked at.
const PERIOD: Duration = Duration::from_secs(1);
/// Most files of one folder that are looked at.
const FILES_MAX: usize = 10_000;

/// What a file looks like from outside.
type Seen = (PathBuf, Option<SystemTime>, u64);

/// Looks until the hub is gone.
pub(super) fn watch(hub: &Arc<Inner>, sources: Sources) -> std::io::Result<()> {
    let hub = Arc::downgrade(hub);
    let mut seen = look(&sources);
    std::thread::Builder::new()
        .name("truc-trust".to_owned())
        .spawn(move || {
            while let Some(now) = wait(&hub, &sources) {
                if now != seen {
                    reload(&hub);
                    seen = now;
                }
            }
        })
        .map(|_| ())
}

fn wait(hub: &Weak<Inner>, sources: &Sources) -> Option<Vec<Seen>> {
    std::thread::sleep(PERIOD);
    (hub.strong_count() > 0).then(|| look(sources))
}

fn reload(hub: &Weak<Inner>) {
    let Some(hub) = hub.upgrade() else { return };
    match hub.trust.reload(hub.clock.now()) {
        Ok(()) => {
            tracing::info!(report = ?hub.trust.report(), "trust was read again");
            crate::engine::open::warn_of_trust(&hub.trust);
        }
        Err(error) => tracing::error!(%error, "trust could not be read again; what was in force stays in force"),
    }
}

fn look(sources: &Sources) -> Vec<Seen> {
    let paths = sources.anchors.iter().chain(&sources.intermediates).chain(&sources.crls);
    let mut seen: Vec<Seen> = paths.flat_map(|path| files(path)).collect();
    seen.sort();
    seen
}

fn files(path: &Path) -> Vec<Seen> {
    match std::fs::read_dir(path) {
        Ok(entries) => entries.take(FILES_MAX).filter_map(|entry| file(&entry.ok()?.path())).collect(),
        Err(_) => file(path).into_iter().collect(),
    }
}

fn file(path: &Path) -> Option<Seen> {
    let metadata = std::fs::metadata(path).ok()?;
    Some((path.to_owned(), metadata.modified().ok(), metadata.len()))
}
