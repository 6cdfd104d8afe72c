//! An activity in its table, on the shard of the one it happened to: summed up from who did what.

use super::marks;
use crate::base::clock::Timestamp;
use crate::base::error::Result;
use crate::base::ids::{ActivityId, MediaId, UserId, first_at};
use crate::base::page::Page;
use crate::platform::db::{Reader, Tx, keyset};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait, OnConflict, SimpleExpr};
use sea_orm::{FromQueryResult, IntoActiveModel, Iterable, Order, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};

/// The kinds of activity.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, EnumIter, DeriveActiveEnum,
)]
#[serde(rename_all = "camelCase")]
#[sea_orm(rs_type = "i16", db_type = "SmallInteger")]
pub enum Kind {
    /// Someone likes a media of the viewer.
    #[sea_orm(num_value = 0)]
    MediaLiked,
    /// Someone likes a comment of the viewer.
    #[sea_orm(num_value = 1)]
    CommentLiked,
    /// Someone commented on a media of the viewer.
    #[sea_orm(num_value = 2)]
    MediaCommented,
    /// Someone replied to a comment of the viewer.
    #[sea_orm(num_value = 3)]
    CommentReplied,
    /// Someone mentioned the viewer.
    #[sea_orm(num_value = 4)]
    Mentioned,
    /// Someone tagged the viewer in a photo.
    #[sea_orm(num_value = 5)]
    PhotoTagged,
    /// Someone follows the viewer.
    #[sea_orm(num_value = 6)]
    Followed,
    /// Someone asks to follow the viewer.
    #[sea_orm(num_value = 7)]
    FollowRequested,
    /// Someone let the viewer follow them.
    #[sea_orm(num_value = 8)]
    FollowApproved,
}

impl Kind {
    /// All of them.
    #[must_use]
    pub fn all() -> Vec<Self> {
        Self::iter().collect()
    }

    /// Whether it cannot be told without a comment.
    pub(super) fn is_by_comment(self) -> bool {
        matches!(self, Self::CommentLiked | Self::MediaCommented | Self::CommentReplied)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "activities")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ActivityId,
    pub user_id: UserId,
    pub kind: Kind,
    /// The media or the comment it is about; 0 for the user themselves.
    pub object_id: i64,
    /// The media it is about, or whose comment; 0 for none.
    pub media_id: MediaId,
    /// The number of what happened last, which grows with time: the order of the list.
    pub place: i64,
    /// How many did it. None yet: it is not in the list.
    pub actor_count: i64,
    /// The last of those who did it, and by what, as JSON.
    pub newest: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Somebody who did it, and the comment by which they did.
pub(super) type Newest = (UserId, i64);

/// A row as a list reads it: with how far its user has seen their list.
#[derive(Clone, Debug, FromQueryResult)]
pub(super) struct Row {
    pub id: ActivityId,
    pub kind: Kind,
    pub object_id: i64,
    pub media_id: MediaId,
    pub place: i64,
    pub actor_count: i64,
    pub newest: String,
    pub seen: Option<i64>,
}

impl Row {
    /// The last of those who did it.
    pub(super) fn newest(&self) -> Result<Vec<Newest>> {
        Ok(serde_json::from_str(&self.newest)?)
    }
}

fn rows(user: UserId) -> Select<Entity> {
    let columns = [
        Column::Id,
        Column::Kind,
        Column::ObjectId,
        Column::MediaId,
        Column::Place,
        Column::ActorCount,
        Column::Newest,
    ];
    Entity::find()
        .select_only()
        .columns(columns)
        .column_as(seen(user), "seen")
        .filter(Column::UserId.eq(user))
        .filter(Column::ActorCount.gt(0))
}

fn seen(user: UserId) -> SimpleExpr {
    SimpleExpr::SubQuery(None, Box::new(marks::of(user).into()))
}

/// The activities of a user, nearest to the page's cursor first, one more than the page has.
pub(super) async fn page(connection: &Reader, user: UserId, kinds: Option<&[Kind]>, page: Page) -> Result<Vec<Row>> {
    let mut rows = rows(user);
    if let Some(kinds) = kinds {
        rows = rows.filter(Column::Kind.is_in(kinds.iter().copied()));
    }
    Ok(keyset(rows, Column::Place, &Order::Desc, page).into_model().all(connection).await?)
}

/// The same of those that the user has not seen.
pub(super) async fn unseen(connection: &Reader, user: UserId, page: Page) -> Result<Vec<Row>> {
    let rows = rows(user).filter(Expr::col(Column::Place).gt(seen(user).if_null(0)));
    Ok(keyset(rows, Column::Place, &Order::Desc, page).into_model().all(connection).await?)
}

pub(super) async fn one(connection: &Reader, user: UserId, id: ActivityId) -> Result<Option<Row>> {
    Ok(rows(user).filter(Column::Id.eq(id)).into_model().one(connection).await?)
}

/// The newest place in the list of a user.
pub(super) async fn top(tx: &Tx, user: UserId) -> Result<i64> {
    let place = Entity::find().select_only().column(Column::Place).filter(Column::UserId.eq(user));
    let top: Option<i64> = place.order_by_desc(Column::Place).limit(1).into_tuple().one(tx.conn()).await?;
    Ok(top.unwrap_or(0))
}

/// The activity of a kind about an object that began after an instant.
pub(super) async fn open(tx: &Tx, alike: &Model, since: Timestamp) -> Result<Option<ActivityId>> {
    let open = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::UserId.eq(alike.user_id))
        .filter(Column::Kind.eq(alike.kind))
        .filter(Column::ObjectId.eq(alike.object_id))
        .filter(Column::Id.gt(first_at(since)));
    Ok(open.order_by_desc(Column::Id).limit(1).into_tuple().one(tx.conn()).await?)
}

/// Stores an activity, unless it is there.
pub(super) async fn insert(tx: &Tx, activity: Model) -> Result<()> {
    let keep = OnConflict::column(Column::Id).do_nothing().to_owned();
    let row = activity.into_active_model().reset_all();
    Entity::insert(row).on_conflict(keep).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// Reads an activity and keeps others from summing it up until the transaction ends.
pub(super) async fn lock(tx: &Tx, id: ActivityId) -> Result<Option<Model>> {
    Ok(Entity::find_by_id(id).lock_exclusive().one(tx.conn()).await?)
}

pub(super) async fn update(tx: &Tx, activity: &Model) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::Place, Expr::value(activity.place))
        .col_expr(Column::ActorCount, Expr::value(activity.actor_count))
        .col_expr(Column::Newest, Expr::value(activity.newest.clone()))
        .filter(Column::Id.eq(activity.id))
        .exec(tx.conn())
        .await?;
    Ok(())
}

pub(super) async fn delete(tx: &Tx, id: ActivityId) -> Result<()> {
    Entity::delete_by_id(id).exec(tx.conn()).await?;
    Ok(())
}
