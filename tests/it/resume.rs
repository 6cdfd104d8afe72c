//! Going on after a break: everything that was missed, in order, once — or an honest gap.

use std::time::Duration;

use serde_json::{Value, json};

use crate::kit::{Kit, Person, Stream};

const HOME: &str = "subscription($after: StreamCursor) { homeFeedEvents(after: $after) {
    __typename ... on StreamEvent { cursor occurredAt } ... on StreamOpened { recovery gapReason }
    ... on MediaAdded { edgeCursor media { id } } ... on MediaRemoved { mediaId }
} }";

async fn listens(person: &Person, after: &Value) -> (Stream, Value) {
    let mut stream = person.listens(HOME, json!({ "after": after })).await;
    let opened = stream.next_is("StreamOpened").await;
    (stream, opened)
}

#[tokio::test]
async fn what_was_missed_follows_in_order_and_once() {
    let kit = Kit::start().await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    bob.follows(&ada).await;
    kit.settle().await;
    let (mut stream, opened) = listens(&bob, &json!("")).await;
    assert_eq!(opened["recovery"], "NEW", "an empty position is none");
    let first = ada.publishes("one").await;
    let seen = stream.next_is("MediaAdded").await;
    assert_eq!(seen["media"]["id"], json!(first));
    drop(stream);
    let missed = [ada.publishes("two").await, ada.publishes("three").await];
    ada.deletes(&missed[0]).await;
    kit.settle().await;
    let (mut stream, opened) = listens(&bob, &seen["cursor"]).await;
    assert_eq!(opened["recovery"], "RECOVERED");
    // What is no longer there is not shown, and its removal is told.
    let added = stream.next_is("MediaAdded").await;
    assert_eq!(added["media"]["id"], json!(missed[1]));
    let removed = stream.next_is("MediaRemoved").await;
    assert_eq!(removed["mediaId"], json!(missed[0]));
    let last = ada.publishes("four").await;
    assert_eq!(stream.next_is("MediaAdded").await["media"]["id"], json!(last));
    kit.ends().await;
}

#[tokio::test]
async fn a_query_gives_the_position_to_go_on_from() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    kit.settle().await;
    let answer = ada.asks("{ streamCursor viewer { homeFeed(first: 1) { nodes { id } } } }", json!({})).await;
    let media = ada.publishes("one").await;
    kit.settle().await;
    let (mut stream, opened) = listens(&ada, answer.data("/streamCursor")).await;
    assert_eq!(opened["recovery"], "RECOVERED");
    assert_eq!(stream.next_is("MediaAdded").await["media"]["id"], json!(media));
    kit.ends().await;
}

#[tokio::test]
async fn a_position_that_cannot_be_resumed_is_a_gap_with_its_reason() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    kit.settle().await;
    let (_, opened) = listens(&ada, &Value::Null).await;
    ada.publishes("one").await;
    kit.settle().await;
    for nonsense in ["nonsense", "11111111111111", "\u{0}", &"z".repeat(100_000)] {
        let (_, gap) = listens(&ada, &json!(nonsense)).await;
        assert_eq!((&gap["recovery"], &gap["gapReason"]), (&json!("GAP"), &json!("UNKNOWN")), "{nonsense:.20}");
    }
    // For longer than the log is kept.
    kit.passes(Duration::from_hours(49));
    ada.refreshes().await;
    for database in kit.app.db.databases() {
        photograph::platform::log::forget(database, kit.app.clock.now()).await.expect("the log forgets");
    }
    let (mut stream, gap) = listens(&ada, &opened["cursor"]).await;
    assert_eq!((&gap["recovery"], &gap["gapReason"]), (&json!("GAP"), &json!("EXPIRED")));
    let media = ada.publishes("two").await;
    assert_eq!(stream.next_is("MediaAdded").await["media"]["id"], json!(media));
    kit.ends().await;
}
