//! Counting what may be done only so often: by all processes together where there is a Redis, else by each for itself.
//!
//! While Redis is away each process counts in its memory, and what is counted begins anew when Redis goes, comes or is
//! emptied. So a bound holds for one process and one life of Redis; it slows down, and nothing else may depend on it.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ring::digest::{SHA256, digest};

use crate::base::clock::Timestamp;
use crate::platform::redis::{Away, Command, FromValue, Redis};

/// Counters in the memory of a process at once, about 10 MB. Beyond, the counter goes whose window ends first.
const REMEMBERED: usize = 100_000;

/// What may be done `most` times within `window` of the first of them.
#[derive(Clone, Copy, Debug)]
pub struct Bound {
    /// How often.
    pub most: u32,
    /// Within how long.
    pub window: Duration,
}

/// Counters, each with a name.
#[derive(Debug)]
pub struct Counters {
    redis: Option<Redis>,
    memory: Mutex<Memory>,
}

/// The hash of a counter's name: of the same length for all, and nobody reads in Redis whose address it is.
type Key = u128;

/// The counters of this process.
#[derive(Debug, Default)]
struct Memory {
    counters: HashMap<Key, Counter>,
    /// The same by the end of their windows.
    by_end: BTreeSet<(Timestamp, Key)>,
}

#[derive(Clone, Copy, Debug)]
struct Counter {
    count: u32,
    ends_at: Timestamp,
}

/// Counts `ARGV[4]` more unless the bound is reached. The first answer is whether it was, the second when the first was
/// counted. The time is the caller's; that of Redis only tidies up.
const COUNT: &str = "
    local count, first = unpack(redis.call('HMGET', KEYS[1], 'count', 'first'))
    local now, window, most, more = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
    if not count or not first or now - tonumber(first) >= window then
        redis.call('DEL', KEYS[1])
        count, first = 0, ARGV[1]
    end
    if tonumber(count) >= most then return { 1, tonumber(first) } end
    if more > 0 then
        redis.call('HSET', KEYS[1], 'count', tonumber(count) + more, 'first', first)
        redis.call('PEXPIRE', KEYS[1], window)
    end
    return { 0, tonumber(first) }";

impl Counters {
    /// Counters in Redis, or in memory when there is none.
    #[must_use]
    pub fn open(redis: Option<Redis>) -> Self {
        Self { redis, memory: Mutex::default() }
    }

    /// Counts one more of something.
    ///
    /// # Errors
    /// From when on it may be done again, when it was done too often; it is not counted then.
    pub async fn count(&self, now: Timestamp, name: &str, bound: Bound) -> Result<(), Timestamp> {
        self.add(now, name, bound, 1).await
    }

    /// Checks whether one more of something would be counted, and counts nothing.
    ///
    /// # Errors
    /// From when on it may be done again, when it was done too often.
    pub async fn check(&self, now: Timestamp, name: &str, bound: Bound) -> Result<(), Timestamp> {
        self.add(now, name, bound, 0).await
    }

    /// Forgets how often something was done.
    pub async fn forget(&self, name: &str) {
        let key = key(name);
        self.lock().remove(key);
        let _: Option<i64> = self.ask(key, |key| Command::on("DEL", key)).await;
    }

    async fn add(&self, now: Timestamp, name: &str, bound: Bound, more: u32) -> Result<(), Timestamp> {
        let (key, window) = (key(name), i64::try_from(bound.window.as_millis()).unwrap_or(i64::MAX));
        let command = |key| {
            let command = Command::script(COUNT, key).with(now.0).with(window);
            command.with(i64::from(bound.most)).with(i64::from(more))
        };
        let answer: Option<(i64, i64)> = self.ask(key, command).await;
        match answer {
            Some((0, _)) => Ok(()),
            Some((_, first)) => Err(Timestamp(first).after(bound.window)),
            None => self.lock().add(now, key, bound, more),
        }
    }

    /// What Redis answers; nothing when there is none or it is away.
    async fn ask<R: FromValue>(&self, key: Key, command: impl FnOnce(String) -> Command) -> Option<R> {
        let redis = self.redis.as_ref()?;
        let answer: Result<R, Away> = redis.send(command(redis.name(&format!("count:{key:032x}")))).await;
        answer.inspect_err(|error| tracing::debug!(%error, "a counter is kept in memory")).ok()
    }

    fn lock(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(name: &str) -> Key {
    let hash = digest(&SHA256, name.as_bytes());
    hash.as_ref().iter().take(16).fold(0, |number, byte| number << 8 | u128::from(*byte))
}

impl Memory {
    fn add(&mut self, now: Timestamp, key: Key, bound: Bound, more: u32) -> Result<(), Timestamp> {
        self.forget_ended(now);
        let begun = Counter { count: 0, ends_at: now.after(bound.window) };
        let counter = self.counters.get(&key).copied().unwrap_or(begun);
        if counter.count >= bound.most {
            return Err(counter.ends_at);
        }
        if more > 0 {
            self.put(key, Counter { count: counter.count + more, ..counter });
        }
        Ok(())
    }

    fn forget_ended(&mut self, now: Timestamp) {
        while let Some((_, key)) = self.by_end.first().copied().filter(|(ends_at, _)| *ends_at <= now) {
            self.remove(key);
        }
    }

    fn put(&mut self, key: Key, counter: Counter) {
        while self.counters.len() >= REMEMBERED && !self.counters.contains_key(&key) {
            let Some((_, first)) = self.by_end.first().copied() else { break };
            self.remove(first);
        }
        self.counters.insert(key, counter);
        self.by_end.insert((counter.ends_at, key));
    }

    fn remove(&mut self, key: Key) {
        if let Some(counter) = self.counters.remove(&key) {
            self.by_end.remove(&(counter.ends_at, key));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn so_often_and_not_more_until_the_time_is_over() {
        let (counters, bound) = (Counters::open(None), Bound { most: 2, window: Duration::from_mins(1) });
        let count = async |now| counters.count(Timestamp(now), "ada", bound).await;
        let check = async |now| counters.check(Timestamp(now), "ada", bound).await;
        assert_eq!([check(0).await, check(0).await, check(0).await], [Ok(()); 3]);
        assert_eq!([count(0).await, count(1000).await], [Ok(()), Ok(())]);
        assert_eq!([count(2000).await, check(2000).await], [Err(Timestamp(60_000)); 2]);
        assert_eq!(counters.count(Timestamp(2000), "bob", bound).await, Ok(()));
        assert_eq!([check(60_000).await, count(60_000).await], [Ok(()), Ok(())]);
        counters.forget("ada").await;
        assert_eq!([count(60_000).await, count(60_000).await], [Ok(()), Ok(())]);
        assert_eq!(count(60_000).await, Err(Timestamp(120_000)));
    }

    #[test]
    fn memory_is_bounded_and_the_oldest_counter_goes_first() {
        let (mut memory, bound) = (Memory::default(), Bound { most: 1, window: Duration::from_mins(1) });
        let last = REMEMBERED + 9;
        for number in 0..=last {
            let now = Timestamp(i64::try_from(number / 10_000).unwrap());
            assert_eq!(memory.add(now, number as Key, bound, 1), Ok(()));
        }
        assert_eq!((memory.counters.len(), memory.by_end.len()), (REMEMBERED, REMEMBERED));
        let now = Timestamp(11);
        let is_full = |memory: &mut Memory, number: usize| memory.add(now, number as Key, bound, 0).is_err();
        assert_eq!([0, 9, 10, last].map(|number| is_full(&mut memory, number)), [false, false, true, true]);
        assert_eq!(memory.add(Timestamp(61_000), 0, bound, 0), Ok(()));
        assert!(memory.counters.is_empty() && memory.by_end.is_empty(), "what has ended is gone");
    }
}
