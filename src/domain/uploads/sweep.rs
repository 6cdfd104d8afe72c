//! Throwing away uploads that no media used in time.

use super::{Upload, keys, table};
use crate::app::App;
use crate::base::error::Result;
use crate::platform::db::Database;

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
    let gone = app.db.write(&upload.id, async |tx| table::set_expired(tx, upload.id).await).await?;
    if let (true, Some(key)) = (gone, &upload.image_key) {
        remove_files(app, key).await?;
    }
    Ok(())
}

/// Removes every file of a photo. Harmless when they are gone.
pub(in crate::domain) async fn remove_files(app: &App, key: &str) -> Result<()> {
    for key in [keys::images(key), keys::original(key), keys::raw(key)] {
        app.blobs.remove(&key).await?;
    }
    Ok(())
}
