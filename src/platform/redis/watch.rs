//! Watching over Redis: whether it answers, and in which life it is. What is known decides for everybody, so that one
//! failure is enough and nobody else waits.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fred::clients::Pool;
use fred::error::{Error, ErrorKind};
use fred::interfaces::{ClientLike, EventInterface};
use fred::types::config::{Options, Server};
use fred::types::{ClusterHash, CustomCommand};
use futures_util::future::try_join_all;
use ring::digest::{SHA256, digest};
use tokio::sync::Notify;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch::Sender;
use tokio::task::JoinSet;

/// How often to ask a Redis that seems well.
const LOOK: Duration = Duration::from_secs(2);
/// How long to wait before asking again one that is not.
const PAUSE: Duration = Duration::from_millis(100);

/// The log is told after so many looks in vain: connections that are only being made are nothing to tell.
const TOLD: u32 = 5;

/// A life of Redis, in which nothing that it acknowledged was lost: it ends with a restart or a fail-over. A number made
/// from what all of its primaries call themselves and their history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Epoch(pub u64);

/// Why Redis did not answer when it last did not.
#[derive(Debug, Default)]
pub(super) struct Why(Mutex<Option<String>>);

impl Why {
    pub fn last(&self) -> String {
        self.lock().clone().unwrap_or_else(|| "it said nothing in time".to_owned())
    }

    fn note(&self, error: &Error) {
        *self.lock() = Some(error.to_string());
    }

    fn lock(&self) -> MutexGuard<'_, Option<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) struct Watch {
    pub pool: Pool,
    pub options: Options,
    /// Told when a command was not answered.
    pub trouble: Arc<Notify>,
    pub why: Arc<Why>,
}

impl Watch {
    /// Watches for ever. The log is told once when Redis goes and once when it comes, however often it is asked.
    pub(super) async fn over(self, reach: Sender<Option<Epoch>>) {
        let _listening = self.listens();
        let mut failures = 0_u32;
        loop {
            // What was said before this look is seen by it.
            let _ = futures_util::FutureExt::now_or_never(self.trouble.notified());
            match self.asks().await {
                Ok(epoch) => {
                    if std::mem::take(&mut failures) >= TOLD {
                        tracing::info!("Redis answers again");
                    }
                    if *reach.borrow() != Some(epoch) {
                        reach.send_replace(Some(epoch));
                    }
                    let trouble = tokio::time::timeout(LOOK, self.trouble.notified()).await.is_ok();
                    if trouble {
                        reach.send_replace(None);
                    }
                }
                Err(error) => {
                    reach.send_replace(None);
                    // That a connection is being made is less than why the last one broke.
                    if *error.kind() != ErrorKind::Canceled {
                        self.why.note(&error);
                    }
                    failures = failures.saturating_add(1);
                    if failures == TOLD {
                        tracing::warn!(
                            error = self.why.last(),
                            "Redis does not answer: until it does, the databases answer in its place"
                        );
                    }
                    if *error.kind() == ErrorKind::Sentinel {
                        let _ = tokio::time::timeout(LOOK, self.pool.force_reconnection()).await;
                    }
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    /// Every connection that breaks is trouble.
    fn listens(&self) -> JoinSet<()> {
        let mut listening = JoinSet::new();
        for client in self.pool.clients() {
            let (mut errors, trouble, why) = (client.error_rx(), self.trouble.clone(), self.why.clone());
            listening.spawn(async move {
                loop {
                    match errors.recv().await {
                        Ok((error, _)) => why.note(&error),
                        Err(RecvError::Closed) => return,
                        Err(RecvError::Lagged(_)) => {}
                    }
                    trouble.notify_one();
                }
            });
        }
        listening
    }

    /// Every connection must answer, and every primary say who it is.
    async fn asks(&self) -> Result<Epoch, Error> {
        let pings = self.pool.clients().iter().map(|client| {
            let client = client.with_options(&self.options);
            async move { client.ping::<fred::types::Value>(None).await }
        });
        try_join_all(pings).await?;
        let client = self.pool.next_connected();
        let nodes = if client.is_clustered() { client.active_connections() } else { vec![] };
        let nodes: Vec<Option<Server>> =
            if nodes.is_empty() { vec![None] } else { nodes.into_iter().map(Some).collect() };
        let mut names = try_join_all(nodes.into_iter().map(|node| self.name(node))).await?;
        names.sort();
        let digest = digest(&SHA256, names.join("\n").as_bytes());
        Ok(Epoch(digest.as_ref().iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))))
    }

    /// What a primary calls itself and its history. A replica refuses writes: the connection is made again, to whatever
    /// is the primary by then.
    async fn name(&self, node: Option<Server>) -> Result<String, Error> {
        let client = self.pool.next_connected();
        let options = Options { cluster_node: node, ..self.options.clone() };
        let about = CustomCommand::new_static("INFO", ClusterHash::Random, false);
        let about: String = client.with_options(&options).custom(about, Vec::<String>::new()).await?;
        let field = |name: &str| {
            let mut fields = about.lines().filter_map(|line| line.split_once(':'));
            fields.find(|(key, _)| *key == name).map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
        };
        if field("role") == "slave" {
            return Err(Error::new(ErrorKind::Sentinel, "it is a replica"));
        }
        if field("loading") == "1" {
            return Err(Error::new(ErrorKind::Unknown, "it is still loading"));
        }
        Ok(format!("{} {}", field("run_id"), field("master_replid")))
    }
}
