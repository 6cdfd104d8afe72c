//! Fresh databases for one story: a SQLite file in its folder, or two new Postgres databases as two shards.
//!
//! `tests/run` says which, by `PHOTOGRAPH_TEST_BACKEND`, and where Postgres is, by `PHOTOGRAPH_TEST_POSTGRES`.

use std::collections::BTreeMap;

use photograph::base::chance::Chance;
use photograph::base::config::Config;
use photograph::platform::blobs::hex;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection};

/// The databases of one server.
pub enum Databases {
    /// What a server makes in its own folder.
    Embedded,
    /// Two databases of a Postgres server, each with half of the logical shards.
    Postgres { server: String, names: [String; 2] },
}

impl Databases {
    /// New and empty ones.
    pub async fn fresh() -> Self {
        match setting("PHOTOGRAPH_TEST_BACKEND").as_deref() {
            None | Some("embedded") => Self::Embedded,
            Some("postgres") => Self::in_postgres().await,
            Some(other) => panic!("PHOTOGRAPH_TEST_BACKEND is embedded or postgres, not {other:?}"),
        }
    }

    async fn in_postgres() -> Self {
        let server =
            setting("PHOTOGRAPH_TEST_POSTGRES").expect("PHOTOGRAPH_TEST_POSTGRES is postgres://USER@HOST:PORT");
        let story = hex(&Chance::default().bytes::<8>());
        let names = ["a", "b"].map(|half| format!("photograph_test_{story}_{half}"));
        for name in &names {
            run(&server, &format!("CREATE DATABASE {name}")).await;
        }
        Self::Postgres { server, names }
    }

    /// The ranges of logical shards and where each lives; empty when the server's own folder will do.
    pub fn shards(&self) -> BTreeMap<String, String> {
        let Self::Postgres { server, names: [a, b] } = self else { return BTreeMap::new() };
        [("0-4095", a), ("4096-8191", b)].map(|(range, name)| (range.to_owned(), format!("{server}/{name}"))).into()
    }

    /// Tells a server to use them, with few connections: many servers run at once.
    pub fn configure(&self, config: &mut Config) {
        config.database.shards = self.shards();
        config.database.connections.0 = 8;
    }

    /// Removes them. What a failed story leaves goes with the server of `tests/run`.
    pub async fn drop(&self) {
        let Self::Postgres { server, names } = self else { return };
        for name in names {
            run(server, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
    }
}

async fn run(server: &str, statement: &str) {
    let connection: DatabaseConnection =
        Database::connect(format!("{server}/postgres")).await.expect("Postgres answers");
    connection.execute_unprepared(statement).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
    connection.close().await.expect("the connection closes");
}

#[expect(clippy::disallowed_methods, reason = "tests are told by their environment where they run")]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
