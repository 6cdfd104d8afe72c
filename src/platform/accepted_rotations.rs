//! The rotations of sessions that had a token accepted by this process, until that is stored: once each, not with every
//! request.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::base::generations::Generations;
use crate::base::ids::SessionId;

/// Sessions in a generation of those that are remembered. One that is forgotten costs a read at its next request.
const REMEMBERED: usize = 16_384;
/// Rotations that wait to be stored. More are left to the next request of their session.
const WAITING: usize = 65_536;

/// The rotations that were accepted.
#[derive(Debug)]
pub struct AcceptedRotations {
    state: Mutex<State>,
    is_filled: Notify,
}

#[derive(Debug)]
struct State {
    /// The newest of each session that was noted lately.
    noted: Generations<SessionId, i64>,
    /// Those of them that are not stored.
    waiting: HashMap<SessionId, i64>,
}

impl Default for AcceptedRotations {
    fn default() -> Self {
        let state = State { noted: Generations::of(REMEMBERED), waiting: HashMap::new() };
        Self { state: Mutex::new(state), is_filled: Notify::new() }
    }
}

impl AcceptedRotations {
    /// Notes that a token of a rotation was accepted.
    pub fn note(&self, session: SessionId, rotation: i64) {
        let mut state = self.lock();
        if state.has(session, rotation) || state.waiting.len() >= WAITING {
            return;
        }
        state.noted.put(session, rotation);
        state.waiting.insert(session, rotation);
        self.is_filled.notify_one();
    }

    /// Whether this process remembers that a token of a rotation was accepted.
    #[must_use]
    pub fn has(&self, session: SessionId, rotation: i64) -> bool {
        self.lock().has(session, rotation)
    }

    /// Waits for rotations to store, and takes them all.
    pub async fn take(&self) -> HashMap<SessionId, i64> {
        loop {
            let waiting = std::mem::take(&mut self.lock().waiting);
            if !waiting.is_empty() {
                return waiting;
            }
            self.is_filled.notified().await;
        }
    }

    /// Puts one back that could not be stored.
    pub fn put_back(&self, session: SessionId, rotation: i64) {
        let mut state = self.lock();
        let waiting = state.waiting.entry(session).or_insert(rotation);
        *waiting = rotation.max(*waiting);
        self.is_filled.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn has(&mut self, session: SessionId, rotation: i64) -> bool {
        self.noted.find(&session).is_some_and(|noted| noted >= rotation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_rotation_is_taken_once_and_again_when_it_is_put_back() {
        let (rotations, session) = (AcceptedRotations::default(), SessionId(1));
        for rotation in [1, 1, 2, 1] {
            rotations.note(session, rotation);
        }
        assert_eq!(rotations.take().await, HashMap::from([(session, 2)]));
        rotations.note(session, 2);
        assert!(rotations.lock().waiting.is_empty());
        assert!(rotations.has(session, 2) && !rotations.has(session, 3));
        rotations.note(session, 3);
        rotations.put_back(session, 2);
        assert_eq!(rotations.take().await, HashMap::from([(session, 3)]));
    }
}
