//! Connections: taken in, given a bounded time for each request and each pause, and finished in good order.
//!
//! Whoever sends a request by the letter, or no longer reads what was asked for, holds a connection for
//! `http.idle_seconds` and no longer.

use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::serve::Listener;
use hyper::body::Incoming;
use hyper::server::conn::http1::Builder;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use super::patient::Patient;
use crate::base::client_address::ClientAddress;

/// Serves until `stop` comes back, then until every request that was begun is answered.
pub(super) async fn serve(mut listener: TcpListener, router: Router, idle: Duration, stop: impl Future<Output = ()>) {
    let (open, stopping) = (TaskTracker::new(), CancellationToken::new());
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            (stream, peer) = Listener::accept(&mut listener) => {
                open.spawn(attend(stream, peer, router.clone(), idle, stopping.clone()));
            }
            () = &mut stop => break,
        }
    }
    drop(listener);
    stopping.cancel();
    open.close();
    open.wait().await;
}

/// Answers the requests of one connection.
async fn attend(stream: TcpStream, peer: SocketAddr, router: Router, idle: Duration, stopping: CancellationToken) {
    // Answers are written whole, so waiting for more to send would only cost time. Without it they are slower.
    let _ = stream.set_nodelay(true);
    let from_peer = move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ClientAddress(peer.ip()));
        request.map(Body::new)
    };
    let service = TowerToHyperService::new(router.map_request(from_peer));
    let mut http = Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(idle);
    let mut connection = pin!(http.serve_connection(TokioIo::new(Patient::new(stream, idle)), service).with_upgrades());
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
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
