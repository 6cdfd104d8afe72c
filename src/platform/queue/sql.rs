//! Claiming steps, in both dialects: on Postgres several workers skip each other's rows; SQLite has one writer anyway.

use sea_orm::{ActiveEnum, ConnectionTrait, DbBackend, FromQueryResult, Statement};

use super::{Claimed, LEASE, Lane};
use crate::base::clock::Timestamp;
use crate::base::error::Result;
use crate::platform::db::Tx;

/// Where it says `{kinds}`, the condition on the kinds stands.
const POSTGRES: &str = "UPDATE steps SET leased_until = $2, tries = tries + 1, claim = claim + 1 WHERE id IN \
    (SELECT id FROM steps WHERE lane = $4 AND {kinds} AND buried_at IS NULL AND due_at <= $1 AND leased_until < $1 \
     ORDER BY due_at, id LIMIT $3 FOR UPDATE SKIP LOCKED) RETURNING id, claim, step, tries";

const SQLITE: &str = "UPDATE steps SET leased_until = $2, tries = tries + 1, claim = claim + 1 WHERE id IN \
    (SELECT id FROM steps WHERE lane = $4 AND {kinds} AND buried_at IS NULL AND due_at <= $1 AND leased_until < $1 \
     ORDER BY due_at, id LIMIT $3) RETURNING id, claim, step, tries";

#[derive(FromQueryResult)]
struct Row {
    id: i64,
    claim: i64,
    step: String,
    tries: i32,
}

/// Claims at most `most` steps of a lane that are due.
pub(super) async fn claim(tx: &Tx, (lane, kinds): (Lane, &str), now: Timestamp, most: usize) -> Result<Vec<Claimed>> {
    let backend = tx.conn().get_database_backend();
    let text = if backend == DbBackend::Postgres { POSTGRES } else { SQLITE };
    let text = text.replace("{kinds}", kinds);
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let values = [now.into(), now.after(LEASE).into(), most.into(), lane.into_value().into()];
    let statement = Statement::from_sql_and_values(backend, text, values);
    let rows = Row::find_by_statement(statement).all(tx.conn()).await?;
    Ok(rows.into_iter().map(claimed).collect())
}

fn claimed(row: Row) -> Claimed {
    Claimed { id: row.id, claim: row.claim, step: row.step, tries: u32::try_from(row.tries).unwrap_or(0) }
}
