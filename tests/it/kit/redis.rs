//! A Redis server of a story's own: to be emptied, stopped and started again.

use std::process::{Child, Command, Stdio};

use photograph::app::App;
use photograph::platform::redis::Epoch;

use super::program::free_address;
use super::{Folder, PATIENCE, eventually};

/// A Redis server on a port of its own.
pub struct OwnRedis {
    port: u16,
    folder: Folder,
    running: Option<Child>,
}

impl OwnRedis {
    /// A new, empty one.
    pub async fn starts() -> Self {
        let mut redis = Self { port: free_address().port(), folder: Folder::fresh(), running: None };
        redis.starts_again().await;
        redis
    }

    /// Starts it where it was, with what it saved.
    pub async fn starts_again(&mut self) {
        let mut command = Command::new("redis-server");
        command.args(["--port", &self.port.to_string(), "--bind", "127.0.0.1", "--save", "", "--dir"]);
        command.arg(&self.folder.0).stdin(Stdio::null()).stdout(Stdio::null());
        self.running = Some(command.spawn().expect("redis-server starts"));
        eventually("Redis answers", PATIENCE, async || (self.says(&["PING"]) == "PONG").then_some(())).await;
    }

    /// Ends it without a word of warning.
    pub fn stops(&mut self) {
        let mut running = self.running.take().expect("Redis runs");
        running.kill().expect("it can be killed");
        running.wait().expect("it ends");
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// What it answers to a command.
    pub fn says(&self, command: &[&str]) -> String {
        let mut cli = Command::new("redis-cli");
        cli.args(["-p", &self.port.to_string()]).args(command);
        let output = cli.output().expect("redis-cli runs");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }
}

impl Drop for OwnRedis {
    fn drop(&mut self) {
        if self.running.is_some() {
            self.stops();
        }
    }
}

/// Waits until a server knows the Redis that answers now, which is not in the life it was in before.
pub async fn is_known_anew(app: &App, before: Option<Epoch>) {
    let redis = app.redis.as_ref().expect("a server with Redis");
    let known = async || redis.epoch().filter(|epoch| Some(*epoch) != before).map(|_| ());
    eventually("the server knows the new life of Redis", PATIENCE, known).await;
}
