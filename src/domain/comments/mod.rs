//! What people write below a media, and in reply. Comments of somebody who does not exist for the viewer are left out.
//!
//! Replies are one level deep: a reply to a reply goes to its comment, and a comment takes its replies with it.

mod counts;
mod edit;
mod first;
mod likes;
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

pub use counts::add_up as add_up_counts;
pub use edit::edit;
pub use likes::{erase as erase_likes, like, liked, unlike};
use table::Below;
pub use table::Model as Comment;
pub use table::Order;

/// What somebody wants to say about a media.
#[derive(Clone, Debug, Serialize)]
pub struct Remark {
    /// The media.
    pub media: MediaId,
    /// The words.
    pub text: String,
    /// The comment it replies to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<CommentId>,
}

/// Comments on a media, or replies to a comment on it.
///
/// # Errors
/// `NOT_FOUND`, `INVALID` or `IDEMPOTENCY_MISMATCH`.
pub async fn add(app: &App, viewer: Viewer, remark: Remark, key: Option<String>) -> Result<Comment> {
    let key = key.map(|key| Key::new(key, "addComment", &remark));
    let body = body(&remark.text)?;
    media::must_find(app, viewer, remark.media).await?;
    let mentions = mentions::resolve(app, viewer, &body).await.map_err(|error| error.at(["text"]))?;
    let parent_id = parent(app, viewer, &remark).await?;
    let (id, media_id) = (app.ids.next(&remark.media), remark.media);
    let row = Comment { mentions, parent_id, ..Comment::new(id, media_id, viewer.user, body) };
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

/// The comment that a reply goes to: that of the reply, when it is to a reply.
async fn parent(app: &App, viewer: Viewer, remark: &Remark) -> Result<Option<CommentId>> {
    let Some(id) = remark.parent else { return Ok(None) };
    let parent = find(app, Some(viewer), id).await?.filter(|parent| parent.media_id == remark.media);
    let parent = parent.ok_or_else(|| Error::not_found("comment").at(["parentId"]))?;
    Ok(Some(parent.parent_id.unwrap_or(parent.id)))
}

async fn add_in(app: &App, tx: &Tx, comment: Comment, key: Option<&Key>) -> Result<(Comment, Option<CommentId>)> {
    let now = app.clock.now();
    if let Some(earlier) = idempotency::take(tx, comment.author_id, key, comment.id.0, now).await? {
        return Ok((comment, Some(CommentId(earlier))));
    }
    table::insert(tx, comment.clone()).await?;
    mentions::record(app, tx, (comment.media_id, Some(comment.id)), (None, comment.mentions.as_deref())).await?;
    let Comment { id, media_id, author_id, parent_id, .. } = comment;
    log::record(tx, now, &Fact::CommentAdded { comment: id, media: media_id, author: author_id }).await?;
    if let Some(parent) = parent_id
        && !counts::count(app, tx, parent, counts::Counter::Replies, 1).await?
    {
        return Err(Error::not_found("comment").at(["parentId"]));
    }
    if !media::count(app, tx, media_id, Counter::Comments, 1).await? {
        return Err(Error::not_found("media").at(["mediaId"]));
    }
    Ok((comment, None))
}

/// Deletes a comment with its replies: its author and the owner of the media can. Returns the media it was on.
///
/// # Errors
/// `NOT_FOUND` or `NOT_PERMITTED`.
pub async fn delete(app: &App, viewer: Viewer, id: CommentId) -> Result<Option<Media>> {
    let not_found = || Error::not_found("comment").at(["commentId"]);
    let comment = find(app, Some(viewer), id).await?.ok_or_else(not_found)?;
    let media = media::find(app, Some(viewer), comment.media_id).await?.ok_or_else(not_found)?;
    if !can_delete(viewer, &comment, media.owner_id) {
        let message = "Only its author and the owner of the media can delete a comment.";
        return Err(Error::refused(RefusalCode::NotPermitted, message).at(["commentId"]));
    }
    app.db.write(&id, async |tx| delete_in(app, tx, &comment).await).await?;
    media::find(app, Some(viewer), comment.media_id).await
}

async fn delete_in(app: &App, tx: &Tx, comment: &Comment) -> Result<()> {
    // Before the reply, as whoever deletes the comment with its replies takes them: neither waits for the other.
    if let Some(parent) = comment.parent_id {
        table::is_there(tx, parent).await?;
    }
    let deleted = table::delete(tx, comment.id).await?;
    if deleted.is_empty() {
        return Err(Error::not_found("comment").at(["commentId"]));
    }
    tell_deleted(app, tx, &deleted).await?;
    if let Some(parent) = comment.parent_id {
        counts::count(app, tx, parent, counts::Counter::Replies, -1).await?;
    }
    let by = -i64::try_from(deleted.len()).unwrap_or(0);
    media::count(app, tx, comment.media_id, Counter::Comments, by).await.map(|_| ())
}

async fn tell_deleted(app: &App, tx: &Tx, comments: &[Comment]) -> Result<()> {
    for Comment { id, media_id, author_id, parent_id, mentions, .. } in comments {
        let fact = Fact::CommentDeleted { comment: *id, media: *media_id, author: *author_id, parent: *parent_id };
        log::record(tx, app.clock.now(), &fact).await?;
        mentions::record(app, tx, (*media_id, Some(*id)), (mentions.as_deref(), None)).await?;
    }
    Ok(())
}

/// Whether a viewer can delete a comment on a media of an owner.
#[must_use]
pub fn can_delete(viewer: Viewer, comment: &Comment, owner: UserId) -> bool {
    comment.author_id == viewer.user || owner == viewer.user
}

/// The comments among these that the viewer can see: their media and their authors.
///
/// # Errors
/// Those of the database.
pub async fn find_many(app: &App, viewer: Option<Viewer>, ids: &[CommentId]) -> Result<HashMap<CommentId, Comment>> {
    let mut comments = load(app, ids).await?;
    let media: Vec<MediaId> = comments.iter().map(|comment| comment.media_id).collect();
    let seen = media::find_many(app, viewer, &media).await?;
    comments.retain(|comment| seen.contains_key(&comment.media_id));
    let comments = visible(app, viewer, comments).await?;
    Ok(comments.into_iter().map(|comment| (comment.id, comment)).collect())
}

/// These comments, as far as they are still there, not yet filtered, in no order.
pub(in crate::domain) async fn load(app: &App, ids: &[CommentId]) -> Result<Vec<Comment>> {
    app.db.gather(ids, table::many).await
}

/// A comment, if the viewer can see it.
///
/// # Errors
/// Those of the database.
pub async fn find(app: &App, viewer: Option<Viewer>, id: CommentId) -> Result<Option<Comment>> {
    Ok(find_many(app, viewer, &[id]).await?.remove(&id))
}

/// Which of these viewers can see a comment, of those who can see its media: for each of them whether they do. A reply is
/// seen where its comment is.
///
/// # Errors
/// Those of the database.
pub async fn seen_by_each(app: &App, viewers: &[Option<UserId>], id: CommentId) -> Result<Vec<bool>> {
    let mut seen = vec![true; viewers.len()];
    let mut next = Some(id);
    while let Some(id) = next {
        let comment = load(app, &[id]).await?.pop();
        let author = comment.as_ref().map(|comment| comment.author_id);
        let exists = exists_for_each(app, viewers, author).await?;
        seen.iter_mut().zip(exists).for_each(|(seen, exists)| *seen &= exists);
        next = comment.and_then(|comment| comment.parent_id);
    }
    Ok(seen)
}

/// For each of these viewers whether there is an author for them.
///
/// # Errors
/// Those of the database.
pub async fn exists_for_each(app: &App, viewers: &[Option<UserId>], author: Option<UserId>) -> Result<Vec<bool>> {
    let known: Vec<UserId> = viewers.iter().copied().flatten().collect();
    let crowd = match author {
        Some(author) => follows::Crowd::of(app, &known, author).await?,
        None => None,
    };
    let exists = |viewer: &Option<UserId>| crowd.as_ref().is_some_and(|crowd| crowd.standing(*viewer).is_some());
    Ok(viewers.iter().map(exists).collect())
}

/// The comments on a media that the viewer sees, without replies. Whether they see the media was decided before.
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
    let read = |page| table::page(app.db.read_own(&id), (Below::Media, id.0), order, page);
    Slice::fill(page, |comment: &Comment| comment.id.0, read, |comments| visible(app, viewer, comments)).await
}

/// The replies to a comment that the viewer sees, oldest first. Whether they see the comment was decided before.
///
/// # Errors
/// Those of the database.
pub async fn replies(app: &App, viewer: Option<Viewer>, id: CommentId, page: Page) -> Result<Slice<Comment>> {
    let read = |page| table::page(app.db.read_own(&id), (Below::Comment, id.0), Order::OldestFirst, page);
    Slice::fill(page, |comment: &Comment| comment.id.0, read, |comments| visible(app, viewer, comments)).await
}

/// The first page of comments on each of these media, in one statement for many of them in each database.
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
    let first = first::of_each(app, media, order, items).await?;
    let read = first.into_values().flatten().collect();
    let mut parts = parted(app, viewer, read, |comment| comment.media_id.0).await?;
    let mut pages = HashMap::new();
    for id in media {
        let part = parts.remove(&id.0).unwrap_or_default();
        let slice = match part.cut(items) {
            Some(slice) => slice,
            None => of_media(app, viewer, *id, order, Page::first(items)).await?,
        };
        pages.insert(*id, slice);
    }
    Ok(pages)
}

/// The first page of replies to each of these comments, in one statement for many of them in each database.
///
/// # Errors
/// Those of the database.
pub async fn first_replies_of_each(
    app: &App,
    viewer: Option<Viewer>,
    comments: &[CommentId],
    items: u32,
) -> Result<HashMap<CommentId, Slice<Comment>>> {
    let read = async |connection, comments: Vec<CommentId>| {
        let keys = comments.into_iter().map(|comment| comment.0).collect();
        table::first_of_each(connection, (Below::Comment, keys), Order::OldestFirst, items).await
    };
    let read = app.db.gather(comments, read).await?;
    let mut parts = parted(app, viewer, read, |reply| reply.parent_id.map_or(0, |parent| parent.0)).await?;
    let mut pages = HashMap::new();
    for id in comments {
        let part = parts.remove(&id.0).unwrap_or_default();
        let slice = match part.cut(items) {
            Some(slice) => slice,
            None => replies(app, viewer, *id, Page::first(items)).await?,
        };
        pages.insert(*id, slice);
    }
    Ok(pages)
}

/// What was read of one list among many, and what the viewer sees of it.
#[derive(Default)]
struct Part {
    read: usize,
    seen: Vec<Comment>,
}

impl Part {
    /// The page; `None` when somebody was left out and there may be more to fill the page with.
    fn cut(self, items: u32) -> Option<Slice<Comment>> {
        let short = self.seen.len() < self.read && self.read > items as usize;
        (!short).then(|| Slice::cut(Page::first(items), self.seen))
    }
}

async fn parted(
    app: &App,
    viewer: Option<Viewer>,
    read: Vec<Comment>,
    key: fn(&Comment) -> i64,
) -> Result<HashMap<i64, Part>> {
    let mut parts: HashMap<i64, Part> = HashMap::new();
    for comment in &read {
        parts.entry(key(comment)).or_default().read += 1;
    }
    for comment in visible(app, viewer, read).await? {
        parts.entry(key(&comment)).or_default().seen.push(comment);
    }
    Ok(parts)
}

async fn visible(app: &App, viewer: Option<Viewer>, comments: Vec<Comment>) -> Result<Vec<Comment>> {
    let authors: Vec<UserId> = comments.iter().map(|comment| comment.author_id).collect();
    let hidden = follows::hidden(app, viewer, &authors).await?;
    Ok(comments.into_iter().filter(|comment| !hidden.contains(&comment.author_id)).collect())
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
    app.db
        .write(&id, async |tx| {
            let deleted = table::delete_some(tx, id).await?;
            tell_deleted(app, tx, &deleted).await?;
            Ok(!deleted.is_empty())
        })
        .await
}
