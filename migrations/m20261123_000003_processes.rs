//! What several processes share: leases, counts that wait to be added up, and steps with lanes and numbered claims.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DeriveMigrationName;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(leases()).await?;
        manager.create_table(count_deltas()).await?;
        manager.create_index(index("count_deltas", &["counted_id"])).await?;
        // SQLite adds one column at a time.
        manager.alter_table(column(ColumnDef::new("lane").small_integer().not_null().default(0))).await?;
        manager.alter_table(column(ColumnDef::new("claim").big_integer().not_null().default(0))).await?;
        manager.create_index(index("steps", &["lane", "buried_at", "due_at"])).await
    }
}

fn leases() -> TableCreateStatement {
    Table::create()
        .table("leases")
        .col(ColumnDef::new("name").text().not_null().primary_key())
        .col(ColumnDef::new("holder").text().not_null())
        .col(ColumnDef::new("held_until").big_integer().not_null())
        .take()
}

fn count_deltas() -> TableCreateStatement {
    Table::create()
        .table("count_deltas")
        .col(ColumnDef::new("id").big_integer().not_null().auto_increment().primary_key())
        .col(ColumnDef::new("counted_id").big_integer().not_null())
        .col(ColumnDef::new("counter").small_integer().not_null())
        .col(ColumnDef::new("delta").big_integer().not_null())
        .take()
}

fn column(column: &mut ColumnDef) -> TableAlterStatement {
    Table::alter().table("steps").add_column(column.take()).take()
}

fn index(table: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create();
    index.name(format!("{table}_by_{}", columns.join("_"))).table(table);
    for column in columns {
        index.col(*column);
    }
    index
}
