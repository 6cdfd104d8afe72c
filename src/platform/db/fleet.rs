//! The fleet: which versions of the program run on the databases now.
//!
//! Each process stores its level beside the lease of its number, in the first database. A lease that runs out is the end of
//! a process; a process without a level is one from before there were levels. What must stay true: a fact that the oldest
//! process does not know is not recorded. A process may start right after the last refresh, so this is not the only guard: relays
//! stop before a fact that they do not know, tails pass over it, and workers leave steps of unknown kinds.

use std::sync::atomic::{AtomicI16, Ordering};

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query, SelectStatement};
use sea_orm::{ConnectionTrait, IntoActiveModel, Statement};

use super::{Database, Tx, lease};
use crate::base::clock::Timestamp;
use crate::base::edition::Edition;
use crate::base::error::{Error, Result};

/// What the names of leases on the numbers of processes begin with.
pub const NUMBERS: &str = "process-";

/// Counts only those whose lease has not run out.
const OLDEST: &str = "SELECT CAST(MIN(COALESCE(fleet.level, 0)) AS INTEGER) AS oldest FROM leases \
    LEFT JOIN fleet ON fleet.holder = leases.holder WHERE leases.name LIKE 'process-%' AND leases.held_until >= $1";

/// A process in the table.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "fleet")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub holder: String,
    pub level: i16,
    pub version: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// What this process knows of all that run.
#[derive(Debug)]
pub struct Fleet {
    level: i16,
    oldest: AtomicI16,
}

impl Fleet {
    /// For a process of an edition, which knows of no other yet.
    #[must_use]
    pub fn of(edition: Edition) -> Self {
        Self { level: edition.level(), oldest: AtomicI16::new(0) }
    }

    /// The level of this process.
    #[must_use]
    pub fn level(&self) -> i16 {
        self.level
    }

    /// Whether all processes know what came with a level, as of the last refresh.
    #[must_use]
    pub fn knows(&self, level: i16) -> bool {
        level <= self.oldest.load(Ordering::Relaxed)
    }

    /// Fails when a process does not know what came with a level.
    ///
    /// # Errors
    /// `OVERLOADED`: it passes when the upgrade is over.
    pub fn must_know(&self, level: i16) -> Result<()> {
        match self.knows(level) {
            true => Ok(()),
            false => {
                Err(Error::away(format!("an older process runs, which does not know what came with level {level}")))
            }
        }
    }

    /// Reads which processes run. Where none does, this one is the oldest.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn refresh(&self, first: &Database, now: Timestamp) -> Result<()> {
        let connection = first.read_own();
        let statement = Statement::from_sql_and_values(connection.get_database_backend(), OLDEST, [now.into()]);
        let row = connection.query_one_raw(statement).await?;
        let oldest = row.map(|row| row.try_get::<Option<i32>>("", "oldest")).transpose()?.flatten();
        let oldest = oldest.map_or(self.level, |level| i16::try_from(level).unwrap_or(0));
        if self.oldest.swap(oldest, Ordering::Relaxed) != oldest && oldest < self.level {
            tracing::info!(oldest, level = self.level, "an older process runs: newer facts are not recorded yet");
        }
        Ok(())
    }
}

/// Stores the level and version of a process, in the transaction in which it takes or renews the lease of its number: so no
/// process is ever seen with a lease and without its level.
///
/// # Errors
/// Those of the database.
pub async fn register(tx: &Tx, holder: &str) -> Result<()> {
    let (level, version) = (tx.fleet().level(), env!("CARGO_PKG_VERSION").into());
    let row = Model { holder: holder.into(), level, version }.into_active_model().reset_all();
    let again = OnConflict::column(Column::Holder).update_columns([Column::Level, Column::Version]).to_owned();
    Entity::insert(row).on_conflict(again).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// Forgets processes whose number another one has now. One that comes back registers again when it takes another number.
///
/// # Errors
/// Those of the database.
pub async fn forget_gone(first: &Database) -> Result<()> {
    let gone = Entity::delete_many().filter(Expr::col(Column::Holder).not_in_subquery(holders()));
    first.write(async |tx| Ok(gone.exec(tx.conn()).await.map(|_| ())?)).await
}

fn holders() -> SelectStatement {
    let of_a_number = lease::Column::Name.starts_with(NUMBERS);
    Query::select().column(lease::Column::Holder).from(lease::Entity).and_where(of_a_number).to_owned()
}
