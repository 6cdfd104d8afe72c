//! How far somebody has seen what happened to them, on any device.

use super::table;
use crate::app::App;
use crate::base::error::Result;
use crate::base::facts::Fact;
use crate::base::ids::UserId;
use crate::domain::sessions::Viewer;
use crate::platform::db::Tx;
use crate::platform::log;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, OnConflict, Query, SelectStatement};
use sea_orm::{IntoActiveModel, QuerySelect};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "activity_marks")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    /// The place of the newest activity they saw; 0 for none.
    pub seen: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// How far a user has seen, for the statements of other tables.
pub(super) fn of(user: UserId) -> SelectStatement {
    Query::select().column((Entity, Column::Seen)).from(Entity).and_where(Column::UserId.eq(user)).take()
}

/// Reads how far a user has seen, and keeps other transactions from doing so until this one ends.
pub(super) async fn lock(tx: &Tx, user: UserId) -> Result<i64> {
    let keep = OnConflict::column(Column::UserId).do_nothing().to_owned();
    let row = Model { user_id: user, seen: 0 }.into_active_model().reset_all();
    Entity::insert(row).on_conflict(keep).exec_without_returning(tx.conn()).await?;
    let row = Entity::find_by_id(user).lock_exclusive().one(tx.conn()).await?;
    Ok(row.map_or(0, |row| row.seen))
}

/// Remembers that the viewer has seen their activities up to a place. Never moves back, and not beyond what is there.
///
/// # Errors
/// Those of the database.
pub async fn mark_seen(app: &App, viewer: Viewer, up_to: i64) -> Result<()> {
    app.db.write(&viewer.user, async |tx| mark_in(app, tx, viewer.user, up_to).await).await
}

async fn mark_in(app: &App, tx: &Tx, user: UserId, up_to: i64) -> Result<()> {
    let before = lock(tx, user).await?;
    let seen = up_to.min(table::top(tx, user).await?);
    if seen <= before {
        return Ok(());
    }
    let moved = Entity::update_many().col_expr(Column::Seen, Expr::value(seen)).filter(Column::UserId.eq(user));
    moved.exec(tx.conn()).await?;
    log::record(tx, app.clock.now(), &Fact::ActivitySeen { user }).await
}
