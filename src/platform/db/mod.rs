//! The databases: which of them holds what, and how one writes to and reads from them.
//!
//! A row lives on the logical shard of the id it is looked up by; the configuration maps logical shards to databases.
//! What must stay true: a transaction touches one database, and there is no network call or message inside it.

mod connect;
mod gather;
mod keyset;
mod migrate;
mod tx;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sea_orm::{ConnectionTrait, DatabaseConnection, SqliteTransactionMode, TransactionOptions, TransactionTrait};
use tokio::sync::Notify;

use crate::base::config::Config;
use crate::base::error::{Error, Result};
use crate::base::ids::{LOGICAL_SHARDS, Sharded};

pub use keyset::keyset;
pub use tx::Tx;

/// All databases of the server.
#[derive(Debug)]
pub struct Db {
    databases: Vec<Arc<Database>>,
    by_shard: Vec<usize>,
    statements: Arc<AtomicU64>,
}

/// One database, which holds one or more ranges of logical shards.
#[derive(Debug)]
pub struct Database {
    /// Its number, from 0, in the order of its first logical shard.
    pub number: usize,
    /// Told when a transaction left facts in the outbox.
    pub outbox_filled: Notify,
    /// Told when there are new steps to do.
    pub steps_stored: Notify,
    writer: DatabaseConnection,
    reader: DatabaseConnection,
    file: Option<PathBuf>,
}

impl Db {
    /// Connects to every configured database and brings its schema up to date.
    ///
    /// # Errors
    /// When one cannot be reached, or its schema is newer than this program.
    pub async fn open(config: &Config) -> Result<Self> {
        let statements = Arc::new(AtomicU64::new(0));
        let mut databases: Vec<Arc<Database>> = Vec::new();
        let mut numbers = HashMap::new();
        let mut by_shard = vec![0; usize::from(LOGICAL_SHARDS)];
        for (range, address) in config.databases().map_err(Error::internal)? {
            let number = *numbers.entry(address.clone()).or_insert(databases.len());
            if number == databases.len() {
                let (writer, reader) = connect::connect(&address, config.database.connections, &statements).await?;
                let (outbox_filled, steps_stored) = (Notify::new(), Notify::new());
                let file = connect::file(&address);
                databases.push(Arc::new(Database { number, outbox_filled, steps_stored, writer, reader, file }));
            }
            by_shard[usize::from(*range.start())..=usize::from(*range.end())].fill(number);
        }
        Ok(Self { databases, by_shard, statements })
    }

    /// Brings the schema of every database up to date.
    ///
    /// # Errors
    /// When a change fails, or a database has changes that this program does not know.
    pub async fn migrate(&self) -> Result<()> {
        for database in &self.databases {
            migrate::up(&database.writer, database.file.as_deref()).await?;
        }
        Ok(())
    }

    /// All databases, in order.
    #[must_use]
    pub fn databases(&self) -> &[Arc<Database>] {
        &self.databases
    }

    /// The database of something.
    pub fn database(&self, place: &impl Sharded) -> &Arc<Database> {
        &self.databases[self.by_shard[usize::from(place.shard().number())]]
    }

    /// Does a piece of work in one transaction on the primary of `place`, and commits when it succeeds.
    ///
    /// # Errors
    /// Those of the work, after which nothing has changed, and those of the database.
    pub async fn write<T, F>(&self, place: &impl Sharded, work: F) -> Result<T>
    where
        F: AsyncFnOnce(&Tx) -> Result<T>,
    {
        self.database(place).write(work).await
    }

    /// What to read from when the newest state is not needed. There are no replicas yet: the primary answers.
    pub fn read(&self, place: &impl Sharded) -> &DatabaseConnection {
        &self.database(place).reader
    }

    /// What to read from when one's own writes must be seen: the primary.
    pub fn read_own(&self, place: &impl Sharded) -> &DatabaseConnection {
        &self.database(place).reader
    }

    /// How many SQL statements ran so far, transactions not counted. For tests and budgets.
    #[must_use]
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    /// Whether every database answers.
    ///
    /// # Errors
    /// When one does not.
    pub async fn ping(&self) -> Result<()> {
        for database in &self.databases {
            database.reader.execute_unprepared("SELECT 1").await?;
        }
        Ok(())
    }
}

impl Database {
    /// Does a piece of work in one transaction, and commits when it succeeds.
    ///
    /// # Errors
    /// Those of the work, after which nothing has changed, and those of the database.
    pub async fn write<T, F>(&self, work: F) -> Result<T>
    where
        F: AsyncFnOnce(&Tx) -> Result<T>,
    {
        let immediate = Some(SqliteTransactionMode::Immediate);
        let options = TransactionOptions { sqlite_transaction_mode: immediate, ..TransactionOptions::default() };
        let tx = Tx::new(self.writer.begin_with_options(options).await?);
        match work(&tx).await {
            Ok(value) => {
                let recorded = tx.commit().await?;
                if recorded {
                    self.outbox_filled.notify_one();
                }
                Ok(value)
            }
            Err(error) => {
                tx.roll_back().await;
                Err(error)
            }
        }
    }

    /// What to read from: the primary.
    #[must_use]
    pub fn read_own(&self) -> &DatabaseConnection {
        &self.reader
    }
}
