//! A hub of the real binary with little memory, and the tokens of those who call it.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, setrlimit};
use truc::api::{AccessRequest, Policy, Role, Scope};
use truc::clock::{Clock as _, SystemClock};
use truc::config::{Config, DataFolder, JournalConfig, LimitsConfig, template};
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
    data: DataFolder,
    pki: Layout,
    /// Where all that is, and what else must stay until the end.
    _folder: tempfile::TempDir,
    disk: Option<SmallDisk>,
    /// And the last octet of the address from which each calls.
    tokens: HashMap<String, (u8, String)>,
    child: Child,
    plain: SocketAddr,
    pub(crate) limits: LimitsConfig,
}

impl RunningHub {
    pub(crate) async fn start(limits: LimitsConfig) -> Self {
        Self::on(None, limits, JournalConfig { reserve_bytes: 0, ..JournalConfig::default() }).await
    }

    pub(crate) async fn on(disk: Option<SmallDisk>, limits: LimitsConfig, journal: JournalConfig) -> Self {
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
        config.journal = journal;
        config.index.cache_bytes = 1 << 20;
        make_servable(&folder, &pki, &config);
        if let Some(disk) = &disk {
            disk.take(folder.path());
        }
        let data = DataFolder::new(disk.as_ref().map_or(folder.path(), SmallDisk::path));
        let (child, plain) = serve(&data);
        Self { data, pki, _folder: folder, disk, tokens, child, plain, limits }
    }

    /// The same data folder in a new process.
    pub(crate) fn restart(&mut self) {
        self.stop();
        (self.child, self.plain) = serve(&self.data);
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
        files(&self.data.journal()).into_iter().map(|path| path.metadata().unwrap().len()).sum()
    }

    /// Files of large messages.
    pub(crate) fn payloads(&self) -> usize {
        files(&self.data.payloads()).len()
    }

    /// Octets that its own disk still has, and those of the reserve.
    pub(crate) fn room(&self) -> (u64, u64) {
        let reserve = self.data.journal().join("reserve").metadata().map_or(0, |file| file.len());
        (self.disk.as_ref().map_or(u64::MAX, SmallDisk::free), reserve)
    }

    /// What `truc doctor` says of the stopped hub.
    pub(crate) fn doctor(&self) -> std::process::Output {
        truc(&self.data).args(["doctor", "--deep"]).output().unwrap()
    }
}

impl Drop for RunningHub {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A file system in memory.
pub(crate) struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// Nothing where none can be mounted.
    pub(crate) fn of(mebibytes: u32) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let size = format!("size={mebibytes}m");
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "truc-test"]).arg(folder.path()).output();
        if mount.is_ok_and(|mount| mount.status.success()) {
            return Some(Self(folder));
        }
        // Past the capture of the test's output: a test that was not run must not look like one that passed.
        let _ = writeln!(std::io::stderr(), "SKIPPED: no file system can be mounted here (root is needed)");
        None
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Takes a copy of what is in `folder`.
    fn take(&self, folder: &Path) {
        let copied = Command::new("cp").arg("-a").arg(folder.join(".")).arg(self.path()).status();
        assert!(copied.unwrap().success());
    }

    fn free(&self) -> u64 {
        let room = rustix::fs::statvfs(self.path()).unwrap();
        room.f_bavail * room.f_frsize
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let umount = |how: &[&str]| Command::new("umount").args(how).arg(self.path()).output();
        if !umount(&[]).is_ok_and(|umount| umount.status.success()) {
            let _ = umount(&["--lazy"]);
        }
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
    let log = std::env::var("TRUC_OVERLOAD_LOG").unwrap_or_else(|_| "error".to_owned());
    let mut child = truc(data).args(["serve", "--log", &log]).stdout(Stdio::piped()).spawn().unwrap();
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
