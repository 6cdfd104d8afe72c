//! What follows from facts, and everything else that runs beside requests: relays, workers, tails and the clock.

mod after;
mod arriving;
mod clockwork;
mod kinds;
mod number;
mod pushing;
mod rehearsal;
mod relay;
mod settle;
mod step;
mod tell;
mod worker;

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::base::error::Result;
use crate::domain::sessions;
use crate::platform::log;

use number::Number;
pub use settle::settle;

/// What runs beside requests. Dropped, nothing new is begun; a step that has begun may still end by itself, and is done
/// again when it does not.
#[derive(Debug)]
pub struct Background {
    app: Arc<App>,
    stop: CancellationToken,
    number: Number,
    workers: JoinSet<()>,
    others: JoinSet<()>,
}

/// Takes a number, readies the keys and starts what the roles of this process ask for: relays, workers, tails and the
/// clock.
///
/// # Errors
/// When the number, the keys or the ended sessions cannot be read.
pub fn spawn(app: &Arc<App>) -> BoxFuture<'_, Result<Background>> {
    // In a box it is compiled here once, and not again with every program that awaits it.
    begin(app).boxed()
}

async fn begin(app: &Arc<App>) -> Result<Background> {
    let name: Arc<str> = app.chance.token().into();
    let number = Number::take(app, &name).await?;
    sessions::load_keys(app).await?;
    let session_ends_known = app.clock.now();
    sessions::load_ended(app).await?;
    // Before the tails: nothing may be told that is not noted.
    arriving::begin(app).await?;
    let (stop, roles) = (CancellationToken::new(), app.config.server.role);
    let (mut workers, mut others) = (JoinSet::new(), JoinSet::new());
    let poll = Duration::from_millis(app.config.log.poll_milliseconds);
    for database in app.db.databases() {
        others.spawn(log::follow(database.clone(), app.bus.clone(), app.live.clone(), poll));
        if roles.relay {
            others.spawn(relay::run(app.clone(), database.clone(), poll));
        }
        if roles.worker {
            workers.spawn(worker::run(app.clone(), database.clone(), poll, stop.clone()));
            others.spawn(clockwork::tidy_for_ever(app.clone(), database.clone(), name.clone()));
        }
        others.spawn(clockwork::find_session_ends(app.clone(), database.clone(), session_ends_known));
        others.spawn(app.bus.clone().pass_on(database.clone(), roles));
    }
    if roles.worker {
        others.spawn(clockwork::sweep_strays(app.clone(), name.clone()));
    }
    others.spawn(hear_others(app.clone()));
    others.spawn(Number::keep(app.clone(), name));
    others.spawn(clockwork::run(app.clone()));
    others.spawn(clockwork::note_logged_session_ends(app.clone()));
    others.spawn(clockwork::note_told_session_ends(app.clone(), app.bus.session_ends()));
    others.spawn(clockwork::store_accepted(app.clone()));
    Ok(Background { app: app.clone(), stop, number, workers, others })
}

/// What other processes say wakes this one.
async fn hear_others(app: Arc<App>) {
    if let Err(error) = app.bus.clone().listen(app.db.databases().to_vec(), app.config.server.role).await {
        tracing::error!(error = %error.detail(), "other processes cannot be heard");
    }
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
        self.number.give_back().await;
        self.app.db.rest();
    }
}

/// How long steps that have begun may take when the program stops; later they are done again after the next start.
const DRAIN: Duration = Duration::from_secs(10);
