//! The stage of every story: a whole server of its own, on fresh parts and a fresh folder, reached by its address.
//!
//! `Kit::start()` opens it, `kit.signs_up("ada")` brings somebody on, `kit.settle()` waits until everything that
//! follows from what they did is done, and `kit.ends()` closes it. A story that does not end, leaves work undone or
//! made the server log an error has failed.

pub mod apns;
mod flow;
mod front;
pub mod judge;
mod listener;
mod log;
pub mod parts;
mod person;
pub mod phone;
pub mod photos;
pub mod program;
pub mod redis;
pub mod sight;
pub mod store;
mod stream;
mod template;
pub mod traffic;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::time::Duration;

use photograph::app::App;
use photograph::base::clock::Clock;
use photograph::base::config::Config;
use photograph::jobs::{self, Background};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

pub use flow::{Flow, field};
pub use front::{Answer, Front, Payload};
pub use parts::Parts;
pub use person::{Person, Upload, account, comment_many, document, sha256};
pub use stream::Stream;

/// How long anything may take before the story has failed.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A server of its own for one story.
pub struct Kit {
    /// Its machines, for what cannot be seen from outside.
    pub app: Arc<App>,
    /// How it is reached.
    pub front: Front,
    folder: Folder,
    parts: Parts,
    ahead: Arc<AtomicI64>,
    background: Option<Background>,
    server: Option<JoinHandle<()>>,
    stop: CancellationToken,
    log: log::Watch,
    ended: bool,
}

impl Kit {
    /// A server as it comes.
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// A server that asks its databases nothing by itself, so that statements can be counted.
    pub async fn quiet() -> Self {
        Self::with(|config| {
            config.log.poll_milliseconds = 3_600_000;
            config.auth.ended_poll_milliseconds = 3_600_000;
        })
        .await
    }

    /// A server that is set up differently.
    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let log = log::Watch::start();
        let folder = Folder::fresh();
        let parts = Parts::migrated(&folder.0).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("the port's number");
        let mut config = Config::default();
        config.server.listen = address.to_string();
        config.server.data = folder.0.clone();
        parts.configure(&mut config);
        config.uploads.launcher = Some(program::PROGRAM.into());
        // A story that is over does not wait for those who still listen.
        config.http.drain_seconds = 0;
        change(&mut config);
        let ahead = Arc::new(AtomicI64::new(0));
        // In a box, because it is large: stories need not be.
        let app = Box::pin(App::start(config, Clock::shifted(ahead.clone())))
            .await
            .unwrap_or_else(|error| panic!("{}", error.detail()));
        let stop = CancellationToken::new();
        let background = Some(jobs::spawn(&app).await.unwrap_or_else(|error| panic!("{}", error.detail())));
        let server = Some(tokio::spawn(photograph::http::serve(app.clone(), listener, stop.clone())));
        let front = Front::at(address);
        Self { app, front, folder, parts, ahead, background, server, stop, log, ended: false }
    }

    /// Somebody with an account and a session.
    pub async fn signs_up(&self, username: &str) -> Person {
        Person::signs_up(&self.front, username).await
    }

    /// Somebody who is not signed in.
    pub fn nobody(&self) -> Person {
        Person::nobody(&self.front)
    }

    /// Where the server keeps its files.
    pub fn folder(&self) -> &PathBuf {
        &self.folder.0
    }

    /// Lets time go by: the server's clock runs ahead by so much more.
    pub fn passes(&self, time: Duration) {
        let millis = i64::try_from(time.as_millis()).expect("a time that fits");
        self.ahead.fetch_add(millis, Ordering::Relaxed);
    }

    /// Waits until everything that follows from what happened is done.
    pub async fn settle(&self) {
        let settled = timeout(PATIENCE, jobs::settle(&self.app)).await.expect("work was left undone");
        settled.unwrap_or_else(|error| panic!("the work cannot be done: {}", error.detail()));
    }

    /// One error with these words was to be logged, and was.
    pub fn forgives(&self, words: &str) {
        self.log.forgives(words);
    }

    /// Asks the server to stop, as a signal does, and goes on with the story while it does.
    pub fn stops(&self) {
        self.stop.cancel();
    }

    /// Ends the story: all work is done and none of it was given up, no error was logged, and nothing is left behind.
    pub async fn ends(mut self) {
        self.settle().await;
        self.ended = true;
        self.stop.cancel();
        if let Some(background) = self.background.take() {
            timeout(PATIENCE, background.stop()).await.expect("the background work stops");
        }
        if let Some(server) = self.server.take() {
            let served = timeout(PATIENCE, server).await.expect("the server stops");
            served.expect("the server does not panic");
        }
        self.parts.drop().await;
        assert_eq!(self.log.errors(), Vec::<String>::new(), "the server logged errors");
        assert_eq!(self.log.links(), Vec::<String>::new(), "the server logged links");
    }
}

impl Drop for Kit {
    fn drop(&mut self) {
        let fell = std::thread::panicking();
        assert!(self.ended || fell, "the story did not end: say `kit.ends().await`");
    }
}

/// A folder that goes when it is dropped.
pub struct Folder(pub PathBuf);

impl Folder {
    /// A new, empty one.
    pub fn fresh() -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let name = format!("photograph-test-{}-{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        // One may be left of a process with the same number that was killed.
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("a temporary folder");
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Asks again until there is an answer, and fails when that takes too long. For what no event tells of.
pub async fn eventually<T>(what: &str, patience: Duration, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let asking = async {
        let mut again = tokio::time::interval(Duration::from_millis(20));
        loop {
            again.tick().await;
            if let Some(answer) = ask().await {
                return answer;
            }
        }
    };
    timeout(patience, asking).await.unwrap_or_else(|_| panic!("not within {patience:?}: {what}"))
}

/// What the environment says, if anything.
#[expect(clippy::disallowed_methods, reason = "tests are told by their environment where they run")]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
