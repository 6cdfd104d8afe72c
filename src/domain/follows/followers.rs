//! Who follows a user, on the shard of the one followed. This is where a follow is decided.

use std::collections::HashMap;

use futures_util::future::try_join3;

use super::{blocks, mutes};
use crate::app::App;
use crate::base::clock::Timestamp;
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

/// A user with everything that says how a viewer stands to them.
#[derive(Clone, Debug, FromQueryResult)]
pub(super) struct Seen {
    pub id: UserId,
    pub is_private: bool,
    pub state: Option<FollowState>,
    pub blocks_viewer: bool,
    pub is_blocked: bool,
    pub is_muted: bool,
    pub muted_until: Option<Timestamp>,
}

/// These users as `viewer` stands to them: one statement for each database. Whom the viewer blocks and mutes is known on the
/// viewer's shard: of users who live in another database it is asked for there.
pub(super) async fn seen_by(app: &App, viewer: UserId, users: &[UserId]) -> Result<Vec<Seen>> {
    let (now, home) = (app.clock.now(), app.db.database(&viewer).number);
    let seen = app.db.gather(users, async |connection, users| {
        let statement = connection.get_database_backend().build(&seen(viewer, users, now));
        Ok(Seen::find_by_statement(statement).all(connection).await?)
    });
    let elsewhere: Vec<UserId> = users.iter().copied().filter(|user| app.db.database(user).number != home).collect();
    let blocked = blocks::among(app, viewer, &elsewhere);
    let muted = mutes::among(app.db.read_own(&viewer), viewer, &elsewhere, now);
    let (mut seen, blocked, muted) = try_join3(seen, blocked, muted).await?;
    for user in &mut seen {
        user.is_blocked |= blocked.contains(&user.id);
        if let Some(mute) = muted.get(&user.id) {
            (user.is_muted, user.muted_until) = (true, mute.until);
        }
    }
    Ok(seen)
}

fn seen(viewer: UserId, users: Vec<UserId>, now: Timestamp) -> SelectStatement {
    let (user, follow, block) = (Alias::new("u"), Alias::new("f"), Alias::new("b"));
    let (blocked, muted) = (Alias::new("d"), Alias::new("m"));
    let column = |table: &Alias, name: &'static str| Expr::col((table.clone(), Alias::new(name)));
    let blocked_by_viewer = Condition::all()
        .add(column(&blocked, "blocker_id").eq(viewer))
        .add(column(&blocked, "blocked_id").equals((user.clone(), Alias::new("id"))));
    let muted_by_viewer = Condition::all()
        .add(column(&muted, "muter_id").eq(viewer))
        .add(column(&muted, "muted_id").equals((user.clone(), Alias::new("id"))))
        .add(Condition::any().add(column(&muted, "until").is_null()).add(column(&muted, "until").gt(now)));
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
        .expr_as(column(&blocked, "blocker_id").is_not_null(), "is_blocked")
        .expr_as(column(&muted, "muter_id").is_not_null(), "is_muted")
        .expr_as(column(&muted, "until"), "muted_until")
        .from_as("users", user.clone())
        .join_as(JoinType::LeftJoin, "followers", follow.clone(), follows)
        .join_as(JoinType::LeftJoin, "blocks", block.clone(), blocks)
        .join_as(JoinType::LeftJoin, "blocks", blocked.clone(), blocked_by_viewer)
        .join_as(JoinType::LeftJoin, "mutes", muted.clone(), muted_by_viewer)
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
