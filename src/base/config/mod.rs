//! How a server is set up: a TOML file, then the environment, then the command line. Unknown keys are errors.
//!
//! `PHOTOGRAPH__DATABASE__URL` in the environment is `url` under `[database]` in the file. Secrets can come from files:
//! `database.url_file`, `database.shards_file`. Every option stands in [`OPTIONS`] with its meaning; a test compares.

mod addresses;
mod auth;
mod files;
mod options;
mod proxies;
mod push;
mod roles;
mod sections;
mod shards;

use std::path::Path;
use std::time::Duration;

use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use serde::{Deserialize, Serialize};

use super::ids::LOGICAL_SHARDS;
use shards::{shard_range, whole};

pub use auth::Auth;
pub use options::OPTIONS;
pub use proxies::{AddressRange, ClientAddressSource};
pub use push::{Apns, Push};
pub use roles::Roles;
pub use sections::*;

/// The file that is read when none is named and it is there.
pub const DEFAULT_FILE: &str = "photograph.toml";
const ENVIRONMENT: &str = "PHOTOGRAPH__";

/// Everything that can be set.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "every option is described in OPTIONS, which a test compares")]
pub struct Config {
    pub server: Server,
    pub database: Database,
    pub redis: Redis,
    pub s3: S3,
    pub images: Images,
    pub cache: Cache,
    pub feed: Feed,
    pub http: Http,
    pub graphql: Graphql,
    pub websocket: WebSocket,
    pub auth: Auth,
    pub uploads: Uploads,
    pub filters: Filters,
    pub follows: Follows,
    pub push: Push,
    pub log: Log,
    pub playground: Playground,
    pub telemetry: Telemetry,
}

/// What is wrong with a configuration, in words that say how to mend it.
#[derive(Debug)]
pub struct Mistake(pub String);

impl std::fmt::Display for Mistake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Mistake {}

impl Config {
    /// Reads the file (the default one if it is there and none is named) and the environment.
    ///
    /// # Errors
    /// When a file is missing, a key is unknown or a value does not fit.
    pub fn load(file: Option<&Path>) -> Result<Self, Mistake> {
        let named = file.is_some();
        let file = file.unwrap_or(Path::new(DEFAULT_FILE));
        if named && !file.is_file() {
            return Err(Mistake(format!("There is no configuration file {}.", file.display())));
        }
        let toml = if file.is_file() { Figment::from(Toml::file_exact(file)) } else { Figment::new() };
        let mut config = Self::of(&toml.merge(Env::prefixed(ENVIRONMENT).split("__")))?;
        config.read_secrets()?;
        config.check()?;
        Ok(config)
    }

    /// What is set, and defaults for the rest.
    fn of(set: &Figment) -> Result<Self, Mistake> {
        let figment = Figment::from(Serialized::defaults(Self::default())).merge(set);
        let mut config: Self = figment.extract().map_err(|error| explain(&error))?;
        if let Some(old) = config.auth.wrong_passwords_of_network
            && !set.contains("auth.log_ins_of_network")
        {
            config.auth.log_ins_of_network = old;
        }
        Ok(config)
    }

    /// Logs which options are set by the names that they had in the version before.
    pub fn warn_of_old_names(&self) {
        if self.auth.wrong_passwords_of_network.is_some() {
            let (option, new_name) = ("auth.wrong_passwords_of_network", "auth.log_ins_of_network");
            tracing::warn!(option, new_name, "an option has a new name; the next version refuses the old one");
        }
    }

    fn read_secrets(&mut self) -> Result<(), Mistake> {
        if let Some(file) = &self.database.url_file {
            self.database.url = Some(secret(file)?);
        }
        if let Some(file) = &self.redis.url_file {
            self.redis.url = Some(secret(file)?);
        }
        if let Some(file) = &self.s3.secret_access_key_file {
            self.s3.secret_access_key = Some(secret(file)?);
        }
        for (range, file) in &self.database.shards_file {
            self.database.shards.insert(range.clone(), secret(file)?);
        }
        Ok(())
    }

    /// Whether the values make sense together.
    ///
    /// # Errors
    /// The first that does not.
    pub fn check(&self) -> Result<(), Mistake> {
        self.replicas()?;
        self.redis.address()?;
        self.push.check()?;
        self.server.proxies()?;
        if !matches!(self.http.partial_success_status, 200 | 294) {
            return Err(Mistake("http.partial_success_status is 294 or 200.".into()));
        }
        if self.server.listen.parse::<std::net::SocketAddr>().is_err() {
            let listen = &self.server.listen;
            return Err(Mistake(format!(
                "server.listen is an address and a port, such as 127.0.0.1:8080, not {listen:?}."
            )));
        }
        if self.database.connections.0 < 2 {
            return Err(Mistake("database.connections must be at least 2: one reads while another writes.".into()));
        }
        match self.positive().iter().find(|(_, value)| *value == 0) {
            Some((key, _)) => Err(Mistake(format!("{key} must be at least 1."))),
            None => Ok(()),
        }
    }

    /// The options of which 0 makes no sense.
    fn positive(&self) -> [(&'static str, u64); 21] {
        [
            ("uploads.workers", self.uploads.workers as u64),
            ("uploads.transfer_seconds", self.uploads.transfer_seconds),
            ("log.poll_milliseconds", self.log.poll_milliseconds),
            ("websocket.queue", self.websocket.queue as u64),
            ("websocket.ping_seconds", self.websocket.ping_seconds),
            ("websocket.connections_per_session", self.websocket.connections_per_session as u64),
            ("websocket.connections_per_address", self.websocket.connections_per_address as u64),
            ("database.limits.statement_seconds", self.database.limits.statement_seconds),
            ("database.limits.lock_seconds", self.database.limits.lock_seconds),
            ("redis.connections", self.redis.connections as u64),
            ("redis.timeout_milliseconds", self.redis.timeout_milliseconds),
            ("images.link_minutes", self.images.link_minutes),
            ("feed.timeline_entries", self.feed.timeline_entries as u64),
            ("feed.timeline_days", self.feed.timeline_days),
            ("http.head_seconds", self.http.head_seconds),
            ("http.idle_seconds", self.http.idle_seconds),
            ("http.connections", self.http.connections.unwrap_or(1) as u64),
            ("http.connections_per_address", self.http.connections_per_address as u64),
            ("http.timeout_seconds", self.http.timeout_seconds),
            ("auth.access_token_seconds", self.auth.access_token_seconds),
            ("auth.ended_poll_milliseconds", self.auth.ended_poll_milliseconds),
        ]
    }

    /// Which address each range of logical shards lives at, in order and without a hole.
    ///
    /// # Errors
    /// When ranges overlap, leave a hole or are not ranges, or both ways of naming databases are used.
    pub fn databases(&self) -> Result<Vec<(std::ops::RangeInclusive<u16>, String)>, Mistake> {
        let last = LOGICAL_SHARDS - 1;
        if self.database.shards.is_empty() {
            return Ok(vec![(0..=last, self.database.url.clone().unwrap_or_else(|| self.embedded_database()))]);
        }
        if self.database.url.is_some() {
            return Err(Mistake("Set database.url for one database or database.shards for several, not both.".into()));
        }
        let mut ranges = Vec::new();
        for (range, address) in &self.database.shards {
            ranges.push((shard_range(range)?, address.clone()));
        }
        ranges.sort_by_key(|(range, _)| *range.start());
        whole(&ranges, last)?;
        Ok(ranges)
    }

    fn embedded_database(&self) -> String {
        format!("sqlite:{}", self.server.data.join("photograph.sqlite").display())
    }

    /// The public address, without a slash at its end.
    #[must_use]
    pub fn public_url(&self) -> String {
        let listening = || format!("http://{}", self.server.listen);
        self.server.url.clone().unwrap_or_else(listening).trim_end_matches('/').to_owned()
    }

    /// How long a query or mutation may run.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        Duration::from_secs(self.http.timeout_seconds)
    }
}

fn secret(file: &Path) -> Result<String, Mistake> {
    let text = std::fs::read_to_string(file);
    text.map(|text| text.trim().to_owned())
        .map_err(|error| Mistake(format!("{} cannot be read: {error}.", file.display())))
}

/// Figment's first complaint in our words, with the nearest key when one is unknown.
fn explain(error: &figment::Error) -> Mistake {
    let place = error.path.join(".");
    let source = error.metadata.as_ref().map_or_else(String::new, |metadata| format!(" (in {})", metadata.name));
    Mistake(match &error.kind {
        figment::error::Kind::UnknownField(found, known) => {
            let near = known.iter().max_by(|a, b| likeness(a, found).total_cmp(&likeness(b, found)));
            let near = near.map_or_else(String::new, |near| format!(" Did you mean `{near}`?"));
            format!("There is no option `{}`{source}.{near}", [place.as_str(), found].join(".").trim_start_matches('.'))
        }
        kind => format!("`{place}`{source}: {kind}."),
    })
}

fn likeness(known: &str, found: &str) -> f64 {
    strsim::jaro_winkler(known, found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(toml: &str) -> Result<Config, String> {
        Config::of(&Figment::from(Toml::string(toml))).map_err(|mistake| mistake.0)
    }

    #[test]
    fn an_unknown_key_is_an_error_with_a_suggestion() {
        let mistake = load("[graphql]\ndeph = 3").unwrap_err();
        assert!(mistake.contains("graphql.deph") && mistake.contains("`depth`"), "{mistake}");
        assert!(load("[graphql]\ndepth = \"deep\"").unwrap_err().contains("graphql.depth"));
        assert_eq!(load("[graphql]\ndepth = 9").unwrap().graphql.depth, 9);
    }
}
