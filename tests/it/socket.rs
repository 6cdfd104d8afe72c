//! `graphql-transport-ws` to the letter: every message and every code a socket closes with.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{ClientRequestBuilder, Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::kit::{Kit, Person};

/// How long a message may take.
const PATIENCE: Duration = Duration::from_secs(10);
const SERVER: &str = "{ server { name } }";
/// Says that it is open, and then nothing as long as nothing happens.
const QUIET: &str = "subscription { homeFeedEvents { __typename } }";

/// A client that says what it is told to.
struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    async fn speaking(kit: &Kit, protocol: Option<&str>) -> Self {
        let mut request =
            ClientRequestBuilder::new(format!("ws://{}/graphql", kit.front.address).parse().expect("an address"));
        if let Some(protocol) = protocol {
            request = request.with_sub_protocol(protocol);
        }
        Self(connect_async(request).await.expect("a socket").0)
    }

    /// One whose upgrade request has an `Authorization`; the status when it is refused.
    async fn upgrades(kit: &Kit, authorization: &str) -> Result<Self, u16> {
        let address = format!("ws://{}/graphql", kit.front.address).parse().expect("an address");
        let request = ClientRequestBuilder::new(address).with_sub_protocol("graphql-transport-ws");
        match connect_async(request.with_header("Authorization", authorization)).await {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    async fn opens(kit: &Kit) -> Self {
        Self::speaking(kit, Some("graphql-transport-ws")).await
    }

    /// An acknowledged socket.
    async fn greets(kit: &Kit, payload: Value) -> Self {
        let mut socket = Self::opens(kit).await;
        socket.says(json!({ "type": "connection_init", "payload": payload })).await;
        assert_eq!(socket.hears().await, json!({ "type": "connection_ack" }));
        socket
    }

    async fn greets_as(kit: &Kit, person: &Person) -> Self {
        Self::greets(kit, json!({ "authorization": format!("Bearer {}", person.tokens().access) })).await
    }

    async fn says(&mut self, message: Value) {
        self.sends(Message::text(message.to_string())).await;
    }

    async fn sends(&mut self, message: Message) {
        self.0.send(message).await.expect("the socket takes a message");
    }

    async fn subscribes(&mut self, id: &str, query: &str) {
        self.says(json!({ "id": id, "type": "subscribe", "payload": { "query": query } })).await;
    }

    async fn frame(&mut self) -> Message {
        let frame = timeout(PATIENCE, self.0.next()).await.expect("nothing came in time");
        frame.expect("the connection was cut").expect("the connection was reset")
    }

    async fn hears(&mut self) -> Value {
        match self.frame().await {
            Message::Text(text) => serde_json::from_str(&text).expect("messages are JSON"),
            other => panic!("{other:?} is no message"),
        }
    }

    /// The code and the reason the server closes with, after whatever it still had to say.
    async fn is_closed(&mut self) -> (u16, String) {
        loop {
            if let Message::Close(frame) = self.frame().await {
                let frame = frame.expect("a reason");
                return (frame.code.into(), frame.reason.to_string());
            }
        }
    }

    async fn ends_with(mut self, code: u16, reason: &str) {
        assert_eq!(self.is_closed().await, (code, reason.to_owned()));
    }
}

#[tokio::test]
async fn another_subprotocol_is_4406() {
    let kit = Kit::start().await;
    for protocol in [None, Some("graphql-ws"), Some("nonsense")] {
        Socket::speaking(&kit, protocol).await.ends_with(4406, "Subprotocol not acceptable").await;
    }
    kit.ends().await;
}

#[tokio::test]
async fn a_client_that_does_not_greet_is_4408() {
    let kit = Kit::with(|config| config.websocket.init_seconds = 1).await;
    Socket::opens(&kit).await.ends_with(4408, "Connection initialisation timeout").await;
    let mut chatty = Socket::opens(&kit).await;
    chatty.says(json!({ "type": "ping" })).await;
    assert_eq!(chatty.hears().await, json!({ "type": "pong" }));
    chatty.ends_with(4408, "Connection initialisation timeout").await;
    kit.ends().await;
}

#[tokio::test]
async fn a_second_greeting_is_4429() {
    let kit = Kit::start().await;
    let mut socket = Socket::greets(&kit, json!({})).await;
    socket.says(json!({ "type": "connection_init" })).await;
    socket.ends_with(4429, "Too many initialisation requests").await;
    kit.ends().await;
}

#[tokio::test]
async fn an_operation_before_the_greeting_is_4401() {
    let kit = Kit::start().await;
    let mut socket = Socket::opens(&kit).await;
    socket.subscribes("1", SERVER).await;
    socket.ends_with(4401, "Unauthorized").await;
    kit.ends().await;
}

#[tokio::test]
async fn what_is_not_of_the_protocol_is_4400() {
    let kit = Kit::start().await;
    let texts = [
        "",
        "hello",
        "[]",
        r#"{"type":"start","id":"1"}"#,
        r#"{"type":"connection_init","payload":7}"#,
        r#"{"type":"subscribe","id":"1"}"#,
        r#"{"type":"subscribe","id":"","payload":{"query":"{ a }"}}"#,
        r#"{"type":"subscribe","id":"1","payload":{}}"#,
        r#"{"type":"subscribe","id":"1","payload":{"query":7}}"#,
        r#"{"type":"subscribe","id":"1","payload":{"query":"{ a }","variables":[]}}"#,
    ];
    let messages = texts.into_iter().map(Message::text).chain([Message::binary(br#"{"type":"ping"}"#.as_slice())]);
    for message in messages {
        let mut socket = Socket::greets(&kit, json!({})).await;
        socket.sends(message.clone()).await;
        let (code, reason) = socket.is_closed().await;
        assert!(code == 4400 && !reason.is_empty(), "{message}: {code} {reason}");
    }
    kit.ends().await;
}

#[tokio::test]
async fn credentials_are_shown_in_the_greeting() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let token = ada.tokens().access;
    let bearer = format!("Bearer {token}");
    for payload in
        [json!({ "authorization": bearer }), json!({ "Authorization": bearer }), json!({ "accessToken": token })]
    {
        let mut socket = Socket::greets(&kit, payload).await;
        socket.subscribes("1", "{ viewer { user { username } } }").await;
        assert_eq!(socket.hears().await["payload"]["data"]["viewer"]["user"]["username"], "ada");
    }
    let none = [
        json!({ "authorization": null, "client": "x" }),
        json!({ "authorization": "" }),
        json!({ "authorization": " Bearer " }),
        json!({ "accessToken": "" }),
    ];
    for payload in none {
        let mut anonymous = Socket::greets(&kit, payload).await;
        anonymous.subscribes("1", "{ viewer { id } }").await;
        assert_eq!(anonymous.hears().await["payload"]["data"], json!({ "viewer": null }));
    }
    let malformed = "Send one header `Authorization: Bearer` with an access token, or none.";
    let bad = [
        (json!({ "authorization": "Bearer nonsense" }), "This access token is not one of this server."),
        (json!({ "accessToken": "nonsense" }), "This access token is not one of this server."),
        (json!({ "authorization": token }), malformed),
        (json!({ "authorization": 7 }), malformed),
    ];
    for (payload, reason) in bad {
        let mut socket = Socket::opens(&kit).await;
        socket.says(json!({ "type": "connection_init", "payload": payload })).await;
        socket.ends_with(4403, reason).await;
    }
    kit.passes(Duration::from_mins(16));
    let mut socket = Socket::opens(&kit).await;
    socket.says(json!({ "type": "connection_init", "payload": { "authorization": bearer } })).await;
    socket.ends_with(4403, "This access token has expired. Refresh the session.").await;
    kit.ends().await;
}

#[tokio::test]
async fn a_token_in_the_upgrade_request_is_honoured_or_refused() {
    let kit = Kit::start().await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    let [hers, his] = [&ada, &bob].map(|person| format!("Bearer {}", person.tokens().access));
    let cases = [
        (hers.as_str(), json!({}), json!("ada")),
        (&hers, json!({ "authorization": "" }), json!("ada")),
        (&hers, json!({ "authorization": his }), json!("bob")),
        ("", json!({ "authorization": his }), json!("bob")),
        ("", json!({}), Value::Null),
    ];
    for (header, payload, expected) in cases {
        let mut socket = Socket::upgrades(&kit, header).await.expect("a socket");
        socket.says(json!({ "type": "connection_init", "payload": payload })).await;
        assert_eq!(socket.hears().await["type"], "connection_ack");
        socket.subscribes("1", "{ viewer { user { username } } }").await;
        assert_eq!(socket.hears().await["payload"]["data"]["viewer"]["user"]["username"], expected, "{payload}");
    }
    for header in ["Bearer nonsense", "nonsense"] {
        assert_eq!(Socket::upgrades(&kit, header).await.err(), Some(401), "{header}");
    }
    let mut socket = Socket::upgrades(&kit, &hers).await.expect("a socket");
    ada.asks("mutation { logOut { endedSessionId } }", json!({})).await;
    socket.says(json!({ "type": "connection_init" })).await;
    socket.ends_with(4403, "This session has ended. Log in again.").await;
    kit.ends().await;
}

#[tokio::test]
async fn the_id_of_a_running_operation_is_4409() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let mut socket = Socket::greets_as(&kit, &ada).await;
    socket.subscribes("one", QUIET).await;
    assert_eq!(socket.hears().await["payload"]["data"]["homeFeedEvents"]["__typename"], "StreamOpened");
    socket.subscribes("one", SERVER).await;
    socket.ends_with(4409, "Subscriber for one already exists").await;
    kit.ends().await;
}

#[tokio::test]
async fn queries_and_mutations_give_one_result_and_are_complete() {
    let kit = Kit::start().await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    let mut socket = Socket::greets_as(&kit, &ada).await;
    let follow = format!("mutation {{ followUser(input: {{ userId: \"{}\" }}) {{ user {{ id }} }} }}", bob.id);
    for (query, expected) in [
        (SERVER, json!({ "server": { "name": "photograph" } })),
        (&follow, json!({ "followUser": { "user": { "id": bob.id } } })),
    ] {
        // The id is free again as soon as the operation is complete.
        socket.subscribes("again", query).await;
        let next = socket.hears().await;
        assert_eq!((&next["id"], &next["type"]), (&json!("again"), &json!("next")));
        assert_eq!(next["payload"]["data"], expected);
        assert!(next["payload"]["extensions"]["cost"]["requestedQueryCost"].is_u64());
        assert_eq!(socket.hears().await, json!({ "id": "again", "type": "complete" }));
    }
    kit.ends().await;
}

#[tokio::test]
async fn what_cannot_be_executed_is_an_error_and_what_fails_in_execution_a_result() {
    let kit = Kit::start().await;
    let mut socket = Socket::greets(&kit, json!({})).await;
    for (query, code) in [
        ("{ nonsense }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ server ", "GRAPHQL_PARSE_FAILED"),
        ("query($id: ID!) { node(id: $id) { id } }", "BAD_USER_INPUT"),
        (QUIET, "UNAUTHENTICATED"),
    ] {
        socket.subscribes("1", query).await;
        let error = socket.hears().await;
        assert_eq!(
            (&error["type"], &error["payload"][0]["extensions"]["code"]),
            (&json!("error"), &json!(code)),
            "{query}"
        );
    }
    let persisted = json!({ "extensions": { "persistedQuery": { "version": 1, "sha256Hash": "00" } } });
    socket.says(json!({ "id": "1", "type": "subscribe", "payload": persisted })).await;
    assert_eq!(socket.hears().await["payload"][0]["extensions"]["code"], "PERSISTED_QUERY_NOT_SUPPORTED");
    socket.subscribes("1", "mutation { logOut { endedSessionId } }").await;
    let next = socket.hears().await;
    assert_eq!((&next["type"], &next["payload"]["data"]), (&json!("next"), &Value::Null));
    assert_eq!(next["payload"]["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    assert_eq!(socket.hears().await["type"], "complete");
    kit.ends().await;
}

#[tokio::test]
async fn a_completed_subscription_is_silent_and_its_id_is_free() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let mut socket = Socket::greets_as(&kit, &ada).await;
    socket.subscribes("1", QUIET).await;
    assert_eq!(socket.hears().await["type"], "next");
    socket.says(json!({ "id": "1", "type": "complete" })).await;
    socket.says(json!({ "id": "stranger", "type": "complete" })).await;
    ada.publishes("dusk").await;
    kit.settle().await;
    socket.subscribes("1", SERVER).await;
    assert_eq!(socket.hears().await["payload"]["data"]["server"]["name"], "photograph");
    assert_eq!(socket.hears().await["type"], "complete");
    kit.ends().await;
}

#[tokio::test]
async fn so_many_operations_at_once_and_the_next_is_refused_alone() {
    let kit = Kit::with(|config| config.websocket.operations = 2).await;
    let ada = kit.signs_up("ada").await;
    let mut socket = Socket::greets_as(&kit, &ada).await;
    for id in ["1", "2"] {
        socket.subscribes(id, QUIET).await;
        assert_eq!(socket.hears().await["type"], "next");
    }
    socket.subscribes("3", SERVER).await;
    let error = socket.hears().await;
    assert_eq!((&error["id"], &error["payload"][0]["extensions"]["code"]), (&json!("3"), &json!("OVERLOADED")));
    socket.says(json!({ "id": "1", "type": "complete" })).await;
    socket.subscribes("3", SERVER).await;
    assert_eq!(socket.hears().await["type"], "next");
    kit.ends().await;
}

#[tokio::test]
async fn subscriptions_that_are_executed_for_one_are_fewer_than_those_that_are_shared() {
    let kit = Kit::with(|config| config.websocket.subscriptions = 1).await;
    let ada = kit.signs_up("ada").await;
    let mut socket = Socket::greets_as(&kit, &ada).await;
    let own = "subscription { activityEvents { __typename } }";
    for (id, query) in [("1", own), ("2", QUIET), ("3", QUIET)] {
        socket.subscribes(id, query).await;
        assert_eq!(socket.hears().await["type"], "next", "{query}");
    }
    let per_viewer = "subscription { homeFeedEvents { ... on MediaAdded { media { owner { viewerRelationship { isBlocking } } } } } }";
    for query in [own, per_viewer] {
        socket.subscribes("4", query).await;
        let error = socket.hears().await;
        assert_eq!((&error["id"], &error["payload"][0]["extensions"]["code"]), (&json!("4"), &json!("OVERLOADED")));
    }
    socket.says(json!({ "id": "1", "type": "complete" })).await;
    socket.subscribes("4", own).await;
    assert_eq!(socket.hears().await["type"], "next");
    kit.ends().await;
}

#[tokio::test]
async fn pings_are_answered_with_what_they_carry() {
    let kit = Kit::start().await;
    let mut socket = Socket::greets(&kit, json!({})).await;
    socket.says(json!({ "type": "ping", "payload": { "n": 1 } })).await;
    assert_eq!(socket.hears().await, json!({ "type": "pong", "payload": { "n": 1 } }));
    socket.says(json!({ "type": "pong" })).await;
    socket.sends(Message::Ping(b"x".as_slice().into())).await;
    assert_eq!(socket.frame().await, Message::Pong(b"x".as_slice().into()));
    kit.ends().await;
}

#[tokio::test]
async fn a_silent_client_is_pinged_and_given_up_when_it_does_not_answer() {
    let kit = Kit::with(|config| (config.websocket.ping_seconds, config.websocket.pong_seconds) = (1, 1)).await;
    let mut socket = Socket::greets(&kit, json!({})).await;
    for _ in 0..2 {
        assert_eq!(socket.hears().await, json!({ "type": "ping" }));
        socket.says(json!({ "type": "pong" })).await;
    }
    assert_eq!(socket.hears().await, json!({ "type": "ping" }));
    socket.ends_with(4499, "No sign of life").await;
    kit.ends().await;
}

#[tokio::test]
async fn a_client_that_does_not_read_is_given_up_and_harms_no_other() {
    let kit = Kit::with(|config| (config.websocket.ping_seconds, config.websocket.pong_seconds) = (1, 1)).await;
    let mut deaf = Socket::greets(&kit, json!({})).await;
    // Two megabytes for each: more than the network between the two can hold.
    let long = (0..90).map(|n| format!("{}{n}: name ", "a".repeat(180))).collect::<Vec<_>>().concat();
    for id in 0..15 {
        deaf.subscribes(&id.to_string(), &format!("{{ __schema {{ types {{ {long} }} }} }}")).await;
    }
    let mut other = Socket::greets(&kit, json!({})).await;
    other.subscribes("1", SERVER).await;
    assert_eq!(other.hears().await["type"], "next");
    // That the other one is still being pinged shows that time goes by without the deaf one being read.
    for message in ["complete", "ping", "ping", "ping", "ping"] {
        assert_eq!(other.hears().await["type"], message);
        other.says(json!({ "type": "pong" })).await;
    }
    let mut heard = 0;
    while let Some(Ok(Message::Text(_))) = timeout(PATIENCE, deaf.0.next()).await.expect("the socket ends") {
        heard += 1;
    }
    assert!(heard < 30, "all {heard} messages were kept for a client that did not read them");
    kit.ends().await;
}

#[tokio::test]
async fn a_message_that_is_too_long_is_1009() {
    let kit = Kit::with(|config| config.websocket.message_bytes = 1000).await;
    let mut socket = Socket::greets(&kit, json!({})).await;
    socket.subscribes("1", &format!("{SERVER} # {}", "x".repeat(1000))).await;
    socket.ends_with(1009, "Message too long").await;
    kit.ends().await;
}

#[tokio::test]
async fn a_socket_outlives_its_token_but_not_its_session() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let mut socket = Socket::greets_as(&kit, &ada).await;
    let mut bystander = Socket::greets_as(&kit, &ada.logs_in_again().await).await;
    kit.passes(Duration::from_mins(20));
    socket.subscribes("1", "{ viewer { user { username } } }").await;
    assert_eq!(socket.hears().await["payload"]["data"]["viewer"]["user"]["username"], "ada");
    ada.refreshes().await;
    ada.asks("mutation { logOut { endedSessionId } }", json!({})).await;
    socket.ends_with(4403, "This session has ended. Log in again.").await;
    bystander.subscribes("1", SERVER).await;
    assert_eq!(bystander.hears().await["type"], "next", "another session goes on");
    kit.ends().await;
}

#[tokio::test]
async fn a_session_that_ends_ends_each_subscription_and_then_the_socket() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let mut socket = Socket::greets_as(&kit, &ada).await;
    let query = "subscription { homeFeedEvents { __typename ... on StreamClosing { reason } } }";
    for id in ["1", "2"] {
        socket.subscribes(id, query).await;
        assert_eq!(socket.hears().await["type"], "next");
    }
    ada.asks("mutation { logOut { endedSessionId } }", json!({})).await;
    let mut heard = vec![];
    for _ in 0..4 {
        let message = socket.hears().await;
        let reason = message["payload"]["data"]["homeFeedEvents"]["reason"].clone();
        heard.push((message["id"].to_string(), message["type"].to_string(), reason.to_string()));
    }
    heard.sort();
    let said = |id: &str, kind: &str, reason: &str| (format!("\"{id}\""), format!("\"{kind}\""), reason.to_owned());
    let expected = ["1", "2"].map(|id| [said(id, "complete", "null"), said(id, "next", "\"SESSION_ENDED\"")]);
    assert_eq!(heard, expected.concat());
    socket.ends_with(4403, "This session has ended. Log in again.").await;
    kit.ends().await;
}

#[tokio::test]
async fn so_many_sockets_of_a_session_and_the_next_is_4498() {
    let kit = Kit::with(|config| config.websocket.connections_per_session = 1).await;
    let ada = kit.signs_up("ada").await;
    let _open = Socket::greets_as(&kit, &ada).await;
    let mut socket = Socket::opens(&kit).await;
    let payload = json!({ "accessToken": ada.tokens().access });
    socket.says(json!({ "type": "connection_init", "payload": payload })).await;
    socket.ends_with(4498, "RATE_LIMITED: too many connections of this session").await;
    kit.ends().await;
}

#[tokio::test]
async fn when_the_server_stops_sockets_are_told() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let mut acknowledged = Socket::greets_as(&kit, &ada).await;
    acknowledged.subscribes("1", QUIET).await;
    assert_eq!(acknowledged.hears().await["type"], "next");
    let waiting = Socket::opens(&kit).await;
    let closed = async move {
        let reason = "Going away";
        tokio::join!(acknowledged.ends_with(1001, reason), waiting.ends_with(1001, reason))
    };
    tokio::join!(kit.ends(), closed);
}
