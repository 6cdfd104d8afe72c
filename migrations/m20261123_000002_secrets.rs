//! Secrets that all processes of a server share, and what must be known before the files of a photo may go: which uploads
//! have the same ones, and which media uses them.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DeriveMigrationName;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let secrets = Table::create()
            .table("secrets")
            .col(ColumnDef::new("name").text().not_null().primary_key())
            .col(ColumnDef::new("value").text().not_null())
            .take();
        manager.create_table(secrets).await?;
        let media = ColumnDef::new("media_id").big_integer().null().take();
        manager.alter_table(Table::alter().table("uploads").add_column(media).take()).await?;
        manager.create_index(uploads_by("image_key")).await?;
        manager.create_index(uploads_by("media_id")).await?;
        // So far each upload had a key of its own, from the beginning.
        let used = "UPDATE uploads SET media_id = (SELECT photos.media_id FROM photos \
                    WHERE photos.image_key = uploads.image_key) WHERE status = 4";
        manager.get_connection().execute_unprepared(used).await?;
        let awaited = "UPDATE uploads SET image_key = NULL WHERE status IN (0, 1)";
        manager.get_connection().execute_unprepared(awaited).await.map(|_| ())
    }
}

fn uploads_by(column: &'static str) -> IndexCreateStatement {
    Index::create().name(format!("uploads_by_{column}")).table("uploads").col(column).take()
}
