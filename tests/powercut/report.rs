//! What is printed: the figures of a run, and the verdict.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::check::Checked;
use crate::contents;
use crate::disk::{Figures, Survivors};
use crate::ledger::{Finding, Kind};

/// The figures of a run.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// Cuts in mid load, by what was left of the write cache: nothing, everything, blocks, sectors.
    pub(crate) cuts_of_loads: [u64; 4],
    pub(crate) cuts_of_starts: u64,
    pub(crate) kills: u64,
    pub(crate) acknowledged: u64,
    pub(crate) documents: u64,
    pub(crate) statuses: u64,
    /// Acts of the operator.
    pub(crate) acts: contents::Figures,
    /// Held messages, and how they ended.
    pub(crate) held: u64,
    pub(crate) released: u64,
    pub(crate) turned_away: u64,
    /// Backups beside the running hub, and how often one was restored from.
    pub(crate) backups: u64,
    pub(crate) backups_cut: u64,
    pub(crate) restored: u64,
    pub(crate) checked: Checked,
    pub(crate) reopened: Vec<Duration>,
    pub(crate) rebuilt: u64,
    pub(crate) file_systems: u64,
    pub(crate) disk: Figures,
    pub(crate) findings: Vec<(u64, Finding)>,
    /// Where damaged folders are kept.
    pub(crate) keep: Option<PathBuf>,
}

impl Report {
    pub(crate) fn cut(&mut self, survivors: Survivors) {
        self.cuts_of_loads[survivors as usize] += 1;
    }

    pub(crate) fn cuts(&self) -> u64 {
        self.cuts_of_loads.iter().sum::<u64>() + self.cuts_of_starts
    }

    pub(crate) fn ends(&self) -> u64 {
        self.cuts() + self.kills
    }

    pub(crate) fn count(&self, kind: Kind) -> usize {
        self.findings.iter().filter(|(_, finding)| finding.kind == kind).count()
    }

    pub(crate) fn holds(&self) -> bool {
        self.findings.is_empty()
    }

    fn reopening(&self) -> (Duration, Duration) {
        let mut times = self.reopened.clone();
        times.sort_unstable();
        (times.get(times.len() / 2).copied().unwrap_or_default(), times.last().copied().unwrap_or_default())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = |name: &str, text: String| writeln!(f, "  {name:<30}{text}");
        if self.cuts() > 0 {
            let [nothing, everything, blocks, sectors] = self.cuts_of_loads;
            let loads = nothing + everything + blocks + sectors;
            line(
                "power cuts",
                format!("{}: {loads} in mid load, {} while starting", self.cuts(), self.cuts_of_starts),
            )?;
            let left = format!("nothing {nothing}, random blocks {blocks}, torn blocks {sectors}, all {everything}");
            line("left of the write cache", left)?;
            let Figures { writes, flushes, unflushed, cuts_at_writes, cuts_at_flushes } = self.disk;
            let late = self.cuts().saturating_sub(cuts_at_writes + cuts_at_flushes);
            line(
                "cut at",
                format!("a write {cuts_at_writes}, a flush {cuts_at_flushes}, the end of the load's time {late}"),
            )?;
            line("disk", format!("{writes} writes, {flushes} flushes; {unflushed} blocks unflushed at the cuts"))?;
            line("ext4 looked at by fsck", format!("{} times, clean", self.file_systems))?;
        }
        if self.kills > 0 {
            line("kill -9", self.kills.to_string())?;
        }
        let Self { acknowledged, documents, statuses, acts, checked, .. } = self;
        line(
            "acknowledged",
            format!("{acknowledged}: {documents} documents, {statuses} statuses; the rest repeats, confirmations"),
        )?;
        let contents::Figures { withheld, released, runs, spills } = acts;
        line(
            "acts of the operator",
            format!("{withheld} withheld, {released} released, {runs} runs of retention, {spills} spills"),
        )?;
        let Self { held, released, turned_away, backups, backups_cut, restored, .. } = self;
        line("held", format!("{held} documents: {released} released, {turned_away} turned away"))?;
        line(
            "backups under load",
            format!("{backups}, and {backups_cut} cut short; {restored} times restored from after the end"),
        )?;
        line(
            "checked after reopening",
            format!(
                "{} times an acknowledged thing ({} MB of bytes), {} deliveries, {} entries of feeds, {} signed trees",
                checked.acknowledged(),
                checked.octets >> 20,
                checked.deliveries,
                checked.entries,
                checked.checkpoints
            ),
        )?;
        line(
            "contents after reopening",
            format!(
                "{} times one withheld, {} times one destroyed; {} times looked for on the disk and not found",
                checked.withheld, checked.destroyed, checked.gone
            ),
        )?;
        line("on their way at the end", format!("{} there, whole; {} not there", checked.whole, checked.absent))?;
        line("index built again", format!("{} times, the same", self.rebuilt))?;
        let (median, max) = self.reopening();
        line("time to reopen", format!("median {} ms, longest {} ms", median.as_millis(), max.as_millis()))?;
        line("lost", self.count(Kind::Lost).to_string())?;
        line("there by halves", self.count(Kind::Half).to_string())?;
        line("otherwise wrong", self.count(Kind::Wrong).to_string())?;
        line("failed to open", self.count(Kind::Refuses).to_string())
    }
}
