//! Doing steps: claimed with a lease that is renewed while they run, tried again with growing pauses, buried at last.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::step::{Progress, Step};
use crate::app::App;
use crate::base::error::{Error, Result};
use crate::platform::db::Database;
use crate::platform::queue::{self, Claimed};

/// Steps of one database done at once in one process.
const AT_ONCE: usize = 16;
/// How many times a step is tried; with the pauses, for more than an hour.
const TRIES: u32 = 12;
/// The pause after the first failure; it doubles each time.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
/// How often leases are renewed.
const RENEW: Duration = Duration::from_secs(3);

/// Does the steps of one database until told to stop; then those it has begun are finished.
pub(super) async fn run(app: Arc<App>, database: Arc<Database>, poll: Duration, stop: CancellationToken) {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut running = JoinSet::new();
    while !stop.is_cancelled() {
        let more = match claim_some(&app, &database, &places, &mut running).await {
            Ok(claimed) => claimed > 0,
            Err(error) => {
                tracing::error!(database = database.number, error = %error.detail(), "steps could not be claimed");
                false
            }
        };
        if !more {
            tokio::select! {
                () = stop.cancelled() => {}
                () = database.steps_stored.notified() => {}
                () = tokio::time::sleep(poll) => {}
            }
        }
        while running.try_join_next().is_some() {}
    }
    while running.join_next().await.is_some() {}
}

/// Claims as many steps as there are places, and begins them.
async fn claim_some(
    app: &Arc<App>,
    database: &Arc<Database>,
    places: &Arc<Semaphore>,
    running: &mut JoinSet<()>,
) -> Result<usize> {
    let first = places.clone().acquire_owned().await.map_err(Error::internal)?;
    let mut free = vec![first];
    while let Ok(place) = places.clone().try_acquire_owned() {
        free.push(place);
    }
    let claimed = queue::claim(database, app.clock.now(), free.len()).await?;
    let count = claimed.len();
    for (step, place) in claimed.into_iter().zip(free) {
        running.spawn(work(app.clone(), database.clone(), step, place));
    }
    Ok(count)
}

async fn work(app: Arc<App>, database: Arc<Database>, claimed: Claimed, _place: OwnedSemaphorePermit) {
    let done = tokio::select! {
        done = do_step(app.clone(), claimed.clone()) => done,
        never = keep_lease(&app, &database, claimed.id) => match never {},
    };
    if let Err(error) = settle_step(&app, &database, &claimed, done).await {
        // The lease runs out and the step is done again.
        tracing::error!(step = claimed.id, error = %error.detail(), "the end of a step could not be noted");
    }
}

/// A step on a task of its own: a panic in it is an error like others.
async fn do_step(app: Arc<App>, claimed: Claimed) -> Result<Progress> {
    let run = async move {
        let step: Step = serde_json::from_str(&claimed.step)?;
        // Claimed more often than it was tried: it ended the process each time.
        if claimed.tries > TRIES {
            return Err(Error::internal("the step never came to an end"));
        }
        step.run(&app).await
    };
    tokio::spawn(run).await.map_err(Error::internal)?
}

/// Renews the lease for as long as the step runs.
async fn keep_lease(app: &App, database: &Database, id: i64) -> Infallible {
    loop {
        tokio::time::sleep(RENEW).await;
        if let Err(error) = queue::renew(database, app.clock.now(), vec![id]).await {
            tracing::warn!(step = id, error = %error.detail(), "a lease could not be renewed");
        }
    }
}

async fn settle_step(app: &Arc<App>, database: &Database, claimed: &Claimed, done: Result<Progress>) -> Result<()> {
    match done {
        Ok(Progress::Done) => queue::done(database, claimed.id).await,
        Ok(Progress::More) => {
            queue::again(database, claimed.id, app.clock.now()).await?;
            database.steps_stored.notify_one();
            Ok(())
        }
        Ok(Progress::Next(step)) => {
            queue::go_on(database, claimed.id, app.clock.now(), serde_json::to_string(&step)?).await?;
            database.steps_stored.notify_one();
            Ok(())
        }
        Err(error) if claimed.tries >= TRIES => {
            tracing::error!(step = %claimed.step, error = %error.detail(), "a step was given up and buried");
            if let Ok(step) = serde_json::from_str::<Step>(&claimed.step) {
                step.give_up(app).await?;
            }
            queue::bury(database, claimed.id, app.clock.now(), error.detail()).await
        }
        Err(error) => {
            let due = app.clock.now().after(pause(app, claimed.tries));
            tracing::warn!(step = %claimed.step, tries = claimed.tries, error = %error.detail(), "a step failed");
            queue::retry(database, claimed.id, due, error.detail()).await
        }
    }
}

/// Doubles with each try, with up to half as much again by chance, so that failed steps do not all come back at once.
fn pause(app: &App, tries: u32) -> Duration {
    let pause = FIRST_PAUSE * 2u32.saturating_pow(tries.saturating_sub(1).min(TRIES));
    let jitter = app.chance.below(u32::try_from(pause.as_millis() / 2).unwrap_or(u32::MAX));
    pause + Duration::from_millis(u64::from(jitter))
}
