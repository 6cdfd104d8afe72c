//! What live streams cost: memory of the server for each idle subscriber, CPU for each delivery, and the time until the last
//! of them has an event — beside the raw limit, measured in the same run: bare sockets and a plain loop that writes.

mod bare;
mod crowd;
mod process;
mod socket;

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

use self::crowd::Crowd;
use super::client::Client;
use super::feed::{Server, token};
use super::world::{self, Size, World};
use crate::app::App;
use crate::base::error::{Error, Result};
use crate::base::ids::MediaId;
use crate::domain::media::{self, Audience};
use crate::domain::sessions;

/// The same for everybody.
const IDENTICAL: &str = "subscription Live($id: ID!) { mediaEvents(mediaId: $id) { __typename
    ... on StreamOpened { cursor recovery } ... on StreamClosing { cursor reason reconnectAfterMs }
    ... on MediaCountsChanged { cursor occurredAt media { id likeCount commentCount } }
    ... on CommentAdded { cursor occurredAt edgeCursor comment { id createdAt text { plain } author { id username } } }
    ... on CommentRemoved { cursor commentId } ... on MediaRemoved { cursor mediaId } } }";
/// Different for each viewer.
const BY_VIEWER: &str = "subscription Live($id: ID!) { mediaEvents(mediaId: $id) { __typename
    ... on StreamOpened { cursor recovery } ... on StreamClosing { cursor reason reconnectAfterMs }
    ... on MediaCountsChanged { cursor occurredAt media { id likeCount commentCount viewerHasLiked } } } }";
/// A card in the home feeds of those who follow its owner, different for each viewer.
const HOME: &str = "subscription Home { homeFeedEvents { __typename
    ... on StreamOpened { cursor recovery } ... on StreamClosing { cursor reason reconnectAfterMs }
    ... on MediaAdded { cursor edgeCursor media { ...Card } } ... on MediaUpdated { cursor media { ...Card } }
    ... on MediaRemoved { cursor mediaId } } }
    fragment Card on Media { id shortcode publishedAt owner { id username } caption { plain }
        photos { id width height blurHash images { url width height } }
        likeCount commentCount viewerHasLiked viewerHasSaved }";
const LIKE: &str = "mutation Like($id: ID!) { likeMedia(input: { mediaId: $id }) { userErrors { message } } }";
const EDIT: &str = "mutation Edit($id: ID!, $caption: String!) {
    updateMedia(input: { mediaId: $id, caption: $caption }) { userErrors { message } } }";

/// What is listened to, and what happens.
struct Kind {
    name: &'static str,
    document: &'static str,
    happens: Happening,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Happening {
    /// Somebody likes the media.
    Like,
    /// Its owner changes the caption.
    Edit,
}

const KINDS: [Kind; 3] = [
    Kind { name: "identical for all", document: IDENTICAL, happens: Happening::Like },
    Kind { name: "different by viewer", document: BY_VIEWER, happens: Happening::Like },
    Kind { name: "home feeds of followers, different by viewer", document: HOME, happens: Happening::Edit },
];
/// Longer than the time between two events with numbers.
const BETWEEN: Duration = Duration::from_millis(1300);
/// Sockets from one address: below what a server allows by itself.
const FROM_ONE_ADDRESS: usize = 150;
/// Files that a process has open beside its sockets.
const OTHER_FILES: usize = 200;

/// What is measured.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Subscribers of one media.
    pub subscribers: usize,
    /// Events of each kind that are counted.
    pub events: u32,
    /// How long nothing happens, to see what that costs.
    pub idle: Duration,
    /// How the server that is measured is started, after `serve`.
    pub server: Vec<String>,
}

/// Makes a small world, measures, and tells what was found.
///
/// # Errors
/// When the server has users, too few files can be open, or a part fails.
pub async fn run(app: &Arc<App>, plan: &Plan, say: impl Fn(&str)) -> Result<()> {
    let files = process::most_files();
    if files < plan.subscribers + OTHER_FILES {
        let needed = plan.subscribers + OTHER_FILES;
        return Err(Error::internal(format!("{files} files can be open, and this needs {needed}: ulimit -n {needed}")));
    }
    world::must_be_empty(app).await?;
    sessions::load_keys(app).await?;
    let people = plan.subscribers + likers(plan) + 1;
    let world = world::make(app, Size { people, follows: 0, media: 1, comments: 0 }, |_| ()).await?;
    let newest = media::newest_before(app, world.people[0], vec![Audience::Everyone], (i64::MAX, 1)).await?;
    let media = *newest.first().ok_or_else(|| Error::internal("nothing was published in this world"))?;
    world::all_follow_first(app, &world).await?;
    let mut bytes = 0;
    for (round, kind) in KINDS.iter().enumerate() {
        let liked = round * plan.events as usize;
        let measured = Round { app, plan, world: &world, media, kind, liked }.run().await?;
        // The raw limit is measured with frames of the first kind.
        bytes = if round == 0 { measured.bytes } else { bytes };
        say(&measured.told(kind.name, plan));
    }
    // Both ends of its sockets are in this process.
    let sockets = plan.subscribers.min((files - OTHER_FILES) / 2);
    say(&bare::measure(sockets, plan.events, bytes).await?.told());
    Ok(())
}

/// One kind of event, with a server of its own.
struct Round<'a> {
    app: &'a App,
    plan: &'a Plan,
    world: &'a World,
    media: MediaId,
    kind: &'a Kind,
    /// How many like the media already: who likes it twice tells nobody.
    liked: usize,
}

/// What it cost.
struct Measured {
    memory: u64,
    idle: Duration,
    spent: Duration,
    last: Vec<Duration>,
    bytes: usize,
}

impl Round<'_> {
    async fn run(&self) -> Result<Measured> {
        let server = Server::start(&self.plan.server).await?;
        let pid = server.process.id();
        self.warm_up(&server).await?;
        let before = process::memory(pid);
        let crowd = self.gather(&server).await?;
        let idle_from = process::spent(pid);
        // The first moment still belongs to the last who came.
        let memory = process::memory(pid).saturating_sub(before);
        tokio::time::sleep(self.plan.idle).await;
        let idle = process::spent(pid).saturating_sub(idle_from);
        let (mut spent, mut last) = (Duration::ZERO, Vec::new());
        for number in 0..self.plan.events {
            tokio::time::sleep(BETWEEN).await;
            let from = process::spent(pid);
            last.push(self.event(&server, &crowd, number as usize).await?);
            // What follows from the event in the background is its cost as well.
            tokio::time::sleep(Duration::from_millis(200)).await;
            spent += process::spent(pid).saturating_sub(from);
        }
        last.sort_unstable();
        Ok(Measured { memory, idle, spent, last, bytes: crowd.frame_bytes() })
    }

    /// One subscriber comes and goes, so that what is made once is there.
    async fn warm_up(&self, server: &Server) -> Result<()> {
        let crowd = Crowd::new(1);
        crowd.join(&server.address, source(0), &self.greeting(0)?, &self.subscribing()).await?;
        crowd.reaches(1).await
    }

    async fn gather(&self, server: &Server) -> Result<Crowd> {
        let crowd = Crowd::new(self.plan.subscribers);
        for number in 0..self.plan.subscribers {
            let (greeting, subscribing) = (self.greeting(number)?, self.subscribing());
            crowd.join(&server.address, source(number), &greeting, &subscribing).await?;
        }
        crowd.reaches(1).await?;
        Ok(crowd)
    }

    fn greeting(&self, number: usize) -> Result<String> {
        let token = token(self.app, self.world.people[number + likers(self.plan) + 1])?;
        Ok(json!({ "type": "connection_init", "payload": { "accessToken": token } }).to_string())
    }

    fn subscribing(&self) -> String {
        let payload = json!({ "query": self.kind.document, "variables": { "id": self.media.to_string() } });
        json!({ "id": "1", "type": "subscribe", "payload": payload }).to_string()
    }

    /// Something happens; the time from then until everybody knows.
    async fn event(&self, server: &Server, crowd: &Crowd, number: usize) -> Result<Duration> {
        let (who, query) = match self.kind.happens {
            Happening::Like => (self.liked + number + 1, LIKE),
            Happening::Edit => (0, EDIT),
        };
        let token = token(self.app, self.world.people[who])?;
        let mut client = Client::connect(&server.address).await?;
        let variables = json!({ "id": self.media.to_string(), "caption": format!("Seen anew, {number}") });
        let operation = json!({ "query": query, "variables": variables }).to_string();
        let each = crowd.heard_by_each() + 1;
        let begun = Instant::now();
        client.asks(&token, &operation).await?;
        crowd.reaches(each).await?;
        Ok(begun.elapsed())
    }
}

/// Those who only like, after the owner and before the subscribers.
fn likers(plan: &Plan) -> usize {
    plan.events as usize * KINDS.iter().filter(|kind| kind.happens == Happening::Like).count()
}

/// The number of the loopback address that a subscriber comes from.
fn source(number: usize) -> u32 {
    u32::try_from(number / FROM_ONE_ADDRESS).unwrap_or(0)
}

impl Measured {
    #[expect(clippy::cast_precision_loss, reason = "shown with one digit")]
    fn told(&self, name: &str, plan: &Plan) -> String {
        let deliveries = plan.subscribers as f64 * f64::from(plan.events);
        let each = self.spent.as_secs_f64() * 1e6 / deliveries;
        let kib = self.memory as f64 / 1024.0 / plan.subscribers as f64;
        let second = deliveries / self.spent.as_secs_f64().max(1e-6);
        let median = self.last[self.last.len() / 2].as_secs_f64() * 1000.0;
        let idle = self.idle.as_secs_f64() * 100.0 / plan.idle.as_secs_f64();
        format!(
            "{name}: {} subscribers, {} events of {} bytes; {kib:.1} KiB for each idle subscriber; idle {idle:.1} % of one core; CPU µs for each delivery {each:.1}; {second:.0} deliveries for each CPU second; the last after {median:.0} ms",
            plan.subscribers, plan.events, self.bytes
        )
    }
}
