//! Throwing away uploads that no media used in time.

use super::{Upload, UploadStatus, keys, table};
use crate::app::App;
use crate::base::error::Result;
use crate::base::facts::Fact;
use crate::base::ids::UploadId;
use crate::platform::db::Database;
use crate::platform::log;

/// Uploads thrown away in one go.
const BATCH: u64 = 100;

/// Throws some expired uploads away. Returns how many.
///
/// # Errors
/// Those of the disk and the database.
pub async fn sweep(app: &App, database: &Database) -> Result<usize> {
    let expired = table::expired(database, app.clock.now(), BATCH).await?;
    for upload in &expired {
        throw_away(app, upload).await?;
    }
    Ok(expired.len())
}

async fn throw_away(app: &App, upload: &Upload) -> Result<()> {
    app.db
        .write(&upload.id, async |tx| match table::set_expired(tx, upload.id).await? {
            true => log::record(tx, app.clock.now(), &Fact::UploadExpired { upload: upload.id }).await,
            false => Ok(()),
        })
        .await
}

/// The step after an upload expired: removes its files.
///
/// # Errors
/// Those of the disk and the database.
pub async fn erase(app: &App, id: UploadId) -> Result<()> {
    let upload = table::one(app.db.read_own(&id), id).await?;
    match upload.filter(|upload| upload.status == UploadStatus::Expired).and_then(|upload| upload.image_key) {
        Some(key) => remove_files(app, &key).await,
        None => Ok(()),
    }
}

/// Removes every file of a photo. Harmless when they are gone.
pub(in crate::domain) async fn remove_files(app: &App, key: &str) -> Result<()> {
    for key in [keys::images(key), keys::original(key), keys::raw(key)] {
        app.blobs.remove(&key).await?;
    }
    Ok(())
}
