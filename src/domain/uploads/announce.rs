//! Announcing a photo: what will come is checked before a byte is sent.

use std::time::Duration;

use serde::Serialize;

use super::{Upload, UploadStatus, table};
use crate::app::App;
use crate::base::error::{Error, RefusalCode, Result};
use crate::base::ids::UploadId;
use crate::domain::idempotency::{self, Key};
use crate::domain::sessions::Viewer;
use crate::platform::db::Tx;
use crate::platform::imaging::{self, Format};

/// A photo that will be sent.
#[derive(Clone, Debug, Serialize)]
pub struct Announcement {
    /// Its media type.
    pub content_type: String,
    /// Its bytes.
    pub byte_size: u64,
    /// The SHA-256 of its bytes; checked when they arrive.
    pub sha256: Option<String>,
}

/// Announces a photo. The upload that comes back says where to send the bytes.
///
/// # Errors
/// `UNSUPPORTED_MEDIA`, `TOO_LARGE`, `INVALID`, `QUOTA_EXCEEDED` or `IDEMPOTENCY_MISMATCH`.
pub async fn announce(app: &App, viewer: Viewer, announced: Announcement, key: Option<String>) -> Result<Upload> {
    let key = key.map(|key| Key::new(key, "createUpload", &announced));
    let upload = check(app, viewer, announced)?;
    let id = app.db.write(&viewer.user, async |tx| store(app, tx, upload, key.as_ref()).await).await?;
    let upload = super::find(app, viewer, id).await?;
    upload.ok_or_else(|| Error::internal("an upload vanished when it was announced"))
}

fn check(app: &App, viewer: Viewer, announced: Announcement) -> Result<Upload> {
    let Some(format) = Format::from_media_type(&announced.content_type) else {
        let error = Error::refused(RefusalCode::UnsupportedMedia, "Photos are accepted as JPEG, PNG or WebP.");
        return Err(error.limit(imaging::TYPES.join(", ")).at(["contentType"]));
    };
    let most = app.config.uploads.photo_bytes;
    if announced.byte_size > most {
        let error = Error::refused(RefusalCode::TooLarge, format!("A photo has at most {most} bytes."));
        return Err(error.limit(most).at(["byteSize"]));
    }
    if announced.byte_size == 0 {
        return Err(Error::refused(RefusalCode::Invalid, "A photo has at least one byte.").limit(1).at(["byteSize"]));
    }
    let keep = Duration::from_hours(app.config.uploads.keep_hours);
    Ok(Upload {
        id: app.ids.next(&viewer.user),
        owner_id: viewer.user,
        status: UploadStatus::AwaitingBytes,
        secret: app.chance.token(),
        content_type: format.media_type().to_owned(),
        byte_size: i64::try_from(announced.byte_size).unwrap_or(i64::MAX),
        sha256: announced.sha256,
        received_bytes: 0,
        expires_at: app.clock.now().after(keep),
        image_key: None,
        media_id: None,
        width: None,
        height: None,
        blur_hash: None,
        dominant_color: None,
        rejection: None,
        taken_at: None,
        taken_north: None,
        taken_east: None,
    })
}

async fn store(app: &App, tx: &Tx, upload: Upload, key: Option<&Key>) -> Result<UploadId> {
    let now = app.clock.now();
    if let Some(earlier) = idempotency::take(tx, upload.owner_id, key, upload.id.0, now).await? {
        return Ok(UploadId(earlier));
    }
    let most = app.config.uploads.waiting;
    if table::waiting(tx, upload.owner_id, now).await? >= most {
        let message = format!("At most {most} uploads can wait to be published.");
        return Err(Error::refused(RefusalCode::QuotaExceeded, message).limit(most));
    }
    let id = upload.id;
    table::insert(tx, upload).await?;
    Ok(id)
}
