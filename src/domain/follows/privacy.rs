//! Making an account private or open. Takes effect on everything at once, because visibility is decided at each look.

use super::edges::{self, Pair};
use super::followers;
use crate::app::App;
use crate::base::error::Result;
use crate::base::facts::{Fact, FollowState};
use crate::base::ids::UserId;
use crate::base::page::Page;
use crate::domain::sessions::Viewer;
use crate::domain::users;
use crate::platform::db::Tx;
use crate::platform::log;

/// Requests approved in one step; the next step takes the next ones.
const BATCH: u32 = 100;

/// Makes the viewer's account private or open. Opened, those who wait as followers are approved by steps.
///
/// # Errors
/// Those of the database.
pub async fn set_private(app: &App, viewer: Viewer, is_private: bool) -> Result<()> {
    let user = viewer.user;
    app.db
        .write(&user, async |tx| match users::lock(tx, user).await? {
            Some(before) if before.is_private != is_private => {
                users::set_private(tx, user, is_private).await?;
                log::record(tx, app.clock.now(), &Fact::PrivacyChanged { user, is_private }).await
            }
            _ => Ok(()),
        })
        .await
}

/// The step after an account was opened: approves some of those who wait, and tells whether there are more.
///
/// # Errors
/// Those of the database.
pub async fn approve_waiting(app: &App, user: UserId) -> Result<bool> {
    app.db.write(&user, async |tx| approve_some(app, tx, user).await).await
}

async fn approve_some(app: &App, tx: &Tx, followee: UserId) -> Result<bool> {
    // Private again in the meantime: the rest waits for its owner.
    if users::lock(tx, followee).await?.is_none_or(|user| user.is_private) {
        return Ok(false);
    }
    let mut waiting = followers::page(tx.conn(), followee, FollowState::Requested, Page::first(BATCH)).await?;
    let more = waiting.len() > BATCH as usize;
    waiting.truncate(BATCH as usize);
    for request in waiting {
        let pair = Pair { follower: request.follower_id, followee };
        edges::set(app, tx, pair, FollowState::Following).await?;
    }
    Ok(more)
}
