//! Counting on a comment — its likes and replies — as on a media: exact at every read, and nobody waits.
//!
//! See `media/counts.rs`, whose table this shares: no two ids are the same, whatever they name.

use super::table;
use crate::app::App;
use crate::base::error::Result;
use crate::base::facts::Fact;
use crate::base::ids::CommentId;
use crate::platform::db::Tx;
use crate::platform::log;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Alias, ExprTrait, Query, SelectStatement};
use sea_orm::{ActiveValue, IntoActiveModel, QueryOrder, QuerySelect};

/// Changes added up in one transaction.
const BATCH: u64 = 1000;

/// What is counted on a comment. The numbers before these are those of media.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i16", db_type = "SmallInteger")]
pub enum Counter {
    /// Likes.
    #[sea_orm(num_value = 2)]
    Likes,
    /// Replies.
    #[sea_orm(num_value = 3)]
    Replies,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "count_deltas")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub counted_id: CommentId,
    pub counter: Counter,
    pub delta: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Adds to a counter of a comment. False when the comment is gone.
pub(super) async fn count(app: &App, tx: &Tx, id: CommentId, counter: Counter, by: i64) -> Result<bool> {
    if table::count_if_free(tx, id, counter, by).await? {
        return Ok(true);
    }
    if !table::is_there(tx, id).await? {
        return Ok(false);
    }
    let row = Model { id: 0, counted_id: id, counter, delta: by };
    let row = ActiveModel { id: ActiveValue::NotSet, ..row.into_active_model().reset_all() };
    Entity::insert(row).exec_without_returning(tx.conn()).await?;
    log::record(tx, app.clock.now(), &Fact::CommentCountsWait { comment: id }).await?;
    Ok(true)
}

/// A step while many count at once: adds up some of what waits, and tells whether there may be more. Safe twice.
///
/// # Errors
/// Those of the database.
pub async fn add_up(app: &App, id: CommentId) -> Result<bool> {
    app.db.write(&id, async |tx| add_up_in(tx, id).await).await
}

async fn add_up_in(tx: &Tx, id: CommentId) -> Result<bool> {
    let waiting = Entity::find().filter(Column::CountedId.eq(id)).order_by_asc(Column::Id).limit(BATCH);
    let waiting = waiting.lock_exclusive().all(tx.conn()).await?;
    let rows = Entity::delete_many().filter(Column::Id.is_in(waiting.iter().map(|row| row.id)));
    rows.exec(tx.conn()).await?;
    for counter in [Counter::Likes, Counter::Replies] {
        let sum = waiting.iter().filter(|row| row.counter == counter).map(|row| row.delta).sum();
        if sum != 0 {
            table::count(tx, id, counter, sum).await?;
        }
    }
    Ok(waiting.len() as u64 == BATCH)
}

/// What waits to be added to a counter of the comment of a row that is read.
pub(super) fn waiting(counter: Counter) -> SelectStatement {
    let big = |sum: Expr| sum.cast_as(Alias::new("bigint"));
    Query::select()
        .expr(big(Expr::col((Entity, Column::Delta)).sum().if_null(0)))
        .from(Entity)
        .and_where(Expr::col((Entity, Column::CountedId)).equals((table::Entity, table::Column::Id)))
        .and_where(Expr::col((Entity, Column::Counter)).eq(counter.to_value()))
        .take()
}
