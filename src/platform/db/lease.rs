//! Leases: what only one process at a time may do. A lease that is not renewed runs out, and another process takes it.
//!
//! They are for work that is safe to do twice but a waste, and for numbers that two processes must not have at once. The
//! clocks of the machines may differ by less than a lease lasts.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait, OnConflict};
use sea_orm::{IntoActiveModel, QuerySelect};

use super::{Database, Tx};
use crate::base::clock::Timestamp;
use crate::base::error::Result;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "leases")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    pub holder: String,
    pub held_until: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Takes a lease or renews it. False when somebody else holds it.
///
/// # Errors
/// Those of the database.
pub async fn hold(database: &Database, name: String, holder: &str, now: Timestamp, until: Timestamp) -> Result<bool> {
    database.write(async |tx| hold_in(tx, name, holder, now, until).await).await
}

/// The same in a transaction.
///
/// # Errors
/// Those of the database.
pub async fn hold_in(tx: &Tx, name: String, holder: &str, now: Timestamp, until: Timestamp) -> Result<bool> {
    let row = Model { name, holder: holder.into(), held_until: until }.into_active_model().reset_all();
    let is_ours = Expr::col((Entity, Column::Holder)).eq(holder);
    let is_over = Expr::col((Entity, Column::HeldUntil)).lt(now);
    let take = OnConflict::column(Column::Name)
        .update_columns([Column::Holder, Column::HeldUntil])
        .action_and_where(is_ours.or(is_over))
        .to_owned();
    let insert = Entity::insert(row).on_conflict(take);
    Ok(insert.exec_without_returning(tx.conn()).await? == 1)
}

/// Lets a lease run out at an instant, if it is the holder's.
///
/// # Errors
/// Those of the database.
pub async fn release(database: &Database, name: String, holder: &str, at: Timestamp) -> Result<()> {
    let ours = Entity::update_many().filter(Column::Name.eq(name)).filter(Column::Holder.eq(holder));
    let release = ours.col_expr(Column::HeldUntil, Expr::value(at));
    database.write(async |tx| Ok(release.exec(tx.conn()).await.map(|_| ())?)).await
}

/// The names of the leases that somebody holds.
///
/// # Errors
/// Those of the database.
pub async fn held(database: &Database, now: Timestamp) -> Result<Vec<String>> {
    let held = Entity::find().select_only().column(Column::Name).filter(Column::HeldUntil.gte(now));
    Ok(held.into_tuple().all(database.read_own()).await?)
}
