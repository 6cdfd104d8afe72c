//! Bringing a database to the schema that this program needs. The changes themselves are in `migrations/`.
//!
//! One process at a time does it; the others wait and find it done.

#[path = "../../../migrations/mod.rs"]
mod migrations;

use std::fs::File;
use std::path::{Path, PathBuf};

use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, EntityTrait, SqlxPostgresConnector, TransactionTrait};
use sea_orm_migration::{
    IntoSchemaManagerConnection, MigrationTrait, MigratorTraitSelf, SchemaManager, async_trait, seaql_migrations,
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use super::reader::Pool;
use super::{Database, Home};
use crate::base::edition::Edition;
use crate::base::error::{Error, Result};

/// The table whose one row names the oldest program that may run on the schema, and its column.
const COMPAT: &str = "schema_compat";
const OLDEST: &str = "oldest";

/// The changes that an edition of the program knows. Those that a newer one made are passed over.
struct Migrator(Edition);

#[async_trait::async_trait]
impl MigratorTraitSelf for Migrator {
    fn migrations(&self) -> Vec<Box<dyn MigrationTrait>> {
        let mut all = migrations::all();
        if self.0 == Edition::Rehearsal {
            all.push(migrations::of_the_rehearsal());
        }
        all
    }

    async fn get_migration_models<C>(&self, connection: &C) -> Result<Vec<seaql_migrations::Model>, DbErr>
    where
        C: ConnectionTrait,
    {
        self.install(connection).await?;
        let known = self.names();
        let applied = seaql_migrations::Entity::find().all(connection).await?;
        Ok(applied.into_iter().filter(|applied| known.contains(&applied.version)).collect())
    }
}

impl Migrator {
    fn names(&self) -> Vec<String> {
        self.migrations().iter().map(|migration| migration.name().to_owned()).collect()
    }
}

/// The number of the lock in Postgres: any that no other program uses. It is a lock of the transaction, because one of the
/// session would not hold through a pooler.
const LOCK: &str =
    "SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0; SELECT pg_advisory_xact_lock(20111203)";
/// Behind a pooler other processes use the same connections to the server, and may have left names of statements there.
const FORGET: &str = "DEALLOCATE ALL";

/// Applies what is missing. A database that needs a newer program is refused and left as it is.
pub(super) async fn up(database: &Database, edition: Edition) -> Result<()> {
    match (&database.home, &database.writer.pool) {
        (Home::Server { options, is_pooled }, _) => on_server((**options).clone(), *is_pooled, edition).await,
        (Home::File(file), Pool::Own(connection)) => in_file(file, connection, edition).await,
        (Home::File(_), Pool::Pooled(_)) => Err(Error::internal("a file has no pooler")),
    }
}

/// The names of the changes that this program knows, oldest first.
pub(super) fn known() -> Vec<String> {
    Migrator(Edition::Current).names()
}

async fn in_file(file: &Path, connection: &DatabaseConnection, edition: Edition) -> Result<()> {
    let lock = lock(file.with_extension("lock")).await?;
    let done = apply(connection, edition).await;
    lock.unlock()?;
    done
}

async fn apply<'c, C>(connection: &'c C, edition: Edition) -> Result<()>
where
    C: ConnectionTrait,
    &'c C: IntoSchemaManagerConnection<'c>,
{
    if let Some(oldest) = oldest(connection).await?
        && oldest > edition.level()
    {
        return Err(Error::internal(too_old(oldest, edition.level())));
    }
    Migrator(edition).up(connection, None).await?;
    raise(connection).await
}

/// Why a program may not run on a schema.
pub(super) fn too_old(oldest: i16, level: i16) -> String {
    format!(
        "its schema needs a program of level {oldest} or higher, and this one is of level {level}: run the newer version"
    )
}

/// The level of the oldest program that may run on the schema; `None` before there were levels.
async fn oldest<'c, C>(connection: &'c C) -> Result<Option<i16>>
where
    C: ConnectionTrait,
    &'c C: IntoSchemaManagerConnection<'c>,
{
    if !SchemaManager::new(connection).has_table(COMPAT).await? {
        return Ok(None);
    }
    let row = connection.query_one(Query::select().column(OLDEST).from(COMPAT)).await?;
    Ok(row.map(|row| row.try_get("", OLDEST)).transpose()?)
}

/// All known changes are applied: keeps the highest level that one of them needs.
async fn raise(connection: &impl ConnectionTrait) -> Result<()> {
    let needed = migrations::OLDEST.iter().map(|(_, level)| *level).max().unwrap_or(0);
    let mut update = Query::update();
    update.table(COMPAT).value(OLDEST, needed).and_where(Expr::col(OLDEST).lt(needed));
    connection.execute(&update).await?;
    Ok(())
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
async fn on_server(options: PgConnectOptions, is_pooled: bool, edition: Edition) -> Result<()> {
    let pool = PgPoolOptions::new().max_connections(1).connect_with(options).await.map_err(Error::internal)?;
    let connection = SqlxPostgresConnector::from_sqlx_postgres_pool(pool);
    let transaction = connection.begin().await?;
    if is_pooled {
        transaction.execute_unprepared(FORGET).await?;
    }
    transaction.execute_unprepared(LOCK).await?;
    apply(&transaction, edition).await?;
    if is_pooled {
        transaction.execute_unprepared(FORGET).await?;
    }
    transaction.commit().await?;
    Ok(connection.close().await?)
}
