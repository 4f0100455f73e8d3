//! Keeps revocation data fresh while the hub runs: fetches CRLs and OCSP answers from the addresses of `[trust]` and
//! puts into the trust folders what is worth it. Never on the way of a message: intake reads what is in force, and what
//! is in force stays until something later that carries its own signature takes its place, or until it has run out.
//! Before: `trust` says what is wanted and judges what comes. After: `TrustStore::reload`.

mod job;
mod record;
mod schedule;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ring::rand::SystemRandom;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

pub use record::{Fetched, Record};

use crate::client::Fetcher;
use crate::clock::Clock;
use crate::config::{DataFolder, TrustConfig};
use crate::engine::Hub;
use job::{Job, Question};
use schedule::Schedule;

/// How often it is looked whether anything is due.
const PAUSE: Duration = Duration::from_secs(5);
/// Most fetches at a time: each may hold a CRL of the greatest size.
const FETCHES_MAX: usize = 2;
/// Most files of answers that are kept: as many as are loaded.
const ANSWER_FILES_MAX: usize = 1_000;

/// Fetches what is due, again and again.
#[derive(Clone)]
struct Office {
    hub: Hub,
    clock: Arc<dyn Clock>,
    fetcher: Fetcher,
    config: Arc<TrustConfig>,
    crl_folder: PathBuf,
    ocsp_folder: PathBuf,
    random: SystemRandom,
}

/// The one that fetches.
pub struct Refresher {
    office: Office,
    schedule: Schedule,
    record: Record,
    record_file: PathBuf,
}

/// What one look brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Round {
    /// Later CRLs and answers, now in force.
    pub new: usize,
    /// The ones that are held.
    pub same: usize,
    /// Not fetched, or not believed.
    pub failed: usize,
}

impl Refresher {
    /// For a hub and its data folder.
    #[must_use]
    pub fn new(hub: Hub, config: &TrustConfig, data: &DataFolder, clock: Arc<dyn Clock>) -> Self {
        let office = Office {
            hub,
            clock,
            fetcher: Fetcher::new(config.timeout()),
            config: Arc::new(config.clone()),
            crl_folder: data.crl(),
            ocsp_folder: data.ocsp(),
            random: SystemRandom::new(),
        };
        Self {
            office,
            schedule: Schedule::default(),
            record: Record::load(&data.fetched()),
            record_file: data.fetched(),
        }
    }

    /// Works until it is dropped.
    pub async fn run(mut self) {
        if self.office.config.source.is_empty() {
            return;
        }
        for source in &self.office.config.source {
            if !self.office.hub.trust().has_authority(&source.issuer) {
                tracing::warn!(issuer = %source.issuer, "trust.source names a CA that is not in trust/: nothing is fetched");
            }
        }
        loop {
            self.round().await;
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Fetches everything that is due, once, and puts into force what is new.
    pub async fn round(&mut self) -> Round {
        let now = self.office.clock.now();
        let due: Vec<Job> = self.office.jobs().into_iter().filter(|job| self.schedule.is_due(job, now)).collect();
        if due.is_empty() {
            return Round::default();
        }
        let mut round = Round::default();
        for (job, outcome) in self.office.work(due).await {
            round.count(&outcome);
            let now = self.office.clock.now();
            self.schedule.note(&job, &outcome, self.office.config.refresh(), now);
            self.record.note(&job, &outcome, now);
        }
        self.office.prune();
        if round.new > 0 {
            self.office.reload().await;
        }
        if let Err(error) = self.record.save(&self.record_file) {
            tracing::warn!(%error, "trust/fetched.json could not be written");
        }
        round
    }
}

impl Round {
    fn count(&mut self, outcome: &job::Outcome) {
        let one = match outcome {
            Ok(fresh) if fresh.is_new => &mut self.new,
            Ok(_) => &mut self.same,
            Err(_) => &mut self.failed,
        };
        *one = one.saturating_add(1);
    }
}

impl Office {
    /// Everything that is ever asked for, as it stands now.
    fn jobs(&self) -> Vec<Job> {
        let trust = self.hub.trust();
        let mut jobs = Vec::new();
        let mut signers = usize::try_from(self.config.ocsp_signers_max).unwrap_or(usize::MAX);
        for source in self.config.source.iter().filter(|source| trust.has_authority(&source.issuer)) {
            let job = |address: &String, question| Job { address: address.clone(), issuer: source.issuer, question };
            jobs.extend(source.crl.iter().map(|address| job(address, Question::Crl)));
            if let Some(address) = &source.ocsp {
                let wanted = trust.wanted(&source.issuer, signers);
                signers = signers.saturating_sub(wanted.len());
                let question = |wanted| Question::Ocsp { wanted, nonce: source.ocsp_nonce };
                jobs.extend(wanted.into_iter().map(|wanted| job(address, question(wanted))));
            }
        }
        jobs
    }

    async fn work(&self, jobs: Vec<Job>) -> Vec<(Job, job::Outcome)> {
        let room = Arc::new(Semaphore::new(FETCHES_MAX));
        let mut running = JoinSet::new();
        for job in jobs {
            let (office, room) = (self.clone(), Arc::clone(&room));
            running.spawn(async move {
                let _turn = room.acquire().await;
                let outcome = job.run(&office).await;
                (job, outcome)
            });
        }
        running.join_all().await
    }

    /// Reading files and checking signatures takes its time: not on a thread that serves.
    async fn reload(&self) {
        let (hub, now) = (self.hub.clone(), self.clock.now());
        let reloaded = tokio::task::spawn_blocking(move || hub.trust().reload(now)).await;
        match reloaded {
            Ok(Ok(())) => tracing::info!(report = ?self.hub.trust().report(), "fetched revocation data is in force"),
            Ok(Err(error)) => {
                tracing::error!(%error, "trust could not be read again; what was in force stays in force");
            }
            Err(error) => tracing::error!(%error, "reading trust again ended badly"),
        }
    }

    /// Answers about signers whom nobody asks about any more go when there are too many; the oldest first.
    fn prune(&self) {
        let Ok(entries) = std::fs::read_dir(&self.ocsp_folder) else { return };
        let is_answer = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "ocsp");
        let mut files: Vec<_> = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(is_answer)
            .map(|path| (path.metadata().and_then(|metadata| metadata.modified()).ok(), path))
            .collect();
        files.sort();
        let surplus = files.len().saturating_sub(ANSWER_FILES_MAX);
        for (_, path) in files.into_iter().take(surplus) {
            if let Err(error) = std::fs::remove_file(&path) {
                tracing::warn!(path = %path.display(), %error, "an old OCSP answer could not be removed");
            }
        }
    }
}
