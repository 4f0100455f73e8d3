//! Who is at the other end of a connection, as far as the connection itself shows it.

use std::net::SocketAddr;

use crate::domain::Digest;

/// The other end; every request of a connection carries it as an extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// Its address. Behind a proxy, the proxy's.
    pub address: SocketAddr,
    /// SHA-256 of the DER of the TLS client certificate whose key it has proved.
    pub certificate: Option<Digest>,
}
