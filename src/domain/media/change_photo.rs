//! Changing a photo that was published: what it says it shows, its filter and its focal point. The original stays.

use std::sync::Arc;

use super::looks::{self, Dressed, Look, Point, Undressed, WantedFilter, WantedLook};
use super::{Photo, photos};
use crate::app::App;
use crate::base::error::{Error, RefusalCode, Result};
use crate::base::facts::Fact;
use crate::base::ids::{PhotoId, UserId};
use crate::base::text;
use crate::domain::sessions::Viewer;
use crate::domain::uploads;
use crate::platform::db::Tx;
use crate::platform::log;

/// What becomes of a part of a photo.
#[derive(Clone, Debug, Default)]
pub enum Change<T> {
    /// It stays.
    #[default]
    Stays,
    /// It becomes this, or is cleared.
    Becomes(Option<T>),
}

impl<T> Change<T> {
    fn after(self, before: Option<T>) -> Option<T> {
        match self {
            Self::Stays => before,
            Self::Becomes(after) => after,
        }
    }
}

/// What is to be changed.
#[derive(Clone, Debug, Default)]
pub struct PhotoChange {
    /// What it shows, for those who cannot see it.
    pub alt_text: Change<String>,
    /// The filter.
    pub filter: Change<WantedFilter>,
    /// What must stay in sight.
    pub focal_point: Change<Point>,
}

/// Changes one of the viewer's own photos.
///
/// # Errors
/// `NOT_FOUND` when the viewer cannot see it or there is no such filter, `NOT_PERMITTED` when it is somebody else's, and
/// `INVALID`, with the input it is about.
pub async fn change_photo(app: &Arc<App>, viewer: Viewer, id: PhotoId, change: PhotoChange) -> Result<Photo> {
    let photo = super::find_photos(app, Some(viewer), &[id]).await?.remove(&id).ok_or_else(not_found)?;
    let media = super::find(app, Some(viewer), photo.media_id).await?.ok_or_else(not_found)?;
    if media.owner_id != viewer.user {
        return Err(Error::refused(RefusalCode::NotPermitted, "Only its owner can change a photo.").at(["photoId"]));
    }
    let PhotoChange { alt_text, filter, focal_point } = change;
    let alt_text = checked(alt_text)?;
    let look = new_look(app, &photo, viewer.user, (filter, focal_point)).await?;
    app.db.write(&id, async |tx| change_in(app, tx, (id, viewer.user), (alt_text, look)).await).await
}

fn not_found() -> Error {
    Error::not_found("photo").at(["photoId"])
}

fn checked(alt_text: Change<String>) -> Result<Change<String>> {
    let Change::Becomes(text) = alt_text else { return Ok(Change::Stays) };
    let text = text::prose(text.as_deref().unwrap_or(""), text::ALT_TEXT_LENGTH);
    Ok(Change::Becomes(text.map_err(|error| error.at(["altText"]))?.map(str::to_owned)))
}

/// The look afterwards; `None` when it stays as it is. What was cut off at publishing stays cut off.
async fn new_look(
    app: &Arc<App>,
    photo: &Photo,
    owner: UserId,
    (filter, focal_point): (Change<WantedFilter>, Change<Point>),
) -> Result<Option<Dressed>> {
    let before = photo.look();
    let focal_point = focal_point.after(before.focal_point);
    let filter = match filter {
        Change::Stays => before.filter.clone(),
        Change::Becomes(filter) => looks::check(app, &WantedLook { filter, ..WantedLook::default() }, &[])?.filter,
    };
    let point = WantedLook { focal_point, ..WantedLook::default() };
    let look = Look { filter, crop: before.crop, focal_point: looks::check(app, &point, &[])?.focal_point };
    if look == before {
        return Ok(None);
    }
    let whole = uploads::size_of(app, owner, &photo.image_key).await?.unwrap_or((photo.width, photo.height));
    let undressed = Undressed { owner, image_key: &photo.image_key, size: whole };
    looks::dress(app, undressed, &look).await.map(Some)
}

async fn change_in(
    app: &App,
    tx: &Tx,
    (id, owner): (PhotoId, UserId),
    (alt_text, look): (Change<String>, Option<Dressed>),
) -> Result<Photo> {
    let before = photos::lock(tx, id).await?.ok_or_else(not_found)?;
    let is_dressed = look.is_some();
    let after = Photo { alt_text: alt_text.after(before.alt_text.clone()), ..before.clone() }.with(look);
    if after == before {
        return Ok(before);
    }
    if is_dressed {
        looks::replaced(tx, &before).await?;
    }
    photos::set_changed(tx, after.clone()).await?;
    log::record(tx, app.clock.now(), &Fact::MediaEdited { media: before.media_id, owner }).await?;
    Ok(after)
}
