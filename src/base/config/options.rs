//! What each option means, and how options are shown.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::Config;

/// What each option means. The README's table is made from this and the defaults.
pub const OPTIONS: &[(&str, &str)] = &[
    ("server.name", "The name of the server, as clients show it."),
    ("server.role", "What this process does: `all`, or some of `api`, `worker` and `relay`, with commas between them."),
    ("server.listen", "The address and port to listen on."),
    (
        "server.admin_listen",
        "An address and port for an operator's own machines, such as `127.0.0.1:9090`, with `/metrics` for Prometheus; none when not set.",
    ),
    (
        "server.url",
        "The public address its links start with; when not set, `http://` and the `Host` that a client sent, or what a trusted proxy says of it. Pushes need it set.",
    ),
    (
        "server.trusted_proxies",
        "Addresses and ranges of the proxies before this server, `[\"10.0.0.7\", \"fd00::/8\"]`: what they say of the client is believed.",
    ),
    (
        "server.client_address",
        "What says which client a request is from: `peer` without a proxy, or the one thing that all trusted proxies send, `x-forwarded-for`, `forwarded` or `proxy-protocol`.",
    ),
    ("server.data", "The folder for everything the embedded parts keep: the SQLite file and the photos."),
    (
        "database.url",
        "One database: `postgres://…` or `sqlite:PATH`; a SQLite file in the data folder when not set. Secret.",
    ),
    ("database.url_file", "A file that holds `database.url`."),
    (
        "database.shards",
        "Several databases: ranges of the 8192 logical shards to addresses, `\"0-4095\" = \"postgres://…\"`. Secret.",
    ),
    ("database.shards_file", "The same with files that hold the addresses."),
    (
        "database.replicas",
        "Copies of a range's database to read from: `\"0-4095\" = [\"postgres://…\"]`; `0-8191` for `database.url`. Secret.",
    ),
    ("database.connections", "Connections to each database, for each process."),
    ("database.pooled", "Whether the addresses are those of a pooler in transaction mode, such as PgBouncer."),
    ("database.limits.statement_seconds", "How long one SQL statement may run."),
    ("database.limits.lock_seconds", "How long one SQL statement waits for a lock."),
    ("database.limits.replica_lag_milliseconds", "How far behind a replica may be and still answer."),
    (
        "redis.url",
        "`redis://`, `redis-sentinel://` or `redis-cluster://`; `rediss…` for TLS. Several processes share counters and feeds through it. Secret.",
    ),
    ("redis.url_file", "A file that holds `redis.url`."),
    ("redis.ca_file", "Certificates (PEM) to trust for TLS, beside those of the system."),
    (
        "redis.prefix",
        "What the names of all keys and channels start with; servers that share a Redis need different ones.",
    ),
    ("redis.connections", "Connections to Redis, for each process."),
    ("redis.timeout_milliseconds", "How long an answer of Redis is waited for; then the database answers."),
    ("s3.bucket", "The bucket photos are kept in; the local disk when not set."),
    ("s3.endpoint", "The address of an S3-compatible store; Amazon's when not set."),
    ("s3.public_endpoint", "The address by which clients reach the store, when it is another one."),
    ("s3.region", "The region; from the environment when not set."),
    ("s3.path_style", "Whether the bucket stands in the path instead of the host name."),
    ("s3.prefix", "What all keys in the bucket start with."),
    ("s3.access_key_id", "The key to sign with; from the environment or the machine's role when not set."),
    ("s3.secret_access_key", "Its secret. Secret."),
    ("s3.secret_access_key_file", "A file that holds `s3.secret_access_key`."),
    ("images.url", "The address image links start with, such as that of a CDN; `server.url` when not set."),
    ("images.link_minutes", "How long links to what not everyone may see work, at least."),
    (
        "images.cloudfront_key_id",
        "The id of the CloudFront key that links are signed with; `images.url` is CloudFront over the bucket then.",
    ),
    ("images.cloudfront_key_file", "The file of that private key, PEM: RSA 2048 or ECDSA P-256."),
    (
        "cache.entries",
        "Rows kept in the memory of a process: users, and the photos and first comments of media; 0 keeps none.",
    ),
    ("feed.timeline_entries", "Entries of a home feed that is made ahead; older ones come from the database."),
    ("feed.timeline_days", "How long the home feed of somebody who is away is kept made."),
    (
        "feed.fan_out_followers",
        "Media of an account with more followers are not put into feeds ahead, but read from the database.",
    ),
    ("http.body_bytes", "Bytes in the body of a GraphQL request."),
    (
        "http.buffer_bytes",
        "Bytes of request bodies, messages from sockets and answers that are not read yet, for each process; one address (IPv6: one /64) has a quarter. More is refused with `OVERLOADED`.",
    ),
    ("http.partial_success_status", "The status of answers with data and errors: 294, or 200 for old proxies."),
    (
        "http.timeout_seconds",
        "How long a query or mutation may run, and how long its body or its message on a socket may take to arrive.",
    ),
    ("http.head_seconds", "How long a new connection may take to send its first whole request head."),
    (
        "http.idle_seconds",
        "How long a connection is kept later that sends no whole request head, or reads nothing of what it asked for.",
    ),
    (
        "http.connections",
        "Connections open at once, for each process; three quarters of the files it may open (`ulimit -n`) when not set. When all are taken, one that is idle is closed for the next.",
    ),
    ("http.connections_per_address", "The same of one address (IPv6: of one /64), except that of a trusted proxy."),
    ("http.drain_seconds", "Over how long a server that stops spreads the ends of its live streams and sockets."),
    ("graphql.introspection", "Whether the schema can be asked for."),
    ("graphql.depth", "How deep an operation can be nested. Introspection has a bound of its own."),
    ("graphql.cost", "What an operation can cost: 1 for an object, 10 for a mutation, page size × item for a list."),
    ("graphql.aliases", "Aliases in an operation."),
    ("graphql.directives", "Directives in an operation."),
    ("graphql.document_bytes", "Bytes in a document."),
    ("graphql.tokens", "Lexical tokens in a document."),
    ("graphql.root_fields", "Fields at the root of an operation."),
    ("websocket.init_seconds", "How long a socket may wait with `connection_init`; then it closes with 4408."),
    (
        "websocket.ping_seconds",
        "How long a socket may be silent before it is pinged, and an open response before it says that it is alive.",
    ),
    ("websocket.pong_seconds", "How long an answer to a ping may take; then the socket closes."),
    ("websocket.operations", "Operations running at once on one socket."),
    (
        "websocket.subscriptions",
        "Those of them that are subscriptions whose events are made for their viewer alone, because what they select depends on who it is.",
    ),
    ("websocket.message_bytes", "Bytes in a message from a client."),
    (
        "websocket.queue",
        "Events that wait for one slow subscription; more, or more than 1 MiB, end it with `SLOW_CONSUMER`.",
    ),
    ("websocket.connections_per_session", "Sockets and open responses of one session, for each process."),
    (
        "websocket.connections_per_address",
        "Sockets and open responses of one address (IPv6: of one /64), for each process; behind a proxy that is the proxy's unless it is trusted.",
    ),
    ("auth.access_token_seconds", "How long an access token works."),
    ("auth.refresh_token_days", "How long a session lasts unless it is used."),
    ("auth.key_days", "How long a signing key signs; it verifies for as long as its tokens live."),
    (
        "auth.ended_poll_milliseconds",
        "How often each process asks every database which sessions have ended; every third time while Redis, which tells it, answers.",
    ),
    (
        "auth.wrong_passwords",
        "Burst of wrong passwords for one account from one network (an IPv4 address, or an IPv6 /64); one is free again every 15 minutes ÷ this number. Beyond it, `ACTION_LIMITED`. Counted by all processes together with Redis, by each without. 0: not bounded.",
    ),
    (
        "auth.wrong_passwords_of_account",
        "Burst of wrong passwords for one account from all networks; one is free again every hour ÷ this number. Beyond it, `ACTION_LIMITED`. 0: not bounded.",
    ),
    (
        "auth.log_ins_of_network",
        "Burst of log-ins from one network, right or wrong; one is free again every 5 minutes ÷ this number. Beyond it, `ACTION_LIMITED`. Raise it where many people share an address, as in a school. 0: not bounded.",
    ),
    ("uploads.photo_bytes", "Bytes in one photo."),
    ("uploads.photo_pixels", "Pixels in one photo, width × height."),
    ("uploads.keep_hours", "How long an upload that no media uses is kept."),
    ("uploads.waiting", "Uploads of one user that no media uses yet."),
    ("uploads.workers", "Photos processed at once in one process."),
    (
        "uploads.transfer_seconds",
        "How long the bytes of a photo may take to come in through this server, with tus those of one request.",
    ),
    (
        "uploads.free_bytes",
        "Bytes that stay free on the volume of the data folder: when there are fewer, no photos are taken in. Of no matter with `s3.bucket`.",
    ),
    (
        "uploads.erase_after_days",
        "How long files of deleted media are kept where no link leads, for backups of the database that know them.",
    ),
    (
        "uploads.heif_decoder",
        "The path of `heif-convert` of libheif; with it photos can be HEIC and AVIF, too. It runs by itself, within bounds, in a sandbox of the kernel (Landlock and seccomp).",
    ),
    (
        "uploads.heif_unsandboxed",
        "Whether the decoder also runs where the kernel, or the container, has no sandbox for it. It can then read and send what the server can.",
    ),
    (
        "filters.folder",
        "A folder of `.cube` files and Hald PNGs that become filters beside those of the house; read at the start.",
    ),
    ("follows.following", "How many one user can follow; Instagram's limit."),
    (
        "push.delay_seconds",
        "How long a push waits, so that what was seen meanwhile is not pushed and what belongs together is one push.",
    ),
    ("push.expire_hours", "How long a push is tried, by this server and by Apple; later it is of no use."),
    ("push.receipt_days", "How long it is kept what became of a push."),
    ("push.devices", "Devices of one user; the one registered longest ago makes room."),
    (
        "push.apns.key_file",
        "The key (`.p8`) that Apple gave for pushes. Without it and a certificate, pushes are logged and not sent.",
    ),
    ("push.apns.key_id", "The ID of that key."),
    ("push.apns.team_id", "The ID of the team whose key it is."),
    ("push.apns.certificate_file", "A certificate for pushes with its key (PEM), in place of `key_file`."),
    ("push.apns.topics", "The apps that are pushed to: their bundle IDs."),
    ("push.apns.production_url", "Where pushes to apps from the App Store and TestFlight go."),
    ("push.apns.sandbox_url", "Where pushes to apps from Xcode go."),
    ("push.apns.ca_file", "Certificates (PEM) to trust there, beside those of the system."),
    ("push.apns.timeout_seconds", "How long an answer of Apple is waited for; then the push is tried again."),
    ("push.apns.ping_seconds", "How often the connection to Apple is asked whether it is alive."),
    ("push.apns.in_flight", "Pushes of one database that are sent at once by one process."),
    ("log.keep_hours", "How long the log of facts is kept: for so long a stream can be resumed."),
    ("log.poll_milliseconds", "How often a process looks for what other processes wrote, when nothing told it."),
    ("playground.enabled", "Whether `/playground` is served."),
    ("telemetry.log", "What is logged, as in `tracing`'s filters: `info`, `photograph=debug`."),
    ("telemetry.json", "Whether log lines are JSON."),
];

impl Config {
    /// Every option with its value in force; secrets are only said to be set.
    #[must_use]
    pub fn shown(&self) -> BTreeMap<String, String> {
        let mut shown = flat(self);
        for (key, value) in &mut shown {
            let is_secret = ["database.url", "redis.url", "s3.secret_access_key"].contains(&key.as_str())
                || ["database.shards", "database.replicas"].iter().any(|secret| key.starts_with(secret));
            if is_secret && !value.is_empty() {
                "(set)".clone_into(value);
            }
        }
        shown
    }

    /// The options with their defaults and meanings, as the README shows them.
    #[must_use]
    pub fn table() -> String {
        let defaults = flat(&Self::default());
        let mut table = String::from("| option | default | meaning |\n| --- | --- | --- |\n");
        for (key, meaning) in OPTIONS {
            let default = defaults.get(*key).filter(|default| !default.is_empty());
            let default = default.map_or_else(String::new, |default| format!("`{default}`"));
            let _ = writeln!(table, "| `{key}` | {default} | {meaning} |");
        }
        table
    }
}

/// The values of a configuration by their dotted keys.
fn flat(config: &Config) -> BTreeMap<String, String> {
    let value = serde_json::to_value(config).unwrap_or_default();
    let mut flat = BTreeMap::new();
    flatten("", &value, &mut flat);
    flat
}

fn flatten(prefix: &str, value: &serde_json::Value, flat: &mut BTreeMap<String, String>) {
    match value {
        serde_json::Value::Object(fields) if !fields.is_empty() => {
            for (key, value) in fields {
                flatten(format!("{prefix}.{key}").trim_start_matches('.'), value, flat);
            }
        }
        serde_json::Value::Null | serde_json::Value::Object(_) => {
            flat.insert(prefix.to_owned(), String::new());
        }
        other => {
            flat.insert(prefix.to_owned(), other.to_string().trim_matches('"').to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_is_described_and_nothing_else() {
        let described: Vec<String> = OPTIONS.iter().map(|(key, _)| (*key).to_owned()).collect();
        let mut sorted = described.clone();
        sorted.sort();
        assert_eq!(flat(&Config::default()).into_keys().collect::<Vec<_>>(), sorted);
    }
}
