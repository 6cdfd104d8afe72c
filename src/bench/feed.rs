//! What reading a home feed costs: CPU of the server, of Postgres and of Redis for each read, and statements.

use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_graphql::{Request, Variables};
use futures_util::future::try_join_all;
use serde_json::json;

use super::client::Client;
use super::costs::Costs;
use super::world::{self, Dice, Size, World};
use crate::app::App;
use crate::base::client_address::ClientAddress;
use crate::base::clock::Timestamp;
use crate::base::error::{Error, Result};
use crate::base::ids::{SessionId, UserId};
use crate::domain::sessions::{self, Viewer};
use crate::graphql;
use crate::platform::token::Claims;

/// Twenty media with what a card on a screen shows, as the peers were measured: about 14 KB.
pub(super) const HOME: &str = "query Home($after: String) { viewer { homeFeed(first: 20, after: $after) { nodes {
    id publishedAt caption { plain } likeCount viewerHasLiked commentCount owner { id username }
    photos { low: image(size: LOW) { url } standard: image(size: STANDARD) { url } }
    comments(first: 2) { nodes { id text { plain } author { id username } } }
} pageInfo { endCursor hasNextPage } } } }";
/// How long a server may take until it listens.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is measured.
#[derive(Clone, Debug)]
pub struct Plan {
    /// How much there is in the world.
    pub size: Size,
    /// Reads that are counted.
    pub reads: usize,
    /// Connections that read side by side.
    pub at_once: usize,
    /// How the server that is measured is started, after `serve`.
    pub server: Vec<String>,
}

/// Makes a world, measures, and tells what was found.
///
/// # Errors
/// When the server has users, or a part fails.
pub async fn run(app: &Arc<App>, plan: &Plan, say: impl Fn(&str)) -> Result<()> {
    world::must_be_empty(app).await?;
    sessions::load_keys(app).await?;
    let begun = Instant::now();
    let world = world::make(app, plan.size, &say).await?;
    say(&format!("made in {} s", begun.elapsed().as_secs()));
    let server = Server::start(&plan.server).await?;
    // First reads make ahead what later reads find.
    for round in ["first read of each", "read again"] {
        let read = read_all(app, &world, plan, &server).await?;
        say(&read.told(round));
    }
    say(&format!("statements for a read, after the first: {:.1}", statements(app, &world).await?));
    Ok(())
}

/// What some reads cost.
struct Read {
    reads: u32,
    bytes: usize,
    costs: Costs,
    times: Vec<Duration>,
}

impl Read {
    fn told(&self, round: &str) -> String {
        let each = |spent: Duration| (spent / self.reads).as_secs_f64() * 1000.0;
        let Costs { server, postgres, redis } = self.costs;
        let whole = each(server + postgres + redis);
        let time =
            |part: usize| self.times[(self.times.len() * part / 100).min(self.times.len() - 1)].as_secs_f64() * 1000.0;
        format!(
            "{round}: {} reads of {} bytes; CPU ms for each: server {:.2}, Postgres {:.2}, Redis {:.2}, together {whole:.2}; time ms: half {:.1}, 99 of 100 {:.1}",
            self.reads,
            self.bytes,
            each(server),
            each(postgres),
            each(redis),
            time(50),
            time(99)
        )
    }
}

/// Everybody who is chosen reads once, and the same are chosen every time.
async fn read_all(app: &App, world: &World, plan: &Plan, server: &Server) -> Result<Read> {
    let readers = readers(world, plan.reads);
    let operation = json!({ "query": HOME }).to_string();
    let tokens: Vec<String> = readers.iter().map(|reader| token(app, *reader)).collect::<Result<_>>()?;
    let before = Costs::so_far(server.process.id());
    let share = tokens.len().div_ceil(plan.at_once);
    let reading = tokens.chunks(share).map(async |tokens| {
        let mut client = Client::connect(&server.address).await?;
        let (mut bytes, mut times) = (0, Vec::with_capacity(tokens.len()));
        for token in tokens {
            let begun = Instant::now();
            let answer = client.asks(token, &operation).await?;
            times.push(begun.elapsed());
            bytes += answer.len();
        }
        Ok::<_, Error>((bytes, times))
    });
    let read = try_join_all(reading).await?;
    let costs = Costs::so_far(server.process.id()).since(before);
    let bytes = read.iter().map(|(bytes, _)| bytes).sum::<usize>() / tokens.len();
    let mut times: Vec<Duration> = read.into_iter().flat_map(|(_, times)| times).collect();
    times.sort_unstable();
    Ok(Read { reads: u32::try_from(tokens.len()).unwrap_or(u32::MAX), bytes, costs, times })
}

fn readers(world: &World, many: usize) -> Vec<UserId> {
    let mut dice = Dice::new(2026);
    (0..many).map(|_| world.people[dice.below(world.people.len())]).collect()
}

pub(super) fn token(app: &App, user: UserId) -> Result<String> {
    let now = app.clock.now();
    app.tokens.sign(&claims(now, user), now)
}

/// One as the previous version made them.
pub(super) fn token_as_before(app: &App, user: UserId) -> Result<String> {
    let now = app.clock.now();
    app.tokens.sign_as_before(&claims(now, user), now)
}

fn claims(now: Timestamp, user: UserId) -> Claims {
    let (sid, exp) = (SessionId(user.0), world::far(now).seconds());
    Claims { sub: user, sid, rotation: None, iat: now.seconds(), exp }
}

/// Statements of one read, counted in this process, where nothing else runs.
async fn statements(app: &Arc<App>, world: &World) -> Result<f64> {
    const READS: u32 = 100;
    let schema = graphql::schema(app);
    let read = async |user: UserId| {
        let viewer = Viewer { user, session: SessionId(user.0) };
        let request = Request::new(HOME).variables(Variables::default());
        let answer =
            graphql::execute(&schema, graphql::asked_by(app, (Some(viewer), ClientAddress::SERVER), request)).await;
        answer.into_result().map(|_| ()).map_err(|errors| Error::internal(format!("{errors:?}")))
    };
    let readers = readers(world, READS as usize);
    // Nobody writes meanwhile, so the log is followed.
    for number in 0..app.db.databases().len() {
        app.db.kept.heard(number, true);
    }
    for reader in &readers {
        read(*reader).await?;
    }
    let before = app.db.statements();
    for reader in &readers {
        read(*reader).await?;
    }
    let counted = u32::try_from(app.db.statements() - before).unwrap_or(u32::MAX);
    Ok(f64::from(counted) / f64::from(READS))
}

/// A server of its own process, ended with this.
pub(super) struct Server {
    pub(super) address: String,
    pub(super) process: Child,
}

impl Server {
    pub(super) async fn start(arguments: &[String]) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe().map_err(Error::internal)?);
        command.arg("serve").args(arguments);
        Self::launch(command).await
    }

    /// Starts a command that serves, on a free port.
    pub(super) async fn launch(mut command: Command) -> Result<Self> {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(Error::internal)?;
        let address = free.local_addr().map_err(Error::internal)?.to_string();
        drop(free);
        command.args(["--listen", &address]).stdout(Stdio::null());
        let mut server = Self { process: command.spawn().map_err(Error::internal)?, address };
        let begun = Instant::now();
        while Client::connect(&server.address).await.is_err() {
            let has_ended = server.process.try_wait().map_err(Error::internal)?.is_some();
            if has_ended || begun.elapsed() > PATIENCE {
                return Err(Error::internal("the server that is measured did not start"));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
