//! Uploads whose bytes come in parts. See `src/domain/uploads/parts.rs`.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DeriveMigrationName;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let protocol = ColumnDef::new("protocol").small_integer().not_null().default(0).take();
        manager.alter_table(Table::alter().table("uploads").add_column(protocol).take()).await?;
        let parts = Table::create()
            .table("upload_parts")
            .col(ColumnDef::new("upload_id").big_integer().not_null())
            .col(ColumnDef::new("start").big_integer().not_null())
            .col(ColumnDef::new("name").text().not_null())
            .primary_key(Index::create().col("upload_id").col("start"))
            .take();
        manager.create_table(parts).await
    }
}
