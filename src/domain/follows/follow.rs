//! Following a user, or asking to when their account is private; and stopping.

use super::blocks;
use super::edges::{self, Pair};
use super::standing::must_exist;
use crate::app::App;
use crate::base::error::{Error, RefusalCode, Result};
use crate::base::facts::FollowState;
use crate::base::ids::UserId;
use crate::domain::sessions::Viewer;
use crate::domain::users;
use crate::platform::db::Tx;

/// Follows a user, or asks to. Harmless when it was done before.
///
/// # Errors
/// `NOT_FOUND`, `SELF`, or `QUOTA_EXCEEDED` when the viewer follows as many as one can.
pub async fn follow(app: &App, viewer: Viewer, followee: UserId) -> Result<()> {
    if followee == viewer.user {
        let message = "You cannot follow yourself.";
        return Err(Error::refused(RefusalCode::Own, message).at(["userId"]));
    }
    must_exist(app, viewer, followee).await?;
    within_quota(app, viewer).await?;
    let pair = Pair { follower: viewer.user, followee };
    app.db.write(&followee, async |tx| follow_in(app, tx, pair).await).await
}

async fn follow_in(app: &App, tx: &Tx, pair: Pair) -> Result<()> {
    let not_found = || Error::not_found("user").at(["userId"]);
    let followee = users::lock(tx, pair.followee).await?.ok_or_else(not_found)?;
    // Asked again where it counts: the block may have come after the first look.
    if blocks::one(tx.conn(), pair.followee, pair.follower).await?.is_some() {
        return Err(not_found());
    }
    if edges::state_of(tx, pair).await? == FollowState::Following {
        return Ok(());
    }
    let state = if followee.is_private { FollowState::Requested } else { FollowState::Following };
    edges::set(app, tx, pair, state).await.map(|_| ())
}

async fn within_quota(app: &App, viewer: Viewer) -> Result<()> {
    let most = i64::from(app.config.follows.following);
    let following = users::find(app, viewer.user).await?.map_or(0, |user| user.following_count);
    if following < most {
        return Ok(());
    }
    let message = format!("You can follow at most {most} people.");
    Err(Error::refused(RefusalCode::QuotaExceeded, message).limit(most))
}

/// Stops following a user, or asking to. Harmless when it was not so.
///
/// # Errors
/// `NOT_FOUND`.
pub async fn unfollow(app: &App, viewer: Viewer, followee: UserId) -> Result<()> {
    must_exist(app, viewer, followee).await?;
    end(app, Pair { follower: viewer.user, followee }).await
}

/// Makes a user stop following the viewer. They are not told.
///
/// # Errors
/// `NOT_FOUND`.
pub async fn remove_follower(app: &App, viewer: Viewer, follower: UserId) -> Result<()> {
    must_exist(app, viewer, follower).await?;
    end(app, Pair { follower, followee: viewer.user }).await
}

async fn end(app: &App, pair: Pair) -> Result<()> {
    app.db
        .write(&pair.followee, async |tx| {
            users::lock(tx, pair.followee).await?;
            edges::set(app, tx, pair, FollowState::NotFollowing).await.map(|_| ())
        })
        .await
}
