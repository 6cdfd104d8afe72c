//! The keys in the links of photos, random and renewed. Photos of before have none until then: their links have the keys of
//! their files. See `src/domain/media/links.rs`.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DeriveMigrationName;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = ColumnDef::new("link_key").text().null().take();
        manager.alter_table(Table::alter().table("photos").add_column(column).take()).await?;
        let by_key = Index::create().name("photos_by_link_key").table("photos").col("link_key").take();
        manager.create_index(by_key).await
    }
}
