//! Muting: somebody's media stay out of the home feed and its stream, for a while or for good. Nothing else changes, and
//! nobody is told.

use std::time::Duration;

use photograph::base::clock::Timestamp;
use serde_json::{Value, json};

use crate::kit::sight::{ALL_WAYS, Shot, ways_to_media};
use crate::kit::{Kit, Person};

const HOME: &str = "subscription($after: StreamCursor) { homeFeedEvents(after: $after) {
    __typename ... on StreamEvent { cursor } ... on StreamOpened { recovery }
    ... on MediaAdded { media { id } } ... on MediaRemoved { mediaId }
} }";
const DAY: Duration = Duration::from_hours(24);

/// An instant by the server's clock, so much later.
fn later(kit: &Kit, by: Duration) -> Timestamp {
    kit.app.clock.now().after(by)
}

async fn mutes_until(person: &Person, other: &Person, until: Timestamp) {
    let input = json!({ "userId": other.id, "until": until.rfc3339() });
    person.does("muteUser", input, "user { id }").await;
}

async fn relationship(person: &Person, other: &Person) -> Value {
    let query = "query($id: ID!) { user(by: { id: $id }) { viewerRelationship { followState isMuting mutedUntil isBlocking } } }";
    person.asks(query, json!({ "id": other.id })).await.data("/user/viewerRelationship").clone()
}

#[tokio::test]
async fn whom_one_mutes_is_out_of_the_feed_and_nowhere_else() {
    let kit = Kit::start().await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    bob.follows(&ada).await;
    let media = ada.publishes("dusk").await;
    kit.settle().await;
    let shot = Shot::of(&ada, &media).await;
    assert_eq!(ways_to_media(&bob, &ada, &shot).await, ALL_WAYS);
    bob.mutes(&ada).await;
    assert_eq!(ways_to_media(&bob, &ada, &shot).await, ALL_WAYS[..8]);
    let muting = json!({ "followState": "FOLLOWING", "isMuting": true, "mutedUntil": null, "isBlocking": false });
    assert_eq!(relationship(&bob, &ada).await, muting);
    assert_eq!(relationship(&ada, &bob).await["isMuting"], false, "who is muted does not learn of it");
    bob.unmutes(&ada).await;
    bob.unmutes(&ada).await;
    assert_eq!(ways_to_media(&bob, &ada, &shot).await, ALL_WAYS);
    assert_eq!(relationship(&bob, &ada).await["isMuting"], false);
    kit.ends().await;
}

#[tokio::test]
async fn a_mute_ends_by_itself() {
    let kit = Kit::start().await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    bob.follows(&ada).await;
    let media = ada.publishes("dusk").await;
    kit.settle().await;
    let until = later(&kit, DAY);
    mutes_until(&bob, &ada, until).await;
    assert!(bob.home_feed().await.is_empty());
    assert_eq!(relationship(&bob, &ada).await["mutedUntil"], until.rfc3339());
    mutes_until(&bob, &ada, later(&kit, 3 * DAY)).await;
    kit.passes(2 * DAY);
    bob.refreshes().await;
    assert!(bob.home_feed().await.is_empty(), "it goes on for longer");
    kit.passes(2 * DAY);
    bob.refreshes().await;
    assert_eq!(bob.home_feed().await, [media]);
    assert_eq!(relationship(&bob, &ada).await["isMuting"], false);
    assert_eq!(bob.has("mutedUsers").await, Vec::<String>::new());
    kit.ends().await;
}

#[tokio::test]
async fn the_list_of_those_muted_is_in_order_and_true() {
    let kit = Kit::start().await;
    let bob = kit.signs_up("bob").await;
    let (ada, eve, joe) = (kit.signs_up("ada").await, kit.signs_up("eve").await, kit.signs_up("joe").await);
    for other in [&ada, &eve, &joe] {
        bob.mutes(other).await;
    }
    mutes_until(&bob, &ada, later(&kit, DAY)).await;
    assert_eq!(bob.has("mutedUsers").await, ["joe", "eve", "ada"], "one that goes on keeps its place");
    joe.blocks(&bob).await;
    assert_eq!(bob.has("mutedUsers").await, ["eve", "ada"], "who blocks is not there");
    let page = "query($after: String) { viewer { mutedUsers(first: 1, after: $after) { nodes { username } edges { since } pageInfo { endCursor hasNextPage } } } }";
    let first = bob.asks(page, json!({})).await;
    assert_eq!(first.texts("/viewer/mutedUsers/nodes", "/username"), ["eve"]);
    assert!(first.data("/viewer/mutedUsers/edges/0/since").is_string());
    let after = first.data("/viewer/mutedUsers/pageInfo/endCursor");
    let second = bob.asks(page, json!({ "after": after })).await;
    assert_eq!(second.texts("/viewer/mutedUsers/nodes", "/username"), ["ada"]);
    kit.ends().await;
}

#[tokio::test]
async fn a_mute_that_makes_no_sense_is_refused() {
    let kit = Kit::start().await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    let over = Timestamp(0).rfc3339();
    for (input, code) in [
        (json!({ "userId": bob.id }), "SELF"),
        (json!({ "userId": "usr_11111112" }), "NOT_FOUND"),
        (json!({ "userId": ada.id, "until": over }), "INVALID"),
    ] {
        assert_eq!(bob.tries("muteUser", input.clone(), "user { id }").await.refusal(), code, "{input}");
    }
    ada.blocks(&bob).await;
    for mutation in ["muteUser", "unmuteUser"] {
        let blocked = bob.tries(mutation, json!({ "userId": ada.id }), "user { id }").await;
        assert_eq!(blocked.refusal(), "NOT_FOUND", "{mutation}");
    }
    kit.ends().await;
}

#[tokio::test]
async fn a_mute_takes_media_out_of_the_feed_of_whoever_listens_and_lets_no_more_in() {
    let kit = Kit::start().await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    bob.follows(&ada).await;
    let (old, new) = (ada.publishes("one").await, ada.publishes("two").await);
    kit.settle().await;
    let mut stream = bob.listens(HOME, json!({})).await;
    let opened = stream.next_is("StreamOpened").await;
    mutes_until(&bob, &ada, later(&kit, DAY)).await;
    // The same for whoever was away meanwhile.
    let mut again = bob.listens(HOME, json!({ "after": opened["cursor"] })).await;
    assert_eq!(again.next_is("StreamOpened").await["recovery"], "RECOVERED");
    for stream in [&mut stream, &mut again] {
        for media in [&new, &old] {
            assert_eq!(stream.next_is("MediaRemoved").await["mediaId"], json!(media));
        }
    }
    let unheard = ada.publishes("three").await;
    ada.deletes(&unheard).await;
    kit.settle().await;
    let mark = bob.publishes("my own").await;
    for stream in [&mut stream, &mut again] {
        assert_eq!(stream.next_is("MediaAdded").await["media"]["id"], json!(mark));
    }
    kit.passes(2 * DAY);
    ada.refreshes().await;
    let heard = ada.publishes("four").await;
    assert_eq!(stream.next_is("MediaAdded").await["media"]["id"], json!(heard), "it is over");
    kit.ends().await;
}

#[tokio::test]
async fn no_page_is_short_because_somebody_in_it_is_muted() {
    let kit = Kit::start().await;
    let (ada, eve, bob) = (kit.signs_up("ada").await, kit.signs_up("eve").await, kit.signs_up("bob").await);
    tokio::join!(bob.follows(&ada), bob.follows(&eve));
    let mut all = vec![];
    for number in 0..5 {
        all.insert(0, ada.publishes(&format!("number {number}")).await);
        for between in 0..2 {
            eve.publishes(&format!("noise {number} {between}")).await;
        }
    }
    kit.settle().await;
    bob.mutes(&eve).await;
    let query = "query($first: Int, $after: String, $last: Int, $before: String) { viewer {
        homeFeed(first: $first, after: $after, last: $last, before: $before) { nodes { id } pageInfo { endCursor startCursor } } } }";
    let first = bob.asks(query, json!({ "first": 2 })).await;
    assert_eq!(first.texts("/viewer/homeFeed/nodes", "/id"), all[..2]);
    let after = first.data("/viewer/homeFeed/pageInfo/endCursor");
    let second = bob.asks(query, json!({ "first": 2, "after": after })).await;
    assert_eq!(second.texts("/viewer/homeFeed/nodes", "/id"), all[2..4]);
    let before = second.data("/viewer/homeFeed/pageInfo/endCursor");
    let back = bob.asks(query, json!({ "last": 2, "before": before })).await;
    assert_eq!(back.texts("/viewer/homeFeed/nodes", "/id"), all[1..3]);
    kit.ends().await;
}
