//! Publishing photos: one transaction takes the uploads, stores the media and records that it happened.

use std::sync::Arc;

use serde::Serialize;

use super::looks::{self, Dressed, Look, Undressed, WantedLook};
use super::{Audience, DraftTag, Media, PHOTOS, Photo, edit, photos, table, tags};
use crate::app::App;
use crate::base::error::{Error, RefusalCode, Result};
use crate::base::facts::Fact;
use crate::base::ids::{MediaId, Sharded, UploadId};
use crate::base::text;
use crate::domain::idempotency::{self, Key};
use crate::domain::mentions;
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
    /// What to warn of before the photos are shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_warning: Option<String>,
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
    /// Who is in it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<DraftTag>,
    /// Whether everybody is shown how it was taken.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub shows_camera: bool,
}

/// Publishes photos.
///
/// # Errors
/// `INVALID`, `NOT_FOUND`, `UPLOAD_UNUSABLE` or `IDEMPOTENCY_MISMATCH`, with the input it is about. Nothing was published
/// then, and the uploads can still be used.
pub async fn publish(app: &Arc<App>, viewer: Viewer, draft: Draft, key: Option<String>) -> Result<Media> {
    let key = key.map(|key| Key::new(key, "publishMedia", &draft));
    let checked = look_up(app, viewer, check(&draft)?).await?;
    let id = app.db.write(&viewer.user, async |tx| publish_in(app, tx, viewer, checked, key.as_ref()).await).await?;
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
    mentions::check_hashtags(caption.as_deref().unwrap_or("")).map_err(|error| error.at(["caption"]))?;
    let photos = draft.photos.iter().enumerate().map(check_photo).collect::<Result<_>>()?;
    let content_warning = edit::content_warning(draft.content_warning.as_deref().unwrap_or(""))?;
    Ok(Draft { photos, caption, content_warning, audience: draft.audience })
}

fn check_photo((number, photo): (usize, &DraftPhoto)) -> Result<DraftPhoto> {
    let alt_text = text::prose(photo.alt_text.as_deref().unwrap_or(""), text::ALT_TEXT_LENGTH);
    let alt_text = alt_text.map_err(|error| error.at(["photos", &number.to_string(), "altText"]))?;
    tags::check(number, &photo.tags)?;
    Ok(DraftPhoto { alt_text: alt_text.map(str::to_owned), ..photo.clone() })
}

/// A draft with the people it speaks of, and how each of its photos looks.
struct Checked {
    draft: Draft,
    mentions: Option<String>,
    looks: Vec<Option<Dressed>>,
}

async fn look_up(app: &Arc<App>, viewer: Viewer, draft: Draft) -> Result<Checked> {
    let mentions = mentions::resolve(app, viewer, draft.caption.as_deref().unwrap_or("")).await;
    let mentions = mentions.map_err(|error| error.at(["caption"]))?;
    let photos = draft.photos.iter().enumerate();
    let tagged = photos.flat_map(|(photo, of)| (0..).zip(&of.tags).map(move |(tag, who)| ((photo, tag), who.user)));
    tags::must_exist(app, viewer, tagged.collect()).await?;
    let looks = dress(app, viewer, &draft).await?;
    Ok(Checked { draft, mentions, looks })
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

async fn publish_in(app: &App, tx: &Tx, viewer: Viewer, checked: Checked, key: Option<&Key>) -> Result<MediaId> {
    let Checked { draft, mentions, looks } = checked;
    let (id, now): (MediaId, _) = (app.ids.next(&viewer.user)?, app.clock.now());
    if let Some(earlier) = idempotency::take(tx, viewer.user, key, id.0, now).await? {
        return Ok(MediaId(earlier));
    }
    let mut rows = Vec::new();
    // Taken in the order of their ids, so that two requests for the same uploads do not wait for each other.
    let mut wanted: Vec<(usize, (&DraftPhoto, _))> = draft.photos.iter().zip(looks).enumerate().collect();
    wanted.sort_by_key(|(_, (photo, _))| photo.upload);
    for (number, (photo, look)) in wanted {
        let taken = uploads::take(app, tx, Taking { viewer, upload: photo.upload, media: id }).await;
        let images = taken.map_err(|error| error.at(["photos", &number.to_string(), "uploadId"]))?;
        let row = row(app, id, number, (images, photo))?.with(look);
        tags::insert(app, tx, &row, &photo.tags).await?;
        rows.push(row);
    }
    photos::insert_many(tx, rows).await?;
    let Draft { caption, content_warning, audience, .. } = draft;
    let said = Media { caption, mentions, content_warning, ..Media::silent(id, viewer.user, audience) };
    mentions::record(app, tx, (id, None), (None, said.mentions.as_deref())).await?;
    table::insert(tx, said).await?;
    users::count(tx, viewer.user, Counter::Media, counted(audience)).await?;
    log::record(tx, now, &Fact::MediaPublished { media: id, owner: viewer.user }).await?;
    Ok(id)
}

/// The public number of media counts those that followers can see.
pub(super) fn counted(audience: Audience) -> i64 {
    i64::from(audience != Audience::OnlyMe)
}

fn row(app: &App, media: MediaId, number: usize, (images, wanted): (Images, &DraftPhoto)) -> Result<Photo> {
    Ok(Photo {
        id: app.ids.next(&media)?,
        media_id: media,
        position: i16::try_from(number).unwrap_or(i16::MAX),
        image_key: images.key,
        content_type: images.content_type,
        width: images.width,
        height: images.height,
        blur_hash: images.blur_hash,
        dominant_color: images.dominant_color,
        alt_text: wanted.alt_text.clone(),
        look: None,
        look_key: None,
        camera: images.camera.filter(|_| wanted.shows_camera),
        link_key: Some(looks::new_key(app, media.shard())),
    })
}
