//! Waking apps without a word: to take away what was taken back, and to bring the badge up to date when the activities were
//! seen on another device. Only devices that were pushed something hear of it, and each once for each such push.

use std::time::Duration;

use futures_util::future::try_join_all;

use super::deliver::{Next, give_up_older, next};
use super::{Turn, words};
use crate::app::App;
use crate::base::error::Result;
use crate::base::ids::{ActivityId, UserId};
use crate::domain::activity;
use crate::domain::devices::{self, Device, Errand, Outcome, Receipt, Status};
use crate::platform::apns::Urgency;

/// How long it is of use that an app is woken.
const USEFUL: Duration = Duration::from_hours(1);

/// Has devices take a push off the screen whose activity is gone.
///
/// # Errors
/// Those of the database.
pub async fn take_back(app: &App, user: UserId, id: ActivityId, turn: Turn) -> Result<Next> {
    let devices = devices::reachable(app, user).await?;
    if devices.is_empty() {
        return Ok(Next::Done);
    }
    let cursor = words::cursor(app);
    let unseen = activity::unseen(app, user).await?;
    let told =
        words::Woken { kind: "ACTIVITY_REMOVED", activity_id: Some(id.to_string()), cursor, unseen_count: unseen };
    let outcomes = try_join_all(devices.iter().map(async |device| {
        let known = devices::about(app, device.id, id.0).await?;
        give_up_older(app, &known, i64::MAX).await?;
        let taken = known.iter().filter(|receipt| receipt.status == Status::Accepted).map(|receipt| receipt.revision);
        match taken.max().filter(|revision| *revision > 0) {
            Some(revision) => wake(app, device, (id.0, -revision), &told).await,
            None => Ok(Outcome::Settled),
        }
    }));
    Ok(next(app, turn, outcomes.await?))
}

/// Has devices bring their badges up to date.
///
/// # Errors
/// Those of the database.
pub async fn count_again(app: &App, user: UserId, turn: Turn) -> Result<Next> {
    let devices = devices::reachable(app, user).await?;
    if devices.is_empty() {
        return Ok(Next::Done);
    }
    let cursor = words::cursor(app);
    let unseen = activity::unseen(app, user).await?;
    let told = words::Woken { kind: "ACTIVITY_SEEN", activity_id: None, cursor, unseen_count: unseen };
    let outcomes = try_join_all(devices.iter().map(async |device| match devices::last_taken(app, device.id).await? {
        Some(Receipt { attempted_at, .. }) => wake(app, device, (user.0, -attempted_at.0), &told).await,
        None => Ok(Outcome::Settled),
    }));
    Ok(next(app, turn, outcomes.await?))
}

/// Once for each push there was: the receipt of this one is named after that.
async fn wake(app: &App, device: &Device, (cause, revision): (i64, i64), told: &words::Woken) -> Result<Outcome> {
    let expires_at = app.clock.now().after(USEFUL);
    let (collapse_id, urgency, payload) = (None, Urgency::Background, told.payload()?);
    devices::push(app, device, &Errand { cause, revision, collapse_id, urgency, expires_at, payload }).await
}
