//! Whom a user follows, on the shard of the follower: a copy of what is decided on the other side.

use super::mutes;
use crate::app::App;
use crate::base::error::Result;
use crate::base::facts::FollowState;
use crate::base::ids::UserId;
use crate::base::page::Page;
use crate::platform::db::{Reader, Tx, keyset};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{IntoActiveModel, Order, QuerySelect};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "following")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub follower_id: UserId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub followee_id: UserId,
    /// The number of the change that was copied last.
    pub edge: i64,
    pub state: FollowState,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Everybody a user follows. At most as many as the configuration lets one follow.
///
/// # Errors
/// Those of the database.
pub async fn all_of(app: &App, follower: UserId) -> Result<Vec<UserId>> {
    Ok(followees_of(follower).into_tuple().all(app.db.read_own(&follower)).await?)
}

/// Those of them whom the user does not mute.
///
/// # Errors
/// Those of the database.
pub async fn unmuted_of(app: &App, follower: UserId) -> Result<Vec<UserId>> {
    let muted = mutes::of(follower, app.clock.now());
    let unmuted = followees_of(follower).filter(Column::FolloweeId.not_in_subquery(muted));
    Ok(unmuted.into_tuple().all(app.db.read_own(&follower)).await?)
}

fn followees_of(follower: UserId) -> Select<Entity> {
    let rows = Entity::find().select_only().column(Column::FolloweeId).filter(Column::FollowerId.eq(follower));
    rows.filter(Column::State.eq(FollowState::Following))
}

pub(super) async fn one(tx: &Tx, follower: UserId, followee: UserId) -> Result<Option<Model>> {
    Ok(Entity::find_by_id((follower, followee)).one(tx.conn()).await?)
}

pub(super) async fn put(tx: &Tx, edge: Model) -> Result<()> {
    let replace = OnConflict::columns([Column::FollowerId, Column::FolloweeId])
        .update_columns([Column::Edge, Column::State])
        .to_owned();
    Entity::insert(edge.into_active_model().reset_all()).on_conflict(replace).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// Those whom a user follows, last followed first, one more than the page has.
pub(super) async fn page(connection: &Reader, follower: UserId, page: Page) -> Result<Vec<Model>> {
    let rows = Entity::find().filter(Column::FollowerId.eq(follower)).filter(Column::State.eq(FollowState::Following));
    Ok(keyset(rows, Column::Edge, &Order::Desc, page).all(connection).await?)
}
