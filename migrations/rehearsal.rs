//! The change of the schema that only the rehearsal of the next version makes: where its step notes what was rehearsed.

use sea_orm_migration::prelude::*;

pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "rehearsal"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let number = ColumnDef::new("number").big_integer().not_null().primary_key().take();
        manager.create_table(Table::create().table("rehearsals").col(number).take()).await
    }
}
