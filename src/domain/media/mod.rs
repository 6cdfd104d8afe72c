//! Media: one or more photos published together, who can see them, and their end.

mod cards;
mod change_photo;
mod counts;
mod delete;
mod edit;
mod links;
mod looks;
mod photos;
mod publish;
mod table;
mod tags;

use std::collections::{HashMap, HashSet};

use crate::app::App;
use crate::base::error::{Error, Result};
use crate::base::ids::{MediaId, PhotoId, UserId};
use crate::base::page::{Page, Slice};
use crate::domain::follows::{self, Standing};
use crate::domain::mentions;
use crate::domain::sessions::Viewer;

pub use crate::base::facts::Audience;
pub use cards::Card;
pub(in crate::domain) use cards::{cards, cards_of};
pub use change_photo::{Change, PhotoChange, change_photo};
pub use counts::add_up as add_up_counts;
pub(in crate::domain) use counts::count;
pub use delete::{delete, erase};
pub use edit::{Edit, edit};
pub use links::{Followed, files_behind, renew_of_user as renew_links};
pub use looks::{
    AppliedFilter, Look, Part, Point, WantedFilter, WantedLook, erase_old as erase_old_looks, make_image,
    make_image_later,
};
pub use photos::Model as Photo;
pub use photos::of_media as photos_of;
pub use publish::{Draft, DraftPhoto, publish};
pub(in crate::domain) use table::Counter;
pub use table::Model as Media;
pub use tags::Model as PhotoTag;
pub use tags::{
    DraftTag, TAGS, can_remove as can_remove_tag, find as find_tag, is_tagged, of_photos as tags_of,
    remove as remove_tag, remove_if_blocked as remove_tags_if_blocked, remove_of as remove_tags_of,
};

/// Photos in one media.
pub const PHOTOS: usize = 10;

/// Whether a viewer who stands so to its owner sees a media for an audience.
#[must_use]
pub fn is_visible(audience: Audience, standing: Option<Standing>) -> bool {
    match (standing, audience) {
        (Some(Standing::Own), _) => true,
        (Some(standing), Audience::Everyone) => standing.can_view_media(),
        (Some(standing), Audience::Followers) => standing == Standing::Follower,
        (None, _) | (Some(_), Audience::OnlyMe) => false,
    }
}

/// Whether a media for an audience is there for everyone, known or not.
#[must_use]
pub fn is_for_everyone(audience: Audience, is_private: bool) -> bool {
    is_visible(audience, Some(Standing::Stranger { is_private }))
}

/// The media among these that the viewer can see.
///
/// # Errors
/// Those of the database.
pub async fn find_many(app: &App, viewer: Option<Viewer>, ids: &[MediaId]) -> Result<HashMap<MediaId, Media>> {
    let seen = visible(viewer, cards(app, viewer, ids).await?);
    Ok(seen.map(|media| (media.id, media)).collect())
}

/// A media, if the viewer can see it.
///
/// # Errors
/// Those of the database.
pub async fn find(app: &App, viewer: Option<Viewer>, id: MediaId) -> Result<Option<Media>> {
    Ok(find_many(app, viewer, &[id]).await?.remove(&id))
}

/// A media if it is there, and which of these viewers can see it: for each of them whether they do.
///
/// # Errors
/// Those of the database.
pub async fn seen_by_each(app: &App, viewers: &[Option<UserId>], id: MediaId) -> Result<(Option<Media>, Vec<bool>)> {
    let nobody = || Ok((None, vec![false; viewers.len()]));
    let Some(media) = load(app, &[id]).await?.pop() else { return nobody() };
    let known: Vec<UserId> = viewers.iter().copied().flatten().collect();
    let Some(mut crowd) = follows::Crowd::of(app, &known, media.owner_id).await? else { return nobody() };
    if !is_for_everyone(media.audience, crowd.is_private) {
        crowd = crowd.with_followers(app, &known).await?;
    }
    let sees = viewers.iter().map(|viewer| is_visible(media.audience, crowd.standing(*viewer))).collect();
    Ok((Some(media), sees))
}

/// The photos among these whose media the viewer can see.
///
/// # Errors
/// Those of the database.
pub async fn find_photos(app: &App, viewer: Option<Viewer>, ids: &[PhotoId]) -> Result<HashMap<PhotoId, Photo>> {
    let photos = app.db.gather(ids, photos::many).await?;
    let media: Vec<MediaId> = photos.iter().map(|photo| photo.media_id).collect();
    let seen = find_many(app, viewer, &media).await?;
    let visible = photos.into_iter().filter(|photo| seen.contains_key(&photo.media_id));
    Ok(visible.map(|photo| (photo.id, photo)).collect())
}

/// A media that the viewer can see, for doing something to it.
pub(in crate::domain) async fn must_find(app: &App, viewer: Viewer, id: MediaId) -> Result<Media> {
    let media = find(app, Some(viewer), id).await?;
    media.ok_or_else(|| Error::not_found("media").at(["mediaId"]))
}

/// Leaves out what the viewer cannot see. The one filter of every list of media.
pub(in crate::domain) fn visible(viewer: Option<Viewer>, cards: Vec<Card>) -> impl Iterator<Item = Media> {
    cards.into_iter().filter(move |card| card.is_visible(viewer)).map(|card| card.media)
}

/// The media of a user that the viewer can see, newest first.
///
/// # Errors
/// Those of the database.
pub async fn of_user(app: &App, viewer: Option<Viewer>, user: UserId, page: Page) -> Result<Slice<Media>> {
    let audiences = audiences(follows::standing(app, viewer, user).await?);
    if audiences.is_empty() {
        return Ok(Slice::default());
    }
    let rows = table::page_for(app.db.read_own(&user), user, audiences, page).await?;
    Ok(Slice::cut(page, rows))
}

/// The ids of the newest media of a user for some audiences that were published before an id was made, newest first; at
/// most so many.
///
/// # Errors
/// Those of the database.
pub async fn newest_before(
    app: &App,
    user: UserId,
    audiences: Vec<Audience>,
    (before, items): (i64, u64),
) -> Result<Vec<MediaId>> {
    if audiences.is_empty() {
        return Ok(Vec::new());
    }
    table::newest(app.db.read_own(&user), user, audiences, (before, items)).await
}

/// The ids of all media of a user, oldest first, after one of them; at most so many.
///
/// # Errors
/// Those of the database.
pub async fn ids_after(app: &App, user: UserId, after: i64, most: u64) -> Result<Vec<MediaId>> {
    table::ids_after(app.db.read_own(&user), user, after, most).await
}

/// The audiences that somebody who stands so belongs to.
#[must_use]
pub fn audiences(standing: Option<Standing>) -> Vec<Audience> {
    let belongs = |audience: &Audience| is_visible(*audience, standing);
    [Audience::Everyone, Audience::Followers, Audience::OnlyMe].into_iter().filter(belongs).collect()
}

/// Whether it does not matter who looks at a media, of an account that is private or not: it is for everyone, or gone.
///
/// # Errors
/// Those of the database.
pub async fn is_open(app: &App, id: MediaId, is_private: bool) -> Result<bool> {
    Ok(load(app, &[id]).await?.pop().is_none_or(|media| is_for_everyone(media.audience, is_private)))
}

/// These media, as far as they are still there, not yet filtered, in no order.
pub(in crate::domain) async fn load(app: &App, ids: &[MediaId]) -> Result<Vec<Media>> {
    app.db.gather(ids, table::many).await
}

/// Which of these media are the viewer's own. Everything on them is theirs to see and to take away.
pub(in crate::domain) async fn own_among(
    app: &App,
    viewer: Option<Viewer>,
    ids: &[MediaId],
) -> Result<HashSet<MediaId>> {
    let Some(viewer) = viewer else { return Ok(HashSet::new()) };
    let own = load(app, ids).await?.into_iter().filter(|media| media.owner_id == viewer.user);
    Ok(own.map(|media| media.id).collect())
}

/// Who is mentioned in the caption of a media, whoever asks; nobody when it is gone.
///
/// # Errors
/// Those of the database.
pub async fn mentioned(app: &App, id: MediaId) -> Result<Vec<UserId>> {
    let media = load(app, &[id]).await?;
    Ok(media.iter().flat_map(|media| mentions::mentioned(media.mentions.as_deref())).collect())
}

/// The newest media of many users, at most so many, newest first.
pub(in crate::domain) async fn newest_of_many(app: &App, users: &[UserId], most: usize) -> Result<Vec<MediaId>> {
    let mut ids = app.db.gather(users, |connection, users| table::newest_of_many(connection, users, most)).await?;
    ids.sort_unstable_by(|one, other| other.cmp(one));
    ids.truncate(most);
    Ok(ids)
}
