//! A comment in its table, on the shard of its media.

use super::counts::{self, Counter};
use crate::base::clock::Timestamp;
use crate::base::error::Result;
use crate::base::ids::{CommentId, MediaId, UserId};
use crate::base::page::Page;
use crate::platform::db::{Reader, Tx, keyset};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{
    ExprTrait, LockBehavior, LockType, Order as SqlOrder, Query, SelectStatement, SimpleExpr, UnionType,
};
use sea_orm::{IntoActiveModel, QueryOrder, QuerySelect, QueryTrait};

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
    /// The comment it replies to, which is no reply itself.
    pub parent_id: Option<CommentId>,
    pub like_count: i64,
    pub reply_count: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// A comment that nobody has answered, liked or edited yet, and that speaks of nobody.
    pub(super) fn new(id: CommentId, media: MediaId, author: UserId, body: String) -> Self {
        let (mentions, edited_at, parent_id) = (None, None, None);
        let (media_id, author_id) = (media, author);
        Self { id, media_id, author_id, body, mentions, edited_at, parent_id, like_count: 0, reply_count: 0 }
    }
}

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

/// What a list of comments hangs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Below {
    /// Comments on media.
    Media,
    /// Replies to comments.
    Comment,
}

impl Below {
    fn column(self) -> Column {
        match self {
            Self::Media => Column::MediaId,
            Self::Comment => Column::ParentId,
        }
    }

    /// Those that hang directly on what `key` is: replies are not comments on the media.
    fn of(self, rows: Select<Entity>, key: i64) -> Select<Entity> {
        let rows = rows.filter(self.column().eq(key));
        match self {
            Self::Media => rows.filter(Column::ParentId.is_null()),
            Self::Comment => rows,
        }
    }
}

/// Rows deleted in one transaction.
const BATCH: u64 = 200;
/// Lists whose first comments are read in one statement. SQLite puts at most 500 together.
const LISTS: usize = 128;

/// The rows as they are read: with the counts that wait to be added up.
fn rows() -> Select<Entity> {
    Entity::find()
        .select_only()
        .columns([Column::Id, Column::MediaId, Column::AuthorId, Column::Body, Column::ParentId])
        .columns([Column::Mentions, Column::EditedAt])
        .column_as(sum(Column::LikeCount, Counter::Likes), Column::LikeCount)
        .column_as(sum(Column::ReplyCount, Counter::Replies), Column::ReplyCount)
}

fn sum(column: Column, counter: Counter) -> SimpleExpr {
    let waiting = SimpleExpr::SubQuery(None, Box::new(counts::waiting(counter).into()));
    Expr::col((Entity, column)).add(waiting)
}

pub(super) async fn insert(tx: &Tx, comment: Model) -> Result<()> {
    Entity::insert(comment.into_active_model().reset_all()).exec_without_returning(tx.conn()).await?;
    Ok(())
}

pub(super) async fn many(connection: &Reader, ids: Vec<CommentId>) -> Result<Vec<Model>> {
    Ok(rows().filter(Column::Id.is_in(ids)).all(connection).await?)
}

/// Reads a comment and keeps others from changing it until the transaction ends.
pub(super) async fn lock(tx: &Tx, id: CommentId) -> Result<Option<Model>> {
    Ok(Entity::find_by_id(id).lock_exclusive().one(tx.conn()).await?)
}

/// Stores what was edited of a comment. False when it is gone.
pub(super) async fn set_edited(tx: &Tx, comment: Model) -> Result<bool> {
    let changed = Entity::update_many()
        .col_expr(Column::Body, Expr::value(comment.body))
        .col_expr(Column::Mentions, Expr::value(comment.mentions))
        .col_expr(Column::EditedAt, Expr::value(comment.edited_at));
    Ok(changed.filter(Column::Id.eq(comment.id)).exec(tx.conn()).await?.rows_affected == 1)
}

/// Removes a comment with its replies, and gives them all, it first. Empty when it was gone.
pub(super) async fn delete(tx: &Tx, id: CommentId) -> Result<Vec<Model>> {
    let this = Entity::find_by_id(id).lock_exclusive().all(tx.conn()).await?;
    if this.is_empty() {
        return Ok(this);
    }
    let replies = Entity::find().filter(Column::ParentId.eq(id)).order_by_asc(Column::Id).lock_exclusive();
    let replies = replies.all(tx.conn()).await?;
    let all = Column::Id.eq(id).or(Column::ParentId.eq(id));
    Entity::delete_many().filter(all).exec(tx.conn()).await?;
    Ok(this.into_iter().chain(replies).collect())
}

/// A list of comments, nearest to the page's cursor first, one more than the page has.
pub(super) async fn page(
    connection: &Reader,
    (below, key): (Below, i64),
    order: Order,
    page: Page,
) -> Result<Vec<Model>> {
    Ok(keyset(below.of(rows(), key), Column::Id, &order.in_sql(), page).all(connection).await?)
}

/// The first comments of each of these lists, in their order: up to one more than `items` of each.
pub(super) async fn first_of_each(
    connection: &Reader,
    (below, keys): (Below, Vec<i64>),
    order: Order,
    items: u32,
) -> Result<Vec<Model>> {
    let mut first = Vec::new();
    for keys in keys.chunks(LISTS) {
        let ids = keys.iter().map(|key| first_ids(below, *key, order, items)).reduce(together);
        let Some(ids) = ids else { continue };
        let these = rows().filter(Column::Id.in_subquery(ids)).order_by(Column::Id, order.in_sql());
        first.extend(these.all(connection).await?);
    }
    Ok(first)
}

/// Which comments a list begins with. However long it is, only those are read.
fn first_ids(below: Below, key: i64, order: Order, items: u32) -> SelectStatement {
    let rows = below.of(Entity::find().select_only().column(Column::Id), key);
    let first = rows.order_by(Column::Id, order.in_sql()).limit(u64::from(items) + 1);
    Query::select().column(Column::Id).from_subquery(first.into_query(), "first").take()
}

fn together(mut some: SelectStatement, others: SelectStatement) -> SelectStatement {
    some.union(UnionType::All, others).take()
}

/// Removes some comments of a media, and gives them: the newest, so that replies go before what they reply to.
pub(super) async fn delete_some(tx: &Tx, media: MediaId) -> Result<Vec<Model>> {
    let some = Entity::find().filter(Column::MediaId.eq(media)).order_by_desc(Column::Id).limit(BATCH);
    let comments = some.all(tx.conn()).await?;
    let ids = comments.iter().map(|comment| comment.id);
    Entity::delete_many().filter(Column::Id.is_in(ids)).exec(tx.conn()).await?;
    Ok(comments)
}

/// Adds to a counter of a comment, unless somebody else has its row at the moment. False then, or when it is gone.
pub(super) async fn count_if_free(tx: &Tx, id: CommentId, counter: Counter, by: i64) -> Result<bool> {
    let free = Query::select()
        .column(Column::Id)
        .from(Entity)
        .and_where(Column::Id.eq(id))
        .lock_with_behavior(LockType::NoKeyUpdate, LockBehavior::SkipLocked)
        .take();
    add(tx, Column::Id.in_subquery(free), counter, by).await
}

/// Adds to a counter of a comment, after whoever has its row. False when the comment is gone.
pub(super) async fn count(tx: &Tx, id: CommentId, counter: Counter, by: i64) -> Result<bool> {
    add(tx, Column::Id.eq(id), counter, by).await
}

async fn add(tx: &Tx, which: Expr, counter: Counter, by: i64) -> Result<bool> {
    let column = match counter {
        Counter::Likes => Column::LikeCount,
        Counter::Replies => Column::ReplyCount,
    };
    let counted = Entity::update_many().col_expr(column, Expr::col(column).add(by)).filter(which);
    Ok(counted.exec(tx.conn()).await?.rows_affected == 1)
}

/// Whether a comment is there, and stays until the transaction ends. Waits for nobody but who deletes it.
pub(super) async fn is_there(tx: &Tx, id: CommentId) -> Result<bool> {
    let row = Entity::find_by_id(id).select_only().column(Column::Id).lock(LockType::KeyShare);
    Ok(row.into_tuple::<CommentId>().one(tx.conn()).await?.is_some())
}

/// Who wrote a comment that is there, and stays until the transaction ends. Waits for nobody but who deletes it.
pub(super) async fn author_while_there(tx: &Tx, id: CommentId) -> Result<Option<UserId>> {
    let row = Entity::find_by_id(id).select_only().column(Column::AuthorId).lock(LockType::KeyShare);
    Ok(row.into_tuple().one(tx.conn()).await?)
}

/// Some of what an author wrote below these media before an id. In no order: one would have whole tables read for a few rows.
pub(super) async fn by_author(
    connection: &Reader,
    author: UserId,
    media: &[MediaId],
    (before, most): (i64, u64),
) -> Result<Vec<Model>> {
    let rows = Entity::find().filter(Column::AuthorId.eq(author)).filter(Column::MediaId.is_in(media.iter().copied()));
    Ok(rows.filter(Column::Id.lt(before)).limit(most).all(connection).await?)
}
