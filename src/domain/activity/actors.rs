//! Who did what to whom, one row for each, on the shard of the one it happened to. This is what activities are summed up from.

use super::note::Happening;
use super::table::Kind;
use crate::base::error::Result;
use crate::base::ids::{ActivityId, MediaId, UserId};
use crate::platform::db::Tx;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait, OnConflict, Order};
use sea_orm::{FromQueryResult, IntoActiveModel, QueryOrder, QuerySelect};

/// How many of those who did it are kept with the activity: ten are shown, and some may not be there for the viewer.
const NEWEST: u64 = 15;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "activity_actors")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: Kind,
    #[sea_orm(primary_key, auto_increment = false)]
    pub object_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub actor_id: UserId,
    /// The comment by which they did it; 0 for what one can do once only.
    #[sea_orm(primary_key, auto_increment = false)]
    pub cause_id: i64,
    pub media_id: MediaId,
    pub activity_id: ActivityId,
    /// Its number, which grows with time.
    pub place: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Somebody who did it, last first, with how many did it in all.
#[derive(Clone, Debug, FromQueryResult)]
pub(super) struct Last {
    pub actor_id: UserId,
    pub cause_id: i64,
    pub place: i64,
    pub total: i64,
}

type Key = (UserId, Kind, i64, UserId, i64);

fn key(happening: &Happening) -> Key {
    let Happening { user, kind, object, actor, cause, .. } = *happening;
    (user, kind, object, actor, cause)
}

pub(super) async fn is_there(tx: &Tx, happening: &Happening) -> Result<bool> {
    Ok(Entity::find_by_id(key(happening)).one(tx.conn()).await?.is_some())
}

/// Stores what somebody did. False when it was there.
pub(super) async fn insert(tx: &Tx, row: Model) -> Result<bool> {
    let key = [Column::UserId, Column::Kind, Column::ObjectId, Column::ActorId, Column::CauseId];
    let keep = OnConflict::columns(key).do_nothing().to_owned();
    let row = row.into_active_model().reset_all();
    Ok(Entity::insert(row).on_conflict(keep).exec_without_returning(tx.conn()).await? == 1)
}

/// Takes out what somebody did, and gives the activity it was part of.
pub(super) async fn delete(tx: &Tx, happening: &Happening) -> Result<Option<ActivityId>> {
    let Some(row) = Entity::find_by_id(key(happening)).one(tx.conn()).await? else { return Ok(None) };
    let deleted = Entity::delete_by_id(key(happening)).exec(tx.conn()).await?.rows_affected;
    Ok((deleted == 1).then_some(row.activity_id))
}

/// Takes out everything that was done about an object, and gives the activities it was part of.
pub(super) async fn delete_about(tx: &Tx, user: UserId, kind: Kind, object: i64) -> Result<Vec<ActivityId>> {
    let which = Column::UserId.eq(user).and(Column::Kind.eq(kind)).and(Column::ObjectId.eq(object));
    delete_which(tx, which).await
}

/// Takes out what was done about an object by one comment, or without any, whoever did it.
pub(super) async fn delete_by(tx: &Tx, (user, kind): (UserId, Kind), by: (i64, i64)) -> Result<Vec<ActivityId>> {
    let (object, cause) = by;
    let which = Column::UserId.eq(user).and(Column::Kind.eq(kind)).and(Column::ObjectId.eq(object));
    delete_which(tx, which.and(Column::CauseId.eq(cause))).await
}

/// Takes out everything that somebody did to a user, as far as it was before a place, and gives the activities it was
/// part of.
pub(super) async fn delete_of(tx: &Tx, user: UserId, actor: UserId, before: i64) -> Result<Vec<ActivityId>> {
    let which = Column::UserId.eq(user).and(Column::ActorId.eq(actor)).and(Column::Place.lt(before));
    delete_which(tx, which).await
}

async fn delete_which(tx: &Tx, which: Expr) -> Result<Vec<ActivityId>> {
    let activities = Entity::find().select_only().column(Column::ActivityId).distinct().filter(which.clone());
    let activities: Vec<ActivityId> = activities.into_tuple().all(tx.conn()).await?;
    Entity::delete_many().filter(which).exec(tx.conn()).await?;
    Ok(activities)
}

/// Anything that is part of an activity.
pub(super) async fn any_of(tx: &Tx, activity: ActivityId) -> Result<Option<Model>> {
    Ok(Entity::find().filter(Column::ActivityId.eq(activity)).limit(1).one(tx.conn()).await?)
}

/// The last of those who did what is part of an activity, each once.
pub(super) async fn last_of(tx: &Tx, activity: ActivityId) -> Result<Vec<Last>> {
    let place = || Expr::col(Column::Place).max();
    let last = Entity::find()
        .select_only()
        .column(Column::ActorId)
        .column_as(Expr::col(Column::CauseId).max(), "cause_id")
        .column_as(place(), "place")
        .expr_as(Expr::cust("COUNT(*) OVER ()"), "total")
        .filter(Column::ActivityId.eq(activity))
        .group_by(Column::ActorId)
        .order_by(place(), Order::Desc)
        .limit(NEWEST);
    Ok(last.into_model().all(tx.conn()).await?)
}
