//! Uploads whose bytes are coming in to this process: one transfer at a time for each, so that an address cannot be filled
//! many times over.
//!
//! A transfer that is silent gives way to the next one: a phone that changed networks is back before the server knows that
//! the old connection is dead.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::base::clock::Timestamp;
use crate::base::ids::UploadId;

/// How long a transfer is silent before another one may take its place. Clients of tus retry for some five seconds.
pub const SILENT: Duration = Duration::from_secs(2);

/// The transfers of this process.
#[derive(Clone, Debug, Default)]
pub struct Transfers(Arc<Mutex<HashMap<UploadId, Arc<Running>>>>);

#[derive(Debug)]
struct Running {
    bytes: u64,
    heard_at: AtomicI64,
    gives_way: CancellationToken,
}

/// A transfer. Dropped, it is over.
#[derive(Debug)]
pub struct Transfer {
    all: Transfers,
    upload: UploadId,
    running: Arc<Running>,
}

impl Transfers {
    /// Begins the transfer of so many bytes. `None` while another one of the same upload is alive.
    #[must_use]
    pub fn begin(&self, upload: UploadId, bytes: u64, now: Timestamp) -> Option<Transfer> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(other) = all.get(&upload) {
            if now.since(Timestamp(other.heard_at.load(Ordering::Relaxed))) < SILENT {
                return None;
            }
            other.gives_way.cancel();
        }
        let running = Arc::new(Running { bytes, heard_at: AtomicI64::new(now.0), gives_way: CancellationToken::new() });
        all.insert(upload, running.clone());
        Some(Transfer { all: self.clone(), upload, running })
    }

    /// The bytes that all transfers were begun with: so much room is promised.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.values().map(|running| running.bytes).sum()
    }
}

impl Transfer {
    /// Notes that the sender is alive.
    pub fn heard(&self, now: Timestamp) {
        self.running.heard_at.store(now.0, Ordering::Relaxed);
    }

    /// Notes that the sender is gone: another one need not wait.
    pub fn lost(&self) {
        self.running.heard_at.store(0, Ordering::Relaxed);
    }

    /// Whether another transfer took its place.
    #[must_use]
    pub fn has_given_way(&self) -> bool {
        self.running.gives_way.is_cancelled()
    }

    /// Waits until another transfer takes its place.
    pub async fn gives_way(&self) {
        self.running.gives_way.cancelled().await;
    }
}

impl Drop for Transfer {
    fn drop(&mut self) {
        let mut all = self.all.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.get(&self.upload).is_some_and(|running| Arc::ptr_eq(running, &self.running)) {
            all.remove(&self.upload);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time_and_the_silent_give_way() {
        let (transfers, upload, now) = (Transfers::default(), UploadId(1), Timestamp(1_000_000));
        let first = transfers.begin(upload, 10, now).unwrap();
        let other = transfers.begin(UploadId(2), 5, now).unwrap();
        assert!(transfers.begin(upload, 10, now.after(SILENT / 2)).is_none());
        first.heard(now.after(SILENT));
        assert!(transfers.begin(upload, 10, now.after(SILENT)).is_none());
        assert_eq!((transfers.bytes(), first.has_given_way()), (15, false));
        let second = transfers.begin(upload, 10, now.after(SILENT * 2)).unwrap();
        assert!(first.has_given_way() && !second.has_given_way());
        // The first one's end is not the second one's.
        drop(first);
        assert!(transfers.begin(upload, 10, now.after(SILENT * 2)).is_none());
        second.lost();
        let third = transfers.begin(upload, 10, now.after(SILENT * 2)).unwrap();
        drop((second, third, other));
        assert_eq!(transfers.bytes(), 0);
        assert!(transfers.begin(upload, 10, now).is_some());
    }
}
