//! What a push is made of: an activity as its user may see it now.

use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::error::Result;
use crate::base::ids::{ActivityId, MediaId, UserId};
use crate::domain::activity::{self, Activity, Kind, News};
use crate::domain::{media, uploads};
use crate::platform::imaging::{Output, Size};
use crate::platform::links::Reach;

use super::words;

/// What a push is made of.
#[derive(Clone, Debug)]
pub(super) struct Notice {
    /// The ID of the activity.
    pub id: String,
    /// The same as a number.
    pub cause: i64,
    /// Which state of it: its place in the list.
    pub revision: i64,
    /// Its kind, as in the schema.
    pub kind: String,
    /// The usernames of those who did it, last first.
    pub actors: Vec<String>,
    /// How many did it.
    pub actor_count: i64,
    /// The media it is about.
    pub media: Option<MediaId>,
    /// A photo of that.
    pub image_url: Option<String>,
    /// With what it stands together on the screen.
    pub thread: String,
    /// When it last happened.
    pub happened_at: Timestamp,
    /// For the badge.
    pub unseen: usize,
    /// Where the log stood before it was read.
    pub cursor: String,
    /// Why it is not pushed to anybody: it was seen, or its user wants no such pushes now.
    pub held_back: Option<&'static str>,
}

/// What an activity says to its user; `None` when there is nothing of it that they see.
pub(super) async fn of(app: &App, user: UserId, id: ActivityId) -> Result<Option<Notice>> {
    let cursor = words::cursor(app);
    let Some(activity) = activity::find(app, user, id).await? else { return Ok(None) };
    let media = activity.media.as_ref().map(|media| media.id);
    Ok(Some(Notice {
        id: id.to_string(),
        cause: id.0,
        revision: activity.place,
        kind: name(activity.kind)?,
        actors: activity.actors.iter().map(|actor| actor.username.clone()).collect(),
        actor_count: activity.actor_count,
        media,
        image_url: image(app, media).await?,
        thread: media.map_or_else(|| "people".to_owned(), |media| media.to_string()),
        happened_at: activity.updated_at(),
        unseen: activity::unseen(app, user).await?,
        cursor,
        held_back: held_back(app, user, &activity).await?,
    }))
}

/// Why nobody's device is told of it.
async fn held_back(app: &App, user: UserId, activity: &Activity) -> Result<Option<&'static str>> {
    if activity.is_seen {
        return Ok(Some("Seen"));
    }
    let settings = activity::settings(app, user).await?;
    let now = app.clock.now();
    if settings.paused_until.is_some_and(|until| now < until) {
        return Ok(Some("Paused"));
    }
    if !settings.are_awake(now) {
        return Ok(Some("QuietHours"));
    }
    let Some(actor) = activity.actors.first() else { return Ok(None) };
    let is_wanted = activity::wants(app, user, News { kind: activity.kind, actor: actor.id }).await?;
    Ok((!is_wanted).then_some("NotWanted"))
}

/// A link that ends: a push is kept on phones for long.
async fn image(app: &App, media: Option<MediaId>) -> Result<Option<String>> {
    let Some(media) = media else { return Ok(None) };
    let photos = media::photos_of(app, &[media]).await?;
    let Some(photo) = photos.get(&media).and_then(|photos| photos.first()) else { return Ok(None) };
    Ok(Some(uploads::link(app, &photo.linked(), (Size::Standard, Output::Jpeg), Reach::Some)?.url))
}

/// A kind as the schema writes it: `MEDIA_LIKED` for `mediaLiked`.
fn name(kind: Kind) -> Result<String> {
    let written = serde_json::to_value(kind)?;
    Ok(written.as_str().unwrap_or_default().chars().fold(String::new(), |mut name, letter| {
        if letter.is_ascii_uppercase() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
        name
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_called_as_in_the_schema() {
        assert_eq!(name(Kind::MediaLiked).unwrap(), "MEDIA_LIKED");
        assert_eq!(name(Kind::Followed).unwrap(), "FOLLOWED");
        assert!(Kind::all().into_iter().all(|kind| !name(kind).unwrap().is_empty()));
    }
}
