//! Server-sent events: any operation over a response that stays open, and how an `EventSource` goes on by itself.

use std::process::Command;
use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::kit::{Flow, Front, Kit, Person, Stream};

const EVENTS: &str = "text/event-stream";
const SERVER: &str = "{ server { name } }";
const MEDIA: &str = "subscription($id: ID!, $after: StreamCursor) { mediaEvents(mediaId: $id, after: $after) {
    __typename ... on StreamOpened { recovery cursor } ... on CommentAdded { comment { text { plain } } }
    ... on StreamClosing { reason reconnectAfterMs }
} }";
const HOME: &str = "subscription { homeFeedEvents { __typename ... on StreamClosing { reason reconnectAfterMs } } }";

fn asks(front: &Front, person: Option<&Person>, query: &str, variables: &Value) -> RequestBuilder {
    let token = person.map(|person| person.tokens().access);
    front.request(token.as_deref(), query, variables).headers(accepting(EVENTS))
}

fn accepting(accept: &str) -> reqwest::header::HeaderMap {
    [(reqwest::header::ACCEPT, accept.parse().expect("a header"))].into_iter().collect()
}

/// What an `EventSource` does.
fn gets(front: &Front, query: &str, variables: &Value) -> RequestBuilder {
    let parameters = [("query", query), ("variables", &variables.to_string())];
    let address = reqwest::Url::parse_with_params(&front.url("/graphql"), parameters).expect("an address");
    front.client.get(address).headers(accepting(EVENTS))
}

#[tokio::test]
async fn any_operation_gives_its_result_and_is_complete() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let mutation = "mutation { logOut { endedSessionId } }";
    for request in [
        asks(&kit.front, None, SERVER, &json!({})),
        gets(&kit.front, SERVER, &json!({})),
        asks(&kit.front, Some(&ada), mutation, &json!({})),
    ] {
        let mut flow = Flow::opens(request).await;
        let header = |name: &str| flow.headers()[name].to_str().expect("a text").to_owned();
        assert_eq!(header("content-type"), "text/event-stream; charset=utf-8");
        assert_eq!((header("cache-control"), header("x-accel-buffering")), ("no-store".into(), "no".into()));
        let sent = flow.event().await.expect("a result");
        assert_eq!((sent.event.as_str(), &sent.id), ("next", &None));
        assert!(sent.field().is_object(), "{sent:?}");
        flow.completes().await;
    }
    kit.ends().await;
}

#[tokio::test]
async fn the_id_of_an_event_is_where_to_go_on() {
    let kit = Kit::start().await;
    let (ada, nobody) = (kit.signs_up("ada").await, kit.nobody());
    let media = ada.publishes("dusk").await;
    kit.settle().await;
    let before = nobody.asks("{ streamCursor }", json!({})).await;
    let variables = json!({ "id": media, "after": before.data("/streamCursor") });
    let mut flow = Flow::opens(gets(&kit.front, MEDIA, &variables)).await;
    let (sent, opened) = flow.next_is("StreamOpened").await;
    assert_eq!((opened["recovery"].as_str(), sent.id.as_deref()), (Some("RECOVERED"), opened["cursor"].as_str()));
    // After a break the numbers come first.
    flow.next_is("MediaCountsChanged").await;
    ada.comments(&media, "one").await;
    let (one, event) = flow.next_is("CommentAdded").await;
    assert_eq!(event["comment"]["text"]["plain"], "one");
    let last = one.id.expect("every event has an id, also when its cursor was not selected");
    drop(flow);
    ada.comments(&media, "two").await;
    kit.settle().await;
    // What an `EventSource` knows is later than what is in its address.
    for request in [gets(&kit.front, MEDIA, &variables), asks(&kit.front, Some(&ada), MEDIA, &variables)] {
        let mut flow = Flow::opens(request.header("last-event-id", &last)).await;
        assert_eq!(flow.next_is("StreamOpened").await.1["recovery"], "RECOVERED");
        flow.next_is("MediaCountsChanged").await;
        assert_eq!(flow.next_is("CommentAdded").await.1["comment"]["text"]["plain"], "two");
    }
    let mut flow = Flow::opens(gets(&kit.front, MEDIA, &variables).header("last-event-id", "nonsense")).await;
    assert_eq!(flow.next_is("StreamOpened").await.1["recovery"], "GAP");
    kit.ends().await;
}

#[tokio::test]
async fn what_cannot_be_executed_is_answered_as_always() {
    let kit = Kit::start().await;
    let mutation = "mutation { logOut { endedSessionId } }";
    for (request, status, code) in [
        (asks(&kit.front, None, "{ nonsense }", &json!({})), 422, "GRAPHQL_VALIDATION_FAILED"),
        (asks(&kit.front, None, "{", &json!({})), 400, "GRAPHQL_PARSE_FAILED"),
        (asks(&kit.front, None, HOME, &json!({})), 401, "UNAUTHENTICATED"),
        (asks(&kit.front, None, SERVER, &json!({})).bearer_auth("nonsense"), 401, "UNAUTHENTICATED"),
        (asks(&kit.front, None, MEDIA, &json!({})), 422, "BAD_USER_INPUT"),
        (gets(&kit.front, mutation, &json!({})), 405, "OPERATION_RESOLUTION_FAILURE"),
        (
            gets(&kit.front, HOME, &json!({})).headers(accepting("application/json")),
            422,
            "OPERATION_RESOLUTION_FAILURE",
        ),
        (gets(&kit.front, HOME, &json!({})).headers(accepting("*/*")), 422, "OPERATION_RESOLUTION_FAILURE"),
    ] {
        let answer = request.send().await.expect("an answer");
        assert!(answer.headers()["content-type"].to_str().expect("a text").contains("json"));
        let answered = (answer.status().as_u16(), answer.json::<Value>().await.expect("JSON"));
        assert_eq!((answered.0, &answered.1["errors"][0]["extensions"]["code"]), (status, &json!(code)));
    }
    kit.ends().await;
}

#[tokio::test]
async fn a_quiet_stream_says_that_it_is_alive() {
    let kit = Kit::with(|config| config.websocket.ping_seconds = 1).await;
    let ada = kit.signs_up("ada").await;
    let mut flow = Flow::opens(asks(&kit.front, Some(&ada), HOME, &json!({}))).await;
    flow.next_is("StreamOpened").await;
    for _ in 0..2 {
        assert_eq!(flow.up_to("\n\n").await.as_deref(), Some(":\n\n"));
    }
    kit.ends().await;
}

#[tokio::test]
async fn a_stream_outlives_its_token_but_not_its_session() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let again = ada.logs_in_again().await;
    let mut flow = Flow::opens(asks(&kit.front, Some(&ada), HOME, &json!({}))).await;
    let mut bystander = Flow::opens(asks(&kit.front, Some(&again), HOME, &json!({}))).await;
    flow.next_is("StreamOpened").await;
    bystander.next_is("StreamOpened").await;
    kit.passes(Duration::from_mins(20));
    ada.refreshes().await;
    ada.publishes("dusk").await;
    flow.next_is("MediaAdded").await;
    bystander.next_is("MediaAdded").await;
    ada.asks("mutation { logOut { endedSessionId } }", json!({})).await;
    let (sent, closing) = flow.next_is("StreamClosing").await;
    assert_eq!((&closing["reason"], &closing["reconnectAfterMs"]), (&json!("SESSION_ENDED"), &Value::Null));
    assert!(sent.id.is_some() && sent.retry.is_none(), "{sent:?}");
    flow.completes().await;
    again.refreshes().await;
    again.publishes("dawn").await;
    bystander.next_is("MediaAdded").await;
    kit.ends().await;
}

#[tokio::test]
async fn so_many_of_a_session_and_the_next_is_refused() {
    let kit = Kit::with(|config| config.websocket.connections_per_session = 2).await;
    let ada = kit.signs_up("ada").await;
    let stream = || asks(&kit.front, Some(&ada), HOME, &json!({}));
    let mut open = Flow::opens(stream()).await;
    open.next_is("StreamOpened").await;
    let mut socket = ada.listens(HOME, json!({})).await;
    socket.next_is("StreamOpened").await;
    let refused = stream().send().await.expect("an answer");
    assert_eq!(refused.status(), 429);
    let body: Value = refused.json().await.expect("JSON");
    assert_eq!(body["errors"][0]["extensions"]["code"], "RATE_LIMITED");
    let other = ada.logs_in_again().await;
    Flow::opens(asks(&kit.front, Some(&other), HOME, &json!({}))).await.next_is("StreamOpened").await;
    drop(open);
    // The server sees soon that the client is gone.
    let mut open = crate::kit::eventually("a place is free", Duration::from_secs(10), async || {
        let answer = stream().send().await.expect("an answer");
        (answer.status() == 200).then_some(answer)
    })
    .await;
    assert!(open.chunk().await.expect("a stream").is_some());
    kit.ends().await;
}

#[tokio::test]
async fn so_many_of_an_address_and_the_next_is_refused() {
    let kit = Kit::with(|config| config.websocket.connections_per_address = 1).await;
    let ada = kit.signs_up("ada").await;
    let mut socket = ada.listens(HOME, json!({})).await;
    socket.next_is("StreamOpened").await;
    let refused = asks(&kit.front, None, SERVER, &json!({})).send().await.expect("an answer");
    assert_eq!(refused.status(), 429);
    assert_eq!(Stream::is_refused(kit.front.address).await, 429);
    let answer = ada.asks(SERVER, json!({})).await;
    assert_eq!(answer.text("/server/name"), "photograph", "requests are not counted");
    kit.ends().await;
}

#[tokio::test]
async fn any_page_may_listen() {
    let kit = Kit::start().await;
    let ask = kit.front.client.request(Method::OPTIONS, kit.front.url("/graphql"));
    let ask = ask.header("origin", "https://example.org").header("access-control-request-method", "GET");
    let answer = ask.header("access-control-request-headers", "last-event-id").send().await.expect("an answer");
    assert_eq!(answer.headers()["access-control-allow-headers"], "last-event-id");
    kit.ends().await;
}

/// graphql-sse, graphql-ws, Apollo Client, urql and a browser's own `EventSource`, each cut off and going on.
#[tokio::test]
async fn the_real_clients_go_on_where_they_were_cut_off() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let media = ada.publishes("dusk").await;
    kit.settle().await;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/browser/clients.mjs");
    let mut node = Command::new("node");
    // Node 20 has a WebSocket only when it is asked for.
    node.args(["--experimental-websocket", script, kit.front.url("").trim_end_matches('/'), &media]);
    node.arg(ada.tokens().access);
    let seen = tokio::task::spawn_blocking(move || node.output()).await.expect("the script runs");
    let seen = seen.expect("node is there: tests/run installs it");
    let said = String::from_utf8_lossy(&seen.stdout).into_owned() + &String::from_utf8_lossy(&seen.stderr);
    assert!(seen.status.success(), "{said}");
    kit.ends().await;
}
