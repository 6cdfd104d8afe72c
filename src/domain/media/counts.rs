//! Counting on a media: exact at every read, and nobody waits, whoever counts at the same time.
//!
//! The row of the media holds the count. When somebody else is just counting there, the change is stored beside it, and a
//! step adds up what waits. Every read adds what has not been added yet.

use super::table::{self, Counter, media_is_there};
use crate::app::App;
use crate::base::error::Result;
use crate::base::facts::Fact;
use crate::base::ids::MediaId;
use crate::platform::db::Tx;
use crate::platform::log;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Alias, ExprTrait, Query, SelectStatement};
use sea_orm::{ActiveValue, IntoActiveModel, QueryOrder, QuerySelect};

/// Changes added up in one transaction.
const BATCH: u64 = 1000;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "count_deltas")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub counted_id: MediaId,
    pub counter: Counter,
    pub delta: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Adds to a counter of a media. False when the media is gone.
pub(in crate::domain) async fn count(app: &App, tx: &Tx, id: MediaId, counter: Counter, by: i64) -> Result<bool> {
    if table::count_if_free(tx, id, counter, by).await? {
        return Ok(true);
    }
    if !media_is_there(tx, id).await? {
        return Ok(false);
    }
    let row = Model { id: 0, counted_id: id, counter, delta: by };
    let row = ActiveModel { id: ActiveValue::NotSet, ..row.into_active_model().reset_all() };
    Entity::insert(row).exec_without_returning(tx.conn()).await?;
    log::record(tx, app.clock.now(), &Fact::CountsWait { media: id }).await?;
    Ok(true)
}

/// A step while many count at once: adds up some of what waits, and tells whether there may be more. Safe twice.
///
/// # Errors
/// Those of the database.
pub async fn add_up(app: &App, id: MediaId) -> Result<bool> {
    app.db.write(&id, async |tx| add_up_in(tx, id).await).await
}

async fn add_up_in(tx: &Tx, id: MediaId) -> Result<bool> {
    let waiting = Entity::find().filter(Column::CountedId.eq(id)).order_by_asc(Column::Id).limit(BATCH);
    let waiting = waiting.lock_exclusive().all(tx.conn()).await?;
    let rows = Entity::delete_many().filter(Column::Id.is_in(waiting.iter().map(|row| row.id)));
    rows.exec(tx.conn()).await?;
    for counter in [Counter::Likes, Counter::Comments] {
        let sum = waiting.iter().filter(|row| row.counter == counter).map(|row| row.delta).sum();
        if sum != 0 {
            table::count(tx, id, counter, sum).await?;
        }
    }
    Ok(waiting.len() as u64 == BATCH)
}

/// What waits to be added to a counter of the media of a row that is read.
pub(super) fn waiting(counter: Counter) -> SelectStatement {
    let big = |sum: Expr| sum.cast_as(Alias::new("bigint"));
    Query::select()
        .expr(big(Expr::col((Entity, Column::Delta)).sum().if_null(0)))
        .from(Entity)
        .and_where(Expr::col((Entity, Column::CountedId)).equals((table::Entity, table::Column::Id)))
        .and_where(Expr::col((Entity, Column::Counter)).eq(counter.to_value()))
        .take()
}
