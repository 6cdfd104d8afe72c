//! Redis servers of a story's own: alone, with a Sentinel, as a cluster, with TLS. Each ends with its story.

use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use photograph::app::App;
use photograph::base::config;
use photograph::platform::redis::{Epoch, Redis};

use super::program::free_address;
use super::{Folder, PATIENCE, eventually};

/// A Redis server in a process of its own.
pub struct Server {
    /// Where it listens, while it runs.
    pub address: SocketAddr,
    folder: Folder,
    options: Vec<String>,
    manner: Vec<String>,
    running: Option<Child>,
}

impl Server {
    /// One that keeps nothing, not started yet.
    pub fn prepared(options: &[&str]) -> Self {
        let address = free_address();
        let port = address.port().to_string();
        let mut server = Self::bare(address, &["--port", &port]);
        server.options.extend(["--save", "", "--appendonly", "no"].map(str::to_owned));
        server.options.extend(options.iter().map(|&option| option.to_owned()));
        server
    }

    /// One that keeps nothing and runs.
    pub async fn running(options: &[&str]) -> Self {
        let mut server = Self::prepared(options);
        server.starts().await;
        server
    }

    /// One that speaks TLS only, with this certificate and key.
    pub async fn with_tls(certificate: &str, key: &str) -> Self {
        let address = free_address();
        let mut server = Self::bare(address, &["--port", "0", "--save", ""]);
        let (certificate, key) = (server.keeps("server.pem", certificate), server.keeps("server.key", key));
        let port = address.port().to_string();
        let files = ["--tls-cert-file", &certificate, "--tls-key-file", &key, "--tls-ca-cert-file", &certificate];
        server.options.extend(["--tls-port", &port, "--tls-auth-clients", "no"].map(str::to_owned));
        server.options.extend(files.map(str::to_owned));
        server.manner = ["--tls", "--insecure"].map(str::to_owned).into();
        server.starts().await;
        server
    }

    /// A Sentinel that watches a primary, and acts on its own.
    pub async fn sentinel(primary: SocketAddr) -> Self {
        let address = free_address();
        let mut server = Self::bare(address, &[]);
        let words = format!(
            "port {}\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 {} 1\n\
             sentinel down-after-milliseconds main 500\nsentinel failover-timeout main 3000\n",
            address.port(),
            primary.port()
        );
        let file = server.keeps("sentinel.conf", &words);
        server.options = vec![file, "--sentinel".to_owned()];
        server.starts().await;
        server
    }

    fn bare(address: SocketAddr, options: &[&str]) -> Self {
        let folder = Folder::fresh();
        let mut all: Vec<String> = options.iter().map(|&option| option.to_owned()).collect();
        all.extend(["--bind", "127.0.0.1", "--dir"].map(str::to_owned));
        all.push(folder.0.display().to_string());
        Self { address, folder, options: all, manner: vec![], running: None }
    }

    fn keeps(&self, name: &str, words: &str) -> String {
        let file = self.folder.0.join(name);
        std::fs::write(&file, words).expect("a file in the folder");
        file.display().to_string()
    }

    /// Starts it and waits until it answers.
    pub async fn starts(&mut self) {
        let log = File::options().create(true).append(true).open(self.folder.0.join("log")).expect("a log");
        let mut command = Command::new("redis-server");
        command.args(&self.options).current_dir(&self.folder.0).stdin(Stdio::null());
        command.stdout(log.try_clone().expect("the log")).stderr(log);
        self.running = Some(command.spawn().expect("redis-server is installed"));
        eventually("Redis answers", PATIENCE, async || (self.says(&["PING"]) == "PONG").then_some(())).await;
    }

    /// Ends it without a word of warning. What was in it is gone.
    pub fn stops(&mut self) {
        let mut running = self.running.take().expect("Redis runs");
        running.kill().expect("it can be killed");
        running.wait().expect("it ends");
    }

    /// Lets it hang, with its connections open, or go on.
    pub fn hangs(&self, hangs: bool) {
        let signal = if hangs { "-STOP" } else { "-CONT" };
        let id = self.running.as_ref().expect("Redis runs").id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().expect("kill").success());
    }

    /// What it answers to a command.
    pub fn says(&self, command: &[&str]) -> String {
        let mut cli = Command::new("redis-cli");
        cli.args(["-h", "127.0.0.1", "-p", &self.address.port().to_string()]).args(&self.manner).args(command);
        let output = cli.stdin(Stdio::null()).output().expect("redis-cli is installed");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// How a program reaches it.
    pub fn url(&self) -> String {
        format!("redis://{}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.folder.0.join("log")).unwrap_or_default();
            eprintln!("Redis at {} said:\n{log}", self.address);
        }
        if let Some(mut running) = self.running.take() {
            let _ = running.kill();
            let _ = running.wait();
        }
    }
}

/// Three nodes as a cluster.
pub async fn cluster() -> Vec<Server> {
    let mut nodes = vec![];
    for _ in 0..3 {
        let bus = free_address().port().to_string();
        nodes.push(Server::running(&["--cluster-enabled", "yes", "--cluster-port", &bus]).await);
    }
    let addresses: Vec<String> = nodes.iter().map(|node| node.address.to_string()).collect();
    let made = Command::new("redis-cli")
        .args(["--cluster", "create", "--cluster-yes"])
        .args(&addresses)
        .stdin(Stdio::null())
        .output()
        .expect("redis-cli is installed");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stdout));
    for node in &nodes {
        let agrees = async || node.says(&["CLUSTER", "INFO"]).contains("cluster_state:ok").then_some(());
        eventually("the cluster agrees", PATIENCE, agrees).await;
    }
    nodes
}

/// A program's part for the Redis at an address.
pub async fn opened(url: &str, ca_file: Option<&Path>) -> Redis {
    let config = config::Redis { url: Some(url.to_owned()), ca_file: ca_file.map(PathBuf::from), ..Default::default() };
    let redis = Redis::open(&config).await.unwrap_or_else(|error| panic!("{}", error.detail()));
    redis.expect("a Redis is configured")
}

/// Waits until a server knows the Redis that answers now, which is not in the life it was in before.
pub async fn is_known_anew(app: &App, before: Option<Epoch>) {
    let redis = app.redis.as_ref().expect("a server with Redis");
    let known = async || redis.epoch().filter(|epoch| Some(*epoch) != before).map(|_| ());
    eventually("the server knows the new life of Redis", PATIENCE, known).await;
}
