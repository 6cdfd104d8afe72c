//! How far a user read their home feed, on any device, on their shard. It never moves back.

use std::time::Duration;

use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::error::{Error, RefusalCode, Result};
use crate::base::ids::{UserId, from_base58, made_at};
use crate::base::page::{Direction, MOST_ITEMS, Page};
use crate::domain::sessions::Viewer;
use crate::platform::db::Tx;
use sea_orm::IntoActiveModel;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait, OnConflict};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "home_feed_markers")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    /// The key of the newest media seen.
    pub position: i64,
    pub updated_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// How far ahead of the clock an id may be: clocks of processes differ, and a burst borrows from the time to come.
const AHEAD: Duration = Duration::from_mins(1);

/// How far the viewer read; `None` when they never said.
///
/// # Errors
/// Those of the database.
pub async fn marker(app: &App, viewer: Viewer) -> Result<Option<Model>> {
    Ok(Entity::find_by_id(viewer.user).one(app.db.read_own(&viewer.user)).await?)
}

/// How many media in the viewer's feed are newer, counted up to a page.
///
/// # Errors
/// Those of the database.
pub async fn newer_than(app: &App, viewer: Viewer, marker: &Model) -> Result<usize> {
    let newer = Page { direction: Direction::Backward, beyond: Some(marker.position), items: MOST_ITEMS };
    Ok(super::home(app, viewer, newer).await?.items.len())
}

/// Notes how far the viewer read, unless they were further.
///
/// # Errors
/// `INVALID` when the cursor is none of the home feed.
pub async fn save_marker(app: &App, viewer: Viewer, cursor: &str) -> Result<()> {
    let invalid = || Error::refused(RefusalCode::Invalid, "This is not a cursor of the home feed.").at(["cursor"]);
    let now = app.clock.now();
    // One of the future would hide what is still to come.
    let position = from_base58(cursor).filter(|key| made_at(*key) <= now.after(AHEAD)).ok_or_else(invalid)?;
    let marker = Model { user_id: viewer.user, position, updated_at: now };
    app.db.write(&viewer.user, async |tx| advance(tx, marker).await).await
}

async fn advance(tx: &Tx, marker: Model) -> Result<()> {
    let further = OnConflict::column(Column::UserId)
        .update_columns([Column::Position, Column::UpdatedAt])
        .action_and_where(Expr::col((Entity, Column::Position)).lt(marker.position))
        .to_owned();
    let row = marker.into_active_model().reset_all();
    Entity::insert(row).on_conflict(further).exec_without_returning(tx.conn()).await?;
    Ok(())
}
