//! `multipart/mixed; subscriptionSpec=1.0`, as Apollo's clients speak it.

use reqwest::RequestBuilder;
use reqwest::header::{ACCEPT, HeaderMap};
use serde_json::{Value, json};

use crate::kit::{Flow, Kit, Person, field};

/// Apollo Client's own header.
const APOLLO: &str = "multipart/mixed;boundary=\"graphql\";subscriptionSpec=1.0,application/json";
const HOME: &str = "subscription { homeFeedEvents { __typename ... on StreamClosing { reason reconnectAfterMs } } }";

fn asks(person: &Person, accept: &str, query: &str) -> RequestBuilder {
    let headers: HeaderMap = [(ACCEPT, accept.parse().expect("a header"))].into_iter().collect();
    person.front.request(Some(&person.tokens().access), query, &json!({})).headers(headers)
}

#[tokio::test]
async fn each_event_is_a_part() {
    let kit = Kit::with(|config| config.websocket.ping_seconds = 1).await;
    let ada = kit.signs_up("ada").await;
    for accept in [APOLLO, "multipart/mixed; subscriptionSpec=\"1.0\"", "multipart/mixed;subscriptionSpec=1.0"] {
        // Whoever accepts packed answers is not kept waiting by it.
        let mut flow = Flow::opens(asks(&ada, accept, HOME).header("accept-encoding", "gzip")).await;
        let header = |name: &str| flow.headers()[name].to_str().expect("a text").to_owned();
        assert_eq!(header("content-type"), "multipart/mixed;boundary=\"-\";subscriptionSpec=1.0");
        assert_eq!((header("cache-control"), header("x-accel-buffering")), ("no-store".into(), "no".into()));
        assert!(!flow.headers().contains_key("content-encoding"));
        assert_eq!(flow.up_to("---").await.as_deref(), Some("\r\n---"));
        assert_eq!(
            flow.up_to("\r\n---").await.as_deref(),
            Some(
                "\r\nContent-Type: application/json\r\n\r\n\
                {\"payload\":{\"data\":{\"homeFeedEvents\":{\"__typename\":\"StreamOpened\"}}}}\r\n---"
            )
        );
        assert_eq!(flow.part().await, json!({}), "a sign of life");
    }
    kit.ends().await;
}

#[tokio::test]
async fn a_session_that_ends_ends_its_streams() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let mut flow = Flow::opens(asks(&ada, APOLLO, HOME)).await;
    flow.up_to("---").await;
    assert_eq!(field(&flow.part().await["payload"])["__typename"], "StreamOpened");
    ada.asks("mutation { logOut { endedSessionId } }", json!({})).await;
    let closing = field(&flow.part().await["payload"]);
    assert_eq!((&closing["__typename"], &closing["reason"]), (&json!("StreamClosing"), &json!("SESSION_ENDED")));
    flow.is_whole().await;
    kit.ends().await;
}

#[tokio::test]
async fn queries_are_answered_whole_when_that_is_accepted_too() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let query = "{ server { name } }";
    let answer = asks(&ada, APOLLO, query).send().await.expect("an answer");
    assert_eq!(answer.headers()["content-type"], "application/json; charset=utf-8");
    let mut flow = Flow::opens(asks(&ada, "multipart/mixed;subscriptionSpec=1.0", query)).await;
    flow.up_to("---").await;
    assert_eq!(flow.part().await["payload"]["data"]["server"]["name"], "photograph");
    flow.is_whole().await;
    for (accept, query, status) in [(APOLLO, "subscription { nonsense }", 422), ("multipart/mixed", HOME, 406)] {
        let answer = asks(&ada, accept, query).send().await.expect("an answer");
        assert_eq!(answer.status(), status);
        assert!(answer.json::<Value>().await.expect("JSON")["errors"].is_array());
    }
    kit.ends().await;
}
