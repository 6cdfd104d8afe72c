//! Which comments somebody sees. Those of an author who does not exist for the viewer are absent, and so is everything below
//! them — but the owner of the media sees everything on it. A reply is seen where its comment is.

use std::collections::{HashMap, HashSet};

use super::{Comment, load};
use crate::app::App;
use crate::base::error::Result;
use crate::base::ids::{CommentId, MediaId, UserId};
use crate::domain::follows;
use crate::domain::media;
use crate::domain::sessions::Viewer;

/// The comments among these that the viewer can see: their media, their authors and those of what they reply to.
///
/// # Errors
/// Those of the database.
pub async fn find_many(app: &App, viewer: Option<Viewer>, ids: &[CommentId]) -> Result<HashMap<CommentId, Comment>> {
    let mut comments = load(app, ids).await?;
    let media: Vec<MediaId> = comments.iter().map(|comment| comment.media_id).collect();
    let seen = media::find_many(app, viewer, &media).await?;
    comments.retain(|comment| seen.contains_key(&comment.media_id));
    let parents = load(app, &parents_of(&comments)).await?;
    let all = comments.iter().cloned().chain(parents).collect();
    let seen: HashSet<CommentId> = visible(app, viewer, all).await?.into_iter().map(|comment| comment.id).collect();
    let is_seen = |id: CommentId| seen.contains(&id);
    comments.retain(|comment| is_seen(comment.id) && comment.parent_id.is_none_or(is_seen));
    Ok(comments.into_iter().map(|comment| (comment.id, comment)).collect())
}

/// What these comments reply to.
pub(in crate::domain) fn parents_of(comments: &[Comment]) -> Vec<CommentId> {
    comments.iter().filter_map(|comment| comment.parent_id).collect()
}

/// A comment, if the viewer can see it.
///
/// # Errors
/// Those of the database.
pub async fn find(app: &App, viewer: Option<Viewer>, id: CommentId) -> Result<Option<Comment>> {
    Ok(find_many(app, viewer, &[id]).await?.remove(&id))
}

/// Those comments whose authors the viewer sees there. Whether they see the media and what is replied to was decided before.
pub(super) async fn visible(app: &App, viewer: Option<Viewer>, comments: Vec<Comment>) -> Result<Vec<Comment>> {
    let authors: Vec<UserId> = comments.iter().map(|comment| comment.author_id).collect();
    let hidden = follows::hidden(app, viewer, &authors).await?;
    let doubtful = comments.iter().filter(|comment| hidden.contains(&comment.author_id));
    let doubtful: Vec<MediaId> = doubtful.map(|comment| comment.media_id).collect();
    let own = media::own_among(app, viewer, &doubtful).await?;
    let is_seen = |comment: &Comment| !hidden.contains(&comment.author_id) || own.contains(&comment.media_id);
    Ok(comments.into_iter().filter(is_seen).collect())
}

/// Whether a viewer who sees a media of an owner sees there what all of these people wrote.
///
/// # Errors
/// Those of the database.
pub async fn sees_authors(app: &App, viewer: Option<Viewer>, owner: UserId, authors: &[UserId]) -> Result<bool> {
    if viewer.is_some_and(|viewer| viewer.user == owner) {
        return Ok(true);
    }
    let standings = follows::standings(app, viewer, authors).await?;
    Ok(authors.iter().all(|author| standings.contains_key(author)))
}

/// Which of these viewers can see a comment, of those who can see its media, which is an owner's: for each of them whether
/// they do.
///
/// # Errors
/// Those of the database.
pub async fn seen_by_each(app: &App, viewers: &[Option<UserId>], owner: UserId, id: CommentId) -> Result<Vec<bool>> {
    let (mut authors, mut next) = (Vec::new(), Some(id));
    while let Some(id) = next {
        let Some(comment) = load(app, &[id]).await?.pop() else { return Ok(vec![false; viewers.len()]) };
        authors.push(comment.author_id);
        next = comment.parent_id;
    }
    each_sees_authors(app, viewers, owner, &authors).await
}

/// For each of these viewers whether they see what all of these people wrote below a media of an owner.
///
/// # Errors
/// Those of the database.
pub async fn each_sees_authors(
    app: &App,
    viewers: &[Option<UserId>],
    owner: UserId,
    authors: &[UserId],
) -> Result<Vec<bool>> {
    let known: Vec<UserId> = viewers.iter().copied().flatten().collect();
    let mut seen = vec![true; viewers.len()];
    for author in authors {
        let crowd = follows::Crowd::of(app, &known, *author).await?;
        for (seen, viewer) in seen.iter_mut().zip(viewers) {
            let exists = crowd.as_ref().is_some_and(|crowd| crowd.standing(*viewer).is_some());
            *seen &= exists || *viewer == Some(owner);
        }
    }
    Ok(seen)
}
