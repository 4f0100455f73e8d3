//! `make powercut`: cuts the power under a running hub, at random writes, and kills it, and checks each time that
//! everything it had acknowledged is there. A build without the sync of the journal must fail the same test.
//! `docs/powercut.md` says what is modelled and what is not.
//!
//! Run by `cargo test` without anything set, it is a short smoke test. The figures come from the environment:
//! `POWERCUT_CUTS`, `POWERCUT_KILLS`, `POWERCUT_CONTROL` (cuts of the negative control), `POWERCUT_SEED`,
//! `POWERCUT_KEEP` (a folder for what was found damaged).
#![allow(
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_lossless,
    clippy::too_many_arguments,
    clippy::panic,
    clippy::needless_for_each,
    clippy::match_same_arms,
    clippy::large_stack_arrays,
    clippy::struct_excessive_bools,
    clippy::unused_self
)]

mod authorities;
mod backup;
mod check;
mod contents;
mod disk;
mod hub;
mod ledger;
mod load;
mod operator;
mod options;
mod people;
mod random;
mod report;
mod series;
mod stage;
mod surroundings;
mod trouble;
mod volume;
mod waiting;

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use disk::Figures;
use ledger::Finding;
use options::Options;
use random::Random;
use report::Report;
use series::Generation;
use stage::{Ground, Stage};
use surroundings::Surroundings;
use trouble::Done;

/// Cuts or kills of one data folder, before a new one is laid out.
const ENDS: u64 = 10;
/// Findings that are printed of one generation.
const SHOWN: usize = 5;

fn main() -> ExitCode {
    let Some(options) = Options::read() else { return ExitCode::SUCCESS };
    let began = Instant::now();
    let passed = match surroundings::enter(&options) {
        Ok(Surroundings::Ready { volumes }) => run(&options, volumes).unwrap_or_else(|trouble| {
            println!("the test cannot go on: {trouble}");
            false
        }),
        Ok(Surroundings::RanInside(code)) => return code,
        Err(trouble) => {
            println!("the test cannot run here: {trouble}");
            false
        }
    };
    options.sum_up(passed, began.elapsed());
    if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn run(options: &Options, volumes: bool) -> Done<bool> {
    if !disk::keeps_its_promises() {
        return Err("the model of the disk keeps what it must lose".into());
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let truc = Path::new(env!("CARGO_BIN_EXE_truc"));
        println!("{}", options.headline());
        let mut passed = true;
        if volumes && options.cuts > 0 {
            passed &= power_cuts(options, truc).await?;
        }
        if options.kills > 0 {
            passed &= kills(options, truc).await?;
        }
        println!("\n{}", if passed { "PASSED: nothing acknowledged was lost." } else { "FAILED" });
        Ok(passed)
    })
}

async fn power_cuts(options: &Options, truc: &Path) -> Done<bool> {
    let mut stage = Stage::on_volume(truc).await?;
    let control = control(options, &mut stage).await?;
    println!("\npower cuts");
    let report = series(&mut stage, truc, options, options.cuts, Report::cuts).await?;
    print!("{report}");
    println!("  {:<30}{control}", "negative control");
    Ok(report.holds() && control.failed > 0)
}

async fn kills(options: &Options, truc: &Path) -> Done<bool> {
    let mut stage = Stage::in_folder(truc).await?;
    println!("\nkill -9");
    let report = series(&mut stage, truc, options, options.kills, |report| report.kills).await?;
    print!("{report}");
    Ok(report.holds())
}

/// Generations until there were `wanted` ends of the kind that `count` counts.
async fn series(
    stage: &mut Stage,
    truc: &Path,
    options: &Options,
    wanted: u64,
    count: fn(&Report) -> u64,
) -> Done<Report> {
    let mut report = Report { keep: options.keep.clone(), ..Report::default() };
    let before = figures(stage);
    let mut number = 0;
    while count(&report) < wanted {
        let seed = if number == 0 { options.seed } else { Random::new(options.seed).fork(number).next() };
        number += 1;
        let (before, acknowledged) = (report.ends(), report.acknowledged);
        let ends = ENDS.min(wanted - count(&report));
        let findings = Generation { stage, truc, seed, ends, report: &mut report }.run().await?;
        let (ends, acknowledged) = (report.ends() - before, report.acknowledged - acknowledged);
        tell(number, seed, ends, acknowledged, &findings);
        report.findings.extend(findings.into_iter().map(|finding| (seed, finding)));
    }
    report.disk = figures(stage).since(before);
    Ok(report)
}

fn figures(stage: &Stage) -> Figures {
    match &stage.ground {
        Ground::Volume(volume, _) => volume.figures(),
        Ground::Folder(_) => Figures::default(),
    }
}

fn tell(number: u64, seed: u64, ends: u64, acknowledged: u64, findings: &[Finding]) {
    let verdict = if findings.is_empty() { "ok" } else { "FAILED" };
    println!("  folder {number:>3}  SEED={seed:<#20x} {ends:>3} ends  {acknowledged:>6} acknowledged  {verdict}");
    for finding in findings.iter().take(SHOWN) {
        println!("      {finding}");
    }
    if findings.len() > SHOWN {
        println!("      and {} more", findings.len() - SHOWN);
    }
}

/// How the build without the sync fared.
struct Control {
    cuts: u64,
    failed: u64,
    findings: usize,
}

impl std::fmt::Display for Control {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { cuts, failed, findings } = self;
        let verdict = if *failed > 0 { "the test sees a missing sync" } else { "THE TEST SEES NOTHING" };
        write!(f, "a build without the sync fails {failed} of {cuts} cuts ({findings} findings): {verdict}")
    }
}

/// Each cut of the negative control on a folder of its own.
async fn control(options: &Options, stage: &mut Stage) -> Done<Control> {
    let truc = surroundings::control_binary();
    let mut control = Control { cuts: 0, failed: 0, findings: 0 };
    println!("\nnegative control: {}", truc.display());
    // A smoke test ends with the first failure: it is what must be seen.
    while control.cuts < options.control && !(options.is_smoke && control.failed > 0) {
        control.cuts += 1;
        let seed = Random::new(options.seed).fork(u64::MAX - control.cuts).next();
        let mut report = Report::default();
        let findings = Generation { stage, truc: &truc, seed, ends: 1, report: &mut report }.run().await?;
        control.failed += u64::from(!findings.is_empty());
        control.findings += findings.len();
        tell(control.cuts, seed, report.ends(), report.acknowledged, &findings);
    }
    Ok(control)
}
