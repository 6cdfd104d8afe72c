//! Redis: fast, shared by all processes, and never the truth. Whatever is in it can be made again from the databases.
//!
//! No request waits for a Redis that is away: while it is known not to answer, every command fails at once, and a command
//! that is not answered in time makes it known. Connections come back by themselves, for ever, with bounded pauses. Every
//! time Redis is there again it says which life it is in (its [`Epoch`]): what was written in another one is not believed,
//! because a restart from an old snapshot or a fail-over may have lost what came later.

mod address;
mod look;
mod subscription;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use fred::clients::{Client, Pool, WithOptions};
use fred::interfaces::ClientLike;
use fred::types::config::Options;
use fred::types::{Builder, ClusterHash, ConnectHandle, CustomCommand};
use tokio::sync::Notify;
use tokio::sync::watch as state;
use tokio::task::JoinHandle;

use crate::base::config;
use crate::base::error::{Error, Result};

pub use fred::types::{FromValue, Value};
pub use look::{Found, look};
pub use subscription::{Heard, Subscription};
pub use watch::Epoch;

/// A Redis server, the primary behind a Sentinel, or a cluster.
#[derive(Clone, Debug)]
pub struct Redis(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    prefix: String,
    pool: Pool,
    builder: Builder,
    options: Options,
    reach: state::Receiver<Option<Epoch>>,
    trouble: Arc<Notify>,
    why: Arc<watch::Why>,
    connections: Vec<ConnectHandle>,
    watch: JoinHandle<()>,
}

/// Redis did not do what it was asked to: it is away, too slow, or refused.
#[derive(Debug)]
pub struct Away(String);

/// One command: its name, and what follows.
#[derive(Clone, Debug)]
pub struct Command {
    name: &'static str,
    key: ClusterHash,
    arguments: Vec<Value>,
}

impl Command {
    /// A command whose first argument is its key.
    pub fn on(name: &'static str, key: impl Into<Value>) -> Self {
        Self { name, key: ClusterHash::FirstKey, arguments: vec![key.into()] }
    }

    /// A script in Lua that touches one key, `KEYS[1]`. It runs as a whole or not at all.
    pub fn script(lua: &'static str, key: impl Into<Value>) -> Self {
        // After the script and the number of its keys.
        Self { name: "EVAL", key: ClusterHash::Offset(2), arguments: vec![lua.into(), 1.into(), key.into()] }
    }

    /// A script that touches these keys, all on one node of a cluster: what stands in braces in them is the same.
    #[must_use]
    pub fn script_on(lua: &'static str, keys: Vec<Value>) -> Self {
        let count = i64::try_from(keys.len()).unwrap_or(i64::MAX);
        let arguments = [lua.into(), count.into()].into_iter().chain(keys).collect();
        Self { name: "EVAL", key: ClusterHash::Offset(2), arguments }
    }

    /// One that has no key.
    #[must_use]
    pub fn bare(name: &'static str) -> Self {
        Self { name, key: ClusterHash::Random, arguments: vec![] }
    }

    /// With one more argument.
    #[must_use]
    pub fn with(mut self, argument: impl Into<Value>) -> Self {
        self.arguments.push(argument.into());
        self
    }
}

impl Redis {
    /// Connects, when a Redis is configured. One that is away is no reason not to start: waits for the first answer only
    /// as long as for any other.
    ///
    /// # Errors
    /// When the address is none, or the certificates cannot be read.
    pub async fn open(config: &config::Redis) -> Result<Option<Self>> {
        let Some(builder) = address::builder(config)? else { return Ok(None) };
        let timeout = Duration::from_millis(config.timeout_milliseconds);
        let pool = builder.build_pool(config.connections).map_err(Error::internal)?;
        let options = Options { timeout: Some(timeout), max_attempts: Some(1), fail_fast: true, ..Options::default() };
        let (trouble, why) = (Arc::new(Notify::new()), Arc::new(watch::Why::default()));
        let (sender, mut reach) = state::channel(None);
        let watch =
            watch::Watch { pool: pool.clone(), options: options.clone(), trouble: trouble.clone(), why: why.clone() };
        let watch = tokio::spawn(watch.over(sender));
        let connections = pool.connect_pool();
        let _ = tokio::time::timeout(timeout, reach.wait_for(Option::is_some)).await;
        let prefix = config.prefix.clone();
        Ok(Some(Self(Arc::new(Inner { prefix, pool, builder, options, reach, trouble, why, connections, watch }))))
    }

    /// The life that Redis is in; `None` while it does not answer.
    #[must_use]
    pub fn epoch(&self) -> Option<Epoch> {
        *self.0.reach.borrow()
    }

    /// The name of a key or channel of this server.
    #[must_use]
    pub fn name(&self, of: &str) -> String {
        format!("{}:{of}", self.0.prefix)
    }

    /// Sends a command.
    ///
    /// # Errors
    /// When Redis is away, does not answer in time or refuses.
    pub async fn send<R: FromValue>(&self, command: Command) -> Result<R, Away> {
        let custom = CustomCommand::new_static(command.name, command.key, false);
        let answer = self.client()?.custom(custom, command.arguments).await;
        answer.map_err(|error| self.failed(&error))
    }

    /// Sends commands in one go, and waits once for all of their answers.
    ///
    /// # Errors
    /// As for one command; some of them may have been done.
    pub async fn send_all<R: FromValue>(&self, commands: Vec<Command>) -> Result<R, Away> {
        let client = self.client()?;
        let pipeline = client.pipeline().with_options(&self.0.options);
        for command in commands {
            let custom = CustomCommand::new_static(command.name, command.key, false);
            // Answered at once: it only waits in line.
            let () = pipeline.custom(custom, command.arguments).await.map_err(|error| self.failed(&error))?;
        }
        pipeline.all().await.map_err(|error| self.failed(&error))
    }

    /// Hears what is said on some channels, on a connection of its own.
    ///
    /// # Errors
    /// When the connection cannot be set up; that Redis is away is no error.
    pub fn subscribe(&self, channels: Vec<String>) -> Result<Subscription> {
        Subscription::open(&self.0.builder, channels)
    }

    fn client(&self) -> Result<WithOptions<Client>, Away> {
        match self.epoch() {
            Some(_) => Ok(self.0.pool.next_connected().with_options(&self.0.options)),
            None => Err(Away("it does not answer".to_owned())),
        }
    }

    /// Whoever waited in vain saves the others from it: Redis counts as away until it was asked.
    fn failed(&self, error: &fred::error::Error) -> Away {
        use fred::error::ErrorKind;
        if matches!(error.kind(), ErrorKind::Timeout | ErrorKind::IO | ErrorKind::Canceled | ErrorKind::Tls) {
            self.0.trouble.notify_one();
        }
        Away(error.to_string())
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.watch.abort();
        self.connections.iter().for_each(JoinHandle::abort);
    }
}

impl std::fmt::Display for Away {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Redis: {}", self.0)
    }
}

impl std::error::Error for Away {}

impl From<Away> for Error {
    fn from(away: Away) -> Self {
        Self::internal(away)
    }
}
