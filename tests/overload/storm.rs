//! Everybody pushes at once, each in its own way, and who behaves is served. What is asserted holds however slow the
//! machine is; how fast it went is printed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use truc::config::LimitsConfig;

use crate::crowd::{Receipts, Told, dribbling, half_sending, identity, not_reading, polling, pushing, repeating};
use crate::hub::RunningHub;
use crate::support::Document;
use crate::wire::{Answer, Caller, figure, labelled, until};

/// How many push, and how often.
#[derive(Clone, Copy)]
struct Size {
    /// Clients of one system that post new messages.
    pushing: usize,
    /// Clients of another one that post large messages.
    bulky: usize,
    dribbling: usize,
    half_sending: usize,
    not_reading: usize,
    polling: usize,
    repeats: usize,
    /// Messages of the quiet system: one after the other, and by sixteen at a time; alone, and in the storm.
    quiet: usize,
}

const SMALL: Size = Size {
    pushing: 200,
    bulky: 12,
    dribbling: 60,
    half_sending: 40,
    not_reading: 20,
    polling: 20,
    repeats: 400,
    quiet: 16,
};

const FULL: Size = Size {
    pushing: 500,
    bulky: 40,
    dribbling: 150,
    half_sending: 100,
    not_reading: 50,
    polling: 50,
    repeats: 10_000,
    quiet: 1_000,
};

/// Clients of the quiet system, where it has several.
const SEVERAL: usize = 16;

fn size() -> Size {
    if std::env::var("TRUC_OVERLOAD").is_ok_and(|size| size == "full") { FULL } else { SMALL }
}

/// How many messages a second of the quiet system were accepted, and how long one of a single client took.
struct Rates {
    by_one: f64,
    by_several: f64,
    /// Sorted.
    waits: Vec<Duration>,
}

impl Rates {
    /// How long so many hundredths of the single client's messages took at most, milliseconds.
    fn within(&self, hundredths: usize) -> f64 {
        self.waits[(self.waits.len() * hundredths / 100).min(self.waits.len() - 1)].as_secs_f64() * 1_000.0
    }
}

/// The quiet system's part: every message is accepted at the first try.
async fn quietly(caller: &Caller, messages: &[Vec<u8>], told: &mut Told) -> Rates {
    let (one, several) = messages.split_at(messages.len() / 2);
    let (by_one, mut waits) = at_their_pace(caller, vec![one.to_vec()], told).await;
    let parts = several.chunks(several.len().div_ceil(SEVERAL)).map(<[_]>::to_vec).collect();
    let (by_several, _) = at_their_pace(caller, parts, told).await;
    waits.sort_unstable();
    Rates { by_one, by_several, waits }
}

/// Each part by a client of its own, one message after the other, and how long each message took. They have a thread to
/// themselves: what is measured is the hub, and not the many clients of the others.
async fn at_their_pace(caller: &Caller, parts: Vec<Vec<Vec<u8>>>, told: &mut Told) -> (f64, Vec<Duration>) {
    let (started, caller) = (Instant::now(), caller.clone());
    let sending = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let clients: JoinSet<_> = parts.into_iter().map(|part| in_order(caller.clone(), part)).collect();
            clients.join_all().await
        })
    };
    let answers: Vec<_> = tokio::task::spawn_blocking(sending).await.unwrap().into_iter().flatten().collect();
    let seconds = started.elapsed().as_secs_f64();
    for (answer, _) in &answers {
        assert_eq!(answer.status, 201, "who behaves is served: {answer:?}");
        told.take(answer);
    }
    (answers.len() as f64 / seconds, answers.into_iter().map(|(_, wait)| wait).collect())
}

async fn in_order(caller: Caller, messages: Vec<Vec<u8>>) -> Vec<(Answer, Duration)> {
    let (mut answers, mut wire) = (Vec::new(), caller.connect().await.unwrap());
    for message in messages {
        let sent = Instant::now();
        answers.push((wire.post("/v1/documents", &message).await.unwrap(), sent.elapsed()));
    }
    answers
}

fn signed_by(hub: &RunningHub, from: &'static str, numbers: std::ops::Range<usize>) -> Vec<Vec<u8>> {
    let message = |number: usize| {
        let (id, number) = (format!("{from},2026/11/22,{number}/VPCP-TH"), number.to_string());
        let document = Document { from, to: &["H41"], id: &id, number: &number, ..Document::default() };
        hub.signed(&document.text(), from)
    };
    numbers.map(message).collect()
}

/// Asks how the hub is, over and over, while `work` goes on.
async fn watched<T>(operator: &Caller, work: impl Future<Output = T>) -> (T, Vec<Answer>) {
    let (done, mut over) = tokio::sync::oneshot::channel::<()>();
    let operator = operator.clone();
    let watching = tokio::spawn(async move {
        let mut seen = Vec::new();
        while over.try_recv() == Err(tokio::sync::oneshot::error::TryRecvError::Empty) {
            assert_eq!(operator.get("/healthz").await.status, 200);
            assert_eq!(operator.get("/readyz").await.status, 200, "who comes new is served");
            seen.push(operator.get("/metrics").await);
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        seen
    });
    let result = work.await;
    done.send(()).unwrap();
    (result, watching.await.unwrap())
}

/// What came of everybody's pushing.
struct Storm {
    size: Size,
    seconds: f64,
    quiet: Rates,
    noise: Told,
    bulk: Told,
    half: Told,
    slow: Told,
    deaf: Told,
    polls: Told,
    repeats: Told,
    receipts: Receipts,
    /// What `/metrics` said meanwhile.
    seen: Vec<Answer>,
}

impl Storm {
    /// Lets everybody push while the quiet system sends `messages`.
    async fn over(hub: &RunningHub, messages: &[Vec<u8>], repeated: &Arc<Vec<u8>>, told: &mut Told) -> Self {
        let (size, by) = (size(), |system: &str| hub.caller(system));
        let started = Instant::now();
        let noise = pushing(&by("noisy"), size.pushing, "G22", 3_000);
        let bulk = pushing(&by("bulky"), size.bulky, "000.00.00.G22", 400_000);
        let half = half_sending(&by("further-0"), size.half_sending, 1_000_000);
        let slow = dribbling(&by("further-1"), size.dribbling);
        let deaf = not_reading(&by("dead"), size.not_reading);
        let polls = polling(&by("storm"), size.polling);
        let (repeats, receipts) = repeating(&by("storm"), 50, size.repeats, repeated);
        until(async || noise.has_begun().then_some(())).await;
        let work = async {
            let quiet = quietly(&by("quiet"), messages, told).await;
            (quiet, repeats.done().await)
        };
        let ((quiet, repeats), seen) = watched(&by("operator"), work).await;
        let (noise, bulk) = (noise.stop().await, bulk.stop().await);
        let seconds = started.elapsed().as_secs_f64();
        let (half, slow, deaf, polls) = (half.stop().await, slow.stop().await, deaf.stop().await, polls.stop().await);
        Self { size, seconds, quiet, noise, bulk, half, slow, deaf, polls, repeats, receipts, seen }
    }

    fn print(&self, hub: &RunningHub, alone: &Rates) {
        let Self { size, seconds, quiet, noise, bulk, repeats, half, slow, polls, .. } = self;
        let (bound, peak) = (hub.limits.memory_bytes >> 20, hub.peak_bytes() >> 20);
        println!("memory: bound {bound} MiB, peak {peak} MiB; {seconds:.0} s");
        for (clients, alone, within) in [(1, alone.by_one, quiet.by_one), (SEVERAL, alone.by_several, quiet.by_several)]
        {
            let ratio = within / alone;
            println!(
                "quiet, {clients} clients: {alone:.0}/s alone, {within:.0}/s in the storm ({ratio:.2}), all accepted"
            );
        }
        for (when, rates) in [("alone", alone), ("in the storm", quiet)] {
            let [half, most] = [50, 95].map(|hundredths| rates.within(hundredths));
            println!(
                "quiet, 1 client, {when}: half of its messages within {half:.1} ms, 95 in 100 within {most:.1} ms"
            );
        }
        let rate = |told: &Told, status: u16| told.count(status) as f64 / seconds;
        println!("noisy: {:.0}/s accepted by {} clients, {} shed", rate(noise, 201), size.pushing, noise.shed());
        println!("bulky: {:.1} MB/s accepted by {} clients, {} shed", rate(bulk, 201) * 0.4, size.bulky, bulk.shed());
        let (again, shed) = (repeats.count(200), repeats.shed());
        println!("one message {} times: {again} times the first receipt, {shed} shed", size.repeats);
        println!("half sent: {:?}; slow heads cut off: {}", half.by_status, slow.ended);
        println!("long polls: {:?}", polls.by_status);
        let mean = |work: &str| {
            let line = format!("truc_turns_waiting{{work=\"{work}\"}}");
            self.seen.iter().map(|answer| labelled(&answer.body, &line)).sum::<f64>() / self.seen.len() as f64
        };
        let waiting = ["short", "large", "commit", "reading", "list"].map(|work| format!("{work} {:.0}", mean(work)));
        println!(
            "waiting for their turn, mean: {}; a healthy answer to all {} probes",
            waiting.join(", "),
            self.seen.len() * 2
        );
    }

    /// Who pushes is shed by the book, and is told nothing else.
    fn was_shed_by_the_book(&self) {
        let Self { size, noise, bulk, half, slow, deaf, polls, repeats, .. } = self;
        for (group, statuses) in [
            (noise, &[201, 429][..]),
            (bulk, &[201, 429]),
            (half, &[408, 429]),
            (polls, &[200, 429]),
            (repeats, &[200, 429]),
        ] {
            assert!(group.by_status.keys().all(|status| statuses.contains(status)), "{:?}", group.by_status);
            assert_eq!(group.without_retry_after, 0, "{:?}", group.by_status);
        }
        assert!(noise.count(201) > 0, "{:?}", noise.by_status);
        assert!(half.all() + half.ended >= size.half_sending);
        assert_eq!(repeats.all() + repeats.ended, size.repeats);
        assert!(slow.all() == 0 && slow.ended >= size.dribbling, "a head that never ends is cut off: {slow:?}");
        assert_eq!(deaf.all(), 0);
    }

    async fn health_told_the_truth(&self, operator: &Caller) {
        let groups = [&self.noise, &self.bulk, &self.half, &self.polls, &self.repeats];
        let told: usize = groups.map(|group| group.count(429)).iter().sum();
        let metrics = operator.get("/metrics").await.body;
        let counted = labelled(&metrics, "truc_refusals_total{code=\"rate_limited\"}");
        assert!(counted >= told as f64, "{counted} are counted, {told} were told");
        for answer in &self.seen {
            let held = figure(&answer.body, "truc_requests_bytes");
            assert!(held <= figure(&answer.body, "truc_requests_bytes_max"), "{held}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_pushes_and_who_behaves_is_served() {
    let limits = LimitsConfig { memory_bytes: 320 << 20, connections: 1_600, head_seconds: 3, body_pause_seconds: 2 };
    let mut hub = RunningHub::start(limits).await;
    let (quiet, operator) = (hub.caller("quiet"), hub.caller("operator"));
    let messages = signed_by(&hub, "H14", 0..size().quiet * 3);
    let parts: Vec<_> = messages.chunks(size().quiet).collect();
    let repeated = Arc::new(signed_by(&hub, "H24", 0..1).remove(0));
    let first = hub.caller("storm").connect().await.unwrap().post("/v1/documents", &repeated).await.unwrap();
    assert_eq!(first.status, 201);
    let mut told = Told::default();
    let alone = quietly(&quiet, parts[0], &mut told).await;
    let descriptors = hub.descriptors();

    let came = Storm::over(&hub, parts[1], &repeated, &mut told).await;
    came.print(&hub, &alone);
    assert!(hub.peak_bytes() <= hub.limits.memory_bytes, "{} MiB", hub.peak_bytes() >> 20);
    came.was_shed_by_the_book();
    came.health_told_the_truth(&operator).await;
    assert!(receipts_are(&came.receipts, &identity(&first)), "{:?}", came.receipts);

    // Afterwards it is what it was.
    until(async || (hub.descriptors() <= descriptors + 8).then_some(())).await;
    until(async || (figure(&operator.get("/metrics").await.body, "truc_requests_bytes") == 0.0).then_some(())).await;
    let (files, accepted, unknown) = (hub.payloads(), came.bulk.accepted.len(), came.bulk.ended);
    assert!((accepted..=accepted + unknown).contains(&files), "{files} files of {accepted} messages and {unknown}");
    repeats_write_nothing(&hub, &repeated, &identity(&first)).await;
    quietly(&quiet, parts[2], &mut told).await;

    hub.restart();
    all_there(&hub, [("noisy", &came.noise), ("bulky", &came.bulk), ("quiet", &told)]).await;
    hub.stop();
    let doctor = hub.doctor();
    assert!(doctor.status.success(), "{doctor:?}");
}

/// One message over and over is one message. The trail is quiet by then, but for entries that tell of refusals.
async fn repeats_write_nothing(hub: &RunningHub, message: &Arc<Vec<u8>>, first: &(String, u64)) {
    let operator = hub.caller("operator");
    let state = async || (figure(&operator.get("/metrics").await.body, "truc_trail_entries"), hub.journal_bytes());
    let mut before = state().await;
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let now = state().await;
        if now == std::mem::replace(&mut before, now) {
            break;
        }
    }
    let (again, receipts) = repeating(&hub.caller("storm"), 4, 100, message);
    assert_eq!(again.done().await.count(200), 100);
    assert!(receipts_are(&receipts, first));
    assert_eq!(state().await, before);
}

fn receipts_are(receipts: &Receipts, first: &(String, u64)) -> bool {
    receipts.0.lock().unwrap().keys().all(|receipt| receipt == first)
}

/// Every acknowledged message is in its sender's outbox.
pub(crate) async fn all_there<const N: usize>(hub: &RunningHub, groups: [(&str, &Told); N]) {
    for (system, told) in groups {
        let mut wire = hub.caller(system).connect().await.unwrap();
        let (mut held, mut cursor) = (std::collections::HashSet::new(), String::new());
        loop {
            let page = wire.get(&format!("/v1/outbox?limit=500{cursor}")).await.unwrap().json();
            held.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()));
            let Some(next) = page["next"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert!(told.accepted.iter().all(|id| held.contains(id)), "{system}");
        assert!(held.len() <= told.accepted.len() + told.ended, "{system}");
    }
}
