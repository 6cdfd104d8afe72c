//! What one reads from: the primary of a database or a replica, directly or through a pooler.

use std::sync::Arc;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult, Statement};
use sea_orm_migration::async_trait;

use super::health::Health;
use super::pooled::Pooled;

/// Connections to one address.
#[derive(Clone, Debug)]
pub(super) enum Pool {
    /// That keep what they prepare.
    Own(DatabaseConnection),
    /// To a pooler in transaction mode.
    Pooled(Pooled),
}

/// What one reads from. While it is away nobody waits for it; in the place of a replica the primary answers.
#[derive(Clone, Debug)]
pub struct Reader {
    pub(super) pool: Pool,
    pub(super) health: Arc<Health>,
    pub(super) instead: Option<Arc<Reader>>,
}

#[async_trait::async_trait]
impl ConnectionTrait for Reader {
    fn get_database_backend(&self) -> DbBackend {
        match &self.pool {
            Pool::Own(connection) => connection.get_database_backend(),
            Pool::Pooled(_) => DbBackend::Postgres,
        }
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let execute = async {
            match &self.pool {
                Pool::Own(connection) => connection.execute_raw(statement).await,
                Pool::Pooled(pooled) => pooled.execute(&statement).await,
            }
        };
        self.health.guard(execute).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let execute = async {
            match &self.pool {
                Pool::Own(connection) => connection.execute_unprepared(sql).await,
                Pool::Pooled(pooled) => pooled.execute_plain(sql).await,
            }
        };
        self.health.guard(execute).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let query = async {
            match &self.pool {
                Pool::Own(connection) => connection.query_one_raw(statement.clone()).await,
                Pool::Pooled(pooled) => pooled.one(&statement).await,
            }
        };
        match self.health.guard(query).await {
            // Whatever a replica's trouble is, it is not the reader's.
            Err(error) => match &self.instead {
                Some(primary) => primary.query_one_raw(statement).await,
                None => Err(error),
            },
            answer => answer,
        }
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let query = async {
            match &self.pool {
                Pool::Own(connection) => connection.query_all_raw(statement.clone()).await,
                Pool::Pooled(pooled) => pooled.all(&statement).await,
            }
        };
        match self.health.guard(query).await {
            // Whatever a replica's trouble is, it is not the reader's.
            Err(error) => match &self.instead {
                Some(primary) => primary.query_all_raw(statement).await,
                None => Err(error),
            },
            answer => answer,
        }
    }
}
