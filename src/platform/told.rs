//! What live streams told lately, and to which session: it need not be pushed there. Shared by all processes through Redis,
//! known to each for itself without.
//!
//! It is never the truth: what is forgotten is pushed once more than needed, and nothing is lost.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::base::clock::Timestamp;
use crate::base::ids::SessionId;
use crate::platform::redis::{Away, Command, Redis};

/// How long it is known: longer than a push waits before it is sent, and than a clock is wrong.
const KEPT: Duration = Duration::from_mins(10);
/// What one process remembers without Redis; beyond, what is over is forgotten first, then all.
const REMEMBERED: usize = 100_000;

/// Something that was told: its id and which state of it.
pub type What = (i64, i64);

/// What was told to whom.
#[derive(Debug)]
pub struct Told {
    redis: Option<Redis>,
    memory: Mutex<HashMap<(SessionId, What), Timestamp>>,
}

impl Told {
    /// Kept in Redis, or in memory when there is none.
    #[must_use]
    pub fn open(redis: Option<Redis>) -> Self {
        Self { redis, memory: Mutex::default() }
    }

    /// Notes that a stream of a session told something.
    pub async fn note(&self, session: SessionId, what: What, now: Timestamp) {
        let Some(redis) = &self.redis else { return self.remember(session, what, now) };
        let kept = i64::try_from(KEPT.as_millis()).unwrap_or(i64::MAX);
        let set = Command::on("SET", key(redis, session, what)).with(1).with("PX").with(kept);
        let noted: Result<String, Away> = redis.send(set).await;
        if let Err(error) = noted {
            tracing::debug!(%error, "what was told is kept in memory");
            self.remember(session, what, now);
        }
    }

    /// Whether a stream of a session told something lately.
    pub async fn was(&self, session: SessionId, what: What, now: Timestamp) -> bool {
        if self.lock().get(&(session, what)).is_some_and(|at| now.since(*at) < KEPT) {
            return true;
        }
        let Some(redis) = &self.redis else { return false };
        let there: Result<i64, Away> = redis.send(Command::on("EXISTS", key(redis, session, what))).await;
        there.is_ok_and(|there| there == 1)
    }

    fn remember(&self, session: SessionId, what: What, now: Timestamp) {
        let mut memory = self.lock();
        if memory.len() >= REMEMBERED {
            memory.retain(|_, at| now.since(*at) < KEPT);
        }
        if memory.len() >= REMEMBERED {
            memory.clear();
        }
        memory.insert((session, what), now);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(SessionId, What), Timestamp>> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(redis: &Redis, session: SessionId, (id, state): What) -> String {
    redis.name(&format!("told:{}:{id}:{state}", session.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_told_is_known_for_a_while_and_to_that_session_only() {
        let (told, now) = (Told::open(None), Timestamp(1000));
        told.note(SessionId(1), (7, 1), now).await;
        assert!(told.was(SessionId(1), (7, 1), now.after(Duration::from_mins(9))).await);
        assert!(!told.was(SessionId(1), (7, 1), now.after(KEPT)).await);
        assert!(!told.was(SessionId(2), (7, 1), now).await && !told.was(SessionId(1), (7, 2), now).await);
    }
}
