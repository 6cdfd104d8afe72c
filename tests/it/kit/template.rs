//! One migrated database, made once in a run of the tests, of which each story gets a copy: to migrate one takes longer
//! than most stories.
//!
//! nextest runs each story in a process of its own, so they agree by a lock on a file in the folder of the run. What
//! migrating makes at random is renewed in each copy; a story of `migrating` notices when that is more.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use photograph::base::chance::Chance;
use photograph::platform::blobs::hex;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection};

use super::parts::{connect, statement};
use super::program::{PROGRAM, run};
use super::{Folder, setting};

/// Copies a migrated SQLite database to a file that is not there yet.
pub async fn copy_to_file(file: &Path) {
    let template = folder().join(format!("{}.sqlite", name()));
    if !template.exists() {
        let _lock = lock();
        if !template.exists() {
            make_file(&template).await;
        }
    }
    std::fs::create_dir_all(file.parent().expect("its folder")).expect("a folder for the database");
    std::fs::copy(&template, file).expect("a copy of the template");
    let connection = open(&format!("sqlite:{}", file.display())).await;
    // Nothing has to survive a power cut here.
    connection.execute_unprepared("PRAGMA synchronous = OFF").await.expect("a setting of the connection");
    renew(connection).await;
}

/// Makes migrated databases of these names on a Postgres server.
pub async fn copy_on_server(server: &str, databases: &[String]) {
    let template = name();
    let postgres = connect(server, "postgres").await;
    if !is_there(&postgres, &template).await {
        let _lock = lock();
        if !is_there(&postgres, &template).await {
            make_on_server(server, &postgres, &template).await;
        }
    }
    for database in databases {
        execute(&postgres, &format!("CREATE DATABASE {database} TEMPLATE {template}")).await;
        renew(connect(server, database).await).await;
    }
    postgres.close().await.expect("the connection closes");
}

/// Gives a copy a log of its own: by its identity cursors and channels are told from those of other servers.
async fn renew(copy: DatabaseConnection) {
    let identity = hex(&Chance::default().bytes::<8>());
    execute(&copy, &format!("UPDATE log_head SET identity = '{identity}'")).await;
    copy.close().await.expect("the connection closes");
}

async fn make_file(template: &Path) {
    let folder = Folder::fresh();
    migrate(&folder, "");
    let made = folder.0.join("data/photograph.sqlite");
    let connection = open(&format!("sqlite:{}", made.display())).await;
    // Into one file, which closing alone does only when it is the last connection.
    connection.execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await.expect("the journal is added to the file");
    connection.close().await.expect("the connection closes");
    let part = template.with_extension("part");
    std::fs::copy(&made, &part).expect("a file in the folder of the run");
    std::fs::rename(&part, template).expect("the template gets its name when it is whole");
}

/// Directly, because a pooler holds connections, and a database with connections cannot be copied.
async fn make_on_server(server: &str, postgres: &DatabaseConnection, template: &str) {
    let part = format!("{template}_part");
    execute(postgres, &format!("DROP DATABASE IF EXISTS {part} WITH (FORCE)")).await;
    execute(postgres, &format!("CREATE DATABASE {part}")).await;
    migrate(&Folder::fresh(), &format!("[database]\nurl = \"{server}/{part}\"\n"));
    execute(postgres, &format!("ALTER DATABASE {part} WITH ALLOW_CONNECTIONS false")).await;
    execute(postgres, &format!("ALTER DATABASE {part} RENAME TO {template}")).await;
}

/// By a process of its own, whose connections end with it.
fn migrate(folder: &Folder, config: &str) {
    std::fs::write(folder.0.join("photograph.toml"), config).expect("a file in the folder");
    let done = run(&folder.0, &["migrate", "--data", "data"], &[]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

async fn is_there(postgres: &DatabaseConnection, database: &str) -> bool {
    let query = format!("SELECT 1 FROM pg_database WHERE datname = '{database}'");
    postgres.query_one_raw(statement(&query)).await.expect("the server answers").is_some()
}

/// Another program may have other migrations.
fn name() -> String {
    let program = std::fs::metadata(PROGRAM).expect("the program is there");
    let built = program.modified().expect("a time").duration_since(UNIX_EPOCH).expect("after 1970");
    format!("photograph_template_{:x}_{:x}", program.len(), built.as_nanos())
}

/// The folder of `tests/run`, which goes with it; else Cargo's for tests.
fn folder() -> PathBuf {
    let folder = setting("PHOTOGRAPH_TEST_RUN").map_or_else(|| env!("CARGO_TARGET_TMPDIR").into(), PathBuf::from);
    std::fs::create_dir_all(&folder).expect("the folder of the run");
    folder
}

/// Held until it is dropped. Who waits for it has nothing else to do.
fn lock() -> File {
    let file = File::create(folder().join("templates.lock")).expect("a file in the folder of the run");
    file.lock().expect("a lock");
    file
}

async fn open(address: &str) -> DatabaseConnection {
    Database::connect(address).await.unwrap_or_else(|error| panic!("{address}: {error}"))
}

async fn execute(connection: &DatabaseConnection, text: &str) {
    connection.execute_unprepared(text).await.unwrap_or_else(|error| panic!("{text}: {error}"));
}
