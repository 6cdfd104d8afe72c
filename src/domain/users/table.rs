//! A user in their table, on the shard of their id.

use crate::base::error::Result;
use crate::base::ids::UserId;
use crate::platform::db::{Reader, Tx};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{IntoActiveModel, QueryOrder, QuerySelect};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: UserId,
    pub username: String,
    pub display_name: String,
    pub is_private: bool,
    pub media_count: i64,
    pub follower_count: i64,
    pub following_count: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// What is counted on a user.
#[derive(Clone, Copy, Debug)]
pub(in crate::domain) enum Counter {
    /// Media they published.
    Media,
    /// Those who follow them.
    Followers,
    /// Those whom they follow.
    Following,
}

pub(super) async fn one(connection: &impl ConnectionTrait, id: UserId) -> Result<Option<Model>> {
    Ok(Entity::find_by_id(id).one(connection).await?)
}

pub(super) async fn many(connection: &Reader, ids: Vec<UserId>) -> Result<Vec<Model>> {
    Ok(Entity::find().filter(Column::Id.is_in(ids)).all(connection).await?)
}

/// Some users of a database, in the order of their ids, after one of them.
pub(super) async fn some(connection: &Reader, after: UserId, most: u64) -> Result<Vec<UserId>> {
    let ids = Entity::find().select_only().column(Column::Id).filter(Column::Id.gt(after)).order_by_asc(Column::Id);
    Ok(ids.limit(most).into_tuple().all(connection).await?)
}

/// Stores a new user.
pub(in crate::domain) async fn insert(tx: &Tx, user: Model) -> Result<()> {
    Entity::insert(user.into_active_model().reset_all()).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// Reads a user and keeps others from changing who follows them until the transaction ends.
pub(in crate::domain) async fn lock(tx: &Tx, id: UserId) -> Result<Option<Model>> {
    Ok(Entity::find_by_id(id).lock_exclusive().one(tx.conn()).await?)
}

/// Adds to a counter of a user.
pub(in crate::domain) async fn count(tx: &Tx, id: UserId, counter: Counter, by: i64) -> Result<()> {
    let column = match counter {
        Counter::Media => Column::MediaCount,
        Counter::Followers => Column::FollowerCount,
        Counter::Following => Column::FollowingCount,
    };
    let sum = Expr::col(column).add(by);
    Entity::update_many().col_expr(column, sum).filter(Column::Id.eq(id)).exec(tx.conn()).await?;
    Ok(())
}

/// Makes an account private or open.
pub(in crate::domain) async fn set_private(tx: &Tx, id: UserId, is_private: bool) -> Result<()> {
    let value = Expr::value(is_private);
    Entity::update_many().col_expr(Column::IsPrivate, value).filter(Column::Id.eq(id)).exec(tx.conn()).await?;
    Ok(())
}
