//! A hundred thousand facts while processes are killed, Redis is emptied and sockets are cut: every client hears what the
//! log holds, in its order, once; and where something is missing, it was told so.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use photograph::base::clock::Clock;
use photograph::base::config::Config;
use photograph::base::facts::Fact;
use photograph::base::ids::{CommentId, MediaId, UserId};
use photograph::platform::db::Db;
use photograph::platform::log;
use serde_json::json;

use crate::company::Company;
use crate::kit::program::Program;
use crate::kit::{Front, Person};

const FACTS: usize = 100_000;
/// Facts of one transaction.
const AT_ONCE: usize = 500;
/// Media that nobody listens to, for each that somebody does.
const QUIET: usize = 24;
const LISTENED: usize = 4;
/// Clients of each media.
const CLIENTS: usize = 3;
/// Events after which a client's socket is cut, more or less.
const CUT_AFTER: usize = 100;

const LISTEN: &str = "subscription($id: ID!, $after: StreamCursor) { mediaEvents(mediaId: $id, after: $after) {
    __typename ... on StreamEvent { cursor } ... on StreamOpened { recovery } ... on CommentRemoved { commentId }
} }";

/// A media, and the facts of it in the order of the log.
struct Topic {
    media: MediaId,
    owner: UserId,
    said: Vec<String>,
}

/// What a client was told.
#[derive(Debug, PartialEq)]
enum Heard {
    Event(String),
    /// Something is missing here.
    Gap,
}

#[tokio::test]
async fn no_event_is_lost_in_a_hundred_thousand() {
    let Company { servers, apis: [mut first, mut second], mut worker, mut relay, traffic, data } =
        Company::opens().await;
    let ada = first.signs_up("ada_streams").await;
    let mut topics = vec![];
    for number in 0..LISTENED * (1 + QUIET) {
        // What nobody listens to needs no photo: only its name is in the facts.
        let media = match number < LISTENED {
            true => ada.publishes(&format!("number {number}")).await.parse().expect("the ID of a media"),
            false => MediaId(topics.first().map_or(0, |topic: &Topic| topic.media.0) + i64::try_from(number).unwrap()),
        };
        topics.push(Topic { media, owner: ada.id.parse().expect("the ID of a user"), said: vec![] });
    }
    let start = ada.asks("{ streamCursor }", json!({})).await.text("/streamCursor");
    let fronts = [first.front.clone(), second.front.clone()];
    let (over, heard_all) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let clients: Vec<_> = (0..LISTENED * CLIENTS)
        .map(|number| {
            let media = topics[number % LISTENED].media.to_string();
            let client = Client { person: ada.clone(), fronts: fronts.clone(), media, number };
            tokio::spawn(client.listens(start.clone()))
        })
        .collect();
    let config = Config::load(Some(&relay.folder.0.join("photograph.toml"))).expect("the configuration");
    let recording = tokio::spawn(record(config, topics, (over.clone(), heard_all.clone())));
    let mut round = 0;
    while !over.load(Ordering::Acquire) {
        let process: &mut Program = [&mut first, &mut relay, &mut second, &mut worker][round % 4];
        traffic.goes_on_for(3).await;
        process.is_killed();
        servers.flush_redis();
        process.starts().await;
        round += 1;
    }
    let heard = join_all(clients).await;
    heard_all.store(true, Ordering::Release);
    let topics = recording.await.expect("everything is recorded");
    assert!(topics.iter().map(|topic| topic.said.len()).sum::<usize>() >= FACTS);
    let said: HashMap<String, Vec<String>> =
        topics.into_iter().map(|topic| (topic.media.to_string(), topic.said)).collect();
    for heard in heard {
        let (media, heard) = heard.expect("a client hears everything");
        is_what_was_said(&heard, &said[&media]);
    }
    assert!(round > 4, "every process was killed, in {round} rounds");
    Company { servers, apis: [first, second], worker, relay, traffic, data }.closes().await;
}

/// Records facts as they are recorded, but many in one transaction: comments of Ada's media that went. Then a few more,
/// until everybody has heard one of those.
async fn record(
    config: Config,
    mut topics: Vec<Topic>,
    (over, heard_all): (Arc<AtomicBool>, Arc<AtomicBool>),
) -> Vec<Topic> {
    let db = Db::open(&config).await.unwrap_or_else(|error| panic!("{}", error.detail()));
    let mut numbers = 0..;
    while numbers.start < i64::try_from(FACTS).unwrap() {
        say(&db, &mut topics, numbers.by_ref().take(AT_ONCE).collect()).await;
    }
    over.store(true, Ordering::Release);
    let mut again = tokio::time::interval(Duration::from_millis(200));
    while !heard_all.load(Ordering::Acquire) {
        again.tick().await;
        let all = topics.len();
        say(&db, &mut topics, numbers.by_ref().take(all).collect()).await;
    }
    topics
}

/// One transaction, on the database where Ada's media are.
async fn say(db: &Db, topics: &mut [Topic], numbers: Vec<i64>) {
    let now = Clock::system().now();
    let facts: Vec<(usize, CommentId)> = numbers
        .into_iter()
        .map(|number| {
            let topic = usize::try_from(number).unwrap() % topics.len();
            (topic, CommentId(topics[topic].media.0 + 1 + number))
        })
        .collect();
    let (place, told) = (topics[0].media, &*topics);
    let written = db.write(&place, async |tx| {
        for (topic, comment) in &facts {
            let Topic { media, owner, .. } = &told[*topic];
            let (comment, media, author) = (*comment, *media, *owner);
            log::record(tx, now, &Fact::CommentDeleted { comment, media, author, parent: None }).await?;
        }
        Ok(())
    });
    written.await.unwrap_or_else(|error| panic!("{}", error.detail()));
    for (topic, comment) in facts {
        topics[topic].said.push(comment.to_string());
    }
}

struct Client {
    person: Person,
    fronts: [Front; 2],
    media: String,
    number: usize,
}

impl Client {
    /// Listens until it has heard the last, over one process and the other.
    async fn listens(self, start: String) -> (String, Vec<Heard>) {
        let (mut cursor, mut heard, mut tries) = (start, vec![], self.number);
        while !self.is_whole(&heard) {
            tries += 1;
            let person = self.person.at(&self.fronts[tries % 2]);
            let variables = json!({ "id": self.media, "after": cursor });
            let Ok(mut stream) = person.tries_to_listen(LISTEN, &variables).await else {
                // Nobody is there to ask again at once.
                tokio::task::yield_now().await;
                continue;
            };
            let most = CUT_AFTER / 2 + (tries * 37) % CUT_AFTER;
            for _ in 0..most {
                let Ok(event) = stream.try_next().await else { break };
                match event["__typename"].as_str() {
                    Some("StreamOpened") if event["recovery"] == "GAP" => heard.push(Heard::Gap),
                    Some("CommentRemoved") => {
                        heard.push(Heard::Event(event["commentId"].as_str().expect("an ID").to_owned()));
                    }
                    _ => {}
                }
                event["cursor"].as_str().expect("every event has a cursor").clone_into(&mut cursor);
            }
        }
        (self.media, heard)
    }

    /// Whether one of those was heard that come after all others.
    fn is_whole(&self, heard: &[Heard]) -> bool {
        let media: MediaId = self.media.parse().expect("an ID");
        let comes_after = |comment: &str| {
            let comment: CommentId = comment.parse().expect("an ID");
            comment.0 - media.0 > i64::try_from(FACTS).unwrap()
        };
        matches!(heard.last(), Some(Heard::Event(comment)) if comes_after(comment))
    }
}

/// What was heard is what was said, in order and once; between what was heard something is missing only where it was told.
fn is_what_was_said(heard: &[Heard], said: &[String]) {
    let mut at = 0;
    let mut may_miss = false;
    for heard in heard {
        match heard {
            Heard::Gap => may_miss = true,
            Heard::Event(event) => {
                let place = said[at..].iter().position(|said| said == event);
                let missed = place.unwrap_or_else(|| panic!("{event} came twice, or too late, or was never said"));
                assert!(missed == 0 || may_miss, "{missed} events were missed before {event}");
                (at, may_miss) = (at + missed + 1, false);
            }
        }
    }
}
