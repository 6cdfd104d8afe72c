//! What goes over a socket, as the README shows it: `→` is said, `←` must be heard.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{ClientRequestBuilder, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::likeness;
use crate::kit::PATIENCE;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Holds a conversation with a server.
pub async fn converse(address: SocketAddr, conversation: &str) {
    let address = format!("ws://{address}/graphql").parse().expect("an address");
    let request = ClientRequestBuilder::new(address).with_sub_protocol("graphql-transport-ws");
    let (mut socket, _) = connect_async(request).await.expect("a socket");
    for line in conversation.lines() {
        match line.split_once(' ') {
            Some(("→", said)) => socket.send(Message::text(said)).await.expect("the socket takes a message"),
            Some(("←", shown)) => {
                let heard = hears(&mut socket).await;
                let shown: Value = serde_json::from_str(shown).unwrap_or_else(|error| panic!("{line}: {error}"));
                likeness::value(&shown, &heard, "$").unwrap_or_else(|lie| panic!("{line}\nwas {heard}: {lie}"));
            }
            _ => panic!("{line} begins with neither → nor ←"),
        }
    }
}

async fn hears(socket: &mut Socket) -> Value {
    let message = timeout(PATIENCE, socket.next()).await.expect("no message came in time");
    match message.expect("the socket was closed").expect("the socket works") {
        Message::Text(text) => serde_json::from_str(&text).expect("messages are JSON"),
        other => panic!("{other:?} is not a message of the protocol"),
    }
}
