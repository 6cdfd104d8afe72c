//! Fresh parts for one server: what it makes in its own folder, or what a company would run it on — two Postgres databases
//! as two shards, each behind a pooler and with a replica, Redis and S3.
//!
//! `tests/run` starts the servers and says where they are; a story's databases, keys and files on them are its own.

use std::path::Path;
use std::time::Duration;

use figment::Figment;
use figment::providers::{Format, Serialized, Toml};
use photograph::base::chance::Chance;
use photograph::base::config::Config;
use photograph::platform::blobs::hex;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};

use super::{eventually, setting, template};

/// The ranges of logical shards, each with how the name of its database ends.
const SHARDS: [(&str, &str); 2] = [("0-4095", "a"), ("4096-8191", "b")];
/// How long a replica may take to know of a new database.
const REPLICATION: Duration = Duration::from_secs(30);

/// The parts of one server.
pub enum Parts {
    /// What a server makes in its own folder.
    Embedded,
    /// Two databases of a Postgres server, and places of its own on the other servers.
    Production(Production),
}

/// A story's share of the servers.
pub struct Production {
    /// What its databases, keys and files are named after.
    pub story: String,
    /// Where the servers are.
    pub servers: Servers,
}

/// Where the servers are, as addresses without a name of a database.
#[derive(Clone, Debug)]
pub struct Servers {
    /// Postgres itself: databases are made and removed there.
    pub primary: String,
    /// The pooler before it, in transaction mode; the program talks to Postgres itself when there is none.
    pub pooler: Option<String>,
    /// The copy of all its databases.
    pub replica: String,
    /// Redis.
    pub redis: String,
    /// The S3 server.
    pub s3: String,
}

impl Parts {
    /// New and empty ones.
    pub async fn fresh() -> Self {
        match Servers::of_this_round() {
            None => Self::Embedded,
            Some(servers) => Self::Production(Production::on(servers).await),
        }
    }

    /// New ones whose databases have the schema of the program, for a server that keeps its data in this folder.
    pub async fn migrated(data: &Path) -> Self {
        let Some(servers) = Servers::of_this_round() else {
            template::copy_to_file(&data.join("photograph.sqlite")).await;
            return Self::Embedded;
        };
        Self::Production(Production::migrated_on(servers).await)
    }

    /// What a server has to be told, as its configuration file says it. Connections are few: many servers run at once.
    pub fn toml(&self) -> String {
        match self {
            Self::Embedded => "[database]\nconnections = 8\n".to_owned(),
            Self::Production(production) => production.addresses().toml(),
        }
    }

    /// Tells a server to use them.
    pub fn configure(&self, config: &mut Config) {
        let told = Figment::from(Serialized::defaults(&*config)).merge(Toml::string(&self.toml()));
        *config = told.extract().expect("the program has these options");
    }

    /// The addresses of the databases themselves, for a look inside. Embedded ones are in the server's data folder.
    pub fn databases(&self, data: &Path) -> Vec<String> {
        match self {
            Self::Embedded => vec![format!("sqlite:{}", data.join("photograph.sqlite").display())],
            Self::Production(production) => {
                production.databases().map(|name| format!("{}/{name}", production.servers.primary)).into()
            }
        }
    }

    /// Removes the databases. The rest, and what a failed story leaves, goes with the servers.
    pub async fn drop(&self) {
        if let Self::Production(production) = self {
            production.drop().await;
        }
    }
}

impl Production {
    /// New databases, keys and files on these servers.
    pub async fn on(servers: Servers) -> Self {
        let production = Self::named(servers);
        for name in production.databases() {
            run(&production.servers.primary, &format!("CREATE DATABASE {name}")).await;
        }
        production.are_replicated().await;
        production
    }

    async fn migrated_on(servers: Servers) -> Self {
        let production = Self::named(servers);
        template::copy_on_server(&production.servers.primary, &production.databases()).await;
        production.are_replicated().await;
        production
    }

    fn named(servers: Servers) -> Self {
        Self { story: format!("photograph_test_{}", hex(&Chance::default().bytes::<8>())), servers }
    }

    /// The names of the databases, in the order of their shards.
    pub fn databases(&self) -> [String; 2] {
        SHARDS.map(|(_, half)| format!("{}_{half}", self.story))
    }

    /// A program that starts reads from the replica at once, and so it should in the stories.
    async fn are_replicated(&self) {
        let replica = connect(&self.servers.replica, "postgres").await;
        let wanted = self.databases().map(|name| format!("'{name}'")).join(", ");
        let query = format!("SELECT 1 FROM pg_database WHERE datname IN ({wanted})");
        eventually("the replica has the databases", REPLICATION, async || {
            let rows = replica.query_all_raw(statement(&query)).await.expect("the replica answers");
            (rows.len() == SHARDS.len()).then_some(())
        })
        .await;
        replica.close().await.expect("the connection closes");
    }

    fn addresses(&self) -> Addresses {
        let Self { story, servers } = self;
        let primary = servers.pooler.as_ref().unwrap_or(&servers.primary);
        Addresses {
            shards: self.databases().map(|name| format!("{primary}/{name}")),
            pooled: servers.pooler.is_some(),
            replicas: self.databases().map(|name| Some(format!("{}/{name}", servers.replica))),
            redis: servers.redis.clone(),
            s3: servers.s3.clone(),
            prefix: story.clone(),
        }
    }

    async fn drop(&self) {
        for name in self.databases() {
            // The pooler still holds connections to it.
            run(&self.servers.primary, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
    }
}

/// Where everything is that a program is told of.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// Two databases, each with half of the logical shards.
    pub shards: [String; 2],
    /// Whether these are addresses of a pooler.
    pub pooled: bool,
    /// The copy of each, if it has one.
    pub replicas: [Option<String>; 2],
    /// Redis.
    pub redis: String,
    /// The S3 server.
    pub s3: String,
    /// What keys and files are named after.
    pub prefix: String,
}

impl Addresses {
    /// The same, as a configuration file says it.
    pub fn toml(&self) -> String {
        let Self { shards: [a, b], pooled, replicas, redis, s3, prefix } = self;
        let [(first, _), (second, _)] = SHARDS;
        let [copy_a, copy_b] = replicas.each_ref().map(Option::as_slice);
        format!(
            r#"
            [database]
            connections = 8
            pooled = {pooled}
            [database.shards]
            "{first}" = "{a}"
            "{second}" = "{b}"
            [database.replicas]
            "{first}" = {copy_a:?}
            "{second}" = {copy_b:?}
            [redis]
            url = "{redis}"
            prefix = "{prefix}"
            [s3]
            endpoint = "{s3}"
            bucket = "photograph"
            region = "us-east-1"
            path_style = true
            prefix = "{prefix}/"
            access_key_id = "photograph"
            secret_access_key = "photograph-secret"
            "#
        )
    }
}

impl Servers {
    /// Those that the stories of this round run on; none on the embedded parts.
    fn of_this_round() -> Option<Self> {
        match setting("PHOTOGRAPH_TEST_BACKEND").as_deref() {
            None | Some("embedded") => None,
            Some("production") => Some(Self::of_tests_run()),
            Some(other) => panic!("PHOTOGRAPH_TEST_BACKEND is embedded or production, not {other:?}"),
        }
    }

    /// Those of `tests/run`.
    fn of_tests_run() -> Self {
        let address = |part: &str| {
            let name = format!("PHOTOGRAPH_TEST_{part}");
            setting(&name).unwrap_or_else(|| panic!("{name} is not set; `tests/run --production` starts the servers"))
        };
        Self {
            primary: address("POSTGRES"),
            pooler: setting("PHOTOGRAPH_TEST_POOLER"),
            replica: address("REPLICA"),
            redis: address("REDIS"),
            s3: address("S3"),
        }
    }
}

async fn run(server: &str, text: &str) {
    let connection = connect(server, "postgres").await;
    connection.execute_unprepared(text).await.unwrap_or_else(|error| panic!("{text}: {error}"));
    connection.close().await.expect("the connection closes");
}

/// A connection for a look inside, or for making databases.
pub(super) async fn connect(server: &str, database: &str) -> DatabaseConnection {
    Database::connect(format!("{server}/{database}")).await.unwrap_or_else(|error| panic!("{server}: {error}"))
}

pub(super) fn statement(text: &str) -> Statement {
    Statement::from_string(DbBackend::Postgres, text)
}
