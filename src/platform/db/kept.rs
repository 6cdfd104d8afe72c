//! Rows kept in memory, so that what everybody reads is not asked of the databases again and again.
//!
//! What must stay true:
//!
//! * A row is kept as it was read from a primary, and goes when a fact says that it changed: with the commit in the process
//!   that wrote, so that who writes reads it back; with the log in all others.
//! * Who began to read before a row was forgotten does not keep it: each part counts what was forgotten in it.
//! * While the log of a database cannot be followed, or nobody moves facts into it, nothing of that database is believed.
//! * Who may see what is never decided by it, but for images behind links: it is asked of the databases each time.

use std::any::Any;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::Db;
use crate::base::error::Result;
use crate::base::facts::{Fact, Row};
use crate::base::generations::Generations;
use crate::base::ids::Sharded;

/// Parts that are locked and forgotten of by themselves.
const PARTS: usize = 256;
/// How much longer than two looks a log may be silent.
const GRACE: Duration = Duration::from_millis(500);

/// Rows kept in memory.
#[derive(Debug)]
pub struct Kept {
    parts: Vec<Mutex<Part>>,
    hasher: RandomState,
    /// Whether any are kept.
    keeps: bool,
    heard: Vec<Mutex<Option<Instant>>>,
    patience: Duration,
}

#[derive(Debug)]
struct Part {
    forgotten: u64,
    rows: Generations<Row, Value>,
}

type Value = Arc<dyn Any + Send + Sync>;

/// A row that is to be read, and may be kept if nothing in its part is forgotten meanwhile.
#[derive(Clone, Copy, Debug)]
struct Miss {
    row: Row,
    forgotten: u64,
}

impl Kept {
    /// At most so many rows of so many databases, whose logs are looked at this often.
    #[must_use]
    pub(super) fn new(entries: usize, databases: usize, look: Duration) -> Self {
        let most = entries / PARTS / 2;
        let part = || Part { forgotten: 0, rows: Generations::of(most) };
        Self {
            parts: (0..PARTS).map(|_| Mutex::new(part())).collect(),
            hasher: RandomState::new(),
            keeps: most > 0,
            heard: (0..databases).map(|_| Mutex::default()).collect(),
            patience: 2 * look + GRACE,
        }
    }

    /// The log of a database was just followed to its end; or it was found to stand still, or could not be read.
    pub fn heard(&self, database: usize, is_followed: bool) {
        *lock(&self.heard[database]) = is_followed.then(Instant::now);
    }

    /// Forgets what a fact changed.
    pub fn forget(&self, fact: &Fact) {
        for row in fact.changes() {
            self.part(row).forget(row);
        }
    }

    /// Forgets everything: facts may have been passed over.
    pub fn forget_all(&self) {
        for part in &self.parts {
            let mut part = lock(part);
            part.forgotten += 1;
            part.rows.clear();
        }
    }

    fn is_believed(&self, database: usize) -> bool {
        self.keeps && lock(&self.heard[database]).is_some_and(|heard| heard.elapsed() <= self.patience)
    }

    fn look<V: Clone + Send + Sync + 'static>(&self, row: Row) -> Result<V, Miss> {
        let mut part = self.part(row);
        let value = part.rows.find(&row).and_then(|value| value.downcast_ref::<V>().cloned());
        value.ok_or(Miss { row, forgotten: part.forgotten })
    }

    fn keep<V: Clone + Send + Sync + 'static>(&self, miss: Miss, value: &V) {
        let mut part = self.part(miss.row);
        if part.forgotten == miss.forgotten {
            part.rows.put(miss.row, Arc::new(value.clone()));
        }
    }

    fn part(&self, row: Row) -> MutexGuard<'_, Part> {
        #[expect(clippy::cast_possible_truncation, reason = "any of its bits will do")]
        let number = self.hasher.hash_one(row) as usize % PARTS;
        lock(&self.parts[number])
    }
}

impl Part {
    fn forget(&mut self, row: Row) {
        self.forgotten += 1;
        self.rows.forget(&row);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Db {
    /// Values by their keys: those that are kept, and the rest as they are read now, from primaries. What is not there is
    /// missing, and asked for each time.
    ///
    /// # Errors
    /// Those of the reading.
    pub async fn kept_or<K, V, Read, Reading>(&self, keys: &[K], row: fn(K) -> Row, read: Read) -> Result<HashMap<K, V>>
    where
        K: Sharded + Copy + Eq + Hash,
        V: Clone + Send + Sync + 'static,
        Read: FnOnce(Vec<K>) -> Reading,
        Reading: Future<Output = Result<HashMap<K, V>>>,
    {
        let (mut found, mut unknown, mut misses) = (HashMap::new(), Vec::new(), Vec::new());
        for key in keys {
            match self.look(key, row(*key)) {
                Some(Ok(value)) => {
                    found.insert(*key, value);
                }
                Some(Err(miss)) => {
                    unknown.push(*key);
                    misses.push((*key, miss));
                }
                None => unknown.push(*key),
            }
        }
        if unknown.is_empty() {
            return Ok(found);
        }
        let read = read(unknown).await?;
        for (key, miss) in misses {
            if let Some(value) = read.get(&key) {
                self.kept.keep(miss, value);
            }
        }
        found.extend(read);
        Ok(found)
    }

    /// `None` where nothing is believed.
    fn look<K: Sharded, V: Clone + Send + Sync + 'static>(&self, key: &K, row: Row) -> Option<Result<V, Miss>> {
        let is_believed = self.kept.is_believed(self.database(key).number);
        is_believed.then(|| self.kept.look(row))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::ids::{CommentId, MediaId, UserId};

    const ROW: Row = Row::Comments(MediaId(7));

    fn commented(media: i64) -> Fact {
        Fact::CommentAdded { comment: CommentId(1), media: MediaId(media), author: UserId(1) }
    }

    fn kept(entries: usize) -> Kept {
        let kept = Kept::new(entries, 1, Duration::from_secs(1));
        kept.heard(0, true);
        kept
    }

    fn missed(kept: &Kept, row: Row) -> Miss {
        kept.look::<u8>(row).expect_err("it is not kept")
    }

    #[test]
    fn what_was_read_is_kept_until_a_fact_changes_it() {
        let kept = kept(10_000);
        kept.keep(missed(&kept, ROW), &1_u8);
        assert_eq!(kept.look::<u8>(ROW).ok(), Some(1));
        kept.forget(&commented(8));
        assert_eq!(kept.look::<u8>(ROW).ok(), Some(1));
        kept.forget(&commented(7));
        let miss = missed(&kept, ROW);
        kept.keep(miss, &2_u8);
        kept.forget_all();
        missed(&kept, ROW);
    }

    #[test]
    fn who_read_before_a_change_keeps_nothing() {
        let kept = kept(10_000);
        let miss = missed(&kept, ROW);
        kept.forget(&commented(7));
        kept.keep(miss, &1_u8);
        missed(&kept, ROW);
    }

    #[test]
    fn there_are_never_more_than_there_may_be_and_what_is_read_often_stays() {
        let kept = kept(PARTS * 8);
        kept.keep(missed(&kept, ROW), &0_u8);
        for number in 100..100_000 {
            kept.keep(missed(&kept, Row::User(UserId(number))), &1_u8);
            assert_eq!(kept.look::<u8>(ROW).ok(), Some(0));
        }
        let count: usize = kept.parts.iter().map(|part| lock(part).rows.len()).sum();
        assert!(count <= PARTS * 8, "{count}");
    }

    #[test]
    fn without_the_log_nothing_is_believed() {
        assert!(!Kept::new(10_000, 1, Duration::from_secs(1)).is_believed(0), "it was not heard yet");
        let kept = kept(10_000);
        assert!(kept.is_believed(0));
        kept.heard(0, false);
        assert!(!kept.is_believed(0));
        let none = Kept::new(0, 1, Duration::from_secs(1));
        none.heard(0, true);
        assert!(!none.is_believed(0), "it is switched off");
    }
}
