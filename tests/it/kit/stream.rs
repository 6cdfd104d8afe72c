//! A subscription on a socket of its own, as `graphql-transport-ws` has it. Every wait has an end.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{ClientRequestBuilder, Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// How long an event may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// The events of one subscription.
pub struct Stream {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Stream {
    pub(super) async fn open(address: SocketAddr, token: Option<&str>, query: &str, variables: &Value) -> Self {
        Self::try_open(address, token, query, variables).await.unwrap_or_else(|broke| panic!("{query}: {broke}"))
    }

    /// On a server that may be gone, or not well.
    pub(super) async fn try_open(
        address: SocketAddr,
        token: Option<&str>,
        query: &str,
        variables: &Value,
    ) -> Result<Self, String> {
        let address = format!("ws://{address}/graphql").parse().expect("an address");
        let request = ClientRequestBuilder::new(address).with_sub_protocol("graphql-transport-ws");
        let (socket, _) = connect_async(request).await.map_err(|error| error.to_string())?;
        let mut stream = Self { socket };
        let payload = token.map_or(json!({}), |token| json!({ "authorization": format!("Bearer {token}") }));
        stream.try_say(&json!({ "type": "connection_init", "payload": payload })).await?;
        let answer = stream.try_hear().await?;
        if answer["type"] != "connection_ack" {
            return Err(format!("{answer:#}"));
        }
        let payload = json!({ "query": query, "variables": variables });
        stream.try_say(&json!({ "id": "1", "type": "subscribe", "payload": payload })).await?;
        Ok(stream)
    }

    async fn try_say(&mut self, message: &Value) -> Result<(), String> {
        self.socket.send(Message::text(message.to_string())).await.map_err(|error| error.to_string())
    }

    /// The next message of the protocol that is not a ping.
    async fn hears(&mut self) -> Value {
        self.try_hear().await.unwrap_or_else(|broke| panic!("{broke}"))
    }

    async fn try_hear(&mut self) -> Result<Value, String> {
        loop {
            let message = timeout(PATIENCE, self.socket.next()).await.map_err(|_| "no event came in time")?;
            let text = match message.ok_or("the socket was closed")?.map_err(|error| error.to_string())? {
                Message::Text(text) => text,
                Message::Close(reason) => return Err(format!("the socket was closed: {reason:?}")),
                _ => continue,
            };
            let message: Value = serde_json::from_str(&text).expect("messages are JSON");
            match message["type"].as_str() {
                Some("ping") => self.try_say(&json!({ "type": "pong" })).await?,
                _ => return Ok(message),
            }
        }
    }

    /// The next event.
    pub async fn next(&mut self) -> Value {
        self.try_next().await.unwrap_or_else(|broke| panic!("{broke}"))
    }

    /// The next event, or why there is none: the stream broke off, or says that it cannot go on.
    pub async fn try_next(&mut self) -> Result<Value, String> {
        let message = self.try_hear().await?;
        let payload = &message["payload"];
        if message["type"] != "next" || payload.get("errors").is_some() {
            return Err(format!("no event: {message:#}"));
        }
        let fields = payload["data"].as_object().ok_or("an event has data")?;
        Ok(fields.values().next().expect("an event has one field").clone())
    }

    /// The next event, which must be of this type.
    pub async fn next_is(&mut self, kind: &str) -> Value {
        let event = self.next().await;
        assert_eq!(event["__typename"], kind, "{event:#}");
        event
    }

    /// The events up to the first that is wanted, and that one last.
    pub async fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mut events = vec![];
        loop {
            let event = self.next().await;
            let found = wanted(&event);
            events.push(event);
            if found {
                return events;
            }
        }
    }

    /// The code of the error that the subscription ends with.
    pub async fn fails(&mut self) -> String {
        let message = self.hears().await;
        assert_eq!(message["type"], "error", "{message:#}");
        super::front::text(&message["payload"][0]["extensions"]["code"])
    }

    /// The server says that nothing more comes.
    pub async fn completes(&mut self) {
        let message = self.hears().await;
        assert_eq!(message["type"], "complete", "{message:#}");
    }

    /// Everything up to the end of the subscription, without what differs from time to time: the types of its events
    /// and the codes of its errors.
    pub async fn ends(&mut self) -> Vec<String> {
        let mut heard = vec![];
        loop {
            let message = self.hears().await;
            match message["type"].as_str() {
                Some("next") => {
                    let event =
                        message["payload"]["data"].as_object().and_then(|fields| fields.values().next().cloned());
                    heard.push(event.unwrap_or_default()["__typename"].to_string());
                }
                Some("error") => {
                    heard.push(message["payload"][0]["extensions"]["code"].to_string());
                    return heard;
                }
                _ => return heard,
            }
        }
    }

    /// The code with which the server closes the socket, after nothing more.
    pub async fn is_closed(&mut self) -> u16 {
        let message = timeout(PATIENCE, self.socket.next()).await.expect("the socket is closed in time");
        match message.expect("a message").expect("the socket works") {
            Message::Close(Some(reason)) => reason.code.into(),
            other => panic!("{other:?} is no reason to close"),
        }
    }

    /// The status with which a new socket is refused.
    pub async fn is_refused(address: SocketAddr) -> u16 {
        let address = format!("ws://{address}/graphql").parse().expect("an address");
        match connect_async(ClientRequestBuilder::new(address).with_sub_protocol("graphql-transport-ws")).await {
            Err(Error::Http(answer)) => answer.status().as_u16(),
            other => panic!("{other:?} is no refusal"),
        }
    }

    /// The server closes the socket, perhaps after some last messages.
    pub async fn is_cut_off(&mut self) {
        let rest = async {
            while let Some(Ok(message)) = self.socket.next().await {
                if message.is_close() {
                    return;
                }
            }
        };
        timeout(PATIENCE, rest).await.expect("the socket is closed");
    }
}
