//! GraphQL over WebSocket, by the letter of `graphql-transport-ws`: queries, mutations and subscriptions on one socket.
//!
//! A socket belongs to a session, not to a token: it stays when the token expires and closes when the session ends. When
//! that happens, or the server stops, its subscriptions say so before the socket closes.
//! Each operation is a task of its own. What they have to say goes through one short queue, so that a client that does
//! not read makes them wait and cannot fill the memory.
//!
//! | code | when |
//! | --- | --- |
//! | 1001 | the server stops |
//! | 1009 | a message is too long |
//! | 4400 | a message is not one of the protocol's |
//! | 4401 | `subscribe` before `connection_init` |
//! | 4403 | the credentials in `connection_init` are not valid, or the session ended |
//! | 4406 | another subprotocol, such as the old `graphql-ws` |
//! | 4408 | no `connection_init` in time |
//! | 4409 | the id of an operation that is running |
//! | 4429 | a second `connection_init` |
//! | 4498 | the session has too many sockets and streams |
//! | 4499 | no sign of life from the client; clients connect again after this one |

mod message;
mod operations;
mod parting;

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::http::HeaderValue;
use axum::response::Response;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Map, Value};
use tokio::sync::mpsc;

use self::message::{FromClient, Heard, PROTOCOL, pong};
use self::operations::{Conversation, Queued};
use self::parting::Parting;
use super::connections::Seat;
use super::operation::stopping;
use super::problem::Problem;
use super::{Edge, bearer};
use crate::app::App;
use crate::base::ids::SessionId;
use crate::domain::sessions::{self, Viewer};

/// Messages that wait to be written to a socket, from all its operations together.
const QUEUE: usize = 16;
/// Bytes that are read from a socket at once. The WebSocket library's own choice of 128 KiB would be held by each one.
const READ_BUFFER: usize = 4 << 10;
/// Bytes that are gathered before they are written.
const WRITE_BUFFER: usize = 4 << 10;
/// How long a client has to take note that the socket closes.
const FAREWELL: Duration = Duration::from_secs(2);

type Sink = SplitSink<WebSocket, Message>;
type Stream = SplitStream<WebSocket>;

/// Returns when a session has ended.
async fn session_ended(app: &App, session: SessionId) {
    app.live.session_ended(session).await;
}

/// Takes a WebSocket over.
///
/// # Errors
/// `RATE_LIMITED` when there are too many of the address, `OVERLOADED` when the server is about to stop.
pub(super) fn accept(edge: &Arc<Edge>, peer: SocketAddr, upgrade: WebSocketUpgrade) -> Result<Response, Problem> {
    if edge.app.drain.has_begun() {
        return Err(stopping().into());
    }
    let seat = edge.connections.from(peer)?;
    let most = edge.app.config.websocket.message_bytes;
    // We measure messages ourselves to close with the right code; the library's own limit is the last resort.
    let bounded = upgrade.max_message_size(most.saturating_mul(2)).max_frame_size(most.saturating_mul(2));
    let mut upgrade = bounded.read_buffer_size(READ_BUFFER).write_buffer_size(WRITE_BUFFER).protocols([PROTOCOL]);
    let speaks_ours = upgrade.selected_protocol().is_some();
    let offered: Option<HeaderValue> = upgrade.requested_protocols().next().cloned();
    if let Some(offered) = offered.filter(|_| !speaks_ours) {
        // A browser is told why a socket closes only when the handshake agreed on one of the protocols it offered.
        upgrade.set_selected_protocol(offered);
    }
    let edge = edge.clone();
    let open = edge.open.token();
    Ok(upgrade.on_upgrade(move |socket| async move {
        serve(edge, socket, speaks_ours).await;
        drop((seat, open));
    }))
}

async fn serve(edge: Arc<Edge>, socket: WebSocket, speaks_ours: bool) {
    let (mut sink, mut stream) = socket.split();
    let mut parting = Parting::OTHER_PROTOCOL;
    if speaks_ours {
        parting = talk(&edge, &mut sink, &mut stream).await;
    }
    let Some(close) = parting.message() else { return };
    // What the client still sends is read: a connection closed over unread bytes is reset, and the code would be lost.
    let farewell = async {
        if sink.send(close).await.is_ok() {
            while let Some(Ok(_)) = stream.next().await {}
        }
    };
    let _ = tokio::time::timeout(FAREWELL, farewell).await;
}

async fn talk(edge: &Arc<Edge>, sink: &mut Sink, stream: &mut Stream) -> Parting {
    let greeted = tokio::select! {
        greeted = greet(edge, sink, stream) => greeted,
        () = stopped(edge) => Err(Parting::STOPPING),
    };
    let (viewer, _seat) = match greeted {
        Ok(greeted) => greeted,
        Err(parting) => return parting,
    };
    let (queue, queued) = mpsc::channel(QUEUE);
    let mut writing = pin!(write(edge, sink, queued));
    let parting = tokio::select! {
        parting = Conversation::new(edge, viewer, queue).hold(stream, leaving(edge, viewer)) => parting,
        parting = &mut writing => return parting,
    };
    if parting.is_of_ours() {
        // What the subscriptions said last is still to be written.
        let _ = tokio::time::timeout(FAREWELL, writing).await;
    }
    parting
}

/// Comes back when the socket is to close, with the reason and how long its operations have to end.
async fn leaving(edge: &Edge, viewer: Option<Viewer>) -> (Parting, Duration) {
    tokio::select! {
        () = ended(&edge.app, viewer) => (Parting::SESSION_ENDED, FAREWELL),
        () = stopped(edge) => (Parting::STOPPING, edge.app.drain.window() + FAREWELL),
    }
}

/// Comes back when the server stops and it is the turn of one socket.
async fn stopped(edge: &Edge) {
    edge.app.drain.turn(&mut None).await;
}

/// Waits for `connection_init` and answers it. Pings may come before.
async fn greet(edge: &Edge, sink: &mut Sink, stream: &mut Stream) -> Result<(Option<Viewer>, Option<Seat>), Parting> {
    let most = edge.app.config.websocket.message_bytes;
    let greeting = async {
        loop {
            match message::hear(stream, most).await? {
                Heard::Message(FromClient::ConnectionInit { payload }) => {
                    let viewer = signed_in(&edge.app, &payload.unwrap_or_default())?;
                    let seat = edge.connections.of(viewer).map_err(|_| Parting::TOO_MANY)?;
                    say(sink, message::ACKNOWLEDGED.into()).await?;
                    return Ok((viewer, seat));
                }
                Heard::Message(FromClient::Ping { payload }) => say(sink, pong(payload)).await?,
                Heard::Message(FromClient::Subscribe { .. }) => return Err(Parting::UNAUTHORIZED),
                Heard::Message(FromClient::Pong { .. } | FromClient::Complete { .. }) | Heard::Sign => {}
            }
        }
    };
    let patience = Duration::from_secs(edge.app.config.websocket.init_seconds);
    tokio::time::timeout(patience, greeting).await.unwrap_or(Err(Parting::NO_INIT))
}

/// Who the socket is for: `authorization` as in HTTP, or `accessToken` alone. Neither is anonymous.
fn signed_in(app: &App, payload: &Map<String, Value>) -> Result<Option<Viewer>, Parting> {
    let given = |name: &str| payload.get(name).filter(|value| !value.is_null());
    let (value, read): (_, fn(&App, &str) -> _) =
        match (given("authorization").or_else(|| given("Authorization")), given("accessToken")) {
            (Some(authorization), _) => (authorization, bearer::signed_in),
            (None, Some(token)) => (token, bearer::by_token),
            (None, None) => return Ok(None),
        };
    let viewer =
        value.as_str().ok_or(Parting::FORBIDDEN).and_then(|text| read(app, text).map_err(|_| Parting::FORBIDDEN));
    viewer.map(Some)
}

async fn say(sink: &mut Sink, text: Utf8Bytes) -> Result<(), Parting> {
    sink.send(Message::Text(text)).await.map_err(|_| Parting::Gone)
}

/// Writes what waits in the queue. What waits together is sent together.
async fn write(edge: &Edge, sink: &mut Sink, mut queued: mpsc::Receiver<Queued>) -> Parting {
    let config = &edge.app.config.websocket;
    let patience = Duration::from_secs(config.ping_seconds + config.pong_seconds);
    while let Some(first) = queued.recv().await {
        let together = async {
            let mut next = Some(first);
            while let Some(queued_message) = next {
                if queued_message.is_wanted() {
                    sink.feed(Message::Text(queued_message.text)).await?;
                }
                next = queued.try_recv().ok();
            }
            sink.flush().await
        };
        match tokio::time::timeout(patience, together).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return Parting::Gone,
            Err(_) => return Parting::SILENT,
        }
    }
    Parting::Gone
}

/// Returns when the viewer's session has ended. It listens first and looks then, so that no end falls in between.
async fn ended(app: &App, viewer: Option<Viewer>) {
    let Some(Viewer { session, .. }) = viewer else { return std::future::pending().await };
    let mut end = pin!(session_ended(app, session));
    tokio::select! {
        biased;
        () = &mut end => return,
        () = std::future::ready(()) => {}
    }
    if !sessions::is_ended(app, session) {
        end.await;
    }
}
