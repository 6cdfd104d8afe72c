//! Home feeds made ahead: the same as if they were computed, each media once, whatever happens to Redis.

use std::collections::{BTreeMap, BTreeSet};

use photograph::base::ids::{MediaId, UserId};
use photograph::domain::feed::{self, Place};
use photograph::platform::timelines::{Found, Timeline};
use serde_json::{Value, json};

use crate::kit::program::Program;
use crate::kit::redis::{Server, is_known_anew};
use crate::kit::{Kit, PATIENCE, Person, eventually};

/// A server with a Redis of its own and timelines of few entries.
async fn stage(entries: usize, fan_out_followers: u32) -> (Kit, Server) {
    let redis = Server::running(&[]).await;
    let url = redis.url();
    let kit = Kit::with(|config| {
        config.redis.url = Some(url);
        config.feed.timeline_entries = entries;
        config.feed.fan_out_followers = fan_out_followers;
    })
    .await;
    (kit, redis)
}

fn user(person: &Person) -> UserId {
    person.id.parse().expect("an ID of a user")
}

fn media(id: &str) -> MediaId {
    id.parse().expect("an ID of a media")
}

/// What is kept of somebody's feed.
async fn kept(kit: &Kit, person: &Person) -> Option<Timeline> {
    match kit.app.timelines.read(user(person)).await {
        Found::Ready(timeline) => Some(timeline),
        Found::Building | Found::Missing | Found::Away => None,
    }
}

/// The whole feed, read in pages of two from the newest on, then from the oldest on; both must be the same.
async fn whole_feed(person: &Person) -> Vec<String> {
    let (mut down, mut cursor) = (vec![], Value::Null);
    loop {
        let page = page(person, json!({ "first": 2, "after": cursor })).await;
        down.extend(ids(&page));
        cursor = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    let (mut up, mut cursor) = (vec![], Value::Null);
    loop {
        let page = page(person, json!({ "last": 2, "before": cursor })).await;
        up = [ids(&page), up].concat();
        cursor = page["pageInfo"]["startCursor"].clone();
        if page["pageInfo"]["hasPreviousPage"] == false {
            break;
        }
        assert_eq!(ids(&page).len(), 2, "no page is short");
    }
    assert_eq!(up, down);
    down
}

async fn page(person: &Person, variables: Value) -> Value {
    let query = "query($first: Int, $after: String, $last: Int, $before: String) {
        viewer { homeFeed(first: $first, after: $after, last: $last, before: $before) {
            isRebuilding nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }";
    person.asks(query, variables).await.data("/viewer/homeFeed").clone()
}

fn ids(page: &Value) -> Vec<String> {
    let nodes = page["nodes"].as_array().expect("nodes");
    nodes.iter().map(|node| node["id"].as_str().expect("an ID").to_owned()).collect()
}

#[tokio::test]
async fn what_is_published_is_put_into_the_feeds_of_those_who_come() {
    let (kit, _redis) = stage(500, 100).await;
    let (ada, bob, eve) = (kit.signs_up("ada").await, kit.signs_up("bob").await, kit.signs_up("eve").await);
    tokio::join!(bob.follows(&ada), eve.follows(&ada));
    let first = ada.publishes("first").await;
    kit.settle().await;
    assert_eq!(bob.home_feed().await, std::slice::from_ref(&first));
    assert_eq!(kept(&kit, &bob).await.expect("a timeline").media, [media(&first)]);
    let second = ada.publishes("second").await;
    kit.settle().await;
    assert_eq!(kept(&kit, &bob).await.expect("a timeline").media, [media(&second), media(&first)]);
    assert_eq!(bob.home_feed().await, [second.clone(), first.clone()]);
    assert!(kept(&kit, &eve).await.is_none(), "nobody makes a feed for one who never came");
    assert_eq!(eve.home_feed().await, [second, first]);
    kit.ends().await;
}

#[tokio::test]
async fn one_sees_what_one_has_just_published() {
    let (kit, _redis) = stage(500, 100).await;
    let ada = kit.signs_up("ada").await;
    let mut all = vec![];
    for number in 0..3 {
        all.insert(0, ada.publishes(&format!("number {number}")).await);
        assert_eq!(ada.home_feed().await, all);
    }
    kit.ends().await;
}

#[tokio::test]
async fn a_media_is_there_once_however_often_it_is_brought() {
    let (kit, redis) = stage(500, 100).await;
    let (ada, bob, eve) = (kit.signs_up("ada").await, kit.signs_up("bob").await, kit.signs_up("eve").await);
    bob.follows(&ada).await;
    kit.settle().await;
    let published = async {
        let mut all = BTreeSet::new();
        for number in 0..6 {
            let id = ada.publishes(&format!("number {number}")).await;
            for place in [Place::Start, Place::Pushed(0), Place::Pushed(0)] {
                feed::fan_out(&kit.app, media(&id), user(&ada), place).await.expect("it is brought again");
            }
            all.insert(id);
        }
        all
    };
    let troubled = async {
        for _ in 0..8 {
            tokio::join!(bob.follows(&eve), bob.home_feed(), bob.home_feed());
            redis.says(&["FLUSHALL"]);
            tokio::join!(bob.unfollows(&eve), bob.home_feed(), feed::rebuild(&kit.app, user(&bob))).2.expect("built");
        }
    };
    let (all, ()) = tokio::join!(published, troubled);
    kit.settle().await;
    for _ in 0..2 {
        let seen = whole_feed(&bob).await;
        assert_eq!(seen.len(), all.len());
        assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), all);
    }
    assert!(kept(&kit, &bob).await.is_some());
    kit.ends().await;
}

#[tokio::test]
async fn an_emptied_redis_is_filled_again() {
    let (kit, redis) = stage(500, 100).await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    bob.follows(&ada).await;
    let first = ada.publishes("first").await;
    kit.settle().await;
    assert_eq!(bob.home_feed().await, std::slice::from_ref(&first));
    assert_eq!(redis.says(&["FLUSHALL"]), "OK");
    let second = ada.publishes("second").await;
    kit.settle().await;
    assert_eq!(bob.home_feed().await, [second.clone(), first.clone()]);
    assert_eq!(kept(&kit, &bob).await.expect("a timeline").media, [media(&second), media(&first)]);
    kit.ends().await;
}

#[tokio::test]
async fn while_redis_is_away_feeds_are_computed_and_an_old_life_is_not_believed() {
    let (kit, mut redis) = stage(500, 100).await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    bob.follows(&ada).await;
    let first = ada.publishes("first").await;
    kit.settle().await;
    assert_eq!(bob.home_feed().await, std::slice::from_ref(&first));
    assert_eq!(redis.says(&["SAVE"]), "OK");
    let second = ada.publishes("second").await;
    kit.settle().await;
    let before = kit.app.redis.as_ref().and_then(photograph::platform::redis::Redis::epoch);
    redis.stops();
    let third = ada.publishes("third").await;
    let all = [third, second, first];
    assert_eq!(bob.home_feed().await, all);
    assert_eq!(page(&bob, json!({ "first": 1 })).await["isRebuilding"], false);
    redis.starts().await;
    is_known_anew(&kit.app, before).await;
    // What waited for Redis tries again.
    kit.passes(std::time::Duration::from_mins(1));
    kit.settle().await;
    assert!(kept(&kit, &bob).await.is_none(), "what the old life left is incomplete");
    assert_eq!(bob.home_feed().await, all);
    assert_eq!(kept(&kit, &bob).await.expect("a timeline").media.len(), 3);
    kit.ends().await;
}

#[tokio::test]
async fn below_what_is_kept_the_feed_goes_on_both_ways() {
    let (kit, _redis) = stage(4, 100).await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    bob.follows(&ada).await;
    let mut all = vec![];
    for number in 0..7 {
        all.insert(0, ada.publishes(&format!("number {number}")).await);
    }
    kit.settle().await;
    assert_eq!(whole_feed(&bob).await, all);
    let timeline = kept(&kit, &bob).await.expect("a timeline");
    assert_eq!((timeline.media.len(), timeline.floor), (4, media(&all[3]).0));
    for number in 7..9 {
        all.insert(0, ada.publishes(&format!("number {number}")).await);
    }
    kit.settle().await;
    assert_eq!(kept(&kit, &bob).await.expect("a timeline").media.len(), 4, "it is cut to its size");
    assert_eq!(whole_feed(&bob).await, all);
    let gone = all.remove(1);
    ada.deletes(&gone).await;
    kit.settle().await;
    assert_eq!(whole_feed(&bob).await, all, "no page is short because something in it is gone");
    kit.ends().await;
}

#[tokio::test]
async fn who_is_away_for_long_is_forgotten_and_finds_a_whole_feed_on_return() {
    let (kit, redis) = stage(2, 100).await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    bob.follows(&ada).await;
    kit.settle().await;
    assert!(bob.home_feed().await.is_empty());
    let key = redis.says(&["KEYS", &format!("*:{}", user(&bob).0)]);
    let left: i64 = redis.says(&["TTL", &key]).parse().expect("a number");
    assert!((1..=14 * 86_400).contains(&left), "{left} seconds");
    let mut all = vec![];
    for number in 0..6 {
        all.insert(0, ada.publishes(&format!("number {number}")).await);
    }
    kit.settle().await;
    assert_eq!(redis.says(&["EXISTS", &key]), "0", "one that doubled without being read is dropped");
    assert_eq!(whole_feed(&bob).await, all);
    assert_eq!(redis.says(&["EXISTS", &key]), "1");
    kit.ends().await;
}

#[tokio::test]
async fn media_of_a_large_account_are_merged_in() {
    let (kit, _redis) = stage(4, 2).await;
    let (ada, eve) = (kit.signs_up("ada").await, kit.signs_up("eve").await);
    let bob = kit.signs_up("bob").await;
    tokio::join!(bob.follows(&ada), bob.follows(&eve));
    let mut all = vec![ada.publishes("small").await];
    kit.settle().await;
    assert_eq!(bob.home_feed().await, all);
    let (kim, sam) = (kit.signs_up("kim").await, kit.signs_up("sam").await);
    tokio::join!(kim.follows(&ada), sam.follows(&ada));
    kit.settle().await;
    for number in 0..4 {
        all.insert(0, ada.publishes(&format!("large {number}")).await);
        all.insert(0, eve.publishes(&format!("other {number}")).await);
        kit.settle().await;
        assert_eq!(bob.home_feed().await, all);
    }
    let timeline = kept(&kit, &bob).await.expect("a timeline");
    assert_eq!(timeline.large, [user(&ada)]);
    // What was small once stays where it is, and a fall below the threshold changes nothing.
    tokio::join!(kim.unfollows(&ada), sam.unfollows(&ada));
    all.insert(0, ada.publishes("large for ever").await);
    kit.settle().await;
    assert_eq!(whole_feed(&bob).await, all);
    bob.unfollows(&ada).await;
    kit.settle().await;
    assert_eq!(whole_feed(&bob).await.len(), 4);
    kim.follows(&ada).await;
    kit.settle().await;
    assert_eq!(whole_feed(&kim).await.len(), 6, "who follows a large account later finds all of it");
    kit.ends().await;
}

#[tokio::test]
async fn a_read_and_the_stream_from_its_cursor_miss_nothing() {
    let (kit, _redis) = stage(500, 100).await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    bob.follows(&ada).await;
    kit.settle().await;
    let published = async {
        let mut all = BTreeSet::new();
        for number in 0..8 {
            all.insert(ada.publishes(&format!("number {number}")).await);
        }
        all
    };
    let read = async {
        let mut reads = vec![];
        for _ in 0..40 {
            let answer = bob.asks("{ streamCursor viewer { homeFeed(first: 100) { nodes { id } } } }", json!({})).await;
            let seen: BTreeSet<String> = answer.texts("/viewer/homeFeed/nodes", "/id").into_iter().collect();
            reads.push((answer.data("/streamCursor").clone(), seen));
        }
        reads
    };
    let (all, reads) = tokio::join!(published, read);
    kit.settle().await;
    let subscription = "subscription($after: StreamCursor) { homeFeedEvents(after: $after) {
        __typename ... on MediaAdded { media { id } } } }";
    for (cursor, mut seen) in reads.into_iter().step_by(5) {
        let mut stream = bob.listens(subscription, json!({ "after": cursor })).await;
        while seen.len() < all.len() {
            let event = stream.next().await;
            if event["__typename"] == "MediaAdded" {
                seen.insert(event["media"]["id"].as_str().expect("an ID").to_owned());
            }
        }
        assert_eq!(seen, all);
    }
    kit.ends().await;
}

#[tokio::test]
async fn a_worker_that_is_killed_leaves_no_feed_without_a_media() {
    let redis = Server::running(&[]).await;
    let mut program = Program::prepared().await;
    let file = program.folder.0.join("photograph.toml");
    let config = std::fs::read_to_string(&file).expect("the configuration");
    if !config.contains("[redis]") {
        std::fs::write(&file, format!("{config}\n[redis]\nurl = \"{}\"\n", redis.url())).expect("a file");
    }
    program.starts().await;
    let (ada, bob) = (program.signs_up("ada").await, program.signs_up("bob").await);
    bob.follows(&ada).await;
    let mut all = BTreeSet::new();
    for number in 0..4 {
        bob.home_feed().await;
        all.insert(ada.publishes(&format!("number {number}")).await);
        program.is_killed();
        program.starts().await;
    }
    eventually("everything has arrived", PATIENCE, async || {
        let seen = bob.home_feed().await;
        assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), seen.len(), "each once");
        (seen.into_iter().collect::<BTreeSet<_>>() == all).then_some(())
    })
    .await;
    program.ends().await;
}

/// A chance that is the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % sides
    }
}

/// What must be in the feeds, by the words of the product.
#[derive(Default)]
struct World {
    follows: BTreeSet<(usize, usize)>,
    mutes: BTreeSet<(usize, usize)>,
    media: BTreeMap<i64, (String, usize, bool)>,
}

impl World {
    fn feed(&self, of: usize) -> Vec<String> {
        let wants = |owner: usize| self.follows.contains(&(of, owner)) && !self.mutes.contains(&(of, owner));
        let belongs = |owner: usize, only_me: bool| owner == of || (!only_me && wants(owner));
        let media = self.media.values().rev().filter(|(_, owner, only_me)| belongs(*owner, *only_me));
        media.map(|(id, _, _)| id.clone()).collect()
    }
}

#[tokio::test]
async fn in_any_world_a_feed_is_what_the_words_say() {
    for seed in [1, 2] {
        let (kit, redis) = stage(4, 2).await;
        let mut people = vec![];
        for name in ["ada", "bob", "eve", "kim", "sam"] {
            people.push(kit.signs_up(name).await);
        }
        let (mut dice, mut world) = (Dice(seed), World::default());
        for _ in 0..50 {
            happens(&people, &redis, &mut dice, &mut world).await;
            if dice.below(4) == 0 {
                kit.settle().await;
                let of = dice.below(people.len());
                assert_eq!(whole_feed(&people[of]).await, world.feed(of), "world {seed}");
            }
        }
        kit.settle().await;
        for (of, person) in people.iter().enumerate() {
            assert_eq!(whole_feed(person).await, world.feed(of), "world {seed}");
        }
        kit.ends().await;
    }
}

/// Somebody does something, or something happens to Redis.
async fn happens(people: &[Person], redis: &Server, dice: &mut Dice, world: &mut World) {
    let who = dice.below(people.len());
    let whom = (who + 1 + dice.below(people.len() - 1)) % people.len();
    match dice.below(14) {
        0..3 => {
            people[who].follows(&people[whom]).await;
            world.follows.insert((who, whom));
        }
        3 => {
            people[who].unfollows(&people[whom]).await;
            world.follows.remove(&(who, whom));
        }
        4..9 => {
            let only_me = dice.below(5) == 0;
            let id = people[who].publishes_to(if only_me { "ONLY_ME" } else { "EVERYONE" }, "something").await;
            world.media.insert(media(&id).0, (id, who, only_me));
        }
        9 => {
            let mine = world.media.values().find(|(_, owner, _)| *owner == who).map(|(id, _, _)| id.clone());
            if let Some(id) = mine {
                people[who].deletes(&id).await;
                world.media.remove(&media(&id).0);
            }
        }
        10 => {
            people[who].home_feed().await;
        }
        11 => {
            people[who].mutes(&people[whom]).await;
            world.mutes.insert((who, whom));
        }
        12 => {
            people[who].unmutes(&people[whom]).await;
            world.mutes.remove(&(who, whom));
        }
        _ => {
            redis.says(&["FLUSHALL"]);
        }
    }
}
