//! Bringing a database to the schema that this program needs. The changes themselves are in `migrations/`.

#[path = "../../../migrations/mod.rs"]
mod migrations;

use sea_orm::DatabaseConnection;
use sea_orm_migration::{MigrationTrait, MigratorTrait};

use crate::base::error::{Error, Result};

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        migrations::all()
    }
}

/// Applies what is missing. A database with changes that this program does not know is refused and left as it is.
pub(super) async fn up(connection: &DatabaseConnection) -> Result<()> {
    Migrator::up(connection, None).await.map_err(Error::internal)
}
