//! Bytes that come in parts, over networks that break: what has arrived stays, and the sender goes on from there.
//!
//! A part is a file with a row that counts it. How far an upload has come is in its row and nowhere else, so whatever
//! process the sender reaches next knows it, and of two parts for the same place one counts. Bytes that a `PUT`
//! brought through this server are one part; those that were sent to the store, or came while a process ran that does not
//! know such parts, are a file without a row.

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt};
use sea_orm::entity::prelude::*;
use sea_orm::{IntoActiveModel, PaginatorTrait, QueryOrder};

use super::receive::{gone, note};
use super::table::Arrived;
use super::{Upload, UploadProtocol, UploadStatus, keys, table, transfer};
use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::error::{Error, RefusalCode, Result};
use crate::base::ids::UploadId;
use crate::base::text::is_same;
use crate::platform::db::Tx;
use crate::platform::transfers::Transfer;

/// Bytes of a part: what is kept in memory of an upload that is coming, and lost at most when the process dies.
const PART: usize = 512 << 10;
/// Parts of an upload. The largest photo has 64 whole ones; each time the network breaks there is one more.
const MOST_PARTS: u64 = 1000;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "upload_parts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub upload_id: UploadId,
    /// The place of its first byte.
    #[sea_orm(primary_key, auto_increment = false)]
    pub start: i64,
    /// The name of its file.
    pub name: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// How far an upload has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes that are here: the sender goes on with the next.
    pub offset: u64,
    /// Bytes that were announced.
    pub length: u64,
    /// When no more are taken.
    pub expires_at: Timestamp,
}

/// What became of bytes that were sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// They are here, so far.
    Here(Progress),
    /// They do not begin where the upload goes on.
    Elsewhere(Progress),
}

/// How far an upload has come that is sent in parts.
///
/// # Errors
/// `NOT_FOUND` for an unknown upload or a wrong secret, `UPLOAD_UNUSABLE` when it has expired.
pub async fn progress(app: &App, id: UploadId, secret: &str) -> Result<Progress> {
    find(app, id, secret).await.map(|upload| progress_of(&upload))
}

/// Takes the next bytes of an upload, those from `offset` on. What came before a sender broke off is kept.
///
/// # Errors
/// Those of [`progress`], `TOO_LARGE` when more come than were announced, `UPLOAD_UNUSABLE` when they came in too many parts,
/// `ACTION_LIMITED` while they come in on another connection, `OVERLOADED` when there is no room for them, and those of the
/// store and the database.
pub async fn append<S>(app: &App, (id, secret): (UploadId, &str), offset: u64, bytes: S) -> Result<Appended>
where
    S: Stream<Item = std::io::Result<Bytes>> + Send + Unpin,
{
    let upload = find(app, id, secret).await?;
    let so_far = progress_of(&upload);
    if offset != so_far.offset {
        return Ok(Appended::Elsewhere(so_far));
    }
    if of(id).count(app.db.read_own(&id)).await? >= MOST_PARTS {
        return Err(too_small_parts());
    }
    let transfer = transfer::begin(app, &upload).await?;
    let appended = take_in(app, &upload, &transfer, bytes).await;
    transfer::end(app, &transfer).await;
    match appended? {
        Some(so_far) => Ok(Appended::Here(so_far)),
        None => find(app, id, secret).await.map(|upload| Appended::Elsewhere(progress_of(&upload))),
    }
}

/// Takes in what comes. `None` when others took in the same.
async fn take_in<S>(app: &App, upload: &Upload, transfer: &Transfer, bytes: S) -> Result<Option<Progress>>
where
    S: Stream<Item = std::io::Result<Bytes>> + Send + Unpin,
{
    let mut bytes = transfer::pieces(app, transfer, bytes);
    let (mut so_far, mut waiting, mut goes_on) = (progress_of(upload), BytesMut::new(), true);
    loop {
        goes_on = goes_on && fill(&mut waiting, &mut bytes).await;
        if transfer.has_given_way() {
            return Err(transfer::busy(app.clock.now()));
        }
        let part = waiting.split_to(waiting.len().min(PART)).freeze();
        if part.len() as u64 > so_far.length - so_far.offset {
            return Err(too_many(so_far.length));
        }
        if !part.is_empty() {
            if !store(app, (upload, transfer), so_far.offset, &part).await? {
                return Ok(None);
            }
            so_far.offset += part.len() as u64;
        }
        if !goes_on && waiting.is_empty() {
            return Ok(Some(so_far));
        }
    }
}

/// Throws an upload away whose sender gave up.
///
/// # Errors
/// Those of [`progress`], and `UPLOAD_UNUSABLE` when all bytes are here.
pub async fn end(app: &App, id: UploadId, secret: &str) -> Result<()> {
    let upload = find(app, id, secret).await?;
    super::discard::throw_away(app, &upload).await
}

/// The bytes of an upload as they were sent, whichever way. `None` when they are gone.
pub(super) async fn read(app: &App, upload: &Upload) -> Result<Option<Vec<u8>>> {
    let parts = of(upload.id).all(app.db.read_own(&upload.id)).await?;
    if parts.is_empty() {
        return app.blobs.read(&keys::raw(upload.id)).await;
    }
    let mut whole = Vec::with_capacity(usize::try_from(upload.byte_size).unwrap_or(0));
    for part in parts {
        let Some(bytes) = app.blobs.read(&key(upload, &part)).await? else { return Ok(None) };
        whole.extend_from_slice(&bytes);
    }
    Ok(Some(whole))
}

/// Removes the bytes of an upload as they were sent. Harmless when they are gone.
pub(super) async fn remove(app: &App, upload: &Upload) -> Result<()> {
    let parts = of(upload.id).all(app.db.read_own(&upload.id)).await?;
    match upload.protocol {
        UploadProtocol::Put => app.blobs.remove(&keys::raw(upload.id)).await?,
        UploadProtocol::Tus => app.blobs.remove_folder(&keys::raw(upload.id)).await?,
    }
    if parts.is_empty() {
        return Ok(());
    }
    for part in parts {
        app.blobs.remove(&key(upload, &part)).await?;
    }
    let rows = Entity::delete_many().filter(Column::UploadId.eq(upload.id));
    app.db.write(&upload.id, async |tx| Ok(rows.exec(tx.conn()).await.map(|_| ())?)).await
}

/// The file of a part.
fn key(upload: &Upload, part: &Model) -> String {
    match upload.protocol {
        UploadProtocol::Put => keys::whole(upload.id, &part.name),
        UploadProtocol::Tus => keys::part(upload.id, &part.name),
    }
}

async fn find(app: &App, id: UploadId, secret: &str) -> Result<Upload> {
    let upload = table::one(app.db.read_own(&id), id).await?.filter(|upload| is_same(&upload.secret, secret));
    let upload = upload.filter(|upload| upload.protocol == UploadProtocol::Tus);
    let upload = upload.ok_or_else(|| Error::not_found("upload"))?;
    if upload.status == UploadStatus::Expired || upload.is_expired(app.clock.now()) {
        return Err(gone());
    }
    Ok(upload)
}

fn progress_of(upload: &Upload) -> Progress {
    let bytes = |count: i64| u64::try_from(count).unwrap_or(0);
    Progress { offset: bytes(upload.received_bytes), length: bytes(upload.byte_size), expires_at: upload.expires_at }
}

/// Gathers bytes for a part. False when no more will come; whether the sender broke off makes no difference.
async fn fill<S>(waiting: &mut BytesMut, bytes: &mut S) -> bool
where
    S: Stream<Item = std::io::Result<Bytes>> + Send + Unpin,
{
    while waiting.len() < PART {
        match bytes.next().await {
            Some(Ok(piece)) => waiting.extend_from_slice(&piece),
            Some(Err(_)) | None => return false,
        }
    }
    true
}

/// Keeps a part. False when another one came before it.
async fn store(app: &App, (upload, transfer): (&Upload, &Transfer), start: u64, bytes: &Bytes) -> Result<bool> {
    let start = i64::try_from(start).map_err(Error::internal)?;
    let length = i64::try_from(bytes.len()).map_err(Error::internal)?;
    let part = Model { upload_id: upload.id, start, name: app.chance.token() };
    let key = keys::part(upload.id, &part.name);
    app.blobs.write(&key, bytes).await?;
    let end = start + length;
    let counts = app.db.write(&upload.id, async |tx| {
        let arrived = Arrived { lease: transfer.lease(), from: start, to: end };
        let counts = table::set_progress(tx, upload.id, &arrived).await?;
        if counts {
            count(app, tx, upload, (part, end)).await?;
        }
        Ok(counts)
    });
    let counts = counts.await?;
    if !counts {
        app.blobs.remove(&key).await?;
    }
    Ok(counts)
}

async fn count(app: &App, tx: &Tx, upload: &Upload, (part, end): (Model, i64)) -> Result<()> {
    insert(tx, part).await?;
    if end == upload.byte_size {
        note(app, tx, upload.id, end).await?;
    }
    Ok(())
}

/// The row of a part.
pub(super) async fn insert(tx: &Tx, part: Model) -> Result<()> {
    Entity::insert(part.into_active_model().reset_all()).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// A part with all bytes of a `PUT`, and its file.
pub(super) fn whole(app: &App, upload: &Upload) -> (Model, String) {
    let part = Model { upload_id: upload.id, start: 0, name: app.chance.token() };
    let key = key(upload, &part);
    (part, key)
}

fn of(upload: UploadId) -> Select<Entity> {
    Entity::find().filter(Column::UploadId.eq(upload)).order_by_asc(Column::Start)
}

fn too_many(announced: u64) -> Error {
    let message = format!("{announced} bytes were announced, and more were sent.");
    Error::refused(RefusalCode::TooLarge, message).limit(announced)
}

fn too_small_parts() -> Error {
    let message = format!("This upload came in more than {MOST_PARTS} parts. Announce it anew, and send larger ones.");
    Error::refused(RefusalCode::UploadUnusable, message).limit(MOST_PARTS)
}
