//! Bringing a database to the schema that this program needs. The changes themselves are in `migrations/`.
//!
//! One process at a time does it; the others wait and find it done.

#[path = "../../../migrations/mod.rs"]
mod migrations;

use std::fs::File;
use std::path::{Path, PathBuf};

use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, SqlxPostgresConnector, TransactionTrait};
use sea_orm_migration::{MigrationTrait, MigratorTrait};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use super::reader::Pool;
use super::{Database, Home};
use crate::base::error::{Error, Result};

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        migrations::all()
    }
}

/// The number of the lock in Postgres: any that no other program uses. It is a lock of the transaction, because one of the
/// session would not hold through a pooler.
const LOCK: &str =
    "SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0; SELECT pg_advisory_xact_lock(20111203)";
/// Behind a pooler other processes use the same connections to the server, and may have left names of statements there.
const FORGET: &str = "DEALLOCATE ALL";

/// Applies what is missing. A database with changes that this program does not know is refused and left as it is.
pub(super) async fn up(database: &Database) -> Result<()> {
    match (&database.home, &database.writer.pool) {
        (Home::Server { options, is_pooled }, _) => on_server((**options).clone(), *is_pooled).await,
        (Home::File(file), Pool::Own(connection)) => in_file(file, connection).await,
        (Home::File(_), Pool::Pooled(_)) => Err(Error::internal("a file has no pooler")),
    }
}

/// The names of the changes that this program knows, oldest first.
pub(super) fn known() -> Vec<String> {
    Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect()
}

async fn in_file(file: &Path, connection: &DatabaseConnection) -> Result<()> {
    let lock = lock(file.with_extension("lock")).await?;
    let done = Migrator::up(connection, None).await.map_err(explain);
    lock.unlock()?;
    done
}

/// A lock of the file beside an SQLite database.
async fn lock(beside: PathBuf) -> Result<File> {
    let locked = tokio::task::spawn_blocking(move || {
        let file = File::create(beside)?;
        file.lock()?;
        Ok::<File, std::io::Error>(file)
    });
    Ok(locked.await.map_err(Error::internal)??)
}

/// All of it in the transaction that holds the lock, on a connection of its own.
async fn on_server(options: PgConnectOptions, is_pooled: bool) -> Result<()> {
    let pool = PgPoolOptions::new().max_connections(1).connect_with(options).await.map_err(Error::internal)?;
    let connection = SqlxPostgresConnector::from_sqlx_postgres_pool(pool);
    let transaction = connection.begin().await?;
    if is_pooled {
        transaction.execute_unprepared(FORGET).await?;
    }
    transaction.execute_unprepared(LOCK).await?;
    Migrator::up(&transaction, None).await.map_err(explain)?;
    if is_pooled {
        transaction.execute_unprepared(FORGET).await?;
    }
    transaction.commit().await?;
    Ok(connection.close().await?)
}

fn explain(error: DbErr) -> Error {
    let is_newer = matches!(&error, DbErr::Custom(text) if text.contains("this migration has been applied"));
    if is_newer {
        return Error::internal("the schema of a database is newer than this program: run the newer version again");
    }
    Error::internal(error)
}
