//! What happened to people: activities, who did it, how far they were seen. See `src/domain/activity`.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DeriveMigrationName;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(activities()).await?;
        manager.create_index(index("activities", &["user_id", "place"])).await?;
        manager.create_index(index("activities", &["user_id", "kind", "object_id", "id"])).await?;
        manager.create_table(actors()).await?;
        manager.create_index(index("activity_actors", &["activity_id", "place"])).await?;
        manager.create_index(index("activity_actors", &["user_id", "actor_id"])).await?;
        manager.create_table(marks()).await?;
        // Whether they were let in after they had asked. Nobody is told of what was before.
        let approved = ColumnDef::new("is_approved").boolean().not_null().default(false).take();
        manager.alter_table(Table::alter().table("followers").add_column(approved).take()).await
    }
}

fn activities() -> TableCreateStatement {
    Table::create()
        .table("activities")
        .col(ColumnDef::new("id").big_integer().not_null().primary_key())
        .col(number("user_id"))
        .col(ColumnDef::new("kind").small_integer().not_null())
        .col(number("object_id"))
        .col(number("media_id"))
        .col(number("place"))
        .col(number("actor_count"))
        .col(ColumnDef::new("newest").text().not_null())
        .take()
}

fn actors() -> TableCreateStatement {
    let mut key = Index::create();
    for column in ["user_id", "kind", "object_id", "actor_id", "cause_id"] {
        key.col(column);
    }
    Table::create()
        .table("activity_actors")
        .col(number("user_id"))
        .col(ColumnDef::new("kind").small_integer().not_null())
        .col(number("object_id"))
        .col(number("actor_id"))
        .col(number("cause_id"))
        .col(number("media_id"))
        .col(number("activity_id"))
        .col(number("place"))
        .primary_key(&mut key)
        .take()
}

fn marks() -> TableCreateStatement {
    Table::create()
        .table("activity_marks")
        .col(ColumnDef::new("user_id").big_integer().not_null().primary_key())
        .col(number("seen"))
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
