//! People tagged in photos. See `src/domain/media/tags.rs`.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DeriveMigrationName;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let tags = Table::create()
            .table("photo_tags")
            .col(ColumnDef::new("id").big_integer().not_null().primary_key())
            .col(ColumnDef::new("photo_id").big_integer().not_null())
            .col(ColumnDef::new("media_id").big_integer().not_null())
            .col(ColumnDef::new("user_id").big_integer().not_null())
            .col(ColumnDef::new("x").double().not_null())
            .col(ColumnDef::new("y").double().not_null())
            .take();
        manager.create_table(tags).await?;
        for column in ["photo_id", "media_id"] {
            let index = Index::create().name(format!("photo_tags_by_{column}")).table("photo_tags").col(column).take();
            manager.create_index(index).await?;
        }
        Ok(())
    }
}
