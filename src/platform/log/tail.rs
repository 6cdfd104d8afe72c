//! Following the log: every entry of a database, in order, once, to the live streams of this process.
//!
//! Relays put batches on the bus. A batch that goes on where the tail stands is delivered from memory; whatever is
//! missing is read from the database, so a lost message costs a read and nothing else.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast::error::RecvError;

use super::bus::{Bus, News};
use super::live::Live;
use super::{Entry, position, read};
use crate::base::error::Result;
use crate::base::facts::Fact;
use crate::platform::db::Database;

/// Entries read from the database at once.
const READ: u64 = 500;
/// How long to wait after a read that failed.
const PAUSE: Duration = Duration::from_millis(500);

/// Follows the log of one database for ever. Looks by itself every `poll`, for what other processes moved.
pub async fn follow(database: Arc<Database>, bus: Bus, live: Arc<Live>, poll: Duration) {
    let (mut news, mut waiting) = (bus.near(), None);
    // News of other databases must not put the look of its own off.
    let mut look = tokio::time::interval(poll);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let heard = tokio::select! {
            heard = news.recv() => Some(heard),
            _ = look.tick() => None,
        };
        let delivered = match heard {
            Some(Ok(News::Entries(batch))) if batch.first().is_none_or(|entry| entry.database != database.number) => {
                continue;
            }
            Some(Ok(News::Entries(batch))) => deliver(&database, &live, &batch).await,
            Some(Ok(News::Arrived(number, media))) => {
                if number == database.number {
                    live.arriving.done(media);
                }
                continue;
            }
            Some(Err(RecvError::Closed)) => return,
            Some(Ok(News::Look) | Err(RecvError::Lagged(_))) | None => look_after(&database, &live, &mut waiting).await,
        };
        if let Err(error) = delivered {
            database.kept.heard(database.number, false);
            error.tell(|detail| tracing::error!(database = database.number, detail, "the log could not be followed"));
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Reads what is missing. When a fact that waited at the last look still waits, nobody moves facts into this log.
async fn look_after(database: &Database, live: &Live, waiting: &mut Option<i64>) -> Result<()> {
    catch_up(database, live).await?;
    let before = std::mem::replace(waiting, super::oldest_waiting(database).await?);
    database.kept.heard(database.number, waiting.is_none() || *waiting != before);
    Ok(())
}

async fn deliver(database: &Database, live: &Live, batch: &[Entry]) -> Result<()> {
    let (Some(first), Some(last)) = (batch.first(), batch.last()) else { return Ok(()) };
    let next = live.position(database.number) + 1;
    if first.position > next {
        return catch_up(database, live).await;
    }
    // Of a batch that was read from the database in the meantime only the rest is new, or nothing.
    if last.position >= next {
        tell(database, live, batch.to_vec());
    }
    Ok(())
}

async fn catch_up(database: &Database, live: &Live) -> Result<()> {
    let end = position(database).await?;
    while live.position(database.number) < end {
        let entries = read(database, live.position(database.number), READ).await?;
        match entries.is_empty() {
            true => {
                database.kept.forget_all();
                live.skip_to(database.number, end);
            }
            false => tell(database, live, entries),
        }
    }
    Ok(())
}

/// What is told must not be shown as it was before. What only a newer version knows may have changed anything.
fn tell(database: &Database, live: &Live, entries: Vec<Entry>) {
    if entries.iter().any(|entry| entry.fact == Fact::Unknown) {
        tracing::debug!(database = database.number, "passed over facts of a newer version");
        database.kept.forget_all();
    }
    for entry in &entries {
        database.kept.forget(&entry.fact);
    }
    live.deliver(entries);
}
