//! Bringing databases up to date: once, by one process at a time, and never back.

use std::collections::BTreeMap;

use photograph::app::App;
use photograph::base::clock::Clock;
use photograph::platform::log;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, QueryResult, Statement};

use crate::kit::parts::Parts;
use crate::kit::program::run;
use crate::kit::{Folder, Kit};

#[tokio::test]
async fn an_older_program_starts_on_a_newer_schema_unless_that_needs_a_newer_one() {
    let kit = Kit::start().await;
    let newer = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m29990101_000001_later', 0)";
    let much_newer = "UPDATE schema_compat SET oldest = 99";
    let database = kit.app.db.databases().last().expect("a database");
    for (change, is_refused) in [(newer, false), (much_newer, true), ("UPDATE schema_compat SET oldest = 1", false)] {
        database
            .write(async |tx| Ok(tx.conn().execute_unprepared(change).await.map(|_| ())?))
            .await
            .expect("the tables of migrations can be written");
        let started = App::start(kit.app.config.clone(), Clock::system()).await;
        let said = started.err().map(|error| error.detail());
        assert_eq!(
            said.as_ref().is_some_and(|said| said.contains("needs a program of level 99")),
            is_refused,
            "{said:?}"
        );
        assert_eq!(said.is_some(), is_refused, "{said:?}");
    }
    kit.ends().await;
}

#[tokio::test]
async fn processes_that_start_at_once_do_not_get_into_each_others_way() {
    let parts = Parts::fresh().await;
    let folder = Folder::fresh();
    std::fs::write(folder.0.join("photograph.toml"), parts.toml()).expect("a file in the folder");
    let migrate = || run(&folder.0, &["migrate", "--data", "data"], &[]);
    let all: Vec<_> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..6).map(|_| scope.spawn(migrate)).collect();
        running.into_iter().map(|running| running.join().expect("a process")).collect()
    });
    for output in all {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    parts.drop().await;
}

/// Stories run on copies of one migrated database (`kit/template.rs`), whose log is renamed. If this fails, rename there what
/// is random as well.
#[tokio::test]
async fn the_identity_of_the_log_is_all_that_differs_between_migrated_databases() {
    let [one, another] = [migrated().await, migrated().await];
    assert!(one.contains_key("log_head") && one.len() > 20, "every table is looked at: {:?}", one.keys());
    let differing: Vec<_> = one.iter().filter(|(table, rows)| another.get(*table) != Some(rows)).collect();
    assert!(matches!(differing[..], [(table, _)] if table == "log_head"), "{differing:?}");
    assert_eq!(one.len(), another.len());
}

#[tokio::test]
async fn every_story_has_a_log_of_its_own() {
    let (one, another) = (Kit::start().await, Kit::start().await);
    assert_ne!(one.app.live.identity(), another.app.live.identity());
    let databases = one.app.db.databases();
    let mut identities = Vec::new();
    for database in databases {
        identities.push(log::identity(database).await.expect("the head of the log"));
    }
    identities.sort();
    identities.dedup();
    assert_eq!(identities.len(), databases.len());
    one.ends().await;
    another.ends().await;
}

/// The rows of every table of a new, migrated SQLite database, as text.
async fn migrated() -> BTreeMap<String, Vec<String>> {
    let folder = Folder::fresh();
    let done = run(&folder.0, &["migrate", "--data", "."], &[]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let file = folder.0.join("photograph.sqlite");
    let database = Database::connect(format!("sqlite:{}", file.display())).await.expect("the database opens");
    // When each change was applied is not what it does.
    let tables = "SELECT m.name AS name, group_concat('quote(' || c.name || ')', '||'',''||') AS row \
        FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND c.name <> 'applied_at' GROUP BY m.name";
    let mut all = BTreeMap::new();
    for table in rows(&database, tables).await {
        let [name, row] = ["name", "row"].map(|column| table.try_get::<String>("", column).expect("a text"));
        let rows = rows(&database, &format!("SELECT {row} AS row FROM \"{name}\"")).await;
        let rows = rows.iter().map(|row| row.try_get("", "row").expect("a text"));
        let mut rows: Vec<String> = rows.collect();
        rows.sort();
        all.insert(name, rows);
    }
    database.close().await.expect("the database closes");
    all
}

async fn rows(database: &DatabaseConnection, query: &str) -> Vec<QueryResult> {
    database.query_all_raw(Statement::from_string(DbBackend::Sqlite, query)).await.expect("the rows")
}
