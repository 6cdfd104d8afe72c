//! The life of a group: it hears, asks who may be told, tells, and lets go.

use std::collections::{BTreeMap, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::mpsc;
use tokio::task::yield_now;
use tokio::time::Instant;

use super::super::super::compile::On;
use super::super::super::report;
use super::super::super::stream::LogStream;
use super::super::deliveries::SHARED_BY;
use super::super::{StreamClosing, StreamClosingReason, Telling, again_after_outage, at};
use super::cast::{Cast, Kept};
use super::member::{Member, Payload, Told};
use super::{Group, Perform, Shared};
use crate::base::chance::Chance;
use crate::base::clock::Timestamp;
use crate::base::error::{Error, Result as Answer};
use crate::base::facts::Fact;
use crate::base::ids::{MediaId, SessionId, UserId};
use crate::domain::sessions::Viewer;
use crate::platform::drain;
use crate::platform::log::Entry;
use crate::platform::log::together::Heard;

/// Members that are told one after the other before others have their turn: it takes some milliseconds.
const TOLD_AT_ONCE: usize = 256;

/// Some members with their numbers.
type Members = Vec<(u64, Arc<Member>)>;

/// Runs a group until nobody is left.
pub(super) async fn run<S: Shared>(group: Arc<Group>, story: S, heard: mpsc::Receiver<Heard>, perform: Perform) {
    let cast = Cast::new(group.app.clone(), perform);
    let positions: Arc<[i64]> = group.app.live.positions().into();
    let now = group.app.clock.now();
    let running = Running { group: group.clone(), story, heard, cast, positions, last_at: now, leaving: None };
    // Nobody waits for a group that has broken.
    if let Err(panic) = AssertUnwindSafe(running.run()).catch_unwind().await {
        group.breaks(&report::panicked(&group.app.chance, panic.as_ref()));
    }
}

struct Running<S: Shared> {
    group: Arc<Group>,
    story: S,
    heard: mpsc::Receiver<Heard>,
    cast: Cast,
    /// Where the group stands.
    positions: Arc<[i64]>,
    last_at: Timestamp,
    /// Those who are still to leave, when the server stops.
    leaving: Option<VecDeque<(drain::Place, u64)>>,
}

/// What happens next.
enum Next {
    Heard(Heard),
    Due,
    Stops,
    Leaves,
    Deserted,
}

/// An end after which the client comes again.
enum End {
    /// The server stops.
    Drain(drain::Place),
    /// A database is away.
    Outage,
}

impl End {
    /// How long the client waits when the stream has ended, and from now.
    fn again_after(&self, chance: &Chance) -> (Duration, Duration) {
        match self {
            Self::Drain(place) => (place.again_after, place.gone_after + place.again_after),
            Self::Outage => {
                let again_after = again_after_outage(chance);
                (again_after, again_after)
            }
        }
    }
}

/// What is told to whom, and as whom.
struct Scene<S: Shared> {
    members: Members,
    telling: Telling<S::Event>,
    /// What the story remembers of them from then on.
    memory: u8,
}

impl<S: Shared> Running<S> {
    async fn run(mut self) {
        loop {
            match self.next().await {
                Next::Heard(heard) => self.hears(heard).await,
                Next::Due => self.is_due().await,
                Next::Stops => self.stops(),
                Next::Leaves => self.leaves().await,
                Next::Deserted if self.group.ends() => return,
                Next::Deserted => {}
            }
            for number in self.group.together.take_cut_off() {
                self.cut_off(number).await;
            }
        }
    }

    async fn next(&mut self) -> Next {
        let leaves_at = self.leaving.as_ref().and_then(|leaving| leaving.front()).map(|(place, _)| place.leaves_at);
        tokio::select! {
            biased;
            () = self.group.deserted.notified() => Next::Deserted,
            () = self.group.app.drain.begins(), if self.leaving.is_none() => Next::Stops,
            () = at(leaves_at) => Next::Leaves,
            Some(heard) = self.heard.recv() => Next::Heard(heard),
            () = at(self.story.due()) => Next::Due,
        }
    }

    async fn hears(&mut self, heard: Heard) {
        let Heard { entry, positions, listeners } = heard;
        (self.positions, self.last_at) = (positions, entry.recorded_at);
        let members = self.members(&listeners);
        self.group.app.metrics.told(self.group.app.clock.now().since(entry.recorded_at));
        if let Fact::SessionEnded { session, .. } = entry.fact {
            let of_it = |viewer: Option<Viewer>| viewer.is_some_and(|viewer| viewer.session == session);
            for (number, member) in members.into_iter().filter(|(_, member)| of_it(member.viewer)) {
                self.close((number, &member), StreamClosingReason::SessionEnded, None).await;
            }
            return;
        }
        if !members.is_empty() && !self.story.waits_with(&entry) {
            self.tell(members, Some(&entry)).await;
        }
    }

    /// What was held back is told where the log stands, which is behind nobody who has just come.
    async fn is_due(&mut self) {
        let heard = &self.heard;
        if let Some(positions) = self.group.app.live.positions_if(|| heard.is_empty()) {
            self.positions = positions.into();
            let members = self.all();
            self.tell(members, None).await;
        }
    }

    fn members(&self, numbers: &[u64]) -> Members {
        let members = self.group.lock();
        numbers.iter().filter_map(|number| Some((*number, members.get(number)?.clone()))).collect()
    }

    fn all(&self) -> Members {
        self.group.lock().iter().map(|(number, member)| (*number, member.clone())).collect()
    }

    /// Tells some members of an entry, or what was held back.
    async fn tell(&mut self, members: Members, entry: Option<&Entry>) {
        match self.scenes(&members, entry).await {
            Ok(scenes) => {
                for scene in scenes {
                    self.show(scene).await;
                }
            }
            Err(error) => self.cannot_tell(&members, &error).await,
        }
    }

    /// What is told to whom. Those who may be told the same are asked for together, before and after it was looked for:
    /// when that changed in between, each is told as himself.
    async fn scenes(&mut self, members: &Members, entry: Option<&Entry>) -> Answer<Vec<Scene<S>>> {
        let viewers: Vec<Option<Viewer>> = members.iter().map(|(_, member)| member.viewer).collect();
        let before = self.story.alike(&viewers, entry).await?;
        let mut classes: BTreeMap<(i64, u8), Members> = BTreeMap::new();
        for (class, member) in before.iter().zip(members) {
            classes.entry((*class, member.1.memory())).or_default().push(member.clone());
        }
        let story = self.story.clone();
        let scenes = self.each_is_told(classes.into_values().collect(), entry).await?;
        if self.story.alike(&viewers, entry).await? == before {
            return Ok(scenes);
        }
        self.story = story;
        self.each_is_told(members.iter().cloned().map(|member| vec![member]).collect(), entry).await
    }

    async fn each_is_told(&mut self, groups: Vec<Members>, entry: Option<&Entry>) -> Answer<Vec<Scene<S>>> {
        let log = LogStream::at(&self.group.app, &self.positions, self.last_at);
        let (before, mut scenes) = (self.story.clone(), Vec::with_capacity(groups.len()));
        for members in groups {
            let Some((_, first)) = members.first() else { continue };
            let mut story = before.viewed_by(first.viewer, first.memory());
            let telling = match entry {
                Some(entry) => story.tell(&log, entry).await?,
                None => story.held_back(&log).await?,
            };
            scenes.push(Scene { members, memory: story.memory(), telling });
            // Those whom the story ends for do not go on with it.
            if scenes.last().is_some_and(|scene| scene.telling.end.is_none()) {
                self.story = story;
            }
        }
        Ok(scenes)
    }

    async fn show(&mut self, Scene { members, telling, memory }: Scene<S>) {
        let Telling { events, end } = telling;
        for (_, member) in &members {
            member.remembers(memory);
        }
        if !events.is_empty() {
            self.cast.is_for(members.iter().filter_map(|(_, member)| member.viewer));
        }
        let each_alone = self.group.depends.contains(&On::Everything);
        let members = if events.is_empty() { members } else { self.charge(members, (events.len(), each_alone)).await };
        for event in events {
            if each_alone {
                for (_, members) in by_viewer(&members) {
                    self.show_all(&members, event.clone()).await;
                }
                continue;
            }
            match told_apart(&self.group, &self.cast.kept(), &members, S::about(&event)).await {
                Ok(apart) => {
                    for members in apart {
                        self.show_all(&members, event.clone()).await;
                    }
                }
                Err(error) => self.cannot_tell(&members, &error).await,
            }
        }
        if let Some(reason) = end {
            for (number, member) in members {
                self.close((number, &member), reason, None).await;
            }
        }
    }

    /// Charges what is executed for few to their clients. Returns the members that go on; the others are cut off.
    async fn charge(&mut self, members: Members, (events, each_alone): (usize, bool)) -> Members {
        if !each_alone && members.len() > SHARED_BY {
            return members;
        }
        let classes: Vec<Members> =
            if each_alone { by_viewer(&members).into_values().collect() } else { vec![members] };
        let mut charged = Vec::new();
        for class in classes {
            // Members of one viewer are told the same, so their client pays once for all of them.
            let (paying, shared_by) = if each_alone { (1, 1) } else { (class.len(), class.len()) };
            let pays = |member: &Member| self.group.groups.deliveries.charge(member.recipient, events, shared_by);
            let paid: Vec<bool> = class.iter().take(paying).map(|(_, member)| pays(member)).collect();
            for (index, (number, member)) in class.into_iter().enumerate() {
                match paid.get(index).or(paid.first()) {
                    Some(false) => self.cut_off(number).await,
                    _ => charged.push((number, member)),
                }
            }
        }
        charged
    }

    /// Executed and written once, told to all.
    async fn show_all(&mut self, members: &Members, event: S::Event) {
        let Some((_, first)) = members.first() else { return };
        let played = self.cast.plays(first.viewer, event).await.map(|json| self.payload(json));
        for (index, (number, member)) in members.iter().enumerate() {
            if index % TOLD_AT_ONCE == TOLD_AT_ONCE - 1 {
                // What else runs on this thread has its turn.
                yield_now().await;
            }
            match &played {
                Ok(payload) if member.tell(payload, &self.positions) => {}
                Ok(_) => self.cut_off(*number).await,
                Err(rejected) => self.breaks((*number, member), rejected).await,
            }
        }
    }

    fn payload(&self, json: bytes::Bytes) -> Payload {
        let cursor = LogStream::at(&self.group.app, &self.positions, self.last_at).cursor();
        Payload { json, cursor: Some(cursor.0.into()), again_after: None }
    }

    /// An event that cannot be loaded ends these streams: to go on would hide it.
    async fn cannot_tell(&mut self, members: &Members, error: &Error) {
        let rejected = report::failed(&self.group.app.chance, error);
        for (number, member) in members {
            self.breaks((*number, member), &rejected).await;
        }
    }

    /// Ends a stream with an error; or while a database is away, so that the client resumes where it stands.
    async fn breaks(&mut self, (number, member): (u64, &Member), rejected: &report::Rejected) {
        if rejected.code.passes() {
            return self.close((number, member), StreamClosingReason::Unavailable, Some(End::Outage)).await;
        }
        member.tell_last([Told::Broken(rejected.clone())]);
        self.group.leave(number);
    }

    async fn cut_off(&mut self, number: u64) {
        if let Some(member) = self.group.member(number) {
            self.close((number, &member), StreamClosingReason::SlowConsumer, None).await;
        }
    }

    /// Says to one member that it ends, at the position that it was told last, and lets it go.
    async fn close(&mut self, (number, member): (u64, &Member), reason: StreamClosingReason, end: Option<End>) {
        let positions: Vec<i64> = match (reason, &end) {
            (StreamClosingReason::SlowConsumer, _) | (_, Some(End::Outage)) => member.positions().to_vec(),
            // One who has just come may be ahead of the group.
            _ => member.positions().iter().zip(&*self.positions).map(|(own, ours)| *own.max(ours)).collect(),
        };
        let log = LogStream::at(&self.group.app, &positions, self.last_at);
        self.group.app.metrics.closed(reason.name());
        let mut closing = StreamClosing::of(&log, reason);
        let mut again_after: Option<Duration> = None;
        if let Some(end) = end {
            let (after_end, from_now) = end.again_after(&self.group.app.chance);
            closing = closing.again_after(after_end);
            again_after = Some(from_now);
        }
        let played = self.cast.plays(member.viewer, S::Event::from(closing)).await;
        let cursor = Some(log.cursor().0.into());
        match played {
            Ok(json) => member.tell_last([Told::Result(Payload { json, cursor, again_after }), Told::End]),
            Err(rejected) => member.tell_last([Told::Broken(rejected)]),
        }
        self.group.leave(number);
    }

    /// Gives everybody a place in the order in which they leave.
    fn stops(&mut self) {
        let members = self.all().into_iter();
        let mut leaving: Vec<_> = members.map(|(number, _)| (self.group.app.drain.next_place(), number)).collect();
        leaving.sort_unstable_by_key(|(place, _)| place.leaves_at);
        self.leaving = Some(leaving.into());
    }

    /// Those leave whose turn it is. What has come by now is said before, and what was held back: its cursor is behind the
    /// stream already.
    async fn leaves(&mut self) {
        for _ in 0..self.heard.len() {
            if let Ok(heard) = self.heard.try_recv() {
                self.hears(heard).await;
            }
        }
        if self.story.due().is_some() {
            self.is_due().await;
        }
        let now = Instant::now();
        while let Some((place, number)) = self.leaving.as_mut().and_then(VecDeque::pop_front) {
            if place.leaves_at > now {
                self.leaving.get_or_insert_default().push_front((place, number));
                return;
            }
            if let Some(member) = self.group.member(number) {
                self.close((number, &member), StreamClosingReason::Draining, Some(End::Drain(place))).await;
            }
        }
    }
}

/// Members apart by their viewers: what is executed for one of them is the same for all their sockets.
fn by_viewer(members: &Members) -> BTreeMap<Option<(UserId, SessionId)>, Members> {
    let mut apart: BTreeMap<_, Members> = BTreeMap::new();
    for (number, member) in members {
        let viewer = member.viewer.map(|viewer| (viewer.user, viewer.session));
        apart.entry(viewer).or_default().push((*number, member.clone()));
    }
    apart
}

/// Members apart whose answers differ, by what the selection depends on.
async fn told_apart(
    group: &Group,
    kept: &Kept,
    members: &Members,
    about: Option<(MediaId, UserId)>,
) -> Answer<Vec<Members>> {
    let (Some(media), false) = (about, group.depends.is_empty()) else { return Ok(vec![members.clone()]) };
    let mut apart: BTreeMap<Vec<bool>, Members> = BTreeMap::new();
    for (number, member) in members {
        let mut holds = Vec::with_capacity(group.depends.len());
        if let Some(viewer) = member.viewer {
            for on in &group.depends {
                holds.push(kept.holds(&group.app, (*on, viewer), media).await?);
            }
        }
        apart.entry(holds).or_default().push((*number, member.clone()));
    }
    Ok(apart.into_values().collect())
}
