//! What is done because time has passed: forgetting what is old, sweeping uploads, renewing keys.

use std::sync::Arc;
use std::time::Duration;

use super::arriving;
use crate::app::App;
use crate::base::error::Result;
use crate::base::facts::{Fact, Topic};
use crate::domain::{idempotency, sessions, uploads};
use crate::platform::log;

/// How often to look.
const TICK: Duration = Duration::from_mins(1);
/// Ended sessions that wait to be noted.
const ENDED_WAITING: usize = 4096;

/// Does what is due once a minute, for ever.
pub(super) async fn run(app: Arc<App>) {
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        if let Err(error) = tidy(&app).await {
            tracing::error!(error = %error.detail(), "the minute's work was not all done");
        }
    }
}

/// Everything here is safe for several processes to do at once.
async fn tidy(app: &App) -> Result<()> {
    let now = app.clock.now();
    sessions::keep_ended(app);
    sessions::renew_keys(app).await?;
    arriving::check(app).await?;
    for database in app.db.databases() {
        log::forget(database, now.before(Duration::from_hours(app.config.log.keep_hours))).await?;
        idempotency::forget(database, now).await?;
        while uploads::sweep(app, database).await? > 0 {}
    }
    Ok(())
}

/// Keeps this process knowing which sessions ended, on whatever process that happened.
pub(super) async fn watch_sessions(app: Arc<App>) {
    let mut endings = app.live.listen([Topic::Sessions], ENDED_WAITING);
    loop {
        let Some(entry) = endings.next().await else {
            endings = app.live.listen([Topic::Sessions], ENDED_WAITING);
            if let Err(error) = sessions::load_ended(&app).await {
                tracing::error!(error = %error.detail(), "ended sessions could not be read");
            }
            continue;
        };
        if let Fact::SessionEnded { session, .. } = entry.fact {
            sessions::note_ended(&app, session, entry.recorded_at);
        }
    }
}
