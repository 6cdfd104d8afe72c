//! What people write below a media. Comments of somebody who does not exist for the viewer are left out.

mod edit;
mod table;

use std::collections::HashMap;

use serde::Serialize;

use crate::app::App;
use crate::base::error::{Error, RefusalCode, Result};
use crate::base::facts::Fact;
use crate::base::ids::{CommentId, MediaId, UserId};
use crate::base::page::{Page, Slice};
use crate::base::text;
use crate::domain::follows;
use crate::domain::idempotency::{self, Key};
use crate::domain::media::{self, Counter, Media};
use crate::domain::mentions;
use crate::domain::sessions::Viewer;
use crate::platform::db::Tx;
use crate::platform::log;

pub use edit::edit;
pub use table::Model as Comment;
pub use table::Order;

/// What somebody wants to say about a media.
#[derive(Clone, Debug, Serialize)]
pub struct Remark {
    /// The media.
    pub media: MediaId,
    /// The words.
    pub text: String,
}

/// Comments on a media.
///
/// # Errors
/// `NOT_FOUND`, `INVALID` or `IDEMPOTENCY_MISMATCH`.
pub async fn add(app: &App, viewer: Viewer, remark: Remark, key: Option<String>) -> Result<Comment> {
    let key = key.map(|key| Key::new(key, "addComment", &remark));
    let body = body(&remark.text)?;
    media::must_find(app, viewer, remark.media).await?;
    let mentions = mentions::resolve(app, viewer, &body).await.map_err(|error| error.at(["text"]))?;
    let (id, media_id) = (app.ids.next(&remark.media), remark.media);
    let row = Comment { id, media_id, author_id: viewer.user, body, mentions, edited_at: None };
    let (comment, earlier) =
        app.db.write(&row.media_id.clone(), async |tx| add_in(app, tx, row, key.as_ref()).await).await?;
    match earlier {
        None => Ok(comment),
        // With a repeated request the comment may have been deleted in the meantime.
        Some(id) => {
            find(app, Some(viewer), id).await?.ok_or_else(|| Error::not_found("comment").at(["idempotencyKey"]))
        }
    }
}

/// The words of a comment as they are kept.
fn body(text: &str) -> Result<String> {
    let body = text::prose(text, text::COMMENT_LENGTH).map_err(|error| error.at(["text"]))?;
    let empty = || Error::refused(RefusalCode::Invalid, "A comment has at least one character.").limit(1).at(["text"]);
    Ok(body.ok_or_else(empty)?.to_owned())
}

async fn add_in(app: &App, tx: &Tx, comment: Comment, key: Option<&Key>) -> Result<(Comment, Option<CommentId>)> {
    let now = app.clock.now();
    if let Some(earlier) = idempotency::take(tx, comment.author_id, key, comment.id.0, now).await? {
        return Ok((comment, Some(CommentId(earlier))));
    }
    table::insert(tx, comment.clone()).await?;
    let Comment { id, media_id, author_id, .. } = comment;
    log::record(tx, now, &Fact::CommentAdded { comment: id, media: media_id, author: author_id }).await?;
    if !media::count(app, tx, media_id, Counter::Comments, 1).await? {
        return Err(Error::not_found("media").at(["mediaId"]));
    }
    Ok((comment, None))
}

/// Deletes a comment: its author and the owner of the media can. Returns the media it was on.
///
/// # Errors
/// `NOT_FOUND` or `NOT_PERMITTED`.
pub async fn delete(app: &App, viewer: Viewer, id: CommentId) -> Result<Option<Media>> {
    let not_found = || Error::not_found("comment").at(["commentId"]);
    let comment = find(app, Some(viewer), id).await?.ok_or_else(not_found)?;
    let media = media::find(app, Some(viewer), comment.media_id).await?.ok_or_else(not_found)?;
    if !can_delete(viewer, &comment, &media) {
        let message = "Only its author and the owner of the media can delete a comment.";
        return Err(Error::refused(RefusalCode::NotPermitted, message).at(["commentId"]));
    }
    app.db.write(&id, async |tx| delete_in(app, tx, &comment).await).await?;
    media::find(app, Some(viewer), comment.media_id).await
}

async fn delete_in(app: &App, tx: &Tx, comment: &Comment) -> Result<()> {
    if !table::delete(tx, comment.id).await? {
        return Err(Error::not_found("comment").at(["commentId"]));
    }
    let (id, media, author) = (comment.id, comment.media_id, comment.author_id);
    let fact = Fact::CommentDeleted { comment: id, media, author };
    log::record(tx, app.clock.now(), &fact).await?;
    media::count(app, tx, comment.media_id, Counter::Comments, -1).await.map(|_| ())
}

/// Whether a viewer can delete a comment on a media.
#[must_use]
pub fn can_delete(viewer: Viewer, comment: &Comment, media: &Media) -> bool {
    comment.author_id == viewer.user || media.owner_id == viewer.user
}

/// The comments among these that the viewer can see: their media and their authors.
///
/// # Errors
/// Those of the database.
pub async fn find_many(app: &App, viewer: Option<Viewer>, ids: &[CommentId]) -> Result<HashMap<CommentId, Comment>> {
    let mut comments = app.db.gather(ids, table::many).await?;
    let media: Vec<MediaId> = comments.iter().map(|comment| comment.media_id).collect();
    let seen = media::find_many(app, viewer, &media).await?;
    comments.retain(|comment| seen.contains_key(&comment.media_id));
    let comments = visible(app, viewer, comments).await?;
    Ok(comments.into_iter().map(|comment| (comment.id, comment)).collect())
}

/// A comment, if the viewer can see it.
///
/// # Errors
/// Those of the database.
pub async fn find(app: &App, viewer: Option<Viewer>, id: CommentId) -> Result<Option<Comment>> {
    Ok(find_many(app, viewer, &[id]).await?.remove(&id))
}

/// The comments on a media that the viewer sees. Whether they see the media was decided before.
///
/// # Errors
/// Those of the database.
pub async fn of_media(
    app: &App,
    viewer: Option<Viewer>,
    id: MediaId,
    order: Order,
    page: Page,
) -> Result<Slice<Comment>> {
    let read = |page| table::page(app.db.read_own(&id), id, order, page);
    Slice::fill(page, |comment: &Comment| comment.id.0, read, |comments| visible(app, viewer, comments)).await
}

/// The first page of comments on each of these media, in one statement for each database.
///
/// # Errors
/// Those of the database.
pub async fn first_of_each(
    app: &App,
    viewer: Option<Viewer>,
    media: &[MediaId],
    order: Order,
    items: u32,
) -> Result<HashMap<MediaId, Slice<Comment>>> {
    let read = app.db.gather(media, |connection, media| table::first_of_each(connection, media, order, items)).await?;
    let mut whole: HashMap<MediaId, usize> = HashMap::new();
    for comment in &read {
        *whole.entry(comment.media_id).or_default() += 1;
    }
    let mut seen: HashMap<MediaId, Vec<Comment>> = HashMap::new();
    for comment in visible(app, viewer, read).await? {
        seen.entry(comment.media_id).or_default().push(comment);
    }
    let mut pages = HashMap::new();
    for id in media {
        let comments = seen.remove(id).unwrap_or_default();
        let read = whole.get(id).copied().unwrap_or(0);
        // Somebody was left out, and there may be more to fill the page with.
        let short = comments.len() < read && read > items as usize;
        let page = Page::first(items);
        let slice = if short { of_media(app, viewer, *id, order, page).await? } else { Slice::cut(page, comments) };
        pages.insert(*id, slice);
    }
    Ok(pages)
}

async fn visible(app: &App, viewer: Option<Viewer>, comments: Vec<Comment>) -> Result<Vec<Comment>> {
    let authors: Vec<UserId> = comments.iter().map(|comment| comment.author_id).collect();
    let standings = follows::standings(app, viewer, &authors).await?;
    Ok(comments.into_iter().filter(|comment| standings.contains_key(&comment.author_id)).collect())
}

/// Who is mentioned in a comment, whoever asks; nobody when it is gone.
///
/// # Errors
/// Those of the database.
pub async fn mentioned(app: &App, id: CommentId) -> Result<Vec<UserId>> {
    let comments = app.db.gather(&[id], table::many).await?;
    Ok(comments.iter().flat_map(|comment| mentions::mentioned(comment.mentions.as_deref())).collect())
}

/// A step after a media was deleted: forgets some of its comments, and tells whether there are more.
///
/// # Errors
/// Those of the database.
pub async fn erase(app: &App, id: MediaId) -> Result<bool> {
    app.db.write(&id, async |tx| table::delete_some(tx, id).await).await
}
