//! Devices that get pushes, whose each token is, what became of every push, and the tokens that prove to Apple who sends.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DeriveMigrationName;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [devices(), device_tokens(), push_receipts(), provider_tokens()] {
            manager.create_table(table).await?;
        }
        manager.create_index(index("devices", &["user_id"])).await?;
        manager.create_index(index("devices", &["session_id"])).await?;
        manager.create_index(index("push_receipts", &["device_id", "attempted_at"])).await?;
        manager.create_index(index("push_receipts", &["attempted_at"])).await
    }
}

/// On the shard of their user.
fn devices() -> TableCreateStatement {
    Table::create()
        .table("devices")
        .col(number("id").primary_key())
        .col(number("user_id"))
        .col(number("session_id"))
        .col(ColumnDef::new("token").text().not_null())
        .col(ColumnDef::new("topic").text().not_null())
        .col(ColumnDef::new("environment").small_integer().not_null())
        .col(ColumnDef::new("name").text().null())
        .col(number("registered_at"))
        .take()
}

/// On the shard of the token.
fn device_tokens() -> TableCreateStatement {
    Table::create()
        .table("device_tokens")
        .col(ColumnDef::new("token").text().not_null().primary_key())
        .col(number("device_id"))
        .take()
}

/// On the shard of the user.
fn push_receipts() -> TableCreateStatement {
    let key = Index::create().col("device_id").col("cause").col("revision").take();
    Table::create()
        .table("push_receipts")
        .col(number("device_id"))
        .col(number("cause"))
        .col(number("revision"))
        .col(ColumnDef::new("status").small_integer().not_null())
        .col(ColumnDef::new("reason").text().null())
        .col(ColumnDef::new("provider_id").text().null())
        .col(number("attempted_at"))
        .col(number("held_until"))
        .primary_key(&mut key.clone())
        .take()
}

/// In the first database.
fn provider_tokens() -> TableCreateStatement {
    Table::create()
        .table("provider_tokens")
        .col(ColumnDef::new("name").text().not_null().primary_key())
        .col(ColumnDef::new("token").text().not_null())
        .col(number("made_at"))
        .take()
}

fn number(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().not_null().take()
}

fn index(table: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create();
    index.name(format!("{table}_by_{}", columns.join("_"))).table(table);
    for column in columns {
        index.col(*column);
    }
    index
}
