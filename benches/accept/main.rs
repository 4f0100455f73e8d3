//! Accepted + verified + durable + receipted documents per second, beside a bare server in the same run: the same HTTP
//! stack and load generator, group commit, no look inside. Only the ratios mean anything on a shared machine.
//!
//! `make bench`. 20 KB of attachments, RSA-2048, cached chain; 1, 16 and 64 clients over plain HTTP on loopback, and 64
//! once over TLS. The hub is the `truc` binary as it is shipped.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::format_collect,
    missing_docs,
    unreachable_pub,
    dead_code
)]

mod bare;
mod load;
mod server;
#[path = "../../tests/hub/support.rs"]
mod support;

use std::sync::Arc;

use base64::Engine;
use load::{Measured, Target, run};
use ring::rand::{SecureRandom, SystemRandom};
use support::Document;

/// Octets of the attachment before base64.
const ATTACHMENT: usize = 20_000;
/// Clients, and how many messages each run posts.
const RUNS: [(usize, usize); 3] = [(1, 2_000), (16, 6_000), (64, 10_000)];
const REPETITIONS: usize = 5;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(folder) =
        arguments.iter().position(|argument| argument == "--bare").and_then(|at| arguments.get(at + 1))
    {
        return server::serve_bare(std::path::Path::new(folder));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(measure());
}

async fn measure() {
    let signer = server::Signer::new().await;
    let bare_folder = tempfile::tempdir().unwrap();
    let bare = server::Process::bare(bare_folder.path());
    let hub = server::Process::hub(&signer);
    let plain = |process: &server::Process| Target { address: process.plain, token: signer.token.clone(), tls: None };
    println!("documents per second, median of {REPETITIONS}; ratio to the bare server run by run");
    println!(
        "{:>8} {:>10} {:>10} {:>7} {:>22} {:>22}",
        "clients", "bare/s", "hub/s", "ratio", "bare p50/p99 ms", "hub p50/p99 ms"
    );
    let mut serial = 0;
    for (clients, count) in RUNS {
        let mut pairs = Vec::new();
        for _ in 0..REPETITIONS {
            let messages = messages(&signer, count, &mut serial);
            let bare = run(&plain(&bare), &messages, clients).await;
            let hub = run(&plain(&hub), &messages, clients).await;
            pairs.push((bare, hub));
        }
        report(&clients.to_string(), &mut pairs);
    }
    let messages = messages(&signer, 6_000, &mut serial);
    let over_tls = Target { address: hub.tls.unwrap(), token: signer.token.clone(), tls: Some(signer.tls()) };
    let bare = run(&plain(&bare), &messages, 64).await;
    let tls = run(&over_tls, &messages, 64).await;
    report("64 TLS", &mut [(bare, tls)]);
    println!("bare is plain HTTP in every line; resident memory of the hub now: {} MB", hub.resident_mb());
}

/// Fresh signed messages, each with its own DocumentId and its own attachment.
fn messages(signer: &server::Signer, count: usize, serial: &mut usize) -> Arc<Vec<Vec<u8>>> {
    let first = *serial;
    *serial += count;
    let half = count / 2;
    let make = |range: std::ops::Range<usize>| range.map(|number| message(signer, first + number)).collect::<Vec<_>>();
    let (mut one, two) = std::thread::scope(|scope| {
        let two = scope.spawn(move || make(half..count));
        (make(0..half), two.join().unwrap())
    });
    one.extend(two);
    Arc::new(one)
}

fn message(signer: &server::Signer, number: usize) -> Vec<u8> {
    let mut octets = vec![0; ATTACHMENT];
    SystemRandom::new().fill(&mut octets).unwrap();
    let file = base64::engine::general_purpose::STANDARD.encode(octets);
    let (id, number) = (format!("bench-{number}"), number.to_string());
    let document = Document { to: &["H41"], id: &id, number: &number, file: &file, ..Document::default() };
    signer.signed(&document.text())
}

fn report(clients: &str, pairs: &mut [(Measured, Measured)]) {
    pairs.sort_by(|one, other| ratio(one).total_cmp(&ratio(other)));
    let (bare, hub) = pairs[pairs.len() / 2];
    let times = |measured: Measured| {
        format!("{:.2} / {:.2}", measured.p50.as_secs_f64() * 1e3, measured.p99.as_secs_f64() * 1e3)
    };
    println!(
        "{clients:>8} {:>10.0} {:>10.0} {:>7.2} {:>22} {:>22}   (ratios {})",
        bare.per_second,
        hub.per_second,
        hub.per_second / bare.per_second,
        times(bare),
        times(hub),
        pairs.iter().map(|pair| format!("{:.2}", ratio(pair))).collect::<Vec<_>>().join(" "),
    );
}

fn ratio((bare, hub): &(Measured, Measured)) -> f64 {
    hub.per_second / bare.per_second
}
