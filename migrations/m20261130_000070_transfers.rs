//! Which transfer brings the bytes of an upload, and when its sender was last heard: of all processes one receives them.
//! Empty in rows that the version before writes.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DeriveMigrationName;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let (mut lease, mut heard_at) = (ColumnDef::new("transfer"), ColumnDef::new("transfer_heard_at"));
        for column in [lease.text().null().take(), heard_at.big_integer().null().take()] {
            manager.alter_table(Table::alter().table("uploads").add_column(column).take()).await?;
        }
        Ok(())
    }
}
