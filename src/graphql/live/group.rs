//! Subscriptions that ask for the same: what happens is looked at once for all of them. Who may see it is asked for all of
//! them together, at delivery; those who may are told the same, executed and written once, or, where the selection depends
//! on the viewer, once for each of them with what was loaded once.
//!
//! A subscription begins by itself: it says that it is open and what it missed, up to where it attached. What happens from
//! there on waits for it in the group, and then the group goes on with it.

mod cast;
mod member;
mod runs;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_graphql::Response;
use async_graphql::futures_util::stream::BoxStream;
use tokio::sync::Notify;

use super::super::compile::{GroupKey, On};
use super::super::report::Rejected;
use super::super::stream::LogStream;
use super::deliveries::Deliveries;
use super::{Listening, Story};
use crate::app::App;
use crate::base::error::Result as Answer;
use crate::base::facts::Topic;
use crate::base::ids::{MediaId, UserId};
use crate::domain::sessions::Viewer;
use crate::platform::log::Entry;
use crate::platform::log::together::Together;
use crate::platform::telemetry::metrics::Counted;

pub use cast::{Kept, Stage};
use member::Member;
pub use member::{Ear, Membership, Payload, Told};

/// The results of an operation.
pub type Results = BoxStream<'static, Result<Response, Rejected>>;
/// Executes a group's operation with the events that are put on a stage.
pub type Perform = Arc<dyn Fn(Arc<Stage>) -> Results + Send + Sync>;

/// A story that can be told to many at once.
pub(super) trait Shared: Story<Event: Clone + Sync> + Clone + Sync {
    /// The same story for another viewer, of whom it remembers this.
    fn viewed_by(&self, viewer: Option<Viewer>, memory: u8) -> Self;

    /// What it remembers of its viewer from one entry to the next.
    fn memory(&self) -> u8 {
        0
    }

    /// What the viewers have in common who may be told the same of an entry: one number for each viewer. Asked from the
    /// truth, for all of them together.
    fn alike(&self, viewers: &[Option<Viewer>], entry: Option<&Entry>)
    -> impl Future<Output = Answer<Vec<i64>>> + Send;

    /// The media that an event is about, and its owner.
    fn about(event: &Self::Event) -> Option<(MediaId, UserId)>;

    /// Whether nothing is told of an entry now, and later together with others.
    fn waits_with(&mut self, _entry: &Entry) -> bool {
        false
    }
}

/// The groups of a process.
#[derive(Default)]
pub struct Groups {
    all: Mutex<HashMap<GroupKey, Arc<Group>>>,
    /// What is executed for single clients, in groups and outside of them.
    pub(super) deliveries: Deliveries,
}

/// Those who ask for the same.
pub struct Group {
    app: Arc<App>,
    groups: Arc<Groups>,
    key: GroupKey,
    /// What of the viewer the selection depends on.
    depends: BTreeSet<On>,
    together: Arc<Together>,
    members: Mutex<HashMap<u64, Arc<Member>>>,
    /// Told when nobody is left.
    deserted: Notify,
}

/// A subscription that may go on in a group.
pub struct Joining {
    /// The groups of this process.
    pub groups: Arc<Groups>,
    /// What those have in common who are in one group.
    pub key: GroupKey,
    /// What of the viewer the selection depends on.
    pub depends: BTreeSet<On>,
    /// How the group's operation is executed.
    pub perform: Perform,
    joined: Mutex<Option<Membership>>,
    is_handed_over: AtomicBool,
}

impl Joining {
    /// One for a group.
    #[must_use]
    pub fn new(groups: Arc<Groups>, (key, depends): (GroupKey, BTreeSet<On>), perform: Perform) -> Self {
        Self { groups, key, depends, perform, joined: Mutex::default(), is_handed_over: AtomicBool::new(false) }
    }

    /// The membership, once all that was missed is told.
    #[must_use]
    pub fn take(&self) -> Option<Membership> {
        if !self.is_handed_over.load(Ordering::Acquire) {
            return None;
        }
        self.joined.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Joins the group, which is made when there is none, and tells what was missed until then. `None` for a position that
    /// is ahead of this process. Who `follows` hears of the media of those whom they begin to follow.
    pub(super) async fn join<S: Shared>(
        &self,
        listening: &Listening,
        (topics, follows): (&[Topic], Option<UserId>),
        story: &S,
    ) -> Answer<Option<LogStream>> {
        let membership = self.groups.join(self, listening, (topics, follows, story));
        let log = LogStream::until(&listening.app, membership.from(), topics, listening.after.as_ref()).await?;
        if !log.is_within(membership.from()) {
            return Ok(None);
        }
        *self.joined.lock().unwrap_or_else(PoisonError::into_inner) = Some(membership);
        Ok(Some(log))
    }

    /// All that was missed is told: the group goes on.
    pub(super) fn hands_over(&self, counted: Option<Counted>) {
        if let Some(joined) = self.joined.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            joined.counts(counted);
        }
        self.is_handed_over.store(true, Ordering::Release);
    }
}

impl Groups {
    /// Under the lock of all groups, so that nobody joins a group that has just ended.
    fn join<S: Shared>(
        self: &Arc<Self>,
        joining: &Joining,
        listening: &Listening,
        (topics, follows, story): (&[Topic], Option<UserId>, &S),
    ) -> Membership {
        let mut all = self.lock();
        let group = all.entry(joining.key).or_insert_with(|| self.begin(joining, listening, story));
        let topics = listening.with_session(topics);
        // Under the lock of its members, so that the group knows who hears before it hears.
        let mut members = group.lock();
        let place = listening.app.live.listen_with(&group.together, topics, follows);
        let most = listening.app.config.websocket.queue;
        let member =
            Member::new((listening.viewer, listening.recipient, story.memory()), place.from.as_slice().into(), most);
        let member = Arc::new(member);
        members.insert(place.number, member.clone());
        drop(members);
        Membership::new(group.clone(), member, place)
    }

    fn begin<S: Shared>(self: &Arc<Self>, joining: &Joining, listening: &Listening, story: &S) -> Arc<Group> {
        let (together, heard) = Together::new();
        let group = Arc::new(Group {
            app: listening.app.clone(),
            groups: self.clone(),
            key: joining.key,
            depends: joining.depends.clone(),
            together,
            members: Mutex::default(),
            deserted: Notify::new(),
        });
        tokio::spawn(runs::run(group.clone(), story.clone(), heard, joining.perform.clone()));
        group
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<GroupKey, Arc<Group>>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Group {
    /// Ends the group when nobody is left.
    fn ends(&self) -> bool {
        let mut all = self.groups.lock();
        let is_empty = self.lock().is_empty();
        if is_empty {
            all.remove(&self.key);
        }
        is_empty
    }

    /// Ends the group and tells all members why.
    fn breaks(&self, rejected: &Rejected) {
        let mut all = self.groups.lock();
        all.remove(&self.key);
        for (_, member) in self.lock().drain() {
            member.tell_last([Told::Broken(rejected.clone())]);
        }
    }

    fn member(&self, number: u64) -> Option<Arc<Member>> {
        self.lock().get(&number).cloned()
    }

    fn leave(&self, number: u64) {
        let mut members = self.lock();
        members.remove(&number);
        if members.is_empty() {
            self.deserted.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Arc<Member>>> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
