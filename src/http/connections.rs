//! How many sockets and open responses there may be of one session and of one address, so that nobody takes them all.
//!
//! The address is the client's network, as `ClientAddress` has it.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::base::client_address::ClientAddress;
use crate::base::config::Config;
use crate::base::error::Code;
use crate::base::ids::SessionId;
use crate::domain::sessions::Viewer;
use crate::graphql::report::Rejected;

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
    pub(super) fn from(&self, address: ClientAddress) -> Result<Seat, Rejected> {
        self.seat(Owner::Address(address.network()), self.for_address).ok_or_else(|| {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seat_is_free_again_when_it_is_left() {
        let mut config = Config::default();
        config.websocket.connections_per_address = 2;
        let connections = Connections::new(&config);
        let at = |address: &str| ClientAddress(address.parse().unwrap());
        let peer = at("127.0.0.1");
        let taken = [connections.from(peer).unwrap(), connections.from(peer).unwrap()];
        assert_eq!(connections.from(peer).err().unwrap().code, Code::RateLimited);
        assert!(connections.from(at("127.0.0.2")).is_ok());
        drop(taken);
        assert!(connections.from(peer).is_ok());
        assert!(connections.open.lock().unwrap().is_empty());
    }
}
