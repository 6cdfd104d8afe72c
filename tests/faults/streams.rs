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
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::company::Company;
use crate::kit::program::Program;
use crate::kit::traffic::Traffic;
use crate::kit::{Front, Person};

const FACTS: usize = 100_000;
/// Facts of one transaction.
const AT_ONCE: usize = 500;
/// Facts that may wait for the relay: those of the people who act wait behind them.
const WAITING: i64 = 3000;
/// Media that nobody listens to, for each that somebody does.
const QUIET: usize = 24;
const LISTENED: usize = 4;
/// Clients of each media.
const CLIENTS: usize = 4;
/// Events after which a client's socket is cut, more or less.
const CUT_AFTER: usize = 100;
/// Entries of the log that are read at once.
const PAGE: u64 = 1000;

/// The same for all viewers, and an answer for each of them.
const LISTEN: [&str; 2] = [
    "subscription($id: ID!, $after: StreamCursor) { mediaEvents(mediaId: $id, after: $after) {
        __typename ... on StreamEvent { cursor } ... on StreamOpened { recovery } ... on CommentUpdated { comment { id } }
    } }",
    "subscription($id: ID!, $after: StreamCursor) { mediaEvents(mediaId: $id, after: $after) {
        __typename ... on StreamEvent { cursor } ... on StreamOpened { recovery }
        ... on CommentUpdated { comment { id viewerCanEdit } }
    } }",
];

/// A media with a comment, which is edited again and again.
#[derive(Clone, Copy)]
struct Topic {
    media: MediaId,
    comment: CommentId,
    author: UserId,
}

/// What a client was told.
#[derive(Debug, PartialEq)]
enum Heard {
    /// An edit, at a position of the log.
    Edit(i64),
    /// Something is missing here.
    Gap,
}

#[tokio::test]
async fn no_event_is_lost_in_a_hundred_thousand() {
    let Company { servers, apis: [mut first, mut second], mut worker, mut relay, traffic, data } =
        Company::opens().await;
    let config = Config::load(Some(&relay.folder.0.join("photograph.toml"))).expect("the configuration");
    let db = Arc::new(Db::open(&config).await.unwrap_or_else(|error| panic!("{}", error.detail())));
    let fault = async {
        let topics = topics(&traffic).await;
        let database = db.database(&topics[0].media).number;
        let clients = clients(&traffic, (&topics, database), [&first.front, &second.front]).await;
        let (over, all_heard) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let recording = tokio::spawn(record(db.clone(), topics.clone(), (over.clone(), all_heard.clone())));
        let mut rounds = 0;
        while !over.load(Ordering::Acquire) {
            let process: &mut Program = [&mut first, &mut relay, &mut second, &mut worker][rounds % 4];
            traffic.goes_on_for(3).await;
            process.is_killed();
            servers.flush_redis();
            process.starts().await;
            rounds += 1;
        }
        assert!(rounds > 4, "every process was killed, in {rounds} rounds");
        let heard = join_all(clients).await;
        all_heard.store(true, Ordering::Release);
        recording.await.expect("everything is recorded");
        let heard = heard.into_iter().map(|heard| heard.expect("a client hears everything"));
        (edits(&db, topics[0].media).await, heard.collect::<Vec<_>>())
    };
    let (said, heard) = traffic.during(fault).await;
    assert!(said.values().map(Vec::len).sum::<usize>() >= FACTS);
    for (media, heard) in heard {
        is_what_was_said(&heard, &said[&media]);
    }
    Company { servers, apis: [first, second], worker, relay, traffic, data }.closes().await;
}

/// Media of one of those who act, with a comment each, and others that nobody ever sees.
async fn topics(traffic: &Traffic) -> Vec<Topic> {
    let ada = &traffic.people[0];
    let mut topics: Vec<Topic> = vec![];
    for number in 0..LISTENED {
        let (media, words) = (ada.publishes(&format!("number {number}")).await, "to be edited");
        let comment = ada.comments(&media, words).await.parse().expect("the ID of a comment");
        topics.push(Topic {
            media: media.parse().expect("the ID of a media"),
            comment,
            author: ada.id.parse().unwrap(),
        });
        traffic.done().media.push((media.clone(), 0));
        traffic.done().comments.entry(media).or_default().push(words.to_owned());
    }
    let first = topics[0];
    let unseen = |number: usize| Topic { media: MediaId(first.media.0 + 1 + i64::try_from(number).unwrap()), ..first };
    topics.extend((0..LISTENED * QUIET).map(unseen));
    topics
}

type Listening = tokio::task::JoinHandle<(MediaId, Vec<Heard>)>;

async fn clients(traffic: &Traffic, (topics, database): (&[Topic], usize), fronts: [&Front; 2]) -> Vec<Listening> {
    let start = traffic.people[0].asks("{ streamCursor }", json!({})).await.text("/streamCursor");
    let client = |number: usize| Client {
        person: traffic.people[number % traffic.people.len()].clone(),
        fronts: fronts.map(Front::clone),
        media: topics[number % LISTENED].media,
        database,
        number,
    };
    (0..LISTENED * CLIENTS).map(|number| tokio::spawn(client(number).listens(start.clone()))).collect()
}

/// Records facts as they are recorded when people edit, but many in one transaction. Then that a comment went of each media
/// that somebody listens to, until everybody has heard so.
async fn record(db: Arc<Db>, topics: Vec<Topic>, (over, all_heard): (Arc<AtomicBool>, Arc<AtomicBool>)) {
    let edit = |number: usize| {
        let Topic { media, comment, author } = topics[number % topics.len()];
        Fact::CommentEdited { comment, media, author }
    };
    let begun = position(&db, topics[0].media).await;
    let mut again = tokio::time::interval(Duration::from_millis(20));
    for from in (0..FACTS).step_by(AT_ONCE) {
        say(&db, topics[0].media, (from..from + AT_ONCE).map(edit)).await;
        while position(&db, topics[0].media).await - begun + WAITING < i64::try_from(from).unwrap() {
            again.tick().await;
        }
    }
    over.store(true, Ordering::Release);
    let went = |topic: &Topic| {
        let comment = CommentId(topic.media.0 + 1);
        Fact::CommentDeleted { comment, media: topic.media, author: topic.author, parent: None }
    };
    let mut again = tokio::time::interval(Duration::from_secs(1));
    while !all_heard.load(Ordering::Acquire) {
        again.tick().await;
        say(&db, topics[0].media, topics[..LISTENED].iter().map(went)).await;
    }
}

async fn position(db: &Db, place: MediaId) -> i64 {
    log::position(db.database(&place)).await.unwrap_or_else(|error| panic!("{}", error.detail()))
}

/// One transaction and one statement, on the database where the media are.
async fn say(db: &Db, place: MediaId, facts: impl Iterator<Item = Fact> + Send) {
    let now = Clock::system().now().0;
    let row = |fact: Fact| format!("('{}', {now})", serde_json::to_string(&fact).expect("ids and words"));
    let rows = facts.map(row).collect::<Vec<_>>().join(", ");
    let written = db.write(&place, async |tx| {
        tx.conn().execute_unprepared(&format!("INSERT INTO outbox (fact, recorded_at) VALUES {rows}")).await?;
        Ok(())
    });
    written.await.unwrap_or_else(|error| panic!("{}", error.detail()));
}

/// The positions of all edits in the log, by media.
async fn edits(db: &Db, place: MediaId) -> HashMap<MediaId, Vec<i64>> {
    let (mut edits, mut at): (HashMap<MediaId, Vec<i64>>, i64) = (HashMap::new(), 0);
    loop {
        let page = log::read(db.database(&place), at, PAGE).await.expect("the log");
        let Some(last) = page.last() else { return edits };
        at = last.position;
        for entry in page {
            if let Fact::CommentEdited { media, .. } = entry.fact {
                edits.entry(media).or_default().push(entry.position);
            }
        }
    }
}

struct Client {
    person: Person,
    fronts: [Front; 2],
    media: MediaId,
    /// Where the media is.
    database: usize,
    number: usize,
}

impl Client {
    /// Listens until a comment went, over one process and the other.
    async fn listens(self, start: String) -> (MediaId, Vec<Heard>) {
        let (mut cursor, mut heard, mut tries) = (start, vec![], self.number);
        loop {
            tries += 1;
            let person = self.person.at(&self.fronts[tries % 2]);
            let variables = json!({ "id": self.media.to_string(), "after": cursor });
            let document = LISTEN[self.number / LISTENED % 2];
            let Ok(mut stream) = person.tries_to_listen(document, &variables).await else {
                // Nobody is there to ask again at once.
                tokio::task::yield_now().await;
                continue;
            };
            for _ in 0..CUT_AFTER / 2 + (tries * 37) % CUT_AFTER {
                let Ok(event) = stream.try_next().await else { break };
                event["cursor"].as_str().expect("every event has a cursor").clone_into(&mut cursor);
                match event["__typename"].as_str() {
                    Some("StreamOpened") if event["recovery"] == "GAP" => heard.push(Heard::Gap),
                    Some("CommentUpdated") => heard.push(Heard::Edit(self.position(&event))),
                    Some("CommentRemoved") => return (self.media, heard),
                    _ => {}
                }
            }
        }
    }

    /// Where an event stands in the log of the database where its media is.
    fn position(&self, event: &Value) -> i64 {
        let cursor = event["cursor"].as_str().expect("a cursor");
        let bytes = bs58::decode(cursor).into_vec().expect("a cursor of ours");
        // A version and the mark of the server, then a number for each database.
        let positions: Vec<&[u8]> = bytes[5..].chunks(8).collect();
        i64::from_be_bytes(positions[self.database].try_into().expect("eight bytes"))
    }
}

/// What was heard is what was said, in order and once; something is missing only where it was told.
fn is_what_was_said(heard: &[Heard], said: &[i64]) {
    let (mut at, mut may_miss) = (0, false);
    for heard in heard {
        match heard {
            Heard::Gap => may_miss = true,
            Heard::Edit(position) => {
                let place = said[at..].iter().position(|said| said == position);
                let missed = place.unwrap_or_else(|| panic!("{position} came twice, or too late, or was never said"));
                assert!(missed == 0 || may_miss, "{missed} events were missed before {position}");
                (at, may_miss) = (at + missed + 1, false);
            }
        }
    }
    assert!(at == said.len() || may_miss, "the last {} events were missed", said.len() - at);
}
