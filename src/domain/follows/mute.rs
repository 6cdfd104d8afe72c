//! Muting: the media of a user stay out of the viewer's home feed, for a while or for good. They are not told, and nothing
//! else changes. A mute that ends by time ends by itself: every read asks what time it is.

use std::collections::HashSet;

use super::mutes::{self, Model as Mute};
use super::standing::must_exist;
use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::error::{Error, RefusalCode, Result};
use crate::base::facts::Fact;
use crate::base::ids::UserId;
use crate::domain::sessions::Viewer;
use crate::domain::users;
use crate::platform::db::Tx;
use crate::platform::log;

/// Mutes a user until an instant, or for good. Done again, it changes until when.
///
/// # Errors
/// `NOT_FOUND`, `SELF`, or `INVALID` when the instant has gone by.
pub async fn mute(app: &App, viewer: Viewer, muted: UserId, until: Option<Timestamp>) -> Result<()> {
    if muted == viewer.user {
        return Err(Error::refused(RefusalCode::Own, "You cannot mute yourself.").at(["userId"]));
    }
    if until.is_some_and(|until| until <= app.clock.now()) {
        return Err(Error::refused(RefusalCode::Invalid, "A mute ends in the future.").at(["until"]));
    }
    must_exist(app, viewer, muted).await?;
    let mute = Mute { muter_id: viewer.user, muted_id: muted, edge: app.ids.next(&viewer.user)?, until };
    app.db.write(&viewer.user, async |tx| mute_in(app, tx, mute).await).await
}

async fn mute_in(app: &App, tx: &Tx, mute: Mute) -> Result<()> {
    users::lock(tx, mute.muter_id).await?;
    let now = app.clock.now();
    mutes::forget_over(tx, mute.muter_id, now).await?;
    let before = mutes::one(tx, mute.muter_id, mute.muted_id).await?;
    if before.as_ref().is_some_and(|before| before.until == mute.until) {
        return Ok(());
    }
    // One that goes on keeps its place in the list.
    let edge = before.map_or(mute.edge, |before| before.edge);
    let fact = Fact::UserMuted { muter: mute.muter_id, muted: mute.muted_id };
    mutes::put(tx, Mute { edge, ..mute }).await?;
    log::record(tx, now, &fact).await
}

/// No longer mutes a user. Harmless when it was not so.
///
/// # Errors
/// `NOT_FOUND`.
pub async fn unmute(app: &App, viewer: Viewer, muted: UserId) -> Result<()> {
    must_exist(app, viewer, muted).await?;
    app.db
        .write(&viewer.user, async |tx| {
            if !mutes::delete(tx, viewer.user, muted).await? {
                return Ok(());
            }
            log::record(tx, app.clock.now(), &Fact::UserUnmuted { muter: viewer.user, muted }).await
        })
        .await
}

/// Which of `others` a user mutes now.
///
/// # Errors
/// Those of the database.
pub async fn muted_among(app: &App, muter: UserId, others: &[UserId]) -> Result<HashSet<UserId>> {
    let mutes = mutes::among(app.db.read_own(&muter), muter, others, app.clock.now()).await?;
    Ok(mutes.into_keys().collect())
}
