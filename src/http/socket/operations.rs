//! The operations on one socket: each in a task of its own, so that a slow or broken one harms no other.

use std::collections::HashMap;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::extract::ws::Utf8Bytes;
use serde_json::{Map, Value};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, Id, JoinError, JoinSet};
use tokio::time::Instant;

use super::message::{self, FromClient, Heard};
use super::parting::Parting;
use super::{Edge, Stream};
use crate::base::error::Code;
use crate::domain::sessions::{self, Viewer};
use crate::graphql::report::{self, Rejected};
use crate::http::operation::{Parameters, Prepared, stopping};

/// A message that waits to be written.
pub(super) struct Queued {
    pub(super) text: Utf8Bytes,
    /// Whether the client still listens to the operation it is of.
    wanted: Option<Arc<AtomicBool>>,
}

impl Queued {
    /// Nothing is sent of an operation that the client has completed.
    pub(super) fn is_wanted(&self) -> bool {
        self.wanted.as_ref().is_none_or(|wanted| wanted.load(Ordering::Relaxed))
    }
}

/// What is said on an acknowledged socket.
pub(super) struct Conversation<'a> {
    edge: &'a Arc<Edge>,
    viewer: Option<Viewer>,
    queue: mpsc::Sender<Queued>,
    running: HashMap<String, Running>,
    tasks: JoinSet<Finished>,
    /// When the client is pinged, or given up if it was.
    patience_ends: Instant,
    is_pinged: bool,
    /// Why the socket closes as soon as nothing runs on it, or at the latest.
    leaves: Option<(Parting, Instant)>,
}

/// Why a socket closes, and how long its operations have to end.
type Leaving = (Parting, Duration);

/// An operation that runs.
struct Running {
    task: AbortHandle,
    wanted: Arc<AtomicBool>,
}

/// An operation that ended by itself, with its last message.
struct Finished {
    id: String,
    last: String,
}

impl<'a> Conversation<'a> {
    pub(super) fn new(edge: &'a Arc<Edge>, viewer: Option<Viewer>, queue: mpsc::Sender<Queued>) -> Self {
        let patience_ends = Instant::now() + Duration::from_secs(edge.app.config.websocket.ping_seconds);
        let (running, tasks) = (HashMap::new(), JoinSet::new());
        Self { edge, viewer, queue, running, tasks, patience_ends, is_pinged: false, leaves: None }
    }

    /// Talks until one side ends it. Operations that still run then are given up; when it is ours to end, they have
    /// some time to say that they do.
    pub(super) async fn hold(mut self, stream: &mut Stream, leaving: impl Future<Output = Leaving>) -> Parting {
        let mut leaving = pin!(leaving);
        loop {
            if let Err(parting) = self.step(stream, leaving.as_mut()).await {
                return parting;
            }
            if let Some((parting, _)) = self.leaves.take_if(|_| self.running.is_empty()) {
                return parting;
            }
        }
    }

    async fn step(
        &mut self,
        stream: &mut Stream,
        leaving: Pin<&mut impl Future<Output = Leaving>>,
    ) -> Result<(), Parting> {
        let most = self.edge.app.config.websocket.message_bytes;
        let at_latest = self.leaves.as_ref().map(|(_, at_latest)| *at_latest);
        tokio::select! {
            (parting, patience) = leaving, if at_latest.is_none() => {
                self.leaves = Some((parting, Instant::now() + patience));
                Ok(())
            }
            () = tokio::time::sleep_until(at_latest.unwrap_or(self.patience_ends)), if at_latest.is_some() => {
                Err(self.leaves.take().map_or(Parting::Gone, |(parting, _)| parting))
            }
            heard = message::hear(stream, most) => {
                self.has_life();
                match heard? {
                    Heard::Message(message) => self.answer(message).await,
                    Heard::Sign => Ok(()),
                }
            }
            Some(finished) = self.tasks.join_next_with_id() => self.finish(finished).await,
            () = tokio::time::sleep_until(self.patience_ends) => self.ping().await,
        }
    }

    fn has_life(&mut self) {
        self.is_pinged = false;
        self.patience_ends = Instant::now() + Duration::from_secs(self.edge.app.config.websocket.ping_seconds);
    }

    async fn ping(&mut self) -> Result<(), Parting> {
        if self.is_pinged {
            return Err(Parting::SILENT);
        }
        self.is_pinged = true;
        self.patience_ends = Instant::now() + Duration::from_secs(self.edge.app.config.websocket.pong_seconds);
        self.say(message::PING).await
    }

    async fn answer(&mut self, message: FromClient) -> Result<(), Parting> {
        match message {
            FromClient::ConnectionInit { .. } => Err(Parting::TOO_MANY_INITS),
            FromClient::Ping { payload } => self.say(message::pong(payload)).await,
            FromClient::Pong { .. } => Ok(()),
            FromClient::Subscribe { id, payload } => self.subscribe(id, payload).await,
            FromClient::Complete { id } => {
                self.give_up(&id);
                Ok(())
            }
        }
    }

    async fn subscribe(&mut self, id: String, payload: Map<String, Value>) -> Result<(), Parting> {
        if self.running.contains_key(&id) {
            return Err(Parting::Twice(id));
        }
        if let Some(rejected) = self.too_late() {
            return self.say_error(&id, &rejected).await;
        }
        let parameters = match Parameters::read(payload) {
            Ok(parameters) => parameters,
            Err(rejected) => return self.refuse(&id, rejected).await,
        };
        let most = self.edge.app.config.websocket.subscriptions;
        if self.running.len() >= most {
            let message = format!("At most {most} operations can run on one socket at once.");
            return self.say_error(&id, &Rejected::new(Code::Overloaded, message)).await;
        }
        self.start(id, parameters);
        Ok(())
    }

    /// Why nothing is begun any more on this socket, just before it closes.
    fn too_late(&self) -> Option<Rejected> {
        if self.viewer.is_some_and(|viewer| sessions::is_ended(&self.edge.app, viewer.session)) {
            return Some(Rejected::new(Code::Unauthenticated, "This session has ended. Log in again."));
        }
        self.leaves.as_ref().map(|_| stopping())
    }

    /// Parameters that are ill-formed are against the protocol. Persisted documents are only not offered here.
    async fn refuse(&self, id: &str, rejected: Rejected) -> Result<(), Parting> {
        match rejected.code {
            Code::PersistedQueryNotSupported => self.say_error(id, &rejected).await,
            _ => Err(Parting::BadMessage(format!("Invalid message: {}", rejected.message()))),
        }
    }

    fn start(&mut self, id: String, parameters: Parameters) {
        let wanted = Arc::new(AtomicBool::new(true));
        let voice = Voice { id: id.clone(), queue: self.queue.clone(), wanted: wanted.clone() };
        let task = self.tasks.spawn(run(self.edge.clone(), self.viewer, parameters, voice));
        self.running.insert(id, Running { task, wanted });
    }

    fn give_up(&mut self, id: &str) {
        if let Some(running) = self.running.remove(id) {
            running.wanted.store(false, Ordering::Relaxed);
            running.task.abort();
        }
    }

    /// Frees the id of an operation before its last message is sent: with that, the client may use it again.
    async fn finish(&mut self, finished: Result<(Id, Finished), JoinError>) -> Result<(), Parting> {
        match finished {
            Ok((task, Finished { id, last })) if self.is(&id, task) => {
                self.running.remove(&id);
                self.say(last).await
            }
            Ok(_) => Ok(()),
            Err(error) => self.bury(error).await,
        }
    }

    fn is(&self, id: &str, task: Id) -> bool {
        self.running.get(id).is_some_and(|running| running.task.id() == task)
    }

    /// An operation that panicked outside of its execution, or was given up.
    async fn bury(&mut self, error: JoinError) -> Result<(), Parting> {
        let found = self.running.iter().find(|(_, running)| running.task.id() == error.id());
        let Some(id) = found.map(|(id, _)| id.clone()) else { return Ok(()) };
        self.running.remove(&id);
        let chance = &self.edge.app.chance;
        let rejected = match error.try_into_panic() {
            Ok(panic) => report::panicked(chance, panic.as_ref()),
            Err(error) => self.edge.broken(error),
        };
        self.say_error(&id, &rejected).await
    }

    async fn say_error(&self, id: &str, rejected: &Rejected) -> Result<(), Parting> {
        let text = message::error(id, &rejected.errors).map_err(|_| Parting::Gone)?;
        self.say(text).await
    }

    async fn say(&self, text: impl Into<Utf8Bytes>) -> Result<(), Parting> {
        let message = Queued { text: text.into(), wanted: None };
        self.queue.send(message).await.map_err(|_| Parting::Gone)
    }
}

/// How an operation is heard on its socket.
struct Voice {
    id: String,
    queue: mpsc::Sender<Queued>,
    wanted: Arc<AtomicBool>,
}

impl Voice {
    /// Waits while the queue is full.
    async fn say(&self, text: String) {
        let message = Queued { text: text.into(), wanted: Some(self.wanted.clone()) };
        // When the queue is closed, so is the socket, and this task is about to be given up.
        let _ = self.queue.send(message).await;
    }
}

/// Executes an operation and says what comes of it, all but its last message.
async fn run(edge: Arc<Edge>, viewer: Option<Viewer>, parameters: Parameters, voice: Voice) -> Finished {
    let said = match edge.operations.prepare(viewer, parameters) {
        Ok(prepared) => results(&edge, prepared, &voice).await,
        Err(rejected) => Err(rejected),
    };
    let last = match said {
        Ok(()) => message::complete(&voice.id),
        Err(rejected) => message::error(&voice.id, &rejected.errors),
    };
    Finished { last: last.unwrap_or_default(), id: voice.id }
}

async fn results(edge: &Arc<Edge>, prepared: Prepared, voice: &Voice) -> Result<(), Rejected> {
    let mut events = edge.operations.events(prepared)?;
    while let Some(event) = events.next().await {
        let text = message::next(&voice.id, &event?.response).map_err(|error| edge.broken(error))?;
        voice.say(text).await;
    }
    Ok(())
}
