//! What people are pushed, and when not. See `src/domain/activity/settings.rs`.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DeriveMigrationName;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let settings = Table::create()
            .table("notification_settings")
            .col(ColumnDef::new("user_id").big_integer().not_null().primary_key())
            .col(ColumnDef::new("sources").text().not_null())
            .col(ColumnDef::new("quiet_start").integer().null())
            .col(ColumnDef::new("quiet_end").integer().null())
            .col(ColumnDef::new("time_zone").text().null())
            .col(ColumnDef::new("paused_until").big_integer().null())
            .take();
        manager.create_table(settings).await
    }
}
