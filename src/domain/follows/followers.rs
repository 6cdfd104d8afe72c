//! Who follows a user, on the shard of the one followed. This is where a follow is decided.

use std::collections::HashMap;

use crate::app::App;
use crate::base::error::Result;
use crate::base::facts::FollowState;
use crate::base::ids::UserId;
use crate::base::page::Page;
use crate::platform::db::{Reader, Tx, keyset};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, JoinType, OnConflict, Query, SelectStatement};
use sea_orm::{Condition, FromQueryResult, IntoActiveModel, Order};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "followers")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub followee_id: UserId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub follower_id: UserId,
    /// The number of the last change; grows with time.
    pub edge: i64,
    pub state: FollowState,
    /// Whether they were let in after they had asked.
    pub is_approved: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// A user with what decides whether a viewer sees them, as far as the user's own shard knows.
#[derive(Clone, Debug, FromQueryResult)]
pub(super) struct Seen {
    pub id: UserId,
    pub is_private: bool,
    pub state: Option<FollowState>,
    pub blocks_viewer: bool,
}

/// These users as `viewer` may see them: one statement for each database.
pub(super) async fn seen_by(app: &App, viewer: UserId, users: &[UserId]) -> Result<Vec<Seen>> {
    app.db
        .gather(users, async |connection, users| {
            let statement = connection.get_database_backend().build(&seen(viewer, users));
            Ok(Seen::find_by_statement(statement).all(connection).await?)
        })
        .await
}

fn seen(viewer: UserId, users: Vec<UserId>) -> SelectStatement {
    let (user, follow, block) = (Alias::new("u"), Alias::new("f"), Alias::new("b"));
    let column = |table: &Alias, name: &'static str| Expr::col((table.clone(), Alias::new(name)));
    let follows = Condition::all()
        .add(column(&follow, "followee_id").equals((user.clone(), Alias::new("id"))))
        .add(column(&follow, "follower_id").eq(viewer));
    let blocks = Condition::all()
        .add(column(&block, "blocker_id").equals((user.clone(), Alias::new("id"))))
        .add(column(&block, "blocked_id").eq(viewer));
    Query::select()
        .expr_as(column(&user, "id"), "id")
        .expr_as(column(&user, "is_private"), "is_private")
        .expr_as(column(&follow, "state"), "state")
        .expr_as(column(&block, "blocker_id").is_not_null(), "blocks_viewer")
        .from_as("users", user.clone())
        .join_as(JoinType::LeftJoin, "followers", follow.clone(), follows)
        .join_as(JoinType::LeftJoin, "blocks", block.clone(), blocks)
        .and_where(column(&user, "id").is_in(users))
        .take()
}

/// Which of `others` follow `user`, or asked to.
pub(super) async fn states(
    connection: &Reader,
    user: UserId,
    others: &[UserId],
) -> Result<HashMap<UserId, FollowState>> {
    let rows = Entity::find()
        .filter(Column::FolloweeId.eq(user))
        .filter(Column::FollowerId.is_in(others.iter().copied()))
        .all(connection)
        .await?;
    Ok(rows.into_iter().map(|row| (row.follower_id, row.state)).collect())
}

/// One edge, as it is decided.
pub(super) async fn one(
    connection: &impl ConnectionTrait,
    followee: UserId,
    follower: UserId,
) -> Result<Option<Model>> {
    Ok(Entity::find_by_id((followee, follower)).one(connection).await?)
}

/// Stores an edge over what was there.
pub(super) async fn put(tx: &Tx, edge: Model) -> Result<()> {
    let replace = OnConflict::columns([Column::FolloweeId, Column::FollowerId])
        .update_columns([Column::Edge, Column::State, Column::IsApproved])
        .to_owned();
    Entity::insert(edge.into_active_model().reset_all()).on_conflict(replace).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// The followers of a user in a state, last changed first, one more than the page has.
pub(super) async fn page(
    connection: &impl ConnectionTrait,
    followee: UserId,
    state: FollowState,
    page: Page,
) -> Result<Vec<Model>> {
    let rows = Entity::find().filter(Column::FolloweeId.eq(followee)).filter(Column::State.eq(state));
    Ok(keyset(rows, Column::Edge, &Order::Desc, page).all(connection).await?)
}
