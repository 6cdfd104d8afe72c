//! Who mutes somebody, found by the one who is muted: asked at once for many who listen to their home feeds.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DeriveMigrationName;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let index = Index::create().name("mutes_by_muted_id").table("mutes").col("muted_id").take();
        manager.create_index(index).await
    }
}
