//! Connections, before any hub stands behind them: TLS with and without client certificates, what ends a connection,
//! what does not, and how a client takes what it is told.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::as_conversions)]

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use base64::Engine as _;
use http_body_util::BodyExt as _;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{CertificateParams, CertifiedKey, KeyPair, generate_simple_self_signed};
use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use truc::api::HubView;
use truc::client::{Client, ClientError, Profile, Retry, Upload};
use truc::domain::{Code, Digest, Refusal};
use truc::http::{Limits, Listen, Peer, Refused, Server, tls};

/// A server on loopback, with TLS and plain HTTP, and the files of a client that it does not know.
struct Fixture {
    folder: TempDir,
    tls: SocketAddr,
    plain: SocketAddr,
    client: CertifiedKey<KeyPair>,
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
}

impl Fixture {
    async fn start(router: Router, limits: Limits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let hub = generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let client = generate_simple_self_signed(["system.g22".to_owned()]).unwrap();
        for (name, pair) in [("hub", &hub), ("client", &client)] {
            std::fs::write(folder.path().join(name).with_extension("crt"), pair.cert.pem()).unwrap();
            std::fs::write(folder.path().join(name).with_extension("key"), pair.signing_key.serialize_pem()).unwrap();
        }
        let config = tls::config(&folder.path().join("hub.crt"), &folder.path().join("hub.key")).unwrap();
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let server = Server::bind(Listen { tls: Some((any, config)), plain: Some(any) }).await.unwrap();
        let server = server.with_limits(limits);
        let (tls, plain) = (server.tls_address().unwrap(), server.plain_address().unwrap());
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(server.serve(router, async { stopped.await.unwrap_or_default() }));
        Self { folder, tls, plain, client, stop, served }
    }

    fn profile(&self) -> Profile {
        let file = |name: &str| Some(self.folder.path().join(name));
        let mut profile = Profile::new(format!("https://{}", self.tls));
        profile.ca = file("hub.crt");
        profile.certificate = file("client.crt");
        profile.key = file("client.key");
        profile
    }

    fn plain_client(&self) -> Client {
        Client::new(&Profile::new(format!("http://{}", self.plain))).unwrap()
    }

    /// A TLS connection of our own making.
    async fn handshake(
        &self,
        version: &'static SupportedProtocolVersion,
        protocols: &[&[u8]],
        identity: Option<Arc<dyn rustls::client::ResolvesClientCert>>,
    ) -> std::io::Result<tokio_rustls::client::TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        let hub = std::fs::read(self.folder.path().join("hub.crt")).unwrap();
        roots.add(rustls::pki_types::pem::PemObject::from_pem_slice(&hub).unwrap()).unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_protocol_versions(&[version])
            .unwrap()
            .with_root_certificates(roots);
        let mut config = match identity {
            Some(identity) => builder.with_client_cert_resolver(identity),
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        let tcp = TcpStream::connect(self.tls).await.unwrap();
        let name = ServerName::try_from("127.0.0.1").unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, tcp).await
    }

    fn identity(&self, key: &KeyPair) -> Arc<Identity> {
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let key = rustls::crypto::ring::sign::any_supported_type(&key).unwrap();
        Arc::new(Identity(Arc::new(rustls::sign::CertifiedKey::new(vec![self.client.cert.der().clone()], key))))
    }
}

/// Presents this certificate whether or not the key is its own.
#[derive(Debug)]
struct Identity(Arc<rustls::sign::CertifiedKey>);

impl rustls::client::ResolvesClientCert for Identity {
    fn resolve(&self, _: &[&[u8]], _: &[rustls::SignatureScheme]) -> Option<Arc<rustls::sign::CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// Answers `GET /v1/hub` with what the connection shows of the caller.
fn router() -> Router {
    let view = |Extension(peer): Extension<Peer>| async move {
        let origin = peer.certificate.map_or_else(|| "none".to_owned(), |digest| digest.to_string());
        Json(HubView {
            origin,
            verifier_key: String::new(),
            version: String::new(),
            message_bytes_max: 0,
            earlier_keys: Vec::new(),
        })
    };
    Router::new()
        .route("/v1/hub", get(view))
        .route("/readyz", get(async || "ready").post(async || "written"))
        .route("/v1/caller", get(async || -> String { panic!("a fault of ours") }))
        .route("/v1/documents", post(async || Refused(Refusal::new(Code::TooLarge, "over the limit"))))
}

/// A call that says when it has begun and then takes `long`.
fn slow(long: Duration) -> (Router, Arc<Notify>) {
    let begun = Arc::new(Notify::new());
    let told = Arc::clone(&begun);
    let handler = move || async move {
        told.notify_one();
        tokio::time::sleep(long).await;
        "done"
    };
    (router().route("/tlog/checkpoint", get(handler)), begun)
}

async fn request(stream: &mut (impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin), text: &str) -> String {
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A peer that closes without close_notify is no concern here.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

const HUB: &str = "GET /v1/hub HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

#[tokio::test]
async fn the_client_certificate_is_known_by_its_digest_and_need_not_be_there() {
    let fixture = Fixture::start(router(), Limits::default()).await;
    let digest = Digest::of(fixture.client.cert.der()).to_string();
    assert_eq!(Client::new(&fixture.profile()).unwrap().hub().await.unwrap().origin, digest);

    let mut profile = fixture.profile();
    (profile.certificate, profile.key) = (None, None);
    assert_eq!(Client::new(&profile).unwrap().hub().await.unwrap().origin, "none");
    assert_eq!(fixture.plain_client().hub().await.unwrap().origin, "none");

    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let identity = fixture.identity(&fixture.client.signing_key);
        let mut stream = fixture.handshake(version, &[], Some(identity)).await.unwrap();
        assert!(request(&mut stream, HUB).await.contains(&digest));
    }
}

#[tokio::test]
async fn a_certificate_without_its_key_is_nobody() {
    let fixture = Fixture::start(router(), Limits::default()).await;
    let other = KeyPair::generate().unwrap();
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        match fixture.handshake(version, &[], Some(fixture.identity(&other))).await {
            // TLS 1.3: the client has finished before the hub has looked at its signature.
            Ok(mut stream) => assert_eq!(request(&mut stream, HUB).await, ""),
            Err(error) => assert!(error.to_string().contains("alert"), "{error}"),
        }
    }
}

#[tokio::test]
async fn an_expired_certificate_is_still_itself() {
    let fixture = Fixture::start(router(), Limits::default()).await;
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(["old.g22".to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(2010, 1, 1);
    params.not_after = rcgen::date_time_ymd(2011, 1, 1);
    let certificate = params.self_signed(&key).unwrap();
    std::fs::write(fixture.folder.path().join("client.crt"), certificate.pem()).unwrap();
    std::fs::write(fixture.folder.path().join("client.key"), key.serialize_pem()).unwrap();
    let seen = Client::new(&fixture.profile()).unwrap().hub().await.unwrap().origin;
    assert_eq!(seen, Digest::of(certificate.der()).to_string());
}

#[tokio::test]
async fn a_client_trusts_only_the_hub_of_its_profile() {
    let fixture = Fixture::start(router(), Limits::default()).await;
    let mut profile = fixture.profile();
    profile.ca = profile.certificate.clone();
    let error = Client::new(&profile).unwrap().hub().await.unwrap_err();
    assert!(matches!(error, ClientError::Tls { .. }), "{error}");

    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nobody = Client::new(&Profile::new(format!("http://{free}"))).unwrap();
    let started = Instant::now();
    let patient = nobody.clone().with_retry(Retry { attempts: 2, pause_max: Duration::from_secs(1) });
    for client in [nobody, patient] {
        let error = client.hub().await.unwrap_err();
        assert!(matches!(error, ClientError::Unreachable { .. }) && error.is_temporary(), "{error}");
    }
    assert!(started.elapsed() >= Duration::from_millis(200), "the second attempt comes after a pause");
}

#[tokio::test]
async fn plain_http_stays_on_the_machine() {
    let listen = Listen { tls: None, plain: Some(SocketAddr::from(([0, 0, 0, 0], 0))) };
    assert!(Server::bind(listen).await.is_err());
}

#[tokio::test]
async fn a_panic_is_one_answer_and_the_connection_goes_on() {
    let fixture = Fixture::start(router(), Limits::default()).await;
    let mut stream = TcpStream::connect(fixture.plain).await.unwrap();
    let twice = format!("GET /v1/caller HTTP/1.1\r\nHost: x\r\n\r\n{HUB}");
    let answers = request(&mut stream, &twice).await;
    assert!(answers.starts_with("HTTP/1.1 500"), "{answers}");
    assert!(answers.contains("\"code\":\"internal\"") && !answers.contains("a fault of ours"));
    assert!(answers.contains("HTTP/1.1 200"), "{answers}");
}

#[tokio::test]
async fn pages_of_other_sites_do_not_write() {
    let fixture = Fixture::start(router(), Limits::default()).await;
    for (method, site, status) in [
        ("POST", "Sec-Fetch-Site: cross-site\r\n", "403"),
        ("POST", "Sec-Fetch-Site: same-site\r\n", "403"),
        ("POST", "Sec-Fetch-Site: same-origin\r\n", "200"),
        ("POST", "", "200"),
        ("GET", "Sec-Fetch-Site: cross-site\r\n", "200"),
    ] {
        let mut stream = TcpStream::connect(fixture.plain).await.unwrap();
        let head = format!("{method} /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{site}\r\n");
        assert!(request(&mut stream, &head).await.starts_with(&format!("HTTP/1.1 {status}")), "{method} {site}");
    }
}

#[tokio::test]
async fn a_large_message_that_is_refused_early_is_refused_and_not_cut_off() {
    let fixture = Fixture::start(router(), Limits::default()).await;
    let upload = Upload::bytes(vec![b'x'; 40 << 20]);
    for client in [fixture.plain_client(), Client::new(&fixture.profile()).unwrap()] {
        let error = client.send_document(&upload).await.unwrap_err();
        assert_eq!(error.code(), Some(Code::TooLarge), "{error}");
    }
}

#[tokio::test]
async fn slow_and_silent_connections_end() {
    let short = Limits { handshake: Duration::from_millis(200), head: Duration::from_millis(200), ..Limits::default() };
    let fixture = Fixture::start(router(), short).await;
    let started = Instant::now();
    for (address, sent) in [(fixture.plain, ""), (fixture.plain, "GET /v1/hub HTTP/1.1\r\nHo"), (fixture.tls, "")] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let answer = request(&mut stream, sent).await;
        assert!(!answer.contains("200 OK"), "{answer}");
    }
    assert!(started.elapsed() < Duration::from_secs(5));
}

/// A connection from another address of this machine.
async fn from_address(ip: [u8; 4], to: SocketAddr) -> TcpStream {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from((ip, 0))).unwrap();
    socket.connect(to).await.unwrap()
}

#[tokio::test]
async fn one_address_gets_a_half_of_the_connections_and_others_still_come_in() {
    // Nothing else than the rule closes a connection while the test lasts.
    let patience = Duration::from_mins(10);
    let limits = Limits { connections: 8, head: patience, handshake: patience, ..Limits::default() };
    let fixture = Fixture::start(router(), limits).await;
    let mut held = Vec::new();
    for _ in 0..4 {
        held.push(TcpStream::connect(fixture.plain).await.unwrap());
    }
    for address in [fixture.plain, fixture.tls] {
        let mut over = TcpStream::connect(address).await.unwrap();
        let mut octet = [0];
        let read = tokio::time::timeout(Duration::from_mins(1), over.read(&mut octet)).await.expect("it is closed");
        assert_eq!(read.unwrap_or_default(), 0);
    }
    assert!(request(&mut from_address([127, 0, 0, 2], fixture.plain).await, HUB).await.contains("200 OK"));
    held.pop();
    until_served(&fixture.plain_client()).await;
}

/// A connection that ends is counted until the hub has seen it.
async fn until_served(client: &Client) {
    for _ in 0..100 {
        if client.hub().await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("there is no room again");
}

#[tokio::test]
async fn a_running_request_is_finished_when_the_hub_stops() {
    let (router, begun) = slow(Duration::from_millis(300));
    let fixture = Fixture::start(router, Limits::default()).await;
    let client = fixture.plain_client();
    let running = tokio::spawn({
        let client = client.clone();
        async move { client.checkpoint().await }
    });
    begun.notified().await;
    fixture.stop.send(()).unwrap();
    assert_eq!(running.await.unwrap().unwrap(), "done");
    fixture.served.await.unwrap();
    assert!(client.hub().await.is_err());
}

#[tokio::test]
async fn an_http_2_connection_that_nobody_uses_ends_and_one_in_use_does_not() {
    let short = Limits { head: Duration::from_secs(1), ..Limits::default() };
    let fixture = Fixture::start(slow(Duration::from_millis(2500)).0, short).await;
    let stream = fixture.handshake(&rustls::version::TLS13, &[b"h2"], None).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    let connection = tokio::spawn(connection);
    let request = http::Request::get("https://127.0.0.1/tlog/checkpoint").body(Body::empty()).unwrap();
    assert_eq!(
        sender.send_request(request).await.unwrap().status(),
        200,
        "it took longer than an idle connection lives"
    );
    let ended = tokio::time::timeout(Duration::from_secs(5), connection).await;
    assert!(ended.is_ok());
}

#[tokio::test]
async fn http_2_is_agreed_on_and_served() {
    let fixture = Fixture::start(router(), Limits::default()).await;
    let identity = fixture.identity(&fixture.client.signing_key);
    let stream = fixture.handshake(&rustls::version::TLS13, &[b"h2"], Some(identity)).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let request = http::Request::get("https://127.0.0.1/v1/hub").body(Body::empty()).unwrap();
    let answer = sender.send_request(request).await.unwrap();
    assert_eq!(answer.status(), 200);
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    let view: HubView = serde_json::from_slice(&body).unwrap();
    assert_eq!(view.origin, Digest::of(fixture.client.cert.der()).to_string());
}

/// Answers with what a hub should never send, and with what it sends when it is busy.
fn strange() -> Router {
    let busy = Arc::new(AtomicU32::new(0));
    let checkpoint = move || {
        let attempt = busy.fetch_add(1, Ordering::SeqCst);
        async move { if attempt < 2 { Err(Refused(Refusal::new(Code::RateLimited, "busy"))) } else { Ok("at last") } }
    };
    let digest =
        format!("sha-256=:{}:", base64::engine::general_purpose::STANDARD.encode(Digest::of(b"abc").as_bytes()));
    let content = async move || ([("repr-digest", digest)], "abd");
    Router::new()
        .route("/v1/hub", get(async || "{\"origin\":7}"))
        .route("/v1/caller", get(async || (http::StatusCode::BAD_GATEWAY, "<html>a proxy</html>")))
        .route("/tlog/checkpoint", get(checkpoint))
        .route("/v1/documents/{id}/content", get(content))
        .route(
            "/v1/statuses",
            post(async |body: Body| {
                let len = body.collect().await.unwrap().to_bytes().len();
                Refused(Refusal::new(Code::BadRequest, format!("{len} octets")))
            }),
        )
}

#[tokio::test]
async fn what_is_not_http_v1_is_a_protocol_error() {
    let fixture = Fixture::start(strange(), Limits::default()).await;
    let client = fixture.plain_client();
    for error in [client.hub().await.unwrap_err(), client.caller().await.unwrap_err()] {
        assert!(matches!(error, ClientError::Protocol { .. }) && !error.is_temporary(), "{error}");
    }
}

#[tokio::test]
async fn content_that_is_not_what_was_announced_is_not_taken() {
    let fixture = Fixture::start(strange(), Limits::default()).await;
    let id = truc::domain::MessageId(uuid::Uuid::nil());
    let mut out = Vec::new();
    let download = fixture.plain_client().content(id, None).await.unwrap();
    let error = download.write_to(&mut out, |_| ()).await.unwrap_err();
    assert!(error.to_string().contains("SHA-256"), "{error}");
}

#[tokio::test]
async fn a_busy_hub_is_asked_again_only_where_the_caller_wants_it() {
    let fixture = Fixture::start(strange(), Limits::default()).await;
    let client = fixture.plain_client();
    let error = client.checkpoint().await.unwrap_err();
    assert!(error.code() == Some(Code::RateLimited) && error.is_temporary());
    // The hub asks for 5 s: more than this caller wants to wait.
    let hasty = client.clone().with_retry(Retry { attempts: 3, pause_max: Duration::from_secs(1) });
    assert_eq!(hasty.checkpoint().await.unwrap_err().code(), Some(Code::RateLimited));
    assert_eq!(client.checkpoint().await.unwrap(), "at last");
}

#[tokio::test]
async fn a_file_goes_up_in_pieces_and_tells_how_far_it_is() {
    let fixture = Fixture::start(strange(), Limits::default()).await;
    let path = fixture.folder.path().join("large.edxml");
    std::fs::write(&path, vec![b'x'; 3_000_000]).unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    let progress = Arc::clone(&told);
    let upload = Upload::file(&path).unwrap().with_progress(move |sent| progress.lock().unwrap().push(sent));
    assert_eq!(upload.len(), 3_000_000);
    let error = Client::new(&fixture.profile()).unwrap().send_status(&upload).await.unwrap_err();
    assert!(error.to_string().contains("3000000 octets"), "{error}");
    let told = told.lock().unwrap();
    assert!(told.len() > 5 && told.is_sorted() && told.last() == Some(&3_000_000));
    assert!(matches!(Upload::file(&path.join("none")), Err(ClientError::Local { .. })));
}
