//! The list of what a user likes, on their own shard: written with the like where both are in one database, else by a step.

use super::table;
use crate::app::App;
use crate::base::error::Result;
use crate::base::facts::Fact;
use crate::base::ids::{MediaId, UserId};
use crate::domain::shelves::{self, Place, Shelf};
use crate::platform::db::Tx;
use crate::platform::log;

fn place(user: UserId, media: MediaId) -> Place {
    Place { user, shelf: Shelf::Liked, media }
}

/// In the transaction of a like or of its end: brings the list up to date, or lets a step do it.
pub(super) async fn note(app: &App, tx: &Tx, like: (UserId, MediaId), is_liked: bool) -> Result<()> {
    let ((user, media), edge) = (like, app.ids.next(&like.0)?);
    if app.db.database(&user).number != app.db.database(&media).number {
        return log::record(tx, app.clock.now(), &Fact::LikeWaits { media, user, edge }).await;
    }
    match is_liked {
        true => shelves::put(tx, place(user, media), edge).await,
        false => shelves::remove(tx, place(user, media)).await,
    }
}

/// A step after a like changed elsewhere: copies it as it is now. What changes meanwhile is seen by the second look of the
/// step that writes last, so the copy ends as the like does, in whatever order steps come.
///
/// # Errors
/// Those of the database.
pub async fn copy(app: &App, user: UserId, media: MediaId, edge: i64) -> Result<()> {
    let mut is_liked = is_liked(app, user, media).await?;
    loop {
        app.db
            .write(&user, async |tx| match is_liked {
                true => shelves::put(tx, place(user, media), edge).await,
                false => shelves::remove(tx, place(user, media)).await,
            })
            .await?;
        let now = self::is_liked(app, user, media).await?;
        if now == is_liked {
            return Ok(());
        }
        is_liked = now;
    }
}

async fn is_liked(app: &App, user: UserId, media: MediaId) -> Result<bool> {
    Ok(!table::of(app.db.read_own(&media), user, vec![media]).await?.is_empty())
}
