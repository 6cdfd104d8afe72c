//! Saving a media for later. Its owner is not told; to save twice is harmless.

use super::table::{Place, Shelf, put, remove};
use crate::app::App;
use crate::base::error::Result;
use crate::base::ids::MediaId;
use crate::domain::media;
use crate::domain::sessions::Viewer;

/// Saves a media.
///
/// # Errors
/// `NOT_FOUND`.
pub async fn save(app: &App, viewer: Viewer, id: MediaId) -> Result<()> {
    media::must_find(app, viewer, id).await?;
    let edge = app.ids.next(&viewer.user)?;
    app.db.write(&viewer.user, async |tx| put(tx, place(viewer, id), edge).await).await
}

/// No longer saves a media.
///
/// # Errors
/// `NOT_FOUND`.
pub async fn unsave(app: &App, viewer: Viewer, id: MediaId) -> Result<()> {
    media::must_find(app, viewer, id).await?;
    app.db.write(&viewer.user, async |tx| remove(tx, place(viewer, id)).await).await
}

fn place(viewer: Viewer, media: MediaId) -> Place {
    Place { user: viewer.user, shelf: Shelf::Saved, media }
}
