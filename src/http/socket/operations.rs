//! The operations on one socket: each in a task of its own, so that a slow or broken one harms no other.

use std::collections::HashMap;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Map, Value};
use tokio::task::{AbortHandle, Id, JoinError, JoinSet};
use tokio::time::Instant;

use super::Edge;
use super::allowance::{Allowance, Holds};
use super::frame::Reader;
use super::line::{Chunk, Line};
use super::message::{self, FromClient, Heard};
use super::parting::Parting;
use crate::base::error::Code;
use crate::domain::sessions;
use crate::graphql::execute::{Asker, Next, Parameters, Prepared, stopping};
use crate::graphql::live::group::{Ear, Membership, Payload, Told};
use crate::graphql::report::{self, Rejected};

/// What is said on an acknowledged socket.
pub(super) struct Conversation<'a> {
    edge: &'a Arc<Edge>,
    asker: Asker,
    line: Arc<Line>,
    running: HashMap<String, Running>,
    tasks: JoinSet<Finished>,
    allowance: Allowance,
    /// Why the socket closes as soon as nothing runs on it, or at the latest.
    leaves: Option<(Parting, Instant)>,
}

/// Why a socket closes, and how long its operations have to end.
type Leaving = (Parting, Duration);

/// An operation that runs.
struct Running {
    by: By,
    wanted: Arc<AtomicBool>,
    /// What it holds as long as it runs, by itself or in a group.
    holds: Arc<Holds>,
}

/// What an operation runs by.
enum By {
    /// A task of its own.
    Task(AbortHandle),
    /// The group that it is in.
    Group(Membership),
}

/// An operation that does not run by itself any more.
struct Finished {
    id: String,
    with: With,
}

/// How an operation went on.
enum With {
    /// It said everything but its last message.
    Last(String),
    /// A group goes on with it.
    Group(Membership),
}

/// An operation in a group that has ended.
pub(super) struct Ended {
    id: String,
    member: u64,
    last: String,
}

impl<'a> Conversation<'a> {
    pub(super) fn new(edge: &'a Arc<Edge>, asker: Asker, line: Arc<Line>) -> Self {
        let allowance = Allowance::new(edge.app.config.websocket.subscriptions);
        Self { edge, asker, line, running: HashMap::new(), tasks: JoinSet::new(), allowance, leaves: None }
    }

    /// Talks until one side ends it. Operations that still run then are given up; when it is ours to end, they have
    /// some time to say that they do.
    pub(super) async fn hold(mut self, reader: &mut Reader, leaving: impl Future<Output = Leaving>) -> Parting {
        let mut leaving = pin!(leaving);
        loop {
            if let Err(parting) = self.step(reader, leaving.as_mut()).await {
                return parting;
            }
            if let Some((parting, _)) = self.leaves.take_if(|_| self.running.is_empty()) {
                return parting;
            }
        }
    }

    async fn step(
        &mut self,
        reader: &mut Reader,
        leaving: Pin<&mut impl Future<Output = Leaving>>,
    ) -> Result<(), Parting> {
        let most = self.edge.app.config.websocket.message_bytes;
        let at_latest = self.leaves.as_ref().map(|(_, at_latest)| *at_latest);
        tokio::select! {
            (parting, patience) = leaving, if at_latest.is_none() => {
                self.leaves = Some((parting, Instant::now() + patience));
                Ok(())
            }
            () = at(at_latest) => {
                Err(self.leaves.take().map_or(Parting::Gone, |(parting, _)| parting))
            }
            heard = message::hear(&self.line, reader, most) => match heard? {
                Heard::Message(message) => self.answer(message).await,
                Heard::Else => self.bury_ended().await,
            },
            Some(finished) = self.tasks.join_next_with_id() => self.finish(finished).await,
        }
    }

    async fn answer(&mut self, message: FromClient) -> Result<(), Parting> {
        match message {
            FromClient::ConnectionInit { .. } => Err(Parting::TOO_MANY_INITS),
            FromClient::Ping { payload } => self.say(&message::pong(payload)).await,
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
        let most = self.edge.app.config.websocket.operations;
        if self.running.len() >= most {
            let message = format!("At most {most} operations can run on one socket at once.");
            return self.say_error(&id, &Rejected::new(Code::Overloaded, message)).await;
        }
        self.start(id, parameters);
        Ok(())
    }

    /// Why nothing is begun any more on this socket, just before it closes.
    fn too_late(&self) -> Option<Rejected> {
        if self.asker.viewer.is_some_and(|viewer| sessions::is_ended(&self.edge.app, viewer.session)) {
            return Some(Rejected::new(Code::Unauthenticated, sessions::ENDED));
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
        let (line, allowance) = (self.line.clone(), self.allowance.clone());
        let holds = Arc::<Holds>::default();
        let voice = Voice { id: id.clone(), line, wanted: wanted.clone(), allowance, holds: holds.clone() };
        let task = self.tasks.spawn(run(self.edge.clone(), self.asker.clone(), parameters, voice));
        self.running.insert(id, Running { by: By::Task(task), wanted, holds });
    }

    fn give_up(&mut self, id: &str) {
        if let Some(Running { by, wanted, holds }) = self.running.remove(id) {
            wanted.store(false, Ordering::Relaxed);
            // Its task may end later than the client begins another one.
            holds.release();
            match by {
                By::Task(task) => task.abort(),
                By::Group(member) => drop(member),
            }
        }
    }

    /// Frees the id of an operation before its last message is sent: with that, the client may use it again.
    async fn finish(&mut self, finished: Result<(Id, Finished), JoinError>) -> Result<(), Parting> {
        match finished {
            Ok((task, Finished { id, with })) if self.is(&id, task) => match with {
                With::Last(last) => {
                    self.running.remove(&id);
                    self.say(&last).await
                }
                With::Group(member) => {
                    self.goes_on(id, member);
                    Ok(())
                }
            },
            Ok(_) => Ok(()),
            Err(error) => self.bury(error).await,
        }
    }

    /// From now on a group speaks to the client.
    fn goes_on(&mut self, id: String, member: Membership) {
        let Some(running) = self.running.get_mut(&id) else { return };
        let (before, after) = message::around(&id);
        let wanted = running.wanted.clone();
        let most = self.edge.app.config.websocket.queue;
        let ear =
            Listens { id, member: member.number(), line: self.line.clone(), wanted, around: (before, after), most };
        member.listens(Box::new(ear));
        running.by = By::Group(member);
    }

    /// Says the last of operations that have ended in their groups.
    async fn bury_ended(&mut self) -> Result<(), Parting> {
        for Ended { id, member, last } in self.line.take_ended() {
            let is_it = |running: &Running| matches!(&running.by, By::Group(by) if by.number() == member);
            if self.running.get(&id).is_some_and(is_it) {
                self.running.remove(&id);
                self.say(&last).await?;
            }
        }
        Ok(())
    }

    fn is(&self, id: &str, task: Id) -> bool {
        self.running.get(id).is_some_and(|running| running.is(task))
    }

    /// An operation that panicked outside of its execution, or was given up.
    async fn bury(&mut self, error: JoinError) -> Result<(), Parting> {
        let found = self.running.iter().find(|(_, running)| running.is(error.id()));
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
        self.say(&text).await
    }

    async fn say(&self, text: &str) -> Result<(), Parting> {
        self.line.says_in_turn(Chunk::text(text)).await;
        Ok(())
    }
}

impl Running {
    fn is(&self, task: Id) -> bool {
        matches!(&self.by, By::Task(by) if by.id() == task)
    }
}

/// Waits until a moment, or for ever when there is none.
async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

/// How an operation is heard on its socket.
struct Voice {
    id: String,
    line: Arc<Line>,
    wanted: Arc<AtomicBool>,
    allowance: Allowance,
    holds: Arc<Holds>,
}

impl Voice {
    /// Waits while too much is to be written.
    async fn say(&self, payload: Payload) {
        let (before, after) = message::around(&self.id);
        self.line.says_in_turn(Chunk::around(&before, payload.json, after).if_wanted(&self.wanted)).await;
    }
}

/// How a group is heard on a socket.
struct Listens {
    id: String,
    member: u64,
    line: Arc<Line>,
    wanted: Arc<AtomicBool>,
    around: (String, &'static str),
    most: usize,
}

impl Listens {
    fn chunk(&self, payload: &Payload) -> Chunk {
        let (before, after) = &self.around;
        Chunk::around(before, payload.json.clone(), after).if_wanted(&self.wanted)
    }
}

impl Ear for Listens {
    fn hears(&mut self, payload: &Payload) -> bool {
        self.line.offers(self.chunk(payload), self.most)
    }

    fn hears_last(&mut self, told: Told) {
        let last = match told {
            Told::Result(payload) => return self.line.says(self.chunk(&payload)),
            Told::End => message::complete(&self.id),
            Told::Broken(rejected) => message::error(&self.id, &rejected.errors),
        };
        self.line.ends(Ended { id: self.id.clone(), member: self.member, last: last.unwrap_or_default() });
    }
}

/// Executes an operation and says what comes of it, all but its last message, or up to where a group goes on.
async fn run(edge: Arc<Edge>, asker: Asker, parameters: Parameters, voice: Voice) -> Finished {
    let said = match edge.operations.prepare(&asker, parameters) {
        Ok(prepared) => results(&edge, prepared, &voice).await,
        Err(rejected) => Err(rejected),
    };
    let last = match said {
        Ok(Some(member)) => return Finished { id: voice.id, with: With::Group(member) },
        Ok(None) => message::complete(&voice.id),
        Err(rejected) => message::error(&voice.id, &rejected.errors),
    };
    Finished { with: With::Last(last.unwrap_or_default()), id: voice.id }
}

async fn results(edge: &Arc<Edge>, prepared: Prepared, voice: &Voice) -> Result<Option<Membership>, Rejected> {
    voice.holds.hold(voice.allowance.take(&prepared)?);
    let mut events = edge.operations.events(prepared)?;
    while let Some(next) = events.next_by_itself().await {
        match next? {
            Next::Result(payload) => voice.say(payload).await,
            Next::Joined(member) => return Ok(Some(member)),
        }
    }
    Ok(None)
}
