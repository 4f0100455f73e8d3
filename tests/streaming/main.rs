//! Large messages through the real binary: what a message costs in memory does not depend on its size. A hub, a client
//! that sends, one that fetches, `truc verify` and `truc sign` each stay within a bound while 200 MB pass (1 GB: `make bench`).
//!
//! `TRUC_STREAM_BYTES` sets another size.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::as_conversions, clippy::expect_used)]

#[path = "../cli/support.rs"]
#[allow(dead_code)]
mod hub;
mod large;
mod memory;

use hub::TestHub;
use large::{Place, write_large};
use memory::{Bounded, high_water};

/// What a process may grow by, KiB: 32 MiB.
const GROWTH_KIB_MAX: u64 = 32 << 10;

fn octets() -> u64 {
    std::env::var("TRUC_STREAM_BYTES").map_or(200_000_000, |octets| octets.parse().unwrap())
}

#[test]
fn a_large_message_is_received_verified_stored_and_delivered_in_bounded_memory() {
    let hub = TestHub::made();
    hub.configure("message_bytes_max", "1500000000");
    let mut hub = hub;
    hub.start();
    // everything that a hub does once stands in its memory now
    let small = hub.send("H41", "1/VPCP-TH", &[]);
    hub.by("nghean", &["fetch", "1/VPCP-TH", "-o", &hub.file("small.edxml")]).yes();
    let (sent_small, fetched_small) = (peak(&hub, "vpcp", &["send", &small]), hub.file("small-again.edxml"));
    let fetched_small = peak(&hub, "nghean", &["fetch", "1/VPCP-TH", "-o", &fetched_small]);
    let before = high_water(hub.pid());

    let file = hub.file("large.edxml");
    let sha256 = write_large(&file, octets(), Place::BeforeTheData, &hub.path("test-pki"));
    let sent = peak(&hub, "vpcp", &["send", &file]);
    let after_receiving = high_water(hub.pid());
    let fetched = hub.file("fetched.edxml");
    let fetching = peak(&hub, "nghean", &["fetch", large::CODE, "-o", &fetched]);
    let after_delivering = high_water(hub.pid());

    assert_eq!(large::sha256(&fetched), sha256, "exact bytes");
    let grown = [
        ("hub, receiving", after_receiving - before),
        ("hub, delivering", after_delivering - before),
        ("truc send", sent - sent_small.min(sent)),
        ("truc fetch", fetching - fetched_small.min(fetching)),
    ];
    println!("{} octets; memory grew by, KiB: {grown:?}", octets());
    assert!(grown.iter().all(|(_, grown)| *grown <= GROWTH_KIB_MAX), "{grown:?}");
}

#[test]
fn a_signature_before_or_behind_the_data_is_verified_in_bounded_memory() {
    let hub = TestHub::made();
    let verify = |file: &str| peak(&hub, "vpcp", &["verify", "--profile", "none", file]);
    let [small, file] = ["small.xml", "large.xml"].map(|name| hub.file(name));
    for place in [Place::BehindTheData, Place::BeforeTheData] {
        write_large(&small, 1_000, place, &hub.path("test-pki"));
        write_large(&file, octets(), place, &hub.path("test-pki"));
        let (small, large) = (verify(&small), verify(&file));
        println!("{} octets, {place:?}; truc verify grew by {} KiB", octets(), large.saturating_sub(small));
        assert!(large.saturating_sub(small) <= GROWTH_KIB_MAX, "{place:?}: {small} KiB, {large} KiB");
    }
}

#[test]
fn a_large_message_is_signed_in_bounded_memory() {
    let hub = TestHub::made();
    let [small, large, signed] = ["small.edxml", "large.edxml", "signed.edxml"].map(|name| hub.file(name));
    write_large(&small, 1_000, Place::BeforeTheData, &hub.path("test-pki"));
    write_large(&large, octets(), Place::BeforeTheData, &hub.path("test-pki"));
    for coverage in [&[][..], &["--by-id"]] {
        let sign = |file: &str| peak(&hub, "vpcp", &[&["sign", file, "--output", &signed], coverage].concat());
        let (small, large) = (sign(&small), sign(&large));
        println!("{} octets {coverage:?}; truc sign grew by {} KiB", octets(), large.saturating_sub(small));
        assert!(large.saturating_sub(small) <= GROWTH_KIB_MAX, "{coverage:?}: {small} KiB, {large} KiB");
        peak(&hub, "vpcp", &["verify", &signed]);
        assert!(std::fs::metadata(&signed).unwrap().len() >= octets(), "all of it was signed");
    }
}

/// The peak of a command that says yes, KiB.
fn peak(hub: &TestHub, name: &str, args: &[&str]) -> u64 {
    let bounded = Bounded::run(&mut hub.command_by(name, args));
    assert!(bounded.status.success(), "{args:?}: {}", bounded.said);
    bounded.peak_kib
}
