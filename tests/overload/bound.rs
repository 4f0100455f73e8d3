//! What is held is bounded: where the rules of `http/shares.rs` are gone, each of these passes its bound.

use tokio::task::JoinSet;
use truc::config::LimitsConfig;

use crate::hub::{FURTHER, RunningHub};
use crate::wire::{Answer, Caller, figure, labelled, until};

/// A call that brings a small message, and one that brings a large one, octets.
const SMALL: f64 = 160.0 * 1024.0;
const LARGE: f64 = 1536.0 * 1024.0;

/// Nobody's patience ends before the test is done, however slow the machine is.
fn patient(memory_bytes: u64, connections: u32) -> LimitsConfig {
    LimitsConfig { memory_bytes, connections, head_seconds: 600, body_pause_seconds: 600 }
}

/// Calls that were begun, each waiting for its answer.
type Begun = JoinSet<std::io::Result<Answer>>;

/// Brings the head and `first` octets of `count` messages of `length`, and no more.
async fn begin(begun: &mut Begun, caller: &Caller, count: usize, length: usize, first: usize) {
    for _ in 0..count {
        let mut wire = caller.connect().await.unwrap();
        wire.begin("/v1/documents", length).await.unwrap();
        begun.spawn(async move {
            // Who is refused may find the connection closed already.
            let _ = wire.write(&vec![b' '; first]).await;
            wire.answer().await
        });
    }
}

/// Waits until the hub has let in or turned away `count` calls in all; how many it lets in.
async fn let_in(operator: &Caller, count: usize, bytes: f64) -> usize {
    let seen = async || {
        let metrics = operator.get("/metrics").await.body;
        let refused = ["rate_limited", "overloaded"]
            .map(|code| labelled(&metrics, &format!("truc_refusals_total{{code=\"{code}\"}}")));
        (figure(&metrics, "truc_requests_bytes") / bytes, refused.iter().sum::<f64>())
    };
    until(async || {
        let (held, refused) = seen().await;
        (held + refused == count as f64).then_some(held as usize)
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hub_that_is_full_says_so_before_it_reads_and_still_lets_the_operator_in() {
    let hub = RunningHub::start(patient(180 << 20, 512)).await;
    let operator = hub.caller("operator");
    let metrics = operator.get("/metrics").await.body;
    let most = figure(&metrics, "truc_requests_bytes_max") / SMALL;
    let (mut begun, mut told, mut held) = (JoinSet::new(), Vec::new(), Vec::new());
    for number in 0..FURTHER {
        begin(&mut begun, &hub.caller(&format!("further-{number}")), 64, 60_000, 0).await;
        let count = 64 * (number + 1);
        held.push(let_in(&operator, count, SMALL).await);
        while told.len() + held[number] < count {
            told.push(begun.join_next().await.unwrap().unwrap().unwrap());
        }
    }
    assert!(held[0] > 0 && (held[0] as f64) <= most / 2.0, "one alone gets a half: {held:?} of {most}");
    assert!(held.is_sorted() && held[6] > held[0], "whoever comes new finds room: {held:?}");
    assert!(told.iter().all(|answer| answer.retry_after.is_some_and(|seconds| seconds > 0)));
    assert_eq!(told[0].code(), "rate_limited");
    assert!(told[0].status == 429 && told.iter().all(|answer| matches!(answer.status, 429 | 503)));
    let last = told.last().unwrap();
    assert_eq!((last.status, last.code().as_str()), (503, "overloaded"), "{held:?}");

    let ready = operator.get("/readyz").await;
    assert_eq!((ready.status, ready.code().as_str()), (503, "overloaded"));
    assert!(ready.retry_after.unwrap() > 0);
    for path in ["/healthz", "/metrics", "/v1/access"] {
        assert_eq!(operator.get(path).await.status, 200, "operators get in");
    }
    let metrics = operator.get("/metrics").await.body;
    assert!(figure(&metrics, "truc_requests_holders") > 6.0 && figure(&metrics, "truc_connections") > most / 2.0);

    drop(begun);
    until(async || (figure(&operator.get("/metrics").await.body, "truc_requests_bytes") == 0.0).then_some(())).await;
    assert_eq!(operator.get("/readyz").await.status, 200);
    assert_eq!(hub.caller("further-0").get("/v1/inbox").await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_that_are_never_finished_do_not_fill_the_memory() {
    let hub = RunningHub::start(patient(192 << 20, 640)).await;
    let operator = hub.caller("operator");
    let mut begun = JoinSet::new();
    // From three addresses: one alone gets a half of the connections.
    for last in 0..3 {
        let bulky = Caller { from: [127, 0, 1, last], ..hub.caller("bulky") };
        begin(&mut begun, &bulky, 150, 1_000_000, 500_000).await;
    }
    let held = let_in(&operator, 450, LARGE).await;
    println!("450 bodies half sent: {held} let in, peak {} MiB", hub.peak_bytes() >> 20);
    assert!((1..=8).contains(&held), "{held}");
    assert_eq!(hub.caller("quiet").get("/v1/inbox").await.status, 200, "others find room");
    assert!(hub.peak_bytes() <= hub.limits.memory_bytes, "{} MiB", hub.peak_bytes() >> 20);
    assert_eq!(hub.payloads(), 0);
}
