//! The steps after a like, a comment or a follow that came or went: who is to hear of it, and whether it still stands.

use super::note::{Happening, bring};
use super::table::Kind;
use crate::app::App;
use crate::base::error::Result;
use crate::base::facts::FollowState;
use crate::base::ids::{CommentId, MediaId, UserId};
use crate::domain::media::{self, Media};
use crate::domain::{comments, follows, likes};

/// A media was liked, or no longer is. Safe twice and late.
///
/// # Errors
/// Those of the database.
pub async fn note_like(app: &App, id: MediaId, actor: UserId) -> Result<()> {
    // With a media that is gone, everything about it goes.
    let Some(media) = one_media(app, id).await? else { return Ok(()) };
    let (user, kind) = (media.owner_id, Kind::MediaLiked);
    let happening = Happening { user, kind, object: id.0, media: Some(id), actor, cause: 0 };
    bring(app, happening, async || {
        Ok(likes::liked(app, actor, &[id]).await?.contains(&id) && may_hear(app, &happening).await?)
    })
    .await
}

/// A comment was liked, or no longer is. Safe twice and late.
///
/// # Errors
/// Those of the database.
pub async fn note_comment_like(app: &App, id: CommentId, actor: UserId) -> Result<()> {
    let Some(comment) = comments::load(app, &[id]).await?.pop() else { return Ok(()) };
    let (user, kind, media) = (comment.author_id, Kind::CommentLiked, Some(comment.media_id));
    let happening = Happening { user, kind, object: id.0, media, actor, cause: 0 };
    bring(app, happening, async || {
        let is_liked = comments::liked(app, actor, &[id]).await?.contains(&id);
        Ok(is_liked && is_there(app, id).await? && may_hear(app, &happening).await?)
    })
    .await
}

/// A comment was written: its media's owner hears of it, or whoever it replies to. Safe twice and late.
///
/// # Errors
/// Those of the database.
pub async fn note_comment(app: &App, id: CommentId) -> Result<()> {
    let Some(comment) = comments::load(app, &[id]).await?.pop() else { return Ok(()) };
    let Some(media) = one_media(app, comment.media_id).await? else { return Ok(()) };
    let (actor, cause) = (comment.author_id, id.0);
    let mut happenings = Vec::new();
    if let Some(parent) = parent_of(app, comment.parent_id).await? {
        let (user, kind) = (parent.author_id, Kind::CommentReplied);
        happenings.push(Happening { user, kind, object: parent.id.0, media: Some(media.id), actor, cause });
    }
    // A reply to the owner is told as a reply, and only so.
    if happenings.iter().all(|happening| happening.user != media.owner_id) {
        let (user, kind) = (media.owner_id, Kind::MediaCommented);
        happenings.push(Happening { user, kind, object: media.id.0, media: Some(media.id), actor, cause });
    }
    for happening in happenings {
        bring(app, happening, async || Ok(is_there(app, id).await? && may_hear(app, &happening).await?)).await?;
    }
    Ok(())
}

/// Whether one user follows another changed. Who was let in after they had asked hears of it; who let them in knows. Safe
/// twice and late.
///
/// # Errors
/// Those of the database.
pub async fn note_follow(app: &App, follower: UserId, followee: UserId) -> Result<()> {
    use FollowState::{Following, Requested};
    let to_followee = |kind| Happening { user: followee, kind, object: 0, media: None, actor: follower, cause: 0 };
    let to_follower = |kind| Happening { user: follower, actor: followee, ..to_followee(kind) };
    for (happening, state, is_approved) in [
        (to_followee(Kind::Followed), Following, false),
        (to_followee(Kind::FollowRequested), Requested, false),
        (to_follower(Kind::FollowApproved), Following, true),
    ] {
        bring(app, happening, async || {
            let now = follows::decided(app, follower, followee).await?;
            Ok(now == (state, is_approved) && may_hear(app, &happening).await?)
        })
        .await?;
    }
    Ok(())
}

/// Whether the one it happened to may know who did it, and see what it is about.
pub(super) async fn may_hear(app: &App, happening: &Happening) -> Result<bool> {
    let mut people = vec![happening.actor];
    let media = match happening.media {
        Some(id) => match one_media(app, id).await? {
            Some(media) => Some(media),
            None => return Ok(false),
        },
        None => None,
    };
    people.extend(media.as_ref().map(|media| media.owner_id));
    let standings = follows::standings_of(app, happening.user, &people).await?;
    let sees = |media: &Media| media::is_visible(media.audience, standings.get(&media.owner_id).copied());
    Ok(standings.contains_key(&happening.actor) && media.as_ref().is_none_or(sees))
}

pub(super) async fn one_media(app: &App, id: MediaId) -> Result<Option<Media>> {
    Ok(media::load(app, &[id]).await?.pop())
}

pub(super) async fn parent_of(app: &App, id: Option<CommentId>) -> Result<Option<comments::Comment>> {
    match id {
        Some(id) => Ok(comments::load(app, &[id]).await?.pop()),
        None => Ok(None),
    }
}

async fn is_there(app: &App, id: CommentId) -> Result<bool> {
    Ok(!comments::load(app, &[id]).await?.is_empty())
}
