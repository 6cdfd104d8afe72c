//! Who is mentioned in captions and comments, as it was found when they were written. See `src/domain/mentions/mod.rs`.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DeriveMigrationName;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["media", "comments"] {
            let mentions = ColumnDef::new("mentions").text().null().take();
            manager.alter_table(Table::alter().table(table).add_column(mentions).take()).await?;
        }
        Ok(())
    }
}
