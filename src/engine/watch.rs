//! Watches the trust folders: a new CRL or certificate takes effect within a second, without a restart. Paths are
//! configured; nothing is fetched here. Tells once a day what will end soon.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime};

use crate::engine::hub::{Hub, Inner};
use crate::trust::{End, Sources};

/// How often the folders are looked at.
const PERIOD: Duration = Duration::from_secs(1);
/// Most files of one folder that are looked at.
const FILES_MAX: usize = 10_000;

/// What a file looks like from outside.
type Seen = (PathBuf, Option<SystemTime>, u64);

/// Looks until the hub is gone.
pub(super) fn watch(hub: &Arc<Inner>, sources: Sources) -> std::io::Result<()> {
    let hub = Arc::downgrade(hub);
    let (mut seen, mut told) = (look(&sources), None);
    std::thread::Builder::new()
        .name("truc-trust".to_owned())
        .spawn(move || {
            while let Some(now) = wait(&hub, &sources) {
                tell_ends(&hub, &mut told);
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

/// Once a day, and once after the start: what will end soon.
fn tell_ends(hub: &Weak<Inner>, told: &mut Option<i64>) {
    let Some(hub) = hub.upgrade() else { return };
    let now = hub.clock.now();
    let day = now.as_secs().div_euclid(24 * 60 * 60);
    if told.replace(day) == Some(day) {
        return;
    }
    let hub = Hub(hub);
    if let Err(refusal) = hub.hand_over_signers() {
        tracing::error!(%refusal, "the registered certificates cannot be read; their end is told once they sign");
    }
    let trust = &hub.0.trust;
    for end in trust.ends(now).into_iter().filter(|end| end.is_near(trust.warn_days())) {
        let End { kind, name, sha256, until, days_left } = end;
        tracing::warn!(kind = kind.as_str(), %name, %sha256, %until, days_left, "ends soon, or has ended");
    }
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
    let paths = sources.anchors.iter().chain(&sources.intermediates).chain(&sources.crls).chain(&sources.ocsp);
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
