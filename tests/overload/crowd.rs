//! Those who push, each in its own way, and what they were told.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::task::JoinHandle;

use crate::support::Document;
use crate::wire::{Answer, Caller};

/// What a group was told.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// Answers by status.
    pub(crate) by_status: BTreeMap<u16, usize>,
    /// 429, 503 and 507 without a Retry-After above zero.
    pub(crate) without_retry_after: usize,
    /// Connections that ended without an answer, or that could not be had.
    pub(crate) ended: usize,
    /// Ids of what was accepted.
    pub(crate) accepted: Vec<String>,
}

impl Told {
    pub(crate) fn take(&mut self, answer: &Answer) {
        *self.by_status.entry(answer.status).or_default() += 1;
        let sheds = matches!(answer.status, 429 | 503 | 507);
        self.without_retry_after += usize::from(sheds && answer.retry_after.is_none_or(|seconds| seconds == 0));
        if answer.status == 201 {
            self.accepted.push(answer.json()["id"].as_str().unwrap().to_owned());
        }
    }

    pub(crate) fn count(&self, status: u16) -> usize {
        self.by_status.get(&status).copied().unwrap_or_default()
    }

    /// How often it was told to come again.
    pub(crate) fn shed(&self) -> usize {
        self.count(429) + self.count(503)
    }

    pub(crate) fn all(&self) -> usize {
        self.by_status.values().sum()
    }
}

/// A group of clients, until it is told to stop.
pub(crate) struct Group {
    told: Arc<Mutex<Told>>,
    stop: Arc<AtomicBool>,
    clients: Vec<JoinHandle<()>>,
}

/// What the clients of a group have in common.
#[derive(Clone)]
struct Member {
    caller: Caller,
    told: Arc<Mutex<Told>>,
    stop: Arc<AtomicBool>,
}

impl Member {
    fn goes_on(&self) -> bool {
        !self.stop.load(Ordering::Relaxed)
    }

    fn take(&self, answer: &std::io::Result<Answer>) -> bool {
        let mut told = self.told.lock().unwrap();
        match answer {
            Ok(answer) => told.take(answer),
            Err(_) => told.ended += 1,
        }
        answer.is_ok()
    }
}

impl Group {
    fn of<F: Future<Output = ()> + Send + 'static>(
        caller: &Caller,
        clients: usize,
        act: impl Fn(Member, usize) -> F,
    ) -> Self {
        let (told, stop) = (Arc::default(), Arc::default());
        let member = Member { caller: caller.clone(), told: Arc::clone(&told), stop: Arc::clone(&stop) };
        let clients = (0..clients).map(|number| tokio::spawn(act(member.clone(), number))).collect();
        Self { told, stop, clients }
    }

    /// Whether somebody of it was answered.
    pub(crate) fn has_begun(&self) -> bool {
        self.told.lock().unwrap().all() > 0
    }

    /// How often it was answered with this status.
    pub(crate) fn count(&self, status: u16) -> usize {
        self.told.lock().unwrap().count(status)
    }

    /// Waits until everybody is done, having told them to stop.
    pub(crate) async fn stop(self) -> Told {
        self.stop.store(true, Ordering::Relaxed);
        self.done().await
    }

    /// Waits until everybody is done.
    pub(crate) async fn done(self) -> Told {
        for client in self.clients {
            client.await.unwrap();
        }
        std::mem::take(&mut *self.told.lock().unwrap())
    }
}

/// Post one new message after the other as fast as they can; a Retry-After is nothing to them.
pub(crate) fn pushing(caller: &Caller, clients: usize, from: &'static str, octets: usize) -> Group {
    let next = Arc::new(AtomicUsize::new(0));
    Group::of(caller, clients, move |member, _| {
        let next = Arc::clone(&next);
        async move {
            while member.goes_on() {
                let Ok(mut wire) = member.caller.connect().await else { continue };
                while member.goes_on() {
                    let message = unsigned(from, next.fetch_add(1, Ordering::Relaxed), octets);
                    if !member.take(&wire.post("/v1/documents", message.as_bytes()).await) {
                        break;
                    }
                }
            }
        }
    })
}

/// Send one message so many times in all.
pub(crate) fn repeating(caller: &Caller, clients: usize, times: usize, message: &Arc<Vec<u8>>) -> (Group, Receipts) {
    let (left, receipts) = (Arc::new(AtomicUsize::new(times)), Receipts::default());
    let message = Arc::clone(message);
    let told = receipts.clone();
    let group = Group::of(caller, clients, move |member, _| {
        let (left, message, told) = (Arc::clone(&left), Arc::clone(&message), told.clone());
        async move {
            let mut wire = member.caller.connect().await.unwrap();
            while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
                let answer = wire.post("/v1/documents", &message).await;
                if let Ok(answer) = &answer
                    && answer.status < 300
                {
                    *told.0.lock().unwrap().entry(identity(answer)).or_default() += 1;
                }
                if !member.take(&answer) {
                    wire = member.caller.connect().await.unwrap();
                }
            }
        }
    });
    (group, receipts)
}

/// Which receipts were given, and how often.
#[derive(Debug, Clone, Default)]
pub(crate) struct Receipts(pub(crate) Arc<Mutex<BTreeMap<(String, u64), usize>>>);

pub(crate) fn identity(answer: &Answer) -> (String, u64) {
    let json = answer.json();
    (json["id"].as_str().unwrap().to_owned(), json["seq"].as_u64().unwrap())
}

/// Bring the head of a request octet by octet, until they are cut off; and again.
pub(crate) fn dribbling(caller: &Caller, clients: usize) -> Group {
    Group::of(caller, clients, |member, _| async move {
        let head = format!("POST /v1/documents HTTP/1.1\r\nHost: {}", "x".repeat(60_000));
        loop {
            let mut wire = member.caller.connect().await.unwrap();
            // A large piece first, which the hub must hold, and then almost nothing.
            let _ = wire.write(&head.as_bytes()[..50_000]).await;
            for octet in head.as_bytes()[50_000..].chunks(1) {
                if wire.write(octet).await.is_err() {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            let _ = member.take(&wire.answer().await);
            if !member.goes_on() {
                break;
            }
        }
    })
}

/// Announce a body, send half of it and then nothing, until they are answered; and again.
pub(crate) fn half_sending(caller: &Caller, clients: usize, octets: usize) -> Group {
    Group::of(caller, clients, move |member, _| async move {
        loop {
            let mut wire = member.caller.connect().await.unwrap();
            let _ = wire.begin("/v1/documents", octets).await;
            let _ = wire.write(&vec![b' '; octets / 2]).await;
            let _ = member.take(&wire.answer().await);
            if !member.goes_on() {
                break;
            }
        }
    })
}

/// Ask for long answers, do not read them, and hang up after a while; and again.
pub(crate) fn not_reading(caller: &Caller, clients: usize) -> Group {
    Group::of(caller, clients, |member, _| async move {
        while member.goes_on() {
            let Ok(mut wire) = member.caller.connect().await else { continue };
            for _ in 0..20 {
                let _ = wire.ask("/v1/inbox?limit=500").await;
            }
            for _ in 0..40 {
                if member.goes_on() {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    })
}

/// Wait for what never comes.
pub(crate) fn polling(caller: &Caller, clients: usize) -> Group {
    Group::of(caller, clients, |member, _| async move {
        while member.goes_on() {
            let Ok(mut wire) = member.caller.connect().await else { continue };
            while member.goes_on() && member.take(&wire.get("/v1/inbox?wait=1").await) {}
        }
    })
}

/// A message of one sender to the recipient that never fetches.
pub(crate) fn unsigned(from: &str, number: usize, octets: usize) -> String {
    let mut id = String::new();
    write!(id, "{from},2026/11/22,{number}/VPCP-TH").unwrap();
    let file = "QUJD".repeat(octets / 4);
    Document { from, to: &["H41"], id: &id, number: &number.to_string(), file: &file, ..Document::default() }.text()
}
