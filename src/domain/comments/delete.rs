//! Deleting comments: by their author or the owner of the media, with their media, or because one of the two blocked the
//! other. A comment takes its replies with it.

use super::counts::{self, Counter as Count};
use super::{Comment, find, load, table};
use crate::app::App;
use crate::base::error::{Error, RefusalCode, Result};
use crate::base::facts::Fact;
use crate::base::ids::{CommentId, MediaId, UserId};
use crate::domain::follows;
use crate::domain::media::{self, Counter, Media};
use crate::domain::mentions;
use crate::domain::sessions::Viewer;
use crate::platform::db::Tx;
use crate::platform::log;

/// Comments removed in one page of a step.
const BATCH: u64 = 50;

/// Deletes a comment with its replies: its author can, also where they no longer see it, and the owner of the media.
/// Returns the media it was on, if the viewer sees it.
///
/// # Errors
/// `NOT_FOUND` or `NOT_PERMITTED`.
pub async fn delete(app: &App, viewer: Viewer, id: CommentId) -> Result<Option<Media>> {
    let comment = load(app, &[id]).await?.pop().ok_or_else(not_found)?;
    let owner = media::load(app, &[comment.media_id]).await?.pop().ok_or_else(not_found)?.owner_id;
    if !can_delete(viewer, &comment, owner) {
        find(app, Some(viewer), id).await?.ok_or_else(not_found)?;
        let message = "Only its author and the owner of the media can delete a comment.";
        return Err(Error::refused(RefusalCode::NotPermitted, message).at(["commentId"]));
    }
    if !app.db.write(&id, async |tx| remove(app, tx, &comment).await).await? {
        return Err(not_found());
    }
    media::find(app, Some(viewer), comment.media_id).await
}

fn not_found() -> Error {
    Error::not_found("comment").at(["commentId"])
}

/// Whether a viewer can delete a comment on a media of an owner.
#[must_use]
pub fn can_delete(viewer: Viewer, comment: &Comment, owner: UserId) -> bool {
    comment.author_id == viewer.user || owner == viewer.user
}

/// Removes a comment with its replies. False when it was gone.
async fn remove(app: &App, tx: &Tx, comment: &Comment) -> Result<bool> {
    // Before the reply, as whoever deletes the comment with its replies takes them: neither waits for the other.
    let parent_author = match comment.parent_id {
        Some(parent) => table::author_while_there(tx, parent).await?,
        None => None,
    };
    let deleted = table::delete(tx, comment.id).await?;
    if deleted.is_empty() {
        return Ok(false);
    }
    record_deleted(app, tx, &deleted, parent_author).await?;
    if let Some(parent) = comment.parent_id {
        counts::count(app, tx, parent, Count::Replies, -1).await?;
    }
    let by = -i64::try_from(deleted.len()).unwrap_or(0);
    media::count(app, tx, comment.media_id, Counter::Comments, by).await?;
    Ok(true)
}

/// `parent_author` wrote the comment that these reply to, where it is not one of them.
async fn record_deleted(app: &App, tx: &Tx, comments: &[Comment], parent_author: Option<UserId>) -> Result<()> {
    let author_of = |id: CommentId| comments.iter().find(|comment| comment.id == id).map(|comment| comment.author_id);
    for &Comment { id, media_id, author_id, parent_id, ref mentions, .. } in comments {
        let fact = Fact::CommentDeleted {
            comment: id,
            media: media_id,
            author: author_id,
            parent: parent_id,
            parent_author: parent_id.and_then(author_of).or(parent_author),
        };
        log::record(tx, app.clock.now(), &fact).await?;
        mentions::record(app, tx, (media_id, Some(id)), (mentions.as_deref(), None)).await?;
    }
    Ok(())
}

/// A step after a block: removes some of what an author wrote below these media of one owner before an id was made, and says
/// whether there may be more. Safe twice.
///
/// # Errors
/// Those of the database.
pub async fn remove_by(app: &App, author: UserId, media: &[MediaId], before: i64) -> Result<bool> {
    let Some(first) = media.first() else { return Ok(false) };
    let comments = table::by_author(app.db.read_own(first), author, media, (before, BATCH)).await?;
    for comment in &comments {
        app.db.write(&comment.id, async |tx| remove(app, tx, comment).await).await?;
    }
    Ok(comments.len() as u64 == BATCH)
}

/// A step after a comment was written: removes it when a block between its author and the owner of the media came in between.
/// The step after the block may have been there before the comment.
///
/// # Errors
/// Those of the database.
pub async fn remove_if_blocked(app: &App, id: CommentId) -> Result<()> {
    let Some(comment) = load(app, &[id]).await?.pop() else { return Ok(()) };
    let Some(media) = media::load(app, &[comment.media_id]).await?.pop() else { return Ok(()) };
    if follows::are_blocked(app, media.owner_id, comment.author_id).await? {
        app.db.write(&id, async |tx| remove(app, tx, &comment).await).await?;
    }
    Ok(())
}

/// A step after a media was deleted: forgets some of its comments, and tells whether there are more.
///
/// # Errors
/// Those of the database.
pub async fn erase(app: &App, id: MediaId) -> Result<bool> {
    app.db
        .write(&id, async |tx| {
            let deleted = table::delete_some(tx, id).await?;
            record_deleted(app, tx, &deleted, None).await?;
            Ok(!deleted.is_empty())
        })
        .await
}
