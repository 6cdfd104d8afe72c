//! Who likes a media. A like is there or not: to like twice is harmless, and counts once.

mod crowd;
mod own_list;
mod table;

use std::collections::HashSet;

use crate::app::App;
use crate::base::error::{Error, Result};
use crate::base::facts::Fact;
use crate::base::ids::{MediaId, UserId};
use crate::domain::media::{self, Counter};
use crate::domain::sessions::Viewer;
use crate::platform::db::Tx;
use crate::platform::log;

pub use own_list::copy;
use table::Model as Like;

/// Likes a media.
///
/// # Errors
/// `NOT_FOUND`.
pub async fn like(app: &App, viewer: Viewer, id: MediaId) -> Result<()> {
    media::must_find(app, viewer, id).await?;
    app.db.write(&id, async |tx| like_in(app, tx, viewer.user, id).await).await
}

/// The counter comes last, so that its row is held as short as can be.
async fn like_in(app: &App, tx: &Tx, user: UserId, id: MediaId) -> Result<()> {
    let now = app.clock.now();
    if !table::insert(tx, Like { media_id: id, user_id: user, liked_at: now }).await? {
        return Ok(());
    }
    log::record(tx, now, &Fact::MediaLiked { media: id, user }).await?;
    own_list::note(app, tx, (user, id), true).await?;
    counted(app, tx, id, 1).await
}

/// No longer likes a media.
///
/// # Errors
/// `NOT_FOUND`.
pub async fn unlike(app: &App, viewer: Viewer, id: MediaId) -> Result<()> {
    media::must_find(app, viewer, id).await?;
    app.db.write(&id, async |tx| unlike_in(app, tx, viewer.user, id).await).await
}

async fn unlike_in(app: &App, tx: &Tx, user: UserId, id: MediaId) -> Result<()> {
    if !table::delete(tx, id, user).await? {
        return Ok(());
    }
    log::record(tx, app.clock.now(), &Fact::MediaUnliked { media: id, user }).await?;
    own_list::note(app, tx, (user, id), false).await?;
    counted(app, tx, id, -1).await
}

async fn counted(app: &App, tx: &Tx, id: MediaId, by: i64) -> Result<()> {
    match media::count(app, tx, id, Counter::Likes, by).await? {
        true => Ok(()),
        false => Err(Error::not_found("media").at(["mediaId"])),
    }
}

/// Which of these media a user likes.
///
/// # Errors
/// Those of the database.
pub async fn liked(app: &App, user: UserId, media: &[MediaId]) -> Result<HashSet<MediaId>> {
    let likes = app.db.gather(media, |connection, media| table::of(connection, user, media)).await?;
    Ok(likes.into_iter().map(|like| like.media_id).collect())
}

/// Which of these users like a media.
///
/// # Errors
/// Those of the database.
pub async fn among(app: &App, media: MediaId, users: &[UserId]) -> Result<HashSet<UserId>> {
    crowd::among(app.db.read_own(&media), media, users).await
}

/// A step after a media was deleted: forgets some of its likes, and tells whether there are more.
///
/// # Errors
/// Those of the database.
pub async fn erase(app: &App, id: MediaId) -> Result<bool> {
    app.db.write(&id, async |tx| table::delete_some(tx, id).await).await
}
