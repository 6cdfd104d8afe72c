//! Files of deleted media, kept out of everybody's reach for as long as a backup of the database may know the media.
//!
//! They lie under the day on which they were to go, in the folders they had: to bring them back, copy what is in a day one
//! level up. No link leads to them.

use std::time::Duration;

use super::keys;
use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::error::Result;

/// The folder of what is kept.
const ERASED: &str = "erased";
const DAY: i64 = 24 * 60 * 60;

/// Copies the files of a photo to where nobody finds them, before they are removed. Nothing when no backups are to be
/// thought of. Safe twice.
pub(super) async fn for_backups(app: &App, key: &str) -> Result<()> {
    if app.config.uploads.erase_after_days == 0 {
        return Ok(());
    }
    let folder = folder(app.clock.now());
    let mut files = app.blobs.list(&keys::images(key)).await?;
    files.push(keys::original(key));
    for file in files {
        if let Some(bytes) = app.blobs.read(&file).await? {
            app.blobs.write(&format!("{folder}/{file}"), &bytes).await?;
        }
    }
    Ok(())
}

/// Removes what no backup knows any more.
///
/// # Errors
/// Those of the store.
pub async fn sweep_erased(app: &App) -> Result<()> {
    let kept = Duration::from_hours(24 * app.config.uploads.erase_after_days);
    let oldest = folder(app.clock.now().before(kept));
    for day in app.blobs.folders(ERASED).await? {
        let day = format!("{ERASED}/{day}");
        if day < oldest {
            app.blobs.remove_folder(&day).await?;
        }
    }
    Ok(())
}

/// The folder of a day, by its number since 1970, so that later ones come after earlier ones.
fn folder(at: Timestamp) -> String {
    format!("{ERASED}/{:06}", at.seconds().div_euclid(DAY))
}
