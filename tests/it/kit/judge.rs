//! What must be true after everything that happened: what was acknowledged is there once, counts are those of the rows,
//! everybody's feed has every media once, and no work is left.

use std::collections::HashSet;
use std::hash::Hash;
use std::time::Duration;

use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement};
use serde_json::{Value, json};

use super::traffic::Traffic;
use super::{Person, eventually};

/// How long what follows may take: a lease of ten seconds that nobody renews, or the pause after a step failed thrice.
const PATIENCE: Duration = Duration::from_mins(1);

/// Everything of the traffic is as it must be, in the answers of the servers and in these databases themselves.
pub async fn finds_nothing_wrong(traffic: &Traffic, databases: &[String]) {
    let databases = Databases::at(databases).await;
    databases.have_no_work_left().await;
    databases.hold_what_was_acknowledged(traffic).await;
    for number in 0..traffic.people.len() {
        media_of(traffic, number).await;
        follows_of(traffic, number).await;
        feed_of(traffic, number).await;
    }
    feed_of_the_listener(traffic).await;
    let media: Vec<String> = traffic.done().media.iter().map(|(media, _)| media.clone()).collect();
    for media in &media {
        likes_and_comments_on(traffic, media).await;
    }
}

// What the databases hold.

struct Databases(Vec<DatabaseConnection>);

impl Databases {
    async fn at(addresses: &[String]) -> Self {
        let mut databases = vec![];
        for address in addresses {
            databases.push(Database::connect(address).await.unwrap_or_else(|error| panic!("{address}: {error}")));
        }
        Self(databases)
    }

    /// How many rows there are, in all databases together.
    async fn count(&self, rows: &str) -> i64 {
        let mut count = 0;
        for database in &self.0 {
            let query = format!("SELECT count(*) FROM {rows}");
            let statement = Statement::from_string(database.get_database_backend(), query);
            let row = database.query_one_raw(statement).await.expect("the database answers").expect("a count");
            count += row.try_get_by_index::<i64>(0).expect("a number");
        }
        count
    }

    /// Every fact was moved into the log and every step was done.
    async fn have_no_work_left(&self) {
        eventually("all steps are done", PATIENCE, async || {
            assert_eq!(self.count("steps WHERE buried_at IS NOT NULL").await, 0, "a step was given up");
            let left = self.count("outbox").await + self.count("steps").await;
            (left == 0).then_some(())
        })
        .await;
    }

    /// As many rows as acts, whatever was sent twice.
    async fn hold_what_was_acknowledged(&self, traffic: &Traffic) {
        let expected = {
            let done = traffic.done();
            let listener = traffic.people.len();
            let comments = done.comments.values().map(Vec::len).sum();
            [
                ("media", done.media.len()),
                ("likes", distinct(&done.likes).len()),
                ("comments", comments),
                ("followers", distinct(&done.follows).len() + listener),
                ("following", distinct(&done.follows).len() + listener),
            ]
        };
        for (rows, count) in expected {
            assert_eq!(self.count(rows).await, i64::try_from(count).expect("a count"), "rows of {rows}");
        }
    }
}

// What people see.

/// All media that were acknowledged, and no other.
async fn media_of(traffic: &Traffic, number: usize) {
    let person = &traffic.people[number];
    let query = "query($id: ID!, $after: String) { user(by: { id: $id }) { mediaCount
        media(first: 100, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } } }";
    let seen = whole_list(person, query, json!({ "id": person.id }), "/user/media", "/id").await;
    let expected = published(traffic, |owner| owner == number);
    assert_eq!(traffic.listener.person.sees_user(person).await["mediaCount"], expected.len());
    are_the_same(&format!("the media of {}", person.name), seen, expected);
}

/// Every follow stands on both sides, and the counts are those of the lists. The listener follows everybody.
async fn follows_of(traffic: &Traffic, number: usize) {
    let person = &traffic.people[number];
    let name = |other: usize| traffic.people[other].name.clone();
    let (following, mut followers): (Vec<String>, Vec<String>) = {
        let follows = distinct(&traffic.done().follows);
        let following = follows.iter().filter(|(from, _)| *from == number).map(|(_, to)| name(*to));
        let followers = follows.iter().filter(|(_, to)| *to == number).map(|(from, _)| name(*from));
        (following.collect(), followers.collect())
    };
    followers.push(traffic.listener.person.name.clone());
    let seen = person.sees_user(person).await;
    assert_eq!(seen["followingCount"], following.len(), "{}", person.name);
    assert_eq!(seen["followerCount"], followers.len(), "{}", person.name);
    are_the_same("following", person.sees_list(person, "following").await, following);
    are_the_same("followers", person.sees_list(person, "followers").await, followers);
}

/// What those one follows published, and one's own, each once.
async fn feed_of(traffic: &Traffic, number: usize) {
    let follows = distinct(&traffic.done().follows);
    let expected = published(traffic, |owner| owner == number || follows.contains(&(number, owner)));
    let person = &traffic.people[number];
    are_the_same(&format!("the feed of {}", person.name), home_feed(person).await, expected);
}

/// Everything is in the feed, and everything was told of as it was published, once.
async fn feed_of_the_listener(traffic: &Traffic) {
    let all = published(traffic, |_| true);
    are_the_same("the listener's feed", home_feed(&traffic.listener.person).await, all.clone());
    let first = traffic.done().media[0].0.clone();
    let told = |media: &Vec<String>| media.iter().filter(|media| **media != first).cloned().collect();
    let heard: Vec<String> = told(&traffic.listener.heard());
    are_the_same("the live feed", heard, told(&all));
}

async fn home_feed(person: &Person) -> Vec<String> {
    let query = "query($after: String) { viewer { homeFeed(first: 100, after: $after) {
        nodes { id } pageInfo { hasNextPage endCursor } } } }";
    whole_list(person, query, json!({}), "/viewer/homeFeed", "/id").await
}

/// Every like counts once, every comment is there once.
async fn likes_and_comments_on(traffic: &Traffic, media: &str) {
    let likers: HashSet<usize> = {
        let done = traffic.done();
        done.likes.iter().filter(|(_, liked)| liked == media).map(|(person, _)| *person).collect()
    };
    let words = traffic.done().comments.get(media).cloned().unwrap_or_default();
    for (number, person) in traffic.people.iter().enumerate() {
        let view = person.sees_media(media).await;
        assert_eq!(view["viewerHasLiked"], json!(likers.contains(&number)), "{} and {media}", person.name);
        assert_eq!(view["likeCount"], likers.len(), "likes of {media}");
        assert_eq!(view["commentCount"], words.len(), "comments on {media}");
    }
    let query = "query($id: ID!, $after: String) { media(by: { id: $id }) {
        comments(first: 100, after: $after) { nodes { text { plain } } pageInfo { hasNextPage endCursor } } } }";
    let seen = whole_list(&traffic.people[0], query, json!({ "id": media }), "/media/comments", "/text/plain").await;
    are_the_same(&format!("the comments on {media}"), seen, words);
}

/// All pages of a list.
async fn whole_list(person: &Person, query: &str, mut variables: Value, list: &str, item: &str) -> Vec<String> {
    let mut all = vec![];
    loop {
        let answer = person.asks(query, variables.clone()).await;
        all.extend(answer.texts(&format!("{list}/nodes"), item));
        let page = answer.data(&format!("{list}/pageInfo"));
        if page["hasNextPage"] == false {
            return all;
        }
        variables["after"] = page["endCursor"].clone();
    }
}

// What was acknowledged.

fn published(traffic: &Traffic, by: impl Fn(usize) -> bool) -> Vec<String> {
    traffic.done().media.iter().filter(|(_, owner)| by(*owner)).map(|(media, _)| media.clone()).collect()
}

fn distinct<T: Clone + Eq + Hash>(acts: &[T]) -> HashSet<T> {
    acts.iter().cloned().collect()
}

/// The same items, each as often, in any order.
fn are_the_same(what: &str, mut seen: Vec<String>, mut expected: Vec<String>) {
    seen.sort();
    expected.sort();
    assert_eq!(seen, expected, "{what}");
}
