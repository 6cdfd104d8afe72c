//! Bringing a notice to all devices of its user. Those that have it are not sent it again, whatever became of the others.

use std::time::Duration;

use futures_util::future::try_join_all;

use super::{Notice, Turn, words};
use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::error::Result;
use crate::domain::devices::{self, Device, Errand, Outcome, Receipt, Status};
use crate::platform::apns::Urgency;

/// Whether a push is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It is.
    Done,
    /// Not every device has it: at that time it goes on.
    At(Timestamp, Turn),
}

/// How often the same activity is pushed to a device at most: a photo that thousands like is one push a minute.
const REPEATED: Duration = Duration::from_mins(1);
/// The pause before a push is tried again; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
/// The longest.
const LONGEST_PAUSE: Duration = Duration::from_mins(10);

/// Pushes a notice to those of some devices that do not have it yet.
pub(super) async fn deliver(app: &App, notice: &Notice, devices: &[Device], turn: Turn) -> Result<Next> {
    let outcomes = try_join_all(devices.iter().map(|device| to(app, notice, device))).await?;
    Ok(next(app, turn, outcomes))
}

/// When to go on, if some of what was to be sent was not.
pub(super) fn next(app: &App, turn: Turn, outcomes: Vec<Outcome>) -> Next {
    let again = outcomes.into_iter().filter_map(|outcome| match outcome {
        Outcome::Settled => None,
        Outcome::Again(after) => Some(after.unwrap_or_default()),
    });
    let Some(wanted) = again.max() else { return Next::Done };
    let wait = pause(turn.tries).max(wanted);
    // Up to a quarter more by chance, so that what failed together does not come back together.
    let jitter = app.chance.below(u32::try_from(wait.as_millis() / 4).unwrap_or(u32::MAX));
    let at = app.clock.now().after(wait + Duration::from_millis(jitter.into()));
    Next::At(at, Turn { tries: turn.tries.saturating_add(1), ..turn })
}

fn pause(tries: u32) -> Duration {
    (FIRST_PAUSE * 2_u32.saturating_pow(tries.min(10))).min(LONGEST_PAUSE)
}

async fn to(app: &App, notice: &Notice, device: &Device) -> Result<Outcome> {
    let known = devices::about(app, device.id, notice.cause).await?;
    give_up_older(app, &known, notice.revision).await?;
    let is_this = |receipt: &&Receipt| receipt.revision == notice.revision;
    if known.iter().find(is_this).is_some_and(|receipt| receipt.status != Status::Retrying) {
        return Ok(Outcome::Settled);
    }
    let (what, now) = ((notice.cause, notice.revision), app.clock.now());
    let was_told = app.told.was(device.session_id, what, now).await;
    if let Some(reason) = notice.held_back.or(was_told.then_some("SeenLive")) {
        devices::suppress(app, device.id, what, reason).await?;
        return Ok(Outcome::Settled);
    }
    let taken = known.iter().filter(|receipt| receipt.status == Status::Accepted && receipt.revision > 0);
    let last = taken.map(|receipt| receipt.attempted_at).max();
    if let Some(free) = last.map(|last| last.after(REPEATED)).filter(|free| *free > now) {
        return Ok(Outcome::Again(Some(free.since(now))));
    }
    devices::push(app, device, &errand(app, notice, last.is_none())?).await
}

/// The first of a group makes itself heard; those that take its place do not.
fn errand(app: &App, notice: &Notice, is_first: bool) -> Result<Errand> {
    Ok(Errand {
        cause: notice.cause,
        revision: notice.revision,
        collapse_id: Some(notice.id.clone()),
        urgency: if is_first { Urgency::Now } else { Urgency::Quiet },
        expires_at: notice.happened_at.after(Duration::from_hours(app.config.push.expire_hours)),
        payload: words::payload(notice, is_first)?,
    })
}

/// What was to be tried again is not, once something newer takes its place.
pub(super) async fn give_up_older(app: &App, known: &[Receipt], revision: i64) -> Result<()> {
    // One that is being sent at this moment says itself what becomes of it.
    let waits = |receipt: &Receipt| receipt.status == Status::Retrying && receipt.held_until < app.clock.now();
    let older = |receipt: &&Receipt| waits(receipt) && (0..revision).contains(&receipt.revision);
    for receipt in known.iter().filter(older) {
        devices::suppress(app, receipt.device_id, (receipt.cause, receipt.revision), "Superseded").await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_and_have_an_end() {
        let seconds: Vec<u64> = [0, 1, 2, 6, 7, 1000].iter().map(|tries| pause(*tries).as_secs()).collect();
        assert_eq!(seconds, [5, 10, 20, 320, 600, 600]);
    }
}
