//! A transaction on one database. To begin, to commit and to roll back are tasks of their own: they run to their end
//! whatever becomes of the request that waits for them, so that a connection never goes back in the middle of one.

use std::sync::{Arc, PoisonError};

use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, SqliteTransactionMode, Statement,
    TransactionOptions, TransactionTrait,
};
use sea_orm_migration::async_trait;
use sqlx::Postgres;
use tokio::sync::Mutex;

use super::fleet::Fleet;
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
    fleet: Arc<Fleet>,
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
    /// Begins one. If nobody waits for it any more, it is rolled back.
    pub(super) async fn begin(writer: &Reader, fleet: &Arc<Fleet>) -> Result<Self> {
        let inner = writer.health.guard(begin(&writer.pool)).await?;
        let connection = Connection { inner, health: writer.health.clone() };
        Ok(Self { connection, facts: std::sync::Mutex::default(), fleet: fleet.clone() })
    }

    /// What SeaORM runs statements on.
    #[must_use]
    pub fn conn(&self) -> &Connection {
        &self.connection
    }

    /// Which versions of the program run.
    #[must_use]
    pub fn fleet(&self) -> &Fleet {
        &self.fleet
    }

    /// Notes a fact that was put into the outbox: after the commit the relay is told, and what it changed is forgotten.
    pub fn note_fact(&self, fact: &Fact) {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner).push(fact.clone());
    }

    /// Commits, and then does what follows with the facts that were noted. Also after an error: the commit may have been
    /// done, and only its answer lost. So it may be done twice.
    pub(super) async fn commit(self, after: impl Fn(&[Fact]) + Send + Sync + 'static) -> Result<()> {
        let Connection { inner, health } = self.connection;
        let facts = self.facts.into_inner().unwrap_or_else(PoisonError::into_inner);
        let after = Arc::new(move || after(&facts));
        let in_the_end = after.clone();
        let commit = to_its_end(async move {
            let committed = inner.commit().await;
            in_the_end();
            committed
        });
        let committed = health.guard(commit).await;
        if committed.is_err() {
            // The end may be far away, when the database is.
            after();
        }
        Ok(committed?)
    }

    /// Undoes everything. A failure is only logged: the database undoes it as well when the connection ends.
    pub(super) async fn roll_back(self) {
        let Connection { inner, health } = self.connection;
        if let Err(error) = health.guard(to_its_end(inner.roll_back())).await {
            tracing::debug!(%error, "a transaction could not be rolled back");
        }
    }
}

impl Inner {
    async fn commit(self) -> Result<(), DbErr> {
        match self {
            Self::Own(tx) => tx.commit().await,
            Self::Pooled(tx, _) => tx.into_inner().commit().await.map_err(pooled::exec_error),
        }
    }

    async fn roll_back(self) -> Result<(), DbErr> {
        match self {
            Self::Own(tx) => tx.rollback().await,
            Self::Pooled(tx, _) => tx.into_inner().rollback().await.map_err(pooled::exec_error),
        }
    }
}

async fn begin(pool: &Pool) -> Result<Inner, DbErr> {
    match pool {
        Pool::Own(connection) => {
            let connection = connection.clone();
            // A transaction that reads first and then writes would fail when another one wrote in between.
            let immediate = Some(SqliteTransactionMode::Immediate);
            let options = TransactionOptions { sqlite_transaction_mode: immediate, ..TransactionOptions::default() };
            to_its_end(async move { connection.begin_with_options(options).await.map(Inner::Own) }).await
        }
        Pool::Pooled(pooled) => Ok(Inner::Pooled(Mutex::new(pooled.begin().await?), pooled.clone())),
    }
}

/// Does something to its end, also when nobody waits for it any more. sqlx takes back a connection on which somebody
/// stopped waiting for the answer to BEGIN, and does not roll back what the server began: whoever gets it next would be
/// told that there is a transaction already.
pub(super) async fn to_its_end<T, W>(work: W) -> Result<T, DbErr>
where
    T: Send + 'static,
    W: Future<Output = Result<T, DbErr>> + Send + 'static,
{
    tokio::spawn(work).await.unwrap_or_else(|error| Err(DbErr::Custom(error.to_string())))
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
