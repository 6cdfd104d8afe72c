//! The home feed: what those one follows publish, newest first, read in both directions without a hole.

use serde_json::{Value, json};

use crate::kit::{Kit, Person};

#[tokio::test]
async fn what_those_one_follows_publish_comes_newest_first() {
    let kit = Kit::start().await;
    let (ada, bob, eve) = (kit.signs_up("ada").await, kit.signs_up("bob").await, kit.signs_up("eve").await);
    eve.publishes("not for bob").await;
    let before = ada.publishes("before the follow").await;
    bob.follows(&ada).await;
    let own = bob.publishes("my own").await;
    let after = ada.publishes("after the follow").await;
    kit.settle().await;
    assert_eq!(bob.home_feed().await, [after.clone(), own.clone(), before.clone()]);
    assert_eq!(ada.home_feed().await, [after, before]);
    bob.unfollows(&ada).await;
    kit.settle().await;
    assert_eq!(bob.home_feed().await, [own]);
    kit.ends().await;
}

#[tokio::test]
async fn a_feed_of_nobody_is_empty() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let page = page(&ada, json!({ "first": 10 })).await;
    assert_eq!(page["nodes"], json!([]));
    assert_eq!(
        page["pageInfo"],
        json!({ "hasNextPage": false, "hasPreviousPage": false, "startCursor": null, "endCursor": null })
    );
    kit.ends().await;
}

#[tokio::test]
async fn pages_go_down_and_up_without_a_hole() {
    let kit = Kit::start().await;
    let (bob, all) = a_feed_of(&kit, 7).await;
    let mut down = vec![];
    let mut cursor = Value::Null;
    loop {
        let page = page(&bob, json!({ "first": 3, "after": cursor })).await;
        down.extend(ids(&page));
        cursor = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    assert_eq!(down, all);
    let mut up = vec![];
    loop {
        let page = page(&bob, json!({ "last": 3, "before": cursor })).await;
        up = [ids(&page), up].concat();
        cursor = page["pageInfo"]["startCursor"].clone();
        if page["pageInfo"]["hasPreviousPage"] == false {
            break;
        }
    }
    assert_eq!(up, all[..6], "all that is newer than the last");
    kit.ends().await;
}

/// Somebody with this many media in their feed by two people in turn, and what is in it.
async fn a_feed_of(kit: &Kit, media: usize) -> (Person, Vec<String>) {
    let (ada, eve, bob) = (kit.signs_up("ada").await, kit.signs_up("eve").await, kit.signs_up("bob").await);
    tokio::join!(bob.follows(&ada), bob.follows(&eve));
    let mut published = vec![];
    for number in 0..media {
        let owner = if number % 2 == 0 { &ada } else { &eve };
        published.insert(0, owner.publishes(&format!("number {number}")).await);
    }
    kit.settle().await;
    (bob, published)
}

async fn page(person: &Person, variables: Value) -> Value {
    let query = "query($first: Int, $after: String, $last: Int, $before: String) {
        viewer { homeFeed(first: $first, after: $after, last: $last, before: $before) {
            edges { cursor node { id } } nodes { id }
            pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        } } }";
    person.asks(query, variables).await.data("/viewer/homeFeed").clone()
}

fn ids(page: &Value) -> Vec<String> {
    let nodes = page["nodes"].as_array().expect("nodes");
    nodes.iter().map(|node| node["id"].as_str().expect("an ID").to_owned()).collect()
}

#[tokio::test]
async fn a_cursor_stays_good_when_its_media_is_deleted() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let (first, second, third) = (ada.publishes("1").await, ada.publishes("2").await, ada.publishes("3").await);
    kit.settle().await;
    let cursor = page(&ada, json!({ "first": 2 })).await["pageInfo"]["endCursor"].clone();
    ada.deletes(&second).await;
    kit.settle().await;
    assert_eq!(ids(&page(&ada, json!({ "first": 2, "after": cursor })).await), [first]);
    assert_eq!(ids(&page(&ada, json!({ "last": 2, "before": cursor })).await), [third]);
    kit.ends().await;
}

#[tokio::test]
async fn what_is_newer_than_the_top_is_read_upwards() {
    let kit = Kit::start().await;
    let (bob, all) = a_feed_of(&kit, 3).await;
    let top = page(&bob, json!({ "first": 1 })).await["pageInfo"]["startCursor"].clone();
    let own = bob.publishes("newer").await;
    kit.settle().await;
    let newer = page(&bob, json!({ "last": 20, "before": top })).await;
    assert_eq!(ids(&newer), [own]);
    assert_eq!(newer["pageInfo"]["hasNextPage"], true, "what was there before follows");
    assert_eq!(all.len(), 3);
    kit.ends().await;
}

#[tokio::test]
async fn a_page_that_makes_no_sense_is_refused() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let query = "query($first: Int, $after: String, $last: Int, $before: String) {
        viewer { homeFeed(first: $first, after: $after, last: $last, before: $before) { nodes { id } } } }";
    let cases = [
        json!({ "first": 101 }),
        json!({ "first": -1 }),
        json!({ "first": 1, "last": 1 }),
        json!({ "first": 1, "before": "11111112" }),
        json!({ "first": 1, "after": "nonsense" }),
        json!({ "first": 1, "after": "\0" }),
        json!({ "last": 1, "before": "' OR 1=1" }),
    ];
    for variables in cases {
        assert_eq!(ada.asks(query, variables.clone()).await.code(), "BAD_USER_INPUT", "{variables}");
    }
    let media = ada.publishes("dusk").await;
    // An empty cursor is what some clients send for none.
    for variables in
        [json!({ "first": 1, "after": "" }), json!({ "last": 1, "after": "", "before": "" }), json!({ "after": "" })]
    {
        let page = ada.asks(query, variables.clone()).await;
        assert_eq!(page.texts("/viewer/homeFeed/nodes", "/id"), [media.as_str()], "{variables}");
    }
    kit.ends().await;
}

#[tokio::test]
async fn the_list_of_an_owner_goes_both_ways_too() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let mut all = vec![];
    for number in 0..5 {
        all.insert(0, ada.publishes(&format!("number {number}")).await);
    }
    let query = "query($id: ID!, $first: Int, $last: Int) { user(by: { id: $id }) { media(first: $first, last: $last) { nodes { id } } } }";
    let first = ada.asks(query, json!({ "id": ada.id, "first": 2 })).await;
    assert_eq!(first.texts("/user/media/nodes", "/id"), all[..2]);
    let last = ada.asks(query, json!({ "id": ada.id, "last": 2 })).await;
    assert_eq!(last.texts("/user/media/nodes", "/id"), all[3..]);
    kit.ends().await;
}

const MARKER: &str = "{ viewer { homeFeedMarker { cursor newerCount updatedAt } } }";

async fn marker(person: &Person) -> Value {
    person.asks(MARKER, json!({})).await.data("/viewer/homeFeedMarker").clone()
}

async fn marks(person: &Person, cursor: &Value) {
    person.does("saveHomeFeedMarker", json!({ "cursor": cursor }), "viewer { id }").await;
}

#[tokio::test]
async fn how_far_one_read_is_known_on_every_phone_and_never_moves_back() {
    let kit = Kit::start().await;
    let (bob, all) = a_feed_of(&kit, 4).await;
    assert_eq!(marker(&bob).await, Value::Null, "they never said");
    let edges = page(&bob, json!({ "first": 4 })).await["edges"].clone();
    marks(&bob, &edges[2]["cursor"]).await;
    let other_phone = bob.logs_in_again().await;
    let seen = marker(&other_phone).await;
    assert_eq!((&seen["cursor"], &seen["newerCount"]), (&edges[2]["cursor"], &json!(2)));
    marks(&other_phone, &edges[1]["cursor"]).await;
    marks(&bob, &edges[3]["cursor"]).await;
    let seen = marker(&bob).await;
    assert_eq!((&seen["cursor"], &seen["newerCount"]), (&edges[1]["cursor"], &json!(1)), "it never moves back");
    let newer = page(&bob, json!({ "last": 20, "before": seen["cursor"] })).await;
    assert_eq!(ids(&newer), all[..1]);
    kit.ends().await;
}

#[tokio::test]
async fn a_marker_counts_what_is_in_the_feed_and_takes_only_cursors() {
    let kit = Kit::start().await;
    let (ada, eve, bob) = (kit.signs_up("ada").await, kit.signs_up("eve").await, kit.signs_up("bob").await);
    tokio::join!(bob.follows(&ada), bob.follows(&eve));
    ada.publishes("seen").await;
    kit.settle().await;
    marks(&bob, &page(&bob, json!({})).await["pageInfo"]["startCursor"]).await;
    assert_eq!(marker(&bob).await["newerCount"], 0);
    ada.publishes("new").await;
    ada.publishes_to("ONLY_ME", "mine").await;
    eve.publishes("noise").await;
    kit.settle().await;
    bob.mutes(&eve).await;
    assert_eq!(marker(&bob).await["newerCount"], 1, "neither what is hidden nor what is muted");
    let future = photograph::base::page::cursor(i64::MAX);
    for cursor in ["", "nonsense", future.as_str()] {
        let refused = bob.tries("saveHomeFeedMarker", json!({ "cursor": cursor }), "viewer { id }").await;
        assert_eq!(refused.refusal(), "INVALID", "{cursor:?}");
    }
    kit.ends().await;
}

async fn page_of(person: &Person, owner: &Person, mut variables: Value) -> Value {
    let query = "query($id: ID!, $first: Int, $after: String, $last: Int, $before: String) { user(by: { id: $id }) {
        media(first: $first, after: $after, last: $last, before: $before) {
            nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }";
    variables["id"] = json!(owner.id);
    person.asks(query, variables).await.data("/user/media").clone()
}

#[tokio::test]
async fn the_media_of_an_owner_are_read_both_ways_past_what_is_hidden_and_gone() {
    let kit = Kit::start().await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    let mut seen = vec![];
    for number in 0..6 {
        seen.insert(0, ada.publishes(&format!("number {number}")).await);
        ada.publishes_to("FOLLOWERS", &format!("for friends {number}")).await;
        ada.publishes_to("ONLY_ME", &format!("mine {number}")).await;
    }
    let first = page_of(&bob, &ada, json!({ "first": 2 })).await;
    assert_eq!((ids(&first), &first["pageInfo"]["hasNextPage"]), (seen[..2].to_vec(), &json!(true)));
    let (start, end) = (first["pageInfo"]["startCursor"].clone(), first["pageInfo"]["endCursor"].clone());
    let gone = seen.remove(1);
    ada.deletes(&gone).await;
    let second = page_of(&bob, &ada, json!({ "first": 3, "after": end })).await;
    assert_eq!(ids(&second), seen[1..4], "a cursor stays good when its media is gone");
    let back = page_of(&bob, &ada, json!({ "last": 3, "before": second["pageInfo"]["endCursor"] })).await;
    assert_eq!((ids(&back), &back["pageInfo"]["hasPreviousPage"]), (seen[..3].to_vec(), &json!(false)));
    seen.insert(0, ada.publishes("newer").await);
    let newer = page_of(&bob, &ada, json!({ "last": 20, "before": start })).await;
    assert_eq!(ids(&newer), seen[..1]);
    let oldest = page_of(&bob, &ada, json!({ "last": 1 })).await;
    assert_eq!((ids(&oldest), &oldest["pageInfo"]["hasNextPage"]), (seen[5..].to_vec(), &json!(false)));
    kit.ends().await;
}
