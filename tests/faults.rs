//! Faults are answered, not suffered: each operation of the disk and each apply of the index fails once, at each step of a
//! day of the whole hub, in each way. The hub says 503 or 507, acknowledges nothing that it cannot keep, and is whole
//! when the fault is gone: over a restart, and over a power cut.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::as_conversions)]
#![allow(clippy::format_collect, clippy::cast_possible_truncation, unreachable_pub, missing_docs)]

#[path = "hub/support.rs"]
#[allow(dead_code)]
mod support;

#[path = "faults/erase.rs"]
mod erase;
#[path = "faults/read.rs"]
mod read;

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use support::{Document, id, make_folder, signed};
use truc::api::{AccessRequest, Agency, Policy, Role, Scope};
use truc::clock::SetClock;
use truc::config::{Config, DataFolder};
use truc::delivery::standing::Caller;
use truc::domain::{Code, MessageId, Refusal};
use truc::engine::{Credential, Ground, Hub, OpenError};
use truc::index::{Durability, Index, IndexError, Memory, Read, Rows, Writes};
use truc::journal::disk::{Disk, Fault, Simulated, Step};
use truc::trail::{MemoryTiles, Tiles, VerifierKey, verify};
use truc::trust::pki::Layout;

/// An index whose apply number `fails` from now on fails: negative, after it has done it.
struct Inner {
    memory: Memory,
    fails: AtomicI64,
}

#[derive(Clone)]
struct Told(Arc<Inner>);

impl Index for Told {
    fn reader(&self) -> Result<Box<dyn Read + '_>, IndexError> {
        self.0.memory.reader()
    }

    fn apply_rows(&self, rows: &mut Rows<'_>, durability: Durability) -> Result<(), IndexError> {
        let left = self.0.fails.load(Ordering::SeqCst);
        self.0.fails.store(left - left.signum(), Ordering::SeqCst);
        let failed = || Err(IndexError::Io(io::Error::other("injected fault")));
        match left {
            1 => failed(),
            -1 => self.0.memory.apply_rows(rows, durability).and_then(|()| failed()),
            _ => self.0.memory.apply_rows(rows, durability),
        }
    }
}

struct Soil {
    disk: Simulated,
    index: Mutex<Told>,
}

fn index_of(memory: Memory) -> Told {
    Told(Arc::new(Inner { memory, fails: AtomicI64::new(0) }))
}

impl Soil {
    fn new(disk: Simulated, memory: Memory) -> Self {
        Self { disk, index: Mutex::new(index_of(memory)) }
    }

    fn index(&self) -> Told {
        self.index.lock().unwrap().clone()
    }

    /// The same, to go its own way.
    fn copy(&self) -> Self {
        let rows = self.index().0.memory.rows().into_iter().map(|(key, value)| (key, Some(value)));
        let memory = Memory::new();
        memory.apply(&rows.collect::<Writes>(), Durability::Checkpoint).unwrap();
        Self::new(self.disk.settled(), memory)
    }

    fn after_power_cut(&self, seed: u64) -> Self {
        Self::new(self.disk.cut(seed), self.index().0.memory.after_crash())
    }
}

impl Ground for Soil {
    fn disk(&self) -> Arc<dyn Disk> {
        Arc::new(self.disk.clone())
    }

    fn open_index(&self) -> Result<Box<dyn Index>, IndexError> {
        Ok(Box::new(self.index()))
    }

    fn remove_index(&self) -> io::Result<()> {
        *self.index.lock().unwrap() = index_of(Memory::new());
        Ok(())
    }

    fn tiles(&self) -> io::Result<Arc<dyn Tiles>> {
        Ok(Arc::new(MemoryTiles::default()))
    }
}

/// What every case begins with: agencies, their systems, a document that is kept, and messages ready to be sent.
struct Stage {
    folder: tempfile::TempDir,
    config: Config,
    clock: Arc<SetClock>,
    soil: Soil,
    sender: Caller,
    recipient: Caller,
    kept: (MessageId, Vec<u8>),
    messages: Vec<Message>,
}

#[derive(Clone)]
struct Message {
    bytes: Vec<u8>,
    is_status: bool,
}

const TOKENS: [&str; 2] = ["G22", "H41"];

impl Stage {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::new("hub.example/faults");
        // Several segments in one case; no reserve, which has a test of its own.
        (config.journal.segment_bytes, config.journal.reserve_bytes) = (20_000, 0);
        let at = support::NOW.parse().unwrap();
        let pki = make_folder(folder.path(), &config, at, None);
        let clock = Arc::new(SetClock::at(at));
        let soil = Soil::new(Simulated::new(), Memory::new());
        let hub = open(&soil, &config, folder.path(), &clock).unwrap();
        let [sender, recipient] = set_up(&hub, &pki).await;
        let bytes = letter(&pki, "kept", "aGVsbG8=");
        let kept = send(&hub, &sender, &bytes, false).await.unwrap();
        hub.close();
        let messages = messages(&pki);
        Self { folder, config, clock, soil, sender, recipient, kept: (kept, bytes), messages }
    }

    fn open(&self, soil: &Soil) -> Result<Hub, OpenError> {
        open(soil, &self.config, self.folder.path(), &self.clock)
    }

    /// A day of the hub. Gives what was acknowledged, by the number of the message.
    async fn day(&self, hub: &Hub) -> Vec<(usize, MessageId)> {
        let mut acknowledged = Vec::new();
        let mut failed_for_good = false;
        for (number, message) in self.messages.iter().enumerate() {
            let sender = if message.is_status { &self.recipient } else { &self.sender };
            match send(hub, sender, &message.bytes, message.is_status).await {
                Ok(id) => {
                    assert!(!failed_for_good, "nothing is acknowledged after storage has failed");
                    acknowledged.push((number, id));
                }
                Err(refusal) if refusal.code == Code::TargetNotHeld => {}
                Err(refusal) => {
                    let status = refusal.code.http_status();
                    assert!(refusal.code.is_temporary() && [503, 507].contains(&status), "{refusal}");
                    failed_for_good |= hub.health().reason.is_some_and(|why| why.code == Code::StorageFailed);
                }
            }
            let agency = Agency { code: id("H14"), name: format!("Tên {number}"), closed: false };
            if let Err(refusal) = hub.put_agency(&Hub::operator_of_folder(), agency).await {
                assert!(refusal.code.is_temporary(), "{refusal}");
            }
            self.reads_go_on(hub);
        }
        let (kept, _) = self.kept;
        let confirmed = hub.confirm(&self.recipient, kept, None).await;
        assert!(confirmed.is_ok() || failed_for_good || confirmed.is_err_and(|refusal| refusal.code.is_temporary()));
        acknowledged
    }

    fn reads_go_on(&self, hub: &Hub) {
        let (kept, bytes) = &self.kept;
        assert_eq!(&content(hub, &self.recipient, *kept), bytes);
        assert!(hub.document(&self.sender, *kept).is_ok() && hub.proof(&self.sender, *kept).is_ok());
    }

    /// Everything acknowledged is there, byte for byte and proven; what was not can be sent again, and then everything
    /// is there once.
    async fn is_whole(&self, soil: &Soil, acknowledged: &[(usize, MessageId)], case: &str) {
        let hub = self.open(soil).unwrap_or_else(|error| panic!("{case}: {error}"));
        let key: VerifierKey = hub.view().verifier_key.parse().unwrap();
        for (number, id) in acknowledged {
            let message = &self.messages[*number];
            let sender = if message.is_status { &self.recipient } else { &self.sender };
            assert!(content(&hub, sender, *id) == message.bytes, "{case}: message {number}");
            let proof = hub.proof(sender, *id).unwrap();
            verify::proof(&proof, std::slice::from_ref(&key)).unwrap();
        }
        for (number, message) in self.messages.iter().enumerate() {
            let sender = if message.is_status { &self.recipient } else { &self.sender };
            let again = send(&hub, sender, &message.bytes, message.is_status).await;
            let again = again.unwrap_or_else(|refusal| panic!("{case}: message {number}: {refusal}"));
            let first = acknowledged.iter().find(|(acknowledged, _)| *acknowledged == number);
            assert!(first.is_none_or(|(_, first)| *first == again), "{case}: message {number} has one id");
        }
        let listed = hub.outbox(&self.sender, None, None, 100).unwrap().items;
        let documents = self.messages.iter().filter(|message| !message.is_status).count();
        assert_eq!(listed.len(), documents + 1, "{case}: each document once");
        assert!(hub.health().writable, "{case}");
        hub.close();
    }
}

fn open(soil: &Soil, config: &Config, folder: &Path, clock: &Arc<SetClock>) -> Result<Hub, OpenError> {
    support::once_free(|| Hub::open_on(soil, config, &DataFolder::new(folder), clock.clone()))
}

async fn set_up(hub: &Hub, pki: &Layout) -> [Caller; 2] {
    let operator = Hub::operator_of_folder();
    for code in ["G22", "H41", "H14", "H24"] {
        let agency = Agency { code: id(code), name: code.to_owned(), closed: false };
        hub.put_agency(&operator, agency).await.unwrap();
    }
    let mut callers = Vec::new();
    for code in TOKENS {
        let request = AccessRequest {
            system: code.to_ascii_lowercase(),
            role: Role::System,
            agencies: vec![Scope { code: id(code), subtree: false }],
            policy: Policy::Envelope,
            client_certificates: Vec::new(),
            token: true,
            signing_certificates: vec![std::fs::read_to_string(pki.certificate(code)).unwrap()],
            closed: false,
        };
        let token = hub.put_access(&operator, request).await.unwrap().new_token.unwrap();
        callers.push(hub.identify(&Credential::Bearer(token)).unwrap());
    }
    callers.try_into().unwrap()
}

fn letter(pki: &Layout, name: &str, file: &str) -> Vec<u8> {
    signed(pki, &Document { id: name, file, ..Document::default() }.text(), "G22")
}

/// Small ones, one too large for a record, and statuses about them.
fn messages(pki: &Layout) -> Vec<Message> {
    let letters = [("one", "aGVsbG8=".to_owned()), ("large", "QUJD".repeat(30_000)), ("two", "QUJD".repeat(3_000))];
    let mut messages: Vec<Message> =
        letters.iter().map(|(name, file)| Message { bytes: letter(pki, name, file), is_status: false }).collect();
    let about = |code: &str, at: &str| {
        let text = support::status_about("H41", "G22", code, "lý do", at, "kept");
        Message { bytes: signed(pki, &text, "H41"), is_status: true }
    };
    messages.insert(1, about("01", "2026/11/22 09:00:00"));
    messages.push(about("03", "2026/11/22 09:01:00"));
    messages
}

async fn send(hub: &Hub, caller: &Caller, bytes: &[u8], is_status: bool) -> Result<MessageId, Refusal> {
    let mut incoming = hub.receive(None)?;
    incoming.write(bytes)?;
    let receipt =
        if is_status { hub.submit_status(caller, incoming).await } else { hub.submit_document(caller, incoming).await };
    receipt.map(|receipt| receipt.id)
}

fn content(hub: &Hub, caller: &Caller, id: MessageId) -> Vec<u8> {
    let content = hub.content(caller, id, None).unwrap();
    let mut bytes = vec![0; usize::try_from(content.len).unwrap()];
    let mut read = 0;
    while read < bytes.len() {
        read += content.read_at(u64::try_from(read).unwrap(), &mut bytes[read..]).unwrap();
    }
    bytes
}

/// {operation of the disk} x {each time it is asked for} x {failed, failed but persisted, short}.
#[tokio::test(flavor = "multi_thread")]
async fn law_1_every_fault_of_the_disk_at_every_step_is_answered_and_survived() {
    let stage = Stage::new().await;
    let mut cases = 0;
    for step in Step::CHANGES {
        for fault in [Fault::Failed, Fault::FailedButPersisted, Fault::Short] {
            if fault == Fault::Short && step != Step::Write {
                continue;
            }
            for skip in 0.. {
                let soil = stage.soil.copy();
                let hub = stage.open(&soil).unwrap();
                soil.disk.arm(step, skip, fault);
                let acknowledged = stage.day(&hub).await;
                hub.close();
                if !soil.disk.all_happened() {
                    break;
                }
                cases += 1;
                let case = format!("{step:?} number {skip}, {fault:?}");
                stage.is_whole(&soil.after_power_cut(u64::from(skip)), &acknowledged, &case).await;
                stage.is_whole(&soil, &acknowledged, &case).await;
            }
        }
    }
    eprintln!("{cases} cases");
    assert!(cases > 60, "{cases} cases");
}

#[tokio::test(flavor = "multi_thread")]
async fn law_1_an_index_that_fails_at_any_apply_is_answered_and_survived() {
    let stage = Stage::new().await;
    let mut cases = 0;
    for sign in [1, -1] {
        for number in 1.. {
            let soil = stage.soil.copy();
            let hub = stage.open(&soil).unwrap();
            soil.index().0.fails.store(sign * number, Ordering::SeqCst);
            let acknowledged = stage.day(&hub).await;
            hub.close();
            if soil.index().0.fails.swap(0, Ordering::SeqCst) != 0 {
                break;
            }
            cases += 1;
            let case = format!("apply {number}, after the fact: {}", sign < 0);
            stage.is_whole(&soil.after_power_cut(7), &acknowledged, &case).await;
            stage.is_whole(&soil, &acknowledged, &case).await;
        }
    }
    assert!(cases > 10, "{cases} cases");
}

/// Whatever cannot be read or put right while it opens is a refusal that says what; then it opens.
#[tokio::test(flavor = "multi_thread")]
async fn a_fault_while_opening_is_a_refusal_to_start_with_the_reason() {
    let stage = Stage::new().await;
    let (mut refused, steps) = (0, [Step::Open, Step::Read]);
    for step in Step::CHANGES.into_iter().chain(steps) {
        for skip in 0.. {
            let soil = stage.soil.copy();
            soil.remove_index().unwrap();
            soil.disk.arm(step, skip, Fault::Failed);
            let opened = stage.open(&soil);
            if !soil.disk.all_happened() {
                break;
            }
            match opened {
                Ok(hub) => hub.close(),
                Err(error) => {
                    assert!(error.to_string().len() > 20, "{error}");
                    refused += 1;
                }
            }
            stage.is_whole(&soil, &[], &format!("{step:?} number {skip} while opening")).await;
        }
    }
    assert!(refused > 5, "{refused} refusals");
}

/// On a full disk revokes, take-backs and the operator's acts still work; the rest is told 507, keeps nothing, and
/// passes when there is room again.
#[tokio::test(flavor = "multi_thread")]
async fn on_a_full_disk_what_must_not_wait_still_works() {
    let mut stage = Stage::new().await;
    (stage.config.journal.free_bytes_min, stage.config.journal.reserve_bytes) = (8 << 20, 2 << 20);
    let soil = stage.soil.copy();
    let hub = stage.open(&soil).unwrap();
    soil.disk.set_room(1 << 30);
    let reserve = truc::journal::Reserve::new(soil.disk(), &DataFolder::new(stage.folder.path()).journal(), 2 << 20);
    reserve.restore().unwrap();
    // Others have filled the disk: less than the journal wants beside a record.
    soil.disk.set_room(100_000);
    let before = payloads(&soil, &stage);
    for message in &stage.messages {
        let sender = if message.is_status { &stage.recipient } else { &stage.sender };
        let refusal = send(&hub, sender, &message.bytes, message.is_status).await.unwrap_err();
        assert_eq!((refusal.code, refusal.code.http_status()), (Code::InsufficientStorage, 507));
    }
    assert_eq!(payloads(&soil, &stage), before, "a refusal leaves no content");
    assert_eq!(hub.health().reason.unwrap().code, Code::InsufficientStorage, "health says the truth");
    stage.reads_go_on(&hub);
    // Whoever has taken it while there was no room is known all the same.
    let fetched =
        || hub.document(&stage.sender, stage.kept.0).unwrap().deliveries.iter().any(|it| it.fetched_at.is_some());
    until(fetched, "the fetch is recorded").await;
    let pki = Layout::new(stage.folder.path().join("pki"));
    let revoke = Document { id: "revoke", number: "9", business: "1", ..Document::default() };
    let revoke = signed(&pki, &revoke.text(), "G22");
    send(&hub, &stage.sender, &revoke, false).await.unwrap();
    assert!(!reserve.is_held().unwrap(), "the reserve was given up for it");
    let back = support::status_about("G22", "H41", "13", "Gửi nhầm", "2026/11/22 10:00:00", "kept");
    send(&hub, &stage.sender, &signed(&pki, &back, "G22"), true).await.unwrap();
    let agency = Agency { code: id("H14"), name: "Tên mới".to_owned(), closed: true };
    hub.put_agency(&Hub::operator_of_folder(), agency).await.unwrap();
    let agency = Agency { code: id("H14"), name: "Tên mới".to_owned(), closed: false };
    hub.put_agency(&Hub::operator_of_folder(), agency).await.unwrap();
    soil.disk.set_room(1 << 30);
    until(|| hub.health().writable, "the hub sees by itself that there is room again").await;
    for message in &stage.messages {
        let sender = if message.is_status { &stage.recipient } else { &stage.sender };
        let sent = send(&hub, sender, &message.bytes, message.is_status).await;
        sent.unwrap_or_else(|refusal| panic!("{refusal}"));
    }
    until(|| reserve.is_held().unwrap(), "the reserve is filled again").await;
    hub.close();
}

async fn until(is_so: impl Fn() -> bool, what: &str) {
    for _ in 0..100 {
        if is_so() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("{what}");
}

fn payloads(soil: &Soil, stage: &Stage) -> usize {
    let folder = DataFolder::new(stage.folder.path()).payloads();
    let inner = soil.disk.list_folders(&folder).unwrap();
    inner.iter().map(|name| soil.disk.list(&folder.join(name)).unwrap().len()).sum()
}

/// What is refused after it was spooled leaves no file behind, and a repeat no second one (law 8).
#[tokio::test(flavor = "multi_thread")]
async fn law_8_a_refused_large_message_leaves_no_payload() {
    let stage = Stage::new().await;
    let soil = stage.soil.copy();
    let hub = stage.open(&soil).unwrap();
    let pki = Layout::new(stage.folder.path().join("pki"));
    let large = letter(&pki, "large", &"QUJD".repeat(30_000));
    let other = letter(&pki, "large", &"QUJE".repeat(30_000));
    send(&hub, &stage.sender, &large, false).await.unwrap();
    assert_eq!(payloads(&soil, &stage), 1);
    let refusal = send(&hub, &stage.sender, &other, false).await.unwrap_err();
    assert_eq!(refusal.code, Code::DocumentConflict);
    assert_eq!(payloads(&soil, &stage), 1, "the refused one is gone");
    send(&hub, &stage.sender, &large, false).await.unwrap();
    assert_eq!(payloads(&soil, &stage), 1);
    hub.close();
}

/// The clock leaps by years, forward and back: nothing of it gets into the trail, intake stops with a reason, and goes
/// on when the clock is right or when the operator says that it is.
#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_leaps_by_years_stops_intake_and_not_the_hub() {
    const YEARS_MS: i64 = 5 * 365 * 86_400_000;
    let stage = Stage::new().await;
    let soil = stage.soil.copy();
    let hub = stage.open(&soil).unwrap();
    let message = |number: usize| &stage.messages[number];
    send(&hub, &stage.sender, &message(0).bytes, false).await.unwrap();
    for leap in [YEARS_MS, -YEARS_MS] {
        stage.clock.jump(leap);
        // The operator's acts go on.
        rename(&hub, &format!("Tên {leap}")).await;
        let refusal = send(&hub, &stage.sender, &message(3).bytes, false).await.unwrap_err();
        assert_eq!((refusal.code, refusal.code.http_status()), (Code::ClockStopped, 503));
        assert_eq!(hub.health().reason.unwrap().code, Code::ClockStopped, "health says the truth");
        stage.reads_go_on(&hub);
        stage.clock.jump(-leap);
        rename(&hub, "Tên đúng").await;
    }
    send(&hub, &stage.sender, &message(3).bytes, false).await.unwrap();
    assert!(hub.health().writable, "the clock is right again");
    let last = hub.events(&stage.sender, None, None, 500).unwrap().pop().unwrap();
    assert!(last.time.as_millis() < support::NOW.parse::<truc::domain::Timestamp>().unwrap().as_millis() + 60_000);
    // The trail has got ahead: an hour that was none. The operator says that the clock is right now.
    stage.clock.advance(3_600_000);
    rename(&hub, "Tên sau một giờ").await;
    stage.clock.jump(-3_600_000);
    rename(&hub, "Tên lùi").await;
    let refusal = send(&hub, &stage.sender, &message(2).bytes, false).await.unwrap_err();
    assert_eq!(refusal.code, Code::ClockStopped);
    hub.accept_clock(&Hub::operator_of_folder()).await.unwrap();
    send(&hub, &stage.sender, &message(2).bytes, false).await.unwrap();
    hub.close();
    // And over a restart.
    let hub = stage.open(&soil).unwrap();
    let report = message(4);
    send(&hub, &stage.recipient, &report.bytes, report.is_status).await.unwrap();
    hub.close();
    // A start while the clock is wrong: told from the first moment on, and no certificate is judged by it.
    for leap in [YEARS_MS, -YEARS_MS] {
        stage.clock.jump(leap);
        let hub = stage.open(&soil).unwrap();
        assert_eq!(hub.health().reason.unwrap().code, Code::ClockStopped, "{leap}");
        let refusal = send(&hub, &stage.sender, &message(1).bytes, message(1).is_status).await.unwrap_err();
        assert_eq!(refusal.code, Code::ClockStopped, "{leap}");
        hub.close();
        stage.clock.jump(-leap);
    }
}

async fn rename(hub: &Hub, name: &str) {
    let agency = Agency { code: id("H14"), name: name.to_owned(), closed: false };
    hub.put_agency(&Hub::operator_of_folder(), agency).await.unwrap();
}
