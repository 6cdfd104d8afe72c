//! Whether a database is there. It is asked every little while on a connection of its own, so that a database that went
//! away costs the requests that need it moments and not their patience, and so that everybody knows when it is back.

use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};
use sea_orm::{ConnAcquireErr, DbErr};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgRow};
use sqlx::{ConnectOptions, Executor, Row};
use tokio::sync::{Notify, watch};
use tokio::task::unconstrained;
use tokio::time::{Instant, timeout};

use crate::base::trouble::Trouble;

/// How long a database may take to answer before it counts as away.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often one that is away is asked.
const AGAIN: Duration = Duration::from_millis(250);

/// Both in one question: whether it takes writes, and how far its journal goes. Without parameters, so that it needs no
/// prepared statement.
const QUESTION: &str = "SELECT (pg_is_in_recovery())::text, \
    (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END)::text";

/// Whether one address answers.
#[derive(Debug)]
pub(super) struct Health {
    away: watch::Sender<bool>,
    suspicion: Notify,
}

/// What a database says when it is asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sight {
    /// When it was asked: whatever was committed before is in `position`.
    pub asked: Instant,
    /// Whether it copies another one and takes no writes.
    pub is_copy: bool,
    /// How far its journal goes, or as a copy: how far it has done what the journal says.
    pub position: u64,
}

impl Health {
    pub(super) fn new(is_away: bool) -> Arc<Self> {
        Arc::new(Self { away: watch::Sender::new(is_away), suspicion: Notify::new() })
    }

    pub(super) fn is_away(&self) -> bool {
        *self.away.borrow()
    }

    /// Waits for an answer for as long as the database is there.
    pub(super) async fn guard<T>(&self, answer: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
        if self.is_away() {
            return Err(away());
        }
        let mut news = self.away.subscribe();
        // Tokio's own `select!` makes a task with much to read pause in between, and loads that belong together part.
        let gone = pin!(unconstrained(news.wait_for(|away| *away)));
        let answer = match select(pin!(answer), gone).await {
            Either::Left((answer, _)) => answer,
            Either::Right(_) => Err(away()),
        };
        if answer.as_ref().is_err_and(|error| Trouble::of(error) == Trouble::Away) {
            self.suspicion.notify_one();
        }
        answer
    }

    fn note(&self, is_away: bool) -> bool {
        self.away.send_replace(is_away) != is_away
    }
}

fn away() -> DbErr {
    DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed)
}

/// What is watched, and how often.
#[derive(Debug)]
pub(super) struct Watched {
    pub name: String,
    pub options: PgConnectOptions,
    pub is_copy: bool,
    pub every: Duration,
    pub health: Arc<Health>,
}

/// Asks for ever, and tells `seen` of each answer.
pub(super) async fn watch(watched: Watched, mut connection: Option<PgConnection>, seen: impl Fn(Sight) + Send) {
    loop {
        let sight = look(&watched.options, &mut connection).await;
        let sight = sight.and_then(|sight| is_right(&watched, sight).map(|()| sight));
        let changed = watched.health.note(sight.is_err());
        match &sight {
            Ok(sight) => seen(*sight),
            Err(_) => connection = None,
        }
        if changed {
            say(&watched, sight.as_ref().err());
        }
        let pause = if sight.is_ok() { watched.every } else { AGAIN };
        let _ = timeout(pause, watched.health.suspicion.notified()).await;
    }
}

/// After a failover an address can lead to a server that takes no writes, or to one that is a copy no longer.
fn is_right(watched: &Watched, sight: Sight) -> Result<(), Silence> {
    match (watched.is_copy, sight.is_copy) {
        (false, true) => Err(Silence::passing("it takes no writes: it is a replica of another server")),
        (true, false) => Err(Silence::passing("it is no replica any more")),
        _ => Ok(()),
    }
}

fn say(watched: &Watched, error: Option<&Silence>) {
    match (error, watched.is_copy) {
        (Some(detail), false) => tracing::error!(database = %watched.name, %detail, "a database is away"),
        (Some(detail), true) => tracing::warn!(replica = %watched.name, %detail, "a replica is away"),
        (None, _) => tracing::info!(database = %watched.name, "a database is back"),
    }
}

/// Why a database did not answer.
#[derive(Debug)]
pub(super) struct Silence {
    /// Whether it may pass by itself: it is away, or starting.
    pub passes: bool,
    pub detail: String,
}

impl Silence {
    fn passing(detail: impl Into<String>) -> Self {
        Self { passes: true, detail: detail.into() }
    }
}

impl From<sqlx::Error> for Silence {
    fn from(error: sqlx::Error) -> Self {
        let passes = Trouble::of_driver(&error) != Trouble::Broken && !is_pooler_unawares(&error.to_string());
        Self { passes, detail: error.to_string() }
    }
}

impl fmt::Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)?;
        if is_pooler_unawares(&self.detail) {
            f.write_str(" (this is a pooler: set database.pooled = true)")?;
        }
        Ok(())
    }
}

/// How `PgBouncer` refuses the settings that connections of our own begin with.
fn is_pooler_unawares(detail: &str) -> bool {
    detail.contains("unsupported startup parameter")
}

/// Asks once, on the connection if there is one.
pub(super) async fn look(options: &PgConnectOptions, connection: &mut Option<PgConnection>) -> Result<Sight, Silence> {
    let asked = Instant::now();
    let answer = timeout(PATIENCE, async {
        if connection.is_none() {
            *connection = Some(options.connect().await?);
        }
        match connection {
            Some(open) => open.fetch_one(QUESTION).await,
            None => Err(sqlx::Error::PoolClosed),
        }
    });
    let slow = |_| Silence::passing(format!("no answer in {} seconds", PATIENCE.as_secs()));
    Ok(sight(asked, &answer.await.map_err(slow)??)?)
}

fn sight(asked: Instant, row: &PgRow) -> sqlx::Result<Sight> {
    let (is_copy, position): (String, Option<String>) = (row.try_get(0)?, row.try_get(1)?);
    let position = position.as_deref().and_then(journal_position).unwrap_or(0);
    Ok(Sight { asked, is_copy: is_copy == "true", position })
}

/// A position as Postgres writes it: two hexadecimal halves of a 64-bit number, `16/B374D848`.
fn journal_position(text: &str) -> Option<u64> {
    let (high, low) = text.split_once('/')?;
    Some(u64::from_str_radix(high, 16).ok()? << 32 | u64::from_str_radix(low, 16).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_read_as_postgres_writes_it() {
        assert_eq!(journal_position("16/B374D848"), Some(0x16_B374_D848));
        assert_eq!(journal_position("0/0"), Some(0));
        assert!(journal_position("here").is_none() && journal_position("1/x").is_none());
    }

    #[tokio::test]
    async fn nobody_waits_for_a_database_that_went_away() {
        let health = Health::new(false);
        let waiting = health.guard(std::future::pending::<Result<(), DbErr>>());
        let goes = async {
            tokio::task::yield_now().await;
            health.note(true);
        };
        let (answer, ()) = tokio::join!(waiting, goes);
        assert_eq!(Trouble::of(&answer.unwrap_err()), Trouble::Away);
        assert!(health.guard(async { Ok(()) }).await.is_err(), "nobody even asks");
        health.note(false);
        assert!(health.guard(async { Ok(()) }).await.is_ok());
    }
}
