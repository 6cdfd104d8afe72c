//! What is pushed: each activity, once in each of its states, to the devices of whom it happened to.
//!
//! A push waits a little first. What was seen meanwhile, or told on a live stream of the device's own session, is not
//! pushed; what came together is one push. Pushes about the same activity replace each other on the screen, and only the
//! first makes itself heard. What became of each is in its receipt.

mod deliver;
mod notice;
mod silent;
mod words;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::base::error::Result;
use crate::base::ids::{ActivityId, SessionId, UserId};
use crate::domain::devices;

pub use deliver::Next;
use notice::Notice;
pub use silent::{count_again, take_back};

/// How far a push is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// Whether it has waited for what may come with it.
    pub has_waited: bool,
    /// How often it was tried in vain.
    pub tries: u32,
}

/// Pushes an activity as it is now to the devices of its user. A step.
///
/// # Errors
/// Those of the database.
pub async fn push(app: &App, user: UserId, id: ActivityId, turn: Turn) -> Result<Next> {
    let devices = devices::reachable(app, user).await?;
    if devices.is_empty() {
        return Ok(Next::Done);
    }
    let delay = Duration::from_secs(app.config.push.delay_seconds);
    if !turn.has_waited && !delay.is_zero() {
        return Ok(Next::At(app.clock.now().after(delay), Turn { has_waited: true, ..turn }));
    }
    match notice::of(app, user, id).await? {
        Some(notice) => deliver::deliver(app, &notice, &devices, turn).await,
        // It is gone, and so is whatever was to be tried again.
        None => take_back(app, user, id, turn).await,
    }
}

/// Notes that a live stream told an activity: it need not be pushed to the device of that session.
pub async fn was_told(app: &App, session: SessionId, (id, revision): (ActivityId, i64)) {
    app.told.note(session, (id.0, revision), app.clock.now()).await;
}
