//! A media in its table, on the shard of its owner.

use super::counts;
use crate::base::clock::Timestamp;
use crate::base::error::Result;
use crate::base::facts::Audience;
use crate::base::ids::{MediaId, UserId};
use crate::base::page::Page;
use crate::platform::db::{Reader, Tx, keyset};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait, LockBehavior, LockType, Query, SimpleExpr};
use sea_orm::{IntoActiveModel, Order, QueryOrder, QuerySelect};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "media")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MediaId,
    pub owner_id: UserId,
    pub caption: Option<String>,
    pub audience: Audience,
    pub like_count: i64,
    pub comment_count: i64,
    /// Who is mentioned in the caption.
    pub mentions: Option<String>,
    /// What to warn of before its photos are shown.
    pub content_warning: Option<String>,
    /// When what it says was changed last.
    pub edited_at: Option<Timestamp>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// A media of which nothing is said and that nobody has counted on.
    pub(super) fn silent(id: MediaId, owner: UserId, audience: Audience) -> Self {
        Self {
            id,
            owner_id: owner,
            caption: None,
            audience,
            like_count: 0,
            comment_count: 0,
            mentions: None,
            content_warning: None,
            edited_at: None,
        }
    }
}

/// What is counted on a media.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i16", db_type = "SmallInteger")]
pub enum Counter {
    /// Likes.
    #[sea_orm(num_value = 0)]
    Likes,
    /// Comments.
    #[sea_orm(num_value = 1)]
    Comments,
}

/// The rows as they are read: with the counts that wait to be added up.
pub(super) fn rows() -> Select<Entity> {
    let sum = |column: Column, counter| {
        let waiting = SimpleExpr::SubQuery(None, Box::new(counts::waiting(counter).into()));
        Expr::col((Entity, column)).add(waiting)
    };
    Entity::find()
        .select_only()
        .columns([Column::Id, Column::OwnerId, Column::Caption, Column::Audience])
        .columns([Column::Mentions, Column::ContentWarning, Column::EditedAt])
        .column_as(sum(Column::LikeCount, Counter::Likes), Column::LikeCount)
        .column_as(sum(Column::CommentCount, Counter::Comments), Column::CommentCount)
}

pub(super) async fn insert(tx: &Tx, media: Model) -> Result<()> {
    Entity::insert(media.into_active_model().reset_all()).exec_without_returning(tx.conn()).await?;
    Ok(())
}

pub(super) async fn many(connection: &Reader, ids: Vec<MediaId>) -> Result<Vec<Model>> {
    Ok(rows().filter(Column::Id.is_in(ids)).all(connection).await?)
}

/// Reads a media and keeps others from editing it until the transaction ends. Its counts are those that were added up.
pub(super) async fn lock(tx: &Tx, id: MediaId) -> Result<Option<Model>> {
    Ok(Entity::find_by_id(id).lock(LockType::NoKeyUpdate).one(tx.conn()).await?)
}

/// Stores what can be edited of a media.
pub(super) async fn set_edited(tx: &Tx, media: Model) -> Result<()> {
    let changed = Entity::update_many()
        .col_expr(Column::Caption, Expr::value(media.caption))
        .col_expr(Column::Mentions, Expr::value(media.mentions))
        .col_expr(Column::ContentWarning, Expr::value(media.content_warning))
        .col_expr(Column::Audience, Expr::value(media.audience))
        .col_expr(Column::EditedAt, Expr::value(media.edited_at));
    changed.filter(Column::Id.eq(media.id)).exec(tx.conn()).await?;
    Ok(())
}

/// Whose some media are, and who can see them.
pub(super) async fn audiences(connection: &Reader, ids: Vec<MediaId>) -> Result<Vec<(MediaId, UserId, Audience)>> {
    let rows = Entity::find().select_only().columns([Column::Id, Column::OwnerId, Column::Audience]);
    Ok(rows.filter(Column::Id.is_in(ids)).into_tuple().all(connection).await?)
}

/// The media of a user for an audience after one of them, oldest first, at most so many.
pub(super) async fn after(
    tx: &Tx,
    (owner, audience): (UserId, Audience),
    id: MediaId,
    most: u64,
) -> Result<Vec<MediaId>> {
    let rows = Entity::find().select_only().column(Column::Id).filter(Column::OwnerId.eq(owner));
    let rows = rows.filter(Column::Audience.eq(audience)).filter(Column::Id.gt(id));
    Ok(rows.order_by_asc(Column::Id).limit(most).into_tuple().all(tx.conn()).await?)
}

pub(super) async fn delete(tx: &Tx, owner: UserId, id: MediaId) -> Result<bool> {
    let deleted = Entity::delete_many().filter(Column::Id.eq(id)).filter(Column::OwnerId.eq(owner));
    Ok(deleted.exec(tx.conn()).await?.rows_affected == 1)
}

/// The newest media of some users, newest first.
pub(super) async fn newest_of_many(connection: &Reader, owners: Vec<UserId>, most: usize) -> Result<Vec<MediaId>> {
    let ids = Entity::find().select_only().column(Column::Id).filter(Column::OwnerId.is_in(owners));
    Ok(ids.order_by_desc(Column::Id).limit(most as u64).into_tuple().all(connection).await?)
}

/// The media of a user for some audiences, nearest to the page's cursor first, one more than the page has.
pub(super) async fn page_for(
    connection: &Reader,
    owner: UserId,
    audiences: Vec<Audience>,
    page: Page,
) -> Result<Vec<Model>> {
    let rows = rows().filter(Column::OwnerId.eq(owner)).filter(Column::Audience.is_in(audiences));
    read(connection, rows, page).await
}

/// The ids of the newest media of a user for some audiences, published before an id was made.
pub(super) async fn newest(
    connection: &Reader,
    owner: UserId,
    audiences: Vec<Audience>,
    (before, items): (i64, u64),
) -> Result<Vec<MediaId>> {
    let rows = Entity::find().filter(Column::OwnerId.eq(owner)).filter(Column::Audience.is_in(audiences));
    let rows = rows.filter(Column::Id.lt(before));
    let newest = rows.order_by_desc(Column::Id).limit(items).select_only().column(Column::Id);
    Ok(newest.into_tuple().all(connection).await?)
}

/// The ids of the media of a user after one of them, oldest first.
pub(super) async fn ids_after(connection: &Reader, owner: UserId, after: i64, most: u64) -> Result<Vec<MediaId>> {
    let rows = Entity::find().filter(Column::OwnerId.eq(owner)).filter(Column::Id.gt(after));
    let ids = rows.order_by_asc(Column::Id).limit(most).select_only().column(Column::Id);
    Ok(ids.into_tuple().all(connection).await?)
}

async fn read(connection: &Reader, rows: Select<Entity>, page: Page) -> Result<Vec<Model>> {
    Ok(keyset(rows, Column::Id, &Order::Desc, page).all(connection).await?)
}

/// Adds to a counter of a media, unless somebody else has its row at the moment. False then, or when it is gone.
pub(super) async fn count_if_free(tx: &Tx, id: MediaId, counter: Counter, by: i64) -> Result<bool> {
    let free = Query::select()
        .column(Column::Id)
        .from(Entity)
        .and_where(Column::Id.eq(id))
        .lock_with_behavior(LockType::NoKeyUpdate, LockBehavior::SkipLocked)
        .take();
    add(tx, Column::Id.in_subquery(free), counter, by).await
}

/// Adds to a counter of a media, after whoever has its row. False when the media is gone.
pub(super) async fn count(tx: &Tx, id: MediaId, counter: Counter, by: i64) -> Result<bool> {
    add(tx, Column::Id.eq(id), counter, by).await
}

async fn add(tx: &Tx, which: Expr, counter: Counter, by: i64) -> Result<bool> {
    let column = match counter {
        Counter::Likes => Column::LikeCount,
        Counter::Comments => Column::CommentCount,
    };
    let counted = Entity::update_many().col_expr(column, Expr::col(column).add(by)).filter(which);
    Ok(counted.exec(tx.conn()).await?.rows_affected == 1)
}

/// Whether a media is there, and stays until the transaction ends. Waits for nobody but who deletes it.
pub(super) async fn media_is_there(tx: &Tx, id: MediaId) -> Result<bool> {
    let row = Entity::find_by_id(id).select_only().column(Column::Id).lock(LockType::KeyShare);
    Ok(row.into_tuple::<MediaId>().one(tx.conn()).await?.is_some())
}
