//! Media and comments that are edited, and warnings before photos. See `src/domain/media/edit.rs`.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DeriveMigrationName;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let warning = ColumnDef::new("content_warning").text().null().take();
        manager.alter_table(Table::alter().table("media").add_column(warning).take()).await?;
        for table in ["media", "comments"] {
            let edited = ColumnDef::new("edited_at").big_integer().null().take();
            manager.alter_table(Table::alter().table(table).add_column(edited).take()).await?;
        }
        Ok(())
    }
}
