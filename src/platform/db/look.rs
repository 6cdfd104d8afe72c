//! A look at every configured database, for an operator: whether it is there, what it is, and how to mend what is wrong.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Executor, Row};
use tokio::time::{Instant, sleep, timeout};

use super::connect::{self, Manner};
use super::{health, migrate};
use crate::base::config::Config;
use crate::base::edition::LEVEL;
use crate::base::error::{Error, Result};

/// How long a replica is given to reach where its primary was.
const CATCH_UP: Duration = Duration::from_secs(5);
/// How long a question may wait behind another connection before that counts as an answer.
const STANDSTILL: Duration = Duration::from_secs(1);

/// What was found at one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What it is and where, without the name and password of who asks.
    pub what: String,
    /// What was seen, a sentence each.
    pub seen: Vec<String>,
    /// What is wrong, with the way to mend it.
    pub wrong: Vec<String>,
}

/// Looks at every database and every replica. Changes nothing.
///
/// # Errors
/// When the configuration has no sense.
pub async fn look(config: &Config) -> Result<Vec<Found>> {
    let manner = Manner::of(config, &Arc::default());
    let copies = config.replicas().map_err(Error::internal)?;
    let mut addresses: Vec<String> = Vec::new();
    for (_, address) in config.databases().map_err(Error::internal)? {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    let mut found = Vec::new();
    for address in addresses {
        if let Some(file) = connect::file(&address) {
            found.push(in_file(&file).await);
            continue;
        }
        let options = manner.options(&address)?;
        found.push(at_server(&manner, &options).await);
        for copy in copies.get(&address).into_iter().flatten() {
            let most = Duration::from_millis(config.database.limits.replica_lag_milliseconds);
            found.push(at_replica(&options, &manner.options(copy)?, most).await);
        }
    }
    Ok(found)
}

/// The changes of the schema that a database has.
const APPLIED: &str = "SELECT version FROM seaql_migrations";
/// The level of the oldest program that may run on it.
const OLDEST: &str = "SELECT oldest FROM schema_compat";

impl Found {
    /// Compares the changes of the schema that a database has with those of this program.
    fn compare(&mut self, Schema { applied, oldest }: &Schema) {
        let known = migrate::known();
        let missing = missing(applied);
        let newer = applied.iter().filter(|name| !known.contains(name)).count();
        if let Some(oldest) = oldest.filter(|oldest| *oldest > LEVEL) {
            self.wrong.push(format!("It cannot be used: {}.", migrate::too_old(oldest, LEVEL)));
        } else if missing > 0 {
            self.wrong.push(format!("Its schema lacks {missing} change(s). Run `photograph migrate`."));
        } else if newer > 0 {
            self.seen
                .push(format!("Its schema has {newer} change(s) of a newer version, which do not disturb this one."));
        } else {
            self.seen.push("Its schema is up to date.".into());
        }
    }

    fn new(what: String) -> Self {
        Self { what, seen: Vec::new(), wrong: Vec::new() }
    }

    fn out_of_reach(mut self, why: impl std::fmt::Display) -> Self {
        self.wrong
            .push(format!("It cannot be used: {why}. Check the address, and that the server runs and lets us in."));
        self
    }
}

async fn in_file(file: &Path) -> Found {
    let mut found = Found::new(format!("SQLite {}", file.display()));
    if !file.is_file() {
        found.seen.push("It is made at the first start.".into());
        return found;
    }
    match schema_in(file).await {
        Ok(schema) => found.compare(&schema),
        Err(error) => {
            found.wrong.push(format!("It is no database of photograph: {error}. Set server.data or database.url."));
        }
    }
    found
}

/// What a database says of its schema.
struct Schema {
    applied: Vec<String>,
    oldest: Option<i16>,
}

/// How many changes a schema lacks.
fn missing(applied: &[String]) -> usize {
    migrate::known().iter().filter(|name| !applied.contains(name)).count()
}

/// The changes of the schema that a file has. Nothing is written, so a server may run on it.
async fn schema_in(file: &Path) -> sqlx::Result<Schema> {
    let mut connection = SqliteConnectOptions::new().filename(file).read_only(true).connect().await?;
    let rows = connection.fetch_all(APPLIED).await?;
    let applied = rows.iter().map(|row| row.try_get(0)).collect::<sqlx::Result<Vec<_>>>()?;
    // It has the table when it has all changes that this program knows.
    let is_whole = missing(&applied) == 0;
    let oldest = if is_whole { Some(connection.fetch_one(OLDEST).await?.try_get(0)?) } else { None };
    Ok(Schema { applied, oldest })
}

async fn at_server(manner: &Manner, options: &PgConnectOptions) -> Found {
    let mut found = Found::new(format!("Postgres {}", connect::name(options)));
    let mut connection = None;
    let sight = match health::look(options, &mut connection).await {
        Ok(sight) => sight,
        Err(silence) => return found.out_of_reach(silence),
    };
    if sight.is_copy {
        found.wrong.push("It takes no writes: it is a replica. Name the primary here.".into());
    }
    let Some(mut connection) = connection else { return found };
    if let Err(error) = describe(&mut found, &mut connection).await {
        return found.out_of_reach(error);
    }
    match is_pooler(options, &mut connection).await {
        Err(error) => return found.out_of_reach(error),
        Ok(true) if manner.is_pooled => found.seen.push("A pooler gives each transaction any connection.".into()),
        Ok(true) => found.wrong.push(
            "A pooler in transaction mode stands before it, and this server does not know. Set database.pooled = true."
                .into(),
        ),
        Ok(false) if manner.is_pooled => {
            found.seen.push("No pooler was noticed; database.pooled costs time then.".into());
        }
        Ok(false) => {}
    }
    found
}

async fn describe(found: &mut Found, connection: &mut PgConnection) -> sqlx::Result<()> {
    let version: String = connection.fetch_one("SELECT current_setting('server_version')").await?.try_get(0)?;
    found.seen.push(format!("Version {version} answers."));
    if version.split('.').next().and_then(|major| major.parse::<u32>().ok()).is_some_and(|major| major < 14) {
        found.wrong.push("It is older than version 14, which photograph needs.".into());
    }
    let there: String =
        connection.fetch_one("SELECT (to_regclass('seaql_migrations') IS NOT NULL)::text").await?.try_get(0)?;
    if there != "true" {
        found.wrong.push("It has no schema yet. Run `photograph migrate`.".into());
        return Ok(());
    }
    let rows = connection.fetch_all(APPLIED).await?;
    let applied = rows.iter().map(|row| row.try_get(0)).collect::<sqlx::Result<Vec<_>>>()?;
    let is_whole = missing(&applied) == 0;
    let oldest = if is_whole { Some(connection.fetch_one(OLDEST).await?.try_get(0)?) } else { None };
    found.compare(&Schema { applied, oldest });
    Ok(())
}

/// Whether connections to the server are shared: while one of ours is in a transaction, another of ours must keep the
/// process of the server that it had.
async fn is_pooler(options: &PgConnectOptions, first: &mut PgConnection) -> sqlx::Result<bool> {
    let mut second = options.connect().await?;
    let before = process(first).await?;
    second.execute("BEGIN").await?;
    let taken = process(&mut second).await?;
    let after = timeout(STANDSTILL, process(first)).await;
    second.execute("ROLLBACK").await?;
    Ok(match after {
        Ok(after) => taken == before || after? != before,
        // It waits for the other one to be done.
        Err(_) => true,
    })
}

async fn process(connection: &mut PgConnection) -> sqlx::Result<String> {
    connection.fetch_one("SELECT pg_backend_pid()::text").await?.try_get(0)
}

async fn at_replica(primary: &PgConnectOptions, options: &PgConnectOptions, most: Duration) -> Found {
    let mut found = Found::new(format!("Replica {}", connect::name(options)));
    let mut connections = (None, None);
    let Ok(goal) = health::look(primary, &mut connections.0).await else {
        found.wrong.push("How far it is behind cannot be told: its primary does not answer.".into());
        return found;
    };
    let began = Instant::now();
    loop {
        let sight = match health::look(options, &mut connections.1).await {
            Ok(sight) => sight,
            Err(silence) => return found.out_of_reach(silence),
        };
        if !sight.is_copy {
            found.wrong.push("It is no replica. Name a copy of the primary here.".into());
            return found;
        }
        if sight.position >= goal.position {
            found.seen.push(format!("It is at most {} ms behind.", began.elapsed().as_millis()));
            return found;
        }
        if began.elapsed() > CATCH_UP.max(most) {
            let bytes = goal.position - sight.position;
            found
                .wrong
                .push(format!("It is {bytes} bytes of the journal behind, so the primary answers in its place."));
            return found;
        }
        sleep(Duration::from_millis(20)).await;
    }
}
