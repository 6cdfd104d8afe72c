//! Receiving the bytes of a photo. Length, type and checksum must be as announced; otherwise nothing is kept.

use bytes::Bytes;
use futures_util::Stream;

use super::{Upload, UploadProtocol, UploadStatus, keys, parts, table, transfer};
use crate::app::App;
use crate::base::error::{Error, RefusalCode, Result};
use crate::base::facts::Fact;
use crate::base::ids::UploadId;
use crate::base::text::is_same;
use crate::platform::blobs::{Arrived, Incoming};
use crate::platform::db::Tx;
use crate::platform::log;
use crate::platform::transfers::Transfer;

/// The level of programs that read the bytes of a `PUT` as a part under a name of its own.
const WHOLE_PARTS: i16 = 2;

/// What the sender says of the bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Arriving<'a> {
    /// Their media type.
    pub content_type: Option<&'a str>,
    /// How many come.
    pub content_length: Option<u64>,
}

/// Receives the bytes of an upload. Harmless when they were received before.
///
/// # Errors
/// `NOT_FOUND` for an unknown upload or a wrong secret, `TOO_LARGE`, `UNSUPPORTED_MEDIA`, `INVALID` when length or checksum
/// differ, `UPLOAD_UNUSABLE`, `ACTION_LIMITED` while they come in on another connection, and `OVERLOADED` when there is no
/// room for them.
pub async fn receive<S>(app: &App, id: UploadId, secret: &str, arriving: Arriving<'_>, bytes: S) -> Result<()>
where
    S: Stream<Item = std::io::Result<Bytes>> + Send + Unpin,
{
    let upload = table::one(app.db.read_own(&id), id).await?.filter(|upload| is_same(&upload.secret, secret));
    let upload = upload.ok_or_else(|| Error::not_found("upload"))?;
    match upload.status {
        _ if upload.is_expired(app.clock.now()) => return Err(gone()),
        UploadStatus::AwaitingBytes if upload.protocol == UploadProtocol::Tus => {
            let message = "This upload was announced to come by tus.";
            return Err(Error::refused(RefusalCode::UploadUnusable, message));
        }
        UploadStatus::AwaitingBytes => check(&upload, arriving)?,
        UploadStatus::Expired => return Err(gone()),
        UploadStatus::Processing | UploadStatus::Ready | UploadStatus::Used | UploadStatus::Rejected => return Ok(()),
    }
    let transfer = transfer::begin(app, &upload).await?;
    let taken_in = take_in(app, &upload, &transfer, bytes).await;
    if taken_in.is_err() {
        transfer::end(app, &transfer).await;
    }
    taken_in
}

async fn take_in<S>(app: &App, upload: &Upload, transfer: &Transfer, bytes: S) -> Result<()>
where
    S: Stream<Item = std::io::Result<Bytes>> + Send + Unpin,
{
    let announced = u64::try_from(upload.byte_size).unwrap_or(0);
    let incoming = app.blobs.receive(announced, transfer::pieces(app, transfer, bytes)).await?;
    let incoming = incoming.ok_or_else(|| wrong_length(announced))?;
    if transfer.has_given_way() {
        return Err(transfer::busy(app.clock.now()));
    }
    compare(upload, &incoming.arrived)?;
    keep(app, upload, transfer, incoming).await
}

/// Stores the bytes as one part, under a name that no other transfer has: a transfer that lost its lease overwrites nothing.
async fn keep(app: &App, upload: &Upload, transfer: &Transfer, incoming: Incoming) -> Result<()> {
    if !app.db.fleet.knows(WHOLE_PARTS) {
        return keep_for_older(app, upload, transfer, incoming).await;
    }
    let (received, (part, key)) = (incoming.arrived.bytes, parts::whole(app, upload));
    app.blobs.keep(incoming, &key).await?;
    if commit(app, transfer, received, Some(&part)).await? {
        return Ok(());
    }
    // Bytes that nobody will process must not stay.
    app.blobs.remove(&key).await?;
    transfer::outrun(table::one(app.db.read_own(&upload.id), upload.id).await?.as_ref(), app.clock.now())
}

/// Stores the bytes where workers of older programs read them, for as long as such a process runs. Another transfer stores
/// its bytes under the same name, so only the holder of the lease writes, and no file goes that is or will be processed. If
/// the lease is lost while the bytes are written, they may replace others that are as announced, too.
async fn keep_for_older(app: &App, upload: &Upload, transfer: &Transfer, incoming: Incoming) -> Result<()> {
    if !transfer::is_held(app, transfer).await? {
        return transfer::outrun(table::one(app.db.read_own(&upload.id), upload.id).await?.as_ref(), app.clock.now());
    }
    let (received, key) = (incoming.arrived.bytes, keys::raw(upload.id));
    app.blobs.keep(incoming, &key).await?;
    if commit(app, transfer, received, None).await? {
        return Ok(());
    }
    let upload = table::one(app.db.read_own(&upload.id), upload.id).await?;
    let is_open = |upload: &Upload| matches!(upload.status, UploadStatus::AwaitingBytes | UploadStatus::Processing);
    if !upload.as_ref().is_some_and(is_open) {
        app.blobs.remove(&key).await?;
    }
    transfer::outrun(upload.as_ref(), app.clock.now())
}

/// Ends a transfer and notes that its bytes are here. False when it lost its lease, or they are no longer awaited.
async fn commit(app: &App, transfer: &Transfer, received: u64, part: Option<&parts::Model>) -> Result<bool> {
    let (upload, received) = (transfer.upload, i64::try_from(received).map_err(Error::internal)?);
    let counts = app.db.write(&upload, async |tx| {
        let counts = table::end_transfer(tx, upload, transfer.lease()).await?;
        let counts = counts && note(app, tx, upload, received).await?;
        if let Some(part) = part.filter(|_| counts) {
            parts::insert(tx, part.clone()).await?;
        }
        Ok(counts)
    });
    counts.await
}

/// Notes that the bytes are here; false when they were before, or are no longer awaited.
pub(super) async fn note(app: &App, tx: &Tx, id: UploadId, received: i64) -> Result<bool> {
    if !table::set_received(tx, id, received).await? {
        return Ok(false);
    }
    log::record(tx, app.clock.now(), &Fact::UploadReceived { upload: id }).await?;
    Ok(true)
}

fn check(upload: &Upload, arriving: Arriving<'_>) -> Result<()> {
    let media_type = arriving.content_type.map(|text| text.split(';').next().unwrap_or("").trim());
    if media_type.is_none_or(|media_type| !media_type.eq_ignore_ascii_case(&upload.content_type)) {
        let message = format!("The bytes must come with `Content-Type: {}`.", upload.content_type);
        return Err(Error::refused(RefusalCode::UnsupportedMedia, message).limit(&upload.content_type));
    }
    let announced = u64::try_from(upload.byte_size).unwrap_or(0);
    match arriving.content_length {
        Some(length) if length > announced => {
            let message = format!("{announced} bytes were announced, {length} are sent.");
            Err(Error::refused(RefusalCode::TooLarge, message).limit(announced))
        }
        Some(length) if length < announced => Err(wrong_length(announced)),
        _ => Ok(()),
    }
}

fn compare(upload: &Upload, arrived: &Arrived) -> Result<()> {
    let announced = u64::try_from(upload.byte_size).unwrap_or(0);
    if arrived.bytes != announced {
        return Err(wrong_length(announced));
    }
    if upload.sha256.as_ref().is_some_and(|sha256| *sha256 != arrived.sha256) {
        return Err(wrong_checksum());
    }
    Ok(())
}

pub(super) fn wrong_length(announced: u64) -> Error {
    let message = format!("Exactly {announced} bytes were announced.");
    Error::refused(RefusalCode::Invalid, message).limit(announced)
}

pub(super) fn wrong_checksum() -> Error {
    Error::refused(RefusalCode::Invalid, "The SHA-256 of the bytes is not the one announced.")
}

pub(super) fn gone() -> Error {
    Error::refused(RefusalCode::UploadUnusable, "This upload has expired.")
}
