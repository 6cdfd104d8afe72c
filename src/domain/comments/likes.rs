//! Who likes a comment. Like a like of a media: there or not, and counted once.

use std::collections::HashSet;

use super::counts::{self, Counter};
use super::{Comment, find};
use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::error::{Error, Result};
use crate::base::facts::Fact;
use crate::base::ids::{CommentId, UserId};
use crate::domain::sessions::Viewer;
use crate::platform::db::{Reader, Tx};
use crate::platform::log;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{IntoActiveModel, QuerySelect};

/// Rows deleted in one transaction.
const BATCH: u64 = 1000;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "comment_likes")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub comment_id: CommentId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    pub liked_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Likes a comment.
///
/// # Errors
/// `NOT_FOUND`.
pub async fn like(app: &App, viewer: Viewer, id: CommentId) -> Result<()> {
    let comment = find(app, Some(viewer), id).await?.ok_or_else(not_found)?;
    app.db.write(&id, async |tx| like_in(app, tx, viewer.user, &comment).await).await
}

/// The counter comes last, so that its row is held as short as can be.
async fn like_in(app: &App, tx: &Tx, user: UserId, comment: &Comment) -> Result<()> {
    let (id, now) = (comment.id, app.clock.now());
    let keep = OnConflict::columns([Column::CommentId, Column::UserId]).do_nothing().to_owned();
    let row = Model { comment_id: id, user_id: user, liked_at: now }.into_active_model().reset_all();
    if Entity::insert(row).on_conflict(keep).exec_without_returning(tx.conn()).await? == 0 {
        return Ok(());
    }
    log::record(tx, now, &Fact::CommentLiked { comment: id, media: comment.media_id, user }).await?;
    counted(app, tx, id, 1).await
}

/// No longer likes a comment.
///
/// # Errors
/// `NOT_FOUND`.
pub async fn unlike(app: &App, viewer: Viewer, id: CommentId) -> Result<()> {
    let comment = find(app, Some(viewer), id).await?.ok_or_else(not_found)?;
    app.db.write(&id, async |tx| unlike_in(app, tx, viewer.user, &comment).await).await
}

async fn unlike_in(app: &App, tx: &Tx, user: UserId, comment: &Comment) -> Result<()> {
    let id = comment.id;
    if Entity::delete_by_id((id, user)).exec(tx.conn()).await?.rows_affected == 0 {
        return Ok(());
    }
    let fact = Fact::CommentUnliked { comment: id, media: comment.media_id, user };
    log::record(tx, app.clock.now(), &fact).await?;
    counted(app, tx, id, -1).await
}

async fn counted(app: &App, tx: &Tx, id: CommentId, by: i64) -> Result<()> {
    match counts::count(app, tx, id, Counter::Likes, by).await? {
        true => Ok(()),
        false => Err(not_found()),
    }
}

fn not_found() -> Error {
    Error::not_found("comment").at(["commentId"])
}

/// Which of these comments a user likes.
///
/// # Errors
/// Those of the database.
pub async fn liked(app: &App, user: UserId, comments: &[CommentId]) -> Result<HashSet<CommentId>> {
    let likes = app.db.gather(comments, |connection, comments| of(connection, user, comments)).await?;
    Ok(likes.into_iter().map(|like| like.comment_id).collect())
}

async fn of(connection: &Reader, user: UserId, comments: Vec<CommentId>) -> Result<Vec<Model>> {
    let likes = Entity::find().filter(Column::UserId.eq(user)).filter(Column::CommentId.is_in(comments));
    Ok(likes.all(connection).await?)
}

/// A step after a comment was deleted: forgets some of its likes, and tells whether there are more.
///
/// # Errors
/// Those of the database.
pub async fn erase(app: &App, id: CommentId) -> Result<bool> {
    app.db.write(&id, async |tx| delete_some(tx, id).await).await
}

async fn delete_some(tx: &Tx, comment: CommentId) -> Result<bool> {
    let some = Entity::find().select_only().column(Column::UserId).filter(Column::CommentId.eq(comment)).limit(BATCH);
    let users: Vec<UserId> = some.into_tuple().all(tx.conn()).await?;
    let more = users.len() as u64 == BATCH;
    let these = Entity::delete_many().filter(Column::CommentId.eq(comment)).filter(Column::UserId.is_in(users));
    these.exec(tx.conn()).await?;
    Ok(more)
}
