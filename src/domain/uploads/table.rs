//! An upload in its table, on the shard of its owner.

use super::{Images, Rejection};
use crate::base::clock::Timestamp;
use crate::base::error::Result;
use crate::base::ids::{MediaId, UploadId, UserId};
use crate::base::page::Page;
use crate::platform::db::{Database, Reader, Tx, keyset};
use crate::platform::heif;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{IntoActiveModel, Order, PaginatorTrait, QueryOrder, QuerySelect, UpdateMany};
use serde::Serialize;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "uploads")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: UploadId,
    pub owner_id: UserId,
    pub status: Status,
    /// What its bytes may be sent with.
    pub secret: String,
    pub content_type: String,
    pub byte_size: i64,
    pub sha256: Option<String>,
    pub received_bytes: i64,
    pub expires_at: Timestamp,
    /// The name of its files, from when they are made until they are gone.
    pub image_key: Option<String>,
    pub width: Option<i32>,
    pub height: Option<i32>,
    pub blur_hash: Option<String>,
    pub dominant_color: Option<String>,
    pub rejection: Option<String>,
    pub media_id: Option<MediaId>,
    /// When it was taken, from the file.
    pub taken_at: Option<Timestamp>,
    /// Where it was taken, from the file, in millionths of a degree north; forgotten with the upload.
    pub taken_north: Option<i32>,
    /// The same east.
    pub taken_east: Option<i32>,
    pub protocol: Protocol,
    /// What it was taken with, from the file, as JSON.
    pub camera: Option<String>,
    /// The lease of the transfer that brings its bytes.
    pub transfer: Option<String>,
    /// When the sender of that transfer was last heard; up to a second old.
    pub transfer_heard_at: Option<Timestamp>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// How the bytes of an upload come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i16", db_type = "SmallInteger")]
pub enum Protocol {
    /// At once.
    #[default]
    #[sea_orm(num_value = 0)]
    Put,
    /// In parts, over networks that break.
    #[sea_orm(num_value = 1)]
    Tus,
}

/// How far an upload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i16", db_type = "SmallInteger")]
pub enum Status {
    /// Bytes are awaited.
    #[sea_orm(num_value = 0)]
    AwaitingBytes,
    /// The bytes are being checked and turned into images.
    #[sea_orm(num_value = 1)]
    Processing,
    /// It can be published.
    #[sea_orm(num_value = 2)]
    Ready,
    /// It cannot be used.
    #[sea_orm(num_value = 3)]
    Rejected,
    /// A media uses it.
    #[sea_orm(num_value = 4)]
    Used,
    /// It was thrown away.
    #[sea_orm(num_value = 5)]
    Expired,
}

/// A degree in what places are stored in.
pub(super) const MILLIONTHS: f64 = 1_000_000.0;

impl Model {
    /// Whether it may be thrown away.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at <= now && self.status != Status::Used
    }

    /// What processing made of it; `None` before it is ready.
    #[must_use]
    pub fn images(&self) -> Option<Images> {
        Some(Images {
            key: self.image_key.clone()?,
            content_type: self.original_type().to_owned(),
            width: self.width?,
            height: self.height?,
            blur_hash: self.blur_hash.clone()?,
            dominant_color: self.dominant_color.clone()?,
            camera: self.camera.clone(),
        })
    }

    /// What its original is: what this server cannot read itself is kept as a JPEG.
    fn original_type(&self) -> &str {
        if heif::TYPES.contains(&self.content_type.as_str()) { "image/jpeg" } else { &self.content_type }
    }

    /// Where it was taken: degrees north and east.
    #[must_use]
    pub fn taken_in(&self) -> Option<(f64, f64)> {
        Some((f64::from(self.taken_north?) / MILLIONTHS, f64::from(self.taken_east?) / MILLIONTHS))
    }

    /// Why it was rejected.
    #[must_use]
    pub fn rejection(&self) -> Option<Rejection> {
        serde_json::from_str(self.rejection.as_deref()?).ok()
    }
}

pub(super) async fn insert(tx: &Tx, upload: Model) -> Result<()> {
    Entity::insert(upload.into_active_model().reset_all()).exec_without_returning(tx.conn()).await?;
    Ok(())
}

pub(super) async fn one(connection: &impl ConnectionTrait, id: UploadId) -> Result<Option<Model>> {
    Ok(Entity::find_by_id(id).one(connection).await?)
}

pub(super) async fn lock(tx: &Tx, id: UploadId) -> Result<Option<Model>> {
    Ok(Entity::find_by_id(id).lock_exclusive().one(tx.conn()).await?)
}

/// How many uploads of a user no media uses yet.
pub(super) async fn waiting(tx: &Tx, owner: UserId, now: Timestamp) -> Result<u64> {
    let unused = [Status::AwaitingBytes, Status::Processing, Status::Ready];
    let rows = Entity::find().filter(Column::OwnerId.eq(owner)).filter(Column::Status.is_in(unused));
    Ok(rows.filter(Column::ExpiresAt.gt(now)).count(tx.conn()).await?)
}

/// The uploads of a user that no media uses yet, nearest to the page's cursor first, one more than the page has.
pub(super) async fn page(connection: &Reader, owner: UserId, now: Timestamp, page: Page) -> Result<Vec<Model>> {
    let unused = [Status::AwaitingBytes, Status::Processing, Status::Ready, Status::Rejected];
    let rows = Entity::find().filter(Column::OwnerId.eq(owner)).filter(Column::Status.is_in(unused));
    Ok(keyset(rows.filter(Column::ExpiresAt.gt(now)), Column::Id, &Order::Desc, page).all(connection).await?)
}

/// An upload of which the same was made before: the files of this name are whole.
pub(super) async fn made(tx: &Tx, owner: UserId, key: &str) -> Result<Option<Model>> {
    let rows = Entity::find().filter(Column::OwnerId.eq(owner)).filter(Column::ImageKey.eq(key));
    let whole = rows.filter(Column::Status.is_in([Status::Ready, Status::Used])).filter(Column::Width.is_not_null());
    Ok(whole.order_by_desc(Column::Id).one(tx.conn()).await?)
}

/// A transfer that wants to bring the bytes of an upload.
pub(super) struct Taking<'a> {
    pub(super) lease: &'a str,
    pub(super) now: Timestamp,
    /// Another one whose sender was last heard then is over.
    pub(super) silent_since: Timestamp,
    /// The same of one that was last heard after this, by a clock that differs too much.
    pub(super) ahead_since: Timestamp,
    /// The lease of the one whose place it takes in this process.
    pub(super) replaced: Option<&'a str>,
}

/// Lets a transfer bring the bytes of an upload. False when another one does, or they are awaited no more.
pub(super) async fn take_transfer(tx: &Tx, id: UploadId, taking: &Taking<'_>) -> Result<bool> {
    let is_free = Column::Transfer.is_null().or(Column::TransferHeardAt.lte(taking.silent_since));
    let is_free = is_free.or(Column::TransferHeardAt.gt(taking.ahead_since));
    let is_free = is_free.or(Column::Transfer.eq(taking.replaced.unwrap_or_default()));
    let changed = Entity::update_many()
        .col_expr(Column::Transfer, Expr::value(taking.lease))
        .col_expr(Column::TransferHeardAt, Expr::value(taking.now))
        .filter(Column::Id.eq(id))
        .filter(Column::Status.eq(Status::AwaitingBytes))
        .filter(is_free)
        .exec(tx.conn())
        .await?;
    Ok(changed.rows_affected == 1)
}

/// Takes note that the sender of a transfer is alive. False when it is not the one any more that brings the bytes.
pub(super) async fn renew_transfer(tx: &Tx, id: UploadId, lease: &str, now: Timestamp) -> Result<bool> {
    let changed = Entity::update_many().col_expr(Column::TransferHeardAt, Expr::value(now));
    let changed = changed.filter(Column::Id.eq(id)).filter(Column::Transfer.eq(lease)).exec(tx.conn()).await?;
    Ok(changed.rows_affected == 1)
}

/// Ends a transfer. False when it was not the one any more that brings the bytes.
pub(super) async fn end_transfer(tx: &Tx, id: UploadId, lease: &str) -> Result<bool> {
    let changed = Entity::update_many()
        .col_expr(Column::Transfer, Expr::value(None::<String>))
        .col_expr(Column::TransferHeardAt, Expr::value(None::<Timestamp>))
        .filter(Column::Id.eq(id))
        .filter(Column::Transfer.eq(lease))
        .exec(tx.conn())
        .await?;
    Ok(changed.rows_affected == 1)
}

/// Bytes of a transfer that are here.
pub(super) struct Arrived<'a> {
    pub(super) lease: &'a str,
    pub(super) from: i64,
    pub(super) to: i64,
}

/// Takes note that more bytes are here, unless others were first or another transfer brings them now.
pub(super) async fn set_progress(tx: &Tx, id: UploadId, arrived: &Arrived<'_>) -> Result<bool> {
    let changed = Entity::update_many()
        .col_expr(Column::ReceivedBytes, Expr::value(arrived.to))
        .filter(Column::Id.eq(id))
        .filter(Column::Status.eq(Status::AwaitingBytes))
        .filter(Column::Transfer.eq(arrived.lease))
        .filter(Column::ReceivedBytes.eq(arrived.from))
        .exec(tx.conn())
        .await?;
    Ok(changed.rows_affected == 1)
}

pub(super) async fn set_used(tx: &Tx, id: UploadId, media: MediaId) -> Result<()> {
    let changed = Entity::update_many()
        .col_expr(Column::Status, Expr::value(Status::Used))
        .col_expr(Column::MediaId, Expr::value(media));
    forgetting(changed).filter(Column::Id.eq(id)).exec(tx.conn()).await?;
    Ok(())
}

/// The same change, and where the photo was taken is forgotten.
fn forgetting(changed: UpdateMany<Entity>) -> UpdateMany<Entity> {
    let nowhere = None::<i32>;
    changed.col_expr(Column::TakenNorth, Expr::value(nowhere)).col_expr(Column::TakenEast, Expr::value(nowhere))
}

pub(super) async fn set_image_key(tx: &Tx, id: UploadId, key: Option<&str>) -> Result<()> {
    let changed = Entity::update_many().col_expr(Column::ImageKey, Expr::value(key));
    changed.filter(Column::Id.eq(id)).exec(tx.conn()).await?;
    Ok(())
}

/// Whether an upload that is in use, or will be, has these files.
pub(super) async fn is_in_use(tx: &Tx, key: &str) -> Result<bool> {
    has(tx, key, [Status::Processing, Status::Ready, Status::Used]).await
}

/// Whether an upload that is over still has these files: they are about to go.
pub(super) async fn is_going(tx: &Tx, key: &str) -> Result<bool> {
    has(tx, key, [Status::AwaitingBytes, Status::Rejected, Status::Expired]).await
}

async fn has(tx: &Tx, key: &str, statuses: [Status; 3]) -> Result<bool> {
    let rows = Entity::find().filter(Column::ImageKey.eq(key)).filter(Column::Status.is_in(statuses));
    Ok(rows.count(tx.conn()).await? > 0)
}

/// An upload with these files.
pub(super) async fn with_images(connection: &impl ConnectionTrait, key: &str) -> Result<Option<Model>> {
    Ok(Entity::find().filter(Column::ImageKey.eq(key)).one(connection).await?)
}

/// The media that use uploads with these files.
pub(super) async fn media_with(connection: &impl ConnectionTrait, key: &str) -> Result<Vec<MediaId>> {
    let used = Entity::find().filter(Column::ImageKey.eq(key)).filter(Column::Status.eq(Status::Used));
    let media: Vec<Option<MediaId>> = used.select_only().column(Column::MediaId).into_tuple().all(connection).await?;
    Ok(media.into_iter().flatten().collect())
}

/// The uploads that a media uses or used.
pub(super) async fn of_media(connection: &impl ConnectionTrait, media: MediaId) -> Result<Vec<Model>> {
    Ok(Entity::find().filter(Column::MediaId.eq(media)).all(connection).await?)
}

/// Marks the uploads of a media that was deleted as thrown away.
pub(super) async fn set_expired_of(tx: &Tx, media: MediaId) -> Result<()> {
    let changed = Entity::update_many().col_expr(Column::Status, Expr::value(Status::Expired));
    changed.filter(Column::MediaId.eq(media)).exec(tx.conn()).await?;
    Ok(())
}

/// Those among these uploads whose bytes are still awaited or waited for.
pub(super) async fn unprocessed(connection: &Reader, ids: Vec<UploadId>) -> Result<Vec<UploadId>> {
    let open = Column::Status.is_in([Status::AwaitingBytes, Status::Processing]);
    let rows = Entity::find().filter(Column::Id.is_in(ids)).filter(open).all(connection).await?;
    Ok(rows.into_iter().map(|upload| upload.id).collect())
}

/// From awaiting to processing. False when it was not awaiting any more.
pub(super) async fn set_received(tx: &Tx, id: UploadId, bytes: i64) -> Result<bool> {
    let changed = Entity::update_many()
        .col_expr(Column::Status, Expr::value(Status::Processing))
        .col_expr(Column::ReceivedBytes, Expr::value(bytes))
        .filter(Column::Id.eq(id))
        .filter(Column::Status.eq(Status::AwaitingBytes))
        .exec(tx.conn())
        .await?;
    Ok(changed.rows_affected == 1)
}

/// From processing to ready or rejected, with what was found. False when it was not processing any more.
pub(super) async fn set_processed(tx: &Tx, upload: Model) -> Result<bool> {
    let changed = Entity::update_many()
        .col_expr(Column::Status, Expr::value(upload.status))
        .col_expr(Column::Width, Expr::value(upload.width))
        .col_expr(Column::Height, Expr::value(upload.height))
        .col_expr(Column::BlurHash, Expr::value(upload.blur_hash))
        .col_expr(Column::DominantColor, Expr::value(upload.dominant_color))
        .col_expr(Column::Rejection, Expr::value(upload.rejection))
        .col_expr(Column::TakenAt, Expr::value(upload.taken_at))
        .col_expr(Column::Camera, Expr::value(upload.camera))
        .col_expr(Column::TakenNorth, Expr::value(upload.taken_north))
        .col_expr(Column::TakenEast, Expr::value(upload.taken_east))
        .filter(Column::Id.eq(upload.id))
        .filter(Column::Status.eq(Status::Processing))
        .exec(tx.conn())
        .await?;
    Ok(changed.rows_affected == 1)
}

/// Uploads that nobody used in time, some at once.
pub(super) async fn expired(database: &Database, now: Timestamp, most: u64) -> Result<Vec<Model>> {
    let open = [Status::AwaitingBytes, Status::Ready, Status::Rejected];
    let rows = Entity::find().filter(Column::Status.is_in(open)).filter(Column::ExpiresAt.lte(now));
    Ok(rows.order_by_asc(Column::ExpiresAt).limit(most).all(database.read_own()).await?)
}

/// Marks an upload as thrown away, unless a media took it. False when one did.
pub(super) async fn set_expired(tx: &Tx, id: UploadId) -> Result<bool> {
    let changed = forgetting(Entity::update_many())
        .col_expr(Column::Status, Expr::value(Status::Expired))
        .filter(Column::Id.eq(id))
        .filter(Column::Status.ne(Status::Used).and(Column::Status.ne(Status::Processing)))
        .exec(tx.conn())
        .await?;
    Ok(changed.rows_affected == 1)
}
