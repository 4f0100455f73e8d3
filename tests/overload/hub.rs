//! A hub of the real binary with little memory, and the tokens of those who call it.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, setrlimit};
use truc::api::{AccessRequest, Policy, Role, Scope};
use truc::clock::{Clock as _, SystemClock};
use truc::config::{Config, DataFolder, LimitsConfig, template};
use truc::engine::Hub;
use truc::trust::pki::{Layout, Plan};

use crate::memory::high_water;
use crate::support::{TestHub, id, signed};
use crate::wire::Caller;

/// Systems, whom they speak for, and whether their messages must be signed.
const SYSTEMS: [(&str, &str, Policy); 5] = [
    ("quiet", "H14", Policy::Envelope),
    ("noisy", "G22", Policy::Record),
    ("bulky", "000.00.00.G22", Policy::Record),
    ("storm", "H24", Policy::Envelope),
    ("dead", "H41", Policy::Envelope),
];
/// Systems of one agency that come one after the other.
pub(crate) const FURTHER: usize = 12;

pub(crate) struct RunningHub {
    folder: tempfile::TempDir,
    pki: Layout,
    /// And the last octet of the address from which each calls.
    tokens: HashMap<String, (u8, String)>,
    child: Child,
    plain: SocketAddr,
    pub(crate) limits: LimitsConfig,
}

impl RunningHub {
    pub(crate) async fn start(limits: LimitsConfig) -> Self {
        many_files();
        let TestHub { folder, hub, mut config, pki, .. } = TestHub::at(SystemClock.now(), None).await;
        let mut tokens = HashMap::new();
        let further: Vec<String> = (0..FURTHER).map(|number| format!("further-{number}")).collect();
        let further = further.iter().map(|name| (name.as_str(), "H41", Policy::Record));
        for (number, (system, agency, policy)) in (2..).zip(SYSTEMS.into_iter().chain(further)) {
            let signer = std::fs::read_to_string(pki.certificate(agency)).unwrap();
            let scope = vec![Scope { code: id(agency), subtree: false }];
            let signers = if policy == Policy::Envelope { vec![signer] } else { Vec::new() };
            let token = token(&hub, system, Role::System, scope, policy, signers).await;
            tokens.insert(system.to_owned(), (number, token));
        }
        let operator = token(&hub, "operator", Role::Operator, Vec::new(), Policy::Envelope, Vec::new()).await;
        tokens.insert("operator".to_owned(), (1, operator));
        hub.close();
        drop(hub);
        config.limits = limits.clone();
        config.index.cache_bytes = 1 << 20;
        make_servable(&folder, &pki, &config);
        let (child, plain) = serve(&DataFolder::new(folder.path()));
        Self { folder, pki, tokens, child, plain, limits }
    }

    /// The same data folder in a new process.
    pub(crate) fn restart(&mut self) {
        self.stop();
        (self.child, self.plain) = serve(&self.data());
    }

    /// Stops it politely; it must end well.
    pub(crate) fn stop(&mut self) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        assert!(self.child.wait().unwrap().success());
    }

    /// A system, which calls from an address of its own.
    pub(crate) fn caller(&self, system: &str) -> Caller {
        let (number, token) = &self.tokens[system];
        Caller { hub: self.plain, from: [127, 0, 0, *number], token: token.clone() }
    }

    pub(crate) fn signed(&self, message: &str, agency: &str) -> Vec<u8> {
        signed(&self.pki, message, agency)
    }

    fn data(&self) -> DataFolder {
        DataFolder::new(self.folder.path())
    }

    /// The most that it had in memory, octets.
    pub(crate) fn peak_bytes(&self) -> u64 {
        high_water(self.child.id()) << 10
    }

    /// Descriptors that it has open.
    pub(crate) fn descriptors(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.child.id())).unwrap().count()
    }

    /// Octets of the journal.
    pub(crate) fn journal_bytes(&self) -> u64 {
        files(&self.data().journal()).into_iter().map(|path| path.metadata().unwrap().len()).sum()
    }

    /// Files of large messages.
    pub(crate) fn payloads(&self) -> usize {
        files(&self.data().payloads()).len()
    }

    /// What `truc doctor` says of the stopped hub.
    pub(crate) fn doctor(&self) -> std::process::Output {
        truc(&self.data()).args(["doctor", "--deep"]).output().unwrap()
    }
}

impl Drop for RunningHub {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn token(
    hub: &Hub,
    system: &str,
    role: Role,
    agencies: Vec<Scope>,
    policy: Policy,
    signing_certificates: Vec<String>,
) -> String {
    let client_certificates = Vec::new();
    let system = system.to_owned();
    let request = AccessRequest {
        system,
        role,
        agencies,
        policy,
        client_certificates,
        token: true,
        signing_certificates,
        closed: false,
    };
    hub.put_access(&Hub::operator_of_folder(), request).await.unwrap().new_token.unwrap()
}

fn make_servable(folder: &tempfile::TempDir, pki: &Layout, config: &Config) {
    let at = SystemClock.now();
    let server_names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    pki.create_tls(&Plan { at, crl_until: at, holders: Vec::new(), server_names, clients: Vec::new() }).unwrap();
    let data = DataFolder::new(folder.path());
    std::fs::create_dir_all(data.tls_certificate().parent().unwrap()).unwrap();
    std::fs::copy(pki.tls_certificate("server"), data.tls_certificate()).unwrap();
    std::fs::copy(pki.tls_key("server"), data.tls_key()).unwrap();
    let mut config = config.clone();
    config.listen.tls = SocketAddr::from(([127, 0, 0, 1], 0));
    config.listen.plain = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
    std::fs::write(data.config(), template(&config)).unwrap();
}

fn truc(data: &DataFolder) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_truc"));
    command.env_clear().stdin(Stdio::null()).arg("--data").arg(data.path());
    command
}

fn serve(data: &DataFolder) -> (Child, SocketAddr) {
    let mut child = truc(data).args(["serve", "--log", "error"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let addresses = std::fs::read_to_string(data.address()).unwrap();
    let plain = addresses.lines().find_map(|line| line.trim().strip_prefix("http://")).unwrap();
    (child, plain.parse().unwrap())
}

fn files(folder: &std::path::Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// A thousand connections need as many descriptors at either end.
fn many_files() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).unwrap();
}
