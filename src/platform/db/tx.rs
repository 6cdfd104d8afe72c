//! A transaction on one database.

use std::sync::{Arc, PoisonError};

use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, SqliteTransactionMode, Statement,
    TransactionOptions, TransactionTrait,
};
use sea_orm_migration::async_trait;
use sqlx::Postgres;
use tokio::sync::Mutex;

use super::health::Health;
use super::pooled::{self, Pooled};
use super::reader::{Pool, Reader};
use crate::base::error::Result;
use crate::base::facts::Fact;

/// A transaction on one database. Gone without [`Tx::commit`], it changes nothing.
#[derive(Debug)]
pub struct Tx {
    connection: Connection,
    facts: std::sync::Mutex<Vec<Fact>>,
}

/// What the statements of a transaction run on.
#[derive(Debug)]
pub struct Connection {
    inner: Inner,
    health: Arc<Health>,
}

#[derive(Debug)]
enum Inner {
    Own(DatabaseTransaction),
    Pooled(Mutex<sqlx::Transaction<'static, Postgres>>, Pooled),
}

impl Tx {
    pub(super) async fn begin(writer: &Reader) -> Result<Self> {
        let inner = writer.health.guard(begin(&writer.pool)).await?;
        let connection = Connection { inner, health: writer.health.clone() };
        Ok(Self { connection, facts: std::sync::Mutex::default() })
    }

    /// What SeaORM runs statements on.
    #[must_use]
    pub fn conn(&self) -> &Connection {
        &self.connection
    }

    /// Notes a fact that was put into the outbox: after the commit the relay is told, and what it changed is forgotten.
    pub fn note_fact(&self, fact: &Fact) {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner).push(fact.clone());
    }

    /// The facts that were noted.
    pub(super) fn facts(&self) -> Vec<Fact> {
        std::mem::take(&mut *self.facts.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Commits.
    pub(super) async fn commit(self) -> Result<()> {
        let Connection { inner, health } = self.connection;
        let commit = async {
            match inner {
                Inner::Own(tx) => tx.commit().await,
                Inner::Pooled(tx, _) => tx.into_inner().commit().await.map_err(pooled::exec_error),
            }
        };
        Ok(health.guard(commit).await?)
    }

    /// Undoes everything. A failure is only logged: the database undoes it as well when the connection ends.
    pub(super) async fn roll_back(self) {
        let Connection { inner, health } = self.connection;
        let roll_back = async {
            match inner {
                Inner::Own(tx) => tx.rollback().await,
                Inner::Pooled(tx, _) => tx.into_inner().rollback().await.map_err(pooled::exec_error),
            }
        };
        if let Err(error) = health.guard(roll_back).await {
            tracing::debug!(%error, "a transaction could not be rolled back");
        }
    }
}

async fn begin(pool: &Pool) -> Result<Inner, DbErr> {
    match pool {
        Pool::Own(connection) => {
            // A transaction that reads first and then writes would fail when another one wrote in between.
            let immediate = Some(SqliteTransactionMode::Immediate);
            let options = TransactionOptions { sqlite_transaction_mode: immediate, ..TransactionOptions::default() };
            connection.begin_with_options(options).await.map(Inner::Own)
        }
        Pool::Pooled(pooled) => Ok(Inner::Pooled(Mutex::new(pooled.begin().await?), pooled.clone())),
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Connection {
    fn get_database_backend(&self) -> DbBackend {
        match &self.inner {
            Inner::Own(tx) => tx.get_database_backend(),
            Inner::Pooled(..) => DbBackend::Postgres,
        }
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let execute = async {
            match &self.inner {
                Inner::Own(tx) => tx.execute_raw(statement).await,
                Inner::Pooled(tx, pooled) => {
                    pooled.count();
                    pooled::execute(&mut *tx.lock().await, &statement).await
                }
            }
        };
        self.health.guard(execute).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let execute = async {
            match &self.inner {
                Inner::Own(tx) => tx.execute_unprepared(sql).await,
                Inner::Pooled(tx, _) => pooled::execute_plain(&mut *tx.lock().await, sql).await,
            }
        };
        self.health.guard(execute).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        Ok(self.query_all_raw(statement).await?.into_iter().next())
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let query = async {
            match &self.inner {
                Inner::Own(tx) => tx.query_all_raw(statement).await,
                Inner::Pooled(tx, pooled) => {
                    pooled.count();
                    pooled::all(&mut *tx.lock().await, &statement).await
                }
            }
        };
        self.health.guard(query).await
    }
}
