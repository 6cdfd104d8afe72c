//! Opening a database: SQLite as one file with one writer and many readers, or Postgres.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sea_orm::{ConnectOptions, Database, DatabaseConnection};
use sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};

use crate::base::config::Connections;
use crate::base::error::{Error, Result};

/// How long a request waits for a free connection before it is told that the server is overloaded.
const ACQUIRE: Duration = Duration::from_secs(8);
/// How long SQLite waits for another process that is writing.
const BUSY: Duration = Duration::from_secs(10);
/// No statement of ours runs longer; Postgres ends it then.
const STATEMENT_TIMEOUT: &str = "20s";
/// No statement of ours waits longer for a lock.
const LOCK_TIMEOUT: &str = "10s";

/// Connects for writing and for reading.
pub(super) async fn connect(
    address: &str,
    connections: Connections,
    statements: &Arc<AtomicU64>,
) -> Result<(DatabaseConnection, DatabaseConnection)> {
    if let Some(file) = file(address) {
        return sqlite(&file, connections, statements).await;
    }
    let pool = open(postgres(address, connections), statements).await?;
    Ok((pool.clone(), pool))
}

/// The file of an SQLite database; `None` for other addresses.
pub(super) fn file(address: &str) -> Option<PathBuf> {
    address.strip_prefix("sqlite:").map(|file| PathBuf::from(file.trim_start_matches("//")))
}

/// SQLite has one writer at a time anyway: one connection makes the others wait in order instead of retrying.
async fn sqlite(
    file: &Path,
    connections: Connections,
    statements: &Arc<AtomicU64>,
) -> Result<(DatabaseConnection, DatabaseConnection)> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let writer = open(sqlite_options(file, 1), statements).await?;
    let reader = open(sqlite_options(file, connections.0), statements).await?;
    Ok((writer, reader))
}

fn sqlite_options(file: &Path, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new("sqlite::memory:");
    let file = file.to_owned();
    options.map_sqlx_sqlite_opts(move |sqlite| {
        sqlite
            .filename(&file)
            .in_memory(false)
            .shared_cache(false)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // In WAL mode NORMAL can lose the last commits when the power fails, never when the process is killed. An
            // acknowledged write is worth one fsync.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY)
            .foreign_keys(true)
    });
    pooled(options, connections)
}

fn postgres(address: &str, connections: Connections) -> ConnectOptions {
    let mut options = ConnectOptions::new(address);
    options.map_sqlx_postgres_opts(|postgres| {
        postgres
            .application_name("photograph")
            .options([("statement_timeout", STATEMENT_TIMEOUT), ("lock_timeout", LOCK_TIMEOUT)])
    });
    pooled(options, connections.0)
}

fn pooled(mut options: ConnectOptions, connections: u32) -> ConnectOptions {
    options.max_connections(connections).acquire_timeout(ACQUIRE).connect_timeout(ACQUIRE).sqlx_logging(false);
    options
}

async fn open(options: ConnectOptions, statements: &Arc<AtomicU64>) -> Result<DatabaseConnection> {
    let mut connection = Database::connect(options).await.map_err(Error::internal)?;
    let statements = statements.clone();
    connection.set_metric_callback(move |_| {
        statements.fetch_add(1, Ordering::Relaxed);
    });
    Ok(connection)
}
