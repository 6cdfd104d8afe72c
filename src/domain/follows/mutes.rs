//! Whom a user mutes, on the shard of the one who mutes. A mute that is over counts as none, whether its row is still there
//! or not.

use std::collections::HashMap;

use crate::base::clock::Timestamp;
use crate::base::error::Result;
use crate::base::ids::UserId;
use crate::base::page::Page;
use crate::platform::db::{IN_LIST, Reader, Tx, keyset};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{OnConflict, SelectStatement};
use sea_orm::{Condition, IntoActiveModel, Order, QuerySelect, QueryTrait};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mutes")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub muter_id: UserId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub muted_id: UserId,
    /// The number of the mute; grows with time.
    pub edge: i64,
    /// When it is over; `None` when that is never.
    pub until: Option<Timestamp>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

fn not_over(now: Timestamp) -> Condition {
    Condition::any().add(Column::Until.is_null()).add(Column::Until.gt(now))
}

/// Whom a user mutes at an instant, for a query on the same shard.
pub(super) fn of(muter: UserId, now: Timestamp) -> SelectStatement {
    let rows = Entity::find().select_only().column(Column::MutedId);
    rows.filter(Column::MuterId.eq(muter)).filter(not_over(now)).into_query()
}

/// Which of `others` a user mutes at an instant, each with its row.
pub(super) async fn among(
    connection: &Reader,
    muter: UserId,
    others: &[UserId],
    now: Timestamp,
) -> Result<HashMap<UserId, Model>> {
    if others.iter().all(|other| *other == muter) {
        return Ok(HashMap::new());
    }
    let mut muted = HashMap::new();
    for others in others.chunks(IN_LIST) {
        let rows = Entity::find().filter(Column::MuterId.eq(muter)).filter(not_over(now));
        let rows = rows.filter(Column::MutedId.is_in(others.iter().copied())).all(connection).await?;
        muted.extend(rows.into_iter().map(|row| (row.muted_id, row)));
    }
    Ok(muted)
}

/// The mutes of a user by anybody, at an instant.
pub(super) fn by_anybody(muted: UserId, now: Timestamp) -> Select<Entity> {
    Entity::find().filter(Column::MutedId.eq(muted)).filter(not_over(now))
}

/// A mute, over or not.
pub(super) async fn one(tx: &Tx, muter: UserId, muted: UserId) -> Result<Option<Model>> {
    Ok(Entity::find_by_id((muter, muted)).one(tx.conn()).await?)
}

/// Stores a mute over what was there.
pub(super) async fn put(tx: &Tx, mute: Model) -> Result<()> {
    let replace = OnConflict::columns([Column::MuterId, Column::MutedId])
        .update_columns([Column::Edge, Column::Until])
        .to_owned();
    Entity::insert(mute.into_active_model().reset_all()).on_conflict(replace).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// Removes a mute. False when there was none.
pub(super) async fn delete(tx: &Tx, muter: UserId, muted: UserId) -> Result<bool> {
    Ok(Entity::delete_by_id((muter, muted)).exec(tx.conn()).await?.rows_affected == 1)
}

/// Removes what is over of a user's mutes.
pub(super) async fn forget_over(tx: &Tx, muter: UserId, now: Timestamp) -> Result<()> {
    let over = Entity::delete_many().filter(Column::MuterId.eq(muter)).filter(Column::Until.lte(now));
    over.exec(tx.conn()).await?;
    Ok(())
}

/// Those whom a user mutes at an instant, last muted first, one more than the page has.
pub(super) async fn page(connection: &Reader, muter: UserId, now: Timestamp, page: Page) -> Result<Vec<Model>> {
    let rows = Entity::find().filter(Column::MuterId.eq(muter)).filter(not_over(now));
    Ok(keyset(rows, Column::Edge, &Order::Desc, page).all(connection).await?)
}
