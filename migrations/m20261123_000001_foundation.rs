//! The first schema: people, sessions, who follows whom, uploads, media, likes, comments, and the log of facts.
//!
//! Ids carry their shard and time (`src/base/ids.rs`); instants are milliseconds since 1970; enums are small integers.
//! There are no foreign keys: the other end of a reference may live on another shard.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{DeriveMigrationName, Statement};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in tables() {
            manager.create_table(table).await?;
        }
        for index in indexes() {
            manager.create_index(index).await?;
        }
        start_log(manager).await
    }
}

fn tables() -> Vec<TableCreateStatement> {
    let product = product_tables();
    product.into_iter().chain(log_tables()).collect()
}

fn product_tables() -> Vec<TableCreateStatement> {
    vec![
        table("users", &["id"], &["id", "media_count", "follower_count", "following_count"])
            .col(text("username"))
            .col(text("display_name"))
            .col(ColumnDef::new("is_private").boolean().not_null())
            .take(),
        table("credentials", &["user_id"], &["user_id"]).col(text("email")).col(text("password_hash")).take(),
        table("names", &["name"], &["user_id", "claimed_at"]).col(text("name")).take(),
        table("sessions", &["id"], &["id", "user_id", "rotation", "rotated_at", "expires_at"])
            .col(text("secret"))
            .col(ColumnDef::new("ended_at").big_integer().null())
            .take(),
        table("signing_keys", &["kid"], &["made_at"]).col(text("kid")).col(text("pkcs8")).take(),
        table("followers", &["followee_id", "follower_id"], &["followee_id", "follower_id", "edge"])
            .col(small("state"))
            .take(),
        table("following", &["follower_id", "followee_id"], &["follower_id", "followee_id", "edge"])
            .col(small("state"))
            .take(),
        table("blocks", &["blocker_id", "blocked_id"], &["blocker_id", "blocked_id", "edge"]).take(),
        uploads(),
        table("media", &["id"], &["id", "owner_id", "like_count", "comment_count"])
            .col(ColumnDef::new("caption").text().null())
            .col(small("audience"))
            .take(),
        photos(),
        table("likes", &["media_id", "user_id"], &["media_id", "user_id", "liked_at"]).take(),
        table("comments", &["id"], &["id", "media_id", "author_id"]).col(text("body")).take(),
        table("idempotency_keys", &["owner_id", "key"], &["owner_id", "result_id", "made_at"])
            .col(text("key"))
            .col(text("input"))
            .take(),
    ]
}

fn log_tables() -> Vec<TableCreateStatement> {
    vec![
        numbered("outbox").col(text("fact")).col(ColumnDef::new("recorded_at").big_integer().not_null()).take(),
        table("log", &["position"], &["position", "recorded_at"]).col(text("fact")).take(),
        table("log_head", &["id"], &["id", "position"]).col(text("identity")).take(),
        numbered("steps")
            .col(text("step"))
            .col(ColumnDef::new("due_at").big_integer().not_null())
            .col(ColumnDef::new("tries").integer().not_null().default(0))
            .col(ColumnDef::new("leased_until").big_integer().not_null().default(0))
            .col(ColumnDef::new("buried_at").big_integer().null())
            .col(ColumnDef::new("error").text().null())
            .take(),
    ]
}

fn uploads() -> TableCreateStatement {
    table("uploads", &["id"], &["id", "owner_id", "byte_size", "received_bytes", "expires_at"])
        .col(text("secret"))
        .col(small("status"))
        .col(text("content_type"))
        .col(ColumnDef::new("sha256").text().null())
        .col(ColumnDef::new("image_key").text().null())
        .col(ColumnDef::new("width").integer().null())
        .col(ColumnDef::new("height").integer().null())
        .col(ColumnDef::new("blur_hash").text().null())
        .col(ColumnDef::new("dominant_color").text().null())
        .col(ColumnDef::new("rejection").text().null())
        .take()
}

fn photos() -> TableCreateStatement {
    table("photos", &["id"], &["id", "media_id"])
        .col(small("position"))
        .col(text("image_key"))
        .col(text("content_type"))
        .col(ColumnDef::new("width").integer().not_null())
        .col(ColumnDef::new("height").integer().not_null())
        .col(text("blur_hash"))
        .col(text("dominant_color"))
        .col(ColumnDef::new("alt_text").text().null())
        .take()
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        index("sessions", &["user_id", "id"]),
        index("sessions", &["ended_at"]),
        index("followers", &["followee_id", "state", "edge"]),
        index("following", &["follower_id", "state", "edge"]),
        index("blocks", &["blocker_id", "edge"]),
        index("uploads", &["owner_id", "status"]),
        index("uploads", &["status", "expires_at"]),
        index("media", &["owner_id", "id"]),
        index("photos", &["media_id", "position"]),
        index("comments", &["media_id", "id"]),
        index("idempotency_keys", &["made_at"]),
        index("log", &["recorded_at"]),
        index("steps", &["buried_at", "due_at"]),
    ]
}

/// The head of the log, with a random name by which cursors of another server are told from ours.
async fn start_log(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let identity = bs58::encode(crate::base::chance::Chance::default().bytes::<8>()).into_string();
    let insert = Query::insert()
        .into_table("log_head")
        .columns(["id", "position", "identity"])
        .values_panic([1.into(), 0.into(), identity.into()])
        .to_owned();
    let statement: Statement = manager.get_database_backend().build(&insert);
    manager.get_connection().execute_raw(statement).await.map(|_| ())
}

/// A table with a primary key and its 64-bit numbers.
fn table(name: &'static str, key: &[&'static str], numbers: &[&'static str]) -> TableCreateStatement {
    let mut table = Table::create();
    table.table(name);
    for number in numbers {
        table.col(ColumnDef::new(*number).big_integer().not_null());
    }
    let mut primary = Index::create();
    for column in key {
        primary.col(*column);
    }
    table.primary_key(&mut primary);
    table
}

/// A table whose key counts up by itself.
fn numbered(name: &'static str) -> TableCreateStatement {
    let mut table = Table::create();
    table.table(name).col(ColumnDef::new("id").big_integer().not_null().auto_increment().primary_key());
    table
}

fn text(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).text().not_null().take()
}

fn small(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).small_integer().not_null().take()
}

fn index(table: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create();
    index.name(format!("{table}_by_{}", columns.join("_"))).table(table);
    for column in columns {
        index.col(*column);
    }
    index
}
