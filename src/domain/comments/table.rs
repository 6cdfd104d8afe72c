//! A comment in its table, on the shard of its media.

use crate::base::clock::Timestamp;
use crate::base::error::Result;
use crate::base::ids::{CommentId, MediaId, UserId};
use crate::base::page::Page;
use crate::platform::db::{Reader, Tx, keyset};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Func, Order as SqlOrder, Query, SelectStatement, WindowStatement};
use sea_orm::{FromQueryResult, IntoActiveModel, QuerySelect};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "comments")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CommentId,
    pub media_id: MediaId,
    pub author_id: UserId,
    pub body: String,
    /// Who is mentioned in it.
    pub mentions: Option<String>,
    /// When it was changed last.
    pub edited_at: Option<Timestamp>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The order of comments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Order {
    /// Oldest first.
    OldestFirst,
    /// Newest first.
    NewestFirst,
}

impl Order {
    fn in_sql(self) -> SqlOrder {
        match self {
            Self::OldestFirst => SqlOrder::Asc,
            Self::NewestFirst => SqlOrder::Desc,
        }
    }
}

/// Rows deleted in one transaction.
const BATCH: u64 = 1000;

pub(super) async fn insert(tx: &Tx, comment: Model) -> Result<()> {
    Entity::insert(comment.into_active_model().reset_all()).exec_without_returning(tx.conn()).await?;
    Ok(())
}

pub(super) async fn many(connection: &Reader, ids: Vec<CommentId>) -> Result<Vec<Model>> {
    Ok(Entity::find().filter(Column::Id.is_in(ids)).all(connection).await?)
}

/// Stores what was edited of a comment. False when it is gone.
pub(super) async fn set_edited(tx: &Tx, comment: Model) -> Result<bool> {
    let changed = Entity::update_many()
        .col_expr(Column::Body, Expr::value(comment.body))
        .col_expr(Column::Mentions, Expr::value(comment.mentions))
        .col_expr(Column::EditedAt, Expr::value(comment.edited_at));
    Ok(changed.filter(Column::Id.eq(comment.id)).exec(tx.conn()).await?.rows_affected == 1)
}

pub(super) async fn delete(tx: &Tx, id: CommentId) -> Result<bool> {
    Ok(Entity::delete_by_id(id).exec(tx.conn()).await?.rows_affected == 1)
}

/// The comments on a media, nearest to the page's cursor first, one more than the page has.
pub(super) async fn page(connection: &Reader, media: MediaId, order: Order, page: Page) -> Result<Vec<Model>> {
    let rows = Entity::find().filter(Column::MediaId.eq(media));
    Ok(keyset(rows, Column::Id, &order.in_sql(), page).all(connection).await?)
}

/// The first comments on each of these media, in their order: up to one more than `items` of each.
pub(super) async fn first_of_each(
    connection: &Reader,
    media: Vec<MediaId>,
    order: Order,
    items: u32,
) -> Result<Vec<Model>> {
    let statement = connection.get_database_backend().build(&ranked(media, order, items));
    Ok(Model::find_by_statement(statement).all(connection).await?)
}

fn ranked(media: Vec<MediaId>, order: Order, items: u32) -> SelectStatement {
    let direction = order.in_sql();
    let mut window = WindowStatement::partition_by(Column::MediaId);
    window.order_by(Column::Id, direction.clone());
    let columns = [Column::Id, Column::MediaId, Column::AuthorId, Column::Body, Column::Mentions, Column::EditedAt];
    let every = Query::select()
        .columns(columns)
        .expr_window_as(Func::cust("ROW_NUMBER"), window, "place")
        .from(Entity)
        .and_where(Expr::col(Column::MediaId).is_in(media))
        .take();
    Query::select()
        .columns(columns)
        .from_subquery(every, Alias::new("ranked"))
        .and_where(Expr::col("place").lte(items + 1))
        .order_by(Column::Id, direction)
        .take()
}

/// Removes some comments of a media, and tells whether there may be more.
pub(super) async fn delete_some(tx: &Tx, media: MediaId) -> Result<bool> {
    let some = Entity::find().select_only().column(Column::Id).filter(Column::MediaId.eq(media)).limit(BATCH);
    let ids: Vec<CommentId> = some.into_tuple().all(tx.conn()).await?;
    let more = ids.len() as u64 == BATCH;
    Entity::delete_many().filter(Column::Id.is_in(ids)).exec(tx.conn()).await?;
    Ok(more)
}
