//! The live streams of this process: who listens to which topics, and telling them in the order of the log.
//!
//! Attaching and delivering happen under one lock, so a listener hears exactly the entries after the positions it was
//! given: with a read of the log up to there, nothing is lost and nothing comes twice. A listener that is too slow is
//! cut off and knows it; it harms nobody else.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc;

use super::together::{Hearing, Together};
use super::{Arriving, Entry, SessionEnd};
use crate::base::facts::{Fact, FollowState, Topic};
use crate::base::ids::{SessionId, UserId};

/// The listeners of this process.
#[derive(Debug, Default)]
pub struct Live {
    /// Media on their way into the feeds made ahead.
    pub arriving: Arriving,
    identity: String,
    state: Mutex<State>,
}

/// Entries of a log that are kept in memory: after a break most clients have missed less.
const RECENT: usize = 2048;

#[derive(Debug, Default)]
struct State {
    positions: Vec<i64>,
    /// The last entries of each log, without a hole, up to its position.
    recent: Vec<VecDeque<Arc<Entry>>>,
    next: u64,
    listeners: HashMap<u64, Sender>,
    by_topic: HashMap<Topic, HashSet<u64>>,
}

#[derive(Debug)]
struct Sender {
    queue: Queue,
    topics: HashSet<Topic>,
    follows: Option<UserId>,
}

/// Where a listener is told.
#[derive(Debug)]
enum Queue {
    /// By itself.
    Alone { queue: mpsc::Sender<Arc<Entry>>, overflowed: Arc<AtomicBool> },
    /// With others, once for all of them.
    Together(Arc<Together>),
}

/// One of those who listen together. Dropped, it listens no more.
#[derive(Debug)]
pub struct Place {
    live: Arc<Live>,
    /// Which of them it is.
    pub number: u64,
    /// The positions of all databases from which on it hears.
    pub from: Vec<i64>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.live.lock().remove(self.number);
    }
}

/// One listener. Dropped, it listens no more.
#[derive(Debug)]
pub struct Listener {
    live: Arc<Live>,
    number: u64,
    queue: mpsc::Receiver<Arc<Entry>>,
    overflowed: Arc<AtomicBool>,
    /// The positions of all databases from which on it hears.
    pub from: Vec<i64>,
}

impl Live {
    /// Listeners of a server whose logs stand at these positions and have this name together.
    #[must_use]
    pub fn at(positions: Vec<i64>, identity: String) -> Self {
        let recent = positions.iter().map(|_| VecDeque::new()).collect();
        let state = State { positions, recent, ..State::default() };
        Self { arriving: Arriving::default(), identity, state: Mutex::new(state) }
    }

    /// The name of the logs, by which positions of another server are told from ours.
    #[must_use]
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// How far the log of a database was delivered.
    #[must_use]
    pub fn position(&self, database: usize) -> i64 {
        self.lock().positions[database]
    }

    /// How far all logs were delivered.
    #[must_use]
    pub fn positions(&self) -> Vec<i64> {
        self.lock().positions.clone()
    }

    /// The same if this holds while nothing is delivered.
    #[must_use]
    pub fn positions_if(&self, holds: impl FnOnce() -> bool) -> Option<Vec<i64>> {
        let state = self.lock();
        holds().then(|| state.positions.clone())
    }

    /// How many listen.
    #[must_use]
    pub fn listeners(&self) -> usize {
        self.lock().listeners.len()
    }

    /// Listens to some topics; at most `queue` entries wait.
    #[must_use]
    pub fn listen(self: &Arc<Self>, topics: impl IntoIterator<Item = Topic>, queue: usize) -> Listener {
        self.attach(topics, queue, None)
    }

    /// Listens to some topics, and from now on to the media of those whom `user` begins to follow, and no longer of those
    /// whom they stop following. That happens in the order of the log, so nothing is missed in between.
    #[must_use]
    pub fn listen_as(
        self: &Arc<Self>,
        user: UserId,
        topics: impl IntoIterator<Item = Topic>,
        queue: usize,
    ) -> Listener {
        self.attach(topics, queue, Some(user))
    }

    /// Listens to some topics with others, who are told once for all of them; as somebody whose media change with whom
    /// they follow, or not.
    #[must_use]
    pub fn listen_with(
        self: &Arc<Self>,
        together: &Arc<Together>,
        topics: impl IntoIterator<Item = Topic>,
        follows: Option<UserId>,
    ) -> Place {
        let mut state = self.lock();
        let number = state.add_listener(Queue::Together(together.clone()), follows);
        topics.into_iter().for_each(|topic| state.add(number, topic));
        Place { live: self.clone(), number, from: state.positions.clone() }
    }

    fn attach(
        self: &Arc<Self>,
        topics: impl IntoIterator<Item = Topic>,
        queue: usize,
        follows: Option<UserId>,
    ) -> Listener {
        let (sender, receiver) = mpsc::channel(queue);
        let overflowed = Arc::new(AtomicBool::new(false));
        let mut state = self.lock();
        let number = state.add_listener(Queue::Alone { queue: sender, overflowed: overflowed.clone() }, follows);
        topics.into_iter().for_each(|topic| state.add(number, topic));
        let from = state.positions.clone();
        Listener { live: self.clone(), number, queue: receiver, overflowed, from }
    }

    /// Delivers entries that go on where their databases stand.
    pub fn deliver(&self, entries: impl IntoIterator<Item = Entry>) {
        let mut state = self.lock();
        for entry in entries {
            // What is told twice must not be sent on its way twice: it may have arrived in between.
            if state.is_new(&entry) {
                // First, so that nobody is given a position whose media he could miss.
                self.arriving.note(&entry.fact);
                state.deliver(entry);
            }
        }
    }

    /// Passes over positions whose entries are no longer kept.
    pub fn skip_to(&self, database: usize, position: i64) {
        let mut state = self.lock();
        state.positions[database] = position;
        state.recent[database].clear();
    }

    /// The entries of a log after a position and up to another one, when all of them are in memory.
    #[must_use]
    pub fn recent(&self, database: usize, (after, until): (i64, i64)) -> Option<Vec<Arc<Entry>>> {
        let state = self.lock();
        let recent = &state.recent[database];
        let first = recent.front()?.position;
        let [from, to] = [after + 1, until + 1].map(|position| usize::try_from(position - first).ok());
        let (from, to) = (from?, to?.min(recent.len()));
        (from <= to && until <= state.positions[database]).then(|| recent.range(from..to).cloned().collect())
    }

    /// Comes back when a session has ended.
    pub async fn session_ended(self: &Arc<Self>, session: SessionId) {
        let mut listener = self.listen([Topic::Session(session)], 1);
        listener.next().await;
    }

    /// Delivers the end of a session to its listeners, wherever the log stands.
    pub fn end_session(&self, SessionEnd { session, user, at }: SessionEnd) {
        let fact = Fact::SessionEnded { session, user };
        self.lock().tell(&Arc::new(Entry { database: 0, position: Entry::BESIDE, recorded_at: at, fact }));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_new(&self, entry: &Entry) -> bool {
        entry.position > self.positions[entry.database]
    }

    fn add_listener(&mut self, queue: Queue, follows: Option<UserId>) -> u64 {
        let number = self.next;
        self.next += 1;
        self.listeners.insert(number, Sender { queue, topics: HashSet::new(), follows });
        if let Some(user) = follows {
            self.add(number, Topic::RelationsOf(user));
        }
        number
    }

    fn deliver(&mut self, entry: Entry) {
        self.positions[entry.database] = entry.position;
        let entry = Arc::new(entry);
        let recent = &mut self.recent[entry.database];
        if recent.back().is_some_and(|last| last.position + 1 != entry.position) {
            recent.clear();
        }
        recent.push_back(entry.clone());
        if recent.len() > RECENT {
            recent.pop_front();
        }
        self.tell(&entry);
        if let Fact::FollowingChanged { follower, followee, state, .. } = entry.fact {
            self.follow(follower, followee, state == FollowState::Following);
        }
    }

    /// Tells all who listen to an entry.
    fn tell(&mut self, entry: &Arc<Entry>) {
        let (mut told, mut too_slow) = (HashSet::new(), Vec::new());
        let mut hearing = Hearing::default();
        for topic in entry.fact.topics() {
            for number in self.by_topic.get(&topic).into_iter().flatten() {
                if !told.insert(*number) {
                    continue;
                }
                match &self.listeners[number].queue {
                    Queue::Alone { queue, overflowed } if queue.try_send(entry.clone()).is_err() => {
                        overflowed.store(true, Ordering::Relaxed);
                        too_slow.push(*number);
                    }
                    Queue::Alone { .. } => {}
                    Queue::Together(together) => hearing.add(together, *number),
                }
            }
        }
        too_slow.extend(hearing.tell(entry, &self.positions));
        for number in too_slow {
            self.remove(number);
        }
    }

    /// Lets the listeners of a user who began or stopped following hear of the media of the other one, or not any more.
    fn follow(&mut self, follower: UserId, followee: UserId, begins: bool) {
        let topic = Topic::MediaOf(followee);
        let relations = self.by_topic.get(&Topic::RelationsOf(follower));
        for number in relations.cloned().into_iter().flatten() {
            let follows = self.listeners.get(&number).is_some_and(|listener| listener.follows == Some(follower));
            match (follows, begins) {
                (false, _) => {}
                (true, true) => self.add(number, topic),
                (true, false) => self.forget(number, &topic),
            }
        }
    }

    fn add(&mut self, number: u64, topic: Topic) {
        if let Some(listener) = self.listeners.get_mut(&number) {
            listener.topics.insert(topic);
            self.by_topic.entry(topic).or_default().insert(number);
        }
    }

    fn forget(&mut self, number: u64, topic: &Topic) {
        if let Some(listener) = self.listeners.get_mut(&number) {
            listener.topics.remove(topic);
        }
        if let Some(listeners) = self.by_topic.get_mut(topic) {
            listeners.remove(&number);
            if listeners.is_empty() {
                self.by_topic.remove(topic);
            }
        }
    }

    fn remove(&mut self, number: u64) {
        if let Some(listener) = self.listeners.remove(&number) {
            listener.topics.iter().for_each(|topic| self.forget(number, topic));
        }
    }
}

impl Listener {
    /// The next entry; `None` when the listener was too slow and was cut off.
    pub async fn next(&mut self) -> Option<Arc<Entry>> {
        self.queue.recv().await
    }

    /// Whether it was cut off because it was too slow.
    #[must_use]
    pub fn was_too_slow(&self) -> bool {
        self.overflowed.load(Ordering::Relaxed)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.live.lock().remove(self.number);
    }
}

#[cfg(test)]
mod tests;
