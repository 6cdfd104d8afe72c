//! Databases that are made for a benchmark and go with it, and the same rows for two of them.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::TryStreamExt;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection, Executor};
use url::Url;

use crate::base::error::{Error, Result};

/// Tables in which each program writes of itself.
const OWN: [&str; 2] = ["seaql_migrations", "leases"];
const COLUMNS: &str = "SELECT table_name::text, column_name::text FROM information_schema.columns
    WHERE table_schema = 'public' AND is_generated = 'NEVER'";
const SEQUENCES: &str = "SELECT sequencename::text, last_value FROM pg_sequences
    WHERE schemaname = 'public' AND last_value IS NOT NULL";

/// The address of another database on the same server.
pub(super) fn named(home: &str, database: &str) -> Result<String> {
    let mut url = Url::parse(home).map_err(Error::internal)?;
    url.set_path(database);
    Ok(url.into())
}

pub(super) async fn create(home: &str, database: &str) -> Result<()> {
    run(home, format!("CREATE DATABASE {database}")).await
}

pub(super) async fn remove(home: &str, database: &str) -> Result<()> {
    run(home, format!("DROP DATABASE {database} WITH (FORCE)")).await
}

/// Rows are packed and known to the planner, however they came.
pub(super) async fn vacuum(address: &str) -> Result<()> {
    run(address, "VACUUM ANALYZE".to_owned()).await
}

async fn run(address: &str, statement: String) -> Result<()> {
    connect(address).await?.execute(AssertSqlSafe(statement)).await.map_err(Error::internal)?;
    Ok(())
}

async fn connect(address: &str) -> Result<PgConnection> {
    PgConnection::connect(address).await.map_err(Error::internal)
}

/// Copies the columns that both have of the tables that both have, and how far sequences are.
pub(super) async fn copy(from: &str, to: &str) -> Result<()> {
    let (mut from, mut to) = (connect(from).await?, connect(to).await?);
    let there = columns(&mut to).await?;
    for (table, columns) in columns(&mut from).await? {
        let shared: Vec<&str> =
            there.get(&table).into_iter().flatten().filter(|column| columns.contains(*column)).map(|c| &**c).collect();
        if !shared.is_empty() && !OWN.contains(&&*table) {
            copy_table(&mut from, &mut to, &table, &format!("{table} (\"{}\")", shared.join("\", \""))).await?;
        }
    }
    let sequences: Vec<(String, i64)> =
        sqlx::query_as(SEQUENCES).fetch_all(&mut from).await.map_err(Error::internal)?;
    for (name, value) in sequences {
        let set = sqlx::query("SELECT setval(to_regclass($1), $2)").bind(name).bind(value);
        set.execute(&mut to).await.map_err(Error::internal)?;
    }
    Ok(())
}

async fn columns(connection: &mut PgConnection) -> Result<BTreeMap<String, BTreeSet<String>>> {
    let rows: Vec<(String, String)> = sqlx::query_as(COLUMNS).fetch_all(connection).await.map_err(Error::internal)?;
    let mut tables: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (table, column) in rows {
        tables.entry(table).or_default().insert(column);
    }
    Ok(tables)
}

async fn copy_table(from: &mut PgConnection, to: &mut PgConnection, table: &str, columns: &str) -> Result<()> {
    to.execute(AssertSqlSafe(format!("TRUNCATE {table}"))).await.map_err(Error::internal)?;
    let mut rows = from.copy_out_raw(&format!("COPY {columns} TO STDOUT")).await.map_err(Error::internal)?;
    let mut taking = to.copy_in_raw(&format!("COPY {columns} FROM STDIN")).await.map_err(Error::internal)?;
    while let Some(piece) = rows.try_next().await.map_err(Error::internal)? {
        taking.send(piece).await.map_err(Error::internal)?;
    }
    taking.finish().await.map_err(Error::internal)?;
    Ok(())
}
