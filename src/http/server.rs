//! Connections: taken in, given a bounded time for each request and each pause, and finished in good order.
//!
//! A connection that sends no whole request head within `http.head_seconds`, or later pauses for `http.idle_seconds`, is
//! closed. When there are as many as the process can hold, [`ConnectionTable`] decides which one makes way.

use std::convert::Infallible;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::http::header::{HeaderValue, X_CONTENT_TYPE_OPTIONS};
use axum::http::{Request, Response, StatusCode};
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use super::byte_budget::ByteCharge;
use super::connection_table::{ActiveRequest, ConnectionRefused, ConnectionSlot, ConnectionTable};
use super::patient::Patient;
use crate::base::client_address::ClientAddress;
use crate::base::config::Http;

/// How long the listener waits after an error that another connection would meet as well, such as too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// How often such an error is logged.
const ACCEPT_LOGGED: Duration = Duration::from_secs(10);
/// Bytes of a request head, and of what is read of a body at once. An address with a document of `graphql.document_bytes`
/// fits into it.
const HEAD_BYTES: usize = 128 << 10;
/// What a connection is told that is one too many.
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: 133\r\n\
Retry-After: 1\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n\
{\"errors\":[{\"message\":\"This server has too many connections. Try again.\",\"extensions\":{\"code\":\"OVERLOADED\",\"retryAfterMs\":1000}}]}\n";

/// What a listener serves, and within which bounds.
#[derive(Clone)]
pub(super) struct Served {
    pub(super) router: Router,
    pub(super) table: Arc<ConnectionTable>,
    /// How long a connection may take to its first whole request head.
    pub(super) head: Duration,
    /// How long it may pause later.
    pub(super) idle: Duration,
}

impl Served {
    pub(super) fn new(router: Router, table: Arc<ConnectionTable>, http: &Http) -> Self {
        let (head, idle) = (Duration::from_secs(http.head_seconds), Duration::from_secs(http.idle_seconds));
        Self { router, table, head, idle }
    }
}

/// Serves until `stop` comes back, then until every request that was begun is answered.
pub(super) async fn serve(listener: TcpListener, served: Served, stop: impl Future<Output = ()>) {
    let (open, stopping) = (TaskTracker::new(), CancellationToken::new());
    let (mut stop, mut logged_at) = (pin!(stop), None);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        match accepted {
            Ok((stream, peer)) => match served.table.open(Some(ClientAddress(peer.ip()).network())) {
                Ok(slot) => {
                    open.spawn(attend(stream, (peer, slot), served.clone(), stopping.clone()));
                }
                Err(refused) => refuse(&stream, refused),
            },
            Err(error) => cannot_accept(&error, &served.table, &mut logged_at).await,
        }
    }
    drop(listener);
    stopping.cancel();
    open.close();
    open.wait().await;
}

/// A new connection takes what is written at once; one that does not is closed all the same.
fn refuse(stream: &TcpStream, refused: ConnectionRefused) {
    tracing::debug!(?refused, "a connection is one too many");
    let _ = stream.try_write(FULL);
}

/// The client went away, or there is no file for it: then an idle connection makes way.
async fn cannot_accept(error: &io::Error, table: &ConnectionTable, logged_at: &mut Option<Instant>) {
    if matches!(error.kind(), ErrorKind::ConnectionRefused | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset)
    {
        return;
    }
    table.evict();
    let now = Instant::now();
    if logged_at.is_none_or(|logged| now.duration_since(logged) >= ACCEPT_LOGGED) {
        *logged_at = Some(now);
        tracing::warn!(%error, "connections cannot be accepted; lower http.connections or raise the limit of open files");
    }
    sleep(ACCEPT_PAUSE).await;
}

/// Answers the requests of one connection.
async fn attend(
    stream: TcpStream,
    (peer, slot): (SocketAddr, Arc<ConnectionSlot>),
    served: Served,
    stopping: CancellationToken,
) {
    // Answers are written whole, so waiting for more to send would only cost time. Without it they are slower.
    let _ = stream.set_nodelay(true);
    let Served { router, head, idle, .. } = served;
    let (address, of_service) = (ClientAddress(peer.ip()), slot.clone());
    let service = service_fn(move |request: Request<Incoming>| {
        let (active, router) = (of_service.begin_request(), router.clone());
        async move { Ok::<_, Infallible>(Sending::of(answer(router, request, address).await, active)) }
    });
    let mut http = Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(idle).max_buf_size(HEAD_BYTES);
    let stream = TokioIo::new(Patient::new(stream, idle, slot.clone()));
    let mut connection = pin!(http.serve_connection(stream, service).with_upgrades());
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        // One that has sent no request has nothing to finish.
        () = silent_too_long(&slot, head) => return,
        () = slot.evicted() => {
            if !slot.had_request() {
                return;
            }
            connection.as_mut().graceful_shutdown();
            connection.await
        }
        () = stopping.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    // That a client went away is its own affair.
    if let Err(error) = ended {
        tracing::trace!(%error, "a connection ended early");
    }
}

/// Returns when a connection has sent no whole request head in time.
async fn silent_too_long(slot: &ConnectionSlot, head: Duration) {
    sleep(head).await;
    if slot.had_request() {
        std::future::pending::<()>().await;
    }
}

async fn answer(router: Router, request: Request<Incoming>, address: ClientAddress) -> Response<Body> {
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(address);
    let Ok(response) = router.oneshot(request).await;
    response
}

/// A response on its way: until its last byte is given to the connection, that is not idle.
struct Sending {
    body: Body,
    _active: Option<ActiveRequest>,
    _charge: Option<Arc<ByteCharge>>,
}

/// Holds what a response takes of the budget until its last byte is given to the connection.
pub(super) fn held_until_sent(mut response: Response<Body>, charge: ByteCharge) -> Response<Body> {
    response.extensions_mut().insert(Arc::new(charge));
    response
}

impl Sending {
    fn of(mut response: Response<Body>, active: ActiveRequest) -> Response<Self> {
        let charge = response.extensions_mut().remove::<Arc<ByteCharge>>();
        let active = if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            active.upgraded();
            None
        } else {
            Some(active)
        };
        response.map(|body| Self { body, _active: active, _charge: charge })
    }
}

impl HttpBody for Sending {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_that_is_one_too_many_is_told_so_in_whole() {
        let text = std::str::from_utf8(FULL).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())), "{}", body.len());
        assert!(serde_json::from_str::<serde_json::Value>(body).is_ok());
    }
}
