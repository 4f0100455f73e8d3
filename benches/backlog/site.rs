//! A hub in a folder, opened in this process, and what is done with it through its facade: many documents sent at a
//! time, fetched, confirmed, listed.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use truc::api::{AccessRequest, Agency, Policy, Role, Scope};
use truc::clock::SystemClock;
use truc::config::{Config, DataFolder, template};
use truc::delivery::standing::Caller;
use truc::domain::MessageId;
use truc::engine::{Credential, Hub};
use truc::trail::LogKey;

use crate::people::{DEAD, HEALTHY, People, SENDER};

/// Another access of the sender's, under policy `record`.
const UNSIGNED: &str = "old";
const ACCESS: [(&str, &str, Policy); 4] = [
    (SENDER, SENDER, Policy::Envelope),
    (UNSIGNED, SENDER, Policy::Record),
    (DEAD, DEAD, Policy::Envelope),
    (HEALTHY, HEALTHY, Policy::Envelope),
];
/// Documents under way at one time.
const CLIENTS: usize = 64;

#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) hub: Hub,
    pub(crate) data: DataFolder,
    sender: Caller,
    unsigned: Caller,
    dead: Caller,
    healthy: Caller,
}

impl Site {
    /// The hub in `folder`, made if it is not there.
    pub(crate) async fn open(folder: &Path, people: &People) -> Self {
        let data = DataFolder::new(folder);
        let is_new = !data.config().exists();
        if is_new {
            make(&data, people);
        }
        let hub = Hub::open(&Config::read(&data.config()).unwrap(), &data, Arc::new(SystemClock)).unwrap();
        for (name, code, policy) in ACCESS {
            if !token_path(&data, name).exists() {
                admit(&hub, &data, people, (name, code, policy)).await;
            }
        }
        let caller = |name: &str| hub.identify(&Credential::Bearer(token(&data, name))).unwrap();
        let (sender, unsigned, dead, healthy) = (caller(SENDER), caller(UNSIGNED), caller(DEAD), caller(HEALTHY));
        Self { hub, data, sender, unsigned, dead, healthy }
    }

    /// Sends every signed message, many at a time; gives their ids.
    pub(crate) async fn send(&self, messages: &Arc<Vec<Vec<u8>>>) -> Vec<MessageId> {
        self.send_by(&self.sender, messages).await
    }

    /// Sends every message of the software that cannot sign.
    pub(crate) async fn send_unsigned(&self, messages: &Arc<Vec<Vec<u8>>>) -> Vec<MessageId> {
        self.send_by(&self.unsigned, messages).await
    }

    async fn send_by(&self, caller: &Caller, messages: &Arc<Vec<Vec<u8>>>) -> Vec<MessageId> {
        let (site, caller, messages) = (self.clone(), caller.clone(), Arc::clone(messages));
        many(messages.len(), move |number| {
            let (site, caller, messages) = (site.clone(), caller.clone(), Arc::clone(&messages));
            async move {
                let mut incoming = site.hub.receive(None).unwrap();
                incoming.write(&messages[number]).unwrap();
                site.hub.submit_document(&caller, incoming).await.unwrap().id
            }
        })
        .await
    }

    /// The recipient fetches and confirms all of them.
    pub(crate) async fn take(&self, ids: &[MessageId]) {
        let (site, ids) = (self.clone(), Arc::new(ids.to_vec()));
        many(ids.len(), move |number| {
            let (site, id) = (site.clone(), ids[number]);
            async move {
                assert!(site.hub.content(&site.dead, id, None).unwrap().len > 0);
                site.hub.confirm(&site.dead, id, None).await.unwrap();
            }
        })
        .await;
    }

    /// A page of a recipient's list: how many lines, and the cursor of the next.
    pub(crate) fn page(&self, recipient: &str, cursor: Option<&str>, limit: usize) -> (usize, Option<String>) {
        let caller = if recipient == DEAD { &self.dead } else { &self.healthy };
        let page = self.hub.inbox(caller, None, cursor, limit).unwrap();
        (page.items.len(), page.next)
    }
}

/// `job` for every number below `count`, many at a time; what they gave, in no order.
async fn many<T, F>(count: usize, job: impl Fn(usize) -> F + Clone + Send + 'static) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send,
{
    let next = Arc::new(AtomicUsize::new(0));
    let tasks: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let (next, job) = (Arc::clone(&next), job.clone());
            tokio::spawn(async move {
                let mut done = Vec::new();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return done;
                    }
                    done.push(job(number).await);
                }
            })
        })
        .collect();
    let mut done = Vec::with_capacity(count);
    for task in tasks {
        done.extend(task.await.unwrap());
    }
    done
}

fn make(data: &DataFolder, people: &People) {
    for folder in data.folders() {
        std::fs::create_dir_all(folder).unwrap();
    }
    let mut config = Config::new("hub.example/backlog");
    config.listen.tls = SocketAddr::from(([127, 0, 0, 1], 0));
    config.listen.plain = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
    // Nobody fills the disk here.
    config.journal.reserve_bytes = 0;
    LogKey::generate(&config.hub.origin, &ring::rand::SystemRandom::new()).unwrap().save(&data.log_key()).unwrap();
    people.trusted_by(data);
    std::fs::write(data.config(), template(&config)).unwrap();
}

/// An agency and an access that speaks for it; the token stays in the folder.
async fn admit(hub: &Hub, data: &DataFolder, people: &People, (name, code, policy): (&str, &str, Policy)) {
    let agency = Agency { code: code.parse().unwrap(), name: format!("Cơ quan {code}"), closed: false };
    hub.put_agency(&Hub::operator_of_folder(), agency).await.unwrap();
    let request = AccessRequest {
        system: name.to_ascii_lowercase(),
        role: Role::System,
        agencies: vec![Scope { code: code.parse().unwrap(), subtree: false }],
        policy,
        client_certificates: Vec::new(),
        token: true,
        signing_certificates: if name == SENDER { vec![people.certificate()] } else { Vec::new() },
        closed: false,
    };
    let view = hub.put_access(&Hub::operator_of_folder(), request).await.unwrap();
    std::fs::write(token_path(data, name), view.new_token.unwrap()).unwrap();
}

fn token_path(data: &DataFolder, name: &str) -> PathBuf {
    data.path().join(format!("{name}.token"))
}

pub(crate) fn token(data: &DataFolder, name: &str) -> String {
    std::fs::read_to_string(token_path(data, name)).unwrap()
}
