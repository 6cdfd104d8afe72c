//! The databases: which of them holds what, and how one writes to and reads from them.
//!
//! A row lives on the logical shard of the id it is looked up by; the configuration maps logical shards to databases.
//! What must stay true: a transaction touches one database, and there is no network call or message inside it.

mod connect;
pub mod fleet;
mod gather;
mod health;
mod kept;
mod keyset;
pub mod lease;
mod look;
mod migrate;
mod pooled;
mod reader;
mod replicas;
mod tx;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sea_orm::ConnectionTrait;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::base::config::Config;
use crate::base::edition::Edition;
use crate::base::error::{Error, Result};
use crate::base::facts::Fact;
use crate::base::ids::{LOGICAL_SHARDS, Sharded};

use connect::Manner;
use fleet::Fleet;
use health::{Health, Watched};
use replicas::{Replicas, Ticks};

pub use gather::IN_LIST;
pub use kept::Kept;
pub use keyset::keyset;
pub use look::{Found, look};
pub use reader::Reader;
pub use tx::{Connection, Tx};

/// How often a database is asked whether it is there; with replicas, several times within what they may be behind.
const LOOK: Duration = Duration::from_secs(1);
/// How often within the time that replicas may be behind.
const LOOKS: u32 = 8;

/// All databases of the server.
#[derive(Debug)]
pub struct Db {
    databases: Vec<Arc<Database>>,
    by_shard: Vec<usize>,
    /// When each logical shard was last written to by this process.
    written: Arc<[AtomicU64]>,
    ticks: Ticks,
    statements: Arc<AtomicU64>,
    /// Rows kept in memory.
    pub kept: Arc<Kept>,
    /// Which versions of the program run.
    pub fleet: Arc<Fleet>,
    edition: Edition,
    watching: Mutex<JoinSet<()>>,
}

/// One database, which holds one or more ranges of logical shards.
#[derive(Debug)]
pub struct Database {
    /// Its number, from 0, in the order of its first logical shard.
    pub number: usize,
    /// Told when a transaction left facts in the outbox.
    pub outbox_filled: Arc<Notify>,
    /// Told when there are new steps to do.
    pub steps_stored: Notify,
    /// Rows kept in memory, those of all databases.
    pub kept: Arc<Kept>,
    /// Which versions of the program run.
    pub fleet: Arc<Fleet>,
    writer: Reader,
    reader: Reader,
    replicas: Arc<Replicas>,
    home: Home,
}

/// Where a database is.
#[derive(Debug)]
enum Home {
    File(PathBuf),
    Server { options: Box<PgConnectOptions>, is_pooled: bool },
}

/// What opening a database needs.
struct Opening<'a> {
    manner: Manner,
    most_behind: Duration,
    ticks: Ticks,
    kept: Arc<Kept>,
    fleet: Arc<Fleet>,
    watching: &'a mut JoinSet<()>,
}

impl Db {
    /// Connects to every configured database.
    ///
    /// # Errors
    /// When one cannot be reached. Replicas may be away.
    pub async fn open(config: &Config) -> Result<Self> {
        Self::open_as(config, Edition::Current).await
    }

    /// The same for a process of an edition.
    ///
    /// # Errors
    /// When one cannot be reached. Replicas may be away.
    pub async fn open_as(config: &Config, edition: Edition) -> Result<Self> {
        let (statements, ticks, mut watching) = (Arc::new(AtomicU64::new(0)), Ticks::begin(), JoinSet::new());
        let most_behind = Duration::from_millis(config.database.limits.replica_lag_milliseconds);
        let manner = Manner::of(config, &statements);
        let addresses = config.databases().map_err(Error::internal)?;
        let look = Duration::from_millis(config.log.poll_milliseconds);
        let kept = Arc::new(Kept::new(config.cache.entries, addresses.len(), look));
        let fleet = Arc::new(Fleet::of(edition));
        let (watched, shared) = (&mut watching, (kept.clone(), fleet.clone()));
        let mut opening = Opening { manner, most_behind, ticks, kept: shared.0, fleet: shared.1, watching: watched };
        let mut databases: Vec<Arc<Database>> = Vec::new();
        let mut numbers = HashMap::new();
        let mut by_shard = vec![0; usize::from(LOGICAL_SHARDS)];
        let copies = config.replicas().map_err(Error::internal)?;
        for (range, address) in addresses {
            let number = *numbers.entry(address.clone()).or_insert(databases.len());
            if number == databases.len() {
                let copies = copies.get(&address).map_or(&[][..], Vec::as_slice);
                databases.push(Arc::new(opening.open(number, &address, copies).await?));
            }
            by_shard[usize::from(*range.start())..=usize::from(*range.end())].fill(number);
        }
        let written = (0..LOGICAL_SHARDS).map(|_| AtomicU64::new(0)).collect();
        Ok(Self {
            databases,
            by_shard,
            written,
            ticks,
            statements,
            kept,
            fleet,
            edition,
            watching: Mutex::new(watching),
        })
    }

    /// Brings the schema of every database up to date.
    ///
    /// # Errors
    /// When a change fails, or a database needs a newer program.
    pub async fn migrate(&self) -> Result<()> {
        for database in &self.databases {
            migrate::up(database, self.edition).await?;
        }
        // Replicas get the tables a little later.
        self.written.iter().for_each(|written| written.store(self.ticks.now(), Ordering::Relaxed));
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
        let (written, ticks) = (self.written.clone(), self.ticks);
        let shard = usize::from(place.shard().number());
        let mark = move || written[shard].store(ticks.now(), Ordering::Relaxed);
        self.database(place).write_and(work, mark).await
    }

    /// What to read from when the newest state is not needed: a replica that is fresh enough, or the primary. What this
    /// process has written to the same logical shard is seen; what others wrote, as late as `replica_lag_milliseconds`. So
    /// it is not for what the viewer may have written: their last request may have gone to another process.
    pub fn read(&self, place: &impl Sharded) -> &Reader {
        let database = self.database(place);
        let written = self.written[usize::from(place.shard().number())].load(Ordering::Relaxed);
        database.replicas.fresh(written).unwrap_or(&database.reader)
    }

    /// What to read from when one's own writes must be seen: the primary.
    pub fn read_own(&self, place: &impl Sharded) -> &Reader {
        &self.database(place).reader
    }

    /// How many SQL statements ran so far, transactions not counted. For tests and budgets.
    #[must_use]
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    /// Looks no longer whether the databases are there: the program stops.
    pub fn rest(&self) {
        self.watching.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
    }

    /// Whether every database answers.
    ///
    /// # Errors
    /// When one does not.
    pub async fn ping(&self) -> Result<()> {
        for database in &self.databases {
            database.ping().await?;
        }
        Ok(())
    }
}

impl Opening<'_> {
    async fn open(&mut self, number: usize, address: &str, copies: &[String]) -> Result<Database> {
        if let Some(file) = connect::file(address) {
            return self.sqlite(number, file).await;
        }
        let options = self.manner.options(address)?;
        let connection = connect::reach(&options).await?;
        let primary = Reader { pool: self.manner.pool(options.clone()), health: Health::new(false), instead: None };
        let (mut readers, mut watched) = (Vec::new(), Vec::new());
        for copy in copies {
            let options = self.manner.options(copy)?;
            let (pool, health) = (self.manner.pool(options.clone()), Health::new(false));
            readers.push(Reader { pool, health: health.clone(), instead: Some(Arc::new(primary.clone())) });
            watched.push((options, health));
        }
        let replicas = Arc::new(Replicas::new(readers, self.ticks, self.most_behind));
        self.watch_primary(options.clone(), primary.health.clone(), connection, &replicas);
        for (number, (options, health)) in watched.into_iter().enumerate() {
            self.watch_replica(number, options, health, &replicas);
        }
        let home = Home::Server { options: Box::new(options), is_pooled: self.manner.is_pooled };
        Ok(Database::new(number, (&self.kept, &self.fleet), (primary.clone(), primary), replicas, home))
    }

    async fn sqlite(&self, number: usize, file: PathBuf) -> Result<Database> {
        let pools = self.manner.sqlite(&file).await?;
        let [writer, reader] =
            [pools.0, pools.1].map(|pool| Reader { pool, health: Health::new(false), instead: None });
        let replicas = Arc::new(Replicas::new(Vec::new(), self.ticks, self.most_behind));
        Ok(Database::new(number, (&self.kept, &self.fleet), (writer, reader), replicas, Home::File(file)))
    }

    fn watch_primary(
        &mut self,
        options: PgConnectOptions,
        health: Arc<Health>,
        connection: PgConnection,
        replicas: &Arc<Replicas>,
    ) {
        let every = if replicas.is_empty() { LOOK } else { self.often() };
        let watched = Watched { name: connect::name(&options), options, is_copy: false, every, health };
        let replicas = replicas.clone();
        self.watching.spawn(health::watch(watched, Some(connection), move |sight| replicas.note_primary(sight)));
    }

    fn watch_replica(
        &mut self,
        number: usize,
        options: PgConnectOptions,
        health: Arc<Health>,
        replicas: &Arc<Replicas>,
    ) {
        let name = connect::name(&options);
        let watched = Watched { name, options, is_copy: true, every: self.often(), health };
        let replicas = replicas.clone();
        self.watching.spawn(health::watch(watched, None, move |sight| replicas.note_replica(number, sight)));
    }

    fn often(&self) -> Duration {
        (self.most_behind / LOOKS).clamp(Duration::from_millis(25), LOOK)
    }
}

impl Database {
    fn new(
        number: usize,
        (kept, fleet): (&Arc<Kept>, &Arc<Fleet>),
        (writer, reader): (Reader, Reader),
        replicas: Arc<Replicas>,
        home: Home,
    ) -> Self {
        let (outbox_filled, steps_stored) = (Arc::default(), Notify::new());
        Self {
            number,
            outbox_filled,
            steps_stored,
            kept: kept.clone(),
            fleet: fleet.clone(),
            writer,
            reader,
            replicas,
            home,
        }
    }

    /// Does a piece of work in one transaction, and commits when it succeeds.
    ///
    /// # Errors
    /// Those of the work, after which nothing has changed, and those of the database.
    pub async fn write<T, F>(&self, work: F) -> Result<T>
    where
        F: AsyncFnOnce(&Tx) -> Result<T>,
    {
        self.write_and(work, || {}).await
    }

    /// What follows a commit follows it also when nobody waits for its answer any more.
    async fn write_and<T, F>(&self, work: F, mark: impl Fn() + Send + Sync + 'static) -> Result<T>
    where
        F: AsyncFnOnce(&Tx) -> Result<T>,
    {
        let tx = Tx::begin(&self.writer, &self.fleet).await?;
        match work(&tx).await {
            Ok(value) => {
                let (kept, outbox_filled) = (self.kept.clone(), self.outbox_filled.clone());
                let after = move |facts: &[Fact]| {
                    for fact in facts {
                        kept.forget(fact);
                    }
                    mark();
                    if !facts.is_empty() {
                        outbox_filled.notify_one();
                    }
                };
                tx.commit(after).await.map(|()| value)
            }
            Err(error) => {
                tx.roll_back().await;
                Err(error)
            }
        }
    }

    /// What to read from: the primary.
    #[must_use]
    pub fn read_own(&self) -> &Reader {
        &self.reader
    }

    /// Whether it answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<()> {
        Ok(self.reader.execute_unprepared("SELECT 1").await.map(|_| ())?)
    }
}
