//! The servers of one fault: two Postgres primaries as two shards, a replica of the first, Redis and S3. `tests/servers`
//! knows how each is started and stopped; here it is only called.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::kit::Folder;
use crate::kit::parts::Addresses;
use crate::kit::program::PROGRAM;

/// Reads the functions of `tests/servers` and runs the words behind it in a folder of servers.
const SCRIPT: &str = r#"
set -euo pipefail
umask 022
. tests/tools
. tests/servers
export PATH=$PATH:/usr/sbin:/sbin
postgres=$(postgres_programs)
work=$1
eval "$2"
"#;

/// A server that a fault can take away.
#[derive(Clone, Copy, Debug)]
pub enum Server {
    /// Postgres with the first half of the logical shards.
    Primary,
    /// Postgres with the second half.
    Second,
    /// The copy of the first.
    Replica,
    /// Redis, which keeps nothing when it stops.
    Redis,
    /// The S3 server.
    S3,
}

impl Server {
    fn name(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Second => "second",
            Self::Replica => "replica",
            Self::Redis => "redis",
            Self::S3 => "s3",
        }
    }
}

/// Servers that belong to one fault.
pub struct Servers {
    folder: Folder,
}

impl Servers {
    /// Starts all of them, as far as possible at once.
    pub fn start() -> Self {
        let servers = Self { folder: Folder::fresh() };
        std::thread::scope(|scope| {
            scope.spawn(|| servers.run("make_primary primary; start primary; make_replica; start replica"));
            scope.spawn(|| servers.run("make_primary second; start second"));
            scope.spawn(|| servers.run("start redis; start s3"));
        });
        servers
    }

    /// Ends a server and waits for its end.
    pub fn stop(&self, server: Server) {
        self.run(&format!("stop {}", server.name()));
    }

    /// Starts a server again where it was.
    pub fn start_again(&self, server: Server) {
        self.run(&format!("start {}", server.name()));
    }

    /// Sends a signal to a server.
    pub fn send(&self, signal: &str, server: Server) {
        self.run(&format!("send {signal} {}", server.name()));
    }

    /// Empties Redis.
    pub fn flush_redis(&self) {
        self.run(r#"redis-cli -p "$(port_of redis)" FLUSHALL"#);
    }

    /// Where a server listens.
    pub fn port(&self, server: Server) -> u16 {
        let file = self.folder.0.join(format!("{}.port", server.name()));
        let port = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        port.trim().parse().expect("a port")
    }

    /// The address of a database.
    pub fn database(&self, server: Server) -> String {
        format!("postgres://photograph@127.0.0.1:{}/postgres", self.port(server))
    }

    /// What a program is told.
    pub fn addresses(&self) -> Addresses {
        Addresses {
            shards: [self.database(Server::Primary), self.database(Server::Second)],
            pooled: false,
            replicas: [Some(self.database(Server::Replica)), None],
            redis: format!("redis://127.0.0.1:{}", self.port(Server::Redis)),
            s3: format!("http://127.0.0.1:{}", self.port(Server::S3)),
            prefix: "photograph".to_owned(),
        }
    }

    fn run(&self, words: &str) {
        let mut bash = Command::new("bash");
        bash.args(["-c", SCRIPT, "bash"]).arg(&self.folder.0).arg(words);
        // It stands beside the program; `tests/run` has built it.
        bash.env("PHOTOGRAPH_TEST_S3_SERVER", Path::new(PROGRAM).with_file_name("photograph-s3-server"));
        bash.current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null()).stdout(Stdio::null());
        let done = bash.status().expect("bash");
        assert!(done.success() || std::thread::panicking(), "{words}: {done}");
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        self.run("stop_servers");
    }
}
