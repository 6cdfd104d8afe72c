//! Who follows a user, on the shard of the one followed. This is where a follow is decided.

use std::collections::{HashMap, HashSet};

use futures_util::future::try_join;

use super::{blocks, mutes};
use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::error::Result;
use crate::base::facts::FollowState;
use crate::base::ids::UserId;
use crate::base::page::Page;
use crate::platform::db::{IN_LIST, Reader, Tx, keyset};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, JoinType, OnConflict, Query, SelectStatement};
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

/// What a row of the query about users is called where how a viewer stands to them is asked: see [`select_seen`].
const USER: &str = "u";

/// Everything that says how a viewer stands to a user.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Seen {
    pub(super) id: UserId,
    pub(super) is_private: bool,
    pub(super) state: Option<FollowState>,
    pub(super) blocks_viewer: bool,
    pub(super) is_blocked: bool,
    pub(super) is_muted: bool,
    pub(super) muted_until: Option<Timestamp>,
}

/// These users as `viewer` stands to them: one statement for each database.
pub(super) async fn seen_by(app: &App, viewer: UserId, users: &[UserId]) -> Result<Vec<Seen>> {
    let now = app.clock.now();
    let seen = app.db.gather(users, async |connection, users| {
        let statement = connection.get_database_backend().build(&seen(viewer, users, now));
        Ok(Seen::find_by_statement(statement).all(connection).await?)
    });
    let home = HomeSide::of(app, viewer, users, now);
    let (mut seen, home) = try_join(seen, home).await?;
    for user in &mut seen {
        home.complete(user);
    }
    Ok(seen)
}

/// Whom the viewer blocks and mutes of those who live in another database. It is known on the viewer's shard, where a query
/// that is answered elsewhere does not see it.
#[derive(Debug)]
pub(in crate::domain) struct HomeSide {
    blocked: HashSet<UserId>,
    muted: HashMap<UserId, mutes::Model>,
}

impl HomeSide {
    /// What the viewer's shard knows about those of the users who live elsewhere. No statement when nobody does.
    pub(in crate::domain) async fn of(app: &App, viewer: UserId, users: &[UserId], now: Timestamp) -> Result<Self> {
        let elsewhere = elsewhere(app, viewer, users);
        let blocked = blocks::among(app, viewer, &elsewhere);
        let muted = mutes::among(app.db.read_own(&viewer), viewer, &elsewhere, now);
        let (blocked, muted) = try_join(blocked, muted).await?;
        Ok(Self { blocked, muted })
    }

    /// Adds it to what was read where the user lives.
    pub(in crate::domain) fn complete(&self, user: &mut Seen) {
        user.is_blocked |= self.blocked.contains(&user.id);
        if let Some(mute) = self.muted.get(&user.id) {
            (user.is_muted, user.muted_until) = (true, mute.until);
        }
    }
}

/// Those of these users who live in another database than the viewer.
pub(super) fn elsewhere(app: &App, viewer: UserId, users: &[UserId]) -> Vec<UserId> {
    let home = app.db.database(&viewer).number;
    users.iter().copied().filter(|user| app.db.database(user).number != home).collect()
}

fn seen(viewer: UserId, users: Vec<UserId>, now: Timestamp) -> SelectStatement {
    let mut query = Query::select();
    query.from_as("users", USER).and_where(Expr::col((USER, "id")).is_in(users));
    select_seen(&mut query, "", (Some(viewer), now));
    query
}

/// Lets a query in which the users are called `u` also read how a viewer, or somebody unknown, stands to each of them now:
/// the columns of [`Seen`], their names after `prefix`.
pub(in crate::domain) fn select_seen(query: &mut SelectStatement, prefix: &str, viewer: (Option<UserId>, Timestamp)) {
    let (viewer, now) = viewer;
    let column = |table: &'static str, name: &'static str| Expr::col((table, name));
    let is_user = |table: &'static str, name: &'static str| column(table, name).equals((USER, "id"));
    let muted_now = Condition::any().add(column("m", "until").is_null()).add(column("m", "until").gt(now));
    let joins = [
        ("followers", "f", [is_user("f", "followee_id"), column("f", "follower_id").eq(viewer)]),
        ("blocks", "b", [is_user("b", "blocker_id"), column("b", "blocked_id").eq(viewer)]),
        ("blocks", "d", [is_user("d", "blocked_id"), column("d", "blocker_id").eq(viewer)]),
    ];
    for (table, name, [user, is_viewer]) in joins {
        query.join_as(JoinType::LeftJoin, table, name, Condition::all().add(user).add(is_viewer));
    }
    let muted = Condition::all().add(is_user("m", "muted_id")).add(column("m", "muter_id").eq(viewer)).add(muted_now);
    query.join_as(JoinType::LeftJoin, "mutes", "m", muted);
    let columns = [
        (column(USER, "id"), "id"),
        (column(USER, "is_private"), "is_private"),
        (column("f", "state"), "state"),
        (column("b", "blocker_id").is_not_null(), "blocks_viewer"),
        (column("d", "blocker_id").is_not_null(), "is_blocked"),
        (column("m", "muter_id").is_not_null(), "is_muted"),
        (column("m", "until"), "muted_until"),
    ];
    for (expression, name) in columns {
        query.expr_as(expression, format!("{prefix}{name}"));
    }
}

/// Which of `others` follow `user`, or asked to.
pub(super) async fn states(
    connection: &Reader,
    user: UserId,
    others: &[UserId],
) -> Result<HashMap<UserId, FollowState>> {
    let mut states = HashMap::new();
    for others in others.chunks(IN_LIST) {
        let rows = Entity::find().filter(Column::FolloweeId.eq(user));
        let rows = rows.filter(Column::FollowerId.is_in(others.iter().copied())).all(connection).await?;
        states.extend(rows.into_iter().map(|row| (row.follower_id, row.state)));
    }
    Ok(states)
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
