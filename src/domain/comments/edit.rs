//! Editing a comment: its author can. Who is mentioned is found anew.

use super::{Comment, body, find, table};
use crate::app::App;
use crate::base::error::{Error, RefusalCode, Result};
use crate::base::facts::Fact;
use crate::base::ids::CommentId;
use crate::domain::mentions;
use crate::domain::sessions::Viewer;
use crate::platform::db::Tx;
use crate::platform::log;

/// Edits a comment of the viewer. Harmless when it says that already.
///
/// # Errors
/// `NOT_FOUND` when the viewer cannot see it, `NOT_PERMITTED` when it is somebody else's, `INVALID`.
pub async fn edit(app: &App, viewer: Viewer, id: CommentId, text: &str) -> Result<Comment> {
    let comment = find(app, Some(viewer), id).await?.ok_or_else(not_found)?;
    if comment.author_id != viewer.user {
        let message = "Only its author can edit a comment.";
        return Err(Error::refused(RefusalCode::NotPermitted, message).at(["commentId"]));
    }
    let body = body(text)?;
    if body == comment.body {
        return Ok(comment);
    }
    let mentions = mentions::resolve(app, viewer, &body).await.map_err(|error| error.at(["text"]))?;
    let edited = Comment { body, mentions, edited_at: Some(app.clock.now()), ..comment };
    app.db.write(&id, async |tx| edit_in(app, tx, edited).await).await?;
    find(app, Some(viewer), id).await?.ok_or_else(not_found)
}

async fn edit_in(app: &App, tx: &Tx, edited: Comment) -> Result<()> {
    let (comment, media, author) = (edited.id, edited.media_id, edited.author_id);
    let before = table::lock(tx, comment).await?.ok_or_else(not_found)?;
    let mentions = (before.mentions.as_deref(), edited.mentions.as_deref());
    mentions::record(app, tx, (media, Some(comment)), mentions).await?;
    if !table::set_edited(tx, edited).await? {
        return Err(not_found());
    }
    log::record(tx, app.clock.now(), &Fact::CommentEdited { comment, media, author }).await
}

fn not_found() -> Error {
    Error::not_found("comment").at(["commentId"])
}
