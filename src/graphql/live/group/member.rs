//! One subscription in a group: who it is of, how far it has come, and how it is told.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Notify;

use super::super::super::report::Rejected;
use super::super::deliveries::Recipient;
use super::Group;
use crate::domain::sessions::Viewer;
use crate::platform::log::live::Place;
use crate::platform::telemetry::metrics::Counted;

/// A result, written, and what its transport may want to know of it.
#[derive(Clone, Debug)]
pub struct Payload {
    /// The result as JSON.
    pub json: Bytes,
    /// The position of the event, also when the client did not select it.
    pub cursor: Option<Arc<str>>,
    /// When to come again, at the end.
    pub again_after: Option<Duration>,
}

/// What a member is told.
#[derive(Clone, Debug)]
pub enum Told {
    /// A result.
    Result(Payload),
    /// Nothing follows.
    End,
    /// It broke, and nothing follows.
    Broken(Rejected),
}

/// Who hears for a member, without waiting.
pub trait Ear: Send {
    /// Takes a result, unless too much waits already.
    fn hears(&mut self, payload: &Payload) -> bool;

    /// Takes the last things that are told.
    fn hears_last(&mut self, told: Told);
}

/// A member of a group.
pub(super) struct Member {
    pub(super) viewer: Option<Viewer>,
    /// Who pays for what is executed for few.
    pub(super) recipient: Recipient,
    /// What the story remembers of the viewer.
    memory: AtomicU8,
    most: usize,
    state: Mutex<State>,
    told: Notify,
}

struct State {
    /// How far it was told.
    positions: Arc<[i64]>,
    /// What waits for a member that does not listen directly.
    waiting: VecDeque<Told>,
    ear: Option<Box<dyn Ear>>,
    has_ended: bool,
}

impl Member {
    pub(super) fn new(
        (viewer, recipient, memory): (Option<Viewer>, Recipient, u8),
        positions: Arc<[i64]>,
        most: usize,
    ) -> Self {
        let state = State { positions, waiting: VecDeque::new(), ear: None, has_ended: false };
        Self { viewer, recipient, memory: memory.into(), most, state: Mutex::new(state), told: Notify::new() }
    }

    /// What the story remembers of the viewer.
    pub(super) fn memory(&self) -> u8 {
        self.memory.load(Ordering::Relaxed)
    }

    /// Remembers something else.
    pub(super) fn remembers(&self, memory: u8) {
        self.memory.store(memory, Ordering::Relaxed);
    }

    /// How far it was told.
    pub(super) fn positions(&self) -> Arc<[i64]> {
        self.lock().positions.clone()
    }

    /// Tells a result; false when too much waits already.
    pub(super) fn tell(&self, payload: &Payload, positions: &Arc<[i64]>) -> bool {
        let mut guard = self.lock();
        let state = &mut *guard;
        if state.has_ended {
            return true;
        }
        let is_told = match &mut state.ear {
            Some(ear) => ear.hears(payload),
            None if state.waiting.len() >= self.most => false,
            None => {
                state.waiting.push_back(Told::Result(payload.clone()));
                self.told.notify_one();
                true
            }
        };
        if is_told {
            state.positions = positions.clone();
        }
        is_told
    }

    /// Tells the last things, whatever waits.
    pub(super) fn tell_last(&self, last: impl IntoIterator<Item = Told>) {
        let mut state = self.lock();
        if std::mem::replace(&mut state.has_ended, true) {
            return;
        }
        for told in last {
            match &mut state.ear {
                Some(ear) => ear.hears_last(told),
                None => state.waiting.push_back(told),
            }
        }
        self.told.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place in a group. Dropped, it is left.
pub struct Membership {
    group: Arc<Group>,
    member: Arc<Member>,
    place: Place,
    counted: Option<Counted>,
}

impl Membership {
    pub(super) fn new(group: Arc<Group>, member: Arc<Member>, place: Place) -> Self {
        Self { group, member, place, counted: None }
    }

    /// Counts as a subscription that is open.
    pub(super) fn counts(&mut self, counted: Option<Counted>) {
        self.counted = counted;
    }

    /// Its number, which no other one has.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.place.number
    }

    /// The positions from which on it hears.
    pub(super) fn from(&self) -> &[i64] {
        &self.place.from
    }

    /// From now on this ear hears, first what has waited.
    pub fn listens(&self, mut ear: Box<dyn Ear>) {
        let mut state = self.member.lock();
        for told in std::mem::take(&mut state.waiting) {
            // What has waited is not much: as much as one member may have waiting.
            match told {
                Told::Result(payload) if !ear.hears(&payload) => ear.hears_last(Told::Result(payload)),
                Told::Result(_) => {}
                last => ear.hears_last(last),
            }
        }
        state.ear = Some(ear);
    }

    /// The next that is told.
    pub async fn next(&self) -> Told {
        loop {
            if let Some(told) = self.member.lock().waiting.pop_front() {
                return told;
            }
            self.member.told.notified().await;
        }
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        self.group.leave(self.place.number);
    }
}
