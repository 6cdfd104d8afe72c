//! Rate limits: how often something may be done, counted by all processes together where there is a Redis, else by each for
//! itself.
//!
//! The algorithm is the generic cell rate algorithm (GCRA). Of each quota one instant is stored: when nothing of it is used
//! up any more. One more use moves that instant on by an interval, and is refused when it would be further ahead than a whole
//! burst. So a burst is possible at once, and after it one use an interval. Rust and Lua compute the same integers.
//!
//! While Redis is away each process counts in its memory, and what is counted begins anew when Redis goes, comes or is
//! emptied. So a quota holds for one process and one life of Redis; it slows down, and nothing else may depend on it.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ring::digest::{SHA256, digest};

use crate::base::clock::Timestamp;
use crate::platform::redis::{Away, Command, FromValue, Redis};

/// Quotas in the memory of a process at once, about 10 MB. Beyond, the one is evicted that would be whole again first.
const REMEMBERED: usize = 100_000;

/// How often something may be done.
#[derive(Clone, Copy, Debug)]
pub struct Quota {
    /// How often at once.
    pub burst: u32,
    /// How long it takes until a burst that was used up is whole again: one use is free again after each equal part of it.
    pub period: Duration,
}

/// Quotas, each with a name.
#[derive(Debug)]
pub struct RateLimiter {
    redis: Option<Redis>,
    memory: Mutex<Memory>,
}

/// The hash of a quota's name: of the same length for all, and nobody reads in Redis whose address it is.
type Key = u128;

/// Microseconds since 1970. Intervals are rarely whole milliseconds, and Lua computes exactly up to 2^53: until 2255.
type Micros = i64;

/// A use at an instant, of a quota in microseconds.
#[derive(Clone, Copy, Debug)]
struct Use {
    now: Micros,
    /// How long until one use is free again.
    interval: Micros,
    /// How far ahead a whole burst is.
    burst: Micros,
    /// Whether it counts; else it is only checked.
    counts: bool,
}

/// The quotas of this process.
#[derive(Debug, Default)]
struct Memory {
    /// When each is whole again.
    whole_at: HashMap<Key, Micros>,
    /// The same in this order.
    by_instant: BTreeSet<(Micros, Key)>,
}

/// Uses a quota, in the same integers as [`Use::of`]. The first answer is whether it could be used. The second is when the
/// quota is whole again, or from when on it can be used. The time is the caller's; that of Redis only tidies up. An instant
/// further ahead than a burst is brought back whatever the answer is.
const USE: &str = "
    local now, interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
    local stored = tonumber(redis.call('GET', KEYS[1]) or 0)
    local whole_at = math.min(stored, now + burst)
    local used = math.max(whole_at, now) + interval
    local is_free = used - burst <= now
    if is_free and ARGV[4] == '1' then whole_at = used end
    if whole_at ~= stored then
        local life = math.max(math.ceil((whole_at - now) / 1000), 1)
        redis.call('SET', KEYS[1], string.format('%.0f', whole_at), 'PX', life)
    end
    if is_free then return { 1, used } end
    return { 0, used - burst }";

impl RateLimiter {
    /// Quotas in Redis, or in memory when there is none.
    #[must_use]
    pub fn open(redis: Option<Redis>) -> Self {
        Self { redis, memory: Mutex::default() }
    }

    /// Counts one more use.
    ///
    /// # Errors
    /// From when on it may be done again, when the quota is used up; it is not counted then.
    pub async fn count(&self, now: Timestamp, name: &str, quota: Quota) -> Result<(), Timestamp> {
        self.apply(name, Use::new(now, quota, true)).await
    }

    /// Checks whether one more use would be counted, and counts nothing.
    ///
    /// # Errors
    /// From when on it may be done again, when the quota is used up.
    pub async fn check(&self, now: Timestamp, name: &str, quota: Quota) -> Result<(), Timestamp> {
        self.apply(name, Use::new(now, quota, false)).await
    }

    /// Forgets how often something was done.
    pub async fn forget(&self, name: &str) {
        let key = key(name);
        self.lock().remove(key);
        let _: Option<i64> = self.ask(key, |key| Command::on("DEL", key)).await;
    }

    async fn apply(&self, name: &str, wanted: Use) -> Result<(), Timestamp> {
        let key = key(name);
        let command = |key| {
            let command = Command::script(USE, key).with(wanted.now).with(wanted.interval).with(wanted.burst);
            command.with(i64::from(wanted.counts))
        };
        let answer: Option<(i64, i64)> = self.ask(key, command).await;
        let outcome = match answer {
            Some((0, free_at)) => Err(free_at),
            Some(_) => Ok(()),
            None => self.lock().apply(key, wanted),
        };
        // A millisecond that has begun is over only with the next.
        outcome.map_err(|free_at| Timestamp((free_at + 999).div_euclid(1000)))
    }

    /// What Redis answers; nothing when there is none or it is away.
    async fn ask<R: FromValue>(&self, key: Key, command: impl FnOnce(String) -> Command) -> Option<R> {
        let redis = self.redis.as_ref()?;
        let answer: Result<R, Away> = redis.send(command(redis.name(&format!("quota:{key:032x}")))).await;
        answer.inspect_err(|error| tracing::debug!(%error, "a quota is kept in memory")).ok()
    }

    fn lock(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(name: &str) -> Key {
    let hash = digest(&SHA256, name.as_bytes());
    hash.as_ref().iter().take(16).fold(0, |number, byte| number << 8 | u128::from(*byte))
}

impl Use {
    fn new(now: Timestamp, quota: Quota, counts: bool) -> Self {
        let period = i64::try_from(quota.period.as_micros()).unwrap_or(i64::MAX);
        let interval = (period / i64::from(quota.burst.max(1))).max(1);
        Self { now: now.0.saturating_mul(1000), interval, burst: interval * i64::from(quota.burst), counts }
    }

    /// When a quota is whole again, as far as this use of it can believe: further ahead than a burst it is only for a clock
    /// that is behind or was set back, or for a quota that was larger before.
    fn clamp(self, whole_at: Micros) -> Micros {
        whole_at.min(self.now + self.burst)
    }

    /// When a quota is whole again after this use of it; else from when on it can be used.
    fn of(self, whole_at: Micros) -> Result<Micros, Micros> {
        let used = whole_at.max(self.now) + self.interval;
        if used - self.burst > self.now { Err(used - self.burst) } else { Ok(used) }
    }
}

impl Memory {
    fn apply(&mut self, key: Key, wanted: Use) -> Result<(), Micros> {
        self.forget_whole(wanted.now);
        let stored = self.whole_at.get(&key).copied().unwrap_or(0);
        let clamped = wanted.clamp(stored);
        let outcome = wanted.of(clamped);
        let whole_at = outcome.ok().filter(|_| wanted.counts).unwrap_or(clamped);
        if whole_at != stored {
            self.put(key, whole_at);
        }
        outcome.map(drop)
    }

    fn forget_whole(&mut self, now: Micros) {
        while let Some((_, key)) = self.by_instant.first().copied().filter(|(whole_at, _)| *whole_at <= now) {
            self.remove(key);
        }
    }

    fn put(&mut self, key: Key, whole_at: Micros) {
        self.remove(key);
        while self.whole_at.len() >= REMEMBERED {
            let Some((_, first)) = self.by_instant.first().copied() else { break };
            self.remove(first);
        }
        self.whole_at.insert(key, whole_at);
        self.by_instant.insert((whole_at, key));
    }

    fn remove(&mut self, key: Key) {
        if let Some(whole_at) = self.whole_at.remove(&key) {
            self.by_instant.remove(&(whole_at, key));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// At most three at once, and one more every 20 seconds.
    const QUOTA: Quota = Quota { burst: 3, period: Duration::from_mins(1) };

    #[tokio::test]
    async fn a_burst_at_once_and_then_one_an_interval() {
        let limiter = RateLimiter::open(None);
        // Seconds, whether it is counted or only checked, and when it is free if it is refused.
        let cases = [
            (100, false, None),
            (100, true, None),
            (101, true, None),
            (101, true, None),
            (101, false, Some(120)),
            (119, true, Some(120)),
            (120, false, None),
            (120, true, None),
            (120, true, Some(140)),
            // Two intervals later there are two, and after a minute of rest three.
            (160, true, None),
            (160, true, None),
            (160, true, Some(180)),
            (220, true, None),
            (220, true, None),
            (220, true, None),
            (220, true, Some(240)),
            // A clock that was set back: what was counted before is a whole burst, also for uses that are only checked.
            (10, false, Some(30)),
            (29, true, Some(30)),
            (30, true, None),
            (30, true, Some(50)),
            // The same again, without a check before.
            (5, true, Some(25)),
            (25, true, None),
        ];
        for (case, (at, counts, free_at)) in cases.into_iter().enumerate() {
            let now = Timestamp(at * 1000);
            let outcome = match counts {
                true => limiter.count(now, "ada", QUOTA).await,
                false => limiter.check(now, "ada", QUOTA).await,
            };
            assert_eq!(outcome.err(), free_at.map(|at: i64| Timestamp(at * 1000)), "case {case}");
        }
        assert_eq!(limiter.count(Timestamp(240_000 - 1), "bob", QUOTA).await, Ok(()));
        limiter.forget("ada").await;
        assert_eq!(limiter.check(Timestamp(220_000), "ada", QUOTA).await, Ok(()));
    }

    #[tokio::test]
    async fn where_an_interval_is_no_whole_number_a_burst_is_whole_all_the_same() {
        for (burst, period) in [(7, 1), (1, 900), (25, 300), (1000, 1), (u32::MAX, 1)] {
            let (limiter, quota) = (RateLimiter::open(None), Quota { burst, period: Duration::from_secs(period) });
            for number in 0..burst.min(1000) {
                assert_eq!(limiter.count(Timestamp(5), "ada", quota).await, Ok(()), "{number} of {quota:?}");
            }
            if burst > 1000 {
                continue;
            }
            let free_at = limiter.count(Timestamp(5), "ada", quota).await.expect_err("it is used up");
            let interval = i64::try_from(period * 1_000_000).unwrap() / i64::from(burst);
            assert_eq!(free_at, Timestamp(5 + (interval + 999) / 1000), "{quota:?}");
            assert!(limiter.check(free_at.before(Duration::from_millis(1)), "ada", quota).await.is_err());
            assert_eq!(limiter.check(free_at, "ada", quota).await, Ok(()), "{quota:?}");
        }
    }

    #[test]
    fn memory_is_bounded_and_what_is_whole_again_first_is_evicted() {
        let (mut memory, quota) = (Memory::default(), Quota { burst: 1, period: Duration::from_mins(1) });
        let uses = |millis: usize, counts| Use::new(Timestamp(i64::try_from(millis).unwrap()), quota, counts);
        let last = REMEMBERED + 9;
        for number in 0..=last {
            assert_eq!(memory.apply(number as Key, uses(number / 10_000, true)), Ok(()));
        }
        assert_eq!((memory.whole_at.len(), memory.by_instant.len()), (REMEMBERED, REMEMBERED));
        let is_full = |memory: &mut Memory, number: usize| memory.apply(number as Key, uses(11, false)).is_err();
        assert_eq!([0, 9, 10, last].map(|number| is_full(&mut memory, number)), [false, false, true, true]);
        assert_eq!(memory.apply(0, uses(61_000, false)), Ok(()));
        assert!(memory.whole_at.is_empty() && memory.by_instant.is_empty(), "what is whole is forgotten");
    }
}
