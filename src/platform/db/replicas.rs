//! Which replicas are fresh enough to answer. Found out beside the requests, so that it costs them two comparisons.
//!
//! The primary is asked again and again how far its journal goes, a replica how far it has done what the journal says. A
//! replica that has reached what the primary said at an instant has every write that was committed before it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::health::Sight;
use super::reader::Reader;

/// Answers of the primary that are remembered. A replica further behind than these is left out.
const REMEMBERED: usize = 256;

/// Counts milliseconds, so that an instant fits into an atomic number. 0 is before everything.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ticks(Instant);

impl Ticks {
    pub(super) fn begin() -> Self {
        Self(Instant::now())
    }

    pub(super) fn now(self) -> u64 {
        self.at(Instant::now())
    }

    fn at(self, instant: Instant) -> u64 {
        u64::try_from(instant.saturating_duration_since(self.0).as_millis()).unwrap_or(u64::MAX).saturating_add(1)
    }
}

/// The replicas of one database.
#[derive(Debug)]
pub(super) struct Replicas {
    all: Vec<Replica>,
    ticks: Ticks,
    most_behind: u64,
    journal: Mutex<VecDeque<(u64, u64)>>,
    turn: AtomicUsize,
}

#[derive(Debug)]
struct Replica {
    reader: Reader,
    /// Every write that was committed before has arrived.
    has_all_before: AtomicU64,
}

impl Replicas {
    pub(super) fn new(readers: Vec<Reader>, ticks: Ticks, most_behind: Duration) -> Self {
        let replica = |reader| Replica { reader, has_all_before: AtomicU64::new(0) };
        Self {
            all: readers.into_iter().map(replica).collect(),
            ticks,
            most_behind: u64::try_from(most_behind.as_millis()).unwrap_or(u64::MAX),
            journal: Mutex::default(),
            turn: AtomicUsize::new(0),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The next replica that is fresh enough and has what was written at `written`.
    pub(super) fn fresh(&self, written: u64) -> Option<&Reader> {
        if self.all.is_empty() {
            return None;
        }
        let needed = self.ticks.now().saturating_sub(self.most_behind).max(written + 1);
        let first = self.turn.fetch_add(1, Ordering::Relaxed);
        let in_turn = (0..self.all.len()).map(|step| &self.all[(first + step) % self.all.len()]);
        let mut fresh = in_turn.filter(|replica| replica.has_all_before.load(Ordering::Relaxed) >= needed);
        fresh.find(|replica| !replica.reader.health.is_away()).map(|replica| &replica.reader)
    }

    /// The primary said how far its journal goes.
    pub(super) fn note_primary(&self, sight: Sight) {
        let mut journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        if journal.len() == REMEMBERED {
            journal.pop_front();
        }
        journal.push_back((self.ticks.at(sight.asked), sight.position));
    }

    /// A replica said how far it is.
    pub(super) fn note_replica(&self, number: usize, sight: Sight) {
        let journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        let reached = journal.iter().rev().find(|(_, position)| *position <= sight.position);
        let has_all_before = reached.map_or(0, |(asked, _)| *asked);
        self.all[number].has_all_before.store(has_all_before, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use sea_orm::DatabaseConnection;

    use super::super::health::Health;
    use super::super::reader::Pool;
    use super::*;

    /// Of a process that began long ago.
    fn replicas(many: usize) -> Replicas {
        let pool = Pool::Own(DatabaseConnection::default());
        let reader = Reader { pool, health: Health::new(false), instead: None };
        let ticks = Ticks(Instant::now().checked_sub(Duration::from_mins(1)).unwrap());
        Replicas::new(vec![reader; many], ticks, Duration::from_secs(2))
    }

    fn sight(seconds_ago: u64, position: u64) -> Sight {
        let asked = Instant::now().checked_sub(Duration::from_secs(seconds_ago)).unwrap();
        Sight { asked, is_copy: false, position }
    }

    #[test]
    fn a_replica_answers_only_while_it_is_fresh_and_has_what_was_written() {
        let replicas = replicas(1);
        assert!(replicas.fresh(0).is_none(), "nothing is known of it yet");
        replicas.note_primary(sight(4, 100));
        replicas.note_replica(0, sight(4, 100));
        assert!(replicas.fresh(0).is_none(), "nobody knows how far it is by now");
        replicas.note_primary(sight(1, 200));
        replicas.note_replica(0, sight(0, 199));
        assert!(replicas.fresh(0).is_none(), "it is four seconds behind");
        replicas.note_replica(0, sight(0, 200));
        assert!(replicas.fresh(0).is_some());
        assert!(replicas.fresh(replicas.ticks.now()).is_none(), "somebody has just written");
    }

    #[test]
    fn replicas_take_turns_and_who_is_away_is_left_out() {
        let mut replicas = replicas(2);
        replicas.all[1].reader.health = Health::new(true);
        replicas.note_primary(sight(0, 1));
        (0..2).for_each(|number| replicas.note_replica(number, sight(0, 1)));
        for _ in 0..4 {
            let fresh = replicas.fresh(0).expect("one is there");
            assert!(Arc::ptr_eq(&fresh.health, &replicas.all[0].reader.health));
        }
    }
}
