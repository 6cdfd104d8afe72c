//! When and where a photo was taken, as its file says: told to the owner of an upload. Where is forgotten when the upload is
//! used or thrown away.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DeriveMigrationName;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let moment = ColumnDef::new("taken_at").big_integer().null().take();
        // In millionths of a degree.
        let north = ColumnDef::new("taken_north").integer().null().take();
        let east = ColumnDef::new("taken_east").integer().null().take();
        for column in [moment, north, east] {
            let changed = Table::alter().table("uploads").add_column(column).take();
            manager.alter_table(changed).await?;
        }
        Ok(())
    }
}
