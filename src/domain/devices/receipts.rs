//! What became of every push: one row for each device and cause, in its table on the shard of the user. It is there before
//! the push is sent, and what it says at last is never changed again: so nothing is pushed twice.

use std::time::Duration;

use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::error::Result;
use crate::base::ids::DeviceId;
use crate::platform::db::{Database, Reader, Tx};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait, OnConflict, Query};
use sea_orm::{IntoActiveModel, QueryOrder};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "push_receipts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub device_id: DeviceId,
    /// What it is about: the id of an activity, or one made for a test.
    #[sea_orm(primary_key, auto_increment = false)]
    pub cause: i64,
    /// Which state of that.
    #[sea_orm(primary_key, auto_increment = false)]
    pub revision: i64,
    pub status: Status,
    pub reason: Option<String>,
    /// The id under which it was sent.
    pub provider_id: Option<String>,
    pub attempted_at: Timestamp,
    /// Until when nobody else may send it.
    pub held_until: Timestamp,
}

/// What became of a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i16", db_type = "SmallInteger")]
pub enum Status {
    /// It will be tried again.
    #[sea_orm(num_value = 0)]
    Retrying,
    /// The push service took it.
    #[sea_orm(num_value = 1)]
    Accepted,
    /// The push service refused it.
    #[sea_orm(num_value = 2)]
    Rejected,
    /// The device no longer exists; it was removed.
    #[sea_orm(num_value = 3)]
    Unregistered,
    /// Not sent: the viewer had already seen it, quiet hours, or paused.
    #[sea_orm(num_value = 4)]
    Suppressed,
}

/// What became of a push.
pub type Receipt = Model;

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Notes that a push is about to be sent, or tried again. False when it is not to be: it is known what became of it, or
/// somebody else is at it.
pub(super) async fn claim(tx: &Tx, receipt: Receipt) -> Result<bool> {
    let is_open = Expr::col((Entity, Column::Status)).eq(Status::Retrying);
    let is_free = Expr::col((Entity, Column::HeldUntil)).lt(receipt.attempted_at);
    let take = OnConflict::columns([Column::DeviceId, Column::Cause, Column::Revision])
        .update_column(Column::HeldUntil)
        .action_and_where(is_open.and(is_free))
        .to_owned();
    let row = receipt.into_active_model().reset_all();
    Ok(Entity::insert(row).on_conflict(take).exec_without_returning(tx.conn()).await? == 1)
}

/// Notes what becomes of a push that is not sent.
pub(super) async fn insert(tx: &Tx, receipt: Receipt) -> Result<()> {
    let keep = OnConflict::columns([Column::DeviceId, Column::Cause, Column::Revision]).do_nothing().to_owned();
    let row = receipt.into_active_model().reset_all();
    Entity::insert(row).on_conflict(keep).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// Notes what became of it.
pub(super) async fn settle(tx: &Tx, receipt: &Receipt) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::Status, Expr::value(receipt.status.to_value()))
        .col_expr(Column::Reason, Expr::value(receipt.reason.clone()))
        .col_expr(Column::AttemptedAt, Expr::value(receipt.attempted_at))
        .col_expr(Column::HeldUntil, Expr::value(Timestamp(0)))
        .filter(Column::DeviceId.eq(receipt.device_id))
        .filter(Column::Cause.eq(receipt.cause))
        .filter(Column::Revision.eq(receipt.revision))
        .filter(Column::Status.eq(Status::Retrying))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// The last receipt of each of these devices.
pub(super) async fn last_of(connection: &Reader, devices: Vec<DeviceId>) -> Result<Vec<Receipt>> {
    let newest = Query::select()
        .column(Column::DeviceId)
        .expr(Expr::col(Column::AttemptedAt).max())
        .from(Entity)
        .and_where(Expr::col(Column::DeviceId).is_in(devices))
        .group_by_col(Column::DeviceId)
        .take();
    let place = Expr::tuple([Expr::col(Column::DeviceId), Expr::col(Column::AttemptedAt)]);
    let last = Entity::find().filter(place.in_subquery(newest)).order_by_desc(Column::Cause);
    Ok(last.order_by_desc(Column::Revision).all(connection).await?)
}

/// The receipts of one device for a cause.
async fn of(connection: &Reader, device: DeviceId, cause: i64) -> Result<Vec<Receipt>> {
    let of = Entity::find().filter(Column::DeviceId.eq(device)).filter(Column::Cause.eq(cause));
    Ok(of.all(connection).await?)
}

/// The receipt of what was pushed to a device once.
pub(super) async fn one(app: &App, device: DeviceId, cause: i64) -> Result<Option<Receipt>> {
    Ok(of(app.db.read_own(&device), device, cause).await?.pop())
}

/// Settles a push that is not tried again.
pub(super) async fn give_up(app: &App, device: DeviceId, cause: i64) -> Result<()> {
    let Some(receipt) = one(app, device, cause).await? else { return Ok(()) };
    let given_up = Receipt { status: Status::Rejected, ..receipt };
    app.db.write(&device, async |tx| settle(tx, &given_up).await).await
}

/// The last push about anything that a device took.
///
/// # Errors
/// Those of the database.
pub async fn last_taken(app: &App, device: DeviceId) -> Result<Option<Receipt>> {
    // What wakes the app has a revision below zero.
    let taken = Column::Status.eq(Status::Accepted).and(Column::Revision.gt(0));
    let newest = Entity::find().filter(Column::DeviceId.eq(device)).filter(taken).order_by_desc(Column::AttemptedAt);
    Ok(newest.one(app.db.read_own(&device)).await?)
}

/// What a device was sent about a cause, in whatever state of it.
///
/// # Errors
/// Those of the database.
pub async fn about(app: &App, device: DeviceId, cause: i64) -> Result<Vec<Receipt>> {
    of(app.db.read_own(&device), device, cause).await
}

/// Forgets receipts that are old enough. Returns how many.
///
/// # Errors
/// Those of the database.
pub async fn forget(app: &App, database: &Database) -> Result<u64> {
    let kept = Duration::from_hours(24 * app.config.push.receipt_days);
    let old = Column::AttemptedAt.lt(app.clock.now().before(kept));
    database.write(async |tx| Ok(Entity::delete_many().filter(old).exec(tx.conn()).await?.rows_affected)).await
}
