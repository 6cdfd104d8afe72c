//! Blocking: neither exists for the other any more, at once and everywhere. They are not told.

use super::blocks::{self, Model as Block};
use super::edges::{self, Pair};
use super::followers;
use super::standing::must_exist;
use crate::app::App;
use crate::base::error::{Error, RefusalCode, Result};
use crate::base::facts::{Fact, FollowState};
use crate::base::ids::UserId;
use crate::domain::sessions::Viewer;
use crate::domain::users;
use crate::platform::db::Tx;
use crate::platform::log;

/// Blocks a user, and ends both follows. Harmless when it was done before.
///
/// # Errors
/// `NOT_FOUND` or `SELF`.
pub async fn block(app: &App, viewer: Viewer, blocked: UserId) -> Result<()> {
    if blocked == viewer.user {
        return Err(Error::refused(RefusalCode::Own, "You cannot block yourself.").at(["userId"]));
    }
    if blocks::one(app.db.read_own(&viewer.user), viewer.user, blocked).await?.is_some() {
        return Ok(());
    }
    // One who blocks the viewer does not exist for them: to block them back would tell.
    must_exist(app, viewer, blocked).await?;
    app.db.write(&viewer.user, async |tx| block_in(app, tx, viewer.user, blocked).await).await
}

async fn block_in(app: &App, tx: &Tx, blocker: UserId, blocked: UserId) -> Result<()> {
    users::lock(tx, blocker).await?;
    let edge = app.ids.next(&blocker)?;
    if !blocks::insert(tx, Block { blocker_id: blocker, blocked_id: blocked, edge }).await? {
        return Ok(());
    }
    // Their follow of the blocker is decided here; the blocker's follow of them elsewhere, by a step.
    edges::set(app, tx, Pair { follower: blocked, followee: blocker }, FollowState::NotFollowing).await?;
    log::record(tx, app.clock.now(), &Fact::UserBlocked { blocker, blocked, edge }).await
}

/// The step after a block: ends the blocker's follow of the blocked. When the block is gone again, only one from before it.
///
/// # Errors
/// Those of the database.
pub async fn sever(app: &App, blocker: UserId, blocked: UserId, block: i64) -> Result<()> {
    let pair = Pair { follower: blocker, followee: blocked };
    let stands = blocks::one(app.db.read_own(&blocker), blocker, blocked).await?.is_some_and(|row| row.edge == block);
    app.db
        .write(&blocked, async |tx| {
            users::lock(tx, blocked).await?;
            match followers::one(tx.conn(), blocked, blocker).await? {
                Some(edge) if stands || edge.edge < block => {
                    edges::set(app, tx, pair, FollowState::NotFollowing).await.map(|_| ())
                }
                _ => Ok(()),
            }
        })
        .await
}

/// No longer blocks a user. Harmless when it was not so.
///
/// # Errors
/// `NOT_FOUND` when there is no such user for the viewer once the block is gone.
pub async fn unblock(app: &App, viewer: Viewer, blocked: UserId) -> Result<()> {
    app.db
        .write(&viewer.user, async |tx| {
            if !blocks::delete(tx, viewer.user, blocked).await? {
                return Ok(());
            }
            let fact = Fact::UserUnblocked { blocker: viewer.user, blocked };
            log::record(tx, app.clock.now(), &fact).await
        })
        .await?;
    Ok(())
}
