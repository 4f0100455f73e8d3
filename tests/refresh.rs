//! Revocation data fetched while the hub runs, from a server that lies, dawdles and breaks: what is in force stays in
//! force, and intake never waits.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::format_collect,
    missing_docs
)]

#[path = "hub/support.rs"]
#[allow(dead_code, unreachable_pub)]
mod support;

use std::fs;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use truc::clock::Clock as _;
use truc::config::{DataFolder, TrustSource};
use truc::domain::{Code, Digest, Timestamp};
use truc::refresh::{Record, Refresher, Round};
use truc::trust::EndKind;
use truc::trust::pki::{Authority, Key, OcspPlan, OcspStatus, RevocationReason, reissue_crl};

use crate::support::{Document, TestHub};

const DAY_MS: i64 = 86_400_000;

/// What the server does with the next request.
#[derive(Clone)]
enum Serves {
    Bytes(Vec<u8>),
    Status(u16),
    /// So many octets without saying how many.
    Endless(usize),
    Silence,
    /// The answer to whatever is asked, by this authority, bringing the nonce back or not.
    Ocsp {
        serial: Vec<u8>,
        status: OcspStatus,
        at: Timestamp,
        brings_nonce: bool,
    },
}

/// An HTTP server of a few lines, on loopback, that closes every connection after one answer.
struct Server {
    address: String,
    serves: Arc<Mutex<Serves>>,
    asked: Arc<Mutex<Vec<String>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Server {
    async fn open(authority: Arc<Authority>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let serves = Arc::new(Mutex::new(Serves::Status(404)));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (does, notes) = (Arc::clone(&serves), Arc::clone(&asked));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, does.lock().unwrap().clone(), Arc::clone(&notes), Arc::clone(&authority)));
            }
        });
        Self { address, serves, asked, task }
    }

    fn serve(&self, serves: Serves) {
        *self.serves.lock().unwrap() = serves;
    }
}

async fn answer(mut stream: TcpStream, serves: Serves, asked: Arc<Mutex<Vec<String>>>, authority: Arc<Authority>) {
    let request = request(&mut stream).await;
    let end = request.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let head = String::from_utf8_lossy(&request[..end]).into_owned();
    asked.lock().unwrap().push(head.lines().next().unwrap_or_default().to_owned());
    let bytes = match serves {
        Serves::Bytes(bytes) => bytes,
        Serves::Status(status) => {
            let _ = stream.write_all(format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n").as_bytes()).await;
            return;
        }
        Serves::Endless(octets) => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n").await;
            let chunk = vec![0x30; 65_536];
            for _ in 0..octets / chunk.len() {
                if stream.write_all(&chunk).await.is_err() {
                    return;
                }
            }
            return;
        }
        Serves::Silence => return std::future::pending().await,
        Serves::Ocsp { serial, status, at, brings_nonce } => {
            // The nonce is the last thing in a request: 32 octets.
            let nonce = brings_nonce.then(|| request[request.len() - 32..].to_vec());
            let next_update = Some(Timestamp::from_millis(at.as_millis() + DAY_MS));
            authority.ocsp(&OcspPlan { serial, status, this_update: at, next_update, nonce }).unwrap()
        }
    };
    let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", bytes.len());
    let _ = stream.write_all(&[head.as_bytes(), &bytes].concat()).await;
}

async fn request(stream: &mut TcpStream) -> Vec<u8> {
    let mut request = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let read = stream.read(&mut chunk).await.unwrap();
        request.extend_from_slice(&chunk[..read]);
        let Some(end) = request.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&request[..end]).to_ascii_lowercase();
        let length =
            head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |n| n.parse().unwrap());
        if request.len() >= end + 4 + length || read == 0 {
            return request;
        }
    }
}

/// A hub, a server, and the one that fetches.
struct Scene {
    test: TestHub,
    server: Server,
    refresher: Refresher,
    source: TrustSource,
}

impl Scene {
    /// `ocsp`: whether the server is the responder; else it has the CRL.
    async fn open(ocsp: bool, nonce: bool, timeout_seconds: u32) -> Self {
        let test = TestHub::new().await;
        let authority = Arc::new(authority(&test));
        let server = Server::open(Arc::clone(&authority)).await;
        let source = TrustSource {
            issuer: Digest::of(authority.certificate()),
            crl: if ocsp { Vec::new() } else { vec![format!("{}/sub.crl", server.address)] },
            ocsp: ocsp.then(|| format!("{}/", server.address)),
            ocsp_nonce: nonce,
        };
        let refresher = refresher(&test, &source, timeout_seconds);
        Self { test, server, refresher, source }
    }

    /// One look, after so much time that everything is due; how it went.
    async fn round(&mut self) -> Round {
        self.test.clock.advance(3_600_000);
        self.refresher.round().await
    }

    /// A message that is held is one of which it is not known whether its certificate is revoked.
    async fn send(&self, number: &str) -> Result<(), Code> {
        let sender = self.test.caller("G22").await;
        let id = format!("G22,2026/11/22,{number}/VPCP-TH");
        let message = Document { id: &id, number, ..Document::default() }.text();
        let sent = self.test.send(&sender, &self.test.signed(&message, "G22")).await;
        match sent {
            Ok(receipt) if receipt.held => Err(Code::RevocationUnknown),
            sent => sent.map(|_| ()).map_err(|refusal| refusal.code),
        }
    }

    /// The next CRL of the issuing authority, with these certificates revoked as well; its bytes.
    fn next_crl(&self, revoke: &[&str]) -> Vec<u8> {
        let now = self.test.clock.now();
        let until = Timestamp::from_millis(now.as_millis() + 20 * DAY_MS);
        let files: Vec<_> =
            revoke.iter().map(|file| (self.test.pki.certificate(file), RevocationReason::KeyCompromise)).collect();
        reissue_crl(&self.test.pki, "sub", now, until, &files).unwrap();
        fs::read(self.test.pki.crl("sub")).unwrap()
    }

    fn error(&self) -> String {
        let data = DataFolder::new(self.test.folder.path());
        let record = Record::load(&data.fetched());
        let address = self.source.crl.iter().chain(&self.source.ocsp).next().unwrap();
        record.0[address].error.clone().unwrap_or_default()
    }
}

fn authority(test: &TestHub) -> Authority {
    let path = test.pki.ca("sub");
    let key = Key::from_pkcs8_pem(&fs::read_to_string(path.with_extension("key")).unwrap()).unwrap();
    let certificate = truc::trust::files::certificates(fs::read(&path).unwrap()).unwrap().remove(0);
    Authority::continued(certificate.into(), key).unwrap()
}

fn refresher(test: &TestHub, source: &TrustSource, timeout_seconds: u32) -> Refresher {
    let mut config = test.config.trust.clone();
    config.timeout_seconds = timeout_seconds;
    config.crl_bytes_max = 1 << 20;
    config.source = vec![source.clone()];
    Refresher::new(test.hub.clone(), &config, &DataFolder::new(test.folder.path()), test.clock.clone())
}

const NEW: Round = Round { new: 1, same: 0, failed: 0 };
const SAME: Round = Round { new: 0, same: 1, failed: 0 };
const FAILED: Round = Round { new: 0, same: 0, failed: 1 };

#[tokio::test(flavor = "multi_thread")]
async fn a_fetched_crl_takes_effect_at_once_and_nothing_worse_takes_its_place() {
    let mut scene = Scene::open(false, false, 1).await;
    assert_eq!(scene.send("1").await, Ok(()));
    let first = scene.next_crl(&[]);
    scene.server.serve(Serves::Bytes(first.clone()));
    assert_eq!(scene.round().await, NEW);
    assert_eq!(scene.round().await, SAME);
    assert_eq!(scene.send("2").await, Ok(()), "the chain is cached by now");

    scene.server.serve(Serves::Bytes(scene.next_crl(&["G22"])));
    assert_eq!(scene.round().await, NEW);
    assert_eq!(scene.send("3").await, Err(Code::CertificateRevoked), "through the running hub, at once");

    let mut garbage = first.clone();
    garbage.truncate(first.len() - 1);
    for (serves, error) in [
        (Serves::Bytes(first.clone()), "is not later than the one held"),
        (Serves::Bytes(garbage), "not a CRL"),
        (Serves::Bytes(b"<html>503</html>".to_vec()), "there is no CRL in it"),
        (Serves::Bytes(Vec::new()), "there is no CRL in it"),
        (Serves::Status(302), "HTTP status 302"),
        (Serves::Endless(100 << 20), "larger than 1048576 octets"),
        (Serves::Silence, "no answer within 1 seconds"),
    ] {
        scene.server.serve(serves);
        assert_eq!(scene.round().await, FAILED, "{error}");
        assert!(scene.error().contains(error), "{error}: {}", scene.error());
        assert_eq!(scene.send("4").await, Err(Code::CertificateRevoked), "{error}");
    }
    scene.server.task.abort();
    while TcpStream::connect(scene.server.address.trim_start_matches("http://")).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(scene.round().await, FAILED);
    assert!(scene.error().contains("not reached"), "{}", scene.error());
    assert_eq!(scene.send("5").await, Err(Code::CertificateRevoked));

    // The hub starts again, and somebody has put the older list back: its number is remembered.
    let data = DataFolder::new(scene.test.folder.path());
    for entry in fs::read_dir(data.crl()).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap() != "root.crl" {
            fs::write(path, &first).unwrap();
        }
    }
    drop(scene.refresher);
    let test = scene.test.restart();
    assert!(test.hub.trust().report().faults[0].contains("which was held before"));
    let sender = test.caller("G22").await;
    let receipt = test.send(&sender, &test.signed(&Document::default().text(), "G22")).await.unwrap();
    assert!(receipt.held, "revocation is not known");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_force_stays_while_the_source_hangs_and_until_it_is_stale() {
    let mut scene = Scene::open(false, false, 300).await;
    scene.server.serve(Serves::Silence);
    let sends = async {
        for number in 1..=20 {
            assert_eq!(scene.test.hub.trust().report().crls, 2);
            let sender = scene.test.caller("G22").await;
            let number = number.to_string();
            let id = format!("G22,2026/11/22,{number}/VPCP-TH");
            let message = Document { id: &id, number: &number, ..Document::default() }.text();
            scene.test.send(&sender, &scene.test.signed(&message, "G22")).await.unwrap();
        }
        "all were sent"
    };
    let first = tokio::select! {
        biased;
        _ = scene.refresher.round() => "the source was given up",
        sent = sends => sent,
    };
    assert_eq!(first, "all were sent", "while it was waited for the source");
    scene.test.clock.advance(31 * DAY_MS);
    assert_eq!(scene.send("21").await, Err(Code::RevocationUnknown), "until it is stale");
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_fetched_for_signers_that_were_seen_and_only_with_their_nonce() {
    let mut scene = Scene::open(true, true, 30).await;
    assert_eq!(scene.round().await, Round::default(), "nobody was seen yet, nobody is asked about");
    assert_eq!(scene.send("1").await, Ok(()));
    let serial = {
        let certificate = scene.test.certificate("G22");
        let der = truc::trust::files::certificates(certificate.into_bytes()).unwrap().remove(0);
        x509_parser::parse_x509_certificate(&der).unwrap().1.raw_serial().to_vec()
    };
    let revoked = OcspStatus::Revoked(scene.test.clock.now(), 1);
    let says = |status, brings_nonce, at| Serves::Ocsp { serial: serial.clone(), status, at, brings_nonce };
    scene.server.serve(says(revoked, false, scene.test.clock.now()));
    assert_eq!(scene.round().await, FAILED);
    assert!(scene.error().contains("does not bring back the nonce"), "{}", scene.error());
    assert_eq!(scene.send("2").await, Ok(()));

    scene.server.serve(says(OcspStatus::Good, true, scene.test.clock.now()));
    assert_eq!(scene.round().await, NEW);
    scene.server.serve(says(revoked, true, scene.test.clock.now()));
    scene.test.clock.advance(DAY_MS);
    assert_eq!(scene.round().await, NEW);
    assert_eq!(scene.send("3").await, Err(Code::CertificateRevoked), "the CRL does not know it yet");
    assert!(scene.server.asked.lock().unwrap().iter().all(|line| line == "POST / HTTP/1.1"));
    assert_eq!(fs::read_dir(DataFolder::new(scene.test.folder.path()).ocsp()).unwrap().count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crl_of_another_authority_is_not_taken_from_this_ones_address() {
    let mut scene = Scene::open(false, false, 1).await;
    scene.server.serve(Serves::Bytes(fs::read(scene.test.pki.crl("root")).unwrap()));
    assert_eq!(scene.round().await, FAILED);
    assert!(scene.error().contains("not one of this authority"), "{}", scene.error());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agency_and_the_operator_are_told_before_a_certificate_ends() {
    let test = TestHub::new().await;
    let (sender, other) = (test.caller("G22").await, test.caller("H41").await);
    let message = test.signed(&Document::default().text(), "G22");
    test.send(&sender, &message).await.unwrap();
    assert!(test.hub.caller_view(&sender).certificates_near_end.is_empty());

    test.clock.advance((3 * 365 - 10) * DAY_MS);
    let told = test.hub.caller_view(&sender).certificates_near_end;
    let told: Vec<_> = told.iter().map(|end| (end.subject.as_str(), end.days_left)).collect();
    assert_eq!(told, [("CN=Hệ thống G22,C=VN", 10)]);
    let others = test.hub.caller_view(&other).certificates_near_end;
    let others: Vec<_> = others.iter().map(|end| end.subject.as_str()).collect();
    assert_eq!(others, ["CN=Hệ thống H41,C=VN"], "its own, which has signed nothing yet");
    let near = test.hub.trust_ends().into_iter().filter(|end| end.is_near(test.hub.trust().warn_days()));
    let mut near: Vec<_> = near.map(|end| end.kind).collect();
    assert_eq!(near.iter().filter(|kind| **kind == EndKind::Crl).count(), 2);
    near.dedup();
    assert_eq!(near, [EndKind::Crl, EndKind::Signer]);
}
