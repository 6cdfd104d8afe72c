//! Doing steps: claimed with a lease that is renewed while they run, tried again with growing pauses, buried at last.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::{AbortHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use super::kinds;
use super::step::{Progress, Step};
use crate::app::App;
use crate::base::error::{Error, Result};
use crate::platform::db::Database;
use crate::platform::queue::{self, Claimed, Kinds, Lane};

/// Short steps of one database done at once in one process.
const AT_ONCE: usize = 16;
/// How many times a step is tried; with the pauses, for more than an hour.
const TRIES: u32 = 12;
/// The pause after the first failure; it doubles each time.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
/// The pause of a step that found a disk full.
const FULL: Duration = Duration::from_secs(5);
/// How long a step that this version cannot read is left to a newer worker before anybody may claim it again.
const LEFT: Duration = Duration::from_mins(1);
/// How often leases are renewed.
const RENEW: Duration = Duration::from_secs(3);

/// Places for the steps of one lane.
struct Places {
    lane: Lane,
    free: Arc<Semaphore>,
}

/// Does the steps of one database until told to stop; then those it has begun are finished.
pub(super) async fn run(app: Arc<App>, database: Arc<Database>, poll: Duration, stop: CancellationToken) {
    let (photos, pushes) = (app.config.uploads.workers, app.config.push.apns.in_flight);
    let places = [(Lane::Short, AT_ONCE), (Lane::Photos, photos), (Lane::Pushes, pushes)]
        .map(|(lane, free)| Places { lane, free: Arc::new(Semaphore::new(free)) });
    let kinds = kinds::known(app.db.fleet.level());
    let mut running = JoinSet::new();
    while !stop.is_cancelled() {
        let (mut claimed, mut is_full) = (0, false);
        for places in &places {
            match claim_some(&app, &database, (places, &kinds), &mut running).await {
                Some(count) => claimed += count,
                None => is_full = true,
            }
        }
        if claimed == 0 || is_full {
            tokio::select! {
                () = stop.cancelled() => {}
                // A place that is free again is a reason to look, but only when one was missing. Whether one was is known
                // from the look: a place may have become free since, and what waits for it would be passed over.
                Some(_) = running.join_next(), if is_full => {}
                () = database.steps_stored.notified() => {}
                () = tokio::time::sleep(poll) => {}
            }
        }
        while running.try_join_next().is_some() {}
    }
    while running.join_next().await.is_some() {}
}

/// Claims as many steps of a lane as there are places, and begins them. `None` when there is no place.
async fn claim_some(
    app: &Arc<App>,
    database: &Arc<Database>,
    (places, kinds): (&Places, &Kinds),
    running: &mut JoinSet<()>,
) -> Option<usize> {
    let mut free = Vec::new();
    while let Ok(place) = places.free.clone().try_acquire_owned() {
        free.push(place);
    }
    if free.is_empty() {
        return None;
    }
    match queue::claim(database, (places.lane, kinds), app.clock.now(), free.len()).await {
        Ok(claimed) => {
            let count = claimed.len();
            for (step, place) in claimed.into_iter().zip(free) {
                running.spawn(work(app.clone(), database.clone(), step, place));
            }
            Some(count)
        }
        Err(error) => {
            error.tell(|detail| tracing::error!(database = database.number, detail, "steps could not be claimed"));
            Some(0)
        }
    }
}

async fn work(app: Arc<App>, database: Arc<Database>, claimed: Claimed, _place: OwnedSemaphorePermit) {
    let step = tokio::spawn(do_step(app.clone(), claimed.clone()));
    let begun = Begun(step.abort_handle());
    let done = tokio::select! {
        done = step => done.map_err(Error::internal).and_then(|done| done),
        () = keep_lease(&app, &database, &claimed) => {
            tracing::warn!(step = %claimed.step, "a step was taken over by another worker");
            return;
        }
    };
    drop(begun);
    match settle_step(&app, &database, &claimed, done).await {
        Ok(true) => {}
        Ok(false) => tracing::warn!(step = %claimed.step, "a step was taken over by another worker"),
        // The lease runs out and the step is done again.
        Err(error) => {
            error.tell(|detail| tracing::error!(step = claimed.id, detail, "the end of a step could not be noted"));
        }
    }
}

/// A step that was begun, on a task of its own: a panic in it is an error like others. Dropped, it ends.
struct Begun(AbortHandle);

impl Drop for Begun {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn do_step(app: Arc<App>, claimed: Claimed) -> Result<Progress> {
    let Some(step) = Step::read(&claimed.step, app.db.fleet.level()) else { return Ok(Progress::Unknown) };
    // Claimed more often than it was tried: it ended the process each time.
    if claimed.tries > TRIES {
        return Err(Error::internal("the step never came to an end"));
    }
    app.ids.await_lease().await;
    step.run(&app).await
}

/// Renews the lease for as long as the step runs. Comes back when somebody else has it.
async fn keep_lease(app: &App, database: &Database, claimed: &Claimed) {
    loop {
        tokio::time::sleep(RENEW).await;
        match queue::renew(database, claimed, app.clock.now()).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                tracing::warn!(step = claimed.id, error = %error.detail(), "a lease could not be renewed");
            }
        }
    }
}

/// Notes how a step ended. False when it was somebody else's by then.
async fn settle_step(app: &Arc<App>, database: &Database, claimed: &Claimed, done: Result<Progress>) -> Result<bool> {
    let now = app.clock.now();
    match done {
        Ok(Progress::Done) => queue::done(database, claimed).await,
        Ok(Progress::More) => {
            let is_ours = queue::again(database, claimed, now).await?;
            database.steps_stored.notify_one();
            Ok(is_ours)
        }
        Ok(Progress::Next(step)) => {
            let is_ours = queue::go_on(database, claimed, now, step.task()?).await?;
            database.steps_stored.notify_one();
            Ok(is_ours)
        }
        Ok(Progress::Later(step, due)) => queue::go_on(database, claimed, due, step.task()?).await,
        Ok(Progress::Unknown) => {
            tracing::warn!(id = claimed.id, "this version cannot read a step: it is left to a newer worker");
            queue::again(database, claimed, now.after(LEFT)).await
        }
        // It is not the step's fault: it waits for as long as it takes.
        Err(error) if error.is_away() => queue::again(database, claimed, now.after(pause(app, claimed.tries))).await,
        // Not its fault either. Each minute the log has an error about it.
        Err(error) if error.is_full() => {
            tracing::warn!(step = %claimed.step, error = %error.detail(), "a step waits for disk space");
            queue::again(database, claimed, now.after(FULL)).await
        }
        Err(error) if claimed.tries >= TRIES => give_up(app, database, claimed, &error).await,
        Err(error) => {
            let due = now.after(pause(app, claimed.tries));
            tracing::warn!(step = %claimed.step, tries = claimed.tries, error = %error.detail(), "a step failed");
            queue::retry(database, claimed, due, error.detail()).await
        }
    }
}

async fn give_up(app: &Arc<App>, database: &Database, claimed: &Claimed, error: &Error) -> Result<bool> {
    // Only who still has the step may undo what it left.
    if !queue::renew(database, claimed, app.clock.now()).await? {
        return Ok(false);
    }
    tracing::error!(step = %claimed.step, error = %error.detail(), "a step was given up and buried");
    if let Some(step) = Step::read(&claimed.step, app.db.fleet.level()) {
        step.give_up(app).await?;
    }
    queue::bury(database, claimed, app.clock.now(), error.detail()).await
}

/// Doubles with each try, with up to half as much again by chance, so that failed steps do not all come back at once.
fn pause(app: &App, tries: u32) -> Duration {
    let pause = FIRST_PAUSE * 2u32.saturating_pow(tries.saturating_sub(1).min(TRIES));
    let jitter = app.chance.below(u32::try_from(pause.as_millis() / 2).unwrap_or(u32::MAX));
    pause + Duration::from_millis(u64::from(jitter))
}
