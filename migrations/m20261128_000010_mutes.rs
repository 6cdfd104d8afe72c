//! Whom a user mutes, and until when. See `src/domain/follows/mutes.rs`.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DeriveMigrationName;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mutes = Table::create()
            .table("mutes")
            .col(ColumnDef::new("muter_id").big_integer().not_null())
            .col(ColumnDef::new("muted_id").big_integer().not_null())
            .col(ColumnDef::new("edge").big_integer().not_null())
            .col(ColumnDef::new("until").big_integer().null())
            .primary_key(Index::create().col("muter_id").col("muted_id"))
            .take();
        manager.create_table(mutes).await?;
        let in_order = Index::create().name("mutes_by_muter_id_edge").table("mutes").col("muter_id").col("edge").take();
        manager.create_index(in_order).await
    }
}
