//! What it costs to verify, as ratios in one run: beside what cannot be avoided (one RSA-2048 verification by ring and
//! SHA-256 of the file), beside warm Java 17 (javax.xml.crypto, the key given) and beside xmlsec1 (libxmlsec).
//!
//! `make bench`. Processor time of one thread; ours is the way of the hub: `signature::verify` with the trust store, its
//! chain cached, and for edXML with the reader of messages. The measures of a round follow each other closely, so that
//! whatever else the machine does falls on all of them; the ratio shown is the median of the rounds.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::format_collect,
    missing_docs,
    unreachable_pub,
    dead_code
)]

mod documents;
mod others;
#[path = "../../tests/hub/support.rs"]
mod support;

use std::time::Duration;

use documents::{Kind, Signer, Subject};
use others::{Java, xmlsec};
use rustix::time::{ClockId, clock_gettime};

const ROUNDS: usize = 7;
/// How long one measure works in one round.
const ROUND: Duration = Duration::from_millis(250);

fn main() {
    let only = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let signer = Signer::new();
    println!("{:<62} {:>9} {:>9}  per verification, medians", "ratio, median of the rounds", "goal", "result");
    for kind in [Kind::Message, Kind::Text, Kind::Dense] {
        if only.as_deref().is_none_or(|only| only == kind.name()) {
            report(&measured(&signer, kind));
        }
    }
}

/// Seconds of each measure, round by round.
struct Rounds {
    kind: Kind,
    octets: usize,
    hash: Vec<f64>,
    rsa: Vec<f64>,
    ours: Vec<f64>,
    java: Vec<f64>,
    xmlsec: Vec<f64>,
}

fn measured(signer: &Signer, kind: Kind) -> Rounds {
    let subject = signer.subject(kind);
    let mut java = (kind == Kind::Message).then(|| Java::start(&subject.path, &signer.certificate(), ROUND));
    let mut rounds = Rounds {
        kind,
        octets: subject.bytes.len(),
        hash: Vec::new(),
        rsa: Vec::new(),
        ours: Vec::new(),
        java: Vec::new(),
        xmlsec: Vec::new(),
    };
    round(&subject, signer, None, &mut Vec::new()); // everything is warm once
    for _ in 0..ROUNDS {
        rounds.hash.push(seconds(|| {
            std::hint::black_box(ring::digest::digest(&ring::digest::SHA256, &subject.bytes));
        }));
        rounds.rsa.push(seconds(|| signer.verify_once()));
        round(&subject, signer, java.as_mut(), &mut rounds.java);
        rounds.ours.push(seconds(|| signer.verify(&subject)));
        rounds.xmlsec.push(xmlsec(signer, &subject, repeats(kind)));
    }
    rounds
}

fn round(subject: &Subject, signer: &Signer, java: Option<&mut Java>, times: &mut Vec<f64>) {
    signer.verify(subject);
    times.extend(java.map(Java::round));
}

const fn repeats(kind: Kind) -> u32 {
    match kind {
        Kind::Message => 400,
        Kind::Text => 4,
        Kind::Dense => 1,
    }
}

/// Processor time of one execution.
fn seconds(mut work: impl FnMut()) -> f64 {
    let start = cpu();
    let mut times = 0_u32;
    loop {
        work();
        times += 1;
        let spent = cpu().saturating_sub(start);
        if spent >= ROUND {
            return spent.as_secs_f64() / f64::from(times);
        }
    }
}

fn cpu() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec.try_into().unwrap(), now.tv_nsec.try_into().unwrap())
}

fn report(rounds: &Rounds) {
    let Rounds { kind, octets, hash, rsa, ours, java, xmlsec } = rounds;
    let size = format!("{} ({} bytes)", kind.title(), octets);
    let per = |name: &str, times: &[f64]| format!("{name} {}", human(median(times)));
    let all = [per("SHA-256", hash), per("RSA", rsa), per("ours", ours), per("xmlsec1", xmlsec)].join(", ");
    match kind {
        Kind::Message => {
            let bound: Vec<_> = hash.iter().zip(rsa).map(|(hash, rsa)| hash + rsa).collect();
            line(&format!("{size}: ours / (RSA + SHA-256)"), "<= 2", &ratios(ours, &bound), |ratio| ratio <= 2.0, &all);
            let java_too = per("Java", java);
            line(
                &format!("{size}: ours / Java"),
                "<= 0.33",
                &ratios(ours, java),
                |ratio| ratio <= 1.0 / 3.0,
                &java_too,
            );
        }
        Kind::Text => {
            let rate = ratios(hash, ours);
            line(&format!("{size}: rate of ours / rate of SHA-256"), ">= 0.70", &rate, |ratio| ratio >= 0.7, &all);
            let times = ratios(xmlsec, ours);
            line(&format!("{size}: xmlsec1 / ours"), ">= 3", &times, |ratio| ratio >= 3.0, "");
        }
        Kind::Dense => {
            let times = ratios(xmlsec, ours);
            line(&format!("{size}: xmlsec1 / ours"), ">= 5", &times, |ratio| ratio >= 5.0, &all);
        }
    }
}

fn line(what: &str, goal: &str, ratios: &[f64], is_reached: impl Fn(f64) -> bool, all: &str) {
    let ratio = median(ratios);
    let word = if is_reached(ratio) { "reached" } else { "NOT REACHED" };
    println!("{what:<62} {goal:>9} {ratio:>9.2}  {word}; {all}");
}

fn ratios(above: &[f64], below: &[f64]) -> Vec<f64> {
    above.iter().zip(below).map(|(above, below)| above / below).collect()
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

fn human(seconds: f64) -> String {
    if seconds < 1e-3 { format!("{:.1} us", seconds * 1e6) } else { format!("{:.2} ms", seconds * 1e3) }
}
