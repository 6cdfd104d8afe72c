//! Opening a database: SQLite as one file with one writer and many readers, or Postgres, directly or through a pooler.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sea_orm::{DatabaseConnection, SqlxPostgresConnector, SqlxSqliteConnector};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection};
use tokio::time::{Instant, sleep};

use super::health::{self, Silence};
use super::pooled::Pooled;
use super::reader::Pool;
use crate::base::config::Config;
use crate::base::error::{Error, Result};
use crate::base::volume;

/// How long a request waits for a free connection before it is told that the server is overloaded, and how long a server
/// that starts waits for its databases before it gives up.
const ACQUIRE: Duration = Duration::from_secs(8);
/// How often a server that starts asks a database that is not there yet.
const AGAIN: Duration = Duration::from_millis(250);
/// How long SQLite waits for another process that is writing.
const BUSY: Duration = Duration::from_secs(10);

/// How connections are made.
#[derive(Clone, Debug)]
pub(super) struct Manner {
    connections: u32,
    pub is_pooled: bool,
    statement_seconds: u64,
    lock_seconds: u64,
    statements: Arc<AtomicU64>,
}

impl Manner {
    pub(super) fn of(config: &Config, statements: &Arc<AtomicU64>) -> Self {
        let database = &config.database;
        Self {
            connections: database.connections.0,
            is_pooled: database.pooled,
            statement_seconds: database.limits.statement_seconds,
            lock_seconds: database.limits.lock_seconds,
            statements: statements.clone(),
        }
    }

    /// A pooler knows neither names of statements nor settings of a session; a connection of our own has its limits from
    /// the start.
    pub(super) fn options(&self, address: &str) -> Result<PgConnectOptions> {
        let options: PgConnectOptions = address.parse().map_err(Error::internal)?;
        let options = options.application_name("photograph").disable_statement_logging();
        if self.is_pooled {
            return Ok(options.extra_float_digits(None).statement_cache_capacity(0));
        }
        let [statement, lock] = [self.statement_seconds, self.lock_seconds].map(|seconds| format!("{seconds}s"));
        Ok(options.options([("statement_timeout", statement), ("lock_timeout", lock)]))
    }

    /// Connections to Postgres, made when they are needed.
    pub(super) fn pool(&self, options: PgConnectOptions) -> Pool {
        let pool = PgPoolOptions::new().max_connections(self.connections).acquire_timeout(ACQUIRE);
        let pool = pool.connect_lazy_with(options);
        if self.is_pooled {
            return Pool::Pooled(Pooled { pool, begin: self.begin(), statements: self.statements.clone() });
        }
        Pool::Own(counted(SqlxPostgresConnector::from_sqlx_postgres_pool(pool), &self.statements))
    }

    fn begin(&self) -> String {
        let (statement, lock) = (self.statement_seconds, self.lock_seconds);
        format!("BEGIN; SET LOCAL statement_timeout = '{statement}s'; SET LOCAL lock_timeout = '{lock}s'")
    }

    /// SQLite has one writer at a time anyway: one connection makes the others wait in order instead of retrying.
    pub(super) async fn sqlite(&self, file: &Path) -> Result<(Pool, Pool)> {
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        for beside in ["", "-wal", "-shm"] {
            let mut name = file.as_os_str().to_owned();
            name.push(beside);
            volume::make_private_file(Path::new(&name));
        }
        let pool = |connections| SqlitePoolOptions::new().max_connections(connections).acquire_timeout(ACQUIRE);
        let writer = pool(1).after_release(|connection, _| Box::pin(is_clean(connection)));
        let writer = writer.connect_with(sqlite_options(file)).await.map_err(Error::internal)?;
        let reader = pool(self.connections).connect_with(sqlite_options(file)).await.map_err(Error::internal)?;
        let [writer, reader] = [writer, reader].map(|pool| {
            let connection = SqlxSqliteConnector::from_sqlx_sqlite_pool(pool);
            Pool::Own(counted(connection, &self.statements))
        });
        Ok((writer, reader))
    }
}

/// The file of an SQLite database; `None` for other addresses.
pub(super) fn file(address: &str) -> Option<PathBuf> {
    address.strip_prefix("sqlite:").map(|file| PathBuf::from(file.trim_start_matches("//")))
}

/// The name of a database in the log: where it is, without who one is there.
pub(super) fn name(options: &PgConnectOptions) -> String {
    let database = options.get_database().unwrap_or_else(|| options.get_username());
    format!("{}:{}/{database}", options.get_host(), options.get_port())
}

/// Waits a little for a database that is not there yet, and says which when it does not come.
pub(super) async fn reach(options: &PgConnectOptions) -> Result<PgConnection> {
    let patience = Instant::now() + ACQUIRE;
    let mut connection = None;
    loop {
        match (health::look(options, &mut connection).await, connection.take()) {
            (Ok(_), Some(connection)) => return Ok(connection),
            (Err(silence), _) if !silence.passes || Instant::now() > patience => {
                return Err(out_of_reach(options, &silence));
            }
            _ => sleep(AGAIN).await,
        }
    }
}

fn out_of_reach(options: &PgConnectOptions, silence: &Silence) -> Error {
    Error::internal(format!("the database {} cannot be used: {silence}", name(options)))
}

fn sqlite_options(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // In WAL mode NORMAL can lose the last commits when the power fails, never when the process is killed. An
        // acknowledged write is worth one fsync.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY)
        .foreign_keys(true)
        .disable_statement_logging()
}

/// Whether a connection may write again. A commit that fails, as on a full disk, ends the transaction for SQLite but not for
/// sqlx: what is written later on such a connection would look committed to it, and to nobody else.
async fn is_clean(connection: &mut SqliteConnection) -> sqlx::Result<bool> {
    // What was to be undone is done by the time of the answer.
    connection.ping().await?;
    Ok(!connection.is_in_transaction())
}

/// Counts the statements, those of transactions too.
fn counted(mut connection: DatabaseConnection, statements: &Arc<AtomicU64>) -> DatabaseConnection {
    let statements = statements.clone();
    connection.set_metric_callback(move |_| {
        statements.fetch_add(1, Ordering::Relaxed);
    });
    connection
}
