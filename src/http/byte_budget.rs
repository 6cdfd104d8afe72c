//! One budget of bytes for what clients make this process hold: bodies of requests, messages on their way in from sockets,
//! and answers that wait to be read. When it is spent, new ones are refused with `OVERLOADED`, and nobody else suffers.
//!
//! One network has a quarter of it, so that it cannot take all. What is small is not counted: it is bounded by how many
//! connections there may be.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::base::error::Code;
use crate::graphql::report::Rejected;

/// Bytes of each charge that are not counted. Most requests, messages and answers are smaller.
const FREE: usize = 16 << 10;
/// Steps in which bytes are counted, so that a body that trickles in does not count each of its pieces.
const STEP: usize = 16 << 10;
/// The part of the budget that one network has.
const SHARE: usize = 4;

/// The budget of a process.
#[derive(Clone)]
pub(super) struct ByteBudget {
    most: usize,
    held: Arc<Mutex<Held>>,
}

#[derive(Default)]
struct Held {
    total: usize,
    by_network: HashMap<IpAddr, usize>,
}

/// What something that a client sent or asked for holds of the budget, until it is dropped.
pub(super) struct ByteCharge {
    budget: ByteBudget,
    network: IpAddr,
    bytes: usize,
}

/// Why something is refused that there is no room for.
pub(super) fn too_much_held() -> Rejected {
    Rejected::new(Code::Overloaded, "This server holds too much for its clients just now. Try again.")
}

impl ByteBudget {
    pub(super) fn new(most: usize) -> Self {
        Self { most, held: Arc::default() }
    }

    /// A charge of nothing yet, for a client of a network.
    pub(super) fn charge(&self, network: IpAddr) -> ByteCharge {
        ByteCharge { budget: self.clone(), network, bytes: 0 }
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ByteCharge {
    /// Another one of the same client.
    pub(super) fn another(&self) -> Self {
        self.budget.charge(self.network)
    }

    /// Holds so many bytes from now on, more or fewer than before. False, and as before, when there is no room for them.
    #[must_use]
    pub(super) fn hold(&mut self, bytes: usize) -> bool {
        let wanted = bytes.saturating_sub(FREE).div_ceil(STEP).saturating_mul(STEP);
        if wanted == self.bytes {
            return true;
        }
        let most = self.budget.most;
        let mut guard = self.budget.lock();
        let held = &mut *guard;
        let of_network = held.by_network.entry(self.network).or_default();
        let (total, network) = (held.total - self.bytes + wanted, *of_network - self.bytes + wanted);
        let fits = wanted < self.bytes || (total <= most && network <= most / SHARE);
        if fits {
            (held.total, *of_network, self.bytes) = (total, network, wanted);
        }
        if *of_network == 0 {
            held.by_network.remove(&self.network);
        }
        fits
    }
}

impl Drop for ByteCharge {
    fn drop(&mut self) {
        let _ = self.hold(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const OTHER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    #[test]
    fn a_network_has_its_share_and_all_of_them_the_whole() {
        let budget = ByteBudget::new(4 * 10 * STEP);
        let mut held = vec![];
        for network in 0..4 {
            let mut charge = budget.charge(IpAddr::from([192, 0, 2, network]));
            assert!(charge.hold(FREE) && charge.bytes == 0, "what is small is free");
            assert!(charge.hold(FREE + 10 * STEP) && charge.hold(FREE + 10 * STEP - 1));
            assert!(!charge.hold(FREE + 10 * STEP + 1));
            held.push(charge);
        }
        let mut late = budget.charge(IpAddr::from([192, 0, 2, 9]));
        assert!(late.hold(FREE) && !late.hold(FREE + 1));
        assert!(held[0].hold(FREE) && late.hold(FREE + 10 * STEP));
        drop((held, late));
        assert!(budget.lock().total == 0 && budget.lock().by_network.is_empty());
    }

    #[test]
    fn charges_of_one_network_are_counted_together() {
        let budget = ByteBudget::new(4 * 2 * STEP);
        let (mut first, mut second, mut other) = (budget.charge(ONE), budget.charge(ONE), budget.charge(OTHER));
        assert!(first.hold(FREE + STEP) && second.hold(FREE + STEP));
        assert!(!first.hold(FREE + 2 * STEP) && other.hold(FREE + 2 * STEP));
        drop(second);
        assert!(first.hold(FREE + 2 * STEP));
    }
}
