//! A generation: one data folder that is loaded, cut, reopened, checked and loaded again, so that what one recovery
//! leaves meets the next cut. A series is as many generations as it takes.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;
use truc::domain::HoldState;

use crate::check::{self, gone, picture, restored, trail};
use crate::disk::{Plan, Survivors};
use crate::hub::{Hub, Started};
use crate::ledger::{Finding, Kind, Ledger};
use crate::load::{Load, Shared, lock};
use crate::random::Random;
use crate::report::Report;
use crate::stage::{Ground, Stage};
use crate::trouble::Done;
use crate::waiting;

/// Longest load before the power goes although no planned operation has come.
const LOAD: Duration = Duration::from_millis(1_500);
/// Longest that the end waits for a backup.
const BACKUP: Duration = Duration::from_secs(20);
/// The power goes at one of this many writes and flushes, small numbers as often as large ones.
const OPERATIONS_MAX: u64 = 1_024;
/// The same, while the hub starts.
const OPERATIONS_OF_A_START_MAX: u64 = 64;
/// Every so many ends, the index is built again and compared, and ext4 is looked at by its own checker.
const SELDOM: u64 = 8;

/// One data folder, and what happens to it.
pub(crate) struct Generation<'a> {
    pub(crate) stage: &'a mut Stage,
    pub(crate) truc: &'a Path,
    pub(crate) seed: u64,
    /// How often the power goes, or the hub is killed.
    pub(crate) ends: u64,
    pub(crate) report: &'a mut Report,
}

/// How a load ends.
enum End {
    Cut(Plan),
    Kill(Duration),
}

/// Whether a backup runs in a load.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Backup {
    None,
    /// The end comes when it comes.
    BesideTheEnd,
    /// The end waits for it.
    BeforeTheEnd,
}

impl Backup {
    fn any(random: &mut Random) -> Self {
        match random.below(5) {
            0 => Self::BesideTheEnd,
            1 | 2 => Self::BeforeTheEnd,
            _ => Self::None,
        }
    }
}

impl Generation<'_> {
    /// Runs it; the findings end it.
    pub(crate) async fn run(mut self) -> Done<Vec<Finding>> {
        self.stage.lay_out()?;
        let ledger = Arc::new(Mutex::new(Ledger::new(self.stage.key.clone(), self.stage.people.count())));
        let before = self.report.ends();
        let mut round = 0;
        while lock(&ledger).findings.is_empty() {
            round += 1;
            let random = Random::new(self.seed).fork(round);
            let is_last = self.report.ends() - before >= self.ends;
            if !self.round(&ledger, random, is_last, round).await? {
                break;
            }
        }
        self.finish(&ledger)
    }

    /// Opens, checks, loads, and ends it; false after the last check.
    async fn round(&mut self, ledger: &Shared, mut random: Random, is_last: bool, round: u64) -> Done<bool> {
        self.mount()?;
        trail::check(&self.stage.journal(), self.stage.scratch(), &mut lock(ledger))?;
        gone::check(self.stage.data(), &mut lock(ledger))?;
        self.report.restored += restored::check(self.stage, self.truc, ledger).await?;
        waiting::before_start(&mut lock(ledger), &self.stage.people, self.stage.data(), &mut random)?;
        let interrupt = !is_last && random.chance(20);
        let hub = match self.start(interrupt.then(|| random.fork(1))).await? {
            Started::Ready(hub) => hub,
            Started::Refused(words) => {
                lock(ledger).find(Kind::Refuses, words);
                return Ok(false);
            }
            Started::Cut => {
                self.report.cuts_of_starts += 1;
                return self.power_on().map(|()| true);
            }
        };
        if round > 1 {
            self.report.reopened.push(hub.ready_after);
        }
        let load = self.load(ledger, &hub)?;
        let checked = check::everything(&load).await?;
        self.report.checked += checked;
        if !lock(ledger).findings.is_empty() {
            return Ok(false);
        }
        if is_last {
            gone::turned_away(self.stage.data(), ledger).await?;
            return hub.stop().map(|()| false);
        }
        let (hub, load) = if round.is_multiple_of(SELDOM) { self.rebuild(hub, load).await? } else { (hub, load) };
        self.load_and_end(hub, &load, random, round).await?;
        Ok(true)
    }

    fn load(&self, ledger: &Shared, hub: &Hub) -> Done<Load> {
        Ok(Load {
            people: Arc::clone(&self.stage.people),
            clients: self.stage.people.clients(&hub.address)?,
            ledger: Arc::clone(ledger),
            power: self.stage.power.subscribe(),
            program: self.stage.program(self.truc),
            backed_up: Arc::default(),
        })
    }

    fn mount(&mut self) -> Done<()> {
        match &mut self.stage.ground {
            Ground::Volume(volume, _) if !volume.is_mounted() => volume.mount(),
            _ => Ok(()),
        }
    }

    /// Starts the hub, perhaps with the power going at one of its first writes.
    async fn start(&mut self, interrupt: Option<Random>) -> Done<Started> {
        let mut power: watch::Receiver<bool> = self.stage.power.subscribe();
        let plan = interrupt.map(|mut random| plan(&mut random, OPERATIONS_OF_A_START_MAX));
        let program = self.stage.program(self.truc);
        let Ground::Volume(volume, _) = &self.stage.ground else { return program.start(&mut power).await };
        volume.plan(plan);
        let started = program.start(&mut power).await?;
        volume.plan(None);
        // The power may have gone just when it was ready.
        Ok(if *power.borrow() { started } else { Started::Cut })
    }

    /// Stops the hub, deletes the index and starts it: everybody must be shown the same.
    async fn rebuild(&mut self, hub: Hub, load: Load) -> Done<(Hub, Load)> {
        let grown = picture::take(&load).await?;
        hub.stop()?;
        std::fs::remove_dir_all(self.stage.index())?;
        let Started::Ready(hub) = self.start(None).await? else {
            return Err("the hub does not start without an index".into());
        };
        let load = self.load(&load.ledger, &hub)?;
        if picture::take(&load).await? != grown {
            lock(&load.ledger).find(Kind::Wrong, "the index built again from the journal shows something else");
        }
        self.report.rebuilt += 1;
        Ok((hub, load))
    }

    async fn load_and_end(&mut self, hub: Hub, load: &Load, mut random: Random, round: u64) -> Done<()> {
        let (end, backup) = (self.end(&mut random), Backup::any(&mut random));
        let (random, number) = (random.fork(2), format!("{:x}-{round}", self.seed));
        let (loaded, ended) = {
            let ending = async {
                if backup == Backup::BeforeTheEnd {
                    let _ = tokio::time::timeout(BACKUP, load.backed_up.notified()).await; // then it is cut short
                }
                self.wait_and_end(hub, &end).await
            };
            tokio::join!(load.run(&random, &number, backup != Backup::None), ending)
        };
        loaded?;
        ended?;
        match end {
            End::Cut(plan) => {
                self.report.cut(plan.survivors);
                self.power_on()
            }
            End::Kill(_) => {
                self.report.kills += 1;
                self.stage.power.send_replace(true);
                Ok(())
            }
        }
    }

    /// On a volume the power goes, and seldom the hub is killed; elsewhere it is killed.
    fn end(&self, random: &mut Random) -> End {
        let kill = |random: &mut Random| End::Kill(Duration::from_millis(random.doubling(1_024)));
        match &self.stage.ground {
            Ground::Volume(..) if random.chance(90) => End::Cut(plan(random, OPERATIONS_MAX)),
            _ => kill(random),
        }
    }

    /// Nothing that is answered from now on counts; then the process dies.
    async fn wait_and_end(&self, hub: Hub, end: &End) -> Done<()> {
        match (end, &self.stage.ground) {
            (End::Cut(plan), Ground::Volume(volume, _)) => {
                volume.plan(Some(plan.clone()));
                let mut power = self.stage.power.subscribe();
                let _ = tokio::time::timeout(LOAD, power.wait_for(|on| !on)).await; // no operation came: now
                volume.cut();
            }
            (End::Cut(_), Ground::Folder(_)) => return Err("there is no power to cut".into()),
            (End::Kill(after), _) => {
                tokio::time::sleep(*after).await;
                self.stage.power.send_replace(false);
            }
        }
        hub.kill();
        Ok(())
    }

    fn power_on(&mut self) -> Done<()> {
        let Ground::Volume(volume, _) = &mut self.stage.ground else { return Ok(()) };
        volume.power_on()?;
        if self.report.cuts().is_multiple_of(SELDOM) {
            // Once mounted and unmounted, so that its journal is played back.
            volume.mount()?;
            volume.unmount()?;
            volume.check()?.map_err(|said| format!("ext4 itself is damaged: the volume is not a disk.\n{said}"))?;
            self.report.file_systems += 1;
        }
        Ok(())
    }

    /// What was acknowledged in all; with findings, the folder is kept.
    fn finish(mut self, ledger: &Shared) -> Done<Vec<Finding>> {
        let ledger = lock(ledger);
        self.report.acknowledged += ledger.acknowledged;
        self.report.documents += ledger.held.len() as u64;
        self.report.statuses += ledger.told.len() as u64;
        self.report.acts += ledger.contents.figures;
        self.report.held += ledger.limbo.waiting.len() as u64;
        self.report.released += ledger.limbo.count(HoldState::Released);
        self.report.turned_away += ledger.limbo.count(HoldState::TurnedAway);
        self.report.backups += ledger.backups.made;
        self.report.backups_cut += ledger.backups.cut;
        if let (false, Some(keep)) = (ledger.findings.is_empty(), self.report.keep.clone()) {
            self.mount()?;
            self.stage.keep(&keep.join(format!("{:016x}", self.seed)))?;
        }
        if let Ground::Volume(volume, _) = &mut self.stage.ground
            && volume.is_mounted()
        {
            volume.unmount()?;
        }
        Ok(ledger.findings.clone())
    }
}

fn plan(random: &mut Random, most: u64) -> Plan {
    let kinds = [Survivors::Nothing, Survivors::Everything, Survivors::Blocks, Survivors::Sectors];
    let survivors = random.pick(&kinds).copied().unwrap_or(Survivors::Nothing);
    Plan { at: random.doubling(most), survivors, random: random.fork(3) }
}
