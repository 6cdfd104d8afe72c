//! Bringing a media into the timelines of those who follow its owner, some at a time.
//!
//! Safe twice and late: a timeline takes a media once however often it comes. Only when all have it does the media leave
//! those that readers add by themselves, so nobody who reads their feed and then listens misses it.

use serde::{Deserialize, Serialize};

use super::large;
use crate::app::App;
use crate::base::error::Result;
use crate::base::ids::{MediaId, UserId};
use crate::domain::sessions::Viewer;
use crate::domain::{follows, users};
use crate::platform::timelines::Entry;

/// Followers served in one step: far less than a tenth of a second.
const FOLLOWERS: u32 = 2000;

/// How far a media has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Place {
    /// Nobody has it yet.
    #[default]
    Start,
    /// The followers up to this place have it.
    Pushed(i64),
    /// The followers up to this place know that its owner's media are in the database.
    Told(i64),
}

/// Takes a media some followers further. Gives where to go on, `None` at the end.
///
/// # Errors
/// Those of the database, and when Redis is away.
pub async fn fan_out(app: &App, media: MediaId, owner: UserId, place: Place) -> Result<Option<Place>> {
    let next = match place {
        _ if !app.timelines.are_kept() => None,
        Place::Start => begin(app, media, owner).await?,
        Place::Pushed(after) => bring(app, owner, after, Entry::Media(media)).await?.map(Place::Pushed),
        Place::Told(after) => tell(app, owner, after).await?.map(Place::Told),
    };
    if next.is_none() {
        app.live.arriving.done(media);
        app.bus.tell_arrived(app.db.database(&media), media);
    }
    Ok(next)
}

async fn begin(app: &App, media: MediaId, owner: UserId) -> Result<Option<Place>> {
    app.timelines.push(&[owner], Entry::Media(media)).await?;
    match large::one(app, owner).await? {
        Some(account) if account.is_told => Ok(None),
        Some(_) => Ok(Some(Place::Told(0))),
        None if !is_large(app, owner).await? => Ok(Some(Place::Pushed(0))),
        None => {
            large::begin(app, owner).await?;
            Ok(Some(Place::Told(0)))
        }
    }
}

async fn is_large(app: &App, owner: UserId) -> Result<bool> {
    let followers = users::find(app, owner).await?.map_or(0, |user| user.follower_count);
    Ok(followers > i64::from(app.config.feed.fan_out_followers))
}

async fn tell(app: &App, owner: UserId, after: i64) -> Result<Option<i64>> {
    let next = bring(app, owner, after, Entry::Large(owner)).await?;
    if next.is_none() {
        large::told(app, owner).await?;
    }
    Ok(next)
}

async fn bring(app: &App, owner: UserId, after: i64, entry: Entry) -> Result<Option<i64>> {
    let audience = follows::audience(app, owner, after, FOLLOWERS).await?;
    app.timelines.push(&audience.followers, entry).await?;
    Ok(audience.next)
}

/// Puts what the viewer has just published into their own timeline, so that they see it at once. When that fails, the step
/// that follows does it.
pub async fn add_own(app: &App, viewer: Viewer, media: MediaId) {
    if let Err(error) = app.timelines.push(&[viewer.user], Entry::Media(media)).await {
        tracing::debug!(%error, "a media comes into its owner's feed later");
    }
}

/// Notes that media have arrived which nobody told of: messages may be lost.
pub fn note_arrived(app: &App, media: impl IntoIterator<Item = MediaId>) {
    media.into_iter().for_each(|media| app.live.arriving.done(media));
}
