//! Uploads whose bytes are coming in to this process: one transfer at a time for each, so that an address cannot be filled
//! many times over.
//!
//! A transfer that is silent gives way to the next one: a phone that changed networks is back before the server knows that
//! the old connection is dead. Of several processes one receives the bytes of an upload: each transfer has a lease, which
//! `domain/uploads/transfer.rs` keeps in the row of the upload.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::base::clock::Timestamp;
use crate::base::ids::UploadId;

/// How long a transfer is silent before another one may take its place. Clients of tus retry for some five seconds.
pub const SILENT: Duration = Duration::from_secs(2);
/// How often a lease is renewed at most, while bytes come.
pub const RENEWAL: Duration = Duration::from_secs(1);

/// The transfers of this process.
#[derive(Clone, Debug, Default)]
pub struct Transfers(Arc<Mutex<HashMap<UploadId, Arc<Running>>>>);

#[derive(Debug)]
struct Running {
    bytes: u64,
    lease: String,
    heard_at: AtomicI64,
    renewed_at: AtomicI64,
    gives_way: CancellationToken,
}

/// A transfer that is to begin.
#[derive(Debug)]
pub struct Beginning {
    /// The upload.
    pub upload: UploadId,
    /// How many bytes are expected at most.
    pub bytes: u64,
    /// A name for the transfer that no other has.
    pub lease: String,
}

/// A transfer. Dropped, it is over.
#[derive(Debug)]
pub struct Transfer {
    /// The upload.
    pub upload: UploadId,
    /// The lease of the silent one whose place it took.
    pub replaced: Option<String>,
    all: Transfers,
    running: Arc<Running>,
}

impl Transfers {
    /// Begins a transfer. `None` while another one of the same upload is alive.
    #[must_use]
    pub fn begin(&self, beginning: Beginning, now: Timestamp) -> Option<Transfer> {
        let Beginning { upload, bytes, lease } = beginning;
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut replaced = None;
        if let Some(other) = all.get(&upload) {
            if !are_apart(now, &other.heard_at, SILENT) {
                return None;
            }
            other.gives_way.cancel();
            replaced = Some(other.lease.clone());
        }
        let [heard_at, renewed_at] = [now.0, now.0].map(AtomicI64::new);
        let running = Arc::new(Running { bytes, lease, heard_at, renewed_at, gives_way: CancellationToken::new() });
        all.insert(upload, running.clone());
        Some(Transfer { upload, replaced, all: self.clone(), running })
    }

    /// The bytes that all transfers were begun with: so much room is promised.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.values().map(|running| running.bytes).sum()
    }
}

/// Whether so much time is between now and an instant. A clock that was set back has the instant ahead of it.
fn are_apart(now: Timestamp, instant: &AtomicI64, time: Duration) -> bool {
    let instant = Timestamp(instant.load(Ordering::Relaxed));
    now.since(instant) >= time || instant.since(now) >= time
}

impl Transfer {
    /// Its lease.
    #[must_use]
    pub fn lease(&self) -> &str {
        &self.running.lease
    }

    /// Notes that bytes came: the sender is alive. Returns whether it is time to renew the lease.
    #[must_use]
    pub fn mark_active(&self, now: Timestamp) -> bool {
        self.running.heard_at.store(now.0, Ordering::Relaxed);
        let is_due = are_apart(now, &self.running.renewed_at, RENEWAL);
        if is_due {
            self.running.renewed_at.store(now.0, Ordering::Relaxed);
        }
        is_due
    }

    /// Lets it end: a transfer of another process has its lease.
    pub fn give_way(&self) {
        self.running.gives_way.cancel();
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
        let (transfers, now) = (Transfers::default(), Timestamp(1_000_000));
        let begins = |lease: &str, now| {
            transfers.begin(Beginning { upload: UploadId(1), bytes: 10, lease: lease.to_owned() }, now)
        };
        let first = begins("first", now).unwrap();
        let other = Beginning { upload: UploadId(2), bytes: 5, lease: "other".to_owned() };
        let other = transfers.begin(other, now).unwrap();
        assert!(begins("second", now.after(SILENT / 2)).is_none());
        let renews = |at| first.mark_active(at);
        assert_eq!([now.after(SILENT); 2].map(renews), [true, false], "renewed once a second");
        assert!(begins("second", now.after(SILENT)).is_none());
        assert_eq!((transfers.bytes(), first.has_given_way(), &first.replaced), (15, false, &None));
        let second = begins("second", now.after(SILENT * 2)).unwrap();
        assert!(first.has_given_way() && !second.has_given_way());
        assert_eq!((second.lease(), second.replaced.as_deref()), ("second", Some("first")));
        // The first one's end is not the second one's.
        drop(first);
        assert!(begins("third", now.after(SILENT * 2)).is_none());
        second.lost();
        let third = begins("third", now.after(SILENT * 2)).unwrap();
        drop((second, third, other));
        assert_eq!(transfers.bytes(), 0);
        // A clock that was set back.
        let late = begins("late", now).unwrap();
        let earlier = now.before(Duration::from_hours(1));
        assert_eq!([earlier; 2].map(|at| late.mark_active(at)), [true, false], "its lease is renewed all the same");
        assert!(begins("later", earlier.before(SILENT / 2)).is_none());
        assert!(begins("later", earlier.before(SILENT)).is_some() && late.has_given_way());
        drop(late);
        assert!(begins("fourth", now).is_some());
    }
}
