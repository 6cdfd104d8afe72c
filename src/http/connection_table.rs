//! The open connections of a listener: how many there may be in all and from one network, and which one makes way.
//!
//! Each connection holds a file of the process. When all are taken, the one that has been idle longest is closed for the
//! new one: first those that have sent no request yet, then those between two requests. None is closed that is being
//! answered, or that became a WebSocket.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::sync::Notify;

/// The open connections of one listener.
pub(super) struct ConnectionTable {
    most: usize,
    for_network: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    open: usize,
    by_network: HashMap<IpAddr, usize>,
    /// Connections that may be closed, in the order in which they are.
    idle: BTreeMap<IdleRank, Arc<Notify>>,
    last: u64,
}

/// Whether a connection has had a request, and since when it is idle.
type IdleRank = (bool, u64);

/// Why a connection is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ConnectionRefused {
    /// All are taken, and none is idle.
    Full,
    /// One network has as many as it may have.
    NetworkFull,
}

/// An open connection. It counts until this is dropped.
pub(super) struct ConnectionSlot {
    table: Arc<ConnectionTable>,
    network: OnceLock<IpAddr>,
    requests: Mutex<Requests>,
    evicted: Arc<Notify>,
}

/// What is known of the requests of a connection.
struct Requests {
    running: usize,
    had_one: bool,
    rank: Option<IdleRank>,
}

impl ConnectionTable {
    pub(super) fn new(most: usize, for_network: usize) -> Arc<Self> {
        Arc::new(Self { most, for_network, state: Mutex::default() })
    }

    /// Opens a connection; of a network, unless its peer is a proxy that is trusted.
    ///
    /// # Errors
    /// When there are too many.
    pub(super) fn open(self: &Arc<Self>, network: Option<IpAddr>) -> Result<Arc<ConnectionSlot>, ConnectionRefused> {
        let mut state = self.lock();
        if network.is_some_and(|network| state.is_full(network, self.for_network)) {
            return Err(ConnectionRefused::NetworkFull);
        }
        if state.open >= self.most && !state.evict() {
            return Err(ConnectionRefused::Full);
        }
        state.open += 1;
        if let Some(network) = network {
            *state.by_network.entry(network).or_default() += 1;
        }
        let network = network.map_or_else(OnceLock::new, OnceLock::from);
        let (rank, evicted) = ((false, state.next()), Arc::new(Notify::new()));
        state.idle.insert(rank, evicted.clone());
        drop(state);
        let requests = Mutex::new(Requests { running: 0, had_one: false, rank: Some(rank) });
        Ok(Arc::new(ConnectionSlot { table: self.clone(), network, requests, evicted }))
    }

    /// Closes the connection that has been idle longest, if one is.
    pub(super) fn evict(&self) -> bool {
        self.lock().evict()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_full(&self, network: IpAddr, most: usize) -> bool {
        self.by_network.get(&network).is_some_and(|open| *open >= most)
    }

    fn evict(&mut self) -> bool {
        self.idle.pop_first().inspect(|(_, evicted)| evicted.notify_one()).is_some()
    }

    fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }
}

impl ConnectionSlot {
    /// Counts a connection that a trusted proxy passed on, once it is known from whom.
    ///
    /// # Errors
    /// When their network has too many.
    pub(super) fn passed_on_from(&self, network: IpAddr) -> Result<(), ConnectionRefused> {
        let mut state = self.table.lock();
        if state.is_full(network, self.table.for_network) {
            return Err(ConnectionRefused::NetworkFull);
        }
        if self.network.set(network).is_ok() {
            *state.by_network.entry(network).or_default() += 1;
        }
        Ok(())
    }

    /// A request has come: the connection is not idle until it is answered.
    pub(super) fn begin_request(self: &Arc<Self>) -> ActiveRequest {
        let mut requests = self.lock();
        (requests.running, requests.had_one) = (requests.running + 1, true);
        if let Some(rank) = requests.rank.take() {
            self.table.lock().idle.remove(&rank);
        }
        ActiveRequest(Some(self.clone()))
    }

    /// Whether a whole request head has come on it.
    pub(super) fn had_request(&self) -> bool {
        self.lock().had_one
    }

    /// Returns when the connection has to make way for another one.
    pub(super) async fn evicted(&self) {
        self.evicted.notified().await;
    }

    fn end_request(&self) {
        let mut requests = self.lock();
        requests.running -= 1;
        if requests.running == 0 {
            let mut state = self.table.lock();
            let rank = (true, state.next());
            state.idle.insert(rank, self.evicted.clone());
            requests.rank = Some(rank);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Requests> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        let rank = self.lock().rank;
        let mut state = self.table.lock();
        state.open -= 1;
        if let Some(rank) = rank {
            state.idle.remove(&rank);
        }
        let Some(network) = self.network.get() else { return };
        if let Some(open) = state.by_network.get_mut(network) {
            *open -= 1;
            if *open == 0 {
                state.by_network.remove(network);
            }
        }
    }
}

/// A request from its head to the last byte of its response.
pub(super) struct ActiveRequest(Option<Arc<ConnectionSlot>>);

impl ActiveRequest {
    /// The connection became something else and is never idle again.
    pub(super) fn upgraded(mut self) {
        self.0 = None;
    }
}

impl Drop for ActiveRequest {
    fn drop(&mut self) {
        if let Some(slot) = &self.0 {
            slot.end_request();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    fn address(last: u8) -> IpAddr {
        IpAddr::from([127, 0, 0, last])
    }

    fn is_evicted(slot: &ConnectionSlot) -> bool {
        slot.evicted().now_or_never().is_some()
    }

    #[test]
    fn the_connection_that_has_been_idle_longest_makes_way() {
        let table = ConnectionTable::new(3, 9);
        let open = || table.open(Some(address(1))).ok().unwrap();
        let (served, silent, busy) = (open(), open(), open());
        drop(served.begin_request());
        let request = busy.begin_request();
        let newer = open();
        assert!(is_evicted(&silent) && !is_evicted(&served));
        drop(silent);
        drop(newer.begin_request());
        let newest = open();
        assert!(is_evicted(&served) && !is_evicted(&busy) && !is_evicted(&newer));
        newest.begin_request().upgraded();
        newer.begin_request().upgraded();
        assert_eq!(table.open(Some(address(2))).err(), Some(ConnectionRefused::Full));
        drop((request, served));
        assert!(table.open(Some(address(2))).is_ok() && is_evicted(&busy));
        drop((busy, newer, newest));
        assert!(table.lock().open == 0 && table.lock().by_network.is_empty() && table.lock().idle.is_empty());
    }

    #[test]
    fn a_network_has_its_share_and_a_proxy_has_none() {
        let table = ConnectionTable::new(9, 1);
        let first = table.open(Some(address(1))).ok().unwrap();
        assert_eq!(table.open(Some(address(1))).err(), Some(ConnectionRefused::NetworkFull));
        let others = [Some(address(2)), None, None].map(|network| table.open(network).is_ok());
        assert_eq!(others, [true; 3]);
        drop(first);
        assert!(table.open(Some(address(1))).is_ok());
        let proxied = [(); 2].map(|()| table.open(None).ok().unwrap());
        let passed_on = proxied.each_ref().map(|slot| slot.passed_on_from(address(7)).is_ok());
        assert_eq!(passed_on, [true, false]);
        drop(proxied);
        assert!(table.lock().by_network.is_empty());
    }
}
