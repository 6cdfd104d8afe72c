//! The queue of steps: work that follows from facts. A step is done at least once, whatever process dies.
//!
//! A step is a row, stored with the fact it follows from. A worker claims it with a lease and renews the lease while it
//! works; a lease that runs out is claimed again. A step that fails is tried later, and buried after its last try with
//! its error kept, until an operator replays it.
//!
//! Each claim has a number of its own. When a lease ran out and another worker has the step, what the first one says of
//! it no longer counts. Steps wait in lanes, so that many slow ones do not hold up the others.
//!
//! A worker claims steps of the kinds that it knows, and those of no kind, which older programs stored. Others wait for a
//! newer worker.

mod sql;
mod table;

use std::time::Duration;

use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue, ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect};

use crate::base::clock::Timestamp;
use crate::base::error::Result;
use crate::platform::db::{Database, IN_LIST, Tx};

use table::{ActiveModel, Column, Entity};

pub use table::Lane;

/// How long a claim holds unless it is renewed: after a crash, a step waits so long at most.
pub const LEASE: Duration = Duration::from_secs(10);

/// A step that this worker has claimed.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// Its number in its database.
    pub id: i64,
    /// The number of this claim: who has an older one has lost the step.
    pub claim: i64,
    /// What to do, as JSON.
    pub step: String,
    /// How many times it was claimed, this one included.
    pub tries: u32,
}

/// Something to do.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Task {
    /// Where it waits.
    pub lane: Lane,
    /// Its kind, by which older workers know that they do not know it.
    pub kind: &'static str,
    /// What to do, as JSON.
    pub step: String,
}

/// The kinds of steps that a worker knows, as a condition.
#[derive(Clone, Debug)]
pub struct Kinds(String);

impl Kinds {
    /// Of these names, which are letters and digits.
    #[must_use]
    pub fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let names = names.into_iter().filter(|name| name.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        let quoted: Vec<String> = names.map(|name| format!(", '{name}'")).collect();
        Self(format!("kind IN (''{})", quoted.concat()))
    }
}

/// How much there is to do in a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backlog {
    /// Steps that wait or are being done.
    pub waiting: u64,
    /// Steps that were given up.
    pub buried: u64,
}

/// Stores steps to do from `due` on, in the transaction of what they follow from.
///
/// # Errors
/// Those of the database.
pub async fn push(tx: &Tx, due: Timestamp, tasks: Vec<Task>) -> Result<()> {
    let row = |task: &Task| ActiveModel {
        step: ActiveValue::Set(task.step.clone()),
        kind: ActiveValue::Set(task.kind.to_owned()),
        lane: ActiveValue::Set(task.lane),
        due_at: ActiveValue::Set(due),
        tries: ActiveValue::Set(0),
        leased_until: ActiveValue::Set(Timestamp(0)),
        ..ActiveModel::default_values()
    };
    for tasks in tasks.chunks(IN_LIST) {
        Entity::insert_many(tasks.iter().map(row)).exec_without_returning(tx.conn()).await?;
    }
    Ok(())
}

/// Claims steps of a lane and of these kinds that are due, at most `most`, oldest first.
///
/// # Errors
/// Those of the database.
pub async fn claim(
    database: &Database,
    (lane, kinds): (Lane, &Kinds),
    now: Timestamp,
    most: usize,
) -> Result<Vec<Claimed>> {
    database.write(async |tx| sql::claim(tx, (lane, &kinds.0), now, most).await).await
}

/// Keeps a claim for another lease. False when it is lost, as with all that follow.
///
/// # Errors
/// Those of the database.
pub async fn renew(database: &Database, claimed: &Claimed, now: Timestamp) -> Result<bool> {
    change(database, claimed, &[(Column::LeasedUntil, Expr::value(now.after(LEASE)))]).await
}

/// Strikes a step that is done.
///
/// # Errors
/// Those of the database.
pub async fn done(database: &Database, claimed: &Claimed) -> Result<bool> {
    let this = Entity::delete_many().filter(is(claimed));
    database.write(async |tx| Ok(this.exec(tx.conn()).await?.rows_affected == 1)).await
}

/// Puts a step that failed back, to be tried from `due` on.
///
/// # Errors
/// Those of the database.
pub async fn retry(database: &Database, claimed: &Claimed, due: Timestamp, error: String) -> Result<bool> {
    let released = (Column::LeasedUntil, Expr::value(Timestamp(0)));
    change(database, claimed, &[(Column::DueAt, Expr::value(due)), released, (Column::Error, Expr::value(error))]).await
}

/// Puts a step back that did one page of its work, or could not begin: to go on at `due` as if new.
///
/// # Errors
/// Those of the database.
pub async fn again(database: &Database, claimed: &Claimed, due: Timestamp) -> Result<bool> {
    let released = (Column::LeasedUntil, Expr::value(Timestamp(0)));
    change(database, claimed, &[(Column::DueAt, Expr::value(due)), released, (Column::Tries, Expr::value(0))]).await
}

/// Puts another step in place of one that did a page of its work: the rest of it, to go on with at `due` as if new.
///
/// # Errors
/// Those of the database.
pub async fn go_on(database: &Database, claimed: &Claimed, due: Timestamp, rest: Task) -> Result<bool> {
    let released = (Column::LeasedUntil, Expr::value(Timestamp(0)));
    let anew = (Column::Tries, Expr::value(0));
    let (step, kind) = ((Column::Step, Expr::value(rest.step)), (Column::Kind, Expr::value(rest.kind)));
    change(database, claimed, &[(Column::DueAt, Expr::value(due)), released, anew, step, kind]).await
}

/// The steps that wait or are being done and whose text begins so.
///
/// # Errors
/// Those of the database.
pub async fn beginning_with(database: &Database, text: &str) -> Result<Vec<String>> {
    let steps = Entity::find().select_only().column(Column::Step).filter(Column::Step.starts_with(text));
    Ok(steps.filter(Column::BuriedAt.is_null()).into_tuple().all(database.read_own()).await?)
}

/// Gives a step up, keeping why.
///
/// # Errors
/// Those of the database.
pub async fn bury(database: &Database, claimed: &Claimed, now: Timestamp, error: String) -> Result<bool> {
    change(database, claimed, &[(Column::BuriedAt, Expr::value(now)), (Column::Error, Expr::value(error))]).await
}

async fn change(database: &Database, claimed: &Claimed, values: &[(Column, Expr)]) -> Result<bool> {
    let mut update = Entity::update_many().filter(is(claimed));
    for (column, value) in values {
        update = update.col_expr(*column, value.clone());
    }
    database.write(async |tx| Ok(update.exec(tx.conn()).await?.rows_affected == 1)).await
}

/// The step, unless somebody else has claimed it since.
fn is(claimed: &Claimed) -> Condition {
    Condition::all().add(Column::Id.eq(claimed.id)).add(Column::Claim.eq(claimed.claim))
}

/// How much there is to do.
///
/// # Errors
/// Those of the database.
pub async fn backlog(database: &Database) -> Result<Backlog> {
    let all = Entity::find().count(database.read_own()).await?;
    let buried = Entity::find().filter(Column::BuriedAt.is_not_null()).count(database.read_own()).await?;
    Ok(Backlog { waiting: all.saturating_sub(buried), buried })
}
