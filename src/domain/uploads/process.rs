//! The step after the bytes arrived: checks the photo and makes its images. Safe twice: the same files come out.

use std::sync::Arc;

use super::sweep::remove_files;
use super::{Rejection, RejectionCode, Upload, UploadStatus, keys, limits, table};
use crate::app::App;
use crate::base::error::{Error, Result};
use crate::base::facts::Fact;
use crate::base::ids::UploadId;
use crate::platform::imaging::{self, Format, Processed};
use crate::platform::log;

/// Processes an upload whose bytes are here, and throws the bytes as they came away: they may tell where the photo was
/// taken.
///
/// # Errors
/// Those of the disk and the database; then it is to be tried again.
pub async fn process(app: &Arc<App>, id: UploadId) -> Result<()> {
    let Some(upload) = table::one(app.db.read_own(&id), id).await? else { return Ok(()) };
    let key = upload.image_key.clone().ok_or_else(|| Error::internal("an upload has no key"))?;
    if upload.status == UploadStatus::Processing {
        let processed = match make(app, &key, upload.content_type.clone()).await? {
            Ok(processed) => accept(app, upload, &key, processed).await?,
            Err(rejection) => reject(upload, &rejection)?,
        };
        store(app, processed).await?;
    }
    app.blobs.remove(&keys::raw(&key)).await
}

/// Waits for its turn before it reads anything: what waits takes no memory.
async fn make(
    app: &App,
    key: &str,
    content_type: String,
) -> Result<std::result::Result<Processed, imaging::Rejection>> {
    let limits = limits(app);
    let turn = app.imaging.clone().acquire_owned().await.map_err(Error::internal)?;
    let raw = app.blobs.read(&keys::raw(key)).await?;
    let raw = raw.ok_or_else(|| Error::internal("the bytes of an upload are gone"))?;
    let work = move || {
        let _kept = turn;
        imaging::process(&raw, Format::from_media_type(&content_type), &limits)
    };
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)
}

/// After the last try: the upload is rejected, so that its owner is told and its bytes do not stay.
///
/// # Errors
/// Those of the disk and the database.
pub async fn give_up(app: &App, id: UploadId) -> Result<()> {
    let Some(upload) = table::one(app.db.read_own(&id), id).await? else { return Ok(()) };
    let key = upload.image_key.clone();
    if upload.status == UploadStatus::Processing {
        store(app, reject(upload, &imaging::Rejection::Damaged)?).await?;
    }
    match key {
        Some(key) => remove_files(app, &key).await,
        None => Ok(()),
    }
}

async fn accept(app: &App, upload: Upload, key: &str, made: Processed) -> Result<Upload> {
    for image in &made.renditions {
        let file = format!("{}/{}.jpg", keys::images(key), image.size.name());
        app.blobs.write(&file, &image.jpeg).await?;
    }
    app.blobs.write(&keys::original(key), &made.original).await?;
    Ok(Upload {
        status: UploadStatus::Ready,
        width: i32::try_from(made.width).ok(),
        height: i32::try_from(made.height).ok(),
        blur_hash: Some(made.blurhash),
        dominant_color: Some(made.dominant_color),
        ..upload
    })
}

fn reject(upload: Upload, rejection: &imaging::Rejection) -> Result<Upload> {
    use imaging::Rejection as Found;
    let code = match rejection {
        Found::UnsupportedMedia | Found::WrongType { .. } => RejectionCode::UnsupportedMedia,
        Found::TooLarge { .. } | Found::TooManyPixels { .. } | Found::TooLong { .. } => RejectionCode::TooLarge,
        Found::Damaged => RejectionCode::Invalid,
    };
    let rejection = Rejection { code, message: rejection.to_string(), limit: rejection.limit() };
    Ok(Upload { status: UploadStatus::Rejected, rejection: Some(serde_json::to_string(&rejection)?), ..upload })
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
