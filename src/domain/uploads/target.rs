//! Where the bytes of a photo go: straight to the store where clients can reach it, else to this server. In parts they
//! always go to this server.
//!
//! A store takes exactly what was announced, because type, length and checksum are part of what this server signs.

use std::time::Duration;

use super::{Upload, UploadProtocol, UploadStatus, keys};
use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::error::Result;
use crate::platform::blobs::Expected;

/// How long an address of the store works. Whoever is slower asks for the upload again, and has a new one.
const LIFE: Duration = Duration::from_hours(1);

/// Where to send the bytes.
#[derive(Clone, Debug)]
pub struct Target {
    /// The address to send them to.
    pub url: String,
    /// What to send with them.
    pub headers: Vec<(&'static str, String)>,
    /// When it stops working.
    pub expires_at: Timestamp,
}

/// Where to send the bytes of an upload; `None` when none are awaited. Asks no store.
///
/// # Errors
/// When there are no credentials to sign with.
pub async fn target(app: &App, upload: &Upload) -> Result<Option<Target>> {
    let now = app.clock.now();
    if upload.status != UploadStatus::AwaitingBytes || upload.is_expired(now) {
        return Ok(None);
    }
    if upload.protocol == UploadProtocol::Tus {
        // Whoever speaks tus knows what to send.
        return Ok(Some(Target { headers: Vec::new(), ..here(app, upload) }));
    }
    let bytes = u64::try_from(upload.byte_size).unwrap_or(0);
    let expected = Expected { content_type: &upload.content_type, bytes, sha256: upload.sha256.as_deref() };
    let life = upload.expires_at.since(now).clamp(Duration::from_secs(1), LIFE);
    let signed = app.blobs.sign_put(&keys::raw(upload.id), expected, life).await?;
    Ok(Some(match signed {
        Some(put) => Target { url: put.url, headers: put.headers, expires_at: now.after(life) },
        None => here(app, upload),
    }))
}

fn here(app: &App, upload: &Upload) -> Target {
    Target {
        url: format!("{}/uploads/{}/{}", app.config.public_url(), upload.id, upload.secret),
        headers: vec![("Content-Type", upload.content_type.clone())],
        expires_at: upload.expires_at,
    }
}
