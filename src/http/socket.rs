//! GraphQL over WebSocket, by the letter of `graphql-transport-ws`: queries, mutations and subscriptions on one socket.
//!
//! A socket belongs to a session, not to a token: it stays when the token expires and closes when the session ends. When
//! that happens, or the server stops, its subscriptions say so before the socket closes.
//! The token is in `connection_init`, or else in the upgrade request, whose token must be valid if there is one: otherwise
//! it is answered with 401. When both name somebody, `connection_init` counts.
//! A socket is one task, which sleeps while nothing happens on it: one clock looks after all of them, and no buffer is kept.
//! Each operation is a task of its own until it is done, or until it is told what a group is told. What they have to say
//! goes through one short queue, so that a client that does not read makes them wait and cannot fill the memory.
//!
//! | code | when |
//! | --- | --- |
//! | 1001 | the server stops |
//! | 1002 | what came is no WebSocket frame |
//! | 1007 | a message is not UTF-8 |
//! | 1009 | a message is too long |
//! | 1013 | there is no room for what the client sends, or does not read |
//! | 4400 | a message is not one of the protocol's |
//! | 4401 | `subscribe` before `connection_init` |
//! | 4403 | the credentials in `connection_init` are not valid, or the session ended; the reason says what a 401 says |
//! | 4406 | another subprotocol, such as the old `graphql-ws` |
//! | 4408 | no `connection_init` in time |
//! | 4409 | the id of an operation that is running |
//! | 4429 | a second `connection_init` |
//! | 4498 | the session has too many sockets and streams |
//! | 4499 | no sign of life from the client, or a message that took too long; clients connect again after this one |

mod allowance;
mod frame;
mod handshake;
mod line;
mod message;
mod operations;
mod parting;
mod watch;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::http::request::Parts;
use axum::response::Response;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use serde_json::{Map, Value};

use self::frame::Reader;
use self::line::{Chunk, Line};
use self::message::{FromClient, Heard, pong};
use self::operations::Conversation;
use self::parting::Parting;
pub(super) use self::watch::Watch;
use super::byte_budget::ByteCharge;
use super::connections::Seat;
use super::patient::Patient;
use super::problem::Problem;
use super::{Edge, bearer};
use crate::app::App;
use crate::base::ids::SessionId;
use crate::domain::sessions::{self, Viewer};
use crate::graphql::execute::{Asker, stopping};

/// How long a client has to take note that the socket closes.
const FAREWELL: Duration = Duration::from_secs(2);

/// Returns when a session has ended.
async fn session_ended(app: &App, session: SessionId) {
    app.live.session_ended(session).await;
}

/// Takes a WebSocket over.
///
/// # Errors
/// When it is none; `UNAUTHENTICATED` when its token is not valid; `RATE_LIMITED` when there are too many of the address,
/// `OVERLOADED` when the server is about to stop.
pub(super) fn accept(edge: &Arc<Edge>, asker: Asker, mut request: Parts) -> Result<Response, Problem> {
    let agreed = handshake::agree(&request)?;
    let asker = Asker { viewer: bearer::viewer(&edge.app, &request.headers)?, ..asker };
    let upgrade = request.extensions.remove::<OnUpgrade>().ok_or_else(handshake::not_here)?;
    if edge.app.drain.has_begun() {
        return Err(stopping().into());
    }
    let seat = edge.connections.from(asker.address)?;
    let (edge, open) = (edge.clone(), (edge.open.token(), edge.app.metrics.connection("websocket")));
    let speaks_ours = agreed.speaks_ours;
    tokio::spawn(async move {
        let charge = edge.bytes.charge(asker.address.network());
        if let Some((line, reader)) = upgrade.await.ok().and_then(|upgraded| taken_over(upgraded, charge)) {
            serve(edge, (line, asker), reader, speaks_ours).await;
        }
        drop((seat, open));
    });
    Ok(agreed.answer())
}

/// The connection alone, and what came on it already.
fn taken_over(upgraded: Upgraded, charge: ByteCharge) -> Option<(Arc<Line>, Reader)> {
    let parts = upgraded.downcast::<TokioIo<Patient>>().ok()?;
    let mut reader = Reader::new(charge.another());
    reader.push(&parts.read_buf);
    Some((Line::new(parts.io.into_inner().into_parts(), charge), reader))
}

async fn serve(edge: Arc<Edge>, (line, asker): (Arc<Line>, Asker), mut reader: Reader, speaks_ours: bool) {
    let mut parting = Parting::OTHER_PROTOCOL;
    if speaks_ours {
        edge.watch.over(&line);
        parting = tokio::select! {
            // What is on the heap while it lasts is not in the task while it sleeps.
            parting = talk(&edge, (&line, asker), &mut reader) => parting,
            parting = line.is_cut() => parting,
        };
    }
    // A client that closed sends nothing more, and waits for the end of the connection.
    let is_answer = matches!(parting, Parting::Answered(_));
    let Some(close) = parting.message() else { return };
    line.says(close);
    let farewell = async {
        line.has_said_all().await;
        if !is_answer {
            is_heard_out(&line, &mut reader, edge.app.config.websocket.message_bytes).await;
        }
    };
    let _ = tokio::time::timeout(FAREWELL, farewell).await;
}

/// What the client still sends is read: a connection closed over unread bytes is reset, and the code would be lost.
async fn is_heard_out(line: &Line, reader: &mut Reader, most: usize) {
    loop {
        match line.hears(reader, most).await {
            Ok(Some(frame::Sent::Close(_))) | Err(Parting::Gone) => return,
            Ok(_) => {}
            // What cannot be understood is not looked at any more.
            Err(_) => return line.hears_nothing().await,
        }
    }
}

async fn talk(edge: &Arc<Edge>, (line, asker): (&Arc<Line>, Asker), reader: &mut Reader) -> Parting {
    let greeted = tokio::select! {
        greeted = greet(edge, (line, asker.viewer), reader) => greeted,
        () = stopped(edge) => Err(Parting::STOPPING),
    };
    let (viewer, _seat) = match greeted {
        Ok(greeted) => greeted,
        Err(parting) => return parting,
    };
    let parting =
        Conversation::new(edge, Asker { viewer, ..asker }, line.clone()).hold(reader, leaving(edge, viewer)).await;
    if parting.is_of_ours() {
        // What the subscriptions said last is still to be written.
        let _ = tokio::time::timeout(FAREWELL, line.has_said_all()).await;
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

/// Who the socket is for, and the place of their session.
type Greeted = (Option<Viewer>, Option<Seat>);

/// Waits for `connection_init` and answers it. Pings may come before.
async fn greet(
    edge: &Edge,
    (line, upgraded_as): (&Line, Option<Viewer>),
    reader: &mut Reader,
) -> Result<Greeted, Parting> {
    let most = edge.app.config.websocket.message_bytes;
    let greeting = async {
        loop {
            match message::hear(line, reader, most).await? {
                Heard::Message(FromClient::ConnectionInit { payload }) => {
                    let viewer = signed_in(&edge.app, &payload.unwrap_or_default(), upgraded_as)?;
                    let seat = edge.connections.of(viewer).map_err(|_| Parting::TOO_MANY)?;
                    line.says_in_turn(Chunk::text(message::ACKNOWLEDGED)).await;
                    return Ok((viewer, seat));
                }
                Heard::Message(FromClient::Ping { payload }) => {
                    line.says_in_turn(Chunk::text(&pong(payload))).await;
                }
                Heard::Message(FromClient::Subscribe { .. }) => return Err(Parting::UNAUTHORIZED),
                Heard::Message(FromClient::Pong { .. } | FromClient::Complete { .. }) | Heard::Else => {}
            }
        }
    };
    let patience = Duration::from_secs(edge.app.config.websocket.init_seconds);
    // On the heap, so that it takes no room in the socket's task afterwards.
    tokio::time::timeout(patience, Box::pin(greeting)).await.unwrap_or(Err(Parting::NO_INIT))
}

/// Who the socket is for: whose token is in `connection_init`, else in the upgrade request. Without both it is anonymous.
fn signed_in(app: &App, payload: &Map<String, Value>, upgraded_as: Option<Viewer>) -> Result<Option<Viewer>, Parting> {
    let viewer = bearer::of_payload(app, payload).map_err(|rejected| Parting::Forbidden(rejected.message().into()))?;
    let viewer = viewer.or(upgraded_as);
    match viewer.is_some_and(|viewer| sessions::is_ended(app, viewer.session)) {
        true => Err(Parting::SESSION_ENDED),
        false => Ok(viewer),
    }
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
