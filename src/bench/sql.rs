//! Rows in numbers: many in one statement, straight into their tables. Only for worlds that a benchmark makes.

use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, Query, SimpleExpr, Value};

use crate::base::error::Result;
use crate::platform::db::Database;

/// Values in one statement; SQLite takes 32,766.
const VALUES: usize = 30_000;

/// A table to be filled.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// The columns that are given.
    pub columns: &'static [&'static str],
}

/// Puts rows into a table.
///
/// # Errors
/// Those of the database.
pub async fn insert(database: &Database, table: Table, rows: &[Vec<Value>]) -> Result<()> {
    for rows in rows.chunks(VALUES / table.columns.len()) {
        let mut insert = Query::insert();
        insert.into_table(table.name).columns(table.columns.iter().copied());
        for row in rows {
            insert.values_panic(row.iter().cloned().map(SimpleExpr::from));
        }
        database
            .write(async |tx| {
                let statement = tx.conn().get_database_backend().build(&insert);
                tx.conn().execute_raw(statement).await?;
                Ok(())
            })
            .await?;
    }
    Ok(())
}

/// Lets the database look at what is in its tables, so that it plans well at once.
///
/// # Errors
/// Those of the database.
pub async fn analyze(database: &Database) -> Result<()> {
    database
        .write(async |tx| {
            tx.conn().execute_unprepared("ANALYZE").await?;
            Ok(())
        })
        .await
}

/// Whether a table has any rows.
///
/// # Errors
/// Those of the database.
pub async fn has_rows(database: &Database, table: Table) -> Result<bool> {
    let mut any = Query::select();
    any.expr(Expr::val(1)).from(table.name).limit(1);
    database
        .write(async |tx| {
            let statement = tx.conn().get_database_backend().build(&any);
            Ok(tx.conn().query_one_raw(statement).await?.is_some())
        })
        .await
}
