//! Answering those who ask to follow a private account.

use super::edges::{self, Pair};
use super::standing::must_exist;
use crate::app::App;
use crate::base::error::{Error, Result};
use crate::base::facts::FollowState;
use crate::base::ids::UserId;
use crate::domain::sessions::Viewer;
use crate::domain::users;

/// Lets a user follow the viewer. Harmless when they do already.
///
/// # Errors
/// `NOT_FOUND` when they did not ask.
pub async fn approve(app: &App, viewer: Viewer, follower: UserId) -> Result<()> {
    answer(app, viewer, follower, FollowState::Following).await
}

/// Does not let a user follow the viewer. They are not told.
///
/// # Errors
/// `NOT_FOUND` when they did not ask.
pub async fn decline(app: &App, viewer: Viewer, follower: UserId) -> Result<()> {
    answer(app, viewer, follower, FollowState::NotFollowing).await
}

async fn answer(app: &App, viewer: Viewer, follower: UserId, answer: FollowState) -> Result<()> {
    must_exist(app, viewer, follower).await?;
    let pair = Pair { follower, followee: viewer.user };
    app.db
        .write(&viewer.user, async |tx| {
            users::lock(tx, viewer.user).await?;
            match edges::state_of(tx, pair).await? {
                FollowState::Requested => edges::set(app, tx, pair, answer).await.map(|_| ()),
                state if state == answer => Ok(()),
                _ => Err(Error::not_found("request").at(["userId"])),
            }
        })
        .await
}
