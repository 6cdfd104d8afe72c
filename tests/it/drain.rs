//! A server that is asked to stop: its streams are told to come again, each at another time, and nothing new begins.

use std::collections::HashSet;
use std::time::Instant;

use futures_util::future::join_all;
use reqwest::header::{ACCEPT, HeaderMap};
use serde_json::{Value, json};

use crate::kit::{Flow, Kit, Person, Stream, field};

const HOME: &str = "subscription { homeFeedEvents { __typename ... on StreamClosing { reason reconnectAfterMs } } }";
const MEDIA: &str = "subscription($id: ID!) { mediaEvents(mediaId: $id) { __typename
    ... on StreamClosing { reason reconnectAfterMs } } }";
/// Of each kind.
const STREAMS: usize = 8;

/// A subscription and its variables.
#[derive(Clone)]
struct Wanted(&'static str, Value);

fn asks(person: &Person, accept: &str, Wanted(query, variables): &Wanted) -> reqwest::RequestBuilder {
    let headers: HeaderMap = [(ACCEPT, accept.parse().expect("a header"))].into_iter().collect();
    person.front.request(Some(&person.tokens().access), query, variables).headers(headers)
}

async fn sockets(person: &Person, Wanted(query, variables): &Wanted) -> Vec<Stream> {
    let open = |_| async {
        let mut stream = person.listens(query, variables.clone()).await;
        stream.next_is("StreamOpened").await;
        stream
    };
    join_all((0..STREAMS).map(open)).await
}

async fn event_streams(person: &Person, wanted: &Wanted) -> Vec<Flow> {
    let open = |_| async {
        let mut flow = Flow::opens(asks(person, "text/event-stream", wanted)).await;
        flow.next_is("StreamOpened").await;
        flow
    };
    join_all((0..STREAMS).map(open)).await
}

async fn messages(person: &Person, wanted: &Wanted) -> Vec<Flow> {
    let open = |_| async {
        let mut flow = Flow::opens(asks(person, "multipart/mixed;subscriptionSpec=1.0", wanted)).await;
        flow.up_to("---").await;
        flow.part().await;
        flow
    };
    join_all((0..STREAMS).map(open)).await
}

/// What a stream was told in the end, and when.
type End = (Value, Instant);

async fn socket_ends(mut stream: Stream) -> End {
    let closing = stream.next_is("StreamClosing").await;
    let at = Instant::now();
    stream.completes().await;
    assert_eq!(stream.is_closed().await, 1001);
    (closing, at)
}

async fn event_stream_ends(mut flow: Flow) -> End {
    let (sent, closing) = flow.next_is("StreamClosing").await;
    let at = Instant::now();
    // An `EventSource` does not read events: it is told in its own way, and comes when this process is gone.
    assert!(sent.retry >= closing["reconnectAfterMs"].as_u64(), "{sent:?}");
    flow.completes().await;
    (closing, at)
}

async fn message_ends(mut flow: Flow) -> End {
    let closing = field(&flow.part().await["payload"]);
    let at = Instant::now();
    flow.is_whole().await;
    (closing, at)
}

/// What stays open is refused; what is short is still answered.
async fn nothing_begins(kit: &Kit, ada: &Person) {
    // The signal reaches the server in its own time.
    let not_ready = crate::kit::eventually("the server says that it stops", crate::kit::PATIENCE, async || {
        let answer = kit.front.client.get(kit.front.url("/readyz")).send().await.expect("an answer");
        (answer.status() == 503).then_some(answer)
    });
    let body: Value = not_ready.await.json().await.expect("JSON");
    assert_eq!(body["parts"]["draining"], true);
    let answer = asks(ada, "text/event-stream", &Wanted(HOME, json!({}))).send().await.expect("an answer");
    assert_eq!(answer.status(), 503);
    let body: Value = answer.json().await.expect("JSON");
    assert_eq!(body["errors"][0]["extensions"]["code"], "OVERLOADED");
    assert_eq!(Stream::is_refused(kit.front.address).await, 503);
    let answer = ada.asks("{ server { name } }", json!({})).await;
    assert_eq!(answer.text("/server/name"), "photograph");
}

#[tokio::test]
async fn streams_end_one_after_the_other_and_come_back_one_after_the_other() {
    stop_and_come_back(async |_| Wanted(HOME, json!({}))).await;
}

#[tokio::test]
async fn so_do_those_that_are_told_together() {
    let of_media = async |ada: &Person| Wanted(MEDIA, json!({ "id": ada.publishes("dusk").await }));
    stop_and_come_back(of_media).await;
}

async fn stop_and_come_back(wanted: impl AsyncFn(&Person) -> Wanted) {
    let kit = Kit::with(|config| {
        config.http.drain_seconds = 2;
        config.websocket.connections_per_session = 100;
    })
    .await;
    let ada = kit.signs_up("ada").await;
    let wanted = wanted(&ada).await;
    kit.settle().await;
    let sockets = sockets(&ada, &wanted).await;
    let (streams, messages) = (event_streams(&ada, &wanted).await, messages(&ada, &wanted).await);
    let stopped = Instant::now();
    kit.stops();
    let ends = async {
        let (sockets, streams, messages) = tokio::join!(
            join_all(sockets.into_iter().map(socket_ends)),
            join_all(streams.into_iter().map(event_stream_ends)),
            join_all(messages.into_iter().map(message_ends)),
        );
        [sockets, streams, messages].concat()
    };
    let ((), ends) = tokio::join!(nothing_begins(&kit, &ada), ends);
    let mut again = HashSet::new();
    for (closing, _) in &ends {
        assert_eq!(closing["reason"], "DRAINING", "{closing:#}");
        let after = closing["reconnectAfterMs"].as_i64().expect("a time");
        assert!((0..2000).contains(&after), "{after}");
        assert!(again.insert(after), "{after} twice");
    }
    // Those who come again are in every quarter of the window, and so are the ends.
    let quarter = |millis: i64| (millis / 500).min(3);
    assert_eq!(again.into_iter().map(quarter).collect::<HashSet<_>>().len(), 4);
    let times = ends.iter().map(|(_, at)| i64::try_from((*at - stopped).as_millis()).expect("a time"));
    assert_eq!(times.map(quarter).collect::<HashSet<_>>().len(), 4);
    kit.ends().await;
}

#[tokio::test]
async fn what_was_held_back_is_said_before_the_end() {
    let kit = Kit::with(|config| config.http.drain_seconds = 0).await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    let media = ada.publishes("dusk").await;
    kit.settle().await;
    let query = "subscription($id: ID!) { mediaEvents(mediaId: $id) { __typename
        ... on MediaCountsChanged { media { likeCount } } } }";
    let mut stream = ada.listens(query, json!({ "id": media })).await;
    stream.next_is("StreamOpened").await;
    ada.likes(&media).await;
    assert_eq!(stream.next_is("MediaCountsChanged").await["media"]["likeCount"], 1);
    bob.likes(&media).await;
    kit.settle().await;
    kit.stops();
    assert_eq!(stream.next_is("MediaCountsChanged").await["media"]["likeCount"], 2);
    stream.next_is("StreamClosing").await;
    stream.completes().await;
    kit.ends().await;
}
