//! Those who push fill the disk: they are turned away before it is full.

use truc::config::{JournalConfig, LimitsConfig};

use crate::crowd::pushing;
use crate::hub::{RunningHub, SmallDisk};
use crate::storm::all_there;
use crate::wire::until;

const DISK_MEBIBYTES: u32 = 224;
const RESERVE_BYTES: u64 = 8 << 20;
/// What is kept free for what must not wait.
const FREE_BYTES_MIN: u64 = 64 << 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_pushes_is_turned_away_before_the_disk_is_full() {
    let Some(disk) = SmallDisk::of(DISK_MEBIBYTES) else { return };
    let limits = LimitsConfig { memory_bytes: 192 << 20, connections: 256, ..LimitsConfig::default() };
    let journal =
        JournalConfig { reserve_bytes: RESERVE_BYTES, free_bytes_min: FREE_BYTES_MIN, ..JournalConfig::default() };
    let mut hub = RunningHub::on(Some(disk), limits, journal).await;
    until(async || (hub.room().1 == RESERVE_BYTES).then_some(())).await;
    let operator = hub.caller("operator");
    assert_eq!(operator.get("/readyz").await.status, 200);
    let noise = pushing(&hub.caller("noisy"), 32, "G22", 30_000);
    let bulk = pushing(&hub.caller("bulky"), 32, "000.00.00.G22", 400_000);

    until(async || (noise.count(507) > 200 && bulk.count(507) > 200).then_some(())).await;
    let ready = operator.get("/readyz").await;
    assert_eq!((ready.status, ready.code().as_str()), (507, "insufficient_storage"));
    assert_eq!(operator.get("/healthz").await.status, 200);
    assert_eq!(hub.caller("dead").get("/v1/inbox").await.status, 200, "what is there can be read");
    let (noise, bulk) = (noise.stop().await, bulk.stop().await);
    for told in [&noise, &bulk] {
        assert!(told.by_status.keys().all(|status| [201, 429, 507].contains(status)), "{:?}", told.by_status);
        assert!(told.without_retry_after == 0 && told.count(201) > 0, "{:?}", told.by_status);
    }
    let (free, reserve) = hub.room();
    println!("a disk of {DISK_MEBIBYTES} MiB: {} MiB were left, {} kept free", free >> 20, FREE_BYTES_MIN >> 20);
    assert!(free > FREE_BYTES_MIN / 2 && reserve == RESERVE_BYTES, "{free}, {reserve}");
    let (files, accepted) = (hub.payloads(), bulk.accepted.len());
    assert!((accepted..=accepted + bulk.ended).contains(&files), "who was turned away has left nothing: {files}");

    hub.restart();
    all_there(&hub, [("noisy", &noise), ("bulky", &bulk)]).await;
    hub.stop();
    // It has to say that the disk is nearly full, and nothing else.
    let said = String::from_utf8(hub.doctor().stdout).unwrap();
    assert!(said.matches('→').count() == usize::from(said.contains("507")), "{said}");
}
