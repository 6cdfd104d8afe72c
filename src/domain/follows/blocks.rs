//! Whom a user blocks, on the shard of the one who blocks.

use std::collections::HashSet;

use crate::app::App;
use crate::base::error::Result;
use crate::base::ids::UserId;
use crate::base::page::Page;
use crate::platform::db::{IN_LIST, Reader, Tx, keyset};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait, OnConflict};
use sea_orm::{IntoActiveModel, Order};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "blocks")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub blocker_id: UserId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub blocked_id: UserId,
    /// The number of the block; grows with time.
    pub edge: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Which of `others` a user blocks.
pub(super) async fn among(app: &App, blocker: UserId, others: &[UserId]) -> Result<HashSet<UserId>> {
    if others.iter().all(|other| *other == blocker) {
        return Ok(HashSet::new());
    }
    let mut blocked = HashSet::new();
    for others in others.chunks(IN_LIST) {
        let rows = Entity::find().filter(Column::BlockerId.eq(blocker));
        let rows = rows.filter(Column::BlockedId.is_in(others.iter().copied())).all(app.db.read_own(&blocker)).await?;
        blocked.extend(rows.into_iter().map(|row| row.blocked_id));
    }
    Ok(blocked)
}

/// The blocks between a user and `others`, whoever of the two blocks, as far as `connection` knows.
pub(super) async fn between(connection: &Reader, user: UserId, others: Vec<UserId>) -> Result<Vec<Model>> {
    let by_others = Column::BlockedId.eq(user).and(Column::BlockerId.is_in(others.iter().copied()));
    let by_user = Column::BlockerId.eq(user).and(Column::BlockedId.is_in(others));
    Ok(Entity::find().filter(by_others.or(by_user)).all(connection).await?)
}

pub(super) async fn one(connection: &impl ConnectionTrait, blocker: UserId, blocked: UserId) -> Result<Option<Model>> {
    Ok(Entity::find_by_id((blocker, blocked)).one(connection).await?)
}

/// Stores a block. False when it was there.
pub(super) async fn insert(tx: &Tx, block: Model) -> Result<bool> {
    let keep = OnConflict::columns([Column::BlockerId, Column::BlockedId]).do_nothing().to_owned();
    let row = block.into_active_model().reset_all();
    Ok(Entity::insert(row).on_conflict(keep).exec_without_returning(tx.conn()).await? == 1)
}

/// Removes a block. False when there was none.
pub(super) async fn delete(tx: &Tx, blocker: UserId, blocked: UserId) -> Result<bool> {
    Ok(Entity::delete_by_id((blocker, blocked)).exec(tx.conn()).await?.rows_affected == 1)
}

/// Those whom a user blocks, last blocked first, one more than the page has.
pub(super) async fn page(connection: &Reader, blocker: UserId, page: Page) -> Result<Vec<Model>> {
    let rows = Entity::find().filter(Column::BlockerId.eq(blocker));
    Ok(keyset(rows, Column::Edge, &Order::Desc, page).all(connection).await?)
}
