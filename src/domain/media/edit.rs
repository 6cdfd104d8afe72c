//! Editing a media: what it says and who can see it. What is left out stays.

use super::publish::counted;
use super::{Audience, Media, links, table};
use crate::app::App;
use crate::base::error::{Error, RefusalCode, Result};
use crate::base::facts::Fact;
use crate::base::ids::MediaId;
use crate::base::text;
use crate::domain::mentions;
use crate::domain::sessions::Viewer;
use crate::domain::users::{self, Counter};
use crate::platform::db::Tx;
use crate::platform::log;

/// What to change of a media. What is `None` stays; a text that is empty clears.
#[derive(Clone, Debug, Default)]
pub struct Edit {
    /// What to say.
    pub caption: Option<String>,
    /// What to warn of.
    pub content_warning: Option<String>,
    /// Who can see it.
    pub audience: Option<Audience>,
}

/// A text that replaces another, with who is mentioned in it.
struct Words {
    text: Option<String>,
    mentions: Option<String>,
}

/// Edits one of the viewer's own media. Harmless when it is as wanted.
///
/// # Errors
/// `NOT_FOUND` when the viewer cannot see it, `NOT_PERMITTED` when it is somebody else's, `INVALID`.
pub async fn edit(app: &App, viewer: Viewer, id: MediaId, edit: Edit) -> Result<Media> {
    let media = super::must_find(app, viewer, id).await?;
    if media.owner_id != viewer.user {
        let message = "Only its owner can edit a media.";
        return Err(Error::refused(RefusalCode::NotPermitted, message).at(["mediaId"]));
    }
    let caption = match edit.caption.as_deref() {
        Some(caption) => Some(words(app, viewer, caption).await.map_err(|error| error.at(["caption"]))?),
        None => None,
    };
    let warning = edit.content_warning.as_deref().map(content_warning).transpose()?;
    let change = async |tx: &Tx| edit_in(app, tx, id, (caption, warning, edit.audience)).await;
    app.db.write(&id, async |tx| change(tx).await).await?;
    super::find(app, Some(viewer), id).await?.ok_or_else(not_found)
}

/// A content warning as it is kept; `None` when nothing is left of it.
pub(super) fn content_warning(warning: &str) -> Result<Option<String>> {
    let warning = text::prose(warning, text::CONTENT_WARNING_LENGTH).map_err(|error| error.at(["contentWarning"]))?;
    Ok(warning.map(str::to_owned))
}

async fn words(app: &App, viewer: Viewer, caption: &str) -> Result<Words> {
    let text = text::prose(caption, text::CAPTION_LENGTH)?;
    mentions::check_hashtags(text.unwrap_or(""))?;
    Ok(Words { mentions: mentions::resolve(app, viewer, text.unwrap_or("")).await?, text: text.map(str::to_owned) })
}

/// What changes: the caption, the warning and the audience.
type Changes = (Option<Words>, Option<Option<String>>, Option<Audience>);

async fn edit_in(app: &App, tx: &Tx, id: MediaId, (caption, warning, audience): Changes) -> Result<()> {
    let before = table::lock(tx, id).await?.ok_or_else(not_found)?;
    let mut after = before.clone();
    if let Some(words) = caption {
        (after.caption, after.mentions) = (words.text, words.mentions);
    }
    after.content_warning = warning.unwrap_or(after.content_warning);
    after.audience = audience.unwrap_or(after.audience);
    let says_other = (&after.caption, &after.content_warning) != (&before.caption, &before.content_warning);
    let is_for_others = after.audience != before.audience;
    let (now, owner) = (app.clock.now(), before.owner_id);
    if says_other {
        after.edited_at = Some(now);
        log::record(tx, now, &Fact::MediaEdited { media: id, owner }).await?;
    }
    if is_for_others {
        users::count(tx, owner, Counter::Media, counted(after.audience) - counted(before.audience)).await?;
        let fact = Fact::AudienceChanged { media: id, owner, before: before.audience };
        log::record(tx, now, &fact).await?;
    }
    if is_narrower(after.audience, before.audience) {
        links::renew(app, tx, &[id]).await?;
    }
    mentions::record(app, tx, (id, None), (before.mentions.as_deref(), after.mentions.as_deref())).await?;
    table::set_edited(tx, after).await
}

/// Whether somebody who could see a media no longer can.
fn is_narrower(audience: Audience, before: Audience) -> bool {
    match before {
        Audience::Everyone => audience != Audience::Everyone,
        Audience::Followers => audience == Audience::OnlyMe,
        Audience::OnlyMe => false,
    }
}

fn not_found() -> Error {
    Error::not_found("media").at(["mediaId"])
}
