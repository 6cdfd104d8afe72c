//! The core of every live stream: where it starts, what was missed, what comes, and when it ends.
//!
//! A stream attaches to the tail first, then reads the log from its cursor to where it attached, then goes on with what
//! the tail delivers: everything after the cursor, in order, once — or an honest gap, and never a part.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::scalars::StreamCursor;
use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::error::Result;
use crate::base::facts::Topic;
use crate::platform::db::Database;
use crate::platform::log::cursor::{self, VERSION, mark};
use crate::platform::log::live::{Listener, Live};
use crate::platform::log::{self, Entry};

/// Entries sent again on one stream at most; a client that missed more reads the state anew.
const REPLAY: usize = 500;
/// Entries of a log looked through for one stream at most.
const SCANNED: i64 = 50_000;
/// Entries read at once.
const PAGE: u64 = 500;

/// Where all logs stood when an operation began.
#[derive(Clone, Debug)]
pub struct Start {
    identity: String,
    positions: Vec<i64>,
}

impl Start {
    /// Now.
    #[must_use]
    pub fn of(app: &App) -> Self {
        Self { identity: app.live.identity().to_owned(), positions: app.live.positions() }
    }

    /// As clients see it.
    #[must_use]
    pub fn cursor(&self) -> StreamCursor {
        encode(&self.identity, &self.positions)
    }
}

/// Whether what was missed follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// No position was given.
    New,
    /// Everything since the position follows.
    Recovered,
    /// Not everything can be sent again, so nothing is.
    Gap(GapReason),
}

/// Why what was missed cannot be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GapReason {
    /// The position is older than what is kept.
    Expired,
    /// Too much happened since.
    TooMuch,
    /// The position is not one of this server.
    Unknown,
}

/// How far a client has come in a stream, between the stream and the transport that carries it.
#[derive(Debug, Default)]
pub struct Bookmark {
    from: Option<StreamCursor>,
    place: Mutex<Mark>,
}

#[derive(Clone, Debug, Default)]
struct Mark {
    at: Option<StreamCursor>,
    again_after: Option<Duration>,
}

impl Bookmark {
    /// That of a client whose transport knows what it heard last, or not.
    #[must_use]
    pub fn new(from: Option<String>) -> Self {
        Self { from: from.filter(|from| !from.is_empty()).map(StreamCursor), place: Mutex::default() }
    }

    /// What the client heard last, as its transport knows it.
    #[must_use]
    pub fn from(&self) -> Option<&StreamCursor> {
        self.from.as_ref()
    }

    /// The cursor of the event that was told last.
    #[must_use]
    pub fn at(&self) -> Option<StreamCursor> {
        self.lock().at.clone()
    }

    /// When to come again, of a client that does not read events but does what its transport says.
    #[must_use]
    pub fn again_after(&self) -> Option<Duration> {
        self.lock().again_after
    }

    /// Notes the cursor of the event that is told now.
    pub fn moves_to(&self, cursor: StreamCursor) {
        self.lock().at = Some(cursor);
    }

    /// Notes when the client is to come again.
    pub fn comes_again(&self, after: Duration) {
        self.lock().again_after = Some(after);
    }

    fn lock(&self) -> MutexGuard<'_, Mark> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A live stream over the log.
#[derive(Debug)]
pub struct LogStream {
    live: Arc<Live>,
    /// None for one that only tells what was missed.
    listener: Option<Listener>,
    missed: VecDeque<Arc<Entry>>,
    seen: Vec<i64>,
    /// Whether what was missed follows.
    pub recovery: Recovery,
    /// When it opened.
    pub opened_at: Timestamp,
    last_at: Timestamp,
}

impl LogStream {
    /// Goes on after a position with what a listener hears.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn open(app: &App, listener: Listener, topics: &[Topic], after: Option<&StreamCursor>) -> Result<Self> {
        let stream = Self::until(app, &listener.from, topics, after).await?;
        Ok(Self { listener: Some(listener), ..stream })
    }

    /// Tells what happened between a position and another, where somebody else goes on.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn until(app: &App, until: &[i64], topics: &[Topic], after: Option<&StreamCursor>) -> Result<Self> {
        let (recovery, missed) = match after {
            None => (Recovery::New, VecDeque::new()),
            Some(cursor) => match missed(app, until, topics, cursor).await? {
                Ok(missed) => (Recovery::Recovered, missed),
                Err(reason) => (Recovery::Gap(reason), VecDeque::new()),
            },
        };
        let mut seen = until.to_vec();
        if let (Recovery::Recovered, Some(from)) = (recovery, after.and_then(|cursor| decode(app, cursor))) {
            seen = from;
        }
        for entry in &missed {
            seen[entry.database] = seen[entry.database].min(entry.position - 1);
        }
        let opened_at = app.clock.now();
        Ok(Self { live: app.live.clone(), listener: None, missed, seen, recovery, opened_at, last_at: opened_at })
    }

    /// Where some who listen together stand.
    #[must_use]
    pub fn at(app: &App, positions: &[i64], last_at: Timestamp) -> Self {
        let (missed, seen) = (VecDeque::new(), positions.to_vec());
        let (live, recovery) = (app.live.clone(), Recovery::New);
        Self { live, listener: None, missed, seen, recovery, opened_at: last_at, last_at }
    }

    /// Whether nothing lies before these positions that was not seen: a position taken on a process that was ahead of
    /// this one is beyond them.
    #[must_use]
    pub fn is_within(&self, positions: &[i64]) -> bool {
        self.seen.iter().zip(positions).all(|(seen, position)| seen <= position)
    }

    /// Whether all that was missed is told, and somebody else goes on.
    #[must_use]
    pub fn is_told(&self) -> bool {
        self.listener.is_none() && self.missed.is_empty()
    }

    /// Whether what comes next was not missed, but happens now.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.missed.is_empty()
    }

    /// The next entry; `None` when the reader was too slow and was cut off.
    pub async fn next(&mut self) -> Option<Arc<Entry>> {
        loop {
            let entry = match self.missed.pop_front() {
                Some(entry) => entry,
                None => match &mut self.listener {
                    Some(listener) => listener.next().await?,
                    None => std::future::pending().await,
                },
            };
            if entry.position == Entry::BESIDE {
                return Some(entry);
            }
            // A position taken on a process that was ahead of this one: what lies before it was seen.
            if entry.position > self.seen[entry.database] {
                self.seen[entry.database] = entry.position;
                self.last_at = entry.recorded_at;
                return Some(entry);
            }
        }
    }

    /// When the last entry was recorded, or the stream opened.
    #[must_use]
    pub fn last_at(&self) -> Timestamp {
        self.last_at
    }

    /// How far it has come in each log.
    #[must_use]
    pub fn positions(&self) -> &[i64] {
        &self.seen
    }

    /// Stands where it stood before. What came since is not read again on this stream, which is about to end.
    pub fn returns_to(&mut self, positions: &[i64]) {
        self.seen = positions.to_vec();
    }

    /// The position to go on after.
    #[must_use]
    pub fn cursor(&self) -> StreamCursor {
        encode(self.live.identity(), &self.seen)
    }
}

type Missed = std::result::Result<VecDeque<Arc<Entry>>, GapReason>;

/// The entries of some topics between a cursor and where the listener attached.
async fn missed(app: &App, attached: &[i64], topics: &[Topic], cursor: &StreamCursor) -> Result<Missed> {
    let Some(from) = decode(app, cursor) else { return Ok(Err(GapReason::Unknown)) };
    let topics: HashSet<Topic> = topics.iter().copied().collect();
    let mut logs = Vec::new();
    for (database, (after, until)) in app.db.databases().iter().zip(from.into_iter().zip(attached)) {
        match missed_of((app, database), (after, *until), &topics).await? {
            Ok(mut entries) => {
                if let Some(entry) = told_again((app, database), after, &topics).await? {
                    entries.push_front(entry);
                }
                logs.push(entries);
            }
            Err(reason) => return Ok(Err(reason)),
        }
    }
    let is_much = logs.iter().map(VecDeque::len).sum::<usize>() > REPLAY;
    Ok(if is_much { Err(GapReason::TooMuch) } else { Ok(merged(logs)) })
}

/// The same of one database. Positions are dense, so a hole is something that was forgotten.
async fn missed_of(
    (app, database): (&App, &Database),
    (after, until): (i64, i64),
    topics: &HashSet<Topic>,
) -> Result<Missed> {
    // What this process has delivered is there.
    if after > until && after > log::position(database).await? {
        return Ok(Err(GapReason::Unknown));
    }
    if until - after > SCANNED {
        return Ok(Err(GapReason::TooMuch));
    }
    let wanted = |entry: &Entry| entry.fact.topics().iter().any(|topic| topics.contains(topic));
    if let Some(recent) = app.live.recent(database.number, (after, until)).filter(|recent| is_kept(app, recent)) {
        return Ok(Ok(recent.into_iter().filter(|entry| wanted(entry)).collect()));
    }
    let (mut found, mut at) = (VecDeque::new(), after);
    while at < until {
        let page = log::read(database, at, PAGE).await?;
        if page.first().is_none_or(|first| first.position != at + 1) {
            return Ok(Err(GapReason::Expired));
        }
        at += i64::try_from(page.len()).unwrap_or(0);
        found.extend(page.into_iter().filter(|entry| entry.position <= until && wanted(entry)).map(Arc::new));
        if found.len() > REPLAY {
            return Ok(Err(GapReason::TooMuch));
        }
    }
    Ok(Ok(found))
}

/// The entry at a position, when it took away so much that who stands there may have heard a part of it. What is gone is
/// gone however often that is told.
async fn told_again(
    (app, database): (&App, &Database),
    position: i64,
    topics: &HashSet<Topic>,
) -> Result<Option<Arc<Entry>>> {
    let before = position - 1;
    let entry = match app.live.recent(database.number, (before, position)) {
        Some(recent) => recent.into_iter().next(),
        None => log::read(database, before, 1).await?.into_iter().next().map(Arc::new),
    };
    let concerns = |entry: &Arc<Entry>| {
        entry.position == position
            && entry.fact.takes_away()
            && entry.fact.topics().iter().any(|topic| topics.contains(topic))
    };
    Ok(entry.filter(concerns))
}

/// Whether entries are not older than what a log keeps.
fn is_kept(app: &App, entries: &[Arc<Entry>]) -> bool {
    let keep = Duration::from_secs(app.config.log.keep_hours * 60 * 60);
    entries.first().is_none_or(|first| app.clock.now().since(first.recorded_at) < keep)
}

/// Several logs as one, by time; what one log holds stays in its order, whatever the clocks said.
fn merged(mut logs: Vec<VecDeque<Arc<Entry>>>) -> VecDeque<Arc<Entry>> {
    let mut all = VecDeque::new();
    loop {
        let oldest = logs.iter_mut().filter(|log| !log.is_empty()).min_by_key(|log| log[0].recorded_at);
        match oldest.and_then(VecDeque::pop_front) {
            Some(entry) => all.push_back(entry),
            None => return all,
        }
    }
}

fn encode(identity: &str, positions: &[i64]) -> StreamCursor {
    StreamCursor(cursor::encode(identity, positions))
}

/// Base58 digits that eight bytes need at most.
const LONGEST: usize = 11;

fn decode(app: &App, cursor: &StreamCursor) -> Option<Vec<i64>> {
    let databases = app.db.databases().len();
    // Taking base58 apart costs the square of its length: nothing longer than a cursor of ours is looked at.
    if cursor.0.len() > LONGEST * (databases + 1) {
        return None;
    }
    let bytes = bs58::decode(&cursor.0).into_vec().ok()?;
    let positions = bytes.strip_prefix(&[VERSION])?.strip_prefix(&mark(app.live.identity()))?;
    let positions: Vec<i64> =
        positions.chunks(8).filter_map(|bytes| Some(i64::from_be_bytes(bytes.try_into().ok()?))).collect();
    (positions.len() == databases && positions.iter().all(|position| *position >= 0)).then_some(positions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_carries_the_server_and_every_position() {
        let cursor = encode("ours", &[3, 4711]);
        assert_ne!(cursor.0, encode("theirs", &[3, 4711]).0);
        let bytes = bs58::decode(cursor.0).into_vec().unwrap();
        assert_eq!(bytes.len(), 1 + 4 + 16);
        assert_eq!(bytes[1..5], mark("ours"));
    }
}
