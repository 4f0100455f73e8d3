//! Listeners and connections: TLS anywhere, plain HTTP on loopback only; everything that a stranger can make the hub
//! hold or wait for is bounded here. Before: the operating system. After: `entrance`.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::http::entrance::Entrance;
use crate::http::peer::{Origin, Peer};
use crate::http::routes::Routes;
use crate::http::shares::{Claim, Share, Shares, Short};
use crate::http::stall::Stall;
use crate::http::tls::Handshake;
use crate::http::usage::Usage;

/// Octets that are read ahead: bounds the head of a request. hyper itself refuses more than 100 header fields.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// HTTP/2: requests at one time on a connection.
const STREAMS_MAX: u32 = 32;
/// HTTP/2: octets in flight, per request and per connection.
const WINDOW_BYTES: u32 = 1 << 20;
/// HTTP/2: pause between pings, and the wait for their answer.
const PING: Duration = Duration::from_secs(20);
/// Pause after an accept that failed for want of something, such as file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How much of the hub strangers can hold, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections open at one time; none from an address that has more than are left free for the others. Default
    /// 2,048.
    pub connections: u32,
    /// Longest TLS handshake. Default 10 s.
    pub handshake: Duration,
    /// Longest time from the moment at which a request can come until its head is complete: ends slow-loris
    /// connections as well as idle ones. Default 30 s.
    pub head: Duration,
    /// Longest pause within a body. Default 30 s.
    pub body_pause: Duration,
    /// Memory for requests, octets. Default 512 MiB.
    pub requests_bytes: u64,
    /// How long requests may take to finish when the hub stops. Default 10 s.
    pub stop: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 2048,
            handshake: Duration::from_secs(10),
            head: Duration::from_secs(30),
            body_pause: Duration::from_secs(30),
            requests_bytes: 512 << 20,
            stop: Duration::from_secs(10),
        }
    }
}

/// Where to listen.
#[derive(Debug, Clone, Default)]
pub struct Listen {
    /// HTTPS, with what [`crate::http::tls::config`] makes.
    pub tls: Option<(SocketAddr, Arc<ServerConfig>)>,
    /// Plain HTTP; loopback addresses only.
    pub plain: Option<SocketAddr>,
}

/// Why the hub cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Credentials and documents do not cross a network in the clear.
    #[error("plain HTTP is served on loopback addresses only, not on {0}")]
    NotLoopback(SocketAddr),
    /// The address cannot be had.
    #[error("cannot listen on {address}: {source}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
}

/// Bound listeners, not yet serving.
pub struct Server {
    tls: Option<(TcpListener, TlsAcceptor)>,
    plain: Option<TcpListener>,
    limits: Limits,
    connections: Shares<Origin>,
}

impl Server {
    /// Binds the listeners, with default limits. Port 0 is any free port.
    ///
    /// # Errors
    /// [`ListenError`]
    pub async fn bind(listen: Listen) -> Result<Self, ListenError> {
        let tls = match listen.tls {
            Some((address, config)) => Some((bind(address).await?, TlsAcceptor::from(config))),
            None => None,
        };
        let plain = match listen.plain {
            Some(address) if !address.ip().is_loopback() => return Err(ListenError::NotLoopback(address)),
            Some(address) => Some(bind(address).await?),
            None => None,
        };
        let limits = Limits::default();
        Ok(Self { tls, plain, limits, connections: Shares::new(u64::from(limits.connections), 0) })
    }

    /// The same with other limits.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, connections: Shares::new(u64::from(limits.connections), 0), ..self }
    }

    /// What strangers can hold.
    pub(super) const fn limits(&self) -> Limits {
        self.limits
    }

    /// The connections that are open.
    pub(super) fn connections(&self) -> Shares<Origin> {
        self.connections.clone()
    }

    /// Where HTTPS is served.
    #[must_use]
    pub fn tls_address(&self) -> Option<SocketAddr> {
        self.tls.as_ref().and_then(|(listener, _)| listener.local_addr().ok())
    }

    /// Where plain HTTP is served.
    #[must_use]
    pub fn plain_address(&self) -> Option<SocketAddr> {
        self.plain.as_ref().and_then(|listener| listener.local_addr().ok())
    }

    /// Serves `router` until `stop`, then lets running requests finish for as long as the limits say.
    pub async fn serve(self, router: Router, stop: impl Future<Output = ()>) {
        self.serve_routes(Routes::new(router), stop).await;
    }

    /// The same where another router may take over.
    pub(super) async fn serve_routes(self, routes: Routes, stop: impl Future<Output = ()>) {
        let shared = Arc::new(Shared::new(routes, self.limits, self.connections.clone()));
        let patience = self.limits.stop;
        let graceful = GracefulShutdown::new();
        let tls = async {
            match &self.tls {
                Some((listener, acceptor)) => accept(listener, Some(acceptor), &shared, &graceful).await,
                None => std::future::pending().await,
            }
        };
        let plain = async {
            match &self.plain {
                Some(listener) => accept(listener, None, &shared, &graceful).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = stop => {}
            () = tls => {}
            () = plain => {}
        }
        drop(self);
        if tokio::time::timeout(patience, graceful.shutdown()).await.is_err() {
            tracing::warn!("stopped with requests unfinished");
        }
    }
}

async fn bind(address: SocketAddr) -> Result<TcpListener, ListenError> {
    TcpListener::bind(address).await.map_err(|source| ListenError::Bind { address, source })
}

/// What all connections share.
struct Shared {
    routes: Routes,
    http1: auto::Builder<TokioExecutor>,
    http2: auto::Builder<TokioExecutor>,
    connections: Shares<Origin>,
    limits: Limits,
}

impl Shared {
    fn new(routes: Routes, limits: Limits, connections: Shares<Origin>) -> Self {
        let mut http1 = auto::Builder::new(TokioExecutor::new()).http1_only();
        http1.http1().timer(TokioTimer::new()).header_read_timeout(limits.head).max_buf_size(HEAD_BYTES_MAX);
        let mut http2 = auto::Builder::new(TokioExecutor::new()).http2_only();
        http2
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS_MAX)
            .max_header_list_size(u32::try_from(HEAD_BYTES_MAX).unwrap_or(u32::MAX))
            .initial_stream_window_size(WINDOW_BYTES)
            .initial_connection_window_size(WINDOW_BYTES)
            .keep_alive_interval(PING)
            .keep_alive_timeout(PING);
        Self { routes, http1, http2, connections, limits }
    }
}

/// Accepts until dropped. A connection over its address's share is closed at once: it costs nothing more, and whoever is
/// within its share finds room.
async fn accept(
    listener: &TcpListener,
    acceptor: Option<&TlsAcceptor>,
    shared: &Arc<Shared>,
    graceful: &GracefulShutdown,
) {
    loop {
        match listener.accept().await {
            Ok((tcp, address)) => match shared.connections.take(&Origin::of(address), 1, Claim::Ordinary) {
                Ok(share) => {
                    let open = Open { tcp, address, shared: Arc::clone(shared), watcher: graceful.watcher(), share };
                    tokio::spawn(open.run(acceptor.cloned()));
                }
                Err(short) => turned_away(address, short),
            },
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// A connection just accepted.
struct Open {
    tcp: TcpStream,
    address: SocketAddr,
    shared: Arc<Shared>,
    watcher: Watcher,
    share: Share<Origin>,
}

impl Open {
    async fn run(self, acceptor: Option<TlsAcceptor>) {
        let Self { tcp, address, shared, watcher, share } = self;
        if let Err(error) = tcp.set_nodelay(true) {
            tracing::debug!(%address, %error, "no TCP_NODELAY");
        }
        match acceptor {
            None => {
                let peer = Peer { address, certificate: None };
                converse(tcp, false, peer, &shared, watcher).await;
            }
            Some(acceptor) => match tokio::time::timeout(shared.limits.handshake, acceptor.accept(tcp)).await {
                Ok(Ok(stream)) => {
                    let Handshake { certificate, http2 } = Handshake::of(stream.get_ref().1);
                    converse(stream, http2, Peer { address, certificate }, &shared, watcher).await;
                }
                Ok(Err(error)) => handshake_failed(address, &error),
                Err(_) => handshake_failed(address, &"too slow"),
            },
        }
        drop(share);
    }
}

fn turned_away(address: SocketAddr, short: Short) {
    metrics::counter!("truc_connections_turned_away_total").increment(1);
    tracing::debug!(%address, ?short, "too many connections");
}

fn handshake_failed(address: SocketAddr, reason: &dyn std::fmt::Display) {
    metrics::counter!("truc_tls_handshakes_failed_total").increment(1);
    tracing::debug!(%address, %reason, "TLS handshake failed");
}

/// Serves the requests of one connection until it ends.
async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    http2: bool,
    peer: Peer,
    shared: &Shared,
    watcher: Watcher,
) {
    let (builder, usage) = if http2 { (&shared.http2, Some(Usage::default())) } else { (&shared.http1, None) };
    let entrance = Entrance::new(shared.routes.clone(), peer, usage.clone());
    let connection = builder.serve_connection(TokioIo::new(Stall::new(stream)), entrance);
    let ended = tokio::select! {
        ended = watcher.watch(connection) => ended,
        () = unused(usage, shared.limits.head) => Ok(()),
    };
    if let Err(error) = ended {
        tracing::debug!(address = %peer.address, error, "connection ended");
    }
}

/// Ends when a connection has had no request for a time between `after` and twice that.
async fn unused(usage: Option<Usage>, after: Duration) {
    let Some(usage) = usage else { return std::future::pending().await };
    loop {
        tokio::time::sleep(after).await;
        if usage.is_idle() {
            return;
        }
    }
}
