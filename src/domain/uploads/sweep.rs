//! Throwing away uploads that no media used in time or uses any longer, and their files with them.
//!
//! The same bytes of the same person are the same files. They go when no upload that is in use has them; until they are
//! gone, none that is processed may get them: both are decided while the owner's row is locked.

use std::collections::HashSet;
use std::time::Duration;

use futures_util::TryStreamExt;

use super::{Upload, UploadStatus, keep, keys, parts, table};
use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::error::Result;
use crate::base::facts::Fact;
use crate::base::ids::{MediaId, UploadId};
use crate::domain::users;
use crate::platform::db::{Database, Tx};
use crate::platform::log;

/// Bytes of a younger upload are left alone: its address may still take them, and a copy of the database may not know it.
const YOUNG: Duration = Duration::from_hours(2);
/// Uploads thrown away in one go.
const BATCH: u64 = 100;

/// Throws some expired uploads away. Returns how many.
///
/// # Errors
/// Those of the database.
pub async fn sweep(app: &App, database: &Database) -> Result<usize> {
    let expired = table::expired(database, app.clock.now(), BATCH).await?;
    for upload in &expired {
        throw_away(app, upload).await?;
    }
    Ok(expired.len())
}

/// Throws an upload away, unless a media took it or it is being processed. False then.
pub(super) async fn throw_away(app: &App, upload: &Upload) -> Result<bool> {
    app.db.write(&upload.id, async |tx| throw_away_in(app, tx, upload.id).await).await
}

async fn throw_away_in(app: &App, tx: &Tx, id: UploadId) -> Result<bool> {
    let is_thrown = table::set_expired(tx, id).await?;
    if is_thrown {
        log::record(tx, app.clock.now(), &Fact::UploadExpired { upload: id }).await?;
    }
    Ok(is_thrown)
}

/// The step after an upload expired: removes its files.
///
/// # Errors
/// Those of the store and the database.
pub async fn erase(app: &App, id: UploadId) -> Result<()> {
    let upload = table::one(app.db.read_own(&id), id).await?;
    let Some(upload) = upload.filter(|upload| upload.status == UploadStatus::Expired) else { return Ok(()) };
    parts::remove(app, &upload).await?;
    remove_images(app, &upload).await
}

/// Removes the files of a media that was deleted.
pub(in crate::domain) async fn erase_of(app: &App, media: MediaId) -> Result<()> {
    app.db.write(&media, async |tx| table::set_expired_of(tx, media).await).await?;
    for upload in table::of_media(app.db.read_own(&media), media).await? {
        remove_images(app, &upload).await?;
    }
    Ok(())
}

/// Removes the images and the original of an upload that is over, unless another one has the same. Harmless when they are
/// gone. Backups know what a media used.
pub(super) async fn remove_images(app: &App, upload: &Upload) -> Result<()> {
    let Some(key) = upload.image_key.as_deref() else { return Ok(()) };
    let is_last = app.db.write(&upload.id, async |tx| is_last(tx, upload, key).await).await?;
    if is_last {
        if upload.media_id.is_some() {
            keep::for_backups(app, key).await?;
        }
        // The original first: no image is made without it.
        app.blobs.remove(&keys::original(key)).await?;
        app.blobs.remove_folder(&keys::images(key)).await?;
    }
    app.db.write(&upload.id, async |tx| table::set_image_key(tx, upload.id, None).await).await
}

async fn is_last(tx: &Tx, upload: &Upload, key: &str) -> Result<bool> {
    users::lock(tx, upload.owner_id).await?;
    Ok(!table::is_in_use(tx, key).await?)
}

/// Removes bytes that came when nobody waited for them any more: the address of a store takes them until it ends. They may
/// tell where a photo was taken.
///
/// # Errors
/// Those of the store and the database.
pub async fn sweep_strays(app: &App) -> Result<()> {
    let old = app.clock.now().before(YOUNG);
    let mut pages = app.blobs.pages(keys::RAW).await?;
    while let Some(sent) = pages.try_next().await? {
        remove_strays(app, old, sent).await?;
    }
    Ok(())
}

async fn remove_strays(app: &App, old: Timestamp, sent: Vec<String>) -> Result<()> {
    let sent = sent.into_iter().filter_map(|key| Some((keys::upload_of(&key)?, key)));
    let sent: Vec<(UploadId, String)> = sent.filter(|(id, _)| id.made_at() < old).collect();
    let ids: Vec<UploadId> = sent.iter().map(|(id, _)| *id).collect();
    let awaited: HashSet<UploadId> = app.db.gather(&ids, table::unprocessed).await?.into_iter().collect();
    for (_, key) in sent.into_iter().filter(|(id, _)| !awaited.contains(id)) {
        app.blobs.remove(&key).await?;
    }
    Ok(())
}
