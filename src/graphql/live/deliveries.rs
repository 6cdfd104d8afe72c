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
    /// Counts deliveries, each of which a client shares with so many, itself among them. False when it has had too many.
    pub(super) fn charge(&self, recipient: Recipient, deliveries: usize, shared_by: usize) -> bool {
        self.charge_at(Instant::now(), recipient, (deliveries, shared_by))
    }

    fn charge_at(&self, now: Instant, recipient: Recipient, (deliveries, shared_by): (usize, usize)) -> bool {
        let [deliveries, shared_by] =
            [deliveries, shared_by.max(1)].map(|count| u32::try_from(count).unwrap_or(u32::MAX));
        let cost = EACH.saturating_mul(deliveries) / shared_by;
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
        let wait = self.wait_at(now, recipient);
        if !wait.is_zero() {
            sleep_until(now + wait).await;
        }
    }

    /// How long to wait for a delivery that is counted now.
    fn wait_at(&self, now: Instant, recipient: Recipient) -> Duration {
        let mut budgets = self.lock();
        let full_at = budgets.full_at(recipient, now) + EACH;
        budgets.full_at.insert(recipient, full_at);
        full_at.duration_since(now).saturating_sub(EACH * BURST)
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

    #[test]
    fn a_client_has_a_burst_and_then_so_many_a_second() {
        let (deliveries, now) = (Deliveries::default(), Instant::now());
        let many = |now, recipient, shared_by| {
            (1..100_000).take_while(|_| deliveries.charge_at(now, recipient, (1, shared_by))).last().unwrap_or(0)
        };
        assert_eq!(many(now, network(1), 1), BURST);
        let later = now + Duration::from_secs(2);
        assert_eq!(many(later, network(1), 1), 2 * PER_SECOND);
        assert_eq!(many(later, network(2), 4), 4 * BURST, "what is shared costs a part");
        assert_eq!(deliveries.wait_at(later, network(1)), EACH);
        assert_eq!(deliveries.wait_at(later, network(3)), Duration::ZERO);
    }

    #[test]
    fn who_has_all_deliveries_again_is_forgotten() {
        let (deliveries, now) = (Deliveries::default(), Instant::now());
        for number in 0..REMEMBERED {
            let session = Recipient::Session(SessionId(i64::try_from(number).unwrap()));
            assert!(deliveries.charge_at(now, session, (1, 1)));
        }
        assert!(deliveries.charge_at(now + Duration::from_secs(1), network(1), (1, 1)));
        assert_eq!(deliveries.lock().full_at.len(), 1);
    }
}
