//! The steps after somebody was named, or no longer is: mentioned in a caption or in a comment, or tagged in a photo.

use super::causes::{may_hear, one_media, parent_of};
use super::forget::forget_named;
use super::note::{Happening, bring};
use super::table::Kind;
use crate::app::App;
use crate::base::error::Result;
use crate::base::ids::{CommentId, MediaId, UserId};
use crate::domain::{comments, media};

/// Somebody is mentioned in a comment or in the caption of a media, or no longer is. Safe twice and late.
///
/// # Errors
/// Those of the database.
pub async fn note_mention(app: &App, id: MediaId, comment: Option<CommentId>, user: UserId) -> Result<()> {
    let (kind, cause) = (Kind::Mentioned, comment.map_or(0, |comment| comment.0));
    let Some(text) = text(app, id, comment).await? else {
        return forget_named(app, (user, kind), (id, cause)).await;
    };
    // Told as a comment on their media or as a reply, and only so.
    if text.told.contains(&user) {
        return Ok(());
    }
    let happening = Happening { user, kind, object: id.0, media: Some(id), actor: text.writer, cause };
    bring(app, happening, async || {
        let mentioned = match comment {
            Some(comment) => comments::mentioned(app, comment).await?,
            None => media::mentioned(app, id).await?,
        };
        Ok(mentioned.contains(&user) && may_hear(app, &happening).await?)
    })
    .await
}

/// Somebody was tagged in a photo of a media, or no longer is in any. Safe twice and late.
///
/// # Errors
/// Those of the database.
pub async fn note_tag(app: &App, id: MediaId, user: UserId) -> Result<()> {
    let kind = Kind::PhotoTagged;
    let Some(media) = one_media(app, id).await? else {
        return forget_named(app, (user, kind), (id, 0)).await;
    };
    let happening = Happening { user, kind, object: id.0, media: Some(id), actor: media.owner_id, cause: 0 };
    bring(app, happening, async || Ok(media::is_tagged(app, id, user).await? && may_hear(app, &happening).await?)).await
}

/// A text that may mention people.
struct Text {
    writer: UserId,
    /// Who is told of it whether it mentions them or not.
    told: Vec<UserId>,
}

/// A comment, or the caption of a media; `None` when it is gone.
async fn text(app: &App, id: MediaId, comment: Option<CommentId>) -> Result<Option<Text>> {
    let Some(media) = one_media(app, id).await? else { return Ok(None) };
    let Some(comment) = comment else { return Ok(Some(Text { writer: media.owner_id, told: vec![] })) };
    let Some(comment) = comments::load(app, &[comment]).await?.pop() else { return Ok(None) };
    let parent = parent_of(app, comment.parent_id).await?;
    let told = parent.map(|parent| parent.author_id).into_iter().chain([media.owner_id]).collect();
    Ok(Some(Text { writer: comment.author_id, told }))
}
