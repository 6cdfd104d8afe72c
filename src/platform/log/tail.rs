//! Following the log: every entry of a database, in order, once, to the live streams of this process.
//!
//! Relays put batches on the bus. A batch that goes on where the tail stands is delivered from memory; whatever is
//! missing is read from the database, so a lost message costs a read and nothing else.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast::{self, error::RecvError};

use super::live::Live;
use super::{Entry, position, read};
use crate::base::error::Result;
use crate::platform::db::Database;

/// Batches that wait for a tail; older ones are read from the database.
const WAITING: usize = 256;
/// Entries read from the database at once.
const READ: u64 = 500;
/// How long to wait after a read that failed.
const PAUSE: Duration = Duration::from_millis(500);

/// What carries new entries from relays to tails. Inside one process: memory.
#[derive(Clone, Debug)]
pub struct Bus(broadcast::Sender<Arc<Vec<Entry>>>);

impl Default for Bus {
    fn default() -> Self {
        Self(broadcast::channel(WAITING).0)
    }
}

impl Bus {
    /// Tells every tail of new entries of one database.
    pub fn tell(&self, entries: Vec<Entry>) {
        // Nobody listening is no error: the entries are in the database.
        let _ = self.0.send(Arc::new(entries));
    }
}

/// Follows the log of one database for ever. Looks by itself every `poll`, for what other processes moved.
pub async fn follow(database: Arc<Database>, bus: Bus, live: Arc<Live>, poll: Duration) {
    let mut news = bus.0.subscribe();
    // News of other databases must not put the look of its own off.
    let mut look = tokio::time::interval(poll);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let heard = tokio::select! {
            heard = news.recv() => Some(heard),
            _ = look.tick() => None,
        };
        let delivered = match heard {
            Some(Ok(batch)) if batch.first().is_none_or(|entry| entry.database != database.number) => continue,
            Some(Ok(batch)) => deliver(&database, &live, &batch).await,
            Some(Err(RecvError::Closed)) => return,
            Some(Err(RecvError::Lagged(_))) | None => catch_up(&database, &live).await,
        };
        if let Err(error) = delivered {
            tracing::error!(database = database.number, error = %error.detail(), "the log could not be followed");
            tokio::time::sleep(PAUSE).await;
        }
    }
}

async fn deliver(database: &Database, live: &Live, batch: &[Entry]) -> Result<()> {
    let goes_on = batch.first().is_some_and(|entry| entry.position == live.position(database.number) + 1);
    if goes_on {
        live.deliver(batch.iter().cloned());
        return Ok(());
    }
    catch_up(database, live).await
}

async fn catch_up(database: &Database, live: &Live) -> Result<()> {
    let end = position(database).await?;
    while live.position(database.number) < end {
        let entries = read(database, live.position(database.number), READ).await?;
        match entries.is_empty() {
            true => live.skip_to(database.number, end),
            false => live.deliver(entries),
        }
    }
    Ok(())
}
