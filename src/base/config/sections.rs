//! The sections of the configuration and what they are when nothing is set. What each option means stands in `OPTIONS`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{ClientAddressSource, Roles};

/// The server and where it keeps things.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "described in OPTIONS")]
pub struct Server {
    pub name: String,
    pub role: Roles,
    pub listen: String,
    pub admin_listen: Option<String>,
    pub url: Option<String>,
    pub trusted_proxies: Vec<String>,
    pub client_address: ClientAddressSource,
    pub data: PathBuf,
}

/// The SQL databases.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "described in OPTIONS")]
pub struct Database {
    pub url: Option<String>,
    pub url_file: Option<PathBuf>,
    pub shards: BTreeMap<String, String>,
    pub shards_file: BTreeMap<String, PathBuf>,
    pub replicas: BTreeMap<String, Vec<String>>,
    pub connections: Connections,
    pub pooled: bool,
    pub limits: Limits,
}

/// How long a database may take, and how far behind a replica may be.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "described in OPTIONS")]
pub struct Limits {
    pub statement_seconds: u64,
    pub lock_seconds: u64,
    pub replica_lag_milliseconds: u64,
}

/// How many connections go to each database.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Connections(pub u32);

impl Default for Connections {
    fn default() -> Self {
        Self(16)
    }
}

/// Redis: what makes several processes fast. Nothing in it is the truth.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "described in OPTIONS")]
pub struct Redis {
    pub url: Option<String>,
    pub url_file: Option<PathBuf>,
    pub ca_file: Option<PathBuf>,
    pub prefix: String,
    pub connections: usize,
    pub timeout_milliseconds: u64,
}

/// Where photos are, when not on the local disk.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "described in OPTIONS")]
pub struct S3 {
    pub bucket: Option<String>,
    pub endpoint: Option<String>,
    pub public_endpoint: Option<String>,
    pub region: Option<String>,
    pub path_style: bool,
    pub prefix: String,
    pub access_key_id: Option<String>,
    pub secret_access_key: Option<String>,
    pub secret_access_key_file: Option<PathBuf>,
}

/// The links of images.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "described in OPTIONS")]
pub struct Images {
    pub url: Option<String>,
    pub link_minutes: u64,
    pub cloudfront_key_id: Option<String>,
    pub cloudfront_key_file: Option<PathBuf>,
}

/// Rows kept in memory.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "described in OPTIONS")]
pub struct Cache {
    pub entries: usize,
}

/// Home feeds that are made ahead.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "described in OPTIONS")]
pub struct Feed {
    pub timeline_entries: usize,
    pub timeline_days: u64,
    pub fan_out_followers: u32,
}

/// GraphQL over HTTP.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "described in OPTIONS")]
pub struct Http {
    pub body_bytes: usize,
    pub buffer_bytes: usize,
    pub partial_success_status: u16,
    pub timeout_seconds: u64,
    pub head_seconds: u64,
    pub idle_seconds: u64,
    pub connections: Option<usize>,
    pub connections_per_address: usize,
    pub drain_seconds: u64,
}

/// What an operation may be.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "described in OPTIONS")]
pub struct Graphql {
    pub introspection: bool,
    pub depth: u32,
    pub cost: u32,
    pub aliases: u32,
    pub directives: u32,
    pub document_bytes: usize,
    pub tokens: u32,
    pub root_fields: u32,
}

/// Sockets of `graphql-transport-ws`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "described in OPTIONS")]
pub struct WebSocket {
    pub init_seconds: u64,
    pub ping_seconds: u64,
    pub pong_seconds: u64,
    pub operations: usize,
    pub subscriptions: usize,
    pub message_bytes: usize,
    pub queue: usize,
    pub connections_per_session: usize,
    pub connections_per_address: usize,
}

/// Photos on their way in.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "described in OPTIONS")]
pub struct Uploads {
    pub photo_bytes: u64,
    pub photo_pixels: u64,
    pub keep_hours: u64,
    pub waiting: u64,
    pub workers: usize,
    pub transfer_seconds: u64,
    pub free_bytes: u64,
    pub erase_after_days: u64,
    pub heif_decoder: Option<PathBuf>,
    pub heif_unsandboxed: bool,
    /// The program as the launcher of its sandbox, where it is not the running one: tests run the library by themselves.
    #[serde(skip)]
    pub launcher: Option<PathBuf>,
}

/// Photo filters beside those of the house.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "described in OPTIONS")]
pub struct Filters {
    pub folder: Option<PathBuf>,
}

/// Whom one can follow.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "described in OPTIONS")]
pub struct Follows {
    pub following: u32,
}

/// The log of facts.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "described in OPTIONS")]
pub struct Log {
    pub keep_hours: u64,
    pub poll_milliseconds: u64,
}

/// The playground.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "described in OPTIONS")]
pub struct Playground {
    pub enabled: bool,
}

/// What the program says of itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "described in OPTIONS")]
pub struct Telemetry {
    pub log: String,
    pub json: bool,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            name: "photograph".into(),
            role: Roles::ALL,
            listen: "127.0.0.1:8080".into(),
            admin_listen: None,
            url: None,
            trusted_proxies: Vec::new(),
            client_address: ClientAddressSource::Peer,
            data: "data".into(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { statement_seconds: 20, lock_seconds: 10, replica_lag_milliseconds: 2000 }
    }
}

impl Default for Redis {
    fn default() -> Self {
        Self {
            url: None,
            url_file: None,
            ca_file: None,
            prefix: "photograph".into(),
            connections: 4,
            timeout_milliseconds: 500,
        }
    }
}

impl Default for Images {
    fn default() -> Self {
        Self { url: None, link_minutes: 60, cloudfront_key_id: None, cloudfront_key_file: None }
    }
}

impl Default for Cache {
    fn default() -> Self {
        // Some 40 MB: users and the photos and first comments of media.
        Self { entries: 100_000 }
    }
}

impl Default for Feed {
    fn default() -> Self {
        Self { timeline_entries: 500, timeline_days: 14, fan_out_followers: 10_000 }
    }
}

impl Default for Http {
    fn default() -> Self {
        Self {
            body_bytes: 1 << 20,
            buffer_bytes: 256 << 20,
            partial_success_status: 294,
            timeout_seconds: 30,
            head_seconds: 10,
            // Longer than the minute for which most proxies keep connections to what is behind them.
            idle_seconds: 75,
            connections: None,
            connections_per_address: 256,
            drain_seconds: 5,
        }
    }
}

impl Default for Graphql {
    fn default() -> Self {
        Self {
            introspection: true,
            depth: 15,
            cost: 5000,
            aliases: 100,
            directives: 20,
            document_bytes: 64 << 10,
            tokens: 8000,
            root_fields: 20,
        }
    }
}

impl Default for WebSocket {
    fn default() -> Self {
        Self {
            init_seconds: 10,
            ping_seconds: 25,
            pong_seconds: 10,
            operations: 100,
            subscriptions: 20,
            message_bytes: 1 << 20,
            queue: 256,
            connections_per_session: 20,
            connections_per_address: 200,
        }
    }
}

impl Default for Uploads {
    fn default() -> Self {
        Self {
            photo_bytes: 32 << 20,
            photo_pixels: 120_000_000,
            keep_hours: 24,
            waiting: 50,
            workers: 2,
            // The largest photo at 40 KB a second.
            transfer_seconds: 15 * 60,
            // What photos that came in last may still need, and the database.
            free_bytes: 256 << 20,
            erase_after_days: 0,
            heif_decoder: None,
            heif_unsandboxed: false,
            launcher: None,
        }
    }
}

impl Default for Follows {
    fn default() -> Self {
        Self { following: 7500 }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self { keep_hours: 48, poll_milliseconds: 500 }
    }
}

impl Default for Playground {
    fn default() -> Self {
        Self { enabled: true }
    }
}

impl Default for Telemetry {
    fn default() -> Self {
        Self { log: "info".into(), json: false }
    }
}
