//! Who blocks somebody, found by the one who is blocked: asked at once for many viewers of a live stream.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DeriveMigrationName;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let index = Index::create().name("blocks_by_blocked_id").table("blocks").col("blocked_id").take();
        manager.create_index(index).await
    }
}
