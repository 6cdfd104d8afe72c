//! What somebody wrote or is tagged in, found by who they are: a block removes it from the media of the other.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DeriveMigrationName;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, user) in [("comments", "author_id"), ("photo_tags", "user_id")] {
            let name = format!("{table}_by_{user}_media_id");
            let index = Index::create().name(name).table(table).col(user).col("media_id").take();
            manager.create_index(index).await?;
        }
        Ok(())
    }
}
