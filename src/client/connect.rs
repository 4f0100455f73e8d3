//! Connecting to one hub: TCP, and TLS with the profile's own trust and client certificate. Before: `profile`.
//! After: the connection pool in `transport`.

use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::client::{ClientError, Profile};

/// Longest wait for TCP and TLS together.
const CONNECT_WAIT: Duration = Duration::from_secs(10);

/// Where a hub is, and how it is reached.
#[derive(Clone)]
pub(super) struct Connector(Arc<Endpoint>);

struct Endpoint {
    host: String,
    port: u16,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

/// Why no connection came about.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectError {
    #[error("{0}")]
    Network(#[from] io::Error),
    #[error("{0}")]
    Tls(#[from] rustls::Error),
    #[error("no connection within {} seconds", CONNECT_WAIT.as_secs())]
    Late,
}

impl Connector {
    /// Reads the profile's files.
    pub(super) fn new(profile: &Profile) -> Result<Self, ClientError> {
        let unusable = |reason: &str| ClientError::Local { what: profile.hub.clone(), reason: reason.to_owned() };
        let uri: Uri = profile.hub.parse().map_err(|_| unusable("not an address"))?;
        let host = uri.host().ok_or_else(|| unusable("the address has no host"))?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        if !matches!(uri.path(), "" | "/") || uri.query().is_some() {
            return Err(unusable("the address of a hub has no path"));
        }
        let tls = match uri.scheme_str() {
            Some("https") => {
                let name = ServerName::try_from(host.clone()).map_err(|_| unusable("not a host name"))?;
                Some((TlsConnector::from(Arc::new(tls_config(profile)?)), name))
            }
            Some("http") if is_loopback(&host) => None,
            Some("http") => return Err(unusable("plain http is used on this machine only; use https")),
            _ => return Err(unusable("the address of a hub begins with https://")),
        };
        let port = uri.port_u16().unwrap_or(if tls.is_some() { 443 } else { 80 });
        Ok(Self(Arc::new(Endpoint { host, port, tls })))
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn tls_config(profile: &Profile) -> Result<ClientConfig, ClientError> {
    let unusable = |reason: &str| ClientError::Local { what: "profile".into(), reason: reason.to_owned() };
    let ca =
        profile.ca.as_deref().ok_or_else(|| unusable("ca is missing: the certificate that the hub is known by"))?;
    let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(&error.to_string()))?
        .with_root_certificates(roots(ca)?);
    let mut config = match (&profile.certificate, &profile.key) {
        (Some(certificate), Some(key)) => builder
            .with_client_auth_cert(certificates(certificate)?, private_key(key)?)
            .map_err(|error| ClientError::local(certificate, error))?,
        (None, None) => builder.with_no_client_auth(),
        _ => return Err(unusable("certificate and key belong together")),
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn roots(path: &Path) -> Result<RootCertStore, ClientError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots.add(certificate).map_err(|error| ClientError::local(path, error))?;
    }
    Ok(roots)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, ClientError> {
    let read = || CertificateDer::pem_file_iter(path)?.collect::<Result<Vec<_>, _>>();
    let found = read().map_err(|error| ClientError::local(path, error))?;
    if found.is_empty() {
        return Err(ClientError::local(path, "holds no certificate in PEM"));
    }
    Ok(found)
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, ClientError> {
    PrivateKeyDer::from_pem_file(path).map_err(|error| ClientError::local(path, error))
}

impl Endpoint {
    async fn connect(&self) -> Result<Stream, ConnectError> {
        let tcp = TcpStream::connect((self.host.as_str(), self.port)).await?;
        tcp.set_nodelay(true)?;
        match &self.tls {
            None => Ok(Stream::Plain(tcp)),
            Some((connector, name)) => match connector.connect(name.clone(), tcp).await {
                Ok(stream) => Ok(Stream::Tls(Box::new(stream))),
                Err(error) => Err(tls_fault(error)),
            },
        }
    }
}

/// A handshake can fail for TLS reasons, which stay, or because the network did, which may pass.
fn tls_fault(error: io::Error) -> ConnectError {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(fault) => ConnectError::Tls(fault.clone()),
        None => ConnectError::Network(error),
    }
}

impl tower::Service<Uri> for Connector {
    type Response = TokioIo<Stream>;
    type Error = ConnectError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, ConnectError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let endpoint = Arc::clone(&self.0);
        Box::pin(async move {
            let connected = tokio::time::timeout(CONNECT_WAIT, endpoint.connect()).await;
            connected.map_err(|_| ConnectError::Late)?.map(TokioIo::new)
        })
    }
}

/// A connection to a hub.
pub(super) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
            Self::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(stream) => stream.is_write_vectored(),
            Self::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(hub: &str) -> String {
        Connector::new(&Profile::new(hub)).err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn a_token_never_leaves_the_machine_in_plain_text() {
        for hub in ["http://127.0.0.1:80", "http://localhost", "http://[::1]:8080/"] {
            assert_eq!(reason(hub), "", "{hub}");
        }
        for hub in ["http://10.0.0.1", "http://hub.vn", "http://127.0.0.1.hub.vn"] {
            assert!(reason(hub).contains("plain http"), "{hub}");
        }
    }

    #[test]
    fn an_address_is_a_scheme_and_a_host_and_nothing_trusts_by_itself() {
        assert!(reason("https://127.0.0.1:8443").contains("ca is missing"));
        for hub in ["127.0.0.1:8443", "ftp://hub.vn", "https://hub.vn/v1", "", "https://"] {
            assert!(!reason(hub).is_empty(), "{hub}");
        }
    }
}
