//! Whether a client has the newest tokens of its session: until then the refresh token before them works again.
//! Empty in rows that the version before writes.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DeriveMigrationName;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let accepted = ColumnDef::new("accepted_rotation").big_integer().null().take();
        manager.alter_table(Table::alter().table("sessions").add_column(accepted).take()).await
    }
}
