//! What happens to one, live: over a socket and as server-sent events, after a break, and honestly when that cannot be.

use std::time::Duration;

use serde_json::{Value, json};

use crate::kit::{Flow, Kit, Person, Stream};

const EVENTS: &str = "subscription($after: StreamCursor) { activityEvents(after: $after) {
    __typename ... on StreamEvent { cursor } ... on StreamOpened { recovery gapReason }
    ... on ActivityChanged { unseenCount activity { id kind summary { plain } } }
    ... on ActivityRemoved { unseenCount activityId } ... on ActivitySeen { unseenCount }
    ... on StreamClosing { reason }
} }";

async fn listens(person: &Person, after: &Value) -> (Stream, Value) {
    let mut stream = person.listens(EVENTS, json!({ "after": after })).await;
    let opened = stream.next_is("StreamOpened").await;
    (stream, opened)
}

/// An `ActivityChanged`, in short: words and badge.
fn change(event: &Value) -> (&str, i64) {
    let words = event["activity"]["summary"]["plain"].as_str().unwrap_or_else(|| panic!("no change: {event:#}"));
    (words, event["unseenCount"].as_i64().expect("a count"))
}

async fn top(person: &Person) -> Value {
    let query = "{ viewer { activities(first: 1) { edges { cursor node { id } } } } }";
    person.asks(query, json!({})).await.data("/viewer/activities/edges/0").clone()
}

#[tokio::test]
async fn what_happens_is_told_with_the_badge() {
    let kit = Kit::start().await;
    let (ada, bob, eve) = (kit.signs_up("ada").await, kit.signs_up("bob").await, kit.signs_up("eve").await);
    let media = ada.publishes("dusk").await;
    let (mut stream, opened) = listens(&ada, &Value::Null).await;
    assert_eq!(opened["recovery"], "NEW");
    let (mut of_bob, _) = listens(&bob, &Value::Null).await;
    bob.likes(&media).await;
    assert_eq!(change(&stream.next_is("ActivityChanged").await), ("bob liked your photo", 1));
    kit.settle().await;
    eve.likes(&media).await;
    let changed = stream.next_is("ActivityChanged").await;
    assert_eq!(change(&changed), ("eve and bob liked your photo", 1));
    eve.follows(&ada).await;
    assert_eq!(change(&stream.next_is("ActivityChanged").await), ("eve started following you", 2));
    let seen = json!({ "upToCursor": top(&ada).await["cursor"] });
    ada.logs_in_again().await.does("markActivitiesSeen", seen, "viewer { id }").await;
    assert_eq!(stream.next_is("ActivitySeen").await["unseenCount"], 0);
    kit.settle().await;
    eve.unlikes(&media).await;
    assert_eq!(change(&stream.next_is("ActivityChanged").await), ("bob liked your photo", 0));
    kit.settle().await;
    bob.unlikes(&media).await;
    let removed = stream.next_is("ActivityRemoved").await;
    assert_eq!((&removed["activityId"], &removed["unseenCount"]), (&changed["activity"]["id"], &json!(0)));
    // Nobody hears of what happens to others.
    ada.follows(&bob).await;
    assert_eq!(change(&of_bob.next_is("ActivityChanged").await), ("ada started following you", 1));
    kit.ends().await;
}

#[tokio::test]
async fn what_was_missed_follows_and_what_cannot_is_a_gap() {
    let kit = Kit::start().await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    let media = ada.publishes("dusk").await;
    kit.settle().await;
    let answer = ada.asks("{ streamCursor viewer { unseenActivityCount } }", json!({})).await;
    bob.likes(&media).await;
    kit.settle().await;
    bob.follows(&ada).await;
    kit.settle().await;
    let (mut stream, opened) = listens(&ada, answer.data("/streamCursor")).await;
    assert_eq!(opened["recovery"], "RECOVERED");
    let first = stream.next_is("ActivityChanged").await;
    assert_eq!(change(&first).0, "bob liked your photo");
    assert_eq!(change(&stream.next_is("ActivityChanged").await), ("bob started following you", 2));
    let (mut stream, opened) = listens(&ada, &first["cursor"]).await;
    assert_eq!(opened["recovery"], "RECOVERED");
    assert_eq!(change(&stream.next_is("ActivityChanged").await).0, "bob started following you");
    // For longer than the log is kept.
    kit.passes(Duration::from_hours(49));
    for person in [&ada, &bob] {
        person.refreshes().await;
    }
    for database in kit.app.db.databases() {
        photograph::platform::log::forget(database, kit.app.clock.now()).await.expect("the log forgets");
    }
    let (mut stream, gap) = listens(&ada, answer.data("/streamCursor")).await;
    assert_eq!((&gap["recovery"], &gap["gapReason"]), (&json!("GAP"), &json!("EXPIRED")));
    bob.comments(&media, "hello").await;
    assert_eq!(change(&stream.next_is("ActivityChanged").await), ("bob commented on your photo", 3));
    let mut nobody = kit.nobody().listens(EVENTS, json!({})).await;
    assert_eq!(nobody.fails().await, "UNAUTHENTICATED");
    kit.ends().await;
}

#[tokio::test]
async fn server_sent_events_carry_where_to_go_on() {
    let kit = Kit::start().await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    let media = ada.publishes("dusk").await;
    kit.settle().await;
    let asks = || {
        let access = ada.tokens().access;
        let accept = [(reqwest::header::ACCEPT, "text/event-stream".parse().expect("a header"))];
        kit.front.request(Some(&access), EVENTS, &json!({})).headers(accept.into_iter().collect())
    };
    let mut flow = Flow::opens(asks()).await;
    flow.next_is("StreamOpened").await;
    bob.likes(&media).await;
    let (sent, event) = flow.next_is("ActivityChanged").await;
    assert_eq!(change(&event), ("bob liked your photo", 1));
    drop(flow);
    kit.settle().await;
    bob.follows(&ada).await;
    kit.settle().await;
    let mut flow = Flow::opens(asks().header("last-event-id", sent.id.expect("an id"))).await;
    assert_eq!(flow.next_is("StreamOpened").await.1["recovery"], "RECOVERED");
    assert_eq!(change(&flow.next_is("ActivityChanged").await.1), ("bob started following you", 2));
    kit.ends().await;
}
