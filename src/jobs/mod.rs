//! What follows from facts, and everything else that runs beside requests: relays, workers, tails and the clock.

mod after;
mod arriving;
mod clockwork;
mod relay;
mod settle;
mod step;
mod worker;

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::base::error::Result;
use crate::domain::sessions;
use crate::platform::log;

pub use settle::settle;

/// What runs beside requests. Dropped, nothing new is begun; a step that has begun may still end by itself, and is done
/// again when it does not.
#[derive(Debug)]
pub struct Background {
    stop: CancellationToken,
    workers: JoinSet<()>,
    others: JoinSet<()>,
}

/// Readies the keys and starts relays, workers, tails and the clock.
///
/// # Errors
/// When the keys or the ended sessions cannot be read.
pub async fn spawn(app: &Arc<App>) -> Result<Background> {
    sessions::load_keys(app).await?;
    sessions::load_ended(app).await?;
    // Before the tails: nothing may be told that is not noted.
    arriving::begin(app).await?;
    let stop = CancellationToken::new();
    let (mut workers, mut others) = (JoinSet::new(), JoinSet::new());
    let poll = Duration::from_millis(app.config.log.poll_milliseconds);
    for database in app.db.databases() {
        others.spawn(log::follow(database.clone(), app.bus.clone(), app.live.clone(), poll));
        others.spawn(relay::run(app.clone(), database.clone(), poll));
        workers.spawn(worker::run(app.clone(), database.clone(), poll, stop.clone()));
    }
    others.spawn(clockwork::run(app.clone()));
    others.spawn(clockwork::watch_sessions(app.clone()));
    Ok(Background { stop, workers, others })
}

impl Background {
    /// Stops: workers finish the steps they have begun, then everything ends.
    pub async fn stop(mut self) {
        self.stop.cancel();
        let finished = async { while self.workers.join_next().await.is_some() {} };
        if tokio::time::timeout(DRAIN, finished).await.is_err() {
            tracing::warn!("steps that take long were left for the next start");
        }
        self.workers.shutdown().await;
        self.others.shutdown().await;
    }
}

/// How long steps that have begun may take when the program stops; later they are done again after the next start.
const DRAIN: Duration = Duration::from_secs(10);
