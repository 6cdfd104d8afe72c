//! The steps after something ended for good: a media, a comment, or that two people exist for each other.

use super::actors;
use super::note::{Happening, noted, take_back};
use super::table::Kind;
use crate::app::App;
use crate::base::error::Result;
use crate::base::ids::{ActivityId, CommentId, MediaId, UserId};
use crate::domain::{comments, follows, media};
use crate::platform::db::Tx;

/// A media was deleted: its owner's activities about it go. Those about its comments go with each comment.
///
/// # Errors
/// Those of the database.
pub async fn forget_media(app: &App, id: MediaId, owner: UserId) -> Result<()> {
    app.db
        .write(&owner, async |tx| {
            for kind in [Kind::MediaLiked, Kind::MediaCommented] {
                sum_up_all(app, tx, actors::delete_about(tx, owner, kind, id.0).await?).await?;
            }
            Ok(())
        })
        .await
}

/// A comment that was deleted, as the fact tells of it.
#[derive(Clone, Copy, Debug)]
pub struct Deleted {
    /// It.
    pub comment: CommentId,
    /// What it was on.
    pub media: MediaId,
    /// Who had written it.
    pub author: UserId,
    /// What it replied to.
    pub parent: Option<CommentId>,
}

/// A comment was deleted: who was told of it is told no longer, and its author's activities about it go.
///
/// # Errors
/// Those of the database.
pub async fn forget_comment(app: &App, deleted: Deleted) -> Result<()> {
    let Deleted { comment, author, .. } = deleted;
    for happening in told_of(app, deleted).await? {
        take_back(app, &happening).await?;
    }
    app.db
        .write(&author, async |tx| {
            for kind in [Kind::CommentLiked, Kind::CommentReplied] {
                sum_up_all(app, tx, actors::delete_about(tx, author, kind, comment.0).await?).await?;
            }
            Ok(())
        })
        .await
}

/// Who had been told of a comment. With a media or a comment that is gone, all about it goes in other steps.
async fn told_of(app: &App, deleted: Deleted) -> Result<Vec<Happening>> {
    let Deleted { comment, media, author, parent } = deleted;
    let told =
        |user, kind, object| Happening { user, kind, object, media: Some(media), actor: author, cause: comment.0 };
    let media_row = media::load(app, &[media]).await?.pop();
    let of_media = media_row.map(|row| told(row.owner_id, Kind::MediaCommented, media.0));
    let parents: Vec<CommentId> = parent.into_iter().collect();
    let parent_row = comments::load(app, &parents).await?.pop();
    let of_parent = parent_row.map(|row| told(row.author_id, Kind::CommentReplied, row.id.0));
    Ok(of_media.into_iter().chain(of_parent).collect())
}

/// What named somebody is gone, and with it who did: a caption or a photo of a media, or a comment on it.
pub(super) async fn forget_named(app: &App, to: (UserId, Kind), (media, cause): (MediaId, i64)) -> Result<()> {
    app.db.write(&to.0, async |tx| sum_up_all(app, tx, actors::delete_by(tx, to, (media.0, cause)).await?).await).await
}

/// Two people were parted by a block: what one did to the other goes. When they exist for each other again by now, only what
/// was before the block.
///
/// # Errors
/// Those of the database.
pub async fn forget_person(app: &App, user: UserId, actor: UserId, block: i64) -> Result<()> {
    // Taken before the look: what is noted from here on looks by itself whether they are parted.
    let now: i64 = app.ids.next(&user)?;
    let is_parted = !follows::standings_of(app, user, &[actor]).await?.contains_key(&actor);
    let before = if is_parted { now } else { block };
    app.db.write(&user, async |tx| sum_up_all(app, tx, actors::delete_of(tx, user, actor, before).await?).await).await
}

async fn sum_up_all(app: &App, tx: &Tx, activities: Vec<ActivityId>) -> Result<()> {
    for activity in activities {
        noted(app, tx, activity).await?;
    }
    Ok(())
}
