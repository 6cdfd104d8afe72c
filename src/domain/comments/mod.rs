//! What people write below a media, and in reply. Comments of somebody who does not exist for the viewer are left out.
//!
//! Replies are one level deep: a reply to a reply goes to its comment, and a comment takes its replies with it.

mod counts;
mod delete;
mod edit;
mod first;
mod likes;
mod table;
mod visible;

use std::collections::HashMap;

use serde::Serialize;

use crate::app::App;
use crate::base::error::{Error, RefusalCode, Result};
use crate::base::facts::Fact;
use crate::base::ids::{CommentId, MediaId, UserId};
use crate::base::page::{Page, Slice};
use crate::base::text;
use crate::domain::idempotency::{self, Key};
use crate::domain::media::{self, Counter};
use crate::domain::mentions;
use crate::domain::sessions::Viewer;
use crate::platform::db::Tx;
use crate::platform::log;

pub use counts::add_up as add_up_counts;
pub use delete::{can_delete, delete, erase, remove_by, remove_if_blocked};
pub use edit::edit;
pub use likes::{erase as erase_likes, like, liked, unlike};
use table::Below;
pub use table::Model as Comment;
pub use table::Order;
pub(in crate::domain) use visible::parents_of;
use visible::visible;
pub use visible::{each_sees_authors, find, find_many, seen_by_each, sees_authors};

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
    let (id, media_id) = (app.ids.next(&remark.media)?, remark.media);
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

/// These comments, as far as they are still there, not yet filtered, in no order.
pub(in crate::domain) async fn load(app: &App, ids: &[CommentId]) -> Result<Vec<Comment>> {
    app.db.gather(ids, table::many).await
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

/// Who is mentioned in a comment, whoever asks; nobody when it is gone.
///
/// # Errors
/// Those of the database.
pub async fn mentioned(app: &App, id: CommentId) -> Result<Vec<UserId>> {
    let comments = app.db.gather(&[id], table::many).await?;
    Ok(comments.iter().flat_map(|comment| mentions::mentioned(comment.mentions.as_deref())).collect())
}
