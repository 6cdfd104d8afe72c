//! Which versions of the program run, which are old enough to be refused, and of which kind each step is.
//!
//! `fleet` has the level of each process that holds a number, `schema_compat` in its one row that of the oldest program that
//! may run on this schema. A step of an older program is of no kind: any worker may try it.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{DeriveMigrationName, Statement};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(fleet()).await?;
        manager.create_table(schema_compat()).await?;
        let row = Query::insert()
            .into_table("schema_compat")
            .columns(["id", "oldest"])
            .values_panic([1.into(), 0.into()])
            .to_owned();
        let statement: Statement = manager.get_database_backend().build(&row);
        manager.get_connection().execute_raw(statement).await?;
        let kind = ColumnDef::new("kind").text().not_null().default("").take();
        manager.alter_table(Table::alter().table("steps").add_column(kind).take()).await?;
        let index = Index::create().name("steps_by_kind_buried_at").table("steps").col("kind").col("buried_at").take();
        manager.create_index(index).await
    }
}

fn fleet() -> TableCreateStatement {
    Table::create()
        .table("fleet")
        .col(ColumnDef::new("holder").text().not_null().primary_key())
        .col(ColumnDef::new("level").small_integer().not_null())
        .col(ColumnDef::new("version").text().not_null())
        .take()
}

fn schema_compat() -> TableCreateStatement {
    Table::create()
        .table("schema_compat")
        .col(ColumnDef::new("id").small_integer().not_null().primary_key())
        .col(ColumnDef::new("oldest").small_integer().not_null())
        .take()
}
