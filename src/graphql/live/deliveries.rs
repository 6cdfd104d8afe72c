//! How many deliveries are made for one client alone: each of them executes an operation, so nobody has any number of them.
//!
//! A client is a session, or the network of an address where nobody is signed in. A delivery that is executed once for many
//! costs each of them a part of one, and for more than a few nothing at all.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::base::client_address::ClientAddress;
use crate::base::ids::SessionId;
use crate::domain::sessions::Viewer;

/// One delivery costs some milliseconds, so that a client who gets as many as this has a tenth of a core or so.
const PER_SECOND: u32 = 50;
/// Deliveries at once after a pause: what happens when somebody publishes an album, or removes one.
const BURST: u32 = 600;
/// Whoever shares a delivery with more than so many others pays nothing for it.
pub(super) const SHARED_BY: usize = 8;
const EACH: Duration = Duration::from_nanos(1_000_000_000 / PER_SECOND as u64);
/// Clients that are remembered before those are forgotten who have all of their deliveries again.
const REMEMBERED: usize = 1024;

/// Whom deliveries are made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Recipient {
    /// Somebody who is signed in.
    Session(SessionId),
    /// Somebody who is not.
    Network(IpAddr),
}

impl Recipient {
    /// The client that a viewer uses, or that calls from an address.
    #[must_use]
    pub fn of(viewer: Option<Viewer>, address: ClientAddress) -> Self {
        viewer.map_or_else(|| Self::Network(address.network()), |viewer| Self::Session(viewer.session))
    }
}

/// The deliveries of a process.
#[derive(Debug, Default)]
pub(super) struct Deliveries(Mutex<Budgets>);

/// For each client the moment from which on it has all its deliveries again: it moves on with each of them.
#[derive(Debug, Default)]
struct Budgets {
    full_at: HashMap<Recipient, Instant>,
    most: usize,
}

impl Deliveries {
    /// Counts a delivery that a client shares with so many, itself among them. False when it has had too many.
    pub(super) fn charge(&self, recipient: Recipient, shared_by: usize) -> bool {
        let now = Instant::now();
        let cost = EACH / u32::try_from(shared_by.max(1)).unwrap_or(u32::MAX);
        let mut budgets = self.lock();
        let full_at = budgets.full_at(recipient, now) + cost;
        let fits = full_at <= now + EACH * BURST;
        if fits {
            budgets.full_at.insert(recipient, full_at);
        }
        fits
    }

    /// Waits until a client may have another delivery, and counts it.
    pub(super) async fn wait(&self, recipient: Recipient) {
        let now = Instant::now();
        let mut budgets = self.lock();
        let full_at = budgets.full_at(recipient, now) + EACH;
        budgets.full_at.insert(recipient, full_at);
        drop(budgets);
        if let Some(wait) = full_at.duration_since(now).checked_sub(EACH * BURST) {
            sleep_until(now + wait).await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Budgets> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Budgets {
    fn full_at(&mut self, recipient: Recipient, now: Instant) -> Instant {
        if self.full_at.len() >= self.most.max(REMEMBERED) {
            self.full_at.retain(|_, full_at| *full_at > now);
            self.most = self.full_at.len() * 2;
        }
        self.full_at.get(&recipient).copied().unwrap_or(now).max(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(last: u8) -> Recipient {
        Recipient::Network([192, 0, 2, last].into())
    }

    /// As many deliveries as are made before one is refused.
    fn many(deliveries: &Deliveries, recipient: Recipient, shared_by: usize) -> u32 {
        (0..).take_while(|_| deliveries.charge(recipient, shared_by)).count().try_into().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_has_a_burst_and_then_so_many_a_second() {
        let deliveries = Deliveries::default();
        assert_eq!(many(&deliveries, network(1), 1), BURST);
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(many(&deliveries, network(1), 1), 2 * PER_SECOND);
        assert_eq!(many(&deliveries, network(2), 4), 4 * BURST, "what is shared costs a part");
        let before = Instant::now();
        deliveries.wait(network(1)).await;
        assert_eq!(before.elapsed(), EACH);
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_all_deliveries_again_is_forgotten() {
        let deliveries = Deliveries::default();
        for number in 0..REMEMBERED {
            deliveries.charge(Recipient::Session(SessionId(i64::try_from(number).unwrap())), 1);
        }
        tokio::time::advance(Duration::from_secs(1)).await;
        deliveries.charge(network(1), 1);
        assert_eq!(deliveries.lock().full_at.len(), 1);
    }
}
