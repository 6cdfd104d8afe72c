//! Throwing an upload away before its time. One that a media uses stays.

use super::{Upload, UploadStatus, sweep, table};
use crate::app::App;
use crate::base::error::{Error, RefusalCode, Result};
use crate::base::ids::UploadId;
use crate::domain::sessions::Viewer;

/// Throws one of the viewer's own uploads away. Harmless when that was done.
///
/// # Errors
/// `NOT_FOUND`, or `UPLOAD_UNUSABLE` when a media uses it or it is just being processed.
pub async fn discard(app: &App, viewer: Viewer, id: UploadId) -> Result<()> {
    let upload = table::one(app.db.read_own(&id), id).await?.filter(|upload| upload.owner_id == viewer.user);
    let upload = upload.ok_or_else(|| Error::not_found("upload").at(["uploadId"]))?;
    throw_away(app, &upload).await.map_err(|error| error.at(["uploadId"]))
}

pub(super) async fn throw_away(app: &App, upload: &Upload) -> Result<()> {
    let refused = |message| Err(Error::refused(RefusalCode::UploadUnusable, message));
    match upload.status {
        UploadStatus::Used => refused("A media uses this upload."),
        UploadStatus::Processing => refused("This upload is being processed. Try again in a moment."),
        UploadStatus::Expired => Ok(()),
        UploadStatus::AwaitingBytes | UploadStatus::Ready | UploadStatus::Rejected => {
            if sweep::throw_away(app, upload).await? {
                return Ok(());
            }
            refused("This upload has just been used.")
        }
    }
}
