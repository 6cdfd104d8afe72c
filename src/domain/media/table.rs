//! A media in its table, on the shard of its owner.

use crate::base::error::Result;
use crate::base::ids::{MediaId, UserId};
use crate::base::page::Page;
use crate::platform::db::{Tx, keyset};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{DatabaseConnection, IntoActiveModel, Order, QueryOrder, QuerySelect};

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
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Who can see a media.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i16", db_type = "SmallInteger")]
pub enum Audience {
    /// Anyone; followers when the account is private.
    #[sea_orm(num_value = 0)]
    Everyone,
    /// Followers.
    #[sea_orm(num_value = 1)]
    Followers,
    /// Its owner.
    #[sea_orm(num_value = 2)]
    OnlyMe,
}

/// What is counted on a media.
#[derive(Clone, Copy, Debug)]
pub(in crate::domain) enum Counter {
    /// Likes.
    Likes,
    /// Comments.
    Comments,
}

pub(super) async fn insert(tx: &Tx, media: Model) -> Result<()> {
    Entity::insert(media.into_active_model().reset_all()).exec_without_returning(tx.conn()).await?;
    Ok(())
}

pub(super) async fn many(connection: &DatabaseConnection, ids: Vec<MediaId>) -> Result<Vec<Model>> {
    Ok(Entity::find().filter(Column::Id.is_in(ids)).all(connection).await?)
}

pub(super) async fn delete(tx: &Tx, owner: UserId, id: MediaId) -> Result<bool> {
    let deleted = Entity::delete_many().filter(Column::Id.eq(id)).filter(Column::OwnerId.eq(owner));
    Ok(deleted.exec(tx.conn()).await?.rows_affected == 1)
}

/// The media of some users, nearest to the page's cursor first, one more than the page has.
pub(super) async fn page(connection: &DatabaseConnection, owners: Vec<UserId>, page: Page) -> Result<Vec<Model>> {
    read(connection, Entity::find().filter(Column::OwnerId.is_in(owners)), page).await
}

/// The newest media of some users, newest first.
pub(super) async fn newest_of_many(
    connection: &DatabaseConnection,
    owners: Vec<UserId>,
    most: usize,
) -> Result<Vec<MediaId>> {
    let ids = Entity::find().select_only().column(Column::Id).filter(Column::OwnerId.is_in(owners));
    Ok(ids.order_by_desc(Column::Id).limit(most as u64).into_tuple().all(connection).await?)
}

/// The media of a user for some audiences, nearest to the page's cursor first, one more than the page has.
pub(super) async fn page_for(
    connection: &DatabaseConnection,
    owner: UserId,
    audiences: Vec<Audience>,
    page: Page,
) -> Result<Vec<Model>> {
    let rows = Entity::find().filter(Column::OwnerId.eq(owner)).filter(Column::Audience.is_in(audiences));
    read(connection, rows, page).await
}

/// The ids of the newest media of a user for some audiences.
pub(super) async fn newest(
    connection: &DatabaseConnection,
    owner: UserId,
    audiences: Vec<Audience>,
    items: u64,
) -> Result<Vec<MediaId>> {
    let rows = Entity::find().filter(Column::OwnerId.eq(owner)).filter(Column::Audience.is_in(audiences));
    let newest = rows.order_by_desc(Column::Id).limit(items).select_only().column(Column::Id);
    Ok(newest.into_tuple().all(connection).await?)
}

async fn read(connection: &DatabaseConnection, rows: Select<Entity>, page: Page) -> Result<Vec<Model>> {
    Ok(keyset(rows, Column::Id, &Order::Desc, page).all(connection).await?)
}

/// Adds to a counter of a media. False when the media is gone.
pub(in crate::domain) async fn count(tx: &Tx, id: MediaId, counter: Counter, by: i64) -> Result<bool> {
    let column = match counter {
        Counter::Likes => Column::LikeCount,
        Counter::Comments => Column::CommentCount,
    };
    let counted = Entity::update_many().col_expr(column, Expr::col(column).add(by)).filter(Column::Id.eq(id));
    Ok(counted.exec(tx.conn()).await?.rows_affected == 1)
}
