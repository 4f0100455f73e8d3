//! The load generator: keep-alive HTTP/1.1 connections that post one message after the other. Nothing but what must
//! travel is written, and of an answer only status and length are read, so that it takes little of the machine.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Where and how to post.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    pub(crate) token: String,
    /// TLS with this client configuration; plain without.
    pub(crate) tls: Option<Arc<rustls::ClientConfig>>,
}

/// What a run measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measured {
    pub(crate) per_second: f64,
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// Posts every message once, by `clients` connections, and expects 201 for each.
pub(crate) async fn run(target: &Target, messages: &Arc<Vec<Vec<u8>>>, clients: usize) -> Measured {
    let next = Arc::new(AtomicUsize::new(0));
    let mut connections = Vec::new();
    for _ in 0..clients {
        connections.push(connect(target).await);
    }
    let start = Instant::now();
    let tasks: Vec<_> = connections
        .into_iter()
        .map(|stream| tokio::spawn(client(stream, target.token.clone(), Arc::clone(messages), Arc::clone(&next))))
        .collect();
    let mut latencies = Vec::with_capacity(messages.len());
    for task in tasks {
        latencies.extend(task.await.expect("client"));
    }
    let elapsed = start.elapsed();
    latencies.sort_unstable();
    let at = |share: f64| latencies[((latencies.len() - 1) as f64 * share) as usize];
    Measured { per_second: latencies.len() as f64 / elapsed.as_secs_f64(), p50: at(0.5), p99: at(0.99) }
}

async fn connect(target: &Target) -> Box<dyn Stream> {
    let tcp = TcpStream::connect(target.address).await.expect("connect");
    tcp.set_nodelay(true).expect("nodelay");
    match &target.tls {
        None => Box::new(tcp),
        Some(config) => {
            let name = rustls_pki_types::ServerName::try_from("localhost").expect("name");
            Box::new(TlsConnector::from(Arc::clone(config)).connect(name, tcp).await.expect("TLS"))
        }
    }
}

async fn client(
    mut stream: Box<dyn Stream>,
    token: String,
    messages: Arc<Vec<Vec<u8>>>,
    next: Arc<AtomicUsize>,
) -> Vec<Duration> {
    let mut latencies = Vec::new();
    let mut buffer = Vec::with_capacity(16 << 10);
    while let Some(message) = messages.get(next.fetch_add(1, Ordering::Relaxed)) {
        let start = Instant::now();
        let head = format!(
            "POST /v1/documents HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\ncontent-length: {}\r\n\r\n",
            message.len()
        );
        stream.write_all(&[head.as_bytes(), message].concat()).await.expect("write");
        let status = answer(stream.as_mut(), &mut buffer).await;
        assert_eq!(status, 201, "{}", String::from_utf8_lossy(&buffer));
        latencies.push(start.elapsed());
    }
    latencies
}

/// Reads one answer whole; gives its status.
async fn answer(stream: &mut dyn Stream, buffer: &mut Vec<u8>) -> u16 {
    buffer.clear();
    let mut wanted = None;
    loop {
        if let Some(wanted) = wanted
            && buffer.len() >= wanted
        {
            return std::str::from_utf8(&buffer[9..12]).expect("status").parse().expect("status");
        }
        assert!(stream.read_buf(buffer).await.expect("read") > 0, "the server closed the connection");
        if wanted.is_none()
            && let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n")
        {
            let head = String::from_utf8_lossy(&buffer[..end]).to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
            wanted = Some(end + 4 + length.expect("content-length").trim().parse::<usize>().expect("length"));
        }
    }
}
