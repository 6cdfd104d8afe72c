//! Photos on their way in: announced, received, checked, turned into images, and used by a media or thrown away.

mod announce;
mod complete;
mod discard;
mod images;
mod keep;
mod parts;
mod process;
mod receive;
mod sweep;
mod table;
mod target;
mod transfer;

use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::base::error::{Error, RefusalCode, Result};
use crate::base::ids::{MediaId, UploadId};
use crate::base::page::{Page, Slice};
use crate::domain::sessions::Viewer;
use crate::platform::db::Tx;
use crate::platform::heif;
use crate::platform::imaging::{self, Limits};

pub use announce::{Announcement, announce};
pub use complete::complete;
pub use discard::discard;
pub use images::{ImageFile, Recipe, file_name, link};
pub(in crate::domain) use images::{
    files_of, media_with, placeholder, remove_images_of, render, size_of, store, wait_for,
};
pub use keep::sweep_erased;
pub use parts::{Appended, Progress, append, end, progress};
pub use process::{give_up, process};
pub use receive::{Arriving, receive};
pub(in crate::domain) use sweep::erase_of;
pub use sweep::{erase, sweep, sweep_strays};
pub use table::Model as Upload;
pub use table::Protocol as UploadProtocol;
pub use table::Status as UploadStatus;
pub use target::{Target, target};

/// Why an upload was rejected, as it is kept with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    /// What kind of problem.
    pub code: RejectionCode,
    /// A sentence for the user.
    pub message: String,
    /// The limit that was passed.
    pub limit: Option<String>,
}

/// The kinds of problem for which an upload is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RejectionCode {
    /// Not a photo of an accepted kind.
    UnsupportedMedia,
    /// Too many bytes or pixels.
    TooLarge,
    /// Damaged.
    Invalid,
}

impl From<Rejection> for Error {
    fn from(rejection: Rejection) -> Self {
        let code = match rejection.code {
            RejectionCode::UnsupportedMedia => RefusalCode::UnsupportedMedia,
            RejectionCode::TooLarge => RefusalCode::TooLarge,
            RejectionCode::Invalid => RefusalCode::Invalid,
        };
        let error = Self::refused(code, rejection.message);
        match rejection.limit {
            Some(limit) => error.limit(limit),
            None => error,
        }
    }
}

/// One of the viewer's own uploads.
///
/// # Errors
/// Those of the database.
pub async fn find(app: &App, viewer: Viewer, id: UploadId) -> Result<Option<Upload>> {
    let upload = table::one(app.db.read_own(&id), id).await?;
    Ok(upload.filter(|upload| upload.owner_id == viewer.user))
}

/// The viewer's own uploads that no media uses yet, newest first.
///
/// # Errors
/// Those of the database.
pub async fn of_viewer(app: &App, viewer: Viewer, page: Page) -> Result<Slice<Upload>> {
    let rows = table::page(app.db.read_own(&viewer.user), viewer.user, app.clock.now(), page).await?;
    Ok(Slice::cut(page, rows))
}

/// Whose upload goes into which media.
#[derive(Clone, Copy, Debug)]
pub(in crate::domain) struct Taking {
    /// Who publishes.
    pub viewer: Viewer,
    /// The upload.
    pub upload: UploadId,
    /// The media.
    pub media: MediaId,
}

/// The images of an upload that a media takes, so that no other can.
///
/// # Errors
/// `NOT_FOUND`, or `UPLOAD_UNUSABLE` when it is not ready, was used or was rejected.
pub(in crate::domain) async fn take(app: &App, tx: &Tx, taking: Taking) -> Result<Images> {
    let Taking { viewer, upload: id, media } = taking;
    let upload = table::lock(tx, id).await?.filter(|upload| upload.owner_id == viewer.user);
    let upload = upload.ok_or_else(|| Error::not_found("upload"))?;
    let expired = upload.is_expired(app.clock.now());
    let (UploadStatus::Ready, Some(images), false) = (upload.status, upload.images(), expired) else {
        return Err(Error::refused(RefusalCode::UploadUnusable, unusable(upload.status)));
    };
    table::set_used(tx, id, media).await?;
    Ok(images)
}

fn unusable(status: UploadStatus) -> &'static str {
    match status {
        UploadStatus::AwaitingBytes => "The bytes of this upload have not arrived.",
        UploadStatus::Processing => "This upload is still being processed.",
        UploadStatus::Rejected => "This upload was rejected.",
        UploadStatus::Used => "This upload was used before.",
        UploadStatus::Ready | UploadStatus::Expired => "This upload has expired.",
    }
}

/// What processing made of an upload.
#[derive(Clone, Debug)]
pub struct Images {
    /// The key of its files.
    pub key: String,
    /// The media type of the original.
    pub content_type: String,
    /// Pixels across, as shown.
    pub width: i32,
    /// Pixels down, as shown.
    pub height: i32,
    /// A placeholder while it loads.
    pub blur_hash: String,
    /// Its main colour, `#rrggbb`.
    pub dominant_color: String,
    /// What it was taken with, as JSON; `None` when its file does not say.
    pub camera: Option<String>,
}

/// Where the files of a photo are. The same bytes of the same person are the same files, under a name that nobody finds
/// who only has the bytes.
mod keys {
    use crate::base::ids::UploadId;

    /// The folder of what was sent and is not processed yet.
    pub const RAW: &str = "raw";

    /// The folder of its images.
    pub fn images(key: &str) -> String {
        format!("images/{key}")
    }

    /// The original without its metadata.
    pub fn original(key: &str) -> String {
        format!("originals/{key}")
    }

    /// The bytes as they came, until they are processed.
    pub fn raw(upload: UploadId) -> String {
        format!("{RAW}/{upload}")
    }

    /// A part of them, when they come in parts.
    pub fn part(upload: UploadId, name: &str) -> String {
        format!("{RAW}/{upload}/{name}")
    }

    /// All of them under a name that no other transfer has. It is beside [`raw`] and not below it: on a disk, a file and
    /// a folder cannot have the same name.
    pub fn whole(upload: UploadId, name: &str) -> String {
        format!("{RAW}/{upload}.{name}")
    }

    /// The upload whose bytes these are.
    pub fn upload_of(raw: &str) -> Option<UploadId> {
        raw.strip_prefix(RAW)?.strip_prefix('/')?.split(['/', '.']).next()?.parse().ok()
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn the_upload_of_bytes_is_found_in_each_of_their_keys() {
            let id = UploadId(77);
            for key in [raw(id), part(id, "aName"), whole(id, "aName")] {
                assert_eq!(upload_of(&key), Some(id), "{key}");
            }
            assert_eq!([images("a"), "raw".into(), "raw/a.b".into()].map(|key| upload_of(&key)), [None; 3]);
        }
    }
}

/// The media types that are accepted.
#[must_use]
pub fn types(app: &App) -> Vec<&'static str> {
    let others: &[&str] = if app.heif.is_some() { &heif::TYPES } else { &[] };
    [&imaging::TYPES, others].concat()
}

/// What a photo may be on this server.
#[must_use]
pub fn limits(app: &App) -> Limits {
    let uploads = &app.config.uploads;
    Limits { bytes: uploads.photo_bytes, pixels: uploads.photo_pixels, ..Limits::default() }
}
