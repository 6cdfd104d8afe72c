//! Replies to comments, and likes of comments. See `src/domain/comments`.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DeriveMigrationName;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // SQLite adds one column at a time.
        manager.alter_table(comments(ColumnDef::new("parent_id").big_integer().null())).await?;
        manager.alter_table(comments(ColumnDef::new("like_count").big_integer().not_null().default(0))).await?;
        manager.alter_table(comments(ColumnDef::new("reply_count").big_integer().not_null().default(0))).await?;
        manager.create_index(index(&["media_id", "parent_id", "id"])).await?;
        manager.create_index(index(&["parent_id", "id"])).await?;
        manager.create_table(comment_likes()).await
    }
}

fn comment_likes() -> TableCreateStatement {
    Table::create()
        .table("comment_likes")
        .col(ColumnDef::new("comment_id").big_integer().not_null())
        .col(ColumnDef::new("user_id").big_integer().not_null())
        .col(ColumnDef::new("liked_at").big_integer().not_null())
        .primary_key(Index::create().col("comment_id").col("user_id"))
        .take()
}

fn comments(column: &mut ColumnDef) -> TableAlterStatement {
    Table::alter().table("comments").add_column(column.take()).take()
}

fn index(columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create();
    index.name(format!("comments_by_{}", columns.join("_"))).table("comments");
    for column in columns {
        index.col(*column);
    }
    index
}
