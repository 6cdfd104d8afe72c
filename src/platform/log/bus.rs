//! Carrying what is new from one process to all others: new entries of the log, and that there is work to do.
//!
//! In one process it is memory. With Redis it is also four channels for each database: `log`, which every tail hears;
//! `facts`, which wakes relays; `steps`, which wakes workers; and `sessions`, the ends of sessions beside the log. Messages
//! are sent once and kept nowhere. One that is lost costs a read: tails find the hole by its position, and everybody looks
//! for himself every little while anyway.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{broadcast, mpsc};

use super::session_end::{self, SessionEnd};
use super::{Entry, message};
use crate::base::config::Roles;
use crate::base::error::Result;
use crate::base::ids::MediaId;
use crate::platform::db::Database;
use crate::platform::redis::{Command, Heard, Redis};

/// Batches that wait for a tail, and messages that wait to be sent; what comes after is read from the database.
const WAITING: usize = 256;
/// How long to wait before a connection that ended for good is set up anew.
const PAUSE: Duration = Duration::from_secs(2);

/// What carries new entries from relays to tails.
#[derive(Clone, Debug)]
pub struct Bus {
    near: broadcast::Sender<News>,
    session_ends: broadcast::Sender<SessionEnd>,
    far: Option<Far>,
}

/// What a tail hears.
#[derive(Clone, Debug)]
pub(super) enum News {
    /// New entries of one database.
    Entries(Arc<Vec<Entry>>),
    /// A media of a database is in all feeds made ahead.
    Arrived(usize, MediaId),
    /// Something may have been missed.
    Look,
}

/// The way to other processes.
#[derive(Clone, Debug)]
struct Far {
    redis: Redis,
    /// The name of this process, by which it knows its own messages.
    origin: Arc<str>,
    /// What the channels of each database start with.
    channels: Arc<Vec<String>>,
    out: mpsc::Sender<(String, String)>,
}

impl Bus {
    /// A bus between all processes that use the same databases, or within this one when there is no Redis. The logs of
    /// the databases are known by their `identities`, `origin` is any name that no other process has.
    #[must_use]
    pub fn open(redis: Option<Redis>, identities: &[String], origin: &str) -> Self {
        let far = redis.map(|redis| Far::open(redis, identities, origin));
        Self { near: broadcast::channel(WAITING).0, session_ends: broadcast::channel(WAITING).0, far }
    }

    /// Tells every tail of new entries of one database.
    pub fn tell(&self, entries: Vec<Entry>) {
        let Some(number) = entries.first().map(|entry| entry.database) else { return };
        if let Some(far) = &self.far {
            far.say(number, "log", &message::of_entries(&entries));
        }
        // Nobody listening is no error: the entries are in the database.
        let _ = self.near.send(News::Entries(Arc::new(entries)));
    }

    /// Tells every process, this one too, that a media of a database is in all feeds made ahead. Heard after the entry
    /// that sent it on its way, because both take the same one.
    pub fn tell_arrived(&self, database: &Database, media: MediaId) {
        if let Some(far) = &self.far {
            far.say(database.number, "log", &message::of_arrived(media));
        }
        let _ = self.near.send(News::Arrived(database.number, media));
    }

    /// Tells every other process that a session of a database has ended. Told at most once, so it must be found otherwise,
    /// too.
    pub fn tell_session_end(&self, database: &Database, end: SessionEnd) {
        if let Some(far) = &self.far {
            far.say(database.number, "sessions", &session_end::write(end));
        }
    }

    /// The ends of sessions that other processes tell from now on.
    #[must_use]
    pub fn session_ends(&self) -> broadcast::Receiver<SessionEnd> {
        self.session_ends.subscribe()
    }

    /// Passes on what a process makes and does not do itself: facts to relay and steps to do. For ever.
    pub async fn pass_on(self, database: Arc<Database>, roles: Roles) {
        let Some(far) = &self.far else { return };
        loop {
            tokio::select! {
                () = database.outbox_filled.notified(), if !roles.relay => far.say(database.number, "facts", ""),
                () = database.steps_stored.notified(), if !roles.worker => far.say(database.number, "steps", ""),
                else => return,
            }
        }
    }

    /// Hears what other processes say, for ever.
    ///
    /// # Errors
    /// When the connection cannot be set up.
    pub async fn listen(self, databases: Vec<Arc<Database>>, roles: Roles) -> Result<()> {
        let Some(far) = &self.far else { return Ok(()) };
        loop {
            let mut subscription = far.redis.subscribe(far.heard_by(roles))?;
            while let Some(heard) = subscription.next().await {
                match heard {
                    Heard::Message { channel, text } => self.hear(far, &databases, &channel, &text),
                    Heard::Anew => self.look(&databases, roles),
                }
            }
            tracing::warn!("what other processes say is no longer heard; it is tried anew");
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Something may have been missed: everybody looks for himself.
    fn look(&self, databases: &[Arc<Database>], roles: Roles) {
        let _ = self.near.send(News::Look);
        databases.iter().filter(|_| roles.relay).for_each(|database| database.outbox_filled.notify_one());
        databases.iter().filter(|_| roles.worker).for_each(|database| database.steps_stored.notify_one());
    }

    fn hear(&self, far: &Far, databases: &[Arc<Database>], channel: &str, text: &str) {
        let Some((name, kind)) = channel.rsplit_once(':') else { return };
        let Some(number) = far.channels.iter().position(|known| known == name) else { return };
        let Some((origin, said)) = text.split_once(' ') else { return };
        match kind {
            _ if origin == &*far.origin => {}
            "facts" => databases[number].outbox_filled.notify_one(),
            "steps" => databases[number].steps_stored.notify_one(),
            "sessions" => {
                if let Some(end) = session_end::read(said) {
                    let _ = self.session_ends.send(end);
                }
            }
            _ => {
                let _ = self.near.send(match message::read(number, said, databases[number].fleet.level()) {
                    Some(message::Said::Entries(entries)) => News::Entries(Arc::new(entries)),
                    Some(message::Said::Arrived(media)) => News::Arrived(number, media),
                    // Of a newer version of this program: what it says is in the database.
                    None => News::Look,
                });
            }
        }
    }

    pub(super) fn near(&self) -> broadcast::Receiver<News> {
        self.near.subscribe()
    }
}

impl Far {
    fn open(redis: Redis, identities: &[String], origin: &str) -> Self {
        let channels = identities.iter().map(|identity| redis.name(identity)).collect();
        let (out, waiting) = mpsc::channel(WAITING);
        tokio::spawn(send(redis.clone(), waiting));
        Self { redis, origin: origin.into(), channels: Arc::new(channels), out }
    }

    /// The channels that concern a process.
    fn heard_by(&self, roles: Roles) -> Vec<String> {
        let kinds = [("log", true), ("sessions", true), ("facts", roles.relay), ("steps", roles.worker)];
        let kinds = kinds.into_iter().filter(|(_, heard)| *heard);
        kinds.flat_map(|(kind, _)| self.channels.iter().map(move |name| format!("{name}:{kind}"))).collect()
    }

    /// Says something on a channel of a database, when there is room for it; nobody waits.
    fn say(&self, number: usize, kind: &str, said: &str) {
        let channel = format!("{}:{kind}", self.channels[number]);
        let _ = self.out.try_send((channel, format!("{} {said}", self.origin)));
    }
}

/// Sends one message after the other, so that they come in order, until nobody has any more to send.
async fn send(redis: Redis, mut waiting: mpsc::Receiver<(String, String)>) {
    while let Some((channel, text)) = waiting.recv().await {
        if let Err(error) = redis.send::<()>(Command::bare("PUBLISH").with(channel).with(text)).await {
            tracing::debug!(%error, "a message was not sent");
        }
    }
}
