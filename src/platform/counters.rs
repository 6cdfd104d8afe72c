//! Counting what may be done only so often: by all processes together where there is a Redis, else by each for itself.
//!
//! While Redis is away each process counts in its memory, and what is counted begins anew when Redis goes, comes or is
//! emptied. So a bound holds for one process and one life of Redis; it slows down, and nothing else may depend on it.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ring::digest::{SHA256, digest};

use crate::base::clock::Timestamp;
use crate::platform::redis::{Away, Command, FromValue, Redis};

/// Names remembered in memory at once; beyond, those whose time is over are forgotten first, then all.
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

/// How often something was done, and when for the first time.
type Memory = HashMap<String, (u32, Timestamp)>;

/// Counts one more unless that is too many. The first answer is whether it was, the second when the first was done. The
/// time is the caller's; that of Redis only tidies up.
const COUNT: &str = "
    local count, first = unpack(redis.call('HMGET', KEYS[1], 'count', 'first'))
    local now, window, most = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
    if not count or not first or now - tonumber(first) >= window then
        redis.call('DEL', KEYS[1])
        count, first = 0, ARGV[1]
    end
    if tonumber(count) >= most then return { 1, tonumber(first) } end
    redis.call('HSET', KEYS[1], 'count', tonumber(count) + 1, 'first', first)
    redis.call('PEXPIRE', KEYS[1], window)
    return { 0, tonumber(first) }";

/// Counts one less, of what is counted at all.
const TAKE_BACK: &str = "
    if tonumber(redis.call('HGET', KEYS[1], 'count') or 0) > 0 then
        redis.call('HINCRBY', KEYS[1], 'count', -1)
    end
    return 0";

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
        let window = i64::try_from(bound.window.as_millis()).unwrap_or(i64::MAX);
        let command = |key| Command::script(COUNT, key).with(now.0).with(window).with(i64::from(bound.most));
        let answer: Option<(i64, i64)> = self.ask(name, command).await;
        match answer {
            Some((0, _)) => Ok(()),
            Some((_, first)) => Err(Timestamp(first).after(bound.window)),
            None => self.count_in_memory(now, name, bound),
        }
    }

    /// Takes one back that was not done after all.
    pub async fn take_back(&self, name: &str) {
        if let Some(entry) = self.lock().get_mut(name) {
            entry.0 = entry.0.saturating_sub(1);
        }
        let _: Option<i64> = self.ask(name, |key| Command::script(TAKE_BACK, key)).await;
    }

    /// Forgets how often something was done.
    pub async fn forget(&self, name: &str) {
        self.lock().remove(name);
        let _: Option<i64> = self.ask(name, |key| Command::on("DEL", key)).await;
    }

    /// What Redis answers; nothing when there is none or it is away.
    async fn ask<R: FromValue>(&self, name: &str, command: impl FnOnce(String) -> Command) -> Option<R> {
        let redis = self.redis.as_ref()?;
        let answer: Result<R, Away> = redis.send(command(key(redis, name))).await;
        answer.inspect_err(|error| tracing::debug!(%error, "a counter is kept in memory")).ok()
    }

    fn count_in_memory(&self, now: Timestamp, name: &str, bound: Bound) -> Result<(), Timestamp> {
        let mut memory = self.lock();
        make_room(&mut memory, now, bound.window);
        let entry = memory.entry(name.to_owned()).or_insert((0, now));
        if now.since(entry.1) >= bound.window {
            *entry = (0, now);
        }
        if entry.0 >= bound.most {
            return Err(entry.1.after(bound.window));
        }
        entry.0 += 1;
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A name can be somebody's address, and Redis is read by many: only its fingerprint is written there.
fn key(redis: &Redis, name: &str) -> String {
    let fingerprint = digest(&SHA256, name.as_bytes());
    let number = fingerprint.as_ref().iter().take(16).fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
    redis.name(&format!("count:{number:032x}"))
}

fn make_room(memory: &mut Memory, now: Timestamp, window: Duration) {
    if memory.len() >= REMEMBERED {
        memory.retain(|_, (_, first)| now.since(*first) < window);
    }
    if memory.len() >= REMEMBERED {
        memory.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn so_often_and_not_more_until_the_time_is_over() {
        let (counters, bound) = (Counters::open(None), Bound { most: 2, window: Duration::from_mins(1) });
        let count = async |now| counters.count(Timestamp(now), "ada", bound).await;
        assert_eq!([count(0).await, count(1000).await], [Ok(()), Ok(())]);
        assert_eq!(count(2000).await, Err(Timestamp(60_000)));
        assert_eq!(counters.count(Timestamp(2000), "bob", bound).await, Ok(()));
        counters.take_back("ada").await;
        assert_eq!(count(3000).await, Ok(()));
        assert_eq!(count(3000).await, Err(Timestamp(60_000)));
        assert_eq!(count(60_000).await, Ok(()));
        counters.forget("ada").await;
        assert_eq!([count(60_000).await, count(60_000).await], [Ok(()), Ok(())]);
    }
}
