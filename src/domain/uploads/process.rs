//! The step after the bytes arrived: checks the photo and makes its images. Safe twice: the same files come out.

use std::path::PathBuf;
use std::sync::Arc;

use super::sweep::remove_images;
use super::{ImageFile, Rejection, RejectionCode, Upload, UploadStatus, keys, limits, parts, table};
use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::error::{Error, Result};
use crate::base::facts::Fact;
use crate::base::ids::UploadId;
use crate::domain::users;
use crate::platform::blobs::arrived;
use crate::platform::db::Tx;
use crate::platform::heif::{Failed, Heif};
use crate::platform::imaging::{self, Camera, Format, Processed};
use crate::platform::imaging_pools::ImagingWork;
use crate::platform::log;

/// What was made of a photo, with the SHA-256 of the bytes it was made of.
type Made = (Processed, String);

/// Processes an upload whose bytes are here, and throws the bytes as they came away: they may tell where the photo was
/// taken.
///
/// # Errors
/// Those of the store and the database; then it is to be tried again.
pub async fn process(app: &Arc<App>, id: UploadId) -> Result<()> {
    let Some(upload) = table::one(app.db.read_own(&id), id).await? else { return Ok(()) };
    let sent = upload.clone();
    if upload.status == UploadStatus::Processing {
        let processed = match make(app, &upload).await? {
            Ok(made) => accept(app, upload, made).await?,
            Err(rejection) => reject(upload, &rejection)?,
        };
        store(app, processed).await?;
    }
    parts::remove(app, &sent).await
}

/// Waits for its turn before it reads anything: what waits takes no memory.
async fn make(app: &App, upload: &Upload) -> Result<std::result::Result<Made, Rejection>> {
    let limits = limits(app);
    let turn = app.imaging.acquire(ImagingWork::Upload).await.map_err(Error::internal)?;
    let raw = parts::read(app, upload).await?;
    let raw = raw.ok_or_else(|| Error::internal("the bytes of an upload are gone"))?;
    let (upload, others) = (upload.clone(), Others::of(app));
    let work = move || {
        let _kept = turn;
        let sha256 = match as_announced(&upload, &raw) {
            Ok(sha256) => sha256,
            Err(rejection) => return Ok(Err(rejection)),
        };
        let made = match Format::from_media_type(&upload.content_type) {
            Some(format) => imaging::process(&raw, Some(format), &limits),
            None => others.decode(&raw)?.and_then(|jpeg| imaging::process_turned(&jpeg, &limits)),
        };
        Ok(made.map(|made| (made, sha256)).map_err(|rejection| Rejection::from(&rejection)))
    };
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}

/// What reads the files that this program does not read itself.
struct Others {
    heif: Option<Heif>,
    place: PathBuf,
    name: String,
}

impl Others {
    fn of(app: &App) -> Self {
        let place = app.config.server.data.join("decoding");
        Self { heif: app.heif.clone(), place, name: app.chance.token() }
    }

    /// The file as a JPEG. It may have come when more was accepted than is now.
    fn decode(&self, file: &[u8]) -> Result<std::result::Result<Vec<u8>, imaging::Rejection>> {
        let Some(heif) = &self.heif else { return Ok(Err(imaging::Rejection::UnsupportedMedia)) };
        let made = heif.decoder(&self.place).decode(&self.name, file)?;
        Ok(made.map_err(|failed| match failed {
            Failed::Other => imaging::Rejection::UnsupportedMedia,
            Failed::TooSlow(limit) => imaging::Rejection::TooSlow { limit },
            Failed::Damaged => imaging::Rejection::Damaged,
        }))
    }
}

/// The SHA-256 of the bytes, if they are those that were announced. Until its address ends, a store lets them be replaced.
fn as_announced(upload: &Upload, raw: &[u8]) -> std::result::Result<String, Rejection> {
    let arrived = arrived(raw);
    let is_long = i64::try_from(arrived.bytes).is_ok_and(|bytes| bytes == upload.byte_size);
    if is_long && upload.sha256.as_ref().is_none_or(|sha256| *sha256 == arrived.sha256) {
        return Ok(arrived.sha256);
    }
    let message = "The bytes are not those that were announced.".to_owned();
    Err(Rejection { code: RejectionCode::Invalid, message, limit: None })
}

/// After the last try: the upload is rejected, so that its owner is told and its bytes do not stay.
///
/// # Errors
/// Those of the store and the database.
pub async fn give_up(app: &App, id: UploadId) -> Result<()> {
    let Some(upload) = table::one(app.db.read_own(&id), id).await? else { return Ok(()) };
    if upload.status == UploadStatus::Processing {
        store(app, reject(upload.clone(), &Rejection::from(&imaging::Rejection::Damaged))?).await?;
        remove_images(app, &upload).await?;
    }
    parts::remove(app, &upload).await
}

async fn accept(app: &App, upload: Upload, (made, sha256): Made) -> Result<Upload> {
    let key = app.links.name(&upload.owner_id.to_string(), &sha256);
    app.db.write(&upload.id, async |tx| claim(tx, &upload, &key).await).await?;
    for image in &made.renditions {
        let file = ImageFile { key: key.clone(), size: image.size, output: image.output };
        app.blobs.write(&file.blob(), &image.bytes).await?;
    }
    app.blobs.write(&keys::original(&key), &made.original).await?;
    Ok(Upload {
        status: UploadStatus::Ready,
        width: i32::try_from(made.width).ok(),
        height: i32::try_from(made.height).ok(),
        blur_hash: Some(made.blurhash),
        dominant_color: Some(made.dominant_color),
        image_key: Some(key),
        taken_at: made.shot.taken_at.map(Timestamp),
        camera: camera(&made.shot.camera)?,
        taken_north: made.shot.coordinate.map(|(north, _)| millionths(north)),
        taken_east: made.shot.coordinate.map(|(_, east)| millionths(east)),
        ..upload
    })
}

/// What is kept of a camera; nothing of one that is not named in any way.
fn camera(camera: &Camera) -> Result<Option<String>> {
    Ok((*camera != Camera::default()).then(|| serde_json::to_string(camera)).transpose()?)
}

/// Degrees as they are stored: a millionth is a tenth of a metre.
#[expect(clippy::cast_possible_truncation, reason = "at most 180 degrees")]
fn millionths(degrees: f64) -> i32 {
    (degrees * table::MILLIONTHS).round() as i32
}

/// Notes that the upload has these files, before they are written: from then on nobody removes them.
async fn claim(tx: &Tx, upload: &Upload, key: &str) -> Result<()> {
    users::lock(tx, upload.owner_id).await?;
    if table::is_going(tx, key).await? {
        return Err(Error::internal("the same photo is being removed; it can be made anew after that"));
    }
    table::set_image_key(tx, upload.id, Some(key)).await
}

fn reject(upload: Upload, rejection: &Rejection) -> Result<Upload> {
    Ok(Upload { status: UploadStatus::Rejected, rejection: Some(serde_json::to_string(rejection)?), ..upload })
}

impl From<&imaging::Rejection> for Rejection {
    fn from(found: &imaging::Rejection) -> Self {
        use imaging::Rejection as Found;
        let code = match found {
            Found::UnsupportedMedia | Found::WrongType { .. } => RejectionCode::UnsupportedMedia,
            Found::TooLarge { .. } | Found::TooManyPixels { .. } | Found::TooLong { .. } | Found::TooSlow { .. } => {
                RejectionCode::TooLarge
            }
            Found::Damaged => RejectionCode::Invalid,
        };
        Self { code, message: found.to_string(), limit: found.limit() }
    }
}

async fn store(app: &App, upload: Upload) -> Result<()> {
    let id = upload.id;
    app.db
        .write(&id, async |tx| match table::set_processed(tx, upload).await? {
            true => log::record(tx, app.clock.now(), &Fact::UploadProcessed { upload: id }).await,
            false => Ok(()),
        })
        .await
}
