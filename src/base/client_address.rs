//! The address of the client behind a request: what limits for an address count by.
//!
//! It is set once for each request, in `http`. Behind a proxy the peer of the connection is not the client.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

/// The part of an IPv6 address that a network gives to one customer: /64.
const NETWORK: u128 = !0 << 64;

/// The address of a client. On a WebSocket it is that of the upgrade request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientAddress(pub IpAddr);

impl ClientAddress {
    /// The address of operations that the server executes for no single client, such as those of a group of subscriptions.
    pub const SERVER: Self = Self(IpAddr::V4(Ipv4Addr::UNSPECIFIED));

    /// What one customer of a network has: the IPv4 address, or the /64 of an IPv6 address. Count by this.
    #[must_use]
    pub fn network(self) -> IpAddr {
        match self.0.to_canonical() {
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & NETWORK).into(),
            address @ IpAddr::V4(_) => address,
        }
    }
}

/// What links begin with for whoever sent a request, such as `https://photos.example.org`: the address by which they
/// reached this server. Only where none is configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestOrigin(pub Arc<str>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks() {
        let cases = [
            ("203.0.113.7", "203.0.113.7"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ];
        for (address, expected) in cases {
            let network = ClientAddress(address.parse().unwrap()).network();
            assert_eq!(network, expected.parse::<IpAddr>().unwrap(), "{address}");
        }
    }
}
