//! A hundred thousand facts while processes are killed, Redis is emptied and sockets are cut: every client hears what the
//! log holds, all of it, in its order, once.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::{JoinAll, join_all};
use photograph::base::clock::Clock;
use photograph::base::config::Config;
use photograph::base::facts::Fact;
use photograph::base::ids::{CommentId, MediaId, UserId};
use photograph::platform::db::Db;
use photograph::platform::log;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::company::Company;
use crate::kit::program::Program;
use crate::kit::traffic::Traffic;
use crate::kit::{Front, PATIENCE, Person, eventually};
use crate::servers::Servers;

/// In each a process is killed.
const ROUNDS: usize = 20;
/// Transactions of one round.
const TRANSACTIONS: usize = 10;
/// Facts of one transaction: a hundred thousand in all.
const AT_ONCE: usize = 500;
const OF_A_ROUND: usize = TRANSACTIONS * AT_ONCE;
/// Media that nobody listens to, for each that somebody does.
const QUIET: usize = 99;
const LISTENED: usize = 4;
/// Clients of each media.
const CLIENTS: usize = 4;
/// Events after which a client's socket is cut, more or less.
const CUT_AFTER: usize = 40;
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

#[tokio::test]
async fn no_event_is_lost_in_a_hundred_thousand() {
    let Company { servers, apis: [mut first, mut second], mut worker, mut relay, traffic, data } =
        Company::opens().await;
    let config = Config::load(Some(&relay.folder.0.join("photograph.toml"))).expect("the configuration");
    let db = Db::open(&config).await.unwrap_or_else(|error| panic!("{}", error.detail()));
    let fault = async {
        let topics = topics(&traffic).await;
        let (told, mut hearing) = clients(&traffic, (&db, &topics), [&first.front, &second.front]).await;
        let begun = position(&db, &topics).await;
        for round in 0..ROUNDS {
            let process: &mut Program = [&mut first, &mut relay, &mut second, &mut worker][round % 4];
            tokio::join!(much_happens(&db, &topics, round), is_killed(process, (&traffic, &servers)));
            // A relay that was killed keeps its lease for a while, and to come again takes a client a while. Whoever misses
            // too much in the meantime would be told of a gap.
            goes_up_to(&db, &topics, begun + (round + 1) * OF_A_ROUND).await;
            nobody_is_behind(&told, begun + round.saturating_sub(1) * OF_A_ROUND).await;
        }
        let heard = tokio::select! {
            heard = &mut hearing => heard,
            () = ends_come(&db, &topics) => unreachable!("they come for ever"),
        };
        let heard = heard.into_iter().map(|heard| heard.expect("a client hears everything"));
        (edits(&db, topics[0].media).await, heard.collect::<Vec<_>>())
    };
    let (said, heard) = Box::pin(traffic.during(fault)).await;
    assert!(said.values().map(Vec::len).sum::<usize>() >= ROUNDS * OF_A_ROUND);
    for (media, heard) in heard {
        assert_eq!(heard, said[&media], "what was heard of {media}, and what was said");
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

async fn is_killed(process: &mut Program, (traffic, servers): (&Traffic, &Servers)) {
    traffic.goes_on_for(3).await;
    process.is_killed();
    servers.flush_redis();
    process.starts().await;
}

type Told = Vec<Arc<AtomicUsize>>;
type Hearing = JoinAll<JoinHandle<(MediaId, Vec<usize>)>>;

/// Clients, and how far each was told.
async fn clients(traffic: &Traffic, (db, topics): (&Db, &[Topic]), fronts: [&Front; 2]) -> (Told, Hearing) {
    let start = traffic.people[0].asks("{ streamCursor }", json!({})).await.text("/streamCursor");
    let told: Told = (0..LISTENED * CLIENTS).map(|_| Arc::default()).collect();
    let client = |(number, told): (usize, &Arc<AtomicUsize>)| Client {
        person: traffic.people[number % traffic.people.len()].clone(),
        fronts: fronts.map(Front::clone),
        media: topics[number % LISTENED].media,
        database: db.database(&topics[0].media).number,
        number,
        told: told.clone(),
    };
    let hearing = told.iter().enumerate().map(|client_of| tokio::spawn(client(client_of).listens(start.clone())));
    let hearing = join_all(hearing);
    (told, hearing)
}

async fn nobody_is_behind(told: &Told, position: usize) {
    let nobody = async || told.iter().all(|at| at.load(Ordering::Acquire) >= position).then_some(());
    eventually("nobody is far behind", PATIENCE, nobody).await;
}

/// Facts are recorded as when people edit, but many in one transaction.
async fn much_happens(db: &Db, topics: &[Topic], round: usize) {
    for transaction in 0..TRANSACTIONS {
        let from = round * OF_A_ROUND + transaction * AT_ONCE;
        let edit = |number: usize| {
            let Topic { media, comment, author } = topics[number % topics.len()];
            Fact::CommentEdited { comment, media, author }
        };
        say(db, topics[0].media, (from..from + AT_ONCE).map(edit)).await;
    }
}

/// A comment goes of each media that somebody listens to, again and again.
async fn ends_come(db: &Db, topics: &[Topic]) {
    let went = |topic: &Topic| {
        let comment = CommentId(topic.media.0 + 1);
        Fact::CommentDeleted { comment, media: topic.media, author: topic.author, parent: None, parent_author: None }
    };
    let mut again = tokio::time::interval(Duration::from_secs(1));
    loop {
        again.tick().await;
        say(db, topics[0].media, topics[..LISTENED].iter().map(went)).await;
    }
}

/// Comes back when the log goes up to a position.
async fn goes_up_to(db: &Db, topics: &[Topic], wanted: usize) {
    eventually("the log goes on", PATIENCE, async || (position(db, topics).await >= wanted).then_some(())).await;
}

async fn position(db: &Db, topics: &[Topic]) -> usize {
    let position = log::position(db.database(&topics[0].media)).await;
    usize::try_from(position.unwrap_or_else(|error| panic!("{}", error.detail()))).expect("a number")
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
async fn edits(db: &Db, place: MediaId) -> HashMap<MediaId, Vec<usize>> {
    let (mut edits, mut at): (HashMap<MediaId, Vec<usize>>, i64) = (HashMap::new(), 0);
    loop {
        let page = log::read(db.database(&place), at, PAGE).await.expect("the log");
        let Some(last) = page.last() else { return edits };
        at = last.position;
        for entry in page {
            if let Fact::CommentEdited { media, .. } = entry.fact {
                edits.entry(media).or_default().push(usize::try_from(entry.position).expect("a number"));
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
    /// How far it was told.
    told: Arc<AtomicUsize>,
}

impl Client {
    /// Listens until a comment went, over one process and the other.
    async fn listens(self, start: String) -> (MediaId, Vec<usize>) {
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
                    Some("StreamOpened") => assert_eq!(event["recovery"], "RECOVERED", "nobody was far behind"),
                    Some("CommentUpdated") => {
                        heard.push(self.position(&event));
                        self.told.store(self.position(&event), Ordering::Release);
                    }
                    Some("CommentRemoved") => return (self.media, heard),
                    _ => {}
                }
            }
        }
    }

    /// Where an event stands in the log of the database where its media is.
    fn position(&self, event: &Value) -> usize {
        let cursor = event["cursor"].as_str().expect("a cursor");
        let bytes = bs58::decode(cursor).into_vec().expect("a cursor of ours");
        // A version and the mark of the server, then a number for each database.
        let positions: Vec<&[u8]> = bytes[5..].chunks(8).collect();
        usize::from_be_bytes(positions[self.database].try_into().expect("eight bytes"))
    }
}
