//! Home feeds made ahead: for everybody who comes often, what is in their feed, kept in Redis.
//!
//! A timeline is one string: a head of 24 bytes, then 8 bytes for each entry in the order they came. What must stay true:
//!
//! * Entries are only added to timelines that are there. So a timeline holds everything above its floor, or it is gone.
//! * The head carries the life of Redis in which it was written. One of another life is not believed, because pushes may
//!   have been lost with the end of that life.
//! * A timeline is built beside pushes: a head that says so stands there first and takes pushes; what was read from the
//!   databases meanwhile is written before them, unless that head is gone. So no push is lost, and one that comes twice
//!   is read once.
//!
//! One string because it was measured: it takes the least memory, is read six times faster than a list, and added to in
//! batches it costs little more. `photograph bench timelines` measures it again.

mod entry;
mod scripts;

use std::collections::HashMap;

use bytes::Bytes;

use crate::base::chance::Chance;
use crate::base::config;
use crate::base::ids::{Sharded, UserId};
use crate::platform::redis::{Away, Command, Epoch, Redis, Value};

use entry::{BUILDING, HEAD, TOKEN, head};
pub use entry::{Entry, Timeline};

/// How long a build may take; one that was broken off is begun again after that.
const BUILD_SECONDS: i64 = 10;
/// The last byte of a head.
const HEAD_END: i64 = 23;
/// A read puts the end of a timeline off, but only when so many seconds have gone since the last time.
const RENEW_SECONDS: i64 = 3600;
/// Slots that the keys of timelines are spread over: those of one slot are on one node of a cluster, and pushed to at once.
const SLOTS: u16 = 64;

/// The timelines, when there is a Redis.
#[derive(Debug)]
pub struct Timelines {
    redis: Option<Redis>,
    chance: Chance,
    entries: usize,
    seconds: i64,
}

/// What was found of a timeline.
#[derive(Debug)]
pub enum Found {
    /// It is there.
    Ready(Timeline),
    /// Somebody is building it.
    Building,
    /// It is not there, or of another life.
    Missing,
    /// There is no Redis, or it does not answer.
    Away,
}

/// A build that was begun.
#[derive(Debug)]
pub struct Build {
    user: UserId,
    start: [u8; TOKEN],
}

impl Timelines {
    /// Timelines in a Redis, if there is one.
    #[must_use]
    pub fn open(redis: Option<Redis>, chance: Chance, config: &config::Feed) -> Self {
        let seconds = i64::try_from(config.timeline_days * 86_400).unwrap_or(i64::MAX);
        Self { redis, chance, entries: config.timeline_entries, seconds }
    }

    /// Whether feeds are made ahead at all.
    #[must_use]
    pub fn are_kept(&self) -> bool {
        self.redis.is_some()
    }

    /// How many media a timeline is built with.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.entries
    }

    /// Reads a timeline, which keeps it for another while. Redis that goes away meanwhile is no error.
    pub async fn read(&self, user: UserId) -> Found {
        let Some((redis, epoch)) = self.reach() else { return Found::Away };
        let key = name(redis, user);
        let read = vec![Command::on("GET", key.as_str()), Command::on("TTL", key.as_str())];
        let Ok((value, left)) = redis.send_all::<(Value, i64)>(read).await else { return Found::Away };
        let Some(bytes) = value.as_bytes().filter(|bytes| is_of(bytes, epoch)) else { return Found::Missing };
        let Some(timeline) = Timeline::read(bytes) else { return Found::Building };
        if timeline.media.len() > self.entries + self.entries / 4 {
            return Found::Ready(self.trim(redis, epoch, (user, bytes), timeline).await);
        }
        if left < self.seconds - RENEW_SECONDS {
            let renew = Command::on("EXPIRE", key).with(self.seconds);
            let _ = redis.send::<Value>(renew).await;
        }
        Found::Ready(timeline)
    }

    /// Whether a timeline is being built.
    pub async fn is_building(&self, user: UserId) -> bool {
        let Some((redis, epoch)) = self.reach() else { return false };
        let head = Command::on("GETRANGE", name(redis, user)).with(0).with(HEAD_END);
        let Ok(value) = redis.send::<Value>(head).await else { return false };
        value.as_bytes().is_some_and(|bytes| is_of(bytes, epoch) && Timeline::read(bytes).is_none())
    }

    /// Whether a timeline is there, whatever is in it.
    ///
    /// # Errors
    /// When Redis is away.
    pub async fn is_kept(&self, user: UserId) -> Result<bool, Away> {
        let Some(redis) = &self.redis else { return Ok(false) };
        redis.send(Command::on("EXISTS", name(redis, user))).await
    }

    /// Begins to build a timeline; pushes reach it from now on. `None` when it is there or somebody else began, and when
    /// Redis is away.
    pub async fn begin(&self, user: UserId) -> Option<Build> {
        let (redis, epoch) = self.reach()?;
        let start = self.start(epoch);
        let begin = Command::script(scripts::BEGIN, name(redis, user))
            .with(&epoch.0.to_be_bytes()[..])
            .with(Bytes::copy_from_slice(&head(start, BUILDING)))
            .with(BUILD_SECONDS);
        let begun: i64 = redis.send(begin).await.ok()?;
        (begun == 1).then_some(Build { user, start })
    }

    /// Ends a build with what was read after it began. `None` when the timeline was dropped since, or Redis went away: then
    /// nothing was written.
    pub async fn finish(&self, build: Build, timeline: &Timeline) -> Option<Timeline> {
        let (redis, _) = self.reach()?;
        let built = timeline.write(build.start);
        let finish = Command::script(scripts::FINISH, name(redis, build.user))
            .with(&build.start[..])
            .with(Bytes::from(built))
            .with(self.seconds);
        let value: Value = redis.send(finish).await.ok()?;
        Timeline::read(value.as_bytes()?)
    }

    /// Adds an entry to the timelines of these users, where there are any. One that doubled without being read is dropped.
    ///
    /// # Errors
    /// When Redis is away; some have it then, and it is to be done again.
    pub async fn push(&self, users: &[UserId], entry: Entry) -> Result<(), Away> {
        let Some(redis) = &self.redis else { return Ok(()) };
        let mut slots: HashMap<u16, Vec<Value>> = HashMap::new();
        for user in users {
            slots.entry(slot(*user)).or_default().push(name(redis, *user).into());
        }
        let most = i64::try_from(HEAD + 16 * self.entries).unwrap_or(i64::MAX);
        let pushes =
            slots.into_values().map(|keys| Command::script_on(scripts::PUSH, keys).with(&entry.bytes()[..]).with(most));
        redis.send_all::<Value>(pushes.collect()).await.map(|_| ())
    }

    /// Drops a timeline: it is built again at the next read.
    ///
    /// # Errors
    /// When Redis is away: it may be there again with the timeline in it, so this is to be done again.
    pub async fn drop(&self, user: UserId) -> Result<(), Away> {
        let Some(redis) = &self.redis else { return Ok(()) };
        redis.send::<Value>(Command::on("UNLINK", name(redis, user))).await.map(|_| ())
    }

    /// Cuts a timeline to its size, unless something came in since it was read.
    async fn trim(&self, redis: &Redis, epoch: Epoch, read: (UserId, &[u8]), mut timeline: Timeline) -> Timeline {
        timeline.cut(self.entries);
        let (user, bytes) = read;
        let trim = Command::script(scripts::TRIM, name(redis, user))
            .with(&bytes[..TOKEN])
            .with(i64::try_from(bytes.len()).unwrap_or(i64::MAX))
            .with(Bytes::from(timeline.write(self.start(epoch))))
            .with(self.seconds);
        let _ = redis.send::<Value>(trim).await;
        timeline
    }

    fn reach(&self) -> Option<(&Redis, Epoch)> {
        let redis = self.redis.as_ref()?;
        Some((redis, redis.epoch()?))
    }

    /// What a head begins with: the life of Redis, and a name for this writing that no other has.
    fn start(&self, epoch: Epoch) -> [u8; TOKEN] {
        let mut start = [0; TOKEN];
        start[..8].copy_from_slice(&epoch.0.to_be_bytes());
        start[8..].copy_from_slice(&self.chance.bytes::<8>());
        start
    }
}

fn is_of(bytes: &[u8], epoch: Epoch) -> bool {
    bytes.starts_with(&epoch.0.to_be_bytes())
}

fn slot(user: UserId) -> u16 {
    user.shard().number() % SLOTS
}

/// What stands in braces decides on which node of a cluster a key is.
fn name(redis: &Redis, user: UserId) -> String {
    redis.name(&format!("timeline:{{{}}}:{}", slot(user), user.0))
}
