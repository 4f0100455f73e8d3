//! A hub behind its door, on loopback, with one access of each kind.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;

use rcgen::generate_simple_self_signed;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use truc::api::{AccessRequest, Policy, Role, Scope};
use truc::client::{Client, Profile, Token};
use truc::engine::Hub;
use truc::http::{Listen, Server, serve, tls};

use crate::support::{Document, TestHub, id};

pub struct Door {
    pub test: TestHub,
    pub tls: SocketAddr,
    pub plain: SocketAddr,
    tokens: HashMap<String, String>,
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<()>,
}

impl Door {
    /// Systems `g22`, `h41`, `h14` under policy `envelope`, `old` for G22 under `record`, an `operator`.
    pub async fn open() -> Self {
        let mut door = Self::before(TestHub::new().await).await;
        for (system, agency, policy) in [
            ("g22", "G22", Policy::Envelope),
            ("h41", "H41", Policy::Envelope),
            ("h14", "H14", Policy::Envelope),
            ("old", "G22", Policy::Record),
        ] {
            door.access(Role::System, system, &[agency], policy).await;
        }
        door.access(Role::Operator, "operator", &[], Policy::Envelope).await;
        door
    }

    /// A door before this hub.
    async fn before(test: TestHub) -> Self {
        let file = |name: &str| test.folder.path().join(name);
        let hub = generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        std::fs::write(file("hub.crt"), hub.cert.pem()).unwrap();
        std::fs::write(file("hub.key"), hub.signing_key.serialize_pem()).unwrap();
        let config = tls::config(&file("hub.crt"), &file("hub.key")).unwrap();
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let server = Server::bind(Listen { tls: Some((any, config)), plain: Some(any) }).await.unwrap();
        let (tls, plain) = (server.tls_address().unwrap(), server.plain_address().unwrap());
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(serve(server, test.hub.clone(), async { stopped.await.unwrap_or_default() }));
        Self { test, tls, plain, tokens: HashMap::new(), stop: Some(stop), served }
    }

    /// Hub and door again, on the same folder.
    pub async fn restart(mut self) -> Self {
        self.stop().await;
        let tokens = std::mem::take(&mut self.tokens);
        let Self { test, .. } = self;
        Self { tokens, ..Self::before(test.restart()).await }
    }

    /// A request for access as systems of the test PKI have it.
    pub fn request(&self, role: Role, system: &str, agencies: &[&str], policy: Policy) -> AccessRequest {
        let signers = agencies.iter().filter(|_| policy == Policy::Envelope);
        AccessRequest {
            system: system.to_owned(),
            role,
            agencies: agencies.iter().map(|code| Scope { code: id(code), subtree: false }).collect(),
            policy,
            client_certificates: Vec::new(),
            token: true,
            signing_certificates: signers.map(|code| self.test.certificate(code)).collect(),
            closed: false,
        }
    }

    pub async fn access(&mut self, role: Role, system: &str, agencies: &[&str], policy: Policy) {
        let request = self.request(role, system, agencies, policy);
        let view = self.test.hub.put_access(&Hub::operator_of_folder(), request).await.unwrap();
        self.tokens.insert(system.to_owned(), view.new_token.unwrap());
    }

    /// A client over plain HTTP, with the token of this system.
    pub fn client(&self, system: &str) -> Client {
        let mut profile = Profile::new(format!("http://{}", self.plain));
        profile.token = Some(Token::new(self.tokens[system].clone()));
        Client::new(&profile).unwrap()
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.test.folder.path().join(name)
    }

    /// A document message from G22 to H41, signed; `file` is its attachment in base64.
    pub fn signed(&self, number: &str, file: &str) -> Vec<u8> {
        let document = format!("G22,2026/11/22,{number}/VPCP-TH");
        let message = Document { to: &["H41"], id: &document, number, file, ..Document::default() };
        self.test.signed(&message.text(), "G22")
    }

    /// One request on a connection of its own.
    pub async fn raw(&self, method: &str, path: &str, system: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n");
        if let Some(token) = self.tokens.get(system) {
            write!(head, "Authorization: Bearer {token}\r\n").unwrap();
        }
        for (name, value) in headers {
            write!(head, "{name}: {value}\r\n").unwrap();
        }
        if !body.is_empty() {
            write!(head, "Content-Length: {}\r\n", body.len()).unwrap();
        }
        head.push_str("\r\n");
        let mut stream = TcpStream::connect(self.plain).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(body).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        Answer::parse(&answer)
    }

    pub async fn get(&self, path: &str, system: &str) -> Answer {
        self.raw("GET", path, system, &[], b"").await
    }

    /// Stops the server and waits until it has.
    pub async fn stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
        (&mut self.served).await.unwrap();
    }
}

pub struct Answer {
    pub status: u16,
    pub headers: HashMap<String, String>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        let mut lines = std::str::from_utf8(&bytes[..end]).unwrap().split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let field = |line: &str| line.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self { status, headers: lines.filter_map(field).collect(), body: bytes[end + 4..].to_vec() }
    }

    pub fn problem(&self) -> serde_json::Value {
        assert_eq!(self.headers["content-type"], "application/problem+json");
        let problem: serde_json::Value = serde_json::from_slice(&self.body).unwrap();
        assert_eq!(problem["status"], self.status);
        problem
    }

    pub fn code(&self) -> String {
        self.problem()["code"].as_str().unwrap().to_owned()
    }

    pub fn detail(&self) -> String {
        self.problem()["detail"].as_str().unwrap_or_default().to_owned()
    }
}
