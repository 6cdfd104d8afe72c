//! Statements through a pooler in transaction mode, where each transaction may get another connection to the server.
//!
//! So nothing may outlive a transaction: every statement runs inside one, also a single read, has no name on the server,
//! and the limits of time are set for the transaction. That costs a read two more round trips to the pooler.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sea_orm::{ConnAcquireErr, DbErr, ExecResult, QueryResult, RuntimeErr, Statement};
use sea_query_sqlx::SqlxValues;
use sqlx::postgres::{PgArguments, PgConnection, PgPool};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Executor, IntoArguments, Postgres, SqlSafeStr, Transaction};

use super::tx::to_its_end;

/// Connections to a pooler.
#[derive(Clone, Debug)]
pub(super) struct Pooled {
    pub pool: PgPool,
    /// Begins a transaction and sets its limits.
    pub begin: String,
    pub statements: Arc<AtomicU64>,
}

impl Pooled {
    /// Whoever stops waiting leaves nothing begun behind; for a connection one waits as long as one likes.
    pub(super) async fn begin(&self) -> Result<Transaction<'static, Postgres>, DbErr> {
        let connection = self.pool.acquire().await.map_err(not_begun)?;
        let begin = AssertSqlSafe(self.begin.clone()).into_sql_str();
        to_its_end(async move { Transaction::begin(connection, Some(begin)).await.map_err(not_begun) }).await
    }

    pub(super) async fn execute(&self, statement: &Statement) -> Result<ExecResult, DbErr> {
        let mut tx = self.begin().await?;
        self.count();
        let done = execute(&mut tx, statement).await?;
        tx.commit().await.map_err(exec_error).map(|()| done)
    }

    pub(super) async fn execute_plain(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let mut tx = self.begin().await?;
        let done = execute_plain(&mut tx, sql).await?;
        tx.commit().await.map_err(exec_error).map(|()| done)
    }

    pub(super) async fn all(&self, statement: &Statement) -> Result<Vec<QueryResult>, DbErr> {
        let mut tx = self.begin().await?;
        self.count();
        let rows = all(&mut tx, statement).await?;
        tx.commit().await.map_err(query_error).map(|()| rows)
    }

    pub(super) async fn one(&self, statement: &Statement) -> Result<Option<QueryResult>, DbErr> {
        Ok(self.all(statement).await?.into_iter().next())
    }

    pub(super) fn count(&self) {
        self.statements.fetch_add(1, Ordering::Relaxed);
    }
}

pub(super) async fn execute(connection: &mut PgConnection, statement: &Statement) -> Result<ExecResult, DbErr> {
    unnamed(statement).execute(connection).await.map(ExecResult::from).map_err(exec_error)
}

pub(super) async fn execute_plain(connection: &mut PgConnection, sql: &str) -> Result<ExecResult, DbErr> {
    connection.execute(AssertSqlSafe(sql.to_owned())).await.map(ExecResult::from).map_err(exec_error)
}

pub(super) async fn all(connection: &mut PgConnection, statement: &Statement) -> Result<Vec<QueryResult>, DbErr> {
    let rows = unnamed(statement).fetch_all(connection).await.map_err(query_error)?;
    Ok(rows.into_iter().map(QueryResult::from).collect())
}

/// A statement that the server does not keep under a name. A cache of size zero would not do: it names all the same.
fn unnamed(statement: &Statement) -> Query<'static, Postgres, PgArguments> {
    let values = statement.values.clone().unwrap_or(sea_orm::Values(Vec::new()));
    let arguments = <SqlxValues as IntoArguments<Postgres>>::into_arguments(SqlxValues(values));
    sqlx::query_with(AssertSqlSafe(statement.sql.clone()), arguments).persistent(false)
}

pub(super) fn exec_error(error: sqlx::Error) -> DbErr {
    DbErr::Exec(RuntimeErr::SqlxError(error.into()))
}

fn query_error(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(error.into()))
}

fn not_begun(error: sqlx::Error) -> DbErr {
    match error {
        sqlx::Error::PoolTimedOut => DbErr::ConnectionAcquire(ConnAcquireErr::Timeout),
        error => DbErr::Conn(RuntimeErr::SqlxError(error.into())),
    }
}
