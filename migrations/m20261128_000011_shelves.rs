//! What users put aside, the media they like and those they saved, and how far they read their home feed. See
//! `src/domain/shelves` and `src/domain/feed/marker.rs`.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DeriveMigrationName;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// Likes from before: each waits to be copied into the list of who likes, wherever that is. The number of its place is an
/// id of the instant of the like, on the shard of the user.
const LIKES_WAIT: &str = r#"INSERT INTO outbox (fact, recorded_at) SELECT
    '{"fact":"likeWaits","media":' || media_id || ',"user":' || user_id || ',"edge":'
    || (((liked_at - 1756684800000) << 23) | (((user_id >> 10) & 8191) << 10) | (media_id & 1023)) || '}', liked_at
    FROM likes ORDER BY liked_at"#;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let number = |name: &'static str| ColumnDef::new(name).big_integer().not_null().take();
        let shelves = Table::create()
            .table("shelves")
            .col(number("user_id"))
            .col(ColumnDef::new("shelf").small_integer().not_null())
            .col(number("media_id"))
            .col(number("edge"))
            .primary_key(Index::create().col("user_id").col("shelf").col("media_id"))
            .take();
        manager.create_table(shelves).await?;
        let in_order = Index::create().name("shelves_by_user_id_shelf_edge").table("shelves").take();
        manager.create_index(in_order.clone().col("user_id").col("shelf").col("edge").take()).await?;
        let markers = Table::create()
            .table("home_feed_markers")
            .col(number("user_id").primary_key())
            .col(number("position"))
            .col(number("updated_at"))
            .take();
        manager.create_table(markers).await?;
        manager.get_connection().execute_unprepared(LIKES_WAIT).await.map(|_| ())
    }
}
