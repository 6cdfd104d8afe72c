//! The log of facts: what happened, in an order that never changes, numbered only after it was committed.
//!
//! A transaction puts facts into `outbox`. A relay moves committed ones into `log` with dense positions 1, 2, 3, … of
//! that database, together with the steps that follow from them. Numbering after the commit matters: numbers taken at
//! the insert are not in the order of commits, and readers would skip late rows. The row of `log_head` is locked while
//! positions are given out, so any number of relays are safe and one is enough.

mod arriving;
mod bus;
pub mod cursor;
pub mod live;
mod message;
mod session_end;
mod tables;
mod tail;
pub mod together;

use std::collections::HashSet;

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveValue, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::base::clock::Timestamp;
use crate::base::error::{Error, Result};
use crate::base::facts::Fact;
use crate::platform::db::{Database, Reader, Tx};
use crate::platform::queue;

pub use arriving::Arriving;
pub use bus::Bus;
pub use session_end::SessionEnd;
use tables::{head, log, outbox};
pub use tail::follow;

/// Facts moved in one transaction of the relay.
const BATCH: u64 = 200;

/// A fact with its place in the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The number of the database.
    pub database: usize,
    /// Its position in that database's log; [`Self::BESIDE`] for what is told beside the log.
    pub position: i64,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// What happened.
    pub fact: Fact,
}

impl Entry {
    /// No position: those of the log begin at 1.
    pub const BESIDE: i64 = 0;
}

/// What a relay did in one transaction.
#[derive(Debug, Default)]
pub struct Moved {
    /// What is in the log now.
    pub entries: Vec<Entry>,
    /// The number of a fact that this process does not know. It and all behind it wait for a newer relay.
    pub unknown: Option<i64>,
}

/// Records a fact, in the transaction of the change it is about.
///
/// # Errors
/// Those of the database, and `OVERLOADED` while a process runs that does not know such a fact.
pub async fn record(tx: &Tx, now: Timestamp, fact: &Fact) -> Result<()> {
    tx.fleet().must_know(fact.level())?;
    let row = outbox::ActiveModel {
        id: ActiveValue::NotSet,
        fact: ActiveValue::Set(serde_json::to_string(fact)?),
        recorded_at: ActiveValue::Set(now),
    };
    outbox::Entity::insert(row).exec_without_returning(tx.conn()).await?;
    tx.note_fact(fact);
    Ok(())
}

/// Moves what is in the outbox of a database into its log, with the steps that `after` names: up to a fact that this process
/// does not know.
///
/// # Errors
/// Those of the database; nothing was moved then.
pub async fn relay(
    database: &Database,
    now: Timestamp,
    after: impl Fn(&Fact) -> Result<Vec<queue::Task>> + Send,
) -> Result<Moved> {
    let moved = database.write(async |tx| move_batch(tx, database, now, &after).await).await?;
    if !moved.entries.is_empty() {
        database.steps_stored.notify_one();
    }
    Ok(moved)
}

async fn move_batch(
    tx: &Tx,
    database: &Database,
    now: Timestamp,
    after: &(impl Fn(&Fact) -> Result<Vec<queue::Task>> + Send),
) -> Result<Moved> {
    let head = head::Entity::find().lock_exclusive().one(tx.conn()).await?.ok_or_else(no_head)?;
    let mut waiting = outbox::Entity::find().order_by_asc(outbox::Column::Id).limit(BATCH).all(tx.conn()).await?;
    let unknown = leave_unknown(&mut waiting, database);
    let Some(last) = waiting.last().map(|row| row.id) else { return Ok(Moved { unknown, ..Moved::default() }) };
    let ids: Vec<i64> = waiting.iter().map(|row| row.id).collect();
    let rows = number(head.position, waiting);
    let entries: Vec<Entry> = rows.iter().map(|row| entry(database, row)).collect();
    let mut tasks = Vec::new();
    for entry in &entries {
        tasks.extend(after(&entry.fact)?);
    }
    // A step reads the present state, so once is enough for all facts of a batch.
    let mut known = HashSet::new();
    tasks.retain(|task| known.insert(task.clone()));
    log::Entity::insert_many(rows.into_iter().map(log::ActiveModel::from)).exec_without_returning(tx.conn()).await?;
    queue::push(tx, now, tasks).await?;
    // A row with a smaller id may be committed while this runs: delete what was read, not all up to `last`.
    outbox::Entity::delete_many().filter(outbox::Column::Id.is_in(ids)).exec(tx.conn()).await?;
    tracing::trace!(database = database.number, last, "facts moved into the log");
    advance(tx, entries.len()).await?;
    Ok(Moved { entries, unknown })
}

/// Leaves the first fact that this process does not know, and all behind it, to a newer relay: what follows from it is not
/// known here, and nothing may pass it. Returns its number.
fn leave_unknown(waiting: &mut Vec<outbox::Model>, database: &Database) -> Option<i64> {
    let level = database.fleet.level();
    let first = waiting.iter().position(|row| Fact::read(&row.fact, level).is_none())?;
    let unknown = waiting[first].id;
    waiting.truncate(first);
    Some(unknown)
}

fn number(head: i64, waiting: Vec<outbox::Model>) -> Vec<log::Model> {
    let positions = head + 1..;
    positions
        .zip(waiting)
        .map(|(position, row)| log::Model { position, recorded_at: row.recorded_at, fact: row.fact })
        .collect()
}

async fn advance(tx: &Tx, by: usize) -> Result<()> {
    let by = i64::try_from(by).unwrap_or(0);
    head::Entity::update_many()
        .col_expr(head::Column::Position, Expr::col(head::Column::Position).add(by))
        .exec(tx.conn())
        .await?;
    Ok(())
}

fn entry(database: &Database, row: &log::Model) -> Entry {
    let fact = Fact::read(&row.fact, database.fleet.level()).unwrap_or(Fact::Unknown);
    Entry { database: database.number, position: row.position, recorded_at: row.recorded_at, fact }
}

/// The position of the newest entry of a database.
///
/// # Errors
/// Those of the database.
pub async fn position(database: &Database) -> Result<i64> {
    Ok(read_head(database.read_own()).await?.position)
}

/// The random name of a database's log, by which the cursors of another server are told from ours.
///
/// # Errors
/// Those of the database.
pub async fn identity(database: &Database) -> Result<String> {
    Ok(read_head(database.read_own()).await?.identity)
}

async fn read_head(connection: &Reader) -> Result<head::Model> {
    head::Entity::find().one(connection).await?.ok_or_else(no_head)
}

fn no_head() -> Error {
    Error::internal("the log of a database has no head")
}

/// The entries after a position, oldest first, at most `most`. What only a newer version knows is [`Fact::Unknown`].
///
/// # Errors
/// Those of the database.
pub async fn read(database: &Database, after: i64, most: u64) -> Result<Vec<Entry>> {
    let rows = log::Entity::find()
        .filter(log::Column::Position.gt(after))
        .order_by_asc(log::Column::Position)
        .limit(most)
        .all(database.read_own())
        .await?;
    Ok(rows.iter().map(|row| entry(database, row)).collect())
}

/// The fact that waits longest to be moved into the log of a database, by its number.
pub(super) async fn oldest_waiting(database: &Database) -> Result<Option<i64>> {
    let ids = outbox::Entity::find().select_only().column(outbox::Column::Id).order_by_asc(outbox::Column::Id);
    Ok(ids.into_tuple().one(database.read_own()).await?)
}

/// Whether facts wait to be moved into the log of a database.
///
/// # Errors
/// Those of the database.
pub async fn is_outbox_empty(database: &Database) -> Result<bool> {
    Ok(outbox::Entity::find().one(database.read_own()).await?.is_none())
}

/// Forgets the entries before the first that was recorded at an instant or later, so that no hole comes into being.
/// Returns how many.
///
/// # Errors
/// Those of the database.
pub async fn forget(database: &Database, before: Timestamp) -> Result<u64> {
    let kept = log::Entity::find()
        .filter(log::Column::RecordedAt.gte(before))
        .order_by_asc(log::Column::Position)
        .one(database.read_own())
        .await?;
    let first = match kept {
        Some(entry) => entry.position,
        None => position(database).await? + 1,
    };
    let old = log::Column::Position.lt(first);
    database.write(async |tx| Ok(log::Entity::delete_many().filter(old).exec(tx.conn()).await?.rows_affected)).await
}
