//! What a photo was taken with, as JSON: of an upload as its file says, of a photo when its owner shows it.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DeriveMigrationName;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["uploads", "photos"] {
            let camera = ColumnDef::new("camera").text().null().take();
            manager.alter_table(Table::alter().table(table).add_column(camera).take()).await?;
        }
        Ok(())
    }
}
