//! Bringing a database to the schema that this program needs. The changes themselves are in `migrations/`.
//!
//! One process at a time does it; the others wait and find it done.

#[path = "../../../migrations/mod.rs"]
mod migrations;

use std::fs::File;
use std::path::{Path, PathBuf};

use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr, TransactionTrait};
use sea_orm_migration::{MigrationTrait, MigratorTrait};

use crate::base::error::{Error, Result};

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        migrations::all()
    }
}

/// Held while one process migrates: a lock of the file beside an SQLite database, or of a Postgres transaction (which
/// works through a pooler, as a lock of the session would not).
enum Lock {
    File(File),
    Transaction(DatabaseTransaction),
}

/// The number of the lock in Postgres: any that no other program uses.
const LOCK: &str =
    "SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0; SELECT pg_advisory_xact_lock(20111203)";

/// Applies what is missing. A database with changes that this program does not know is refused and left as it is.
/// `file` is the file of an SQLite database.
pub(super) async fn up(connection: &DatabaseConnection, file: Option<&Path>) -> Result<()> {
    let lock = lock(connection, file).await?;
    let done = Migrator::up(connection, None).await.map_err(explain);
    match lock {
        Lock::File(file) => file.unlock()?,
        Lock::Transaction(transaction) => transaction.commit().await?,
    }
    done
}

async fn lock(connection: &DatabaseConnection, file: Option<&Path>) -> Result<Lock> {
    let Some(file) = file else {
        let transaction = connection.begin().await?;
        transaction.execute_unprepared(LOCK).await?;
        return Ok(Lock::Transaction(transaction));
    };
    let beside: PathBuf = file.with_extension("lock");
    let locked = tokio::task::spawn_blocking(move || {
        let file = File::create(beside)?;
        file.lock()?;
        Ok::<File, std::io::Error>(file)
    });
    Ok(Lock::File(locked.await.map_err(Error::internal)??))
}

fn explain(error: DbErr) -> Error {
    let is_newer = matches!(&error, DbErr::Custom(text) if text.contains("this migration has been applied"));
    if is_newer {
        return Error::internal("the schema of a database is newer than this program: run the newer version again");
    }
    Error::internal(error)
}
