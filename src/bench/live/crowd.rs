//! Many subscribers of one thing, counted together.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::socket;
use crate::base::error::{Error, Result};

/// How long all of them may take to hear something.
const PATIENCE: Duration = Duration::from_mins(1);
/// What every event has in it.
const EVENT: &[u8] = br#""type":"next""#;

/// Subscribers that listen for as long as this is kept.
pub(super) struct Crowd {
    size: usize,
    heard: Arc<Heard>,
    listening: std::sync::Mutex<JoinSet<()>>,
}

#[derive(Default)]
struct Heard {
    events: AtomicUsize,
    wanted: AtomicUsize,
    bytes: AtomicUsize,
    all: Notify,
}

impl Heard {
    fn event(&self, frame: &[u8]) {
        self.bytes.store(frame.len(), Ordering::Relaxed);
        if self.events.fetch_add(1, Ordering::AcqRel) + 1 >= self.wanted.load(Ordering::Acquire) {
            self.all.notify_one();
        }
    }
}

impl Crowd {
    /// One that nobody has joined yet.
    pub(super) fn new(size: usize) -> Self {
        Self { size, heard: Arc::default(), listening: std::sync::Mutex::default() }
    }

    /// One more subscribes.
    pub(super) async fn join(&self, address: &str, source: u32, greeting: &str, subscribing: &str) -> Result<()> {
        let mut stream = socket::connect(address, source).await?;
        socket::shake_hands(&mut stream, address).await?;
        socket::say(&mut stream, greeting).await?;
        socket::say(&mut stream, subscribing).await?;
        self.listens(stream, |frame| frame.windows(EVENT.len()).any(|part| part == EVENT));
        Ok(())
    }

    /// Counts what comes on a connection.
    pub(super) fn listens(&self, stream: tokio::net::TcpStream, counts: fn(&[u8]) -> bool) {
        let heard = self.heard.clone();
        let on_frame = move |frame: &[u8]| {
            if counts(frame) {
                heard.event(frame);
            }
        };
        let mut listening = self.listening.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        listening.spawn(socket::listen(stream, on_frame));
    }

    /// How many events each has heard.
    pub(super) fn heard_by_each(&self) -> usize {
        self.heard.events.load(Ordering::Acquire) / self.size
    }

    /// The bytes of the last frame.
    pub(super) fn frame_bytes(&self) -> usize {
        self.heard.bytes.load(Ordering::Relaxed)
    }

    /// Comes back when all have heard so many events.
    pub(super) async fn reaches(&self, each: usize) -> Result<()> {
        let wanted = each * self.size;
        self.heard.wanted.store(wanted, Ordering::Release);
        let all = async {
            while self.heard.events.load(Ordering::Acquire) < wanted {
                self.heard.all.notified().await;
            }
        };
        timeout(PATIENCE, all).await.map_err(|_| {
            let events = self.heard.events.load(Ordering::Acquire);
            Error::internal(format!("{events} of {wanted} events came"))
        })
    }
}
