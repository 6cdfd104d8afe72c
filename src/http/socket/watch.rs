//! One clock for all sockets: it asks those that are silent whether they are still there, and ends those that are not.
//! While there is no socket it does not tick.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

use super::line::Line;
use crate::base::config::WebSocket;

/// How exactly sockets are looked after.
const TICK: Duration = Duration::from_secs(1);

/// The clock.
pub(in crate::http) struct Watch {
    /// How long a socket may be silent, and how long it has to answer then.
    patience: (Duration, Duration),
    sockets: Mutex<Vec<Weak<Line>>>,
    some: Notify,
}

impl Watch {
    /// One with the patience that a configuration gives.
    pub(in crate::http) fn new(config: &WebSocket) -> Self {
        let patience = (Duration::from_secs(config.ping_seconds), Duration::from_secs(config.pong_seconds));
        Self { patience, sockets: Mutex::default(), some: Notify::new() }
    }

    /// Looks after a socket for as long as it is there.
    pub(super) fn over(&self, line: &Arc<Line>) {
        self.lock().push(Arc::downgrade(line));
        self.some.notify_one();
    }

    /// Looks after all of them, for ever.
    pub(in crate::http) async fn watches(&self) {
        loop {
            if self.lock().is_empty() {
                self.some.notified().await;
            }
            sleep(TICK).await;
            self.looks();
        }
    }

    fn looks(&self) {
        let mut there = Vec::new();
        self.lock().retain(|socket| {
            there.extend(socket.upgrade());
            socket.strong_count() > 0
        });
        let now = Instant::now();
        for line in there {
            line.looks(now, self.patience);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Weak<Line>>> {
        self.sockets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
