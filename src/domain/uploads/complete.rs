//! Being told that the bytes were sent. What the store holds is looked at before it counts; what is wrong goes at once.

use super::receive::{gone, note, wrong_checksum, wrong_length};
use super::{Upload, UploadStatus, keys, table};
use crate::app::App;
use crate::base::error::{Error, RefusalCode, Result};
use crate::base::ids::UploadId;
use crate::domain::sessions::Viewer;
use crate::platform::blobs::Kept;

/// Takes note that the bytes of an upload were sent. Harmless when that is known, as it is of those that came through this
/// server.
///
/// # Errors
/// `NOT_FOUND`, `UPLOAD_UNUSABLE` when no bytes are there or it has expired, `INVALID` when length or checksum differ; and
/// `OVERLOADED` while the store does not answer.
pub async fn complete(app: &App, viewer: Viewer, id: UploadId) -> Result<Upload> {
    let upload = find(app, viewer, id).await?;
    match upload.status {
        _ if upload.is_expired(app.clock.now()) => return Err(gone().at(["uploadId"])),
        UploadStatus::Expired => return Err(gone().at(["uploadId"])),
        UploadStatus::AwaitingBytes => {}
        UploadStatus::Processing | UploadStatus::Ready | UploadStatus::Used | UploadStatus::Rejected => {
            return Ok(upload);
        }
    }
    let kept = app.blobs.look(&keys::raw(id)).await?.ok_or_else(not_there)?;
    if let Err(wrong) = compare(&upload, &kept) {
        app.blobs.remove(&keys::raw(id)).await?;
        return Err(wrong.at(["uploadId"]));
    }
    app.db.write(&id, async |tx| note(app, tx, id, upload.byte_size).await).await?;
    find(app, viewer, id).await
}

async fn find(app: &App, viewer: Viewer, id: UploadId) -> Result<Upload> {
    let upload = table::one(app.db.read_own(&id), id).await?.filter(|upload| upload.owner_id == viewer.user);
    upload.ok_or_else(|| Error::not_found("upload").at(["uploadId"]))
}

/// Not every store keeps a checksum, and what is there can be replaced until its address ends: processing looks again.
fn compare(upload: &Upload, kept: &Kept) -> Result<()> {
    let announced = u64::try_from(upload.byte_size).unwrap_or(0);
    if kept.bytes != announced {
        return Err(wrong_length(announced));
    }
    match (&upload.sha256, &kept.sha256) {
        (Some(announced), Some(kept)) if announced != kept => Err(wrong_checksum()),
        _ => Ok(()),
    }
}

fn not_there() -> Error {
    let message = "The bytes of this upload have not arrived. Send them to its target first.";
    Error::refused(RefusalCode::UploadUnusable, message).at(["uploadId"])
}
