//! How many sockets and open responses there may be of one session and of one address, so that nobody takes them all.
//!
//! The address is that of the peer: headers that name another one can be forged. Behind a proxy all clients have the
//! proxy's address, so the limit there is the proxy's to set, and ours has to be raised.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use crate::base::config::Config;
use crate::base::error::Code;
use crate::base::ids::SessionId;
use crate::domain::sessions::Viewer;
use crate::graphql::report::Rejected;

/// The part of an IPv6 address that a network gives to one customer.
const NETWORK: u128 = !0 << 64;

/// The open connections of this process.
pub(super) struct Connections {
    for_session: usize,
    for_address: usize,
    open: Arc<Mutex<HashMap<Owner, usize>>>,
}

/// Whose connections are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Owner {
    Session(SessionId),
    Address(IpAddr),
}

/// A connection that counts for as long as this is kept.
pub(super) struct Seat {
    open: Arc<Mutex<HashMap<Owner, usize>>>,
    owner: Owner,
}

impl Connections {
    pub(super) fn new(config: &Config) -> Self {
        let (for_session, for_address) =
            (config.websocket.connections_per_session, config.websocket.connections_per_address);
        Self { for_session, for_address, open: Arc::default() }
    }

    /// A connection from an address.
    ///
    /// # Errors
    /// `RATE_LIMITED` when it has as many as one address may have.
    pub(super) fn from(&self, peer: SocketAddr) -> Result<Seat, Rejected> {
        self.seat(Owner::Address(network(peer.ip())), self.for_address).ok_or_else(|| {
            let most = self.for_address;
            Rejected::new(
                Code::RateLimited,
                format!("At most {most} sockets and streams can be open from one address."),
            )
        })
    }

    /// A connection of a session; none is counted when nobody is signed in.
    ///
    /// # Errors
    /// `RATE_LIMITED` when it has as many as one session may have.
    pub(super) fn of(&self, viewer: Option<Viewer>) -> Result<Option<Seat>, Rejected> {
        let Some(viewer) = viewer else { return Ok(None) };
        self.seat(Owner::Session(viewer.session), self.for_session).map(Some).ok_or_else(|| {
            let most = self.for_session;
            Rejected::new(Code::RateLimited, format!("At most {most} sockets and streams can be open in one session."))
        })
    }

    fn seat(&self, owner: Owner, most: usize) -> Option<Seat> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(owner).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Seat { open: self.open.clone(), owner })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.owner) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.owner);
            }
        }
    }
}

/// What one customer of a network has.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & NETWORK).into(),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seat_is_free_again_when_it_is_left() {
        let mut config = Config::default();
        config.websocket.connections_per_address = 2;
        let connections = Connections::new(&config);
        let peer: SocketAddr = "127.0.0.1:1".parse().unwrap();
        let taken = [connections.from(peer).unwrap(), connections.from(peer).unwrap()];
        assert_eq!(connections.from(peer).err().unwrap().code, Code::RateLimited);
        assert!(connections.from("127.0.0.2:1".parse().unwrap()).is_ok());
        drop(taken);
        assert!(connections.from(peer).is_ok());
        assert!(connections.open.lock().unwrap().is_empty());
    }

    #[test]
    fn networks() {
        let cases = [
            ("203.0.113.7", "203.0.113.7"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ];
        for (address, expected) in cases {
            assert_eq!(network(address.parse().unwrap()), expected.parse::<IpAddr>().unwrap(), "{address}");
        }
    }
}
