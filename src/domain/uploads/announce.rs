//! Announcing a photo: what will come is checked before a byte is sent.

use std::time::Duration;

use serde::Serialize;

use super::{Upload, UploadProtocol, UploadStatus, table};
use crate::app::App;
use crate::base::error::{Error, RefusalCode, Result};
use crate::base::facts::Fact;
use crate::base::ids::UploadId;
use crate::domain::idempotency::{self, Key};
use crate::domain::sessions::Viewer;
use crate::domain::users;
use crate::platform::db::Tx;
use crate::platform::log;

/// A photo that will be sent.
#[derive(Clone, Debug, Serialize)]
pub struct Announcement {
    /// Its media type.
    pub content_type: String,
    /// Its bytes.
    pub byte_size: u64,
    /// The SHA-256 of its bytes; checked when they arrive.
    pub sha256: Option<String>,
    /// How they will come.
    #[serde(skip_serializing_if = "is_at_once")]
    pub protocol: UploadProtocol,
}

/// What was announced before there was a choice says nothing of it, and is still the same.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_at_once(protocol: &UploadProtocol) -> bool {
    *protocol == UploadProtocol::Put
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
    let content_type = media_type(app, &announced.content_type).map_err(|error| error.at(["contentType"]))?;
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
        id: app.ids.next(&viewer.user)?,
        owner_id: viewer.user,
        status: UploadStatus::AwaitingBytes,
        secret: app.chance.token(),
        content_type: content_type.to_owned(),
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
        protocol: announced.protocol,
        camera: None,
        transfer: None,
        transfer_heard_at: None,
    })
}

/// Parameters after `;` do not matter.
fn media_type(app: &App, announced: &str) -> Result<&'static str> {
    let types = super::types(app);
    let name = announced.split(';').next().unwrap_or_default().trim();
    types.iter().copied().find(|accepted| name.eq_ignore_ascii_case(accepted)).ok_or_else(|| {
        let message = format!("This kind of file is not accepted. Photos can be {}.", types.join(", "));
        Error::refused(RefusalCode::UnsupportedMedia, message).limit(types.join(", "))
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
    let upload = alike(app, tx, upload).await?;
    if upload.status == UploadStatus::Ready {
        log::record(tx, now, &Fact::UploadProcessed { upload: id }).await?;
    }
    table::insert(tx, upload).await?;
    Ok(id)
}

/// The same upload, but ready when its owner has sent the same bytes before and their images are still there. While the
/// owner is locked, nobody removes them.
async fn alike(app: &App, tx: &Tx, upload: Upload) -> Result<Upload> {
    let Some(sha256) = &upload.sha256 else { return Ok(upload) };
    let key = app.links.name(&upload.owner_id.to_string(), sha256);
    users::lock(tx, upload.owner_id).await?;
    let made = table::made(tx, upload.owner_id, &key)
        .await?
        .filter(|made| (made.byte_size, &made.content_type) == (upload.byte_size, &upload.content_type));
    Ok(match made {
        Some(made) => {
            let Upload { id, secret, expires_at, .. } = upload;
            Upload { id, secret, expires_at, status: UploadStatus::Ready, media_id: None, ..made }
        }
        None => upload,
    })
}
