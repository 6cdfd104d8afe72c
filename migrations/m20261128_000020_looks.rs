//! Photos that are shown with a filter, a crop or a focal point, and looks that were replaced. See `src/domain/media/looks.rs`.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DeriveMigrationName;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in ["look", "look_key"] {
            let column = ColumnDef::new(column).text().null().take();
            manager.alter_table(Table::alter().table("photos").add_column(column).take()).await?;
        }
        let by_key = Index::create().name("photos_by_look_key").table("photos").col("look_key").take();
        manager.create_index(by_key).await?;
        let old = Table::create()
            .table("old_looks")
            .col(ColumnDef::new("look_key").text().not_null().primary_key())
            .col(ColumnDef::new("media_id").big_integer().not_null())
            .take();
        manager.create_table(old).await?;
        let by_media = Index::create().name("old_looks_by_media_id").table("old_looks").col("media_id").take();
        manager.create_index(by_media).await
    }
}
