//! What is done because time has passed: forgetting what is old, sweeping uploads, renewing keys.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use super::arriving;
use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::error::Result;
use crate::base::facts::{Fact, Topic};
use crate::domain::{devices, idempotency, sessions, uploads};
use crate::platform::db::{Database, lease};
use crate::platform::log::{self, SessionEnd};

/// How often to look.
const TICK: Duration = Duration::from_mins(1);
/// How long the lease for tidying a database lasts: two looks can fail before another process takes it over.
const LEASE: Duration = Duration::from_secs(150);
/// How often bytes are looked for that nobody waits for any more.
const STRAYS: Duration = Duration::from_hours(1);
/// How long to wait before storing again what could not be stored.
const AGAIN: Duration = Duration::from_secs(1);
/// Ended sessions that wait to be noted.
const ENDED_WAITING: usize = 4096;

/// Does once a minute, for ever, what every process has to do for itself.
pub(super) async fn run(app: Arc<App>) {
    let mut tick = tick();
    loop {
        tick.tick().await;
        sessions::keep_ended(&app);
        app.blobs.forget_abandoned();
        if let Err(error) = app.blobs.check_room(0) {
            tracing::error!(detail = %error.detail(), "no photos are taken in: the disk is full");
        }
        if let Err(error) = sessions::renew_keys(&app).await {
            error.tell(|detail| tracing::error!(detail, "the signing keys could not be read"));
        }
        if let Err(error) = arriving::check(&app).await {
            error.tell(|detail| tracing::error!(detail, "what is on its way into feeds could not be read"));
        }
    }
}

/// Tidies one database once a minute, for ever, while no other process does.
pub(super) async fn tidy_for_ever(app: Arc<App>, database: Arc<Database>, name: Arc<str>) {
    let mut tick = tick();
    loop {
        tick.tick().await;
        if let Err(error) = tidy(&app, &database, &name).await {
            error.tell(|detail| tracing::error!(database = database.number, detail, "a database was not tidied"));
        }
    }
}

/// Once an hour, for ever, while no other process does.
pub(super) async fn sweep_strays(app: Arc<App>, name: Arc<str>) {
    let mut tick = tokio::time::interval(STRAYS);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    tick.tick().await;
    loop {
        tick.tick().await;
        if let Err(error) = sweep_strays_once(&app, &name).await {
            error.tell(|detail| tracing::error!(detail, "bytes that nobody waits for may be left"));
        }
    }
}

async fn sweep_strays_once(app: &App, name: &str) -> Result<()> {
    let (first, now) = (&app.db.databases()[0], app.clock.now());
    if lease::hold(first, "strays".into(), name, now, now.after(STRAYS)).await? {
        uploads::sweep_strays(app).await?;
        uploads::sweep_erased(app).await?;
    }
    Ok(())
}

fn tick() -> tokio::time::Interval {
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    tick
}

/// Safe for several processes to do at once; the lease only saves the work.
async fn tidy(app: &App, database: &Database, name: &str) -> Result<()> {
    let now = app.clock.now();
    if !lease::hold(database, "clockwork".into(), name, now, now.after(LEASE)).await? {
        return Ok(());
    }
    log::forget(database, now.before(Duration::from_hours(app.config.log.keep_hours))).await?;
    idempotency::forget(database, now).await?;
    devices::forget_receipts(app, database).await?;
    while uploads::sweep(app, database).await? > 0 {}
    Ok(())
}

/// Notes the ends of sessions as the log tells them, for ever.
pub(super) async fn note_logged_session_ends(app: Arc<App>) {
    loop {
        let mut endings = app.live.listen([Topic::Sessions], ENDED_WAITING);
        while let Some(entry) = endings.next().await {
            if let Fact::SessionEnded { session, user } = entry.fact {
                sessions::note_ended(&app, SessionEnd { session, user, at: entry.recorded_at });
            }
        }
    }
}

/// Notes the ends of sessions as other processes tell them, for ever.
pub(super) async fn note_told_session_ends(app: Arc<App>, mut ends: broadcast::Receiver<SessionEnd>) {
    loop {
        match ends.recv().await {
            Ok(end) => sessions::note_ended(&app, end),
            // They are found in the database.
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return,
        }
    }
}

/// Finds the ends of sessions in a database, for ever.
pub(super) async fn find_session_ends(app: Arc<App>, database: Arc<Database>, mut known: Timestamp) {
    loop {
        tokio::time::sleep(sessions::ended_pause(&app)).await;
        let now = app.clock.now();
        match sessions::load_ended_since(&app, &database, known).await {
            Ok(()) => known = now,
            Err(error) => {
                error
                    .tell(|detail| tracing::error!(database = database.number, detail, "ended sessions were not read"));
            }
        }
    }
}

/// Stores which tokens of sessions were accepted, for ever.
pub(super) async fn store_accepted(app: Arc<App>) {
    loop {
        if !sessions::store_accepted(&app).await {
            tokio::time::sleep(AGAIN).await;
        }
    }
}
