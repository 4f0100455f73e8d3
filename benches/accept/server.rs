//! The two servers, each a process of its own, and who signs for them.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use truc::api::{AccessRequest, Policy, Role, Scope};
use truc::clock::{Clock, SystemClock};
use truc::config::{Config, DataFolder, template};
use truc::engine::Hub;
use truc::http::{Listen, Server};
use truc::trust::pki::{Layout, Plan};

use crate::support::{TestHub, id, signed};

/// The hub's folder with an RSA-2048 signer, its token, and the trust for TLS.
pub(crate) struct Signer {
    folder: tempfile::TempDir,
    config: Config,
    pki: Layout,
    pub(crate) token: String,
}

impl Signer {
    pub(crate) async fn new() -> Self {
        let hub = TestHub::at(SystemClock.now(), Some(&rsa_key())).await;
        let request = AccessRequest {
            system: "bench".to_owned(),
            role: Role::System,
            agencies: vec![Scope { code: id("G22"), subtree: false }],
            policy: Policy::Envelope,
            client_certificates: Vec::new(),
            token: true,
            signing_certificates: vec![std::fs::read_to_string(hub.pki.certificate("G22")).unwrap()],
            closed: false,
        };
        let view = hub.hub.put_access(&Hub::operator_of_folder(), request).await.unwrap();
        hub.hub.close();
        let TestHub { folder, config, pki, .. } = hub;
        let signer = Self { folder, config, pki, token: view.new_token.unwrap() };
        signer.make_servable();
        signer
    }

    pub(crate) fn signed(&self, message: &str) -> Vec<u8> {
        signed(&self.pki, message, "G22")
    }

    fn data(&self) -> DataFolder {
        DataFolder::new(self.folder.path())
    }

    fn make_servable(&self) {
        let at = SystemClock.now();
        let server_names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let plan = Plan { at, crl_until: at, holders: Vec::new(), server_names, clients: Vec::new() };
        self.pki.create_tls(&plan).unwrap();
        let data = self.data();
        std::fs::create_dir_all(data.tls_certificate().parent().unwrap()).unwrap();
        std::fs::copy(self.pki.tls_certificate("server"), data.tls_certificate()).unwrap();
        std::fs::copy(self.pki.tls_key("server"), data.tls_key()).unwrap();
        let mut config = self.config.clone();
        config.listen.tls = SocketAddr::from(([127, 0, 0, 1], 0));
        config.listen.plain = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
        std::fs::write(data.config(), template(&config)).unwrap();
    }

    /// A TLS client that trusts the hub's server certificate.
    pub(crate) fn tls(&self) -> Arc<rustls::ClientConfig> {
        use rustls_pki_types::pem::PemObject;
        let mut roots = rustls::RootCertStore::empty();
        let ca = rustls_pki_types::CertificateDer::from_pem_file(self.pki.tls_certificate("ca")).unwrap();
        roots.add(ca).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder =
            rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        Arc::new(builder.with_root_certificates(roots).with_no_client_auth())
    }
}

/// RSA keys come from openssl: ring makes none.
fn rsa_key() -> String {
    let made = Command::new("openssl")
        .args(["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"])
        .stderr(Stdio::null())
        .output()
        .expect("openssl");
    String::from_utf8(made.stdout).unwrap()
}

/// A server as a process.
pub(crate) struct Process {
    child: Child,
    pub(crate) plain: SocketAddr,
    pub(crate) tls: Option<SocketAddr>,
}

impl Process {
    pub(crate) fn bare(folder: &Path) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.arg("--bare").arg(folder);
        let (child, line) = start(command);
        Self { child, plain: line.trim().parse().unwrap(), tls: None }
    }

    pub(crate) fn hub(signer: &Signer) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_truc"));
        command.arg("--data").arg(signer.data().path()).args(["serve", "--log", "warn"]);
        let (child, _) = start(command);
        let addresses = std::fs::read_to_string(signer.data().address()).unwrap();
        let of = |scheme: &str| {
            let line = addresses.lines().find_map(|line| line.trim().strip_prefix(scheme));
            line.map(|address| address.trim_end_matches('/').parse().unwrap())
        };
        Self { child, plain: of("http://").expect("a plain listener"), tls: of("https://") }
    }

    pub(crate) fn resident_mb(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().split(' ').next().unwrap().parse::<u64>().unwrap() / 1024
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts a server and waits for its first line.
fn start(mut command: Command) -> (Child, String) {
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (child, line)
}

/// The bare server's process: prints its address and serves until it is killed.
pub(crate) fn serve_bare(folder: &Path) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listen = Listen { tls: None, plain: Some(SocketAddr::from(([127, 0, 0, 1], 0))) };
        let server = Server::bind(listen).await.unwrap();
        println!("{}", server.plain_address().unwrap());
        server.serve(crate::bare::router(folder), std::future::pending()).await;
    });
}
