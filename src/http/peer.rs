//! Who is at the other end of a connection, as far as the connection itself shows it.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use crate::domain::Digest;

/// The other end; every request of a connection carries it as an extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// Its address. Behind a proxy, the proxy's.
    pub address: SocketAddr,
    /// SHA-256 of the DER of the TLS client certificate whose key it has proved.
    pub certificate: Option<Digest>,
}

/// Where connections come from: what one host, or one customer of a network, can have. An IPv6 address counts by its
/// first 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Origin(IpAddr);

impl Origin {
    pub(super) fn of(address: SocketAddr) -> Self {
        Self(match address.ip().to_canonical() {
            IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & !u128::from(u64::MAX))),
            v4 @ IpAddr::V4(_) => v4,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_network_of_ipv6_is_one_origin_and_mapped_addresses_are_ipv4() {
        let of = |text: &str| Origin::of(SocketAddr::new(text.parse().unwrap(), 1));
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:10.0.0.1"), of("10.0.0.1"));
        assert_ne!(of("10.0.0.2"), of("10.0.0.1"));
    }
}
