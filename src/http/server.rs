//! Connections: taken in, given a bounded time for each request and each pause, and finished in good order.
//!
//! A connection that sends no whole request head within `http.head_seconds`, or later pauses for `http.idle_seconds`, is
//! closed. When there are as many as the process can hold, [`ConnectionTable`] decides which one makes way.

use std::convert::Infallible;
use std::io::{self, ErrorKind, Write};
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::http::header::{CONNECTION, HOST, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use axum::http::{Request, Response, StatusCode, Version};
use axum::response::IntoResponse;
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
use super::problem::Problem;
use super::proxies::{Proxies, is_host};
use super::proxy_protocol;
use crate::base::client_address::ClientAddress;
use crate::base::config::{Config, Http};

/// How long the listener waits after an error that another connection would meet as well, such as too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// How often such an error is logged.
const ACCEPT_LOGGED: Duration = Duration::from_secs(10);
/// Bytes of a request head, and of what is read of a body at once. An address with a document of `graphql.document_bytes`
/// fits into it.
const HEAD_BYTES: usize = 128 << 10;
/// What a connection is told that is one too many.
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: 131\r\n\
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
    pub(super) proxies: Proxies,
}

impl Served {
    pub(super) fn new(router: Router, table: Arc<ConnectionTable>, config: &Config) -> Self {
        let Http { head_seconds, idle_seconds, .. } = config.http;
        let (head, idle) = (Duration::from_secs(head_seconds), Duration::from_secs(idle_seconds));
        Self { router, table, head, idle, proxies: Proxies::of(config) }
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
            Ok((stream, peer)) => {
                // A proxy has the connections of many.
                let network = (!served.proxies.trusts(peer.ip())).then(|| ClientAddress(peer.ip()).network());
                match served.table.open(network) {
                    Ok(slot) => {
                        open.spawn(attend(stream, (peer.ip(), slot), served.clone(), stopping.clone()));
                    }
                    Err(refused) => refuse(stream, refused),
                }
            }
            Err(error) => cannot_accept(&error, &served.table, &mut logged_at).await,
        }
    }
    drop(listener);
    stopping.cancel();
    open.close();
    open.wait().await;
}

/// A new connection takes what is written at once; one that does not is closed all the same.
fn refuse(stream: TcpStream, refused: ConnectionRefused) {
    tracing::debug!(?refused, "a connection is one too many");
    let _ = stream.into_std().and_then(|mut stream| stream.write_all(FULL));
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
    (peer, slot): (IpAddr, Arc<ConnectionSlot>),
    served: Served,
    stopping: CancellationToken,
) {
    // Answers are written whole, so waiting for more to send would only cost time. Without it they are slower.
    let _ = stream.set_nodelay(true);
    let Some((stream, peer)) = passed_on(stream, peer, &served.proxies, &slot).await else { return };
    let Served { router, head, idle, proxies, .. } = served;
    let of_service = slot.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        let (active, router, proxies) = (of_service.begin_request(), router.clone(), proxies.clone());
        async move { Ok::<_, Infallible>(Sending::of(answer(router, request, (peer, &proxies)).await, active)) }
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

/// Whose connection it is, when a trusted proxy says so before everything else. `None` when it is not to be served.
async fn passed_on(
    mut stream: TcpStream,
    peer: IpAddr,
    proxies: &Proxies,
    slot: &ConnectionSlot,
) -> Option<(TcpStream, IpAddr)> {
    if !proxies.has_proxy_header(peer) {
        return Some((stream, peer));
    }
    let client = match proxy_protocol::read(&mut stream).await {
        Ok(None) => return Some((stream, peer)),
        Ok(Some(client)) => client,
        Err(error) => {
            tracing::debug!(%error, "a trusted proxy sent no header of the PROXY protocol");
            return None;
        }
    };
    match slot.passed_on_from(ClientAddress(client).network()) {
        Ok(()) => Some((stream, client)),
        Err(refused) => {
            refuse(stream, refused);
            None
        }
    }
}

/// Returns when a connection has sent no whole request head in time.
async fn silent_too_long(slot: &ConnectionSlot, head: Duration) {
    sleep(head).await;
    if slot.had_request() {
        std::future::pending::<()>().await;
    }
}

async fn answer(router: Router, request: Request<Incoming>, (peer, proxies): (IpAddr, &Proxies)) -> Response<Body> {
    let mut request = request.map(Body::new);
    let mut response = if names_one_host(&request) {
        let (address, origin) = (proxies.client(peer, request.headers()), proxies.origin(peer, request.headers()));
        request.extensions_mut().insert(address);
        if let Some(origin) = origin {
            request.extensions_mut().insert(origin);
        }
        let Ok(response) = router.oneshot(request).await;
        response
    } else {
        let problem = Problem::new(StatusCode::BAD_REQUEST, "Send one header `Host` with the address of this server.");
        problem.with(CONNECTION, "close").into_response()
    };
    // Whatever is answered is what its `Content-Type` says.
    response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// As HTTP/1.1 requires (RFC 9112, section 3.2): two of them could mean another server to whoever stands before this one.
fn names_one_host<B>(request: &Request<B>) -> bool {
    let mut hosts = request.headers().get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) => request.version() < Version::HTTP_11,
        (Some(host), None) => host.is_empty() || host.to_str().is_ok_and(is_host),
        (Some(_), Some(_)) => false,
    }
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
