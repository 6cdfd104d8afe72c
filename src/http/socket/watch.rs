//! One clock for all sockets: it asks those that are silent whether they are still there, and ends those that are not.
//! While there is no socket it does not tick.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

use super::line::Line;
use crate::base::config::{Config, WebSocket};

/// How exactly sockets are looked after.
const TICK: Duration = Duration::from_secs(1);

/// How long a client may take.
#[derive(Clone, Copy)]
pub(super) struct WatchTimes {
    /// To say anything, before it is asked.
    pub(super) ping_after: Duration,
    /// To answer then.
    pub(super) pong_within: Duration,
    /// To send a message, from its first byte to its last.
    pub(super) message_within: Duration,
}

/// The clock.
pub(in crate::http) struct Watch {
    times: WatchTimes,
    sockets: Mutex<Vec<Weak<Line>>>,
    some: Notify,
}

impl Watch {
    /// One with the patience that a configuration gives.
    pub(in crate::http) fn new(config: &Config) -> Self {
        let WebSocket { ping_seconds, pong_seconds, .. } = config.websocket;
        let (ping_after, pong_within) = (Duration::from_secs(ping_seconds), Duration::from_secs(pong_seconds));
        let times = WatchTimes { ping_after, pong_within, message_within: config.timeout() };
        Self { times, sockets: Mutex::default(), some: Notify::new() }
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
            line.looks(now, self.times);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Weak<Line>>> {
        self.sockets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
