//! Publishing photos: one transaction takes the uploads, stores the media and records that it happened.

use std::sync::Arc;

use serde::Serialize;

use super::looks::{self, Dressed, Look, Undressed, WantedLook};
use super::{Audience, Media, PHOTOS, Photo, photos, table};
use crate::app::App;
use crate::base::error::{Error, RefusalCode, Result};
use crate::base::facts::Fact;
use crate::base::ids::{MediaId, UploadId};
use crate::base::text;
use crate::domain::idempotency::{self, Key};
use crate::domain::sessions::Viewer;
use crate::domain::uploads::{self, Images, Taking};
use crate::domain::users::{self, Counter};
use crate::platform::db::Tx;
use crate::platform::log;

/// What somebody wants to publish.
#[derive(Clone, Debug, Serialize)]
pub struct Draft {
    /// The photos, in order.
    pub photos: Vec<DraftPhoto>,
    /// What to say.
    pub caption: Option<String>,
    /// Who can see it.
    pub audience: Audience,
}

/// A photo of a draft.
#[derive(Clone, Debug, Serialize)]
pub struct DraftPhoto {
    /// A ready upload.
    pub upload: UploadId,
    /// What it shows, for those who cannot see it.
    pub alt_text: Option<String>,
    /// How it is to be shown.
    #[serde(flatten)]
    pub look: WantedLook,
}

/// Publishes photos.
///
/// # Errors
/// `INVALID`, `NOT_FOUND`, `UPLOAD_UNUSABLE` or `IDEMPOTENCY_MISMATCH`, with the input it is about. Nothing was published
/// then, and the uploads can still be used.
pub async fn publish(app: &Arc<App>, viewer: Viewer, draft: Draft, key: Option<String>) -> Result<Media> {
    let key = key.map(|key| Key::new(key, "publishMedia", &draft));
    let draft = check(&draft)?;
    let looks = dress(app, viewer, &draft).await?;
    let draft = (draft, looks);
    let id = app.db.write(&viewer.user, async |tx| publish_in(app, tx, viewer, draft, key.as_ref()).await).await?;
    let media = super::find(app, Some(viewer), id).await?;
    // With a repeated request the media may have been deleted in the meantime.
    media.ok_or_else(|| Error::not_found("media").at(["idempotencyKey"]))
}

fn check(draft: &Draft) -> Result<Draft> {
    if draft.photos.is_empty() || draft.photos.len() > PHOTOS {
        let error = Error::refused(RefusalCode::Invalid, format!("A media has 1 to {PHOTOS} photos."));
        return Err(error.limit(PHOTOS).at(["photos"]));
    }
    let caption = text::prose(draft.caption.as_deref().unwrap_or(""), text::CAPTION_LENGTH);
    let caption = caption.map_err(|error| error.at(["caption"]))?.map(str::to_owned);
    let photos = draft.photos.iter().enumerate().map(check_photo).collect::<Result<_>>()?;
    Ok(Draft { photos, caption, audience: draft.audience })
}

fn check_photo((number, photo): (usize, &DraftPhoto)) -> Result<DraftPhoto> {
    let alt_text = text::prose(photo.alt_text.as_deref().unwrap_or(""), text::ALT_TEXT_LENGTH);
    let alt_text = alt_text.map_err(|error| error.at(["photos", &number.to_string(), "altText"]))?;
    Ok(DraftPhoto { alt_text: alt_text.map(str::to_owned), ..photo.clone() })
}

/// The looks of the photos of a draft; `None` where a photo is as it was sent, or not there to be looked at.
async fn dress(app: &Arc<App>, viewer: Viewer, draft: &Draft) -> Result<Vec<Option<Dressed>>> {
    let mut looks = Vec::new();
    for (number, photo) in draft.photos.iter().enumerate() {
        let look = looks::check(app, &photo.look, &["photos", &number.to_string()])?;
        let images = match look == Look::default() {
            true => None,
            false => uploads::find(app, viewer, photo.upload).await?.and_then(|upload| upload.images()),
        };
        let Some(images) = images else {
            looks.push(None);
            continue;
        };
        let size = (images.width, images.height);
        let undressed = Undressed { owner: viewer.user, image_key: &images.key, size };
        looks.push(Some(looks::dress(app, undressed, &look).await?));
    }
    Ok(looks)
}

async fn publish_in(
    app: &App,
    tx: &Tx,
    viewer: Viewer,
    (draft, looks): (Draft, Vec<Option<Dressed>>),
    key: Option<&Key>,
) -> Result<MediaId> {
    let (id, now): (MediaId, _) = (app.ids.next(&viewer.user), app.clock.now());
    if let Some(earlier) = idempotency::take(tx, viewer.user, key, id.0, now).await? {
        return Ok(MediaId(earlier));
    }
    let mut rows = Vec::new();
    // Taken in the order of their ids, so that two requests for the same uploads do not wait for each other.
    let mut wanted: Vec<(usize, (DraftPhoto, _))> = draft.photos.into_iter().zip(looks).enumerate().collect();
    wanted.sort_by_key(|(_, (photo, _))| photo.upload);
    for (number, (photo, look)) in wanted {
        let taken = uploads::take(app, tx, Taking { viewer, upload: photo.upload, media: id }).await;
        let images = taken.map_err(|error| error.at(["photos", &number.to_string(), "uploadId"]))?;
        rows.push(row(app, id, number, images, photo.alt_text).with(look));
    }
    photos::insert_many(tx, rows).await?;
    let (owner_id, caption, audience) = (viewer.user, draft.caption, draft.audience);
    table::insert(tx, Media { id, owner_id, caption, audience, like_count: 0, comment_count: 0 }).await?;
    users::count(tx, viewer.user, Counter::Media, counted(audience)).await?;
    log::record(tx, now, &Fact::MediaPublished { media: id, owner: viewer.user }).await?;
    Ok(id)
}

/// The public number of media counts those that followers can see.
pub(super) fn counted(audience: Audience) -> i64 {
    i64::from(audience != Audience::OnlyMe)
}

fn row(app: &App, media: MediaId, number: usize, images: Images, alt_text: Option<String>) -> Photo {
    Photo {
        id: app.ids.next(&media),
        media_id: media,
        position: i16::try_from(number).unwrap_or(i16::MAX),
        image_key: images.key,
        content_type: images.content_type,
        width: images.width,
        height: images.height,
        blur_hash: images.blur_hash,
        dominant_color: images.dominant_color,
        alt_text,
        look: None,
        look_key: None,
    }
}
